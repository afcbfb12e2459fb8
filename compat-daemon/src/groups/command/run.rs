//! A program run below the guest's root.

use std::io::{self, Write};

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::protocol::MESSAGE_MAX;
use glassbox_engine::Job;
use glassbox_io::{Errno, Error, Result};

use crate::sysroot::SYSROOT;
use crate::tool::{Outcome, Tool};

/// What programs find in their environment, beside what every tool does: as in libguestfs.
const ENVIRONMENT: [(&str, &str); 2] = [("PATH", "/sbin:/usr/sbin:/bin:/usr/bin"), ("SHELL", "/bin/sh")];
/// chroot(1)'s own exit statuses: it failed, the program can't be run, the program isn't there.
const CHROOT_FAILED: [i32; 3] = [125, 126, 127];

/// Runs the first of `arguments`, of which there is one at least, with the others, and writes to `out` what it prints.
/// Fails with what it says if it doesn't end well.
pub fn run(arguments: &[&BStr], job: &mut Job, out: &mut dyn Write) -> Result<()> {
    let mut chroot = Tool::new("chroot").arg(SYSROOT).args(arguments);
    for (name, value) in ENVIRONMENT {
        chroot = chroot.env(name, value);
    }
    let outcome = chroot.output_to(out, job)?;
    match outcome.status.success() {
        true => Ok(()),
        false => Err(failure(arguments.first().copied().unwrap_or_default(), &outcome)),
    }
}

fn failure(program: &BStr, outcome: &Outcome) -> Error {
    let said = outcome.stderr.trim_end().as_bstr();
    let code = outcome.status.code().unwrap_or(0);
    // `chroot: failed to run command '/bin/x': No such file or directory` is about the program.
    let of_chroot = said.strip_prefix(b"chroot: ").filter(|_| CHROOT_FAILED.contains(&code));
    match of_chroot.and_then(|said| said.rsplit_once_str(": ")) {
        Some((_, reason)) => Error::os_with(Errno(0), format!("{program}: {}", reason.as_bstr())),
        None if said.is_empty() => outcome.failure(&program.to_string()),
        // The program says its name itself, or leaves it out on purpose.
        None => Error::os_with(Errno(0), said.to_string()),
    }
}

/// An output that one message of the protocol carries.
#[derive(Default)]
pub struct Message(Vec<u8>);

impl Message {
    /// All that was written.
    pub fn into_bytes(self) -> BString {
        self.0.into()
    }
}

impl Write for Message {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.0.len() + buf.len() >= MESSAGE_MAX {
            let message = format!("the command prints more than the {MESSAGE_MAX} bytes of a message");
            return Err(Error::os_with(Errno(0), message).into());
        }
        self.0.extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    #[test]
    fn failures_are_the_programs_own() {
        let failure = |status: i32, stderr: &str| {
            let status = ExitStatus::from_raw(status << 8);
            failure("/bin/x".into(), &Outcome { status, stdout: Vec::new(), stderr: stderr.into() }).to_string()
        };
        let said = "chroot: failed to run command '/bin/x': No such file or directory\n";
        assert_eq!(failure(127, said), "/bin/x: No such file or directory");
        assert_eq!(failure(3, "x: what?\n"), "x: what?");
        assert_eq!(failure(3, ""), "/bin/x: ended with status 3");
    }

    #[test]
    fn a_message_has_an_end() {
        let mut message = Message::default();
        message.write_all(&vec![b'x'; MESSAGE_MAX - 1]).unwrap();
        assert!(message.write_all(b"x").is_err());
        assert_eq!(message.into_bytes().len(), MESSAGE_MAX - 1);
    }
}
