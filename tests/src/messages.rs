//! Messages of the oracle and ours, compared: sentences of libguestfs are our own words, causes are the same.

use bstr::ByteSlice;

/// What must be in our error if it is in the oracle's: why a system call failed, or that the handle is in the wrong state.
const ERRORS: [&str; 23] = [
    "no such file or directory",
    "not a directory",
    "is a directory",
    "too many levels of symbolic links",
    "file exists",
    "device or resource busy",
    "target is busy",
    "invalid argument",
    "no data available",
    "permission denied",
    "operation not permitted",
    "operation not supported",
    "read-only file system",
    "no space left on device",
    "directory not empty",
    "cross-device link",
    "file name too long",
    "file too large",
    "text file busy",
    "exec format error",
    "call launch before using this function",
    "this function can only be called in the config state",
    "you must call 'mount' first",
];

/// By these we know that a call isn't answered by the parsers, or not at all: never as good as the oracle's answer.
const UNSUPPORTED: [&str; 2] = ["needs an appliance", "is not answered by reading the image"];

/// Whether our message is as good as the oracle's.
pub fn is_same_error(ours: &[u8], oracle: &[u8]) -> bool {
    if !oracle.contains_str("error: ") {
        // The program's own message, or none.
        return ours.replace("glassbox fish: ", "guestfish: ") == oracle;
    }
    let (ours, oracle) = (ours.to_str_lossy().to_lowercase(), oracle.to_str_lossy().to_lowercase());
    let unsupported = UNSUPPORTED.into_iter().any(|text| ours.contains(text));
    !ours.is_empty() && !unsupported && ERRORS.into_iter().all(|text| !oracle.contains(text) || ours.contains(text))
}
