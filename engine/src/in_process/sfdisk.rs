//! The text of `sfdisk -l` (util-linux 2.38) for a disk of the appliance.

use std::fmt::Write as _;

use bstr::BString;
use glassbox_io::{Error, ReadAt, Result};
use glassbox_partitions::{FdiskLabel, Partition, PartitionRole, PartitionTable, TableKind, mbr_type_name};

use super::disks::Device;

/// The binary prefixes, from the unit itself on.
const PREFIXES: [char; 7] = ['B', 'K', 'M', 'G', 'T', 'P', 'E'];

/// A column of the table: its heading, the width it is given as soon as something in it is as wide as the heading, and
/// whether it is flush right.
type Column = (&'static str, usize, bool);

const DEVICE: Column = ("Device", 10, false);
const BOOT: Column = ("Boot", 1, false);
const NUMBERS: [Column; 4] = [("Start", 5, true), ("End", 5, true), ("Sectors", 5, true), ("Size", 5, true)];
const ID: Column = ("Id", 2, true);
const TYPE: Column = ("Type", 0, false);

/// What sfdisk prints of `disk`.
///
/// # Errors
/// *Unsupported* where libfdisk sees a table that is none to Linux, or sees it otherwise.
pub fn listing(disk: &Device) -> Result<BString> {
    let label = FdiskLabel::read(&disk.source, disk.block_size)?;
    let mut text = heading(disk);
    match label {
        None => {}
        Some(FdiskLabel::Gpt) => {
            let table = read_table(disk, TableKind::Gpt)?;
            let guid = table.gpt.map(|gpt| gpt.guid.to_string().to_uppercase()).unwrap_or_default();
            text += &format!("Disklabel type: gpt\nDisk identifier: {guid}\n");
            text += &partitions(disk, &table);
        }
        Some(FdiskLabel::Dos { signature, entries }) => {
            text += &format!("Disklabel type: dos\nDisk identifier: {signature:#010x}\n");
            if entries > 0 {
                let table = read_table(disk, TableKind::Msdos)?;
                check_entries(&table, entries)?;
                text += &partitions(disk, &table);
            }
        }
    }
    Ok(text.into())
}

fn heading(disk: &Device) -> String {
    let (bytes, sector) = (disk.source.len(), disk.block_size);
    let (size, prefix) = human_size(bytes, 2);
    let unit = if prefix == 'B' { "B".to_owned() } else { format!("{prefix}iB") };
    let sectors = bytes / u64::from(sector);
    format!(
        "Disk {name}: {size} {unit}, {bytes} bytes, {sectors} sectors\n\
         Disk model: QEMU HARDDISK   \n\
         Units: sectors of 1 * {sector} = {sector} bytes\n\
         Sector size (logical/physical): {sector} bytes / {sector} bytes\n\
         I/O size (minimum/optimal): {sector} bytes / {sector} bytes\n",
        name = disk.name
    )
}

fn read_table(disk: &Device, kind: TableKind) -> Result<PartitionTable> {
    let table = PartitionTable::read(&disk.source, Some(disk.block_size))?.filter(|table| table.kind == kind);
    table.ok_or_else(|| Error::unsupported("sfdisk's listing of a boot sector that isn't a partition table to Linux"))
}

/// libfdisk shows entries that Linux passes over, and looks into one extended partition only.
fn check_entries(table: &PartitionTable, entries: usize) -> Result<()> {
    let count = |role: PartitionRole| table.partitions.iter().filter(|partition| partition.role == role).count();
    let extended = count(PartitionRole::Extended);
    match count(PartitionRole::Primary) + extended == entries && extended <= 1 {
        true => Ok(()),
        false => Err(Error::unsupported("sfdisk's listing of an MBR with odd entries")),
    }
}

/// The table of partitions, and a remark; nothing where there are none.
fn partitions(disk: &Device, table: &PartitionTable) -> String {
    let mut listed: Vec<&Partition> =
        table.partitions.iter().filter(|partition| partition.role != PartitionRole::Nested).collect();
    listed.sort_by_key(|partition| partition.number);
    if listed.is_empty() {
        return String::new();
    }
    let columns: Vec<Column> = match table.kind {
        TableKind::Gpt => [&[DEVICE], &NUMBERS[..], &[TYPE]].concat(),
        _ => [&[DEVICE, BOOT], &NUMBERS[..], &[ID, TYPE]].concat(),
    };
    let rows: Vec<Vec<String>> = listed.iter().map(|partition| cells(disk, partition)).collect();
    let mut text = "\n".to_owned() + &render(&columns, &rows);
    if !listed.is_sorted_by_key(|partition| partition.start) {
        text += "\nPartition table entries are not in disk order.\n";
    }
    text
}

fn cells(disk: &Device, partition: &Partition) -> Vec<String> {
    let sector = u64::from(disk.block_size);
    let (start, sectors) = (partition.start / sector, partition.size / sector);
    let (size, prefix) = human_size(partition.size, 1);
    let numbers = [
        start.to_string(),
        (start + sectors).saturating_sub(1).to_string(),
        sectors.to_string(),
        format!("{size}{prefix}"),
    ];
    let mut cells = vec![format!("{}{}", disk.name, partition.number)];
    match (&partition.gpt, partition.mbr_id) {
        (Some(gpt), _) => {
            cells.extend(numbers);
            cells.push(gpt.type_name().unwrap_or("unknown").to_owned());
        }
        (None, id) => {
            let id = id.unwrap_or(0);
            cells.push(if partition.bootable { "*" } else { "" }.to_owned());
            cells.extend(numbers);
            cells.push(format!("{id:x}"));
            cells.push(mbr_type_name(id).unwrap_or("unknown").to_owned());
        }
    }
    cells
}

/// Lays out a table as libsmartcols does.
fn render(columns: &[Column], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = (columns.iter().enumerate())
        .map(|(index, (heading, hint, _))| {
            let widest = rows.iter().filter_map(|row| row.get(index)).map(String::len).max().unwrap_or(0);
            if widest < heading.len() { heading.len() } else { widest.max(*hint) }
        })
        .collect();
    let headings = columns.iter().map(|(heading, ..)| (*heading).to_owned()).collect();
    let mut text = String::new();
    for row in std::iter::once(&headings).chain(rows) {
        let mut line = String::new();
        for ((cell, (_, _, right)), width) in row.iter().zip(columns).zip(&widths) {
            // Writing to a string doesn't fail.
            let _ = if *right { write!(line, "{cell:>width$} ") } else { write!(line, "{cell:<width$} ") };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// The size in the largest unit of which there is at least one, with at most so many decimals, and the unit's prefix.
fn human_size(bytes: u64, decimals: u32) -> (String, char) {
    let power = (bytes.max(1).ilog2() / 10) as usize;
    let unit = 1u128 << (10 * power);
    // libsmartcols rounds the thousandths, which it cuts off before.
    let thousandths = u128::from(bytes) % unit * 1000 / unit;
    let step = 10u128.pow(3 - decimals);
    let steps = (u128::from(bytes) / unit * 1000 + thousandths + step / 2) / step;
    let (whole, part) = (steps / 10u128.pow(decimals), steps % 10u128.pow(decimals));
    let number = match part {
        0 => whole.to_string(),
        part => format!("{whole}.{part:0width$}", width = decimals as usize).trim_end_matches('0').to_owned(),
    };
    (number, PREFIXES[power])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_to_their_decimals() {
        for (bytes, decimals, shown) in [
            (512, 2, ("512", 'B')),
            (0, 1, ("0", 'B')),
            (1000 << 10, 2, ("1000", 'K')),
            (1500 << 20, 2, ("1.46", 'G')),
            (7900 << 20, 2, ("7.71", 'G')),
            (7_623_566_848, 2, ("7.1", 'G')),
            (1_127_428_608, 2, ("1.05", 'G')),
            (1_073_741_312, 2, ("1024", 'M')),
            (101_745 * 512, 1, ("49.7", 'M')),
            (12_578_783 * 512, 1, ("6", 'G')),
            (5_370_804_191 * 512, 1, ("2.5", 'T')),
        ] {
            assert_eq!(human_size(bytes, decimals), (shown.0.to_owned(), shown.1), "{bytes}");
        }
    }

    #[test]
    fn a_column_is_wide_as_soon_as_its_heading_is_reached() {
        let column = |width: usize| render(&[("End", 5, true)], &[vec!["7".repeat(width)]]);
        assert_eq!(column(2), "End\n 77\n");
        assert_eq!(column(3), "  End\n  777\n");
        assert_eq!(column(6), "   End\n777777\n");
    }
}
