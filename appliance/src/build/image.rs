//! A built appliance: the files of one directory.

use std::fs;
use std::path::{Path, PathBuf};

use glassbox_io::Result;

use super::Report;
use crate::host::Identity;

/// The kernel as the host has it.
pub(crate) const KERNEL: &str = "kernel";
/// The kernel, unpacked, if it can be started by PVH.
pub(crate) const VMLINUX: &str = "vmlinux";
/// The initramfs.
pub(crate) const INITRD: &str = "initrd";
/// The root disk.
pub(crate) const ROOT: &str = "root";
/// The files of the host that were packed, a line of [`Identity`] for each, after a line for each file here.
const SOURCES: &str = "sources";
/// What was missing.
const REPORT: &str = "missing";

/// An appliance that can be booted.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    directory: PathBuf,
    has_vmlinux: bool,
}

impl Image {
    /// The appliance in a directory, if it looks like one of ours.
    pub fn open(directory: &Path) -> Option<Image> {
        let exists = |name| directory.join(name).is_file();
        let whole = [KERNEL, INITRD, ROOT].into_iter().all(exists);
        whole.then(|| Image { directory: directory.into(), has_vmlinux: exists(VMLINUX) })
    }

    /// Whether its files are as they were written, and those of the host that it was made of too.
    pub fn is_current(&self) -> bool {
        let Ok(sources) = fs::read_to_string(self.directory.join(SOURCES)) else { return false };
        !sources.is_empty() && sources.lines().all(|line| is_unchanged(line, &self.directory))
    }

    /// What was missing when it was built.
    pub fn report(&self) -> Report {
        let text = fs::read_to_string(self.directory.join(REPORT)).unwrap_or_default();
        let of = |kind: &str| text.lines().filter_map(|line| line.strip_prefix(kind)).map(str::to_owned).collect();
        Report { missing_programs: of("program "), missing_modules: of("module ") }
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub fn kernel(&self) -> PathBuf {
        self.directory.join(KERNEL)
    }

    pub fn vmlinux(&self) -> Option<PathBuf> {
        self.has_vmlinux.then(|| self.directory.join(VMLINUX))
    }

    pub fn initrd(&self) -> PathBuf {
        self.directory.join(INITRD)
    }

    pub fn root(&self) -> PathBuf {
        self.directory.join(ROOT)
    }

    /// What tells it from other appliances, and from itself built again.
    pub fn identity(&self) -> Result<String> {
        let files = [self.initrd(), self.root(), self.vmlinux().unwrap_or_else(|| self.kernel())];
        let identities: Result<Vec<Identity>> = files.iter().map(|file| Identity::of(file)).collect();
        Ok(identities?.iter().map(Identity::as_str).collect::<Vec<_>>().join("\n"))
    }
}

fn is_unchanged(line: &str, directory: &Path) -> bool {
    match line.split_once(' ') {
        Some(("size", rest)) => rest.split_once(' ').is_some_and(|(size, name)| {
            directory.join(name).metadata().is_ok_and(|metadata| metadata.len().to_string() == size)
        }),
        Some(("host", rest)) => {
            let path = rest.splitn(4, ' ').last().unwrap_or_default();
            // A path that had to be escaped isn't found by its text; no distribution has such.
            path.contains('\\') || Identity::of(Path::new(path)).is_ok_and(|now| now.as_str() == rest)
        }
        _ => false,
    }
}

/// Writes what the appliance in `directory` is made of.
pub(super) fn write_sources(directory: &Path, mut sources: Vec<PathBuf>) -> Result<()> {
    sources.sort();
    sources.dedup();
    let mut text = String::new();
    for name in [KERNEL, VMLINUX, INITRD, ROOT] {
        if let Ok(metadata) = directory.join(name).metadata() {
            text.push_str(&format!("size {} {name}\n", metadata.len()));
        }
    }
    for source in sources {
        text.push_str(&format!("host {}\n", Identity::of(&source)?.as_str()));
    }
    Ok(fs::write(directory.join(SOURCES), text)?)
}

/// Writes what was missing.
pub(super) fn write_report(directory: &Path, report: &Report) -> Result<()> {
    let lines = |kind: &str, names: &[String]| names.iter().map(|name| format!("{kind} {name}\n")).collect::<String>();
    let text = lines("program", &report.missing_programs) + &lines("module", &report.missing_modules);
    Ok(fs::write(directory.join(REPORT), text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_files_make_it_stale() {
        let directory = tempfile::tempdir().unwrap();
        let source = directory.path().join("tool of the host");
        fs::write(&source, "1").unwrap();
        for name in [KERNEL, INITRD, ROOT] {
            assert!(Image::open(directory.path()).is_none());
            fs::write(directory.path().join(name), name).unwrap();
        }
        let image = Image::open(directory.path()).unwrap();
        assert!(!image.is_current(), "nothing says what it is made of");
        write_sources(directory.path(), vec![source.clone()]).unwrap();
        assert!(image.is_current());
        fs::write(image.root(), "cut").unwrap();
        assert!(!image.is_current());
        fs::write(image.root(), ROOT).unwrap();
        assert!(image.is_current());
        fs::write(&source, "22").unwrap();
        assert!(!image.is_current());

        let report = Report { missing_programs: vec!["x (y)".into()], missing_modules: vec!["zfs".into()] };
        write_report(directory.path(), &report).unwrap();
        assert_eq!(image.report().missing_programs, report.missing_programs);
        assert_eq!(image.report().missing_modules, report.missing_modules);
    }
}
