//! A header: an index of entries, and the store of data that they point into (rpm's documentation, "RPM V4 package
//! format", header structure). A database keeps it without the magic number that a package file has.
//!
//! ```text
//! u32 entries | u32 bytes of data | entries × (tag, type, offset, count: u32 each) | data         all big-endian
//! ```

use bstr::{BString, ByteSlice};
use glassbox_io::{Error, Fields, Result};

use super::tag::Tag;
use crate::value::Value;

const INTRODUCTION: usize = 8;
const ENTRY: usize = 16;
/// `HEADER_TAGS_MAX`: rpm refuses more.
const MAX_ENTRIES: usize = 0xffff;
/// `HEADER_DATA_MAX`: rpm refuses more.
const MAX_DATA: usize = 256 << 20;

const TYPE_INT32: u32 = 4;
const TYPE_STRING: u32 = 6;
const TYPE_STRING_ARRAY: u32 = 8;
const TYPE_I18N_STRING: u32 = 9;

/// A header, read as far as its entries are asked for.
pub(super) struct Header<'a> {
    blob: Value<'a>,
    index: Vec<Entry>,
    data_start: usize,
    data_length: usize,
    /// Text that may still be given: entries don't share their data, so all texts together are no longer than that.
    text_left: usize,
}

struct Entry {
    tag: u32,
    kind: u32,
    offset: usize,
}

impl<'a> Header<'a> {
    /// Reads the index of the header in `blob`.
    pub(super) fn read(mut blob: Value<'a>) -> Result<Self> {
        let introduction = Fields::new(blob.prefix(INTRODUCTION)?);
        let (entries, data_length) = (number(introduction.be32(0)?), number(introduction.be32(4)?));
        if entries == 0 || entries > MAX_ENTRIES || data_length > MAX_DATA {
            return Err(Error::corrupt(format!(
                "an RPM header says that it has {entries} entries, {data_length} bytes"
            )));
        }
        let data_start = entries.saturating_mul(ENTRY).saturating_add(INTRODUCTION);
        if data_start.checked_add(data_length) != Some(blob.len()) {
            let length = blob.len();
            return Err(Error::corrupt(format!(
                "an RPM header of {entries} entries and {data_length} bytes is {length} bytes long"
            )));
        }
        let index = Fields::new(blob.prefix(data_start)?).at(INTRODUCTION, data_start.saturating_sub(INTRODUCTION))?;
        let index = index.bytes().chunks_exact(ENTRY).map(Entry::read).collect::<Result<_>>()?;
        Ok(Header { blob, index, data_start, data_length, text_left: data_length })
    }

    /// The text of an entry, of its first language or element where it has more; `None` if there is no such entry.
    pub(super) fn string(&mut self, tag: Tag) -> Result<Option<BString>> {
        let Some(entry) = self.entry(tag) else { return Ok(None) };
        if !matches!(entry.kind, TYPE_STRING | TYPE_STRING_ARRAY | TYPE_I18N_STRING) {
            return Err(Error::corrupt(format!(
                "tag {} of an RPM header is no text, its type is {}",
                tag.0, entry.kind
            )));
        }
        let offset = entry.offset;
        let bytes = self.data(offset, self.end_of(offset))?;
        let end = bytes.find_byte(0).ok_or_else(|| Error::corrupt(format!("text of tag {} has no end", tag.0)))?;
        let text = bytes.get(..end).map(BString::from);
        let overlap = || Error::corrupt("entries of an RPM header share their data");
        self.text_left = self.text_left.checked_sub(end).ok_or_else(overlap)?;
        Ok(text)
    }

    /// The number of an entry; `None` if there is no such entry.
    pub(super) fn int32(&mut self, tag: Tag) -> Result<Option<u32>> {
        let Some(entry) = self.entry(tag) else { return Ok(None) };
        if entry.kind != TYPE_INT32 {
            return Err(Error::corrupt(format!("tag {} of an RPM header is no number", tag.0)));
        }
        let offset = entry.offset;
        let bytes = self.data(offset, offset.saturating_add(4))?;
        Fields::new(bytes).be32(0).map(Some)
    }

    /// The last entry of a tag: what was added at installation stands after what the package file had, and replaces it.
    fn entry(&self, tag: Tag) -> Option<&Entry> {
        self.index.iter().rev().find(|entry| entry.tag == tag.0)
    }

    /// Where the data that begin at `offset` end: where the next entry's begin.
    fn end_of(&self, offset: usize) -> usize {
        let later = self.index.iter().map(|entry| entry.offset).filter(|other| *other > offset);
        later.min().unwrap_or(self.data_length).min(self.data_length)
    }

    fn data(&mut self, start: usize, end: usize) -> Result<&[u8]> {
        let (from, to) = (self.data_start.saturating_add(start), self.data_start.saturating_add(end));
        let bytes = self.blob.prefix(to)?;
        bytes.get(from..to).ok_or_else(|| Error::corrupt(format!("an RPM header has no data at {start}")))
    }
}

impl Entry {
    fn read(bytes: &[u8]) -> Result<Self> {
        let fields = Fields::new(bytes);
        Ok(Entry { tag: fields.be32(0)?, kind: fields.be32(4)?, offset: number(fields.be32(8)?) })
    }
}

fn number(field: u32) -> usize {
    usize::try_from(field).unwrap_or(usize::MAX)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A header of text entries, as rpm writes it into its database.
    pub(in crate::rpm) fn header(entries: &[(Tag, u32, &[u8])]) -> Vec<u8> {
        let data: usize = entries.iter().map(|(_, _, bytes)| bytes.len()).sum();
        let mut blob = [(entries.len() as u32).to_be_bytes(), (data as u32).to_be_bytes()].concat();
        let mut offset = 0u32;
        for (tag, kind, bytes) in entries {
            blob.extend([tag.0, *kind, offset, 1].map(u32::to_be_bytes).concat());
            offset += bytes.len() as u32;
        }
        entries.iter().for_each(|(_, _, bytes)| blob.extend_from_slice(bytes));
        blob
    }

    fn whole<'a>(blob: Vec<u8>) -> Value<'a> {
        Value::new(blob.len(), blob, Box::new(|_| Ok(())))
    }

    #[test]
    fn entries_are_found_by_tag_and_the_last_counts() {
        let blob = header(&[
            (Tag::NAME, TYPE_STRING, b"old\0"),
            (Tag::EPOCH, TYPE_INT32, &[0, 0, 0, 7]),
            (Tag::SUMMARY, TYPE_I18N_STRING, b"first\0zweite\0"),
            (Tag::NAME, TYPE_STRING, b"new\0"),
        ]);
        let mut header = Header::read(whole(blob)).unwrap();
        assert_eq!(header.string(Tag::NAME).unwrap().unwrap(), "new");
        assert_eq!(header.string(Tag::SUMMARY).unwrap().unwrap(), "first");
        assert_eq!(header.int32(Tag::EPOCH).unwrap(), Some(7));
        assert_eq!(header.string(Tag::URL).unwrap(), None);
        assert!(header.int32(Tag::NAME).is_err());
        assert!(header.string(Tag::EPOCH).is_err());
    }

    #[test]
    fn only_what_is_needed_is_read() {
        let long = [b'x'; 5000];
        let blob = header(&[(Tag::NAME, TYPE_STRING, b"name\0"), (Tag::DESCRIPTION, TYPE_STRING, &long)]);
        let read = std::cell::Cell::new(0);
        let (first, rest) = blob.split_at(10);
        let mut pieces = rest.chunks(10);
        let mut header = Header::read(Value::new(
            blob.len(),
            first.to_vec(),
            Box::new(|to| {
                read.set(read.get() + 1);
                to.extend_from_slice(pieces.next().unwrap_or_default());
                Ok(())
            }),
        ))
        .unwrap();
        assert_eq!(header.string(Tag::NAME).unwrap().unwrap(), "name");
        assert!(read.get() < 6, "{} pieces", read.get());
        // No NUL ends this one.
        assert!(header.string(Tag::DESCRIPTION).is_err());
    }

    #[test]
    fn absurd_headers_are_corrupt() {
        let good = header(&[(Tag::NAME, TYPE_STRING, b"name\0")]);
        for at in 0..8 {
            let mut bad = good.clone();
            bad[at] ^= 0x40;
            assert!(Header::read(whole(bad)).is_err(), "{at}");
        }
        for length in 0..good.len() {
            assert!(Header::read(whole(good[..length].to_vec())).is_err(), "{length}");
        }
        let mut outside = good;
        outside[8 + 8..8 + 12].copy_from_slice(&[0xff; 4]);
        assert!(Header::read(whole(outside)).unwrap().string(Tag::NAME).is_err());
    }
}
