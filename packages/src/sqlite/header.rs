//! The database header: the first 100 bytes of the file (section 1.3).

use glassbox_io::{Error, Fields, Result};

const MAGIC: &[u8] = b"SQLite format 3\0";
pub(super) const LENGTH: usize = 100;
/// The highest version of the format that may be read: 1 is the rollback journal, 2 the write-ahead log.
const MAX_READ_VERSION: u8 = 2;
/// Text in UTF-8; 2 and 3 are UTF-16.
const UTF_8: u32 = 1;
/// Cells of b-trees need this much (section 1.3.4).
const MIN_USABLE: u32 = 480;

pub(super) fn recognises(start: Fields<'_>) -> bool {
    start.slice(0, MAGIC.len()).is_ok_and(|magic| magic == MAGIC)
}

/// What the header says of all pages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) page_size: u32,
    /// The bytes of a page without those that are reserved at its end.
    pub(super) usable: u32,
}

impl Header {
    pub(super) fn read(start: Fields<'_>) -> Result<Header> {
        if !recognises(start) {
            return Err(Error::corrupt("not an SQLite database"));
        }
        // 65536 doesn't fit: 1 stands for it (section 1.3.2).
        let page_size = match start.be16(16)? {
            1 => 65536,
            size => u32::from(size),
        };
        if !page_size.is_power_of_two() || page_size < 512 {
            return Err(Error::corrupt(format!("SQLite: pages of {page_size} bytes")));
        }
        if start.u8(19)? > MAX_READ_VERSION {
            return Err(Error::unsupported(format!("SQLite: read version {}", start.u8(19)?)));
        }
        // 0 in a database to which nothing was written yet.
        if !matches!(start.be32(56)?, 0 | UTF_8) {
            return Err(Error::unsupported("SQLite: text in UTF-16"));
        }
        let usable = page_size.saturating_sub(start.u8(20)?.into());
        if usable < MIN_USABLE {
            return Err(Error::corrupt(format!("SQLite: {usable} usable bytes in a page")));
        }
        Ok(Header { page_size, usable })
    }
}
