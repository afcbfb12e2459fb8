//! Copies of a guest's files on the host, for the host's programs: editors, pagers, viewers, Perl.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use bstr::BStr;
use glassbox_api::FilesRead;
use glassbox_engine::Handle;
use glassbox_io::Error;
use tempfile::NamedTempFile;

use crate::environment::Environment;

/// A temporary file of the host, removed when it is dropped.
pub struct HostCopy(NamedTempFile);

/// Length and digest of a file.
type Digest = (u64, u64);

impl HostCopy {
    /// An empty one.
    pub fn new() -> io::Result<Self> {
        Ok(HostCopy(tempfile::Builder::new().prefix("glassbox-").tempfile()?))
    }

    /// A copy of the guest's file at `path`.
    pub fn download(handle: &mut Handle, path: &BStr) -> Result<Self, Error> {
        let mut copy = HostCopy::new()?;
        handle.download(path, copy.file())?;
        Ok(copy)
    }

    /// The file, to be written.
    pub fn file(&mut self) -> &mut File {
        self.0.as_file_mut()
    }

    /// The file that has the copy's name now, from its beginning: editors may write a new one.
    pub fn open(&self) -> io::Result<File> {
        File::open(self.path())
    }

    /// Its name.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Opens it in a program. Whether that changed it, or what went wrong.
    pub fn edit(&self, environment: &Environment, program: &OsStr) -> Result<bool, String> {
        let told = |error: io::Error| Error::from(error).to_string();
        let before = self.digest().map_err(told)?;
        let mut script = OsString::from(program);
        // The variables that name programs may hold arguments, as every shell takes them; the name is a parameter.
        script.push(" \"$0\"");
        finished(program, environment.shell(&script).arg(self.path()).status().map_err(told)?)?;
        Ok(self.digest().map_err(told)? != before)
    }

    /// A new copy, in which each line is what the Perl expression has made of `$_`, or why it gave up.
    pub fn apply_perl(&self, expression: &OsStr) -> Result<HostCopy, String> {
        let told = |error: io::Error| format!("perl: {}", Error::from(error));
        // On lines of its own: the expression may end in a comment.
        let mut program = OsString::from("$lineno = 0; while (<STDIN>) { $lineno++;\n");
        program.push(expression);
        program.push("\n; print STDOUT or die \"$!\\n\"; } close STDOUT or die \"$!\\n\";");
        let mut changed = HostCopy::new().map_err(told)?;
        let out = changed.file().try_clone().map_err(told)?;
        let mut perl = Command::new("perl");
        perl.arg("-e").arg(program).stdin(Stdio::from(self.open().map_err(told)?)).stdout(Stdio::from(out));
        finished(OsStr::new("perl"), perl.status().map_err(told)?)?;
        Ok(changed)
    }

    /// Whether two copies hold the same.
    pub fn equals(&self, other: &HostCopy) -> io::Result<bool> {
        Ok(self.digest()? == other.digest()?)
    }

    fn digest(&self) -> io::Result<Digest> {
        let mut file = self.open()?;
        let mut digest = DefaultHasher::new();
        let mut buf = vec![0; 1 << 16];
        let mut length = 0;
        loop {
            match file.read(&mut buf)? {
                0 => return Ok((length, digest.finish())),
                read => {
                    digest.write(&buf[..read]);
                    length += read as u64;
                }
            }
        }
    }
}

/// What to say of a program that has failed.
pub fn finished(program: &OsStr, status: ExitStatus) -> Result<(), String> {
    match status.success() {
        true => Ok(()),
        false => Err(format!("{}: {status}", program.to_string_lossy())),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn copy(text: &str) -> HostCopy {
        let mut copy = HostCopy::new().unwrap();
        copy.file().write_all(text.as_bytes()).unwrap();
        copy
    }

    fn applied(text: &str, expression: &str) -> Result<String, String> {
        let changed = copy(text).apply_perl(OsStr::new(expression))?;
        Ok(std::fs::read_to_string(changed.path()).unwrap())
    }

    #[test]
    fn perl_changes_lines() {
        assert_eq!(applied("one\ntwo", "s/two/2 $lineno/"), Ok("one\n2 2".into()));
        assert_eq!(applied("a\nb\n", "$_ = '' if /^a/ # gone"), Ok("b\n".into()));
        assert_eq!(applied("", "s/a/b/"), Ok("".into()));
        assert!(applied("a\n", "die qq(no\\n)").unwrap_err().contains("perl: exit status"));
        assert!(applied("a\n", "((").is_err());
    }

    #[test]
    fn an_editor_changes_the_copy_or_not() {
        let copy = copy("text");
        let edit = |program: &str| copy.edit(&Environment::default(), OsStr::new(program));
        assert_eq!(edit("true"), Ok(false));
        assert_eq!(edit("sed -i s/t/T/"), Ok(true));
        assert_eq!(std::fs::read_to_string(copy.path()).unwrap(), "Text");
        assert!(edit("false").unwrap_err().starts_with("false: exit status"));
    }
}
