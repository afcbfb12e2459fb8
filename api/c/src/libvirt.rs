//! Domains that a program holds as objects of libvirt's library.
//!
//! This library isn't linked with libvirt's: who has such an object has loaded it.

use std::ffi::{CStr, c_char, c_uint, c_void};
use std::mem;

use bstr::BString;
use glassbox_io::{Errno, Error, Result};

/// `char *virDomainGetXMLDesc(virDomainPtr, unsigned int flags)`
type GetXmlDesc = unsafe extern "C" fn(*mut c_void, c_uint) -> *mut c_char;
/// `virConnectPtr virDomainGetConnect(virDomainPtr)`, which stays the domain's.
type GetConnect = unsafe extern "C" fn(*mut c_void) -> *mut c_void;
/// `char *virConnectGetURI(virConnectPtr)`
type GetUri = unsafe extern "C" fn(*mut c_void) -> *mut c_char;

/// The URI of its connection and the XML of the `virDomainPtr` at this address.
pub fn describe(address: usize) -> Result<(BString, String)> {
    let domain = address as *mut c_void;
    if domain.is_null() {
        return Err(Error::usage("the domain is NULL"));
    }
    // SAFETY: the functions have these types; the caller of guestfs_add_libvirt_dom gave a domain, which is all that can be known.
    unsafe {
        let get_xml: GetXmlDesc = mem::transmute(function(c"virDomainGetXMLDesc")?);
        let get_connect: GetConnect = mem::transmute(function(c"virDomainGetConnect")?);
        let get_uri: GetUri = mem::transmute(function(c"virConnectGetURI")?);
        let xml = take(get_xml(domain, 0)).ok_or_else(|| failed("can't describe the domain"))?;
        let uri = take(get_uri(get_connect(domain))).ok_or_else(|| failed("can't name the domain's connection"))?;
        let xml =
            String::from_utf8(xml).map_err(|_| Error::corrupt("libvirt's description of a domain isn't UTF-8"))?;
        Ok((uri.into(), xml))
    }
}

fn failed(what: &str) -> Error {
    Error::os_with(Errno::EIO, format!("libvirt {what}"))
}

/// A function of a library that the program has loaded, somehow.
fn function(name: &CStr) -> Result<*mut c_void> {
    const LIBVIRT: &CStr = c"libvirt.so.0";
    // SAFETY: only looked up. Symbols of a library that the program has loaded for itself aren't the program's own, but it is found by
    // its name; it stays open, as the functions are called.
    let found = unsafe {
        match libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) {
            found if !found.is_null() => found,
            _ => match libc::dlopen(LIBVIRT.as_ptr(), libc::RTLD_LAZY | libc::RTLD_NOLOAD) {
                library if library.is_null() => library,
                library => libc::dlsym(library, name.as_ptr()),
            },
        }
    };
    match found.is_null() {
        true => Err(Error::unsupported("domains of a libvirt that this program hasn't loaded")),
        false => Ok(found),
    }
}

/// The text that a function of libvirt's gave away.
///
/// # Safety
/// It is NULL, or a string from malloc.
unsafe fn take(text: *mut c_char) -> Option<Vec<u8>> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the caller's.
    unsafe {
        let bytes = CStr::from_ptr(text).to_bytes().to_vec();
        libc::free(text.cast());
        Some(bytes)
    }
}
