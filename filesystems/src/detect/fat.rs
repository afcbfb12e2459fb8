//! FAT12, FAT16 and FAT32 (Microsoft FAT specification, version 1.03, sections 3 and 6).

use bstr::BString;
use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, bitlocker, text};
use crate::fat::bios_parameter_block::{BiosParameterBlock, MAX_FAT12, MAX_FAT16, MAX_FAT32};

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

/// Clusters of a FAT32 root directory that are searched for the label; it is nearly always the first entry.
const MAX_ROOT_CLUSTERS: usize = 100;

/// The geometry, and the number of clusters; `None` if this is no FAT volume.
fn parse(sector: Fields<'_>, magic: &Magic) -> Result<Option<(BiosParameterBlock, u32)>> {
    // Without a type string, the boot signature must be there, and not another system's string.
    let foreign = matches!(sector.slice(0x36, 8)?, b"JFS     " | b"HPFS    ");
    if magic.bytes.len() <= 2 && (sector.slice(0x1fe, 2)? != b"\x55\xaa" || foreign) {
        return Ok(None);
    }
    let block = BiosParameterBlock::parse(sector)?;
    if block.contradiction().is_some() {
        return Ok(None);
    }
    let most = if block.is_fat32 { MAX_FAT32 } else { MAX_FAT16 };
    let clusters = block.clusters().filter(|clusters| *clusters <= most);
    Ok(clusters.map(|clusters| (block, clusters)))
}

fn read(volume: &Volume<'_>, magic: &Magic) -> Result<Option<Details>> {
    let sector: [u8; 512] = volume.array(0)?;
    let sector = Fields::new(&sector);
    let Some((boot, clusters)) = parse(sector, magic)? else { return Ok(None) };
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
        details.version = if clusters < MAX_FAT12 { "FAT12" } else { "FAT16" }.into();
        details.uuid = text::serial(sector.array(39)?);
        let root = boot.root_start().saturating_mul(boot.sector_size.into());
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
fn fat32_label(volume: &Volume<'_>, boot: &BiosParameterBlock, root: u32) -> Result<BString> {
    let sector_size = u64::from(boot.sector_size);
    let cluster_size = sector_size.saturating_mul(u64::from(boot.cluster_sectors));
    let per_cluster = u32::try_from(cluster_size / 32).unwrap_or(0);
    let fat_entries = u64::from(boot.fat_sectors).saturating_mul(sector_size) / 4;
    let mut cluster = u64::from(root);
    for _ in 0..MAX_ROOT_CLUSTERS {
        if cluster < 2 || cluster >= fat_entries {
            break;
        }
        let offset = boot
            .data_start()
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
