//! VMware's VMFS: the filesystem, and the extents that its volumes are made of.

use bstr::BString;
use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

const VOLUME_INFO: u64 = 1 << 20;
const FS_INFO: u64 = 2 << 20;

pub(super) static VMFS_VOLUME_MEMBER: Format = Format {
    magics: &[Magic::new(&0xc001_d00du32.to_le_bytes(), VOLUME_INFO)],
    ..Format::new("VMFS_volume_member", Usage::Raid, volume_member)
};

pub(super) static VMFS: Format = Format {
    magics: &[Magic::new(&0x2fab_f15eu32.to_le_bytes(), FS_INFO)],
    ..Format::new("VMFS", Usage::Filesystem, filesystem)
};

fn volume_member(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let info: [u8; 8] = volume.array(VOLUME_INFO)?;
    // The logical volume's UUID is text, 20 bytes into the sector after the volume's.
    let uuid: [u8; 35] = volume.array(VOLUME_INFO + 512 + 20)?;
    Ok(Some(Details {
        uuid: text::text_uuid(&uuid),
        version: Fields::new(&info).le32(4)?.to_string().into(),
        ..Details::default()
    }))
}

fn filesystem(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let info: [u8; 157] = volume.array(FS_INFO)?;
    let info = Fields::new(&info);
    Ok(Some(Details {
        uuid: uuid(info.at(9, 16)?)?,
        label: text::label(info.slice(29, 128)?),
        version: info.u8(8)?.to_string().into(),
        ..Details::default()
    }))
}

/// VMware's form: two little-endian words, a little-endian half word, six bytes.
fn uuid(bytes: Fields<'_>) -> Result<BString> {
    let tail = bytes.slice(10, 6)?.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    Ok(format!("{:08x}-{:08x}-{:04x}-{tail}", bytes.le32(0)?, bytes.le32(4)?, bytes.le16(8)?).into())
}
