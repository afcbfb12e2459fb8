//! A value of a database, read from its beginning as far as it is needed.

use glassbox_io::{Error, Result};

/// Appends the next part of a value to what was read of it, one byte at least.
pub(crate) type Rest<'a> = Box<dyn FnMut(&mut Vec<u8>) -> Result<()> + 'a>;

/// A long value. Databases keep the parts that don't fit into the record in a chain of pages; a package's name stands
/// at the beginning of a header whose lists of files can be thousands of times as long.
pub(crate) struct Value<'a> {
    length: usize,
    read: Vec<u8>,
    rest: Rest<'a>,
}

impl<'a> Value<'a> {
    /// A value of `length` bytes, of which `read` is known and `rest` gives the others.
    pub(crate) fn new(length: usize, read: Vec<u8>, rest: Rest<'a>) -> Self {
        Value { length, read, rest }
    }

    /// All its bytes, read or not.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Its first `length` bytes, or more.
    pub(crate) fn prefix(&mut self, length: usize) -> Result<&[u8]> {
        if length > self.length {
            return Err(Error::corrupt(format!("{length} bytes are needed of a value of {}", self.length)));
        }
        while self.read.len() < length {
            let before = self.read.len();
            (self.rest)(&mut self.read)?;
            if self.read.len() <= before {
                return Err(Error::corrupt("a value ends before its length"));
            }
        }
        self.read.truncate(self.length);
        Ok(&self.read)
    }
}
