//! Files of the host that calls read and write: names, `-` for stdin and stdout, and here documents.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use bstr::{BString, ByteSlice};
use glassbox_io::{Error, ResultExt};

use super::Shell;
use super::output::Output;
use super::problem::Problem;

/// Opens what `word` names for reading: a file, `-` for stdin, or `-<<END` for the lines of the script up to `END`.
pub fn input(shell: &mut Shell, word: &BString) -> Result<HostInput, Problem> {
    if let Some(end) = word.strip_prefix(b"-<<") {
        return Ok(HostInput::Document(io::Cursor::new(document(shell, end)?)));
    }
    if word == "-" {
        return Ok(HostInput::Stdin(io::stdin()));
    }
    Ok(HostInput::File(LazyFile { path: path(word), file: None }))
}

/// The lines up to the one that is `end`.
fn document(shell: &mut Shell, end: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut text = Vec::new();
    while let Some(line) = shell.next_raw_line()? {
        if line == end {
            return Ok(text);
        }
        text.extend_from_slice(&line);
        text.push(b'\n');
    }
    Err(Problem::Shell(format!("end of input reached without finding '{}'", end.as_bstr())))
}

fn path(name: &[u8]) -> PathBuf {
    name.to_path_lossy().into_owned()
}

/// What a call reads.
pub enum HostInput {
    /// Stdin.
    Stdin(io::Stdin),
    /// A here document.
    Document(io::Cursor<Vec<u8>>),
    /// A file, opened once the call reads: a call that fails at once says why, not that the file is missing.
    File(LazyFile),
}

/// A file that is opened when it is first read.
pub struct LazyFile {
    path: PathBuf,
    file: Option<File>,
}

impl Read for HostInput {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            HostInput::Stdin(stdin) => stdin.read(buf),
            HostInput::Document(text) => text.read(buf),
            HostInput::File(LazyFile { file: Some(file), .. }) => file.read(buf),
            HostInput::File(LazyFile { path, file }) => {
                let opened = File::open(&path).at_file(&path);
                file.insert(opened.map_err(io::Error::from)?).read(buf)
            }
        }
    }
}

/// What a call writes to: a file, which is made once there is something to write, or the command's output.
pub struct HostOutput<'a> {
    path: PathBuf,
    target: Target<'a>,
    /// Why the file can't be made.
    error: Option<Error>,
}

enum Target<'a> {
    Output(&'a mut Output),
    NotYetMade,
    File(File),
}

impl<'a> HostOutput<'a> {
    /// The file called `name`, or `out` if it is `-`.
    pub fn new(name: &[u8], out: &'a mut Output) -> Self {
        let target = match name {
            b"-" | b"/dev/stdout" => Target::Output(out),
            _ => Target::NotYetMade,
        };
        HostOutput { path: path(name), target, error: None }
    }

    /// Makes the file if the call succeeded without writing anything; tells if it couldn't be made.
    pub fn finish(mut self, succeeded: bool) -> Result<(), Problem> {
        if succeeded && matches!(self.target, Target::NotYetMade) {
            self.make();
        }
        match self.error {
            Some(error) => Err(Problem::HostFile(error)),
            None => Ok(()),
        }
    }

    fn make(&mut self) {
        match File::create(&self.path).at_file(&self.path) {
            Ok(file) => self.target = Target::File(file),
            Err(error) => self.error = Some(error),
        }
    }
}

impl Write for HostOutput<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if matches!(self.target, Target::NotYetMade) {
            self.make();
        }
        match &mut self.target {
            Target::Output(out) => out.write(buf),
            Target::File(file) => file.write(buf),
            Target::NotYetMade => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::Output(out) => out.flush(),
            Target::File(file) => file.flush(),
            Target::NotYetMade => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_made_only_by_success_or_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out");
        let name = file.as_os_str().as_encoded_bytes();
        let mut out = Output::new().unwrap();
        HostOutput::new(name, &mut out).finish(false).unwrap();
        assert!(!file.exists());
        HostOutput::new(name, &mut out).finish(true).unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"");
        let mut output = HostOutput::new(name, &mut out);
        output.write_all(b"abc").unwrap();
        output.finish(true).unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"abc");
        let missing = folder.path().join("missing/out");
        let mut output = HostOutput::new(missing.as_os_str().as_encoded_bytes(), &mut out);
        output.write_all(b"abc").unwrap_err();
        assert!(matches!(output.finish(false), Err(Problem::HostFile(_))));
    }
}
