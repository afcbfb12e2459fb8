//! The machine that a kernel of Linux is for, where it isn't a plain ELF file.

use glassbox_io::{Fields, ReadAt, Result, Window};

use super::{contents, elf};

/// Where in the file a kernel says what it is, and what it says there.
const MAGICS: [(usize, &[u8], &str); 3] = [
    // Documentation/arch/arm64/booting.rst, "Call the kernel image".
    (56, b"ARM\x64", "aarch64"),
    // Documentation/arch/riscv/boot-image-header.rst: magic2.
    (56, b"RSC\x05", "riscv64"),
    // A zImage of 32-bit ARM (arch/arm/boot/compressed/head.S).
    (36, b"\x18\x28\x6f\x01", "arm"),
];
/// Linux dropped the 31-bit kernel, and with it the architecture s390, before it had this magic in its images.
const S390X: (u64, &[u8]) = (0x1_0008, b"S390EP");

/// The architecture of the kernel that begins with `beginning`; `None` if it is no kernel.
pub fn architecture(beginning: &[u8], file: &dyn ReadAt) -> Result<Option<&'static str>> {
    let header = Fields::new(beginning);
    for (offset, magic, architecture) in MAGICS {
        if header.slice(offset, magic.len()).is_ok_and(|bytes| bytes == magic) {
            return Ok(Some(architecture));
        }
    }
    if let Some(setup) = SetupHeader::read(header) {
        return setup.architecture(file);
    }
    let (offset, magic) = S390X;
    let mut bytes = [0; 6];
    let is_s390x = file.read_at(&mut bytes, offset)? == bytes.len() && bytes == magic;
    Ok(is_s390x.then_some("s390x"))
}

/// The header of a bzImage for x86 (Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header").
struct SetupHeader {
    /// Sectors of 512 bytes of real-mode code behind the first one.
    setup_sectors: u8,
    /// Of the boot protocol.
    version: u16,
    /// What the loaded kernel can do.
    xloadflags: u16,
    /// Where the compressed kernel is, behind the real-mode code.
    payload_offset: u32,
    payload_length: u32,
}

impl SetupHeader {
    /// The first version that has `xloadflags`, and that has the payload's place.
    const VERSION_XLOADFLAGS: u16 = 0x20c;
    const VERSION_PAYLOAD: u16 = 0x208;
    /// The kernel can be entered in 64-bit mode.
    const XLF_KERNEL_64: u16 = 1;

    fn read(header: Fields<'_>) -> Option<Self> {
        let is_kernel = header.slice(0x202, 4).ok()? == b"HdrS" && header.le16(0x1fe).ok()? == 0xaa55;
        is_kernel.then_some(SetupHeader {
            // 0 stands for 4, for kernels of old.
            setup_sectors: Some(header.u8(0x1f1).ok()?).filter(|count| *count != 0).unwrap_or(4),
            version: header.le16(0x206).ok()?,
            xloadflags: header.le16(0x236).ok()?,
            payload_offset: header.le32(0x248).ok()?,
            payload_length: header.le32(0x24c).ok()?,
        })
    }

    fn architecture(&self, file: &dyn ReadAt) -> Result<Option<&'static str>> {
        if self.version >= Self::VERSION_XLOADFLAGS {
            return Ok(Some(if self.xloadflags & Self::XLF_KERNEL_64 != 0 { "x86_64" } else { "i386" }));
        }
        if self.version < Self::VERSION_PAYLOAD {
            return Ok(None);
        }
        // What is compressed is the kernel's ELF file.
        let real_mode = (u64::from(self.setup_sectors) + 1) * 512;
        let start = real_mode + u64::from(self.payload_offset);
        let payload = Window::new(file, start, u64::from(self.payload_length))?;
        Ok(contents::beginning(&payload)?.and_then(|kernel| elf::architecture(&kernel)))
    }
}
