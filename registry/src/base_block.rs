//! The base block: the first 4096 bytes of a hive, and the first sector of its logs (regf, "Base block").

use glassbox_io::{Errno, Error, Fields, Result};

/// Its length; offsets of cells count from its end.
pub(crate) const SIZE: usize = 4096;
/// How much of it a log keeps: what the checksum covers, and the checksum.
pub(crate) const LOGGED: usize = 512;

const SIGNATURE: &[u8] = b"regf";
const PRIMARY_SEQUENCE: usize = 4;
const SECONDARY_SEQUENCE: usize = 8;
const LAST_WRITTEN: usize = 12;
const MAJOR_VERSION: usize = 20;
const FILE_TYPE: usize = 28;
const ROOT_CELL: usize = 36;
const BINS_SIZE: usize = 40;
const CHECKSUM: usize = 508;

/// What the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileType {
    Primary,
    /// A log in the form before Windows 8.1: a dirty vector and pages.
    OldLog,
    /// A log of entries.
    NewLog,
    Other(u32),
}

/// Whether a hive file wasn't closed cleanly, so that its transaction logs count: its two sequence numbers differ, or
/// its checksum is wrong (regf, "Dirty state of a hive"). False for what is no hive.
pub fn needs_recovery(image: &[u8]) -> bool {
    BaseBlock::parse(image).is_ok_and(|block| !block.is_clean())
}

/// A base block, or the part of one that a log keeps.
#[derive(Clone, Copy)]
pub(crate) struct BaseBlock<'a> {
    fields: Fields<'a>,
}

impl<'a> BaseBlock<'a> {
    /// *Corrupt* (`EOPNOTSUPP`, as libhivex has it) without the signature.
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        let not_a_hive = || Error::corrupt("not a Windows registry hive").with_errno(Errno::EOPNOTSUPP);
        let fields = Fields::new(bytes).at(0, LOGGED).map_err(|_| not_a_hive())?;
        match fields.slice(0, SIGNATURE.len())? == SIGNATURE {
            true => Ok(BaseBlock { fields }),
            false => Err(not_a_hive()),
        }
    }

    pub fn primary_sequence(&self) -> Result<u32> {
        self.fields.le32(PRIMARY_SEQUENCE)
    }

    pub fn secondary_sequence(&self) -> Result<u32> {
        self.fields.le32(SECONDARY_SEQUENCE)
    }

    /// A FILETIME.
    pub fn last_written(&self) -> Result<u64> {
        self.fields.le64(LAST_WRITTEN)
    }

    pub fn major_version(&self) -> Result<u32> {
        self.fields.le32(MAJOR_VERSION)
    }

    pub fn file_type(&self) -> Result<FileType> {
        Ok(match self.fields.le32(FILE_TYPE)? {
            0 => FileType::Primary,
            1 | 2 => FileType::OldLog,
            6 => FileType::NewLog,
            other => FileType::Other(other),
        })
    }

    /// Where the root key's cell is, from the end of the base block.
    pub fn root_cell(&self) -> Result<u32> {
        self.fields.le32(ROOT_CELL)
    }

    /// The length of all hive bins.
    pub fn bins_size(&self) -> Result<u32> {
        self.fields.le32(BINS_SIZE)
    }

    pub fn has_right_checksum(&self) -> bool {
        self.fields.le32(CHECKSUM).is_ok_and(|stored| stored == checksum(self.fields))
    }

    /// Whether what it says was written completely.
    pub fn is_clean(&self) -> bool {
        let same = || Ok::<_, Error>(self.primary_sequence()? == self.secondary_sequence()?);
        self.has_right_checksum() && same().unwrap_or(false)
    }
}

/// All 32-bit words before the checksum, combined by XOR (regf, "Base block", note 2).
fn checksum(fields: Fields<'_>) -> u32 {
    let words = fields.bytes().chunks_exact(4).take(CHECKSUM / 4);
    words.fold(0, |sum, word| sum ^ word.try_into().map_or(0, u32::from_le_bytes))
}

/// Makes the base block in `image` that of a hive whose write is done: both sequence numbers, the length of its bins,
/// the type of a primary file, and a checksum for them.
pub(crate) fn finish(image: &mut [u8], sequence: u32, bins_size: u32) -> Result<()> {
    put(image, PRIMARY_SEQUENCE, sequence)?;
    put(image, SECONDARY_SEQUENCE, sequence)?;
    put(image, FILE_TYPE, 0)?;
    put(image, BINS_SIZE, bins_size)?;
    let sum = checksum(Fields::new(image));
    put(image, CHECKSUM, sum)
}

fn put(image: &mut [u8], offset: usize, value: u32) -> Result<()> {
    let field = image.get_mut(offset..).and_then(|rest| rest.first_chunk_mut());
    *field.ok_or_else(|| Error::corrupt("a base block is cut short"))? = value.to_le_bytes();
    Ok(())
}
