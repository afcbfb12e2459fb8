//! The libraries that programs need, all the way down, as the dynamic loader (ld.so(8)) would find them: by reading files, never by
//! running anything.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use bstr::{BStr, BString, ByteSlice};
use glassbox_io::{Errno, Error, Result};

use super::elf::Dynamic;
use super::tree::Tree;

/// Where the loader looks at last. Debian's is built for its multiarch directories.
const DEFAULT_DIRECTORIES: [&str; 6] =
    ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"];
/// Files of the loader's configuration include others; no more levels than that.
const MAX_INCLUDES: usize = 8;

/// The directories in which the loader looks.
pub(crate) struct Libraries {
    directories: Vec<PathBuf>,
    /// Files whose libraries were added.
    done: BTreeSet<PathBuf>,
}

/// The libraries of one file.
pub(crate) struct Needs {
    /// The dynamic loader, if it is a program's.
    pub interpreter: Option<PathBuf>,
    /// Each library's name and where it is on the host.
    pub libraries: Vec<(BString, PathBuf)>,
}

impl Libraries {
    /// As the host's loader is configured.
    pub fn of_host() -> Libraries {
        let mut directories = Vec::new();
        read_configuration(Path::new("/etc/ld.so.conf"), 0, &mut directories);
        directories.extend(DEFAULT_DIRECTORIES.map(PathBuf::from));
        Libraries { directories, done: BTreeSet::new() }
    }

    /// Adds the program, script or library at `path` of the host, and what it needs, to the guest's tree.
    pub fn add(&mut self, path: &Path, tree: &mut Tree) -> Result<()> {
        let mut pending = vec![path.to_owned()];
        while let Some(path) = pending.pop() {
            let real = tree.add_host(&path)?;
            if !self.done.insert(real.clone()) {
                continue;
            }
            let Some(needs) = self.needs(&real)? else {
                pending.extend(interpreter_of_script(&real)?);
                continue;
            };
            pending.extend(needs.interpreter);
            pending.extend(needs.libraries.into_iter().map(|(_, library)| library));
        }
        Ok(())
    }

    /// All that the file at `path` needs, itself not counted, by the names that the loader asks for.
    pub fn closure(&self, path: &Path) -> Result<Needs> {
        let not_elf = || Error::unsupported("a daemon that is no 64-bit ELF file").at_file(path);
        let mut all = self.needs(path)?.ok_or_else(not_elf)?;
        let mut next = 0;
        while let Some((_, library)) = all.libraries.get(next).cloned() {
            next += 1;
            for (name, library) in self.needs_of_library(&library)? {
                if !all.libraries.iter().any(|(known, _)| *known == name) {
                    all.libraries.push((name, library));
                }
            }
        }
        Ok(all)
    }

    /// The library of this name and all that it needs, in the order in which they can be loaded one by one: each behind those
    /// that it needs itself. What the file at `user` loads, and all that comes with it, is left out.
    pub fn in_load_order(&self, name: &BStr, user: &Path) -> Result<Vec<PathBuf>> {
        let loaded = self.closure(user)?.libraries;
        let mut seen: BTreeSet<BString> = loaded.into_iter().map(|(name, _)| name).collect();
        let not_elf = || Error::unsupported("a daemon that is no 64-bit ELF file").at_file(user);
        let user_needs = Dynamic::read(user)?.ok_or_else(not_elf)?;
        let mut ordered = Vec::new();
        let first = self.find(name, &user_needs, user)?;
        seen.insert(name.to_owned());
        // A library stays on the stack until those that it needs are in order.
        let mut stack = vec![(first.clone(), self.needs_of_library(&first)?)];
        while let Some((path, needs)) = stack.last_mut() {
            match needs.pop() {
                Some((name, library)) if seen.insert(name.clone()) => {
                    let needs = self.needs_of_library(&library)?;
                    stack.push((library, needs));
                }
                Some(_) => {}
                None => {
                    ordered.push(std::mem::take(path));
                    stack.pop();
                }
            }
        }
        Ok(ordered)
    }

    fn needs_of_library(&self, path: &Path) -> Result<Vec<(BString, PathBuf)>> {
        Ok(self.needs(path)?.map(|needs| needs.libraries).unwrap_or_default())
    }

    /// Where a library of this name is, for whatever machine.
    pub fn locate(&self, name: &str) -> Option<PathBuf> {
        self.directories.iter().map(|directory| directory.join(name)).find(|path| path.exists())
    }

    /// What the file names. `None` if it is no ELF file.
    fn needs(&self, path: &Path) -> Result<Option<Needs>> {
        let Some(dynamic) = Dynamic::read(path)? else { return Ok(None) };
        let interpreter = dynamic.interpreter.as_ref().map(|interpreter| PathBuf::from(OsStr::from_bytes(interpreter)));
        let libraries = dynamic
            .needed
            .iter()
            .map(|name| Ok((name.clone(), self.find(name.as_bstr(), &dynamic, path)?)))
            .collect::<Result<_>>()?;
        Ok(Some(Needs { interpreter, libraries }))
    }

    fn find(&self, name: &BStr, of: &Dynamic, user: &Path) -> Result<PathBuf> {
        let file = Path::new(OsStr::from_bytes(name));
        if file.is_absolute() {
            return Ok(file.to_owned());
        }
        let origin = user.parent().unwrap_or(Path::new("/")).as_os_str().as_bytes();
        let own = of.search.iter().map(|directory| {
            let directory = directory.replace("${ORIGIN}", origin).replace("$ORIGIN", origin);
            PathBuf::from(OsStr::from_bytes(&directory))
        });
        own.chain(self.directories.iter().cloned())
            .map(|directory| directory.join(file))
            // Libraries for other machines may have the same name.
            .find(|path| matches!(Dynamic::read(path), Ok(Some(found)) if found.machine == of.machine))
            .ok_or_else(|| {
                Error::os_with(Errno::ENOENT, format!("its library {name} is nowhere on this machine")).at_file(user)
            })
    }
}

/// Adds the directories that a configuration file of the loader names; what can't be read names none.
fn read_configuration(path: &Path, depth: usize, directories: &mut Vec<PathBuf>) {
    let Ok(text) = fs::read(path) else { return };
    for line in text.lines() {
        let line = line.split_str("#").next().unwrap_or_default().trim();
        if let Some(pattern) =
            line.strip_prefix(b"include").filter(|rest| rest.starts_with_str(" ") || rest.starts_with_str("\t"))
        {
            if depth < MAX_INCLUDES {
                included(path, pattern.trim()).iter().for_each(|path| read_configuration(path, depth + 1, directories));
            }
        } else if line.starts_with_str("/") {
            directories.push(PathBuf::from(OsStr::from_bytes(line)));
        }
    }
}

/// The files that an `include` names, in order. Everybody writes `ld.so.conf.d/*.conf`: a star in the name is what is understood.
fn included(by: &Path, pattern: &[u8]) -> Vec<PathBuf> {
    let pattern = by.parent().unwrap_or(Path::new("/")).join(OsStr::from_bytes(pattern));
    let (Some(directory), Some(name)) = (pattern.parent(), pattern.file_name()) else { return Vec::new() };
    let Some((before, after)) = name.as_bytes().split_once_str("*") else { return vec![pattern] };
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.as_bytes();
            name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
        })
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

/// The program that runs the script at `path`, and the one that `env` would start.
fn interpreter_of_script(path: &Path) -> Result<Vec<PathBuf>> {
    use std::io::Read;
    /// The kernel reads as much of a script's first line (`BINPRM_BUF_SIZE`).
    const LINE_MAX: u64 = 256;
    let mut start = Vec::new();
    fs::File::open(path)?.take(LINE_MAX).read_to_end(&mut start)?;
    let Some(line) = start.strip_prefix(b"#!").and_then(|rest| rest.lines().next()) else { return Ok(Vec::new()) };
    let mut words = line.fields();
    let Some(interpreter) = words.next() else { return Ok(Vec::new()) };
    let interpreter = PathBuf::from(OsStr::from_bytes(interpreter));
    let started = match interpreter.ends_with("env") {
        true => words.next().and_then(|name| crate::host::program(OsStr::from_bytes(name))),
        false => None,
    };
    Ok(std::iter::once(interpreter).chain(started).collect())
}

#[cfg(test)]
mod tests {
    use super::super::elf::tests::library;
    use super::*;

    #[test]
    fn libraries_of_libraries_are_found() {
        let host = tempfile::tempdir().unwrap();
        let at = |name: &str| host.path().join(name);
        fs::create_dir_all(at("conf.d")).unwrap();
        fs::create_dir_all(at("lib")).unwrap();
        fs::create_dir_all(at("own")).unwrap();
        fs::write(at("ld.so.conf"), "# comment\ninclude conf.d/*.conf\n").unwrap();
        fs::write(at("conf.d/a.conf"), format!("{}\n", at("lib").display())).unwrap();
        fs::write(at("conf.d/b.disabled"), "/nowhere\n").unwrap();
        fs::write(at("prog"), library(&["a.so", "b.so"], Some("$ORIGIN/own"), Some("/lib/ld"))).unwrap();
        fs::write(at("own/b.so"), library(&[], None, None)).unwrap();
        fs::write(at("lib/a.so"), library(&["c.so"], None, None)).unwrap();
        fs::write(at("lib/b.so"), library(&["wrong"], None, None)).unwrap();
        fs::write(at("lib/c.so"), library(&["a.so"], None, None)).unwrap();

        let mut directories = Vec::new();
        read_configuration(&at("ld.so.conf"), 0, &mut directories);
        assert_eq!(directories, [at("lib")]);
        let libraries = Libraries { directories, done: BTreeSet::new() };
        let needs = libraries.closure(&at("prog")).unwrap();
        assert_eq!(needs.interpreter.as_deref(), Some(Path::new("/lib/ld")));
        let found: Vec<_> = needs.libraries.iter().map(|(name, path)| (name.to_string(), path.clone())).collect();
        let expected = [("a.so", "lib/a.so"), ("b.so", "own/b.so"), ("c.so", "lib/c.so")];
        assert_eq!(found, expected.map(|(name, path)| (name.to_owned(), at(path))));

        // The program has them all; a library of its own needs one more, and what needs itself is loaded once.
        fs::write(at("lib/own.so"), library(&["d.so", "a.so", "e.so"], None, None)).unwrap();
        fs::write(at("lib/d.so"), library(&["e.so", "own.so"], None, None)).unwrap();
        fs::write(at("lib/e.so"), library(&["c.so"], None, None)).unwrap();
        let ordered = libraries.in_load_order("own.so".into(), &at("prog")).unwrap();
        assert_eq!(ordered, ["e.so", "d.so", "own.so"].map(|name| at("lib").join(name)));
        assert!(libraries.locate("own.so").is_some() && libraries.locate("absent.so").is_none());
        assert_eq!(libraries.in_load_order("absent.so".into(), &at("prog")).unwrap_err().errno(), Errno::ENOENT);

        fs::remove_file(at("lib/c.so")).unwrap();
        let error = libraries.closure(&at("prog")).err().unwrap().to_string();
        assert!(error.contains("c.so") && error.contains("lib/a.so"), "{error}");
    }

    #[test]
    fn scripts_need_their_interpreters() {
        let script = tempfile::NamedTempFile::new().unwrap();
        fs::write(script.path(), "#! /bin/sh -e\n").unwrap();
        assert_eq!(interpreter_of_script(script.path()).unwrap(), [Path::new("/bin/sh")]);
        fs::write(script.path(), "#!/usr/bin/env sh\n").unwrap();
        assert_eq!(interpreter_of_script(script.path()).unwrap().len(), 2);
        fs::write(script.path(), "plain").unwrap();
        assert!(interpreter_of_script(script.path()).unwrap().is_empty());
    }
}
