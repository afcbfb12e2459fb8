//! One filesystem looked at on its own, as libguestfs looks at it: mounted at the root, with nothing else.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use bstr::{BString, ByteSlice};
use glassbox_filesystems::{FileType, Filesystem};
use glassbox_io::{Errno, Error, ReadAt, Result, ResultExt};

use crate::vfs::{Follow, Located, Vfs};

/// The largest file that inspection reads whole, in bytes: as large as libguestfs's, and a thousand times what any
/// release or configuration file needs.
pub const LARGEST_FILE: u64 = 2_000_000;
/// Different problems that one filesystem's warnings tell of; the rest of a badly damaged one would say nothing new.
const MOST_PROBLEMS: usize = 8;

/// The files of one filesystem. Questions about them are answered with no rather than with an error: a damaged file
/// must not hide the others. What went wrong is kept, for warnings.
pub struct Tree {
    vfs: Vfs,
    problems: RefCell<BTreeSet<String>>,
}

impl Tree {
    /// The files of `filesystem`.
    pub fn new(filesystem: Arc<dyn Filesystem>) -> Result<Self> {
        let mut vfs = Vfs::default();
        vfs.mount("".into(), "/".into(), filesystem, 0, true)?;
        Ok(Tree { vfs, problems: RefCell::default() })
    }

    /// What went wrong so far.
    pub fn into_problems(self) -> BTreeSet<String> {
        self.problems.into_inner()
    }

    /// Keeps what went wrong.
    pub fn problem(&self, problem: impl ToString) {
        let mut problems = self.problems.borrow_mut();
        if problems.len() < MOST_PROBLEMS {
            problems.insert(problem.to_string());
        }
    }

    /// The value, or `None` where there is no such file; other errors are kept as problems.
    pub fn found<T>(&self, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                if !matches!(error.errno(), Errno::ENOENT | Errno::ENOTDIR) {
                    self.problem(error);
                }
                None
            }
        }
    }

    /// Whether `path` is a regular file, and no link to one.
    pub fn is_file(&self, path: impl AsRef<[u8]>) -> bool {
        self.is_type(path, Follow::NotLast, FileType::Regular)
    }

    /// Whether `path` is a directory, and no link to one.
    pub fn is_dir(&self, path: impl AsRef<[u8]>) -> bool {
        self.is_type(path, Follow::NotLast, FileType::Directory)
    }

    /// Whether `path` is a regular file or leads to one.
    pub fn leads_to_file(&self, path: impl AsRef<[u8]>) -> bool {
        self.is_type(path, Follow::Always, FileType::Regular)
    }

    fn is_type(&self, path: impl AsRef<[u8]>, follow: Follow, wanted: FileType) -> bool {
        let result = self.vfs.resolve(path.as_ref().as_bstr(), follow).and_then(|found| found.file_type());
        self.found(result) == Some(wanted)
    }

    /// Where the symbolic link `path` points; `None` if it isn't one.
    pub fn link_target(&self, path: impl AsRef<[u8]>) -> Option<BString> {
        let found = self.found(self.vfs.resolve(path.as_ref().as_bstr(), Follow::NotLast))?;
        match self.found(found.file_type())? {
            FileType::Symlink => self.found(found.filesystem.read_link(found.node)),
            _ => None,
        }
    }

    /// `path` as the directories spell it, found in any case. The last name need not exist.
    pub fn spelled(&self, path: impl AsRef<[u8]>) -> Option<BString> {
        self.found(self.vfs.spelled(path.as_ref().as_bstr()))
    }

    /// Whether `path`, in any case, is a regular file.
    pub fn is_file_in_any_case(&self, path: impl AsRef<[u8]>) -> bool {
        self.spelled(path).is_some_and(|path| self.is_file(path))
    }

    /// Whether `path`, in any case, is a directory.
    pub fn is_dir_in_any_case(&self, path: impl AsRef<[u8]>) -> bool {
        self.spelled(path).is_some_and(|path| self.is_dir(path))
    }

    /// The files as the handle sees those that are mounted.
    pub fn vfs(&self) -> &Vfs {
        &self.vfs
    }

    /// The file that `path` leads to.
    pub fn locate(&self, path: impl AsRef<[u8]>) -> Result<Located> {
        self.vfs.resolve(path.as_ref().as_bstr(), Follow::Always)
    }

    /// Reads from the regular file that `path` leads to.
    pub fn with_file<T>(&self, path: impl AsRef<[u8]>, read: impl FnOnce(&dyn ReadAt) -> Result<T>) -> Result<T> {
        let found = self.locate(path.as_ref())?;
        if found.file_type()? != FileType::Regular {
            return Err(Error::os_with(Errno::EINVAL, "not a regular file").at_path(path));
        }
        let result = found.filesystem.open(found.node).and_then(|file| read(&file));
        result.at_path(path)
    }

    /// The contents of a file of at most [`LARGEST_FILE`] bytes; `None`, and a problem, if it is larger or can't be read.
    pub fn read(&self, path: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        self.read_at_most(path, LARGEST_FILE)
    }

    /// The contents of a file of at most `largest` bytes.
    pub fn read_at_most(&self, path: impl AsRef<[u8]>, largest: u64) -> Option<Vec<u8>> {
        self.found(self.with_file(path, |file| {
            let length = file.len();
            if length > largest {
                return Err(Error::usage(format!("{length} bytes are too many: at most {largest} are read here")));
            }
            let mut contents = vec![0; length as usize];
            file.read_exact_at(&mut contents, 0)?;
            Ok(contents)
        }))
    }

    /// The lines of such a file.
    pub fn lines(&self, path: impl AsRef<[u8]>) -> Option<Vec<BString>> {
        let contents = self.read(path)?;
        Some(contents.lines().map(BString::from).collect())
    }

    /// The first line of such a file; `None` if it is empty.
    pub fn first_line(&self, path: impl AsRef<[u8]>) -> Option<BString> {
        let contents = self.read(path)?;
        contents.lines().next().filter(|line| !line.is_empty()).map(BString::from)
    }
}
