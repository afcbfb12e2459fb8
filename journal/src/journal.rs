//! Several files as one journal.

use std::cmp::Ordering;

use glassbox_io::Result;

use crate::entry::Entry;
use crate::file::JournalFile;

/// Which way to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To later entries.
    Forward,
    /// To earlier ones.
    Backward,
}

impl Direction {
    /// How an entry compares with another one that it lies behind of, seen in this direction.
    fn behind(self) -> Ordering {
        match self {
            Direction::Forward => Ordering::Greater,
            Direction::Backward => Ordering::Less,
        }
    }
}

/// Journal files as one sequence of entries, and a place in it: at first, before the first entry.
///
/// An entry that is in two files is met once.
#[derive(Default)]
pub struct Journal {
    members: Vec<Member>,
    /// The entry it stands at, and the file that has it.
    current: Option<(usize, Entry)>,
}

/// A file of the journal.
struct Member {
    file: JournalFile,
    /// How many of its entries lie at or before the place.
    passed: usize,
}

impl Journal {
    /// Merges `files`. Their order decides only where the entries' order doesn't.
    pub fn new(files: impl IntoIterator<Item = JournalFile>) -> Self {
        let members = files.into_iter().map(|file| Member { file, passed: 0 }).collect();
        Journal { members, current: None }
    }

    /// Goes to the next entry in this direction; false, and no step, if there is none.
    pub fn step(&mut self, direction: Direction) -> Result<bool> {
        // Nothing is before the place before the first entry.
        if self.current.is_none() && direction == Direction::Backward {
            return Ok(false);
        }
        let from = self.current.map(|(_, entry)| entry);
        let mut nearest: Option<(usize, Entry)> = None;
        for (index, member) in self.members.iter_mut().enumerate() {
            let Some(entry) = member.next(direction, from.as_ref())? else { continue };
            if nearest.is_none_or(|(_, nearest)| nearest.order(&entry) == direction.behind()) {
                nearest = Some((index, entry));
            }
        }
        self.current = nearest.or(self.current);
        Ok(nearest.is_some())
    }

    /// The entry it stands at; `None` before the first step.
    pub fn current(&self) -> Option<&Entry> {
        self.current.as_ref().map(|(_, entry)| entry)
    }

    /// The fields of that entry, as [`JournalFile::fields`]; none before the first step.
    pub fn fields(&self, threshold: u64) -> Result<impl Iterator<Item = Result<Vec<u8>>>> {
        let current = self.current.as_ref().and_then(|(index, entry)| Some((self.members.get(*index)?, entry)));
        let fields = current.map(|(member, entry)| member.file.fields(entry, threshold)).transpose()?;
        Ok(fields.into_iter().flatten())
    }
}

impl Member {
    /// The file's next entry in this direction that lies behind `from`.
    fn next(&mut self, direction: Direction, from: Option<&Entry>) -> Result<Option<Entry>> {
        loop {
            let index = match direction {
                Direction::Forward if self.file.has(self.passed)? => self.passed,
                Direction::Backward if self.passed > 0 => self.passed.saturating_sub(1),
                _ => return Ok(None),
            };
            let entry = self.file.entry(index)?;
            if let Some(entry) = entry
                && from.is_none_or(|from| entry.order(from) == direction.behind())
            {
                return Ok(Some(entry));
            }
            self.passed = match direction {
                Direction::Forward => self.passed.saturating_add(1),
                Direction::Backward => index,
            };
        }
    }
}
