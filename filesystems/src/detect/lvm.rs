//! Physical volumes of LVM (LVM2 `lib/format_text/layout.h`, `lib/label/label.h`).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, checksum, text};

/// The type that a label of format 2 ends with.
const LVM2_TYPE: &[u8] = b"LVM2 001";
/// The seed of LVM2's CRC-32 (`INITIAL_CRC`).
const INITIAL_CRC: u32 = 0xf597_a6cf;

/// The label stands in one of the first four sectors.
pub(super) static LVM2_MEMBER: Format = Format {
    magics: &[
        Magic::new(LVM2_TYPE, 512 + 24),
        Magic::new(LVM2_TYPE, 24),
        Magic::new(LVM2_TYPE, 1024 + 24),
        Magic::new(LVM2_TYPE, 1536 + 24),
    ],
    ..Format::new("LVM2_member", Usage::Raid, lvm2)
};

pub(super) static LVM1_MEMBER: Format =
    Format { magics: &[Magic::new(b"HM", 0)], ..Format::new("LVM1_member", Usage::Raid, lvm1) };

fn lvm2(volume: &Volume<'_>, magic: &Magic) -> Result<Option<Details>> {
    let sector = magic.offset >> 9;
    let label: [u8; 512] = volume.array(sector << 9)?;
    let label = Fields::new(&label);
    let crc = checksum::crc32(checksum::CRC32, INITIAL_CRC, label.slice(20, 492)?);
    if label.slice(0, 8)? != b"LABELONE" || label.le64(8)? != sector || label.le32(16)? != crc {
        return Ok(None);
    }
    Ok(Some(Details { uuid: text::lvm_uuid(label.slice(32, 32)?), version: LVM2_TYPE.into(), ..Details::default() }))
}

fn lvm1(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let header: [u8; 76] = volume.array(0)?;
    let header = Fields::new(&header);
    if !matches!(header.le16(2)?, 1 | 2) {
        return Ok(None);
    }
    Ok(Some(Details { uuid: text::lvm_uuid(header.slice(44, 32)?), ..Details::default() }))
}
