//! The header of a journal file ("Header").

use glassbox_io::{Error, Fields, ReadAt, Result};

/// What every file begins with.
const SIGNATURE: &[u8; 8] = b"LPKSHHRH";
/// The header of the first version (systemd 38); later ones are longer, and say so.
const MIN_SIZE: usize = 208;

/// The incompatible flags ("Extensibility"): what a reader must know.
const COMPRESSED_XZ: u32 = 1 << 0;
const COMPRESSED_LZ4: u32 = 1 << 1;
const KEYED_HASH: u32 = 1 << 2;
const COMPRESSED_ZSTD: u32 = 1 << 3;
const COMPACT: u32 = 1 << 4;
const KNOWN: u32 = COMPRESSED_XZ | COMPRESSED_LZ4 | KEYED_HASH | COMPRESSED_ZSTD | COMPACT;

/// Whether a writer has the file open, as far as the file knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Closed.
    Offline,
    /// Being written to, or not closed because the system went down.
    Online,
    /// Closed for good: a newer file follows it.
    Archived,
}

/// What is used of the header.
#[derive(Clone, Debug)]
pub struct Header {
    /// Whether the file was closed.
    pub state: State,
    /// The file is small enough for offsets of 32 bits, and has them.
    pub compact: bool,
    /// Which sequence the sequence numbers belong to: files with the same ID continue one another.
    pub seqnum_id: [u8; 16],
    /// Entries that were written whole.
    pub entries: u64,
    /// Where the first array of entries is; 0 if there is none.
    pub entry_array_offset: u64,
    /// Where objects are: behind the header, up to here.
    pub end: u64,
    /// Length of the header in bytes.
    pub size: u64,
}

impl Header {
    /// Reads the header of `file`. *Corrupt* if it is none, or the file is shorter than it says.
    pub fn read(file: &dyn ReadAt) -> Result<Header> {
        let mut bytes = [0; MIN_SIZE];
        file.read_exact_at(&mut bytes, 0)?;
        let header = Fields::new(&bytes);
        if header.slice(0, SIGNATURE.len())? != SIGNATURE {
            return Err(Error::corrupt("a journal file has no signature"));
        }
        let flags = header.le32(12)?;
        if flags & !KNOWN != 0 {
            return Err(Error::unsupported(format!("journal: incompatible flags {:#x}", flags & !KNOWN)));
        }
        let state = match header.u8(16)? {
            0 => State::Offline,
            1 => State::Online,
            2 => State::Archived,
            other => return Err(Error::corrupt(format!("a journal file is in state {other}"))),
        };
        let size = header.le64(88)?;
        let end = size.checked_add(header.le64(96)?).filter(|end| *end <= file.len());
        let end = end.ok_or_else(|| Error::corrupt("a journal file is cut off"))?;
        if size < MIN_SIZE as u64 {
            return Err(Error::corrupt(format!("a journal file's header of {size} bytes")));
        }
        Ok(Header {
            state,
            compact: flags & COMPACT != 0,
            seqnum_id: header.array(72)?,
            entries: header.le64(152)?,
            entry_array_offset: header.le64(176)?,
            end,
            size,
        })
    }
}
