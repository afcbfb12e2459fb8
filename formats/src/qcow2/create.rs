//! Empty images: a header, reference counts for the metadata, an L1 table without entries.
//!
//! The order is header, reference table, reference blocks, L1 table. Clusters of data come when somebody writes.

use glassbox_io::{Error, Result};

use super::BackingFile;
use super::geometry::Geometry;
use super::header::{
    CLUSTER_BITS, MAGIC, MAX_BACKING_FORMAT, MAX_BACKING_NAME, MAX_L1_BYTES, V2_LENGTH, V3_MIN_LENGTH, extension,
};
use crate::raw::SECTOR;

/// 16-bit reference counts, as everybody has them; version 2 knows no others.
const REFCOUNT_ORDER: u32 = 4;
const REFCOUNT_BYTES: u64 = 2;
/// An entry of the reference table or of the L1 table.
const ENTRY_BYTES: u64 = 8;

/// What an image is to be.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The size of the disk in bytes; made whole sectors.
    pub virtual_size: u64,
    /// Whether readers as old as QEMU 0.10 can open it (version 2 of the format).
    pub is_old: bool,
    /// Bytes of a cluster: a power of two from 512 to 2 MiB.
    pub cluster_size: u64,
    /// The image that shows through.
    pub backing: Option<BackingFile>,
}

/// Where the parts lie, in clusters.
struct Layout {
    table: u64,
    blocks: u64,
    l1_entries: u64,
    l1: u64,
}

impl Layout {
    /// Reference counts count their own clusters too, so their number is found in steps.
    fn new(cluster_size: u64, l1_entries: u64) -> Layout {
        let clusters = |bytes: u64| bytes.div_ceil(cluster_size);
        let mut layout =
            Layout { table: 1, blocks: 1, l1_entries, l1: clusters(l1_entries.saturating_mul(ENTRY_BYTES)) };
        loop {
            let blocks = clusters(layout.total().saturating_mul(REFCOUNT_BYTES));
            let table = clusters(blocks.saturating_mul(ENTRY_BYTES));
            if (blocks, table) == (layout.blocks, layout.table) {
                return layout;
            }
            (layout.blocks, layout.table) = (blocks, table);
        }
    }

    fn total(&self) -> u64 {
        self.first_l1().saturating_add(self.l1)
    }

    fn first_block(&self) -> u64 {
        self.table.saturating_add(1)
    }

    fn first_l1(&self) -> u64 {
        self.first_block().saturating_add(self.blocks)
    }
}

/// An image without data.
pub struct Empty {
    /// What it begins with.
    pub head: Vec<u8>,
    /// Its length in bytes: zeros follow.
    pub length: u64,
}

/// Makes an empty image.
///
/// # Errors
/// `Usage` if there can be no such image.
pub fn create(plan: &Plan) -> Result<Empty> {
    let cluster_bits = plan.cluster_size.trailing_zeros();
    if !plan.cluster_size.is_power_of_two() || !CLUSTER_BITS.contains(&cluster_bits) {
        return Err(Error::usage("the cluster size must be a power of two between 512 and 2097152"));
    }
    let virtual_size = plan.virtual_size.div_ceil(SECTOR).saturating_mul(SECTOR);
    let version = if plan.is_old { 2 } else { 3 };
    let l1_entries = Geometry::new(version, cluster_bits, false, None).l1_entries_for(virtual_size);
    if l1_entries.saturating_mul(ENTRY_BYTES) > MAX_L1_BYTES {
        return Err(Error::usage("the disk is too large for clusters of this size"));
    }
    let layout = Layout::new(plan.cluster_size, l1_entries);
    let in_bytes = |clusters: u64| clusters.saturating_mul(plan.cluster_size);
    let pad = |bytes: &mut Vec<u8>, clusters| bytes.resize(usize::try_from(in_bytes(clusters)).unwrap_or(0), 0);
    let mut head = header(plan, virtual_size, cluster_bits, &layout)?;
    pad(&mut head, 1);
    for block in layout.first_block()..layout.first_l1() {
        head.extend(in_bytes(block).to_be_bytes());
    }
    pad(&mut head, layout.first_block());
    // Every cluster so far is used once. The L1 table, which comes then, is all zeros.
    for _ in 0..layout.total() {
        head.extend(1u16.to_be_bytes());
    }
    Ok(Empty { head, length: in_bytes(layout.total()) })
}

/// The first cluster: the header, its extensions, the backing file's name.
fn header(plan: &Plan, virtual_size: u64, cluster_bits: u32, layout: &Layout) -> Result<Vec<u8>> {
    let mut extensions = Vec::new();
    let format = plan.backing.as_ref().and_then(|backing| backing.format.as_ref());
    if let Some(format) = format {
        let length = length_of(format, MAX_BACKING_FORMAT, "the backing file's format")?;
        extensions.extend(extension::BACKING_FORMAT.to_be_bytes());
        extensions.extend(length.to_be_bytes());
        extensions.extend_from_slice(format);
        extensions.resize(extensions.len().next_multiple_of(8), 0);
    }
    extensions.extend(extension::END.to_be_bytes());
    extensions.extend(0u32.to_be_bytes());
    let header_length = if plan.is_old { V2_LENGTH } else { V3_MIN_LENGTH };
    let name = plan.backing.as_ref().map(|backing| backing.name.as_slice()).unwrap_or_default();
    let name_length = length_of(name, MAX_BACKING_NAME, "the backing file's name")?;
    let name_offset = match name_length {
        0 => 0,
        _ => u64::from(header_length).saturating_add(extensions.len() as u64),
    };
    let in_bytes = |clusters: u64| clusters.saturating_mul(plan.cluster_size);
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();

    let mut bytes = Vec::new();
    bytes.extend_from_slice(MAGIC);
    bytes.extend(if plan.is_old { 2u32 } else { 3 }.to_be_bytes());
    bytes.extend(name_offset.to_be_bytes());
    bytes.extend(name_length.to_be_bytes());
    bytes.extend(cluster_bits.to_be_bytes());
    bytes.extend(virtual_size.to_be_bytes());
    // No encryption.
    bytes.extend(0u32.to_be_bytes());
    bytes.extend(count(layout.l1_entries));
    bytes.extend(in_bytes(layout.first_l1()).to_be_bytes());
    bytes.extend(in_bytes(1).to_be_bytes());
    bytes.extend(count(layout.table));
    // No snapshots.
    bytes.extend([0; 12]);
    if !plan.is_old {
        // No features.
        bytes.extend([0; 24]);
        bytes.extend(REFCOUNT_ORDER.to_be_bytes());
        bytes.extend(header_length.to_be_bytes());
    }
    bytes.extend(extensions);
    bytes.extend_from_slice(name);
    match bytes.len() as u64 <= plan.cluster_size {
        true => Ok(bytes),
        false => Err(Error::usage("the backing file's name is too long for a cluster of this size")),
    }
}

fn length_of(text: &[u8], most: u32, what: &str) -> Result<u32> {
    let length = u32::try_from(text.len()).ok().filter(|length| *length <= most);
    length.ok_or_else(|| Error::usage(format!("{what} is longer than {most} bytes")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qcow2::Header;

    fn header_of(plan: &Plan) -> Result<Header> {
        let Empty { mut head, length } = create(plan)?;
        assert!(head.len() as u64 <= length);
        head.resize(usize::try_from(length).unwrap(), 0);
        Header::read(&head)
    }

    #[test]
    fn the_reader_reads_what_was_planned() {
        let backing = BackingFile { name: "base.raw".into(), format: Some("raw".into()) };
        for (is_old, cluster_size, virtual_size) in
            [(false, 65536, 10 << 30), (true, 512, 1 << 30), (false, 2 << 20, 0)]
        {
            let plan = Plan { virtual_size, is_old, cluster_size, backing: Some(backing.clone()) };
            let header = header_of(&plan).unwrap();
            assert_eq!((header.version == 2, header.virtual_size), (is_old, virtual_size));
            assert_eq!(header.geometry.cluster_size(), cluster_size);
            assert_eq!(header.backing_file.as_ref(), Some(&backing));
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let plan = Plan { virtual_size: 1 << 20, is_old: false, cluster_size: 65536, backing: None };
        for cluster_size in [0, 256, 1000, 4 << 20] {
            assert!(header_of(&Plan { cluster_size, ..plan.clone() }).is_err(), "{cluster_size}");
        }
        assert!(header_of(&Plan { virtual_size: 1 << 62, ..plan.clone() }).is_err());
        let long = BackingFile { name: "x".repeat(500).into(), format: None };
        assert!(header_of(&Plan { cluster_size: 512, backing: Some(long), ..plan }).is_err());
    }
}
