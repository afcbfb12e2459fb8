//! Commands that only the shell has.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::time::Instant;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::options::AddDriveOpts;
use glassbox_api::table::OPTIONAL_GROUPS;
use glassbox_api::{Archive, Drives, Features};
use glassbox_io::ResultExt;

use super::events::{self, Handler};
use super::problem::Problem;
use super::{Shell, edit, glob, help, manual};
use crate::disks::make_file;
use crate::number;

/// A command of the shell.
pub struct Local {
    /// Its name.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// How it is written.
    pub usage: &'static [&'static str],
    /// What it does, as the line of a list.
    pub summary: &'static str,
    /// What it does, in full.
    pub help: &'static str,
    /// Does it: the name under which it was called, and its words.
    pub run: fn(&mut Shell, &BStr, &[BString]) -> Result<(), Problem>,
}

/// The command of that name, in any case and with `-` or `_`.
pub fn find(name: &BStr) -> Option<&'static Local> {
    let name = name.to_ascii_lowercase().replace("_", "-");
    COMMANDS.iter().find(|command| {
        [command.name].iter().chain(command.aliases).any(|candidate| candidate.as_bytes() == name.as_slice())
    })
}

/// All of them, by name.
pub const COMMANDS: &[Local] = &[
    Local {
        name: "alloc",
        aliases: &["allocate"],
        usage: &["alloc filename size"],
        summary: "allocate and add a disk file",
        help: "Makes an empty file of this size on the host, with all its space allocated, and adds it as a disk. \
               The size may end in k, M, G and so on. See also \"sparse\" and \"disk-create\".",
        run: |shell, _, words| match words {
            [file, size] => add_new_disk(shell, file, size, true),
            _ => Err(Problem::usage("use 'alloc file size' to create an image")),
        },
    },
    Local {
        name: "copy-in",
        aliases: &[],
        usage: &["copy-in local [local ...] /remotedir"],
        summary: "copy local files or directories into an image",
        help: "Copies files and directories of the host, with all that is in them, into a directory of the guest.",
        run: |shell, _, words| match words.split_last() {
            Some((directory, sources @ [_, ..])) => sources
                .iter()
                .try_for_each(|source| Ok(shell.handle.borrow_mut().copy_in(source.as_bstr(), directory.as_bstr())?)),
            _ => Err(Problem::usage("use 'copy-in <local> [<local>...] <remotedir>' to copy files into the image")),
        },
    },
    Local {
        name: "copy-out",
        aliases: &[],
        usage: &["copy-out remote [remote ...] localdir"],
        summary: "copy remote files or directories out of an image",
        help: "Copies files and directories of the guest, with all that is in them, into a directory of the host, \
               which must exist. For wildcards write: glob copy-out /home/* .",
        run: |shell, _, words| match words.split_last() {
            Some((directory, sources @ [_, ..])) => sources.iter().try_for_each(|source| {
                Ok(shell.handle.borrow_mut().copy_out(source.as_bstr(), directory.as_bstr())?)
            }),
            _ => Err(Problem::usage("use 'copy-out <remote> [<remote>...] <localdir>' to copy files out of the image")),
        },
    },
    Local {
        name: "delete-event",
        aliases: &[],
        usage: &["delete-event name"],
        summary: "delete an event handler",
        help: "Deletes all event handlers of this name. See also \"event\" and \"list-events\".",
        run: |shell, _, words| match words {
            [name] => delete_event(shell, name.as_bstr()),
            _ => Err(Problem::usage("use 'delete-event <name>' to delete an event handler")),
        },
    },
    Local {
        name: "display",
        aliases: &[],
        usage: &["display filename"],
        summary: "display an image file",
        help: "Copies a picture out and shows it with display, or the program that $GUESTFISH_DISPLAY_IMAGE names.",
        run: |shell, _, words| match words {
            [file] => edit::display(shell, file),
            _ => Err(Problem::usage("display filename")),
        },
    },
    Local {
        name: "echo",
        aliases: &[],
        usage: &["echo [params ...]"],
        summary: "display a line of text",
        help: "Prints its parameters.",
        run: |shell, _, words| {
            shell.out.write_all(&bstr::join(" ", words))?;
            Ok(shell.out.write_all(b"\n")?)
        },
    },
    Local {
        name: "edit",
        aliases: &["vi", "emacs"],
        usage: &["edit filename"],
        summary: "edit a file",
        help: "Copies a file out, opens it in $EDITOR, or in vi or emacs if it was called by that name, and puts it \
               back if it was changed.",
        run: |shell, name, words| match words {
            [file] => edit::edit(shell, name, file),
            _ => Err(Problem::usage(format!("use '{name} filename' to edit a file"))),
        },
    },
    Local {
        name: "event",
        aliases: &[],
        usage: &["event name eventset \"shell script ...\""],
        summary: "register a handler for an event or events",
        help: "Runs a fragment of shell script at every event of a set: a list of names with commas between them, or \
               * for all.\n\nThe script finds the event's name in $EVENT, and its text and numbers in $1 and so on. \
               The name is for \"delete-event\", and may be empty.",
        run: |shell, _, words| match words {
            [name, set, script] => {
                let mask = events::parse(set.as_bstr())
                    .map_err(|name| Problem::usage([b"unknown event name: ", name.as_slice()].concat()))?;
                let events = shell.handle.borrow().events().clone();
                let handler = Handler::register(&events, &shell.environment, name.as_bstr(), mask, script.as_bstr());
                shell.handlers.push(handler);
                Ok(())
            }
            _ => Err(Problem::usage("use 'event <name> <eventset> <script>' to register an event handler")),
        },
    },
    Local {
        name: "glob",
        aliases: &[],
        usage: &["glob command args..."],
        summary: "expand wildcards in command",
        help: "Runs a command for everything that the wildcards in its arguments match: paths of the guest, or \
               devices. Several arguments with wildcards give all combinations.",
        run: |shell, _, words| match words {
            [name, words @ ..] => glob::run(shell, name.as_bstr(), words),
            [] => Err(Problem::usage("use 'glob command [args...]'")),
        },
    },
    Local {
        name: "help",
        aliases: &[],
        usage: &["help", "help cmd", "help -l|--list"],
        summary: "display a list of commands or help on a command",
        help: "Shows what a command does, or all commands with a line about each.",
        run: |shell, _, words| match words {
            [] => Ok(shell.out.write_all(help::OVERVIEW.as_bytes())?),
            [list] if list == "-l" || list == "--list" => Ok(help::list(&mut shell.out)?),
            [name] => help::show(&mut shell.out, name.as_bstr()),
            _ => Err(Problem::usage("use 'help', 'help <cmd>' or 'help -l|--list' to list all commands")),
        },
    },
    Local {
        name: "hexedit",
        aliases: &[],
        usage: &[
            "hexedit <filename|device>",
            "hexedit <filename|device> <max>",
            "hexedit <filename|device> <start> <max>",
        ],
        summary: "edit with a hex editor",
        help: "Copies a file or device out, or a part of it, opens it in hexedit, or in the program that $HEXEDITOR \
               names, and puts it back if it was changed.",
        run: |shell, _, words| match words {
            [file] => edit::hexedit(shell, file, None),
            [file, max] => edit::hexedit(shell, file, Some((0, size(max)?))),
            [file, start, max] => edit::hexedit(shell, file, Some((size(start)?, size(max)?))),
            _ => Err(Problem::usage("hexedit (device|filename) [max | start max]")),
        },
    },
    Local {
        name: "lcd",
        aliases: &[],
        usage: &["lcd directory"],
        summary: "change working directory",
        help: "Changes the directory of the host that local files are relative to. \"!cd\" has no effect.",
        run: |_, _, words| match words {
            [directory] => std::env::set_current_dir(OsStr::from_bytes(directory))
                .at_path(directory)
                .map_err(|error| Problem::usage(error.to_string())),
            _ => Err(Problem::usage("use 'lcd directory' to change local directory")),
        },
    },
    Local {
        name: "list-events",
        aliases: &[],
        usage: &["list-events"],
        summary: "list event handlers",
        help: "Lists what \"event\" has registered, the newest first.",
        run: |shell, _, words| {
            if !words.is_empty() {
                return Err(Problem::usage("use ‘list-events’ to list event handlers"));
            }
            for handler in shell.handlers.iter().rev() {
                let (name, script, set) = (&handler.name, &handler.script, events::names(handler.mask));
                writeln!(shell.out, "\"{name}\" ({}): {set}: {script}", handler.number)?;
            }
            Ok(())
        },
    },
    Local {
        name: "man",
        aliases: &["manual"],
        usage: &["man"],
        summary: "open the manual",
        help: "Shows the language of this shell.",
        run: |shell, _, words| match words {
            [] => manual::show(shell),
            _ => Err(Problem::usage("use ‘man’ without parameters to open the manual")),
        },
    },
    Local {
        name: "more",
        aliases: &["less"],
        usage: &["more filename", "less filename"],
        summary: "view a file",
        help: "Shows a file in $PAGER, or in more; in less if it was called by that name.",
        run: |shell, name, words| match words {
            [file] => edit::page(shell, name, file),
            _ => Err(Problem::usage(format!("use '{name} filename' to page a file"))),
        },
    },
    Local {
        name: "not",
        aliases: &[],
        usage: &["not command args..."],
        summary: "expect a command to fail",
        help: "Runs a command. It is an error if that succeeds, and none if it fails.",
        run: |shell, _, words| match words {
            [name, words @ ..] => match shell.run_command(name.as_bstr(), words) {
                Ok(()) => Err(Problem::usage(format!("not: {name}: the command succeeded"))),
                Err(problem) => {
                    shell.tell(&problem);
                    Ok(())
                }
            },
            [] => Err(Problem::usage("use 'not command [args...]'")),
        },
    },
    Local {
        name: "quit",
        aliases: &["exit", "q"],
        usage: &["quit"],
        summary: "quit guestfish",
        help: "Leaves the shell, as the end of the input does.",
        run: |shell, _, _| {
            shell.quit = true;
            Ok(())
        },
    },
    Local {
        name: "reopen",
        aliases: &[],
        usage: &["reopen"],
        summary: "close and reopen the handle",
        help: "Forgets all disks and begins with a new handle. Event handlers stay.",
        run: |shell, _, words| match words {
            [] => shell.reopen(),
            _ => Err(Problem::usage("‘reopen’ command takes no parameters")),
        },
    },
    Local {
        name: "setenv",
        aliases: &[],
        usage: &["setenv VAR value"],
        summary: "set an environment variable",
        help: "Sets a variable in the environment of the host's programs that this shell starts.",
        run: |shell, _, words| match words {
            [name, value] => {
                shell.environment.set(OsStr::from_bytes(name), OsStr::from_bytes(value));
                Ok(())
            }
            _ => Err(Problem::usage("use 'setenv VAR value' to set an environment variable")),
        },
    },
    Local {
        name: "sparse",
        aliases: &[],
        usage: &["sparse filename size"],
        summary: "create a sparse disk image and add",
        help: "Makes an empty file of this size on the host that takes no space before it is written to, and adds it \
               as a disk. The size may end in k, M, G and so on. See also \"alloc\" and \"scratch\".",
        run: |shell, _, words| match words {
            [file, size] => add_new_disk(shell, file, size, false),
            _ => Err(Problem::usage("use 'sparse file size' to create a sparse image")),
        },
    },
    Local {
        name: "supported",
        aliases: &[],
        usage: &["supported"],
        summary: "list supported groups of commands",
        help: "Lists the optional groups of commands, and whether each is there.",
        run: |shell, _, _| supported(shell),
    },
    Local {
        name: "time",
        aliases: &[],
        usage: &["time command args..."],
        summary: "print elapsed time taken to run a command",
        help: "Runs a command and prints how long it took.",
        run: |shell, _, words| match words {
            [name, words @ ..] => {
                let start = Instant::now();
                shell.run_command(name.as_bstr(), words)?;
                Ok(writeln!(shell.out, "elapsed time: {:.2} seconds", start.elapsed().as_secs_f64())?)
            }
            [] => Err(Problem::usage("use 'time command [args...]'")),
        },
    },
    Local {
        name: "unsetenv",
        aliases: &[],
        usage: &["unsetenv VAR"],
        summary: "unset an environment variable",
        help: "Removes a variable from the environment of the host's programs that this shell starts.",
        run: |shell, _, words| match words {
            [name] => {
                shell.environment.unset(OsStr::from_bytes(name));
                Ok(())
            }
            _ => Err(Problem::usage("use 'unsetenv VAR' to unset an environment variable")),
        },
    },
];

fn size(text: &BString) -> Result<u64, Problem> {
    number::parse_size(text)
        .map_err(|error| Problem::usage(format!("parse_size: invalid integer parameter (xstrtoull returned {error})")))
}

fn add_new_disk(shell: &mut Shell, file: &BString, text: &BString, allocate: bool) -> Result<(), Problem> {
    let size = size(text)?;
    make_file(file.as_bstr(), size, allocate).map_err(Problem::HostFile)?;
    let options = AddDriveOpts { format: Some("raw".into()), ..AddDriveOpts::default() };
    Ok(shell.handle.borrow_mut().add_drive(file.as_bstr(), options)?)
}

fn delete_event(shell: &mut Shell, name: &BStr) -> Result<(), Problem> {
    let (going, staying) = std::mem::take(&mut shell.handlers).into_iter().partition(|handler| handler.name == name);
    shell.handlers = staying;
    let going: Vec<Handler> = going;
    if going.is_empty() {
        return Err(Problem::usage(format!("delete-event: {name}: no such event handler")));
    }
    let handle = shell.handle.borrow();
    for handler in going {
        handle.events().remove(handler.number);
    }
    Ok(())
}

fn supported(shell: &mut Shell) -> Result<(), Problem> {
    let groups = shell.handle.borrow_mut().available_all_groups()?;
    let width = groups.iter().map(|group| group.len()).max().unwrap_or(0);
    for group in groups {
        let available = shell.handle.borrow_mut().feature_available(&[group.as_bstr()])?;
        let known = OPTIONAL_GROUPS.iter().any(|known| group == known.name);
        let padding = width - group.len();
        write!(shell.out, "{:padding$}{group} ", "")?;
        writeln!(shell.out, "{}", if available && known { "yes" } else { "no" })?;
    }
    Ok(())
}
