//! `glassbox edit`: files of a guest, changed in an editor or by Perl, as virt-edit does.

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;

use bstr::{BStr, BString, ByteSlice};

use super::{
    COMMON_HELP, Failure, GUEST_HELP, Line, MOUNT_HELP, Opened, common_options, finish, read_line, take_images,
};
use crate::environment::Environment;
use crate::host_copy::HostCopy;
use crate::options::{Options, UsageError};
use crate::replace::replace;
use crate::windows_path::{self, Unresolved};

const SHORT: [char; 2] = ['b', 'e'];
const LONG: [&str; 4] = ["backup", "edit", "expr", "mount"];

/// Runs the command.
pub fn main(program: &str, arguments: Vec<OsString>) -> ExitCode {
    finish(program, run(program, arguments))
}

/// How files are changed.
#[derive(Default)]
struct Edit {
    /// By this Perl expression, else by an editor.
    expression: Option<OsString>,
    /// What to put behind the name of the old file, if it is to stay.
    backup: Option<BString>,
}

impl Edit {
    fn accept(&mut self, letter: Option<char>, name: &str, options: &mut Options) -> Result<bool, UsageError> {
        let (option, again) = match (letter, name) {
            (Some('b'), _) | (_, "backup") => {
                let backup = options.value()?.into_vec().into();
                ("-b", self.backup.replace(backup).is_some())
            }
            (Some('e'), _) | (_, "edit" | "expr") => ("-e", self.expression.replace(options.value()?).is_some()),
            _ => return Ok(false),
        };
        match again {
            true => Err(UsageError::new(format!("{option} option given multiple times"))),
            false => Ok(true),
        }
    }
}

fn run(program: &str, arguments: Vec<OsString>) -> Result<(), Failure> {
    let options = common_options(arguments, &SHORT, &LONG);
    let mut edit = Edit::default();
    let own = &mut |letter, name: &str, options: &mut Options| edit.accept(letter, name, options);
    let Some(Line { mut disks, mut words }) = read_line(options, &|| usage(program), own)? else { return Ok(()) };
    take_images(&mut disks, &mut words)?;
    if words.is_empty() {
        let message = "which file of the image? Name it, as /etc/fstab";
        return Err(UsageError::see_help(message).into());
    }
    let mut opened = Opened::mounted_writable(program, &disks)?;
    for path in &words {
        opened.edit(path.as_bstr(), &edit)?;
    }
    opened.close()
}

impl Opened {
    fn edit(&mut self, name: &BStr, edit: &Edit) -> Result<(), Failure> {
        let failed = self.failed(name.to_string());
        let path = windows_path::resolve_in_guest(&mut self.handle, name).map_err(|unresolved| match unresolved {
            Unresolved::Call(error) => failed(error),
            Unresolved::Drive(text) => Failure::Message(text),
        })?;
        let copy = HostCopy::download(&mut self.handle, path.as_bstr()).map_err(&failed)?;
        let changed = match &edit.expression {
            Some(expression) => {
                let changed = copy.apply_perl(expression).map_err(Failure::Message)?;
                (!changed.equals(&copy)?).then_some(changed)
            }
            None => {
                let environment = Environment::default();
                let editor = environment.get("EDITOR").unwrap_or_else(|| "vi".into());
                copy.edit(&environment, &editor).map_err(Failure::Message)?.then_some(copy)
            }
        };
        let Some(changed) = changed else {
            if edit.expression.is_none() {
                writeln!(std::io::stdout(), "File not changed.")?;
            }
            return Ok(());
        };
        let backup = edit.backup.as_ref().map(|backup| backup.as_bstr());
        replace(&mut self.handle, path.as_bstr(), &mut changed.open()?, backup).map_err(failed)
    }
}

fn usage(program: &str) -> String {
    format!(
        "\
Changes files of a guest, in $EDITOR (or vi) or by a Perl expression, as virt-edit does.

Usage: {program} [OPTIONS] IMAGE… /PATH…
       {program} [OPTIONS] -a IMAGE /PATH…

The files must be there, and keep their owners, permissions and labels. What isn't changed isn't written. The image is
changed: no virtual machine may be using it.

  -e, --edit, --expr EXPR  Evaluate a Perl expression for each line, which is in $_ and may be changed there; its
                           number is $lineno. If the expression dies, nothing is changed
  -b, --backup EXTENSION   Keep the old file under its name with this behind it
{MOUNT_HELP}{GUEST_HELP}{COMMON_HELP}
Examples:
  {program} disk.img /etc/fstab
  {program} -a disk.img /etc/hostname -b .old -e 's/alpha/beta/'
"
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::line;
    use super::*;

    #[test]
    fn options() {
        let accept = |arguments: &[&str]| {
            let mut edit = Edit::default();
            let options = common_options(arguments.iter().map(OsString::from).collect(), &SHORT, &LONG);
            let own = &mut |letter, name: &str, options: &mut Options| edit.accept(letter, name, options);
            line(options, own).map(|line| (line.words.len(), edit.expression, edit.backup))
        };
        let given = (1, Some("s/a/b/".into()), Some("~".into()));
        assert_eq!(accept(&["-e", "s/a/b/", "/f", "-b", "~"]), Ok(given.clone()));
        assert_eq!(accept(&["--expr=s/a/b/", "/f", "--backup", "~"]), Ok(given));
        assert_eq!(accept(&["-e", "a", "--edit", "b"]), Err("-e option given multiple times".into()));
    }
}
