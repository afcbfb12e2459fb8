//! The library itself: where it is in the appliance, its functions, and how it is loaded.

use std::ffi::{c_char, c_int, c_uint};
use std::fs;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use glassbox_appliance::build::tools::{AUGEAS, LIBRARY_LISTS};
use glassbox_io::{Errno, Error, Result};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

/// `struct augeas`.
#[repr(C)]
pub struct RawHandle {
    _opaque: [u8; 0],
}

/// `aug_get` and `aug_label`.
pub type TextOfNode = unsafe extern "C" fn(*const RawHandle, *const c_char, *mut *const c_char) -> c_int;

/// Declares the library's functions, and how they are looked up.
macro_rules! functions {
    ($($name:ident: fn($($argument:ty),*) -> $returns:ty;)*) => {
        /// The library's functions, named and typed as in `augeas.h`.
        pub struct Functions {
            $(pub $name: unsafe extern "C" fn($($argument),*) -> $returns,)*
        }

        impl Functions {
            /// # Safety
            /// `library` is libaugeas, and stays loaded for as long as this is used.
            unsafe fn of(library: &Library) -> std::result::Result<Self, libloading::Error> {
                Ok(Functions {
                    // SAFETY: the functions of these names have these types (augeas.h).
                    $($name: *unsafe { library.get(concat!(stringify!($name), "\0").as_bytes()) }?,)*
                })
            }
        }
    };
}

functions! {
    aug_init: fn(*const c_char, *const c_char, c_uint) -> *mut RawHandle;
    aug_close: fn(*mut RawHandle) -> ();
    aug_error: fn(*mut RawHandle) -> c_int;
    aug_error_message: fn(*mut RawHandle) -> *const c_char;
    aug_error_minor_message: fn(*mut RawHandle) -> *const c_char;
    aug_error_details: fn(*mut RawHandle) -> *const c_char;
    aug_defvar: fn(*mut RawHandle, *const c_char, *const c_char) -> c_int;
    aug_defnode: fn(*mut RawHandle, *const c_char, *const c_char, *const c_char, *mut c_int) -> c_int;
    aug_get: fn(*const RawHandle, *const c_char, *mut *const c_char) -> c_int;
    aug_label: fn(*const RawHandle, *const c_char, *mut *const c_char) -> c_int;
    aug_set: fn(*mut RawHandle, *const c_char, *const c_char) -> c_int;
    aug_setm: fn(*mut RawHandle, *const c_char, *const c_char, *const c_char) -> c_int;
    aug_insert: fn(*mut RawHandle, *const c_char, *const c_char, c_int) -> c_int;
    aug_rm: fn(*mut RawHandle, *const c_char) -> c_int;
    aug_mv: fn(*mut RawHandle, *const c_char, *const c_char) -> c_int;
    aug_match: fn(*const RawHandle, *const c_char, *mut *mut *mut c_char) -> c_int;
    aug_save: fn(*mut RawHandle) -> c_int;
    aug_load: fn(*mut RawHandle) -> c_int;
    aug_transform: fn(*mut RawHandle, *const c_char, *const c_char, c_int) -> c_int;
}

/// Where the appliance's builder lists the library's files, if the host had them.
fn list() -> PathBuf {
    Path::new(LIBRARY_LISTS).join(AUGEAS.name)
}

/// Whether the appliance was built with the library.
pub fn exists() -> bool {
    list().exists()
}

/// The functions. *Unsupported* if the appliance was built without the library.
pub fn functions() -> Result<&'static Functions> {
    static LOADED: OnceLock<Functions> = OnceLock::new();
    if let Some(functions) = LOADED.get() {
        return Ok(functions);
    }
    let missing = |_| Error::unsupported(format!("the appliance has no {}", AUGEAS.name));
    let list = fs::read_to_string(list()).map_err(missing)?;
    let functions = load(list.lines().map(Path::new))?;
    Ok(LOADED.get_or_init(|| functions))
}

/// Loads files in their order, the last of which is libaugeas.
pub fn load<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<Functions> {
    let failed = |error: libloading::Error| Error::os_with(Errno(0), format!("{}: {error}", AUGEAS.name));
    let mut last = None;
    for path in paths {
        // SAFETY: these are the host's libraries, as its distribution made them; their constructors run in its programs too.
        let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.map_err(failed)?;
        // Never unloaded: the functions are used until the appliance is switched off.
        last = Some(ManuallyDrop::new(library));
    }
    let library = last.ok_or_else(|| Error::unsupported(format!("the appliance has no {}", AUGEAS.name)))?;
    // SAFETY: it is libaugeas, and isn't unloaded.
    unsafe { Functions::of(&library) }.map_err(failed)
}
