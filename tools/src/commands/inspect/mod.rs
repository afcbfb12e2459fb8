//! `glassbox inspect`: what is installed in images, as virt-inspector tells it.

mod parallel;
mod report;
mod summary;
mod warnings;
mod xml;

use std::ffi::OsString;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    COMMON_HELP, Common, Failure, GUEST_HELP, Opened, common, common_options, describe, finish, need_images, print,
    text,
};
use crate::disks::Disks;
use crate::options::UsageError;
use report::{Report, Wanted};

/// Between two moves of the spinner: smooth, and next to no work.
const TICK: Duration = Duration::from_millis(100);

const LONG: [&str; 5] = ["json", "no-applications", "no-icon", "no-packages", "xml"];

/// How reports are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Summary,
    Json,
    Xml,
}

#[derive(Debug)]
struct Choice {
    form: Form,
    packages: bool,
    icon: bool,
}

/// Runs the command.
pub fn main(program: &str, arguments: Vec<OsString>) -> ExitCode {
    finish(program, run(program, arguments))
}

fn run(program: &str, arguments: Vec<OsString>) -> Result<(), Failure> {
    let mut options = common_options(arguments, &[], &LONG);
    let mut disks = Disks::default();
    let form = if program.ends_with("virt-inspector") { Form::Xml } else { Form::Summary };
    let mut choice = Choice { form, packages: true, icon: true };
    let mut separate = false;
    while let Some(arg) = common(&mut disks, &mut options, &|| usage(program))? {
        match arg {
            Common::Print(text) => return print(&text),
            // Words are guests of their own, -a adds a disk to one.
            Common::Word(image) => {
                separate = true;
                disks.add_unseen(OsString::from_vec(image.into()))?;
            }
            Common::Own(_, "json") => choice.form = Form::Json,
            Common::Own(_, "xml") => choice.form = Form::Xml,
            Common::Own(_, "no-applications" | "no-packages") => choice.packages = false,
            Common::Own(_, "no-icon") => choice.icon = false,
            Common::Taken | Common::Own(..) => {}
        }
    }
    need_images(&disks)?;
    let guests: Vec<Disks> = match separate {
        true => (0..disks.count()).map(|index| disks.only(index)).collect(),
        false => vec![disks],
    };
    if choice.form == Form::Xml && guests.len() > 1 {
        let message = "--xml is a document about one guest; for several, use --json, or call it for each";
        return Err(UsageError::new(message).into());
    }
    choice.inspect(program, &guests)
}

impl Choice {
    /// Inspects all guests; one that fails doesn't keep the others from being told.
    fn inspect(&self, program: &str, guests: &[Disks]) -> Result<(), Failure> {
        let mut out = BufWriter::new(io::stdout().lock());
        let bar = (guests.len() > 1 && io::stderr().is_terminal()).then(|| progress_bar(guests.len() as u64));
        let is_seen = io::stdout().is_terminal();
        let mut failed = false;
        parallel::in_order(
            guests,
            |disks| (names(disks), self.tell(program, disks, guests.len() > 1)),
            |(images, told)| -> Result<(), Failure> {
                let mut show = || match &told {
                    Ok(told) => {
                        out.write_all(told)?;
                        // Many take their time: each is seen when it is there.
                        if guests.len() > 1 { out.flush() } else { Ok(()) }
                    }
                    Err(failure) => {
                        failed = true;
                        self.write_failure(&mut out, program, &images, failure)
                    }
                };
                match &bar {
                    // Lines on the same terminal would be mixed up with it.
                    Some(bar) if is_seen || told.is_err() => bar.suspend(show)?,
                    _ => show()?,
                }
                bar.iter().for_each(|bar| bar.inc(1));
                Ok(())
            },
        )?;
        bar.iter().for_each(ProgressBar::finish_and_clear);
        out.flush()?;
        if failed { Err(Failure::Told) } else { Ok(()) }
    }

    /// What is shown of a guest. It is written where it was gathered: to free a report's many strings in another thread
    /// than the one that made them would have the two wait for each other in the allocator.
    fn tell(&self, program: &str, disks: &Disks, several: bool) -> Result<Vec<u8>, Failure> {
        let report = self.gather(program, disks)?;
        let mut told = Vec::new();
        self.write(&mut told, program, &report, several)?;
        Ok(told)
    }

    fn gather(&self, program: &str, disks: &Disks) -> Result<Report, Failure> {
        let mut opened = Opened::without_progress(program, disks)?;
        disks.keys.open(&mut opened.handle, true, false).map_err(opened.failed("open what is encrypted"))?;
        // Icons are in XML alone.
        let wanted = Wanted { packages: self.packages, icon: self.icon && self.form == Form::Xml };
        Report::gather(&mut opened.handle, names(disks), wanted).map_err(opened.failed("inspect"))
    }

    fn write(&self, out: &mut dyn Write, program: &str, report: &Report, several: bool) -> io::Result<()> {
        match self.form {
            Form::Summary => summary::write(out, report)?,
            Form::Xml => {
                // The form has no place for them.
                report.all_warnings().for_each(|warning| eprintln!("{program}: warning: {warning}"));
                xml::write(out, report)?;
            }
            Form::Json if several => {
                serde_json::to_writer(&mut *out, report)?;
                out.write_all(b"\n")?;
            }
            Form::Json => {
                serde_json::to_writer_pretty(&mut *out, report)?;
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    fn write_failure(
        &self,
        out: &mut dyn Write,
        program: &str,
        images: &[String],
        failure: &Failure,
    ) -> io::Result<()> {
        let told = describe(failure);
        eprintln!("{program}: {told}");
        if self.form == Form::Json {
            serde_json::to_writer(&mut *out, &serde_json::json!({ "images": images, "error": told }))?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }
}

fn names(disks: &Disks) -> Vec<String> {
    disks.paths().map(text).collect()
}

fn progress_bar(length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {pos}/{len} images [{bar:45}] {eta_precise}");
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("#--"));
    // An image may take its time: the spinner and the clock go on meanwhile.
    bar.enable_steady_tick(TICK);
    bar
}

fn usage(program: &str) -> String {
    format!(
        "\
Tells what is installed in images: operating system, filesystems, packages; as virt-inspector does.

Usage: {program} [OPTIONS] IMAGE…

Each IMAGE is a guest of its own; those given with -a are disks of one guest. Several guests are looked at on all
cores, and an image that can't be read doesn't keep the others from being told: the exit status is 1 then. An image
without an operating system is no error; what is on it is told instead.

      --json               As JSON: one document, or for several images one line each
      --xml                As XML in virt-inspector's form
      --no-packages, --no-applications
                           Don't list what is installed
      --no-icon            Leave the system's icon out of the XML
{GUEST_HELP}{COMMON_HELP}
Example:
  {program} --json /var/lib/images/*.qcow2
"
    )
}
