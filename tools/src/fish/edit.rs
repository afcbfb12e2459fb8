//! Files of the guest in programs of the host: editors, pagers, viewers.

use std::ffi::OsStr;
use std::io::Write;
use std::process::Stdio;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::{Blockdev, FilesRead, FilesWrite};
use glassbox_io::ResultExt;

use super::Shell;
use super::problem::Problem;
use crate::host_copy::{self, HostCopy};
use crate::replace::replace;

/// The largest device that "hexedit" copies without being told which part.
const LARGEST_WHOLE_DEVICE: i64 = 16 << 20;

/// `edit`, `vi`, `emacs`: in an editor, and back if it was changed.
pub fn edit(shell: &mut Shell, name: &BStr, file: &BString) -> Result<(), Problem> {
    let editor = match name.to_ascii_lowercase().as_slice() {
        b"vi" => "vi".into(),
        b"emacs" => "emacs".into(),
        _ => shell.environment.get("EDITOR").unwrap_or_else(|| "vi".into()),
    };
    let path = shell.guest_path(file)?;
    let copy = download(shell, &path)?;
    if run_on(shell, &editor, &copy)? {
        replace(&mut shell.handle.borrow_mut(), path.as_bstr(), &mut copy.open()?, None)?;
    }
    Ok(())
}

/// `hexedit`: a file or device, or the part of it that is given as its start and length.
pub fn hexedit(shell: &mut Shell, file: &BString, part: Option<(u64, u64)>) -> Result<(), Problem> {
    let editor = shell.environment.get("HEXEDITOR").unwrap_or_else(|| "hexedit".into());
    let path = shell.guest_path(file)?;
    let device = path.starts_with(b"/dev/");
    let size = match device {
        true => shell.handle.borrow_mut().blockdev_getsize64(path.as_bstr())?,
        false => shell.handle.borrow_mut().filesize(path.as_bstr())?,
    };
    let Some((start, length)) = part else {
        if device && size > LARGEST_WHOLE_DEVICE {
            return Err(Problem::usage(format!(
                "hexedit: {path} is larger than 16MB. You must supply a limit using\n  'hexedit {path} <max>' (eg. \
                 'hexedit {path} 1M') or a range using\n  'hexedit {path} <start> <max>'."
            )));
        }
        return edit_part(shell, &editor, &path, 0, size);
    };
    let too_large = || Problem::usage("hexedit: the range is too large");
    let start = i64::try_from(start).map_err(|_| too_large())?;
    let length = i64::try_from(length).map_err(|_| too_large())?.min(size.saturating_sub(start).max(0));
    edit_part(shell, &editor, &path, start, length)
}

fn edit_part(shell: &mut Shell, editor: &OsStr, path: &BString, start: i64, length: i64) -> Result<(), Problem> {
    let mut copy = HostCopy::new()?;
    shell.handle.borrow_mut().download_offset(path.as_bstr(), copy.file(), start, length)?;
    if run_on(shell, editor, &copy)? {
        shell.handle.borrow_mut().upload_offset(&mut copy.open()?, path.as_bstr(), start)?;
    }
    Ok(())
}

/// `display`: in a viewer of pictures.
pub fn display(shell: &mut Shell, file: &BString) -> Result<(), Problem> {
    let viewer = shell.environment.get("GUESTFISH_DISPLAY_IMAGE").unwrap_or_else(|| "display".into());
    let path = shell.guest_path(file)?;
    let copy = download(shell, &path)?;
    run_on(shell, &viewer, &copy).map(|_| ())
}

/// `more`, `less`: in a pager.
pub fn page(shell: &mut Shell, name: &BStr, file: &BString) -> Result<(), Problem> {
    let pager = match name.eq_ignore_ascii_case(b"less") {
        true => "less".into(),
        false => shell.environment.get("PAGER").unwrap_or_else(|| "more".into()),
    };
    let path = shell.guest_path(file)?;
    // A copy, not a pipe: the pager isn't started for a file that can't be read.
    let copy = download(shell, &path)?;
    shell.out.flush()?;
    let mut program = shell.environment.shell(&pager).stdin(Stdio::piped()).spawn().at_file(&pager)?;
    if let Some(mut stdin) = program.stdin.take() {
        // Who leaves the pager early has seen enough.
        let _ = std::io::copy(&mut copy.open()?, &mut stdin);
    }
    host_copy::finished(&pager, program.wait()?).map_err(Problem::Shell)
}

fn download(shell: &mut Shell, path: &BString) -> Result<HostCopy, Problem> {
    Ok(HostCopy::download(&mut shell.handle.borrow_mut(), path.as_bstr())?)
}

/// Opens a copy in a program. Whether that changed it.
fn run_on(shell: &mut Shell, program: &OsStr, copy: &HostCopy) -> Result<bool, Problem> {
    shell.out.flush()?;
    copy.edit(&shell.environment, program).map_err(Problem::Shell)
}
