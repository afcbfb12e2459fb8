//! Disk labels that are recognised and not read: naming them keeps a disk from looking empty.

use glassbox_io::{Error, Fields, ReadAt, Result};

use crate::mbr::Entry;
use crate::sectors::Sectors;
use crate::table::TableKind;

/// A Sun label's mark and where it stands; the sum of its 256 words is 0.
const SUN_MAGIC: u16 = 0xdabe;
const SUN_MAGIC_OFFSET: usize = 508;
/// SGI's volume header (`dvh`).
const SGI_MAGIC: u32 = 0x0be5_a941;
/// An Apple driver descriptor ("ER"), and the partition map ("PM") in the block after it.
const APPLE_DRIVER_MAGIC: u16 = 0x4552;
const APPLE_MAP_MAGIC: u16 = 0x504d;
/// "IBMA" in EBCDIC: AIX's own boot record.
const AIX_MAGIC: u32 = 0xc9c2_d4c1;
/// `DISKMAGIC` of a BSD label on the whole disk, 64 bytes into its first sector (Alpha, and parted's `bsd`).
const BSD_MAGIC: u32 = 0x8256_4557;
const BSD_OFFSET: usize = 64;
/// An Amiga rigid disk block stands in one of the first 16 blocks (`RDB_LOCATION_LIMIT`).
const RIGID_DISK_LIMIT: usize = 16;

/// Types of MBR slices whose inside Linux may divide further.
const TYPE_LDM: u8 = 0x42;
const TYPE_MINIX: u8 = 0x81;
const TYPE_SOLARIS: [u8; 2] = [0x82, 0xbf];
const TYPE_UNIXWARE: u8 = 0x63;

/// The label on the disk, if it is one of those known here.
pub(crate) fn recognise(disk: &dyn ReadAt) -> Result<Option<TableKind>> {
    let mut bytes = vec![0; RIGID_DISK_LIMIT.saturating_mul(512)];
    let count = disk.read_at(&mut bytes, 0)?;
    bytes.truncate(count);
    if bytes.len() < 1024 {
        return Ok(None);
    }
    let fields = Fields::new(&bytes);
    if fields.be32(0)? == SGI_MAGIC {
        return Ok(Some(TableKind::Dvh));
    }
    if fields.be32(0)? == AIX_MAGIC {
        return Ok(Some(TableKind::Aix));
    }
    if fields.le32(BSD_OFFSET)? == BSD_MAGIC {
        return Ok(Some(TableKind::Bsd));
    }
    if fields.be16(SUN_MAGIC_OFFSET)? == SUN_MAGIC {
        let words = fields.slice(0, 512)?.chunks_exact(2);
        let sum = words.fold(0u16, |sum, word| sum ^ Fields::new(word).be16(0).unwrap_or(0));
        if sum == 0 {
            return Ok(Some(TableKind::Sun));
        }
    }
    if fields.be16(0)? == APPLE_DRIVER_MAGIC {
        let block_size = usize::from(fields.be16(2)?);
        if fields.be16(block_size).is_ok_and(|magic| magic == APPLE_MAP_MAGIC) {
            return Ok(Some(TableKind::Mac));
        }
    }
    if bytes.chunks(512).any(|block| block.starts_with(b"RDSK")) {
        return Ok(Some(TableKind::Amiga));
    }
    Ok(None)
}

/// Refuses a slice inside which Linux would find more partitions than are read here.
pub(crate) fn refuse_unread_slice(sectors: Sectors<'_>, entry: &Entry) -> Result<()> {
    let at = |sector: u64| sectors.read_512(sectors.bytes(entry.start).saturating_add(sector.saturating_mul(512)));
    let found = match entry.id {
        // The private header stands in the disk's seventh sector (LDM_PRIV_HEADER "PRIVHEAD").
        TYPE_LDM if sectors.read_512(6 * 512)?.is_some_and(|bytes| bytes.starts_with(b"PRIVHEAD")) => {
            "MBR: Windows dynamic disk (LDM)"
        }
        TYPE_MINIX if is_minix(at(0)?)? => "MBR: Minix subpartitions",
        // `VTOC_SANE` of a Solaris x86 label; without it, 0x82 is Linux swap.
        id if TYPE_SOLARIS.contains(&id) && le32_is(at(1)?, 12, 0x600d_deee)? => "MBR: Solaris x86 slices",
        // `UNIXWARE_DISKMAGIC` of the label in the slice's 30th sector.
        TYPE_UNIXWARE if le32_is(at(29)?, 4, 0xca5e_600d)? => "MBR: UnixWare slices",
        _ => return Ok(()),
    };
    Err(Error::unsupported(found).at_offset(sectors.bytes(entry.start)))
}

fn le32_is(bytes: Option<[u8; 512]>, offset: usize, value: u32) -> Result<bool> {
    match bytes {
        Some(bytes) => Ok(Fields::new(&bytes).le32(offset)? == value),
        None => Ok(false),
    }
}

/// A Minix slice divides itself with a boot record whose entries are Minix's too.
fn is_minix(bytes: Option<[u8; 512]>) -> Result<bool> {
    let Some(bytes) = bytes else { return Ok(false) };
    let record = crate::mbr::BootRecord::parse(&bytes)?;
    Ok(record.is_some_and(|record| record.entries.iter().any(|entry| entry.is_used() && entry.id == TYPE_MINIX)))
}
