//! Answers as JSON.

use std::io::{self, Write};

use serde::Serialize;

/// A list that is written entry by entry, one a line, so that a long one needs no memory.
pub struct List<'a> {
    out: &'a mut dyn Write,
    empty: bool,
}

impl<'a> List<'a> {
    /// Begins the list.
    pub fn begin(out: &'a mut dyn Write) -> io::Result<Self> {
        out.write_all(b"[")?;
        Ok(List { out, empty: true })
    }

    /// Writes an entry.
    pub fn push(&mut self, entry: &impl Serialize) -> io::Result<()> {
        self.out.write_all(if self.empty { b"\n  " } else { b",\n  " })?;
        self.empty = false;
        serde_json::to_writer(&mut *self.out, entry).map_err(io::Error::from)
    }

    /// Ends the list.
    pub fn end(self) -> io::Result<()> {
        self.out.write_all(if self.empty { b"]\n" } else { b"\n]\n" })
    }
}

/// Writes all entries as a list.
pub fn list(out: &mut dyn Write, entries: &[impl Serialize]) -> io::Result<()> {
    let mut list = List::begin(out)?;
    entries.iter().try_for_each(|entry| list.push(entry))?;
    list.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_json() {
        let mut out = Vec::new();
        list(&mut out, &["a\"", "b"]).unwrap();
        assert_eq!(serde_json::from_slice::<Vec<String>>(&out).unwrap(), ["a\"", "b"]);
        let mut out = Vec::new();
        list(&mut out, &[] as &[u8]).unwrap();
        assert_eq!(out, b"[]\n");
    }
}
