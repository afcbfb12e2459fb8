//! Devices below device-mapper targets: snapshot stores, dm-verity hashes, dm-integrity, VDO.

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, magic_only, text};

/// Kernel `drivers/md/dm-snap-persistent.c`.
pub(super) static SNAPSHOT_COW: Format =
    Format { magics: &[Magic::new(b"SnAp", 0)], ..Format::new("DM_snapshot_cow", Usage::Other, magic_only) };

/// cryptsetup `lib/verity/verity.c`.
pub(super) static VERITY_HASH: Format =
    Format { magics: &[Magic::new(b"verity\0\0", 0)], ..Format::new("DM_verity_hash", Usage::Crypto, verity) };

/// Kernel `drivers/md/dm-integrity.c`.
pub(super) static INTEGRITY: Format =
    Format { magics: &[Magic::new(b"integrt\0", 0)], ..Format::new("DM_integrity", Usage::Crypto, integrity) };

/// Kernel `drivers/md/dm-vdo/encodings.c`: the geometry block.
pub(super) static VDO: Format =
    Format { magics: &[Magic::new(b"dmvdo001", 0)], ..Format::new("vdo", Usage::Other, vdo) };

fn verity(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let superblock: [u8; 512] = volume.array(0)?;
    let superblock = Fields::new(&superblock);
    if superblock.le32(8)? != 1 {
        return Ok(None);
    }
    Ok(Some(Details { uuid: text::uuid(superblock.array(16)?), version: "1".into(), ..Details::default() }))
}

fn integrity(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let [version] = volume.array(8)?;
    if version == 0 {
        return Ok(None);
    }
    Ok(Some(Details { version: version.to_string().into(), ..Details::default() }))
}

fn vdo(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    Ok(Some(Details { uuid: text::uuid(volume.array(40)?), ..Details::default() }))
}
