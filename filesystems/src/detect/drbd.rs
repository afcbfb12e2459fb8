//! DRBD's internal metadata, in the last 4 KiB (DRBD `drbd_meta_data.h`; big-endian).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage};

pub(super) static DRBD: Format = Format { min_size: 0x10000, ..Format::new("drbd", Usage::Raid, read) };

/// `DRBD_MAGIC`; each version of the metadata adds a number to it.
const MAGIC: u32 = 0x8374_0267;

fn read(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let metadata: [u8; 64] = volume.array(volume.len().saturating_sub(4096))?;
    let metadata = Fields::new(&metadata);
    let (version, device_uuid) = match metadata.be32(60)?.wrapping_sub(MAGIC) {
        4 | 5 => ("v08", metadata.be64(40)?),
        6 => ("v09", metadata.be64(48)?),
        _ => return Ok(None),
    };
    let uuid = if device_uuid == 0 { String::new() } else { format!("{device_uuid:x}") };
    Ok(Some(Details { uuid: uuid.into(), version: version.into(), ..Details::default() }))
}
