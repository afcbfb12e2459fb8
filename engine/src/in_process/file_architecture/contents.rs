//! What is inside of a compressed file.

use std::io::Read;

use glassbox_io::{Input, ReadAt, Result};

use super::{BEGINNING, elf, initrd, is_cpio, linux_image};
use crate::in_process::initrd::decompress;

/// The architecture of what `file` holds compressed: a module, a kernel, or an initrd. `None` if it isn't compressed,
/// or holds something else.
pub fn architecture(file: &dyn ReadAt) -> Result<Option<&'static str>> {
    let Some(beginning) = beginning(file)? else { return Ok(None) };
    if is_cpio(&beginning) {
        return initrd::architecture(file);
    }
    match elf::architecture(&beginning) {
        Some(architecture) => Ok(Some(architecture)),
        None => linux_image::architecture(&beginning, &beginning),
    }
}

/// The first decompressed bytes of a file; `None` if it isn't compressed.
pub fn beginning(file: &dyn ReadAt) -> Result<Option<Vec<u8>>> {
    let mut input = Input::new(file);
    let Some(decompressed) = decompress(&mut input)? else { return Ok(None) };
    let mut beginning = Vec::new();
    // A stream that is cut off or damaged further on has told enough before.
    let _ = decompressed.take(BEGINNING as u64).read_to_end(&mut beginning);
    Ok(Some(beginning))
}
