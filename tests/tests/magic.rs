//! Descriptions of files against file(1) of the same version, with the programs that libguestfs's appliance has for it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bstr::{BString, ByteSlice};
use glassbox_magic::{Kind, Magic, unpack};
use glassbox_tests::fixture;
use glassbox_tests::fixtures::scratch;

/// The version of libmagic that is built in.
const VERSION: &str = "file-5.44";

/// Folders of any Debian, how many files with the same ending are taken from one folder in them, and how many in all.
const FOLDERS: [&str; 8] = ["/bin", "/boot", "/etc", "/usr/bin", "/usr/include", "/usr/lib", "/usr/sbin", "/usr/share"];
const OF_A_KIND: usize = 12;
const FILES: usize = 2000;

/// Runs file(1) where there are the programs that it starts in the appliance, in its locale and time zone.
struct Oracle {
    path: PathBuf,
}

impl Oracle {
    fn new(scratch: &Path) -> Self {
        let path = scratch.join("bin");
        fs::create_dir_all(&path).unwrap();
        for program in ["gzip", "sh", "uncompress", "zstd"] {
            let found =
                ["/usr/bin", "/bin"].iter().map(|folder| Path::new(folder).join(program)).find(|path| path.exists());
            symlink(found.unwrap_or_else(|| panic!("{program} isn't installed")), path.join(program)).unwrap();
        }
        let oracle = Oracle { path };
        let version = oracle.run(&["--version"], Stdio::null());
        assert_eq!(
            version.lines().next(),
            Some(VERSION.as_bytes()),
            "the oracle must be of the version that is built in"
        );
        oracle
    }

    fn run<S: AsRef<OsStr>>(&self, arguments: &[S], stdin: Stdio) -> BString {
        let mut file = Command::new("/usr/bin/file");
        file.args(arguments).env_clear().env("PATH", &self.path).env("LC_ALL", "C").env("TZ", "UTC").stdin(stdin);
        file.output().unwrap().stdout.into()
    }

    /// What `program | file` says, as libguestfs's `zfile` runs it.
    fn describe_piped(&self, program: &str, file: &Path) -> BString {
        let mut unpack = Command::new(program);
        unpack.arg("-cd").stdin(File::open(file).unwrap()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut unpack = unpack.spawn().unwrap();
        let description = self.run(&["-bsL", "-"], unpack.stdout.take().unwrap().into());
        unpack.wait().unwrap();
        description.trim_end().into()
    }

    /// One description for each.
    fn describe(&self, files: &[PathBuf]) -> Vec<BString> {
        let mut descriptions = Vec::new();
        for batch in files.chunks(500) {
            let mut arguments = vec![OsStr::new("-zSb"), OsStr::new("--")];
            arguments.extend(batch.iter().map(|path| path.as_os_str()));
            descriptions.extend(self.run(&arguments, Stdio::null()).lines().map(BString::from));
        }
        assert_eq!(descriptions.len(), files.len());
        descriptions
    }
}

fn ours(magic: &mut Magic, path: &Path) -> BString {
    let mode = fs::metadata(path).unwrap().permissions().mode();
    let source = fs::read(path).unwrap();
    match magic.describe(&source, Kind::File { mode }) {
        Ok(description) => description,
        Err(error) => format!("{path:?}: {error}").into(),
    }
}

/// Regular files below `folder`: of each folder and ending, some.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut entries: Vec<_> = entries.filter_map(|entry| entry.ok()).collect();
    entries.sort_by_key(|entry| entry.file_name());
    let mut kinds = std::collections::BTreeMap::new();
    for entry in entries {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => collect(&path, files),
            Ok(kind) if kind.is_file() => {
                let taken: &mut usize = kinds.entry(path.extension().map(OsStr::to_owned)).or_default();
                if *taken < OF_A_KIND {
                    *taken += 1;
                    files.push(path);
                }
            }
            _ => {}
        }
    }
}

fn compare(files: &[PathBuf], oracle: &Oracle) {
    let mut magic = Magic::new().unwrap();
    let mut differences = String::new();
    for (path, theirs) in files.iter().zip(oracle.describe(files)) {
        let ours = ours(&mut magic, path);
        if ours != theirs {
            differences.push_str(&format!("{}\n  theirs: {theirs}\n  ours:   {ours}\n", path.display()));
        }
    }
    assert!(differences.is_empty(), "of {} files:\n{differences}", files.len());
}

/// Files of this machine, or those that the file `$GLASSBOX_FILES` lists.
#[test]
fn files_of_this_machine() {
    let oracle = Oracle::new(&scratch("magic-machine"));
    let mut files = Vec::new();
    match std::env::var_os("GLASSBOX_FILES") {
        Some(list) => files.extend(fs::read(list).unwrap().lines().map(|line| PathBuf::from(OsStr::from_bytes(line)))),
        None => {
            FOLDERS.iter().for_each(|folder| collect(Path::new(folder), &mut files));
            files = files.iter().step_by(files.len().div_ceil(FILES)).cloned().collect();
        }
    }
    assert!(files.len() > 100);
    compare(&files, &oracle);
}

/// Compressed files of all kinds, many of them damaged.
fn compressed() -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(fixture("magic").join("files")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn compressed_files() {
    compare(&compressed(), &Oracle::new(&scratch("magic-compressed")));
}

#[test]
fn what_comes_out_of_a_pipe() {
    let oracle = Oracle::new(&scratch("magic-pipe"));
    let mut magic = Magic::new().unwrap();
    for path in compressed() {
        let source = fs::read(&path).unwrap();
        let ours = magic.describe_stream(&mut unpack::zcat(&source).unwrap()).unwrap();
        assert_eq!(ours, oracle.describe_piped("gzip", &path), "{path:?}");
        let ours = magic.describe_stream(&mut unpack::bzcat(&source)).unwrap();
        assert_eq!(ours, oracle.describe_piped("bzip2", &path), "{path:?}");
    }
}

/// Formats of the past are named, not guessed.
#[test]
fn what_gzip_reads_no_one_writes() {
    let mut magic = Magic::new().unwrap();
    for beginning in [b"\x1f\x1e", b"\x1f\x9e", b"\x1f\xa0"] {
        let source = [&beginning[..], &[0; 100]].concat();
        assert!(magic.describe(&source, Kind::File { mode: 0o644 }).unwrap_err().is_unsupported());
        assert!(unpack::zcat(&source).err().unwrap().is_unsupported());
    }
}
