//! Members of ZFS pools (ZFS On-Disk Specification, chapter 1).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

/// A pool needs at least this much (`SPA_MINDEVSIZE`).
const MIN_SIZE: u64 = 64 << 20;

pub(super) static ZFS_MEMBER: Format =
    Format { min_size: MIN_SIZE, ..Format::new("zfs_member", Usage::Filesystem, read) };

/// Four labels (1.2): two at the start, two at the end of the whole labels' space.
const LABEL_SIZE: u64 = 256 << 10;
/// Within a label (1.3): name/value pairs, then an array of uberblocks.
const PAIRS: u64 = 16 << 10;
const PAIRS_SIZE: usize = 112 << 10;
const UBERBLOCKS: u64 = 128 << 10;
const UBERBLOCKS_SIZE: usize = 128 << 10;
const UBERBLOCK_SIZE: usize = 1024;
const UBERBLOCK_MAGIC: u64 = 0x00ba_b10c;
/// Fewer than this may be leftovers of an old pool.
const ENOUGH_UBERBLOCKS: u32 = 4;

fn read(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let end = volume.len() & !LABEL_SIZE.wrapping_sub(1);
    let mut found = 0u32;
    for start in [0, LABEL_SIZE, end.saturating_sub(2 * LABEL_SIZE), end.saturating_sub(LABEL_SIZE)] {
        let uberblocks = volume.bytes(start.saturating_add(UBERBLOCKS), UBERBLOCKS_SIZE)?;
        let mut version = None;
        for uberblock in uberblocks.chunks_exact(UBERBLOCK_SIZE) {
            // In the byte order of the machine that wrote it.
            let uberblock = Fields::new(uberblock);
            let this = if uberblock.le64(0)? == UBERBLOCK_MAGIC {
                uberblock.le64(8)?
            } else if uberblock.be64(0)? == UBERBLOCK_MAGIC {
                uberblock.be64(8)?
            } else {
                continue;
            };
            found = found.saturating_add(1);
            version = Some(this);
        }
        if let Some(version) = version.filter(|_| found >= ENOUGH_UBERBLOCKS) {
            let mut details = Details { version: version.to_string().into(), ..Details::default() };
            let pairs = volume.bytes(start.saturating_add(PAIRS), PAIRS_SIZE)?;
            describe(&mut details, Fields::new(&pairs));
            return Ok(Some(details));
        }
    }
    Ok(None)
}

/// Types of values (`data_type_t`).
const UINT64: u32 = 8;
const STRING: u32 = 9;
const NVLIST: u32 = 19;

/// Finds the pool's name and GUID, and the alignment of the first device, in an XDR-encoded list. What is cut off or
/// contradicts itself is left out: the uberblocks have already said what this is.
fn describe(details: &mut Details, pairs: Fields<'_>) {
    // Encoding and byte order (4 bytes), the list's version and flags (8).
    let mut offset = 12usize;
    while let Ok(size) = pairs.be32(offset) {
        let size = size as usize;
        let Ok(pair) = pairs.at(offset, size) else { break };
        if size < 12 || pair_value(details, pair).is_err() {
            break;
        }
        offset = offset.saturating_add(size);
    }
}

/// Encoded size, decoded size, name, type, count of elements, value.
fn pair_value(details: &mut Details, pair: Fields<'_>) -> Result<()> {
    let name_length = pair.be32(8)? as usize;
    let name = pair.slice(12, name_length)?;
    let value = pair.from(name_length.next_multiple_of(4).saturating_add(12))?;
    match (name, value.be32(0)?) {
        (b"name", STRING) => details.label = text::label(value.slice(12, value.be32(8)? as usize)?),
        (b"pool_guid", UINT64) => details.uuid = value.be64(8)?.to_string().into(),
        // The device tree: a list in this list, whose version and flags come first.
        (b"vdev_tree", NVLIST) => {
            let mut offset = 16usize;
            while let Ok(size) = value.be32(offset) {
                let size = size as usize;
                let pair = value.at(offset, size)?;
                if size < 12 {
                    break;
                }
                let name_length = pair.be32(8)? as usize;
                if pair.slice(12, name_length)? == b"ashift" {
                    let ashift = pair.from(name_length.next_multiple_of(4).saturating_add(12))?.be64(8)?;
                    details.block_size = u32::try_from(ashift).ok().and_then(|log| 1u32.checked_shl(log));
                }
                offset = offset.saturating_add(size);
            }
        }
        _ => (),
    }
    Ok(())
}
