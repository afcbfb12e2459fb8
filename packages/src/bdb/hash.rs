//! A hash table: buckets of pages.

use std::cell::Cell;

use glassbox_io::{Error, Fields, ReadAt, Result};

use super::meta::Meta;
use super::page::{Item, Page};
use crate::value::Value;

/// A hash table in a file.
pub(crate) struct Hash<'a> {
    file: &'a dyn ReadAt,
    meta: Meta,
    /// Pages that may still be read. No page belongs to two chains, so a sound table needs each of its pages once, and
    /// chains that run in circles end.
    pages_left: Cell<u64>,
}

impl<'a> Hash<'a> {
    /// Whether a file begins as a hash does.
    pub(crate) fn recognises(start: Fields<'_>) -> bool {
        Meta::order(start).is_some()
    }

    /// Opens the table in `file`.
    pub(crate) fn open(file: &'a dyn ReadAt) -> Result<Self> {
        let meta = Meta::read(file)?;
        let pages_left = Cell::new(file.len().checked_div(meta.page_size.into()).unwrap_or(0));
        Ok(Hash { file, meta, pages_left })
    }

    /// Gives every value to `take` but that of the key `except`, bucket by bucket.
    pub(crate) fn values(&self, except: &[u8], take: &mut dyn FnMut(Result<Value<'_>>)) -> Result<()> {
        for bucket in 0..=self.meta.max_bucket {
            if self.pages_left.get() == 0 {
                // As many buckets as the metadata claim can't all have a page of their own.
                take(Err(Error::corrupt("Berkeley DB: more buckets and long items than pages")));
                break;
            }
            if let Err(error) = self.bucket(bucket, except, take) {
                take(Err(error));
            }
        }
        Ok(())
    }

    fn bucket(&self, bucket: u32, except: &[u8], take: &mut dyn FnMut(Result<Value<'_>>)) -> Result<()> {
        let first = self.meta.bucket_page(bucket);
        let mut number = first.ok_or_else(|| Error::corrupt(format!("Berkeley DB: bucket {bucket} has no page")))?;
        let mut bytes = Vec::new();
        while number != 0 {
            self.read(number, &mut bytes)?;
            let page = Page::new(&bytes, self.meta.order, number)?;
            for key in (0..page.items()?).step_by(2) {
                match page.item(key) {
                    Ok(Item::Bytes(key)) if key == except => continue,
                    Ok(_) => take(page.item(key.saturating_add(1)).map(|item| self.value(item))),
                    Err(error) => take(Err(error)),
                }
            }
            number = page.next()?;
        }
        Ok(())
    }

    fn value(&self, item: Item<'_>) -> Value<'_> {
        match item {
            Item::Bytes(bytes) => Value::new(bytes.len(), bytes.to_vec(), Box::new(|_| Ok(()))),
            Item::OffPage { first, length } => {
                let (mut number, mut bytes) = (first, Vec::new());
                let rest = move |to: &mut Vec<u8>| {
                    self.read(number, &mut bytes)?;
                    let page = Page::new(&bytes, self.meta.order, number)?;
                    to.extend_from_slice(page.overflow()?);
                    number = page.next()?;
                    Ok(())
                };
                Value::new(usize::try_from(length).unwrap_or(usize::MAX), Vec::new(), Box::new(rest))
            }
        }
    }

    fn read(&self, number: u32, bytes: &mut Vec<u8>) -> Result<()> {
        // Page 0 is the metadata's: nothing leads there.
        if number == 0 || number > self.meta.last_page {
            return Err(Error::corrupt(format!("Berkeley DB: there is no page {number}")));
        }
        let left = self.pages_left.get().checked_sub(1);
        self.pages_left.set(left.ok_or_else(|| Error::corrupt("Berkeley DB: chains of pages run in circles"))?);
        let size = self.meta.page_size;
        bytes.resize(usize::try_from(size).unwrap_or_default(), 0);
        self.file.read_exact_at(bytes, u64::from(number).saturating_mul(size.into()))
    }
}
