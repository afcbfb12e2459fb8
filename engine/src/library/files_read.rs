//! The group `files-read`: what the library makes of the daemon's calls on files.

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::structs::{Dirent, Stat, StatNs};
use glassbox_api::xdr::Decoder;
use glassbox_api::{FilesRead, Record};
use glassbox_io::Result;

use super::Library;

/// Names asked about at once. Upstream's daemon answers at most about this many in one message.
pub(super) const BATCH: usize = 1000;

/// The strings of a list in which each ends with a NUL, in the order of their bytes.
fn sorted_strings(list: &[u8]) -> Vec<BString> {
    let Some(list) = list.strip_suffix(b"\0") else { return Vec::new() };
    let mut strings: Vec<BString> = list.split_str("\0").map(BString::from).collect();
    strings.sort_unstable();
    strings
}

/// The older, shorter form of a file's metadata.
fn without_nanoseconds(stat: StatNs) -> Stat {
    Stat {
        dev: stat.st_dev,
        ino: stat.st_ino,
        mode: stat.st_mode,
        nlink: stat.st_nlink,
        uid: stat.st_uid,
        gid: stat.st_gid,
        rdev: stat.st_rdev,
        size: stat.st_size,
        blksize: stat.st_blksize,
        blocks: stat.st_blocks,
        atime: stat.st_atime_sec,
        mtime: stat.st_mtime_sec,
        ctime: stat.st_ctime_sec,
    }
}

impl FilesRead for Library<'_> {
    fn cat(&mut self, path: &BStr) -> Result<BString> {
        self.0.read_file(path).map(BString::from)
    }

    fn read_file(&mut self, path: &BStr) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        self.0.download(path, &mut content)?;
        Ok(content)
    }

    fn read_lines(&mut self, path: &BStr) -> Result<Vec<BString>> {
        let content = self.0.read_file(path)?;
        Ok(content.lines().map(BString::from).collect())
    }

    fn ls(&mut self, directory: &BStr) -> Result<Vec<BString>> {
        let mut list = Vec::new();
        self.0.ls0(directory, &mut list)?;
        Ok(sorted_strings(&list))
    }

    fn find(&mut self, directory: &BStr) -> Result<Vec<BString>> {
        let mut list = Vec::new();
        self.0.find0(directory, &mut list)?;
        Ok(sorted_strings(&list))
    }

    fn readdir(&mut self, dir: &BStr) -> Result<Vec<Dirent>> {
        let mut stream = Vec::new();
        self.0.internal_readdir(dir, &mut stream)?;
        let mut decoder = Decoder::of_stream(&stream);
        let mut entries = Vec::new();
        while decoder.remaining() > 0 {
            entries.push(Dirent::decode(&mut decoder)?);
        }
        Ok(entries)
    }

    fn stat(&mut self, path: &BStr) -> Result<Stat> {
        self.0.statns(path).map(without_nanoseconds)
    }

    fn lstat(&mut self, path: &BStr) -> Result<Stat> {
        self.0.lstatns(path).map(without_nanoseconds)
    }

    fn lstatlist(&mut self, path: &BStr, names: &[&BStr]) -> Result<Vec<Stat>> {
        Ok(self.0.lstatnslist(path, names)?.into_iter().map(without_nanoseconds).collect())
    }

    fn lstatnslist(&mut self, path: &BStr, names: &[&BStr]) -> Result<Vec<StatNs>> {
        let mut all = Vec::with_capacity(names.len());
        for batch in names.chunks(BATCH) {
            all.extend(self.0.internal_lstatnslist(path, batch)?);
        }
        Ok(all)
    }

    fn readlinklist(&mut self, path: &BStr, names: &[&BStr]) -> Result<Vec<BString>> {
        let mut all = Vec::with_capacity(names.len());
        for batch in names.chunks(BATCH) {
            all.extend(self.0.internal_readlinklist(path, batch)?);
        }
        Ok(all)
    }
}
