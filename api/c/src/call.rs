//! The way of a call: out of C's arguments, through the engine, back into C.
//!
//! Compiled once for every call: only what depends on the call's types is generic here.

use std::any::Any;
use std::ffi::c_char;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use bstr::BString;
use glassbox_api::{AnyCall, Call, CallInfo, Pending};
use glassbox_engine::Caller;
use glassbox_io::{Error, Result};

use crate::arguments::{Arguments, FileNames};
use crate::handle::Guestfs;
use crate::host_files::{HostFailure, HostFiles};
use crate::lock::Refused;
use crate::memory::Memory;
use crate::returns::Return;

/// Makes a call: `make` takes its arguments.
///
/// # Safety
/// `g` is NULL or an open handle, and what `make` takes from C is what C's declaration says.
#[inline(always)]
pub unsafe fn call<'a, C>(
    g: *mut Guestfs,
    make: impl FnOnce(&mut Arguments<'a>) -> Result<C>,
) -> <C::Reply as Return>::C
where
    C: Call + 'a,
    C::Reply: Return,
{
    // SAFETY: the caller's.
    unsafe { call_with(g, make, C::Reply::FAILED, |reply, handle, memory| reply.into_c(handle, memory)) }
}

/// The same for a call that returns a string which the handle keeps.
///
/// # Safety
/// As [`call`].
#[inline(always)]
pub unsafe fn call_for_const<'a, C>(
    g: *mut Guestfs,
    make: impl FnOnce(&mut Arguments<'a>) -> Result<C>,
) -> *const c_char
where
    C: Call<Reply = BString> + 'a,
{
    // SAFETY: the caller's.
    unsafe { call_with(g, make, ptr::null(), |reply, handle, _| handle.lend(&reply)) }
}

/// The same for a call that returns bytes, whose number goes to `size_r`.
///
/// # Safety
/// As [`call`]; and `size_r` is NULL or may be written to.
#[inline(always)]
pub unsafe fn call_for_buffer<'a, C>(
    g: *mut Guestfs,
    size_r: *mut usize,
    make: impl FnOnce(&mut Arguments<'a>) -> Result<C>,
) -> *mut c_char
where
    C: Call<Reply = Vec<u8>> + 'a,
{
    let convert = |reply: Vec<u8>, _: &Guestfs, memory: &Memory| {
        if !size_r.is_null() {
            // SAFETY: the caller's.
            unsafe { size_r.write(reply.len()) };
        }
        memory.hand_over(reply)
    };
    // SAFETY: the caller's.
    unsafe { call_with(g, make, ptr::null_mut(), convert) }
}

/// All of it is part of the one function of C that makes this call: each return on the way out costs as much as dozens of
/// instructions, because the processor has long forgotten where a call that read a disk came from.
///
/// # Safety
/// As [`call`].
#[inline(always)]
unsafe fn call_with<'a, C: Call + 'a, R>(
    g: *mut Guestfs,
    make: impl FnOnce(&mut Arguments<'a>) -> Result<C>,
    failed: R,
    convert: impl FnOnce(C::Reply, &Guestfs, &Memory) -> R,
) -> R {
    // SAFETY: the caller's.
    let Some(handle) = (unsafe { Guestfs::borrow(g) }) else {
        complain(&format!("{}: the handle is NULL", C::INFO.name));
        return failed;
    };
    let called = catch_unwind(AssertUnwindSafe(|| {
        let failure = HostFailure::new();
        // SAFETY: `'a` is as long as the request, which ends in this function, before `failure` and `files` do.
        let mut files = HostFiles::new(unsafe { &*ptr::from_ref(&failure) });
        // SAFETY: as above.
        let mut arguments = Arguments::new(C::INFO, unsafe { &mut *ptr::from_mut(&mut files) });
        let mut pending = Pending::new(make(&mut arguments)?);
        perform(handle, &mut pending, arguments.file_names(), &failure)?;
        let reply = pending.into_reply()?;
        files.output.finish()?;
        let memory = Memory::default();
        let returned = convert(reply, handle, &memory);
        if memory.is_exhausted() {
            handle.out_of_memory();
        }
        Ok(returned)
    }));
    match called {
        Ok(Ok(returned)) => returned,
        Ok(Err(failure)) => {
            tell(handle, failure);
            failed
        }
        Err(panic) => {
            tell(handle, panicked(C::INFO, &*panic).into());
            failed
        }
    }
}

/// Why a call failed.
enum Failure {
    /// The caller was told.
    Told,
    /// The caller is to be told.
    Error(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Error(error)
    }
}

/// Tells the caller why a call failed.
#[cold]
fn tell(handle: &Guestfs, failure: Failure) {
    if let Failure::Error(error) = failure {
        handle.errors.report(handle.as_c(), &error);
    }
}

/// Gives the call to the engine.
fn perform(
    handle: &Guestfs,
    call: &mut dyn AnyCall,
    names: FileNames<'_>,
    failure: &HostFailure,
) -> std::result::Result<(), Failure> {
    let info = call.info();
    let report = |error: &Error| handle.errors.report(handle.as_c(), failure.get().unwrap_or(error));
    let caller = Caller { input: names.input, output: names.output, on_error: Some(&report) };
    let refused = |why| Err(Error::usage(format!("{}: {why}", info.name)).into());
    match handle.engine.with(|engine| engine.perform(call, &caller)) {
        Ok(performed) => performed.map_err(|_| Failure::Told),
        Err(Refused::InUse) => refused("called from within another call on the same handle"),
        Err(Refused::Gone) => refused("the handle is closed"),
    }
}

#[cold]
fn panicked(info: &'static CallInfo, panic: &(dyn Any + Send)) -> Error {
    let message = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(|s| &**s));
    Error::usage(format!("{}: internal error: {}", info.name, message.unwrap_or("panic")))
}

/// Tells of a mistake that has no handle to be an error of.
pub fn complain(what: &str) {
    // There is nobody to tell if it can't be printed.
    let _ = writeln!(std::io::stderr(), "libguestfs: error: {what}");
}
