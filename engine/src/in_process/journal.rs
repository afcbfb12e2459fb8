//! The group `journal`: systemd's journal.

use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::Journal;
use glassbox_filesystems::FileType;
use glassbox_io::{Errno, Error, ErrorKind, Result, ResultExt, Source};
use glassbox_journal::{Direction, JournalFile};

use super::InProcess;

use super::mount::FileSource;
use crate::replay::Change;
use crate::vfs::{Follow, Located, join};

/// sd-journal's, until another one is set.
const DEFAULT_THRESHOLD: u64 = 64 << 10;
/// Files of a journal. journald keeps 100 of each kind (its `SystemMaxFiles=`).
const MAX_FILES: usize = 10_000;
/// Bytes of an entry that are returned.
const MAX_ENTRY: u64 = 1 << 30;

/// A journal that is open.
pub(super) struct OpenJournal {
    journal: glassbox_journal::Journal,
    /// Where fields may be cut off; 0 for nowhere.
    threshold: u64,
}

impl InProcess {
    fn journal(&mut self) -> Result<&mut OpenJournal> {
        let message = "you must call 'journal-open' first to initialize the journal handle";
        self.open_journal.as_mut().ok_or_else(|| Error::usage(message))
    }

    /// The journal files in `directory` and in those below that are named for a machine, as
    /// sd_journal_open_directory(3) takes them. Files that are damaged from the start are left out, as it leaves them out.
    fn journal_files(&self, directory: &Located) -> Result<Vec<JournalFile>> {
        let here = entries(directory)?;
        let mut paths = here.clone();
        for path in here.iter().filter(|path| is_machine_id(path.as_bstr())) {
            let machine = self.locate(path.as_ref(), Follow::NotLast)?;
            if machine.file_type()? == FileType::Directory {
                paths.extend(entries(&machine)?);
            }
        }
        paths.retain(|path| path.ends_with(b".journal") || path.ends_with(b".journal~"));
        if paths.len() > MAX_FILES {
            return Err(Error::usage(format!("a journal of {} files", paths.len())));
        }
        paths.iter().filter_map(|path| self.journal_file(path.as_ref()).transpose()).collect()
    }

    fn journal_file(&self, path: &BStr) -> Result<Option<JournalFile>> {
        let opened = self.locate(path, Follow::Always).and_then(|file| FileSource::open(&file));
        match opened.and_then(|source| JournalFile::open(Arc::new(source) as Source)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Os) => Ok(None),
            Err(error) => Err(error.at_path(path)),
        }
    }
}

/// The paths of what is in a directory.
fn entries(directory: &Located) -> Result<Vec<BString>> {
    let mut paths = Vec::new();
    directory.filesystem.read_dir(directory.node, &mut |entry| {
        paths.push(join(directory.path.as_ref(), entry.name));
        ControlFlow::Continue(())
    })?;
    Ok(paths)
}

/// Whether a directory is named by an ID of 128 bits: 32 hexadecimal digits. Those of namespaces have a suffix.
fn is_machine_id(path: &BStr) -> bool {
    let name = path.rsplit_str("/").next().unwrap_or_default();
    name.len() == 32 && name.iter().all(u8::is_ascii_hexdigit)
}

impl Journal for InProcess {
    fn journal_open(&mut self, directory: &BStr) -> Result<()> {
        // What was open is closed, even if nothing else can be opened.
        self.open_journal = None;
        let files = self.directory(directory).and_then(|found| self.journal_files(&found));
        let journal = glassbox_journal::Journal::new(files.during("sd_journal_open_directory")?);
        self.open_journal = Some(OpenJournal { journal, threshold: DEFAULT_THRESHOLD });
        // It needs what is mounted now.
        self.remember(Change::Mounts);
        Ok(())
    }

    fn journal_close(&mut self) -> Result<()> {
        self.journal()?;
        self.open_journal = None;
        self.remember(Change::Mounts);
        Ok(())
    }

    fn journal_next(&mut self) -> Result<bool> {
        self.journal()?.journal.step(Direction::Forward)
    }

    fn journal_skip(&mut self, skip: i64) -> Result<i64> {
        let journal = &mut self.journal()?.journal;
        let direction = if skip < 0 { Direction::Backward } else { Direction::Forward };
        let mut skipped = 0;
        while skipped < skip.unsigned_abs() && journal.step(direction)? {
            skipped += 1;
        }
        Ok(skipped as i64)
    }

    fn journal_get_realtime_usec(&mut self) -> Result<i64> {
        let current = self.journal()?.journal.current();
        let current = current.ok_or_else(|| Error::os(Errno::EADDRNOTAVAIL).during("sd_journal_get_realtime_usec"))?;
        Ok(current.realtime as i64)
    }

    /// Each field behind its length, a big-endian number of 64 bits.
    fn internal_journal_get(&mut self, filename: &mut dyn Write) -> Result<()> {
        let OpenJournal { journal, threshold } = self.journal()?;
        if journal.current().is_none() {
            return Err(Error::os(Errno::EADDRNOTAVAIL).during("sd_journal_enumerate_data"));
        }
        let mut left = MAX_ENTRY;
        for field in journal.fields(*threshold)? {
            let field = field?;
            left = left.checked_sub(field.len() as u64).ok_or_else(|| Error::os(Errno::EFBIG))?;
            filename.write_all(&(field.len() as u64).to_be_bytes())?;
            filename.write_all(&field)?;
        }
        Ok(())
    }

    fn journal_get_data_threshold(&mut self) -> Result<i64> {
        Ok(self.journal()?.threshold as i64)
    }

    fn journal_set_data_threshold(&mut self, threshold: i64) -> Result<()> {
        // The number is a size_t there: -1 is the largest.
        self.journal()?.threshold = threshold as u64;
        Ok(())
    }
}
