//! What everything else reads with: the volume's clusters, the MFT, the upper-case table, and the names in `$Volume`.

use bstr::BString;
use glassbox_io::{Cached, Error, ReadAt, Result, ResultExt, Source};

use super::attribute::AttributeType;
use super::boot_sector::BootSector;
use super::file_record::{FileRecord, FileReference};
use super::inode::Inode;
use super::stream::Stream;
use super::upcase::Upcase;
use super::utf16;

/// Well-known file records.
pub(crate) mod system_file {
    /// `$MFT`.
    pub const MFT: u64 = 0;
    /// `$Volume`.
    pub const VOLUME: u64 = 3;
    /// The root directory.
    pub const ROOT: u64 = 5;
    /// `$Bitmap`, a bit for each cluster.
    pub const BITMAP: u64 = 6;
    /// `$BadClus`, whose stream `$Bad` holds the clusters that can't be used.
    pub const BAD_CLUSTERS: u64 = 8;
    /// `$Secure`.
    pub const SECURE: u64 = 9;
    /// `$UpCase`.
    pub const UPCASE: u64 = 10;
    /// `$Extend`, the directory of NTFS's further files.
    pub const EXTEND: u64 = 11;
    /// The first record that isn't reserved for NTFS itself; those before are hidden.
    pub const FIRST_USER: u64 = 16;
}

/// Memory for file records and index blocks that were read lately: what a directory of 20,000 files takes, because
/// a walk in the order of names meets their records in any order.
const CACHE_SIZE: usize = 24 << 20;

/// An opened volume.
pub(crate) struct Volume {
    /// Metadata is read through the cache, file data from the source below it.
    pub metadata: Cached<Source>,
    pub boot: BootSector,
    /// The unnamed `$DATA` of `$MFT`.
    mft: Stream,
    pub upcase: Upcase,
    pub label: BString,
}

impl Volume {
    /// Reads what is needed to find any file.
    pub fn open(source: Source) -> Result<Self> {
        let boot = BootSector::read(&source)?;
        let metadata = Cached::new(source, CACHE_SIZE);
        let first = boot.mft_lcn.saturating_mul(boot.cluster_size);
        let record = read_record(&metadata, first, boot.record_size).at_offset(first)?;
        // The MFT describes itself. Its first extent is in record 0; each further one is in a record that the
        // extents before it reach, so the list is followed with what is known so far.
        let attribute = record.attribute(AttributeType::DATA, b"")?;
        let attribute = attribute.ok_or_else(|| Error::corrupt("ntfs: $MFT has no data"))?;
        let mft = Stream::first_extent(&attribute, &boot)?;
        let mut volume = Volume { metadata, boot, mft, upcase: Upcase::new(&[]), label: BString::default() };
        let inode = Inode::from_record(&volume, system_file::MFT, record)?;
        for extent in inode.extents(AttributeType::DATA, b"").skip(1) {
            let record = inode.extent_record(&volume, extent)?;
            let attribute = Inode::attribute_of(&record, extent)?;
            volume.mft.extend(&attribute, &volume.boot)?;
        }
        volume.mft.check()?;

        volume.upcase = volume.read_upcase().at_path("$UpCase")?;
        volume.label = volume.read_label().at_path("$Volume")?;
        Ok(volume)
    }

    fn read_upcase(&self) -> Result<Upcase> {
        let inode = Inode::open(self, system_file::UPCASE)?;
        let contents = inode.read_value(self, AttributeType::DATA, b"", Upcase::MAX_SIZE)?;
        Ok(Upcase::new(&contents.ok_or_else(|| Error::corrupt("ntfs: the upper-case table is missing"))?))
    }

    fn read_label(&self) -> Result<BString> {
        let inode = Inode::open(self, system_file::VOLUME)?;
        // A label has at most 128 characters in Windows; ntfs-3g reads any that is resident.
        let name = inode.read_value(self, AttributeType::VOLUME_NAME, b"", self.boot.record_size)?;
        Ok(utf16::to_bytes(utf16::units(&name.unwrap_or_default())))
    }

    /// The file record number `number`, whatever it holds; `ENOENT` if the MFT isn't that long.
    pub fn record(&self, number: u64) -> Result<FileRecord> {
        let size = self.boot.record_size;
        let offset = number.checked_mul(size as u64);
        match offset.filter(|offset| offset.saturating_add(size as u64) <= self.mft.initialized()) {
            Some(offset) => {
                let mut bytes = vec![0; size];
                self.mft.read_cached(self, &mut bytes, offset)?;
                FileRecord::parse(bytes)
                    .map_err(|error| Error::corrupt(format!("file record {number}")).caused_by(error))
            }
            None => Err(Error::os(glassbox_io::Errno::ENOENT)),
        }
    }

    /// The record that `reference` names; *corrupt* if it was reused since.
    pub fn referenced_record(&self, reference: FileReference) -> Result<FileRecord> {
        let record = self.record(reference.number())?;
        if reference.sequence() != 0 && reference.sequence() != record.sequence {
            let number = reference.number();
            return Err(Error::corrupt(format!("ntfs: file record {number} was reused since it was referred to")));
        }
        Ok(record)
    }

    /// The count of file records that the MFT has room for.
    pub fn records(&self) -> u64 {
        self.mft.initialized().checked_div(self.boot.record_size as u64).unwrap_or(0)
    }

    /// The source below the cache.
    pub fn source(&self) -> &Source {
        self.metadata.inner()
    }
}

fn read_record(source: &dyn ReadAt, offset: u64, size: usize) -> Result<FileRecord> {
    let mut bytes = vec![0; size];
    source.read_exact_at(&mut bytes, offset)?;
    FileRecord::parse(bytes)
}
