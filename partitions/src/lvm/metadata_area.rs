//! A metadata area: a header, and behind it a ring buffer in which each change of the group's metadata is written as
//! text after the one before.

use glassbox_io::{Error, Fields, ReadAt, Result};

use super::checksum::checksum;
use super::label::SECTOR;

const HEADER_SIZE: usize = 512;
const MAGIC: &[u8; 16] = b"\x20LVM2\x20x[5A%r0N*>";
const VERSION: u32 = 1;
/// Where the locations stand: the first is of the text that is in force, others of changes under way.
const LOCATIONS: usize = 40;
/// A location's flag: the area isn't used (`RAW_LOCN_IGNORED`), and what it holds may be old.
const IGNORED: u32 = 1;
/// The text is read whole and parsed. LVM2 makes areas of 1 MiB, of which a text may fill a half; administrators of
/// thousands of volumes make them a few times as large.
const MAX_TEXT: u64 = 8 << 20;

/// A metadata area's header, and the text in force.
#[derive(Clone, Debug)]
pub(super) struct MetadataArea {
    /// Bytes, with the header.
    size: u64,
    pub ignored: bool,
    /// The text; `None` if the physical volume is in no group.
    pub text: Option<Vec<u8>>,
}

impl MetadataArea {
    /// The area of `size` bytes at `offset`.
    pub fn read(device: &dyn ReadAt, offset: u64, size: u64) -> Result<Self> {
        Self::read_header(device, offset, size).map_err(|error| error.at_offset(offset))
    }

    fn read_header(device: &dyn ReadAt, offset: u64, size: u64) -> Result<Self> {
        let mut header = [0; HEADER_SIZE];
        device.read_exact_at(&mut header, offset)?;
        let fields = Fields::new(&header);
        if fields.slice(4, 16)? != MAGIC {
            return Err(Error::corrupt("LVM2: no metadata area where the label says that there is one"));
        }
        if checksum(fields.from(4)?.bytes()) != fields.le32(0)? {
            return Err(Error::corrupt("LVM2: the metadata area's checksum is wrong"));
        }
        match fields.le32(20)? {
            VERSION => {}
            version => return Err(Error::unsupported(format!("LVM2: metadata areas of version {version}"))),
        }
        if fields.le64(24)? != offset || fields.le64(32)? != size || size <= HEADER_SIZE as u64 {
            return Err(Error::corrupt("LVM2: the metadata area is not where it says that it is"));
        }
        let location = fields.from(LOCATIONS)?;
        let (text_offset, text_size) = (location.le64(0)?, location.le64(8)?);
        let ignored = location.le32(20)? & IGNORED != 0;
        let text = match text_offset {
            0 => None,
            _ => Some(read_text(device, offset, size, text_offset, text_size)?),
        };
        if text.as_ref().is_some_and(|text| checksum(text) != location.le32(16).unwrap_or(0)) {
            return Err(Error::corrupt("LVM2: the metadata's checksum is wrong"));
        }
        Ok(MetadataArea { size, ignored, text })
    }

    /// Bytes that a text may still grow by, in whole sectors. It may fill half of the ring, because the old text stays
    /// until the new one is whole, less a sector, because both begin with one.
    pub fn free(&self) -> u64 {
        let half = self.size.saturating_sub(HEADER_SIZE as u64) / 2;
        let used = self.text.as_ref().map_or(0, |text| text.len() as u64).saturating_add(SECTOR);
        (half.saturating_sub(used) / SECTOR).saturating_mul(SECTOR)
    }
}

/// The text at `text_offset` of the area; past its end it goes on behind the header.
fn read_text(device: &dyn ReadAt, area: u64, size: u64, text_offset: u64, text_size: u64) -> Result<Vec<u8>> {
    let header = HEADER_SIZE as u64;
    let ring = size.saturating_sub(header);
    if text_offset < header || text_offset >= size || text_size > ring {
        return Err(Error::corrupt("LVM2: the metadata lies outside its area"));
    }
    if text_size > MAX_TEXT {
        return Err(Error::unsupported(format!("LVM2: {text_size} bytes of metadata")));
    }
    let mut text = vec![0; usize::try_from(text_size).unwrap_or(0)];
    let before_wrap = usize::try_from(size.saturating_sub(text_offset)).unwrap_or(usize::MAX);
    let (head, tail) = text.split_at_mut_checked(before_wrap).unwrap_or((&mut [], &mut []));
    if tail.is_empty() && head.is_empty() {
        device.read_exact_at(&mut text, area.saturating_add(text_offset))?;
    } else {
        device.read_exact_at(head, area.saturating_add(text_offset))?;
        device.read_exact_at(tail, area.saturating_add(header))?;
    }
    Ok(text)
}
