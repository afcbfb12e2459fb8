//! exFAT (Microsoft exFAT file system specification, sections 3.1 and 7.3).

use bstr::BString;
use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

pub(super) static EXFAT: Format =
    Format { magics: &[Magic::new(b"EXFAT   ", 3)], ..Format::new("exfat", Usage::Filesystem, read) };

/// Entries of the root directory that are searched for the label, which is among the first three.
const MAX_ENTRIES: u32 = 10_000;

fn read(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let sector: [u8; 512] = volume.array(0)?;
    let boot = Fields::new(&sector);
    let sector_log = u32::from(boot.u8(108)?);
    let (Some(sector_size), Some(cluster_size)) =
        (1u32.checked_shl(sector_log), 1u64.checked_shl(sector_log.saturating_add(u32::from(boot.u8(109)?))))
    else {
        return Ok(None);
    };
    Ok(Some(Details {
        uuid: text::serial(boot.array(100)?),
        label: label(volume, boot, u64::from(sector_size), cluster_size).unwrap_or_default(),
        version: format!("{}.{}", boot.u8(105)?, boot.u8(104)?).into(),
        block_size: Some(sector_size),
        ..Details::default()
    }))
}

/// The volume label entry (7.3) of the root directory.
fn label(volume: &Volume<'_>, boot: Fields<'_>, sector_size: u64, cluster_size: u64) -> Result<BString> {
    const END: u8 = 0;
    const LABEL: u8 = 0x83;
    let fat = u64::from(boot.le32(80)?).saturating_mul(sector_size);
    let heap = u64::from(boot.le32(88)?).saturating_mul(sector_size);
    let mut cluster = u64::from(boot.le32(96)?);
    let mut within = 0u64;
    for _ in 0..MAX_ENTRIES {
        let start = heap.saturating_add(cluster.saturating_sub(2).saturating_mul(cluster_size));
        let entry: [u8; 32] = volume.array(start.saturating_add(within))?;
        let entry = Fields::new(&entry);
        match entry.u8(0)? {
            END => break,
            LABEL => {
                let length = usize::from(entry.u8(1)?).min(11);
                return Ok(text::utf16le_label(entry.slice(2, length.saturating_mul(2))?));
            }
            _ => within = within.saturating_add(32),
        }
        if within >= cluster_size {
            within = 0;
            cluster = u64::from(u32::from_le_bytes(volume.array(fat.saturating_add(cluster.saturating_mul(4)))?));
            if !(2..=0x0fff_fff6).contains(&cluster) {
                break;
            }
        }
    }
    Ok(BString::default())
}
