//! The write-ahead log (section 4): frames of changed pages, valid up to the last commit whose checksums are right.
//! What a machine wrote before it stopped counts so far; SQLite reads it so, too.

use std::collections::HashMap;

use glassbox_io::{Error, Fields, ReadAt, Result};

/// The lowest bit says in which order checksums take their numbers: 0 little-endian, 1 big-endian.
const MAGIC: u32 = 0x377f_0682;
const VERSION: u32 = 3_007_000;
const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// Where the newest version of each page is in the log.
pub(super) struct Wal {
    offsets: HashMap<u32, u64>,
    pages: u32,
}

impl Wal {
    /// Reads a log for a database with pages of `page_size` bytes. `None` if nothing in it counts.
    pub(super) fn read(log: &dyn ReadAt, page_size: u32) -> Result<Option<Wal>> {
        let mut header = [0; HEADER];
        if log.read_at(&mut header, 0)? < HEADER {
            return Ok(None);
        }
        let fields = Fields::new(&header);
        let magic = fields.be32(0)?;
        let big_endian = magic & 1 == 1;
        let sum = Checksum { big_endian, sums: [0, 0] }.over(fields.slice(0, 24)?);
        if magic & !1 != MAGIC || fields.be32(4)? != VERSION || sum.sums != [fields.be32(24)?, fields.be32(28)?] {
            return Ok(None);
        }
        if fields.be32(8)? != page_size {
            return Err(Error::corrupt("SQLite: the log has pages of another size than the database"));
        }
        let salts: [u8; 8] = fields.array(16)?;
        let wal = Wal { offsets: HashMap::new(), pages: 0 }.with_frames(log, page_size, salts, sum)?;
        Ok((wal.pages > 0).then_some(wal))
    }

    /// Takes the frames up to the last commit.
    fn with_frames(mut self, log: &dyn ReadAt, page_size: u32, salts: [u8; 8], mut sum: Checksum) -> Result<Self> {
        let mut frame = vec![0; FRAME_HEADER.saturating_add(usize::try_from(page_size).unwrap_or_default())];
        let mut offset = HEADER as u64;
        let mut uncommitted = Vec::new();
        while log.read_at(&mut frame, offset)? == frame.len() {
            let fields = Fields::new(&frame);
            sum = sum.over(fields.slice(0, 8)?).over(fields.from(FRAME_HEADER)?.bytes());
            if fields.array(8)? != salts || sum.sums != [fields.be32(16)?, fields.be32(20)?] {
                break;
            }
            uncommitted.push((fields.be32(0)?, offset.saturating_add(FRAME_HEADER as u64)));
            let pages_after_commit = fields.be32(4)?;
            if pages_after_commit != 0 {
                self.pages = pages_after_commit;
                self.offsets.extend(uncommitted.drain(..));
            }
            offset = offset.saturating_add(frame.len() as u64);
        }
        Ok(self)
    }

    /// How many pages the database has after the last commit.
    pub(super) fn pages(&self) -> u64 {
        self.pages.into()
    }

    /// Where a page is in the log.
    pub(super) fn offset_of(&self, page: u32) -> Option<u64> {
        self.offsets.get(&page).copied()
    }
}

/// The log's checksum, which runs on from frame to frame (section 4.2).
#[derive(Clone, Copy)]
struct Checksum {
    big_endian: bool,
    sums: [u32; 2],
}

impl Checksum {
    /// Goes on over `bytes`, whose length is a multiple of 8.
    fn over(self, bytes: &[u8]) -> Self {
        let number =
            |bytes: [u8; 4]| if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
        let sums = bytes.as_chunks::<8>().0.iter().fold(self.sums, |[first, second], &[a, b, c, d, e, f, g, h]| {
            let first = first.wrapping_add(number([a, b, c, d])).wrapping_add(second);
            [first, second.wrapping_add(number([e, f, g, h])).wrapping_add(first)]
        });
        Checksum { sums, ..self }
    }
}
