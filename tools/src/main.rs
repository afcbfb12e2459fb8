//! The `glassbox` program: one program with many names.
//!
//! The first word says what it does, or the name it was started by: linked as `guestfish` or `virt-ls`, it is that.

mod commands;
mod disks;
mod environment;
mod fish;
mod guest;
mod host_copy;
mod json;
mod keys;
mod layout;
mod local_time;
mod number;
mod options;
mod progress;
mod replace;
mod table;
mod terminal;
mod uri;
mod windows_path;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use options::UsageError;

/// A command of the program.
struct Command {
    name: &'static str,
    /// The libguestfs program that it stands for, if there is one.
    upstream: Option<&'static str>,
    summary: &'static str,
    main: fn(&str, Vec<OsString>) -> ExitCode,
}

const COMMANDS: [Command; 16] = [
    Command {
        name: "filesystems",
        upstream: Some("virt-filesystems"),
        summary: "list filesystems, partitions, volumes and disks",
        main: commands::filesystems::main,
    },
    Command {
        name: "inspect",
        upstream: Some("virt-inspector"),
        summary: "tell what is installed: operating system, filesystems, packages",
        main: commands::inspect::main,
    },
    Command { name: "ls", upstream: Some("virt-ls"), summary: "list directories and trees", main: commands::ls::main },
    Command { name: "cat", upstream: Some("virt-cat"), summary: "print files", main: commands::cat::main },
    Command {
        name: "copy-out",
        upstream: Some("virt-copy-out"),
        summary: "copy files and directories to the host",
        main: commands::copy_out::main,
    },
    Command {
        name: "tar-out",
        upstream: Some("virt-tar-out"),
        summary: "pack a directory into a tar file on the host",
        main: commands::tar_out::main,
    },
    Command {
        name: "df",
        upstream: Some("virt-df"),
        summary: "show how full filesystems are",
        main: commands::df::main,
    },
    Command {
        name: "edit",
        upstream: Some("virt-edit"),
        summary: "change files in an editor or by Perl",
        main: commands::edit::main,
    },
    Command {
        name: "copy-in",
        upstream: Some("virt-copy-in"),
        summary: "copy files and directories of the host into a guest",
        main: commands::copy_in::main,
    },
    Command {
        name: "tar-in",
        upstream: Some("virt-tar-in"),
        summary: "unpack a tar file of the host into a guest",
        main: commands::tar_in::main,
    },
    Command {
        name: "make-fs",
        upstream: Some("virt-make-fs"),
        summary: "make a disk with a filesystem of a directory or tar file",
        main: commands::make_fs::main,
    },
    Command {
        name: "format",
        upstream: Some("virt-format"),
        summary: "erase disks and make them blank",
        main: commands::format::main,
    },
    Command {
        name: "rescue",
        upstream: Some("virt-rescue"),
        summary: "run commands in a small Linux that sees the disks",
        main: commands::rescue::main,
    },
    Command {
        name: "fish",
        upstream: Some("guestfish"),
        summary: "run commands of guestfish's language, or a shell for them",
        main: fish::main,
    },
    Command {
        name: "appliance",
        upstream: None,
        summary: "build, look at and try the virtual machine that does what the parsers can't",
        main: commands::appliance::main,
    },
    Command {
        name: "run",
        upstream: None,
        summary: "run a program that was written for libguestfs",
        main: commands::run::main,
    },
];

fn main() -> ExitCode {
    // As the appliance's first process, this program has become its daemon before it comes here.
    glassbox_compat_daemon::entry::link();
    let mut arguments = std::env::args_os();
    let started_as = arguments.next().unwrap_or_default();
    let started_as = Path::new(&started_as).file_name().unwrap_or_default();
    if let Some(command) = COMMANDS.iter().find(|command| command.upstream.is_some_and(|name| started_as == name)) {
        return (command.main)(command.upstream.unwrap_or(command.name), arguments.collect());
    }
    let Some(word) = arguments.next() else {
        eprint!("{}", usage());
        return ExitCode::FAILURE;
    };
    match word.to_str() {
        Some("--help" | "-h" | "help") => {
            // Nobody is left to tell if that fails.
            let _ = std::io::Write::write_all(&mut std::io::stdout(), usage().as_bytes());
            ExitCode::SUCCESS
        }
        Some("--version" | "-V" | "version") => {
            println!("glassbox {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        name => match COMMANDS
            .iter()
            .find(|command| name == Some(command.name) || name.is_some() && name == command.upstream)
        {
            Some(command) => (command.main)(&format!("glassbox {}", command.name), arguments.collect()),
            None => {
                eprintln!("glassbox: there is no command '{}'", word.display());
                if Path::new(&word).exists() {
                    eprintln!("To see what is in an image: glassbox filesystems {}", word.display());
                }
                eprintln!("Try 'glassbox --help' for more information.");
                ExitCode::FAILURE
            }
        },
    }
}

fn usage() -> String {
    let mut text = String::from(
        "glassbox looks into disk images, in milliseconds and without a virtual machine, and changes them.\nIt needs no \
         root.\n\nUsage: glassbox COMMAND [OPTIONS] IMAGE…\n\n",
    );
    for command in &COMMANDS {
        text.push_str(&format!("  {:<12} {}\n", command.name, command.summary));
    }
    text.push_str(
        "\nglassbox COMMAND --help tells more. Begin with:\n\n  glassbox filesystems disk.img\n  glassbox ls disk.img \
         /etc\n\nImages are raw or qcow2. Only edit, copy-in, tar-in, make-fs, format, rescue and fish write to them.\n\
         Linked under the name of the libguestfs program that a command stands for (guestfish, virt-ls,\nvirt-cat …), \
         this program is that program.\n",
    );
    text
}

/// Tells of wrong use on the command line.
fn usage_error(program: &str, error: &UsageError) -> ExitCode {
    eprintln!("{program}: {error}");
    if error.see_help {
        eprintln!("Try ‘{program} --help’ for more information.");
    }
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_the_usage() {
        let usage = usage();
        assert!(COMMANDS.iter().all(|command| usage.contains(command.name) && usage.contains(command.summary)));
        assert!(usage.lines().all(|line| line.chars().count() <= 110));
    }
}
