//! A page (`PAGE`): a header of 26 bytes, offsets of items, and the items from the page's end towards them.

use glassbox_io::{Error, Fields, Result};

use super::meta::Order;

const HEADER: usize = 26;
/// `P_HASH_UNSORTED` and `P_HASH`: keys and values by turns.
const TYPE_HASH_UNSORTED: u8 = 2;
const TYPE_HASH: u8 = 13;
/// `P_OVERFLOW`: a part of one long item.
const TYPE_OVERFLOW: u8 = 7;
/// `H_KEYDATA`: the bytes follow.
const ITEM_DATA: u8 = 1;
/// `H_OFFPAGE`: the number of the first overflow page, and the length, follow.
const ITEM_OFF_PAGE: u8 = 3;

/// A page of a hash.
pub(super) struct Page<'a> {
    fields: Fields<'a>,
    order: Order,
}

/// A key or a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// On the page.
    Bytes(&'a [u8]),
    /// On a chain of overflow pages.
    OffPage { first: u32, length: u32 },
}

impl<'a> Page<'a> {
    /// The page in `bytes`, which must say that its number is `number`.
    pub(super) fn new(bytes: &'a [u8], order: Order, number: u32) -> Result<Self> {
        let fields = Fields::new(bytes);
        match order.u32(fields, 8)? {
            own if own == number => Ok(Page { fields, order }),
            own => Err(Error::corrupt(format!("Berkeley DB: page {number} says that it is page {own}"))),
        }
    }

    /// The next page of a bucket or of a long item; 0 at the end.
    pub(super) fn next(&self) -> Result<u32> {
        self.order.u32(self.fields, 16)
    }

    /// How many items there are on a page of a bucket.
    pub(super) fn items(&self) -> Result<usize> {
        match self.fields.u8(25)? {
            TYPE_HASH | TYPE_HASH_UNSORTED => self.order.u16(self.fields, 20).map(usize::from),
            other => Err(Error::corrupt(format!("Berkeley DB: a page of type {other} in a bucket"))),
        }
    }

    /// An item. Each reaches up to where the one before it begins.
    pub(super) fn item(&self, index: usize) -> Result<Item<'a>> {
        let start = self.offset(index)?;
        let end = match index.checked_sub(1) {
            Some(before) => self.offset(before)?,
            None => self.fields.len(),
        };
        let length = end.checked_sub(start).ok_or_else(|| Error::corrupt("Berkeley DB: items overlap"))?;
        let item = self.fields.at(start, length)?;
        match item.u8(0)? {
            ITEM_DATA => Ok(Item::Bytes(item.from(1)?.bytes())),
            ITEM_OFF_PAGE => Ok(Item::OffPage { first: self.order.u32(item, 4)?, length: self.order.u32(item, 8)? }),
            other => Err(Error::unsupported(format!("Berkeley DB: an item of type {other}"))),
        }
    }

    fn offset(&self, index: usize) -> Result<usize> {
        self.order.u16(self.fields, index.saturating_mul(2).saturating_add(HEADER)).map(usize::from)
    }

    /// The bytes that an overflow page holds of its item.
    pub(super) fn overflow(&self) -> Result<&'a [u8]> {
        match self.fields.u8(25)? {
            TYPE_OVERFLOW => self.fields.slice(HEADER, self.order.u16(self.fields, 22)?.into()),
            other => Err(Error::corrupt(format!("Berkeley DB: a page of type {other} in a long item"))),
        }
    }
}
