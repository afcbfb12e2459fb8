//! Jobs around the build that cargo doesn't have.

mod dist;

use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask dist [--profile PROFILE] DIR

Builds Glassbox and makes an installable tree of it in DIR: bin/glassbox, lib/libguestfs.so.0, include/guestfs.h,
lib/pkgconfig/libguestfs.pc and the licenses. PROFILE is cargo's; release, if nothing is said.
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    use lexopt::Arg::{Long, Short, Value};
    let mut parser = lexopt::Parser::from_env();
    let (mut profile, mut words) = (String::from("release"), Vec::<PathBuf>::new());
    while let Some(argument) = parser.next()? {
        match argument {
            Long("profile") => profile = parser.value()?.into_string().map_err(|_| "a profile's name is text")?,
            Long("help") | Short('h') => {
                print!("{USAGE}");
                return Ok(());
            }
            Value(word) => words.push(word.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    match &words[..] {
        [job, directory] if job.as_os_str() == "dist" => dist::dist(directory, &profile),
        _ => Err(USAGE.into()),
    }
}
