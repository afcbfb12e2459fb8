//! The calls into libmagic, and back from it: everything here that is `unsafe`.
//!
//! `c/guest.h` and `c/zmagic.c` have the other half of each declaration.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::NonNull;
use std::sync::Mutex;

use bstr::BString;
use glassbox_io::{Errno, Error, ReadAt, Result};

use crate::unpack::{Compressed, Outcome, unpack as decompress};

/// Flags of `magic.h`.
const MAGIC_COMPRESS: c_int = 0x4;
const MAGIC_DEVICES: c_int = 0x8;

/// The database, aligned as its structures want it; libmagic reads it where it is.
#[repr(C, align(16))]
struct Database<T: ?Sized>(T);
static DATABASE: &Database<[u8]> = &Database(*include_bytes!(concat!(env!("OUT_DIR"), "/magic.mgc")));

/// libmagic fills tables of its own when the first database is loaded, without a lock.
static LOADING: Mutex<()> = Mutex::new(());

/// `struct magic_set`.
#[repr(C)]
struct MagicSet {
    _opaque: [u8; 0],
}

/// `struct glassbox_guest`.
#[repr(C)]
struct Guest {
    context: *mut c_void,
    read_at: unsafe extern "C" fn(*mut c_void, *mut u8, usize, i64) -> isize,
    unpack: unsafe extern "C" fn(*mut c_void, usize, *const u8, usize, *mut u8, *mut usize) -> c_int,
    length: i64,
    size: i64,
    mode: u32,
    position: i64,
}

unsafe extern "C" {
    #[link_name = "glassbox_magic_open"]
    fn magic_open(flags: c_int) -> *mut MagicSet;
    #[link_name = "glassbox_magic_close"]
    fn magic_close(cookie: *mut MagicSet);
    #[link_name = "glassbox_magic_error"]
    fn magic_error(cookie: *mut MagicSet) -> *const c_char;
    #[link_name = "glassbox_magic_load_buffers"]
    fn magic_load_buffers(cookie: *mut MagicSet, buffers: *mut *mut c_void, sizes: *mut usize, count: usize) -> c_int;
    fn glassbox_magic_describe(cookie: *mut MagicSet, guest: *mut Guest, flags: c_int) -> *const c_char;
}

/// What stat(2) tells of the file.
pub struct Stat {
    pub mode: u32,
    pub size: u64,
}

/// What libmagic is to do.
pub struct Flags {
    /// Read devices and pipes, as `-s` does.
    pub devices: bool,
    /// Look into compressed data, as `-z` does.
    pub compress: bool,
}

/// libmagic's handle, with the database loaded.
pub struct Cookie(NonNull<MagicSet>);

// SAFETY: libmagic ties a cookie to no thread: what it keeps for a description is in the cookie, or set at its beginning.
unsafe impl Send for Cookie {}

impl Cookie {
    pub fn new() -> Result<Self> {
        let _loading = LOADING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // SAFETY: any flags are valid. It returns null or what only `magic_close` frees.
        let cookie = NonNull::new(unsafe { magic_open(0) }).map(Cookie);
        let cookie = cookie.ok_or_else(|| Error::os(Errno::ENOMEM).during("magic_open"))?;
        let mut buffer = DATABASE.0.as_ptr().cast_mut().cast::<c_void>();
        let mut size = DATABASE.0.len();
        // SAFETY: one buffer, one size. The database outlives every cookie. It is only read, though the type says otherwise: it would
        // be written to if its byte order were not this machine's, which build.rs rules out.
        match unsafe { magic_load_buffers(cookie.0.as_ptr(), &mut buffer, &mut size, 1) } {
            0 => Ok(cookie),
            _ => Err(cookie.error()),
        }
    }

    /// Describes what can be read from `source`.
    pub fn describe(&mut self, source: &dyn ReadAt, stat: Stat, flags: Flags) -> Result<BString> {
        let mut context = Context { source, error: None };
        let mut guest = Guest {
            context: (&raw mut context).cast(),
            read_at,
            unpack,
            length: i64::try_from(source.len()).unwrap_or(i64::MAX),
            size: i64::try_from(stat.size).unwrap_or(i64::MAX),
            mode: stat.mode,
            position: 0,
        };
        let mut bits = 0;
        if flags.devices {
            bits |= MAGIC_DEVICES;
        }
        if flags.compress {
            bits |= MAGIC_COMPRESS;
        }
        // SAFETY: the cookie is open and nobody else's for now (`&mut self`); `guest`, and the context that it points to, live until the
        // call returns, and are kept no longer by it.
        let description = unsafe { glassbox_magic_describe(self.0.as_ptr(), &mut guest, bits) };
        // What couldn't be read may have changed the answer.
        if let Some(error) = context.error {
            return Err(error);
        }
        if description.is_null() {
            return Err(self.error());
        }
        // SAFETY: a string of the cookie's, which stays until the next call with it.
        Ok(unsafe { CStr::from_ptr(description) }.to_bytes().into())
    }

    /// What the last call with the cookie failed with.
    fn error(&self) -> Error {
        // SAFETY: the cookie is open. It returns null or a string of the cookie's, which is copied here.
        let message = unsafe { magic_error(self.0.as_ptr()).as_ref() };
        let message = message.map(|message| unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned());
        match message {
            Some(message) => Error::corrupt(format!("libmagic: {message}")),
            None => Error::os(Errno::ENOMEM).during("libmagic"),
        }
    }
}

impl Drop for Cookie {
    fn drop(&mut self) {
        // SAFETY: from `magic_open`, and used no more.
        unsafe { magic_close(self.0.as_ptr()) }
    }
}

/// What a description reads from, and the first error of that.
struct Context<'a> {
    source: &'a dyn ReadAt,
    error: Option<Error>,
}

/// Reads as pread(2): the bytes read, or -1.
///
/// # Safety
/// `context` is a `Context` that nobody else uses; `buf` has room for `count` bytes, whatever they are.
unsafe extern "C" fn read_at(context: *mut c_void, buf: *mut u8, count: usize, offset: i64) -> isize {
    // SAFETY: libmagic only passes on what `describe` gave it.
    let context = unsafe { &mut *context.cast::<Context>() };
    let offset = u64::try_from(offset).unwrap_or(u64::MAX);
    let left = usize::try_from(context.source.len().saturating_sub(offset)).unwrap_or(usize::MAX);
    let count = count.min(left).min(isize::MAX as usize);
    if count == 0 {
        return 0;
    }
    // SAFETY: there is room for so many bytes. Written first: libmagic's buffers come from malloc, and a slice must not be of
    // uninitialised memory.
    let buf = unsafe {
        buf.write_bytes(0, count);
        std::slice::from_raw_parts_mut(buf, count)
    };
    match context.source.read_at(buf, offset) {
        Ok(read) => read.min(count) as isize,
        Err(error) => {
            context.error.get_or_insert(error);
            -1
        }
    }
}

/// `enum outcome` of `c/zmagic.c`.
const FAILED: c_int = -1;
const CONTENTS: c_int = 0;
const MESSAGE: c_int = 1;
const OTHER: c_int = 2;
const NO_MORE_METHODS: c_int = 3;

/// Decompresses what begins with `data` into `out`, or writes a message there.
///
/// # Safety
/// `context` is a `Context` that nobody else uses; there are `count` bytes at `data` and room for `*length` initialised ones at `out`.
unsafe extern "C" fn unpack(
    context: *mut c_void,
    method: usize,
    data: *const u8,
    count: usize,
    out: *mut u8,
    length: *mut usize,
) -> c_int {
    // SAFETY: libmagic only passes on what `describe` gave it; zmagic.c allocates `out` with calloc.
    let (context, beginning, length) =
        unsafe { (&mut *context.cast::<Context>(), std::slice::from_raw_parts(data, count), &mut *length) };
    // SAFETY: as above; `data` is another buffer.
    let out = unsafe { std::slice::from_raw_parts_mut(out, *length) };
    match decompress(method, &Compressed { beginning, file: context.source }, out) {
        Ok(Outcome::Contents(count)) => {
            *length = count.min(out.len());
            CONTENTS
        }
        Ok(Outcome::Message(message)) => {
            *length = message.len().min(out.len());
            for (to, from) in out.iter_mut().zip(message.iter()) {
                *to = *from;
            }
            MESSAGE
        }
        Ok(Outcome::Other) => OTHER,
        Ok(Outcome::NoMoreMethods) => NO_MORE_METHODS,
        Err(error) => {
            context.error.get_or_insert(error);
            FAILED
        }
    }
}
