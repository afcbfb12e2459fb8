//! Optional arguments: out of the struct of a call's `_argv` form, which the variadic forms end in too.

use std::ffi::{c_char, c_int};
use std::marker::PhantomData;

use bstr::BStr;
use glassbox_api::{CallInfo, StringList};
use glassbox_io::{Error, Result};

use crate::arguments::{bytes, strings};
use crate::handle::Guestfs;

/// Reads the fields of a struct of optional arguments. A field whose bit isn't set may not even have been set to
/// anything, so it is only read if its bit is.
pub struct Optargs<'a> {
    info: &'static CallInfo,
    mask: u64,
    base: *const u8,
    caller: PhantomData<&'a u8>,
}

// The fields are given by their bit and their offset. Generated code takes both from one declaration of the struct.
impl<'a> Optargs<'a> {
    /// # Safety
    /// `optargs` is NULL, or the struct of the call of `info` with all fields set whose bits are, none of which is
    /// changed for `'a`.
    pub unsafe fn new(info: &'static CallInfo, optargs: *const u64, count: u32) -> Result<Self> {
        // SAFETY: the caller's; the mask is the first field.
        let mask = if optargs.is_null() { 0 } else { unsafe { optargs.read() } };
        if mask.checked_shr(count).unwrap_or(0) != 0 {
            let name = info.c_name;
            return Err(Error::usage(format!(
                "{name}: unknown option in guestfs_{name}_argv->bitmask: this library doesn't have that many"
            )));
        }
        Ok(Optargs { info, mask, base: optargs.cast(), caller: PhantomData })
    }

    /// # Safety
    /// The field of this bit is a `T` at this offset.
    unsafe fn field<T>(&self, bit: u32, offset: usize) -> Option<T> {
        // SAFETY: the caller's; the bit is set, so there is a struct and the field was set.
        (self.mask >> bit & 1 == 1).then(|| unsafe { self.base.add(offset).cast::<T>().read() })
    }

    /// # Safety
    /// As [`Self::field`], for an `int`.
    pub unsafe fn bool(&self, bit: u32, offset: usize) -> Option<bool> {
        // SAFETY: the caller's.
        unsafe { self.field::<c_int>(bit, offset) }.map(|value| value != 0)
    }

    /// # Safety
    /// As [`Self::field`], for an `int`.
    pub unsafe fn int(&self, bit: u32, offset: usize) -> Option<i32> {
        // SAFETY: the caller's.
        unsafe { self.field::<c_int>(bit, offset) }
    }

    /// # Safety
    /// As [`Self::field`], for an `int64_t`.
    pub unsafe fn int64(&self, bit: u32, offset: usize) -> Option<i64> {
        // SAFETY: the caller's.
        unsafe { self.field(bit, offset) }
    }

    /// # Safety
    /// As [`Self::field`], for a C string.
    pub unsafe fn string(&self, bit: u32, offset: usize, parameter: &str) -> Result<Option<&'a BStr>> {
        // SAFETY: the caller's.
        let Some(string) = (unsafe { self.field::<*const c_char>(bit, offset) }) else { return Ok(None) };
        // SAFETY: the caller's.
        match unsafe { bytes(string) } {
            Some(string) => Ok(Some(BStr::new(string))),
            None => Err(self.missing(parameter, "parameter")),
        }
    }

    /// # Safety
    /// As [`Self::field`], for a list of C strings.
    pub unsafe fn string_list(&self, bit: u32, offset: usize, parameter: &str) -> Result<Option<StringList<'a>>> {
        // SAFETY: the caller's.
        let Some(list) = (unsafe { self.field::<*const *const c_char>(bit, offset) }) else { return Ok(None) };
        // SAFETY: the caller's.
        match unsafe { strings(list) } {
            Some(list) => Ok(Some(list)),
            None => Err(self.missing(parameter, "list")),
        }
    }

    fn missing(&self, parameter: &str, what: &str) -> Error {
        Error::usage(format!("{}: {parameter}: optional {what} cannot be NULL", self.info.c_name))
    }
}

/// Told by the shim of the variadic functions: an argument's code isn't one of the call's.
unsafe extern "C" fn unknown_option(g: *mut Guestfs, call: *const c_char, code: c_int) {
    // SAFETY: the shim's: a handle and a C string.
    if let (Some(handle), Some(call)) = unsafe { (Guestfs::borrow(g), bytes(call)) } {
        let text = format!("{}: unknown option {code}: this library doesn't have it", BStr::new(call));
        handle.errors.report(g, &Error::usage(text));
    }
}

/// Told by the shim of the variadic functions: a code was given twice.
unsafe extern "C" fn repeated_option(g: *mut Guestfs, call: *const c_char) {
    // SAFETY: the shim's: a handle and a C string.
    if let (Some(handle), Some(call)) = unsafe { (Guestfs::borrow(g), bytes(call)) } {
        let text = format!("{}: same optional argument specified more than once", BStr::new(call));
        handle.errors.report(g, &Error::usage(text));
    }
}

/// Gives a function to the shim. What `no_mangle` names is exported from the library; a label isn't.
macro_rules! give_to_shim {
    ($($label:literal => $function:ident,)*) => {
        $(
            #[cfg(target_arch = "x86_64")]
            std::arch::global_asm!(concat!(".globl ", $label), concat!($label, ": jmp {}"), sym $function);
            #[cfg(target_arch = "aarch64")]
            std::arch::global_asm!(concat!(".globl ", $label), concat!($label, ": b {}"), sym $function);
        )*
    };
}

give_to_shim! {
    "glassbox_unknown_option" => unknown_option,
    "glassbox_repeated_option" => repeated_option,
}

/// Exports functions of the shim. They jump there at once: all registers and the stack are as the caller left them, so
/// the arguments are too, whatever they are.
macro_rules! variadic {
    ($($exported:ident => $shim:ident,)*) => {
        unsafe extern "C" { $(fn $shim();)* }
        $(
            #[unsafe(naked)]
            #[unsafe(no_mangle)]
            unsafe extern "C" fn $exported() {
                #[cfg(target_arch = "x86_64")]
                std::arch::naked_asm!("jmp {}", sym $shim);
                #[cfg(target_arch = "aarch64")]
                std::arch::naked_asm!("b {}", sym $shim);
            }
        )*
    };
}
pub(crate) use variadic;
