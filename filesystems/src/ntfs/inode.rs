//! A file: its base record, and through its attribute list all its attributes.

use glassbox_io::{Errno, Error, Result};

use super::attribute::{Attribute, AttributeType, Sizes};
use super::attribute_list::{self, Entry};
use super::file_record::{FileRecord, FileReference};
use super::standard_information::StandardInformation;
use super::stream::Stream;
use super::volume::Volume;

/// A file, opened by its number.
pub(crate) struct Inode {
    /// The number of its base record.
    pub number: u64,
    /// The base record.
    pub record: FileRecord,
    /// The entries of its attribute list, if it has one.
    list: Option<Vec<Entry>>,
}

impl Inode {
    /// Opens file `number`; `ENOENT` if no file has that number.
    pub fn open(volume: &Volume, number: u64) -> Result<Self> {
        let record = volume.record(number)?;
        if !record.is_in_use() || record.base.number() != 0 {
            return Err(Error::os(Errno::ENOENT));
        }
        Self::from_record(volume, number, record)
    }

    /// A file whose base record is read already.
    pub fn from_record(volume: &Volume, number: u64, record: FileRecord) -> Result<Self> {
        let list = match record.attribute(AttributeType::ATTRIBUTE_LIST, b"")? {
            None => None,
            Some(attribute) => {
                // A list is never compressed, nor does it spill itself.
                let stream = Stream::first_extent(&attribute, &volume.boot)?;
                stream.check()?;
                if stream.len() > attribute_list::MAX_SIZE {
                    return Err(Error::corrupt(format!("ntfs: an attribute list of {} bytes", stream.len())));
                }
                let mut value = vec![0; usize::try_from(stream.len()).unwrap_or(0)];
                stream.read_cached(volume, &mut value, 0)?;
                Some(attribute_list::parse(&value)?)
            }
        };
        Ok(Inode { number, record, list })
    }

    /// The entries of the attribute list for one attribute, in the list's order; none without a list.
    pub fn extents<'a>(&'a self, kind: AttributeType, name: &'a [u8]) -> impl Iterator<Item = &'a Entry> {
        self.list.iter().flatten().filter(move |entry| entry.kind == kind && entry.name == name)
    }

    /// The record that an entry of the attribute list names, if it isn't the base record.
    pub fn extent_record(&self, volume: &Volume, entry: &Entry) -> Result<FileRecord> {
        let record = volume.referenced_record(entry.record)?;
        let is_ours = entry.record.number() == self.number || record.base.number() == self.number;
        if !record.is_in_use() || !is_ours {
            let other = entry.record.number();
            return Err(Error::corrupt(format!("ntfs: the attribute list of {} names record {other}", self.number)));
        }
        Ok(record)
    }

    /// The attribute in `record` that `entry` names.
    pub fn attribute_of<'a>(record: &'a FileRecord, entry: &Entry) -> Result<Attribute<'a>> {
        for attribute in record.attributes() {
            let attribute = attribute?;
            if attribute.kind == entry.kind && attribute.instance == entry.instance && attribute.name == entry.name {
                return Ok(attribute);
            }
        }
        Err(Error::corrupt(format!("ntfs: an attribute of type {:#x} isn't where the list says", entry.kind.0)))
    }

    /// Calls `use_it` with the (first extent of the) attribute; `None` if there is none.
    pub fn with_attribute<T>(
        &self,
        volume: &Volume,
        kind: AttributeType,
        name: &[u8],
        use_it: impl FnOnce(Attribute<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        if self.list.is_none() {
            return self.record.attribute(kind, name)?.map(use_it).transpose();
        }
        let Some(entry) = self.extents(kind, name).next() else { return Ok(None) };
        if entry.record.number() == self.number {
            return use_it(Self::attribute_of(&self.record, entry)?).map(Some);
        }
        let record = self.extent_record(volume, entry)?;
        use_it(Self::attribute_of(&record, entry)?).map(Some)
    }

    /// Shows `visit` every attribute of this type (the first extent of each), whatever its name.
    pub fn each_attribute(
        &self,
        volume: &Volume,
        kind: AttributeType,
        visit: &mut dyn FnMut(Attribute<'_>) -> Result<()>,
    ) -> Result<()> {
        let Some(list) = &self.list else {
            for attribute in self.record.attributes() {
                let attribute = attribute?;
                if attribute.kind == kind {
                    visit(attribute)?;
                }
            }
            return Ok(());
        };
        for entry in list.iter().filter(|entry| entry.kind == kind && entry.lowest_vcn == 0) {
            if entry.record.number() == self.number {
                visit(Self::attribute_of(&self.record, entry)?)?;
            } else {
                let record = self.extent_record(volume, entry)?;
                visit(Self::attribute_of(&record, entry)?)?;
            }
        }
        Ok(())
    }

    /// The sizes of an attribute's value, without decoding its runs.
    pub fn sizes(&self, volume: &Volume, kind: AttributeType, name: &[u8]) -> Result<Option<Sizes>> {
        self.with_attribute(volume, kind, name, |attribute| attribute.sizes())
    }

    /// The value of an attribute, all its extents put together.
    pub fn stream(&self, volume: &Volume, kind: AttributeType, name: &[u8]) -> Result<Option<Stream>> {
        let boot = &volume.boot;
        let first = self.with_attribute(volume, kind, name, |attribute| Stream::first_extent(&attribute, boot))?;
        let Some(mut stream) = first else { return Ok(None) };
        // Many extents of one attribute share a record: keep the last one.
        let mut last: Option<(FileReference, FileRecord)> = None;
        for entry in self.extents(kind, name).skip(1) {
            if entry.record.number() == self.number {
                stream.extend(&Self::attribute_of(&self.record, entry)?, boot)?;
                continue;
            }
            if last.as_ref().is_none_or(|(reference, _)| *reference != entry.record) {
                last = Some((entry.record, self.extent_record(volume, entry)?));
            }
            if let Some((_, record)) = &last {
                stream.extend(&Self::attribute_of(record, entry)?, boot)?;
            }
        }
        stream.check()?;
        Ok(Some(stream))
    }

    /// A value as a whole; *corrupt* if it is longer than `limit` bytes.
    pub fn read_value(
        &self,
        volume: &Volume,
        kind: AttributeType,
        name: &[u8],
        limit: usize,
    ) -> Result<Option<Vec<u8>>> {
        let Some(stream) = self.stream(volume, kind, name)? else { return Ok(None) };
        let size = usize::try_from(stream.len()).unwrap_or(usize::MAX);
        if size > limit {
            return Err(Error::corrupt(format!("ntfs: {size} bytes in an attribute of type {:#x}", kind.0)));
        }
        let mut value = vec![0; size];
        stream.read_cached(volume, &mut value, 0)?;
        Ok(Some(value))
    }

    /// The times and attributes of the file.
    pub fn standard_information(&self, volume: &Volume) -> Result<StandardInformation> {
        let parse = |attribute: Attribute<'_>| StandardInformation::parse(attribute.resident()?);
        self.with_attribute(volume, AttributeType::STANDARD_INFORMATION, b"", parse)?
            .ok_or_else(|| Error::corrupt("ntfs: a file without $STANDARD_INFORMATION"))
    }
}
