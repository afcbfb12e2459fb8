//! FAT12, FAT16 and FAT32 (Microsoft FAT specification, version 1.03, sections 3 and 6).

use bstr::BString;
use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, bitlocker, text};

/// The type strings of the boot sector, and what stands there where the strings don't: a jump, the boot signature.
pub(super) static VFAT: Format = Format {
    magics: &[
        Magic::new(b"MSWIN", 0x52),
        Magic::new(b"FAT32   ", 0x52),
        Magic::new(b"MSDOS", 0x36),
        Magic::new(b"FAT16   ", 0x36),
        Magic::new(b"FAT12   ", 0x36),
        Magic::new(b"FAT     ", 0x36),
        Magic::new(b"\xeb", 0),
        Magic::new(b"\xe9", 0),
        Magic::new(b"\x55\xaa", 0x1fe),
    ],
    ..Format::new("vfat", Usage::Filesystem, read)
};

/// Clusters from which on it is FAT16, then FAT32: as Linux counts, a few more than the specification's 3.5.
const FAT12_MAX: u32 = 0xff4;
const FAT16_MAX: u32 = 0xfff4;
const FAT32_MAX: u32 = 0x0fff_fff6;

/// Clusters of a FAT32 root directory that are searched for the label; it is nearly always the first entry.
const MAX_ROOT_CLUSTERS: usize = 100;

struct BootSector {
    sector_size: u32,
    cluster_sectors: u32,
    reserved_sectors: u32,
    fat_sectors: u32,
    root_entries: u32,
    data_start: u32,
    clusters: u32,
    is_fat32: bool,
}

fn parse(sector: Fields<'_>, magic: &Magic) -> Result<Option<BootSector>> {
    // Without a type string, the boot signature must be there, and not another system's string.
    let foreign = matches!(sector.slice(0x36, 8)?, b"JFS     " | b"HPFS    ");
    if magic.bytes.len() <= 2 && (sector.slice(0x1fe, 2)? != b"\x55\xaa" || foreign) {
        return Ok(None);
    }
    let sector_size = u32::from(sector.le16(11)?);
    let cluster_sectors = u32::from(sector.u8(13)?);
    let reserved_sectors = u32::from(sector.le16(14)?);
    let fats = u32::from(sector.u8(16)?);
    let root_entries = u32::from(sector.le16(17)?);
    let media = sector.u8(21)?;
    let sectors = match sector.le16(19)? {
        0 => sector.le32(32)?,
        sectors => u32::from(sectors),
    };
    let (fat_sectors, is_fat32) = match sector.le16(22)? {
        0 => (sector.le32(36)?, true),
        sectors => (u32::from(sectors), false),
    };
    if fats == 0
        || reserved_sectors == 0
        || !(media >= 0xf8 || media == 0xf0)
        || !cluster_sectors.is_power_of_two()
        || !sector_size.is_power_of_two()
        || !(512..=4096).contains(&sector_size)
    {
        return Ok(None);
    }
    let root_sectors = root_entries.saturating_mul(32).div_ceil(sector_size);
    let Some(data_start) = fat_sectors
        .checked_mul(fats)
        .and_then(|fats| fats.checked_add(reserved_sectors))
        .and_then(|sum| sum.checked_add(root_sectors))
    else {
        return Ok(None);
    };
    let Some(data_sectors) = sectors.checked_sub(data_start) else { return Ok(None) };
    let clusters = data_sectors.checked_div(cluster_sectors).unwrap_or(0);
    let most = match is_fat32 {
        true => FAT32_MAX,
        false => FAT16_MAX,
    };
    Ok((clusters <= most).then_some(BootSector {
        sector_size,
        cluster_sectors,
        reserved_sectors,
        fat_sectors,
        root_entries,
        data_start,
        clusters,
        is_fat32,
    }))
}

fn read(volume: &Volume<'_>, magic: &Magic) -> Result<Option<Details>> {
    let sector: [u8; 512] = volume.array(0)?;
    let sector = Fields::new(&sector);
    let Some(boot) = parse(sector, magic)? else { return Ok(None) };
    if bitlocker::is_bitlocker(volume)? {
        return Ok(None);
    }
    let mut details = Details { block_size: Some(boot.sector_size), ..Details::default() };
    if boot.is_fat32 {
        if boot.fat_sectors > 0 {
            if !has_plausible_fsinfo(volume, u64::from(sector.le16(48)?), boot.sector_size)? {
                return Ok(None);
            }
            details.version = "FAT32".into();
            details.uuid = text::serial(sector.array(67)?);
            details.label = fat32_label(volume, &boot, sector.le32(44)?)?;
        }
    } else {
        details.secondary_kind = Some("msdos");
        details.version = if boot.clusters < FAT12_MAX { "FAT12" } else { "FAT16" }.into();
        details.uuid = text::serial(sector.array(39)?);
        let root_sectors = boot.root_entries.saturating_mul(32).div_ceil(boot.sector_size);
        let root = u64::from(boot.data_start.saturating_sub(root_sectors)).saturating_mul(boot.sector_size.into());
        details.label = find_label(volume, root, boot.root_entries)?.unwrap_or_default();
    }
    Ok(Some(details))
}

/// Section 5: the FSInfo sector has its two signatures; some volumes left them zero.
fn has_plausible_fsinfo(volume: &Volume<'_>, sector: u64, sector_size: u32) -> Result<bool> {
    if sector == 0 {
        return Ok(true);
    }
    let fsinfo: [u8; 512] = volume.array(sector.saturating_mul(u64::from(sector_size)))?;
    let fsinfo = Fields::new(&fsinfo);
    Ok(matches!(fsinfo.slice(0, 4)?, b"RRaA" | b"RRdA" | b"\0\0\0\0")
        && matches!(fsinfo.slice(484, 4)?, b"rrAa" | b"\0\0\0\0"))
}

/// The label among the entries at `offset`; empty where the directory ends without one, `None` where it goes on.
fn find_label(volume: &Volume<'_>, offset: u64, entries: u32) -> Result<Option<BString>> {
    const FREE: u8 = 0xe5;
    const VOLUME_ID: u8 = 0x08;
    const DIRECTORY: u8 = 0x10;
    const LONG_NAME: u8 = 0x0f;
    for index in 0..u64::from(entries) {
        let entry: [u8; 32] = volume.array(offset.saturating_add(index.saturating_mul(32)))?;
        let entry = Fields::new(&entry);
        let (first, attributes) = (entry.u8(0)?, entry.u8(11)?);
        if first == 0 {
            return Ok(Some(BString::default()));
        }
        if first != FREE
            && entry.le16(20)? == 0
            && entry.le16(26)? == 0
            && attributes & 0x3f != LONG_NAME
            && attributes & (VOLUME_ID | DIRECTORY) == VOLUME_ID
        {
            let mut name: [u8; 11] = entry.array(0)?;
            // Section 6.1: 05 stands for E5, which would mean a free entry.
            if let [first @ 0x05, ..] = &mut name {
                *first = FREE;
            }
            return Ok(Some(text::label(&name)));
        }
    }
    Ok(None)
}

/// The root directory of FAT32 is a chain of clusters.
fn fat32_label(volume: &Volume<'_>, boot: &BootSector, root: u32) -> Result<BString> {
    let sector_size = u64::from(boot.sector_size);
    let cluster_size = sector_size.saturating_mul(u64::from(boot.cluster_sectors));
    let per_cluster = u32::try_from(cluster_size / 32).unwrap_or(0);
    let fat_entries = u64::from(boot.fat_sectors).saturating_mul(sector_size) / 4;
    let mut cluster = u64::from(root);
    for _ in 0..MAX_ROOT_CLUSTERS {
        if cluster < 2 || cluster >= fat_entries {
            break;
        }
        let offset = u64::from(boot.data_start)
            .saturating_mul(sector_size)
            .saturating_add(cluster.saturating_sub(2).saturating_mul(cluster_size));
        if let Some(label) = find_label(volume, offset, per_cluster)? {
            return Ok(label);
        }
        let entry =
            u64::from(boot.reserved_sectors).saturating_mul(sector_size).saturating_add(cluster.saturating_mul(4));
        cluster = u64::from(u32::from_le_bytes(volume.array(entry)?) & 0x0fff_ffff);
    }
    Ok(BString::default())
}
