//! Unpacking a kernel: bzImage → vmlinux, so that qemu starts it by PVH, past the firmware and the decompressor.

use elf::endian::LittleEndian;
use elf::note::Note;
use glassbox_io::{Error, Fields, Result};

use super::compression::decompress;

/// The kernel's boot protocol (Documentation/arch/x86/boot.rst): offsets in the setup header.
const SETUP_SECTS: usize = 0x1f1;
const MAGIC: usize = 0x202;
const PROTOCOL: usize = 0x206;
const PAYLOAD_OFFSET: usize = 0x248;
const PAYLOAD_LENGTH: usize = 0x24c;
/// The first version with a payload that is described.
const PROTOCOL_WITH_PAYLOAD: u16 = 0x0208;
const SECTOR: usize = 512;
/// What 0 in `setup_sects` means.
const DEFAULT_SETUP_SECTS: usize = 4;
/// The note with the entry point for PVH: `XEN_ELFNOTE_PHYS32_ENTRY`.
const PVH_ENTRY: u64 = 18;

/// Unpacks the kernel. `None` if it has no entry for PVH, and must be started as it is.
pub(crate) fn unpack(kernel: &[u8]) -> Result<Option<Vec<u8>>> {
    let vmlinux = match kernel.starts_with(b"\x7fELF") {
        true => kernel.to_vec(),
        false => decompress(payload(kernel)?.to_vec())?,
    };
    Ok(has_pvh_entry(&vmlinux).then_some(vmlinux))
}

/// The compressed kernel in a bzImage.
fn payload(kernel: &[u8]) -> Result<&[u8]> {
    let fields = Fields::new(kernel);
    if fields.slice(MAGIC, 4).ok() != Some(b"HdrS") {
        return Err(Error::unsupported("a kernel that is neither an x86 bzImage nor an ELF file"));
    }
    if fields.le16(PROTOCOL)? < PROTOCOL_WITH_PAYLOAD {
        return Err(Error::unsupported("a kernel older than 2.6.26"));
    }
    let setup = match fields.u8(SETUP_SECTS)? {
        0 => DEFAULT_SETUP_SECTS,
        sectors => sectors.into(),
    };
    let start = (setup + 1) * SECTOR + fields.le32(PAYLOAD_OFFSET)? as usize;
    fields.slice(start, fields.le32(PAYLOAD_LENGTH)? as usize)
}

fn has_pvh_entry(vmlinux: &[u8]) -> bool {
    let Ok(elf) = elf::ElfBytes::<LittleEndian>::minimal_parse(vmlinux) else { return false };
    let notes = elf.segments().into_iter().flatten().filter(|segment| segment.p_type == elf::abi::PT_NOTE);
    notes
        .filter_map(|segment| elf.segment_data_as_notes(&segment).ok())
        .flatten()
        .any(|note| matches!(note, Note::Unknown(note) if note.n_type == PVH_ENTRY && note.name.starts_with(b"Xen")))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// An ELF file with one note.
    fn vmlinux(note: u32) -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
        bytes.extend([0u64, 64, 0].map(u64::to_le_bytes).concat());
        bytes.extend([0u16, 0, 64, 56, 1, 64, 0, 0].map(u16::to_le_bytes).concat());
        bytes.extend([elf::abi::PT_NOTE, 4].map(u32::to_le_bytes).concat());
        bytes.extend([120u64, 0, 0, 20, 20, 4].map(u64::to_le_bytes).concat());
        bytes.extend([4u32, 4, note].map(u32::to_le_bytes).concat());
        bytes.extend(b"Xen\0\x10\x20\x30\x40");
        bytes
    }

    fn bz_image(vmlinux: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(vmlinux).unwrap();
        let packed = packed.finish().unwrap();
        let mut image = vec![0; 2 * SECTOR + 7];
        image[SETUP_SECTS] = 1;
        image[MAGIC..MAGIC + 4].copy_from_slice(b"HdrS");
        image[PROTOCOL..PROTOCOL + 2].copy_from_slice(&0x20fu16.to_le_bytes());
        image[PAYLOAD_OFFSET..PAYLOAD_OFFSET + 4].copy_from_slice(&7u32.to_le_bytes());
        image[PAYLOAD_LENGTH..PAYLOAD_LENGTH + 4].copy_from_slice(&(packed.len() as u32).to_le_bytes());
        image.extend(packed);
        image.extend([9; 100]);
        image
    }

    #[test]
    fn the_payload_is_unpacked_if_it_has_the_note() {
        let kernel = vmlinux(PVH_ENTRY as u32);
        assert_eq!(unpack(&bz_image(&kernel)).unwrap().unwrap(), kernel);
        assert_eq!(unpack(&kernel).unwrap().unwrap(), kernel);
        assert_eq!(unpack(&bz_image(&vmlinux(1))).unwrap(), None);
    }

    #[test]
    fn other_files_are_refused() {
        assert!(unpack(b"MZ").unwrap_err().is_unsupported());
        let mut image = bz_image(&vmlinux(PVH_ENTRY as u32));
        image[PAYLOAD_LENGTH + 3] = 0x7f;
        assert!(unpack(&image).is_err());
    }
}
