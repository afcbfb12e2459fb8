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
        // Each bucket has a page of its own, however many the metadata claim.
        let pages = u32::try_from(self.pages_left.get()).unwrap_or(u32::MAX);
        if self.meta.max_bucket >= pages {
            take(Err(Error::corrupt("Berkeley DB: the file ends before its last bucket")));
        }
        for bucket in 0..=self.meta.max_bucket.min(pages) {
            if self.pages_left.get() == 0 {
                take(Err(Error::corrupt("Berkeley DB: chains of pages run in circles")));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bdb::meta::Order;

    const PAGE: usize = 512;
    const HASH: u8 = 13;
    const OVERFLOW: u8 = 7;

    /// A file of pages in one order of bytes.
    struct Maker {
        order: Order,
        bytes: Vec<u8>,
    }

    impl Maker {
        /// The metadata of two buckets, the first at page 1 and the second at page 2.
        fn new(order: Order, pages: u32) -> Self {
            let mut maker = Maker { order, bytes: vec![0; PAGE * (pages as usize + 1)] };
            for (offset, number) in [(12, 0x0006_1561), (16, 9), (20, PAGE as u32), (32, pages), (72, 1)] {
                maker.u32(offset, number);
            }
            maker.bytes[25] = 8;
            maker.u32(96, 1);
            maker.u32(100, 1);
            maker
        }

        fn u32(&mut self, offset: usize, number: u32) {
            let bytes = if self.order == Order::Big { number.to_be_bytes() } else { number.to_le_bytes() };
            self.bytes[offset..offset + 4].copy_from_slice(&bytes);
        }

        fn u16(&mut self, offset: usize, number: usize) {
            let number = number as u16;
            let bytes = if self.order == Order::Big { number.to_be_bytes() } else { number.to_le_bytes() };
            self.bytes[offset..offset + 2].copy_from_slice(&bytes);
        }

        /// A page of a bucket; an item is bytes, or the first page and the length of a long one.
        fn bucket(&mut self, number: u32, next: u32, items: &[std::result::Result<&[u8], (u32, u32)>]) {
            let start = number as usize * PAGE;
            self.head(number, next, HASH);
            self.u16(start + 20, items.len());
            let mut end = PAGE;
            for (index, item) in items.iter().enumerate() {
                end -= item.map_or(12, |bytes| bytes.len() + 1);
                match item {
                    Ok(bytes) => {
                        self.bytes[start + end] = 1;
                        self.bytes[start + end + 1..start + end + 1 + bytes.len()].copy_from_slice(bytes);
                    }
                    Err((first, length)) => {
                        self.bytes[start + end] = 3;
                        self.u32(start + end + 4, *first);
                        self.u32(start + end + 8, *length);
                    }
                }
                self.u16(start + 26 + 2 * index, end);
            }
        }

        fn overflow(&mut self, number: u32, next: u32, bytes: &[u8]) {
            let start = number as usize * PAGE;
            self.head(number, next, OVERFLOW);
            self.u16(start + 22, bytes.len());
            self.bytes[start + 26..start + 26 + bytes.len()].copy_from_slice(bytes);
        }

        fn head(&mut self, number: u32, next: u32, kind: u8) {
            let start = number as usize * PAGE;
            self.u32(start + 8, number);
            self.u32(start + 16, next);
            self.bytes[start + 25] = kind;
        }
    }

    /// Values, and how many errors.
    fn values(file: &Vec<u8>) -> Result<(Vec<Vec<u8>>, usize)> {
        let (mut found, mut errors) = (Vec::new(), 0);
        Hash::open(file)?.values(b"\0\0\0\0", &mut |value| match value.and_then(|mut value| {
            let length = value.len();
            value.prefix(length).map(<[u8]>::to_vec)
        }) {
            Ok(bytes) => found.push(bytes),
            Err(_) => errors += 1,
        })?;
        Ok((found, errors))
    }

    fn table(order: Order) -> Vec<u8> {
        let mut maker = Maker::new(order, 5);
        maker.bucket(1, 3, &[Ok(b"\0\0\0\0"), Ok(b"counter"), Ok(b"1"), Ok(b"one")]);
        maker.bucket(2, 0, &[Ok(b"2"), Err((4, 500))]);
        maker.bucket(3, 0, &[Ok(b"3"), Ok(b"three")]);
        maker.overflow(4, 5, &[b'a'; 486]);
        maker.overflow(5, 0, &[b'b'; 14]);
        maker.bytes
    }

    #[test]
    fn values_of_both_orders_of_bytes() {
        let long = [&[b'a'; 486][..], &[b'b'; 14]].concat();
        let expected = vec![b"one".to_vec(), b"three".to_vec(), long];
        assert_eq!(values(&table(Order::Little)).unwrap(), (expected.clone(), 0));
        assert_eq!(values(&table(Order::Big)).unwrap(), (expected, 0));
    }

    #[test]
    fn damaged_pages_leave_the_others() {
        let mut bad = table(Order::Little);
        bad[PAGE * 4 + 25] = HASH;
        assert_eq!(values(&bad).unwrap(), (vec![b"one".to_vec(), b"three".to_vec()], 1));
        let cut = table(Order::Little)[..PAGE * 3].to_vec();
        assert_eq!(values(&cut).unwrap(), (vec![b"one".to_vec()], 2));
    }

    #[test]
    fn circles_and_absurd_counts_end() {
        let mut maker = Maker { order: Order::Little, bytes: table(Order::Little) };
        maker.head(3, 1, HASH);
        maker.head(5, 4, OVERFLOW);
        maker.u32(PAGE * 2 + PAGE - 2 - 12 + 8, u32::MAX);
        assert!(values(&maker.bytes).unwrap().1 > 0);
        let mut maker = Maker { order: Order::Little, bytes: table(Order::Little) };
        maker.u32(72, u32::MAX);
        assert!(values(&maker.bytes).unwrap().1 > 0);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (offset, byte) in [(16, 7), (24, 1), (26, 1)] {
            let mut other = table(Order::Little);
            other[offset] = byte;
            assert!(values(&other).unwrap_err().is_unsupported(), "{offset}");
        }
        let mut odd = table(Order::Little);
        odd[20] = 1;
        assert!(!values(&odd).unwrap_err().is_unsupported());
    }
}
