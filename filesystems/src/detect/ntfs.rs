//! NTFS and ReFS (NTFS: the boot sector and `$Volume`, as the ntfs-3g project documents them).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, bitlocker, text};

pub(super) static NTFS: Format =
    Format { magics: &[Magic::new(b"NTFS    ", 3)], ..Format::new("ntfs", Usage::Filesystem, ntfs) };

pub(super) static REFS: Format =
    Format { magics: &[Magic::new(b"\0\0\0ReFS\0", 0)], ..Format::new("ReFS", Usage::Filesystem, super::magic_only) };

/// The record of `$Volume` in the master file table.
const VOLUME_RECORD: u64 = 3;
/// Attribute types.
const VOLUME_NAME: u32 = 0x60;
const END: u32 = 0xffff_ffff;
/// Larger records aren't made; 1 and 4 KiB are usual.
const MAX_RECORD: u64 = 64 << 10;

fn ntfs(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let sector: [u8; 512] = volume.array(0)?;
    let sector = Fields::new(&sector);
    let sector_size = u64::from(sector.le16(11)?);
    // Counts above 128 are powers of two, negated (clusters of more than 64 KiB).
    let cluster_sectors = match sector.u8(13)? {
        count @ (1 | 2 | 4 | 8 | 16 | 32 | 64 | 128) => u64::from(count),
        power @ 240..=249 => 1u64.checked_shl(u32::from(power.wrapping_neg())).unwrap_or(0),
        _ => return Ok(None),
    };
    let cluster_size = sector_size.saturating_mul(cluster_sectors);
    let fat_fields_unused = sector.le16(14)? == 0
        && sector.u8(16)? == 0
        && sector.le16(17)? == 0
        && sector.le16(19)? == 0
        && sector.le16(22)? == 0
        && sector.le32(32)? == 0;
    if !(256..=4096).contains(&sector_size) || cluster_size > 2 << 20 || !fat_fields_unused {
        return Ok(None);
    }
    // In clusters, or as a negated power of two.
    let record_size = match sector.u8(64)? {
        count @ (1 | 2 | 4 | 8 | 16 | 32 | 64) => u64::from(count).saturating_mul(cluster_size),
        power @ 0xe1..=0xf7 => 1u64.checked_shl(u32::from(power.wrapping_neg())).unwrap_or(0),
        _ => return Ok(None),
    };
    let clusters = sector.le64(40)?.checked_div(cluster_sectors).unwrap_or(0);
    let (table, mirror) = (sector.le64(48)?, sector.le64(56)?);
    if table > clusters || mirror > clusters || record_size > MAX_RECORD || bitlocker::is_bitlocker(volume)? {
        return Ok(None);
    }
    let table = table.saturating_mul(cluster_size);
    if !volume.has_bytes(table, b"FILE")? {
        return Ok(None);
    }
    let record = table.saturating_add(VOLUME_RECORD.saturating_mul(record_size));
    let record = volume.bytes(record, usize::try_from(record_size).unwrap_or(0))?;
    let record = Fields::new(&record);
    if record.slice(0, 4)? != b"FILE" {
        return Ok(None);
    }
    let serial = sector.le64(72)?;
    Ok(Some(Details {
        uuid: if serial == 0 { String::new() } else { format!("{serial:016X}") }.into(),
        label: volume_name(record).unwrap_or_default(),
        block_size: u32::try_from(sector_size).ok(),
        ..Details::default()
    }))
}

/// The resident `$VOLUME_NAME` of a record. Its first sectors aren't fixed up here: the name comes before their ends.
fn volume_name(record: Fields<'_>) -> Result<bstr::BString> {
    let mut offset = usize::from(record.le16(20)?);
    loop {
        let attribute = record.from(offset)?;
        let (kind, length) = (attribute.le32(0)?, attribute.le32(4)? as usize);
        if kind == END || length == 0 {
            return Ok(Default::default());
        }
        if kind == VOLUME_NAME {
            let (length, start) = (attribute.le32(16)? as usize, usize::from(attribute.le16(20)?));
            return Ok(text::utf16le_label(attribute.slice(start, length)?));
        }
        offset = offset.saturating_add(length);
    }
}
