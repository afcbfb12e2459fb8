//! BSD disk labels inside a slice of an MBR: Linux shows their partitions with numbers after the logical ones.

use glassbox_io::{Fields, Result};

use crate::mbr::{Entry, Numbered};
use crate::table::PartitionRole;

/// `DISKMAGIC` of `sys/disklabel.h`.
const MAGIC: u32 = 0x8256_4557;
const MAGIC_OFFSET: usize = 0;
const PARTITION_COUNT: usize = 138;
const PARTITIONS: usize = 148;
const PARTITION_SIZE: usize = 16;
/// `MAXPARTITIONS`; a label has no room for more in a sector of 512 bytes.
const MAX_PARTITIONS: u16 = 16;

const TYPE_FREEBSD: u8 = 0xa5;
const TYPE_OPENBSD: u8 = 0xa6;
const TYPE_NETBSD: u8 = 0xa9;

/// Adds the partitions of a label in `slice`, if its type and the label's mark say that there is one.
pub(crate) fn read(slice: &Entry, found: &mut Numbered<'_>) -> Result<()> {
    if !matches!(slice.id, TYPE_FREEBSD | TYPE_OPENBSD | TYPE_NETBSD) {
        return Ok(());
    }
    // The label stands in the slice's second 512 bytes; Linux counts these in sectors of 512 always.
    let offset = found.sectors.bytes(slice.start).saturating_add(512);
    let Some(label) = found.sectors.read_512(offset)? else { return Ok(()) };
    let label = Fields::new(&label);
    if label.le32(MAGIC_OFFSET)? != MAGIC {
        return Ok(());
    }
    let partition = |index: u16| {
        let offset = PARTITIONS.saturating_add(PARTITION_SIZE.saturating_mul(index.into()));
        label.at(offset, PARTITION_SIZE)
    };
    // FreeBSD's offsets count from the slice where its partition "c", the whole slice, begins at 0.
    let relative = slice.id == TYPE_FREEBSD && partition(2)?.le32(4)? == 0;
    let base = if relative { slice.start } else { 0 };
    let end = slice.start.saturating_add(slice.sectors);

    for index in 0..label.le16(PARTITION_COUNT)?.min(MAX_PARTITIONS) {
        let fields = partition(index)?;
        let (size, start, fs_type) = (u64::from(fields.le32(0)?), u64::from(fields.le32(4)?), fields.u8(12)?);
        let start = start.saturating_add(base);
        let whole_slice = start == slice.start && size == slice.sectors;
        let outside = start < slice.start || start.saturating_add(size) > end;
        if fs_type == 0 || whole_slice || outside {
            continue;
        }
        let entry = Entry { boot_indicator: 0, id: slice.id, chs: Default::default(), start, sectors: size };
        if !found.push_next(&entry, start, PartitionRole::Nested) {
            break;
        }
    }
    Ok(())
}
