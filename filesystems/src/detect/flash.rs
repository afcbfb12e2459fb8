//! UBI and UBIFS, on flash or copied from it (kernel `drivers/mtd/ubi/ubi-media.h`, `fs/ubifs/ubifs-media.h`).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

/// `UBI_EC_HDR_MAGIC`; big-endian.
pub(super) static UBI: Format = Format { magics: &[Magic::new(b"UBI#", 0)], ..Format::new("ubi", Usage::Raid, ubi) };

/// `UBIFS_NODE_MAGIC`; little-endian.
pub(super) static UBIFS: Format = Format {
    magics: &[Magic::new(&0x0610_1831u32.to_le_bytes(), 0)],
    ..Format::new("ubifs", Usage::Filesystem, ubifs)
};

/// The erase counter header: its image sequence number serves as the UUID.
fn ubi(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let header: [u8; 64] = volume.array(0)?;
    let header = Fields::new(&header);
    Ok(Some(Details {
        uuid: header.be32(24)?.to_string().into(),
        version: header.u8(4)?.to_string().into(),
        ..Details::default()
    }))
}

/// The superblock node, 4096 bytes.
fn ubifs(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let node: [u8; 4096] = volume.array(0)?;
    let node = Fields::new(&node);
    Ok(Some(Details {
        uuid: text::uuid(node.array(108)?),
        version: format!("w{}r{}", node.le32(80)?, node.le32(124)?).into(),
        ..Details::default()
    }))
}
