//! The machine that a program or library of Windows, or of EFI, is for (Microsoft's "PE Format").

use glassbox_io::{Fields, ReadAt, Result};

/// The first bytes of the MS-DOS stub that every such file begins with.
pub const DOS_MAGIC: &[u8] = b"MZ";
/// Where the stub says how far into the file the signature is ("MS-DOS Stub").
const SIGNATURE_OFFSET: usize = 0x3c;
const SIGNATURE: &[u8] = b"PE\0\0";

/// The architecture of the file that begins with `beginning`; `None` if it is none of Windows.
pub fn architecture(beginning: &[u8], file: &dyn ReadAt) -> Result<Option<&'static str>> {
    let Ok(offset) = Fields::new(beginning).le32(SIGNATURE_OFFSET) else { return Ok(None) };
    // The signature, and the first field of the COFF header behind it.
    let mut header = [0; 6];
    if file.read_at(&mut header, u64::from(offset))? < header.len() {
        return Ok(None);
    }
    let Some(&[low, high]) = header.strip_prefix(SIGNATURE) else { return Ok(None) };
    Ok(machine(u16::from_le_bytes([low, high])))
}

/// "Machine Types".
fn machine(number: u16) -> Option<&'static str> {
    Some(match number {
        0x014c => "i386",
        // ARM, Thumb, Thumb-2.
        0x01c0 | 0x01c2 | 0x01c4 => "arm",
        0x0200 => "ia64",
        0x5032 => "riscv32",
        0x5064 => "riscv64",
        0x6264 => "loongarch64",
        0x8664 => "x86_64",
        0xaa64 => "aarch64",
        _ => return None,
    })
}
