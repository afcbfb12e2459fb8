//! `help`: what commands there are, and what each does.

use std::io::{self, Write};

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::{ArgKind, CallInfo, Returns, StringKind, table};

use super::command;
use super::local::{self, Local};
use super::problem::Problem;

/// How wide text is set.
const WIDTH: usize = 76;
/// How long a command's summary may be in the list of all.
const SUMMARY_WIDTH: usize = 72;
/// How far text is indented.
const INDENT: &str = "    ";

/// What to begin with.
pub const OVERVIEW: &str = "\
Give disk images with the option -a, or with the command 'add'; then 'run'.
'list-filesystems' shows what is in them, 'mount' opens one of those.

  help COMMAND   what a command does
  help --list    all commands
  man            the language of this shell
  quit           leave
";

/// Prints all commands with a line about each, local ones among those of the API.
pub fn list(out: &mut dyn Write) -> io::Result<()> {
    let mut commands: Vec<(String, String)> = Vec::new();
    for info in table::CALLS.iter().filter(|info| command::is_command(info)) {
        let name = command::shown_name(info);
        commands.extend(info.fish_aliases.iter().map(|alias| (alias.to_string(), format!("alias for '{name}'"))));
        commands.push((name, shortened(&summary(info.doc))));
    }
    for command in local::COMMANDS {
        let aliases = command.aliases.iter().map(|alias| (alias.to_string(), format!("alias for '{}'", command.name)));
        commands.extend(aliases);
        commands.push((command.name.into(), command.summary.into()));
    }
    commands.sort();
    writeln!(out, "{INDENT}{:<20} Description", "Command")?;
    for (name, summary) in commands {
        writeln!(out, "{name:<20} {summary}")?;
    }
    writeln!(out, "{INDENT}Use help COMMAND for more about a command.")
}

/// Prints what the command `name` does.
pub fn show(out: &mut dyn Write, name: &BStr) -> Result<(), Problem> {
    if let Some(command) = local::find(name) {
        show_local(out, command)?;
    } else if let Some(info) = command::find(name) {
        show_call(out, info)?;
    } else {
        let text = [name.as_bytes(), b": command not known: use -h to list all commands"].concat();
        return Err(Problem::Plain(BString::new(text)));
    }
    Ok(())
}

fn show_local(out: &mut dyn Write, command: &Local) -> io::Result<()> {
    writeln!(out, "NAME\n{INDENT}{} - {}\n\nDESCRIPTION", command.name, command.summary)?;
    for usage in command.usage {
        writeln!(out, "{INDENT} {usage}")?;
    }
    writeln!(out)?;
    paragraph(out, command.help)?;
    aliases(out, command.aliases)
}

fn show_call(out: &mut dyn Write, info: &'static CallInfo) -> io::Result<()> {
    writeln!(out, "NAME\n{INDENT}{} - {}\n", command::shown_name(info), summary(info.doc))?;
    writeln!(out, "SYNOPSIS\n{INDENT} {}\n\nDESCRIPTION", command::synopsis(info))?;
    paragraph(out, &plain(info.doc))?;
    let kinds: Vec<_> = info.args.iter().filter_map(|arg| Some((arg.name, argument_kind(arg.kind)?))).collect();
    for (name, kind) in &kinds {
        writeln!(out, "{INDENT}{name}: {kind}")?;
    }
    if !kinds.is_empty() {
        writeln!(out)?;
    }
    if let Some(answer) = answer(info.returns) {
        paragraph(out, &answer)?;
    }
    if let Some(group) = info.optional_group {
        paragraph(out, &format!("This command depends on the feature \"{group}\". See also \"feature-available\"."))?;
    }
    match info.deprecated_by {
        Some(other) => {
            let other = other.replace('_', "-");
            paragraph(out, &format!("This command is deprecated: new scripts use \"{other}\"."))?;
        }
        None if info.deprecated => paragraph(out, "This command is deprecated, and nothing replaces it.")?,
        None => {}
    }
    if info.config_only {
        paragraph(out, "It can only be used before \"run\".")?;
    }
    let alias = info.alias().map(|alias| alias.replace('_', "-"));
    let names: Vec<&str> = info.fish_aliases.iter().copied().chain(alias.as_deref()).collect();
    aliases(out, &names)
}

/// The kind of an argument, where its name doesn't say all.
fn argument_kind(kind: ArgKind) -> Option<&'static str> {
    Some(match kind {
        ArgKind::Bool => "true or false",
        ArgKind::Int | ArgKind::Int64 => "a number; 0 begins an octal, 0x a hexadecimal one, and k, M, G … may follow",
        ArgKind::StringList(_) => "a list: words in one pair of quotes, separated by spaces",
        ArgKind::OptString => "a text; \"\" for none",
        ArgKind::FileIn => "a file of the host, - for stdin, or -<<END for the lines up to END",
        ArgKind::FileOut => "a file of the host, or - for stdout",
        ArgKind::String(StringKind::Key) => "a passphrase, which is asked for",
        ArgKind::String(StringKind::Device) => "a device, such as /dev/sda1 or /dev/VG/LV",
        ArgKind::String(StringKind::Mountable) => "a device, or a subvolume as list-filesystems shows it",
        ArgKind::String(StringKind::Pathname) => "an absolute path in the guest, or win:c:\\path",
        ArgKind::String(StringKind::DeviceOrPath | StringKind::MountableOrPath) => "a device, or an absolute path",
        ArgKind::String(_) | ArgKind::BufferIn | ArgKind::Pointer(_) => return None,
    })
}

fn answer(returns: Returns) -> Option<String> {
    Some(match returns {
        Returns::Struct(_, info) | Returns::StructList(_, info) => {
            let fields: Vec<&str> = info.fields.iter().map(|field| field.name).collect();
            let each = if matches!(returns, Returns::StructList(..)) { "For each it prints" } else { "It prints" };
            format!("{each}: {}.", fields.join(", "))
        }
        Returns::Bool(_) => "It prints true or false.".into(),
        _ => return None,
    })
}

fn aliases(out: &mut dyn Write, names: &[&str]) -> io::Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    paragraph(out, &format!("You can use {} as an alias for this command.", names.join(" or ")))
}

/// A sentence as the line of a list: without the capital at its beginning and the full stop.
fn summary(sentence: &str) -> String {
    let sentence = plain(sentence.split_once(". ").map_or(sentence, |(first, _)| first).trim_end_matches('.'));
    let mut letters = sentence.chars();
    let first = letters.next();
    // A word in capitals stays: "LVM", "NTFS".
    let lower = !letters.clone().next().is_some_and(char::is_uppercase);
    let first = first.map(|letter| if lower { letter.to_ascii_lowercase() } else { letter });
    first.into_iter().chain(letters).collect()
}

/// A sentence of the table without its Markdown.
fn plain(sentence: &str) -> String {
    sentence.replace('`', "\"")
}

/// A summary, cut between words where it is too long.
fn shortened(summary: &str) -> String {
    if summary.chars().count() <= SUMMARY_WIDTH {
        return summary.to_owned();
    }
    let mut short = String::new();
    for word in summary.split(' ') {
        if short.chars().count() + 1 + word.chars().count() >= SUMMARY_WIDTH {
            break;
        }
        short.push_str(word);
        short.push(' ');
    }
    format!("{}…", short.trim_end_matches([' ', ',']))
}

/// Text, indented and broken into lines, with an empty line behind it.
fn paragraph(out: &mut dyn Write, text: &str) -> io::Result<()> {
    for block in text.split("\n\n") {
        let mut column = 0;
        for word in block.split_whitespace() {
            let length = word.chars().count();
            if column == 0 {
                write!(out, "{INDENT}{word}")?;
                column = INDENT.len() + length;
            } else if column + 1 + length > WIDTH {
                write!(out, "\n{INDENT}{word}")?;
                column = INDENT.len() + length;
            } else {
                write!(out, " {word}")?;
                column += 1 + length;
            }
        }
        writeln!(out, "\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str) -> String {
        let mut out = Vec::new();
        show(&mut out, name.into()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_call() {
        let text = shown("ADD");
        assert!(text.starts_with("NAME\n    add-drive - "), "{text}");
        assert!(text.contains("\nSYNOPSIS\n     add-drive filename [readonly:true|false] "), "{text}");
        assert!(text.ends_with("You can use 'add' or 'add-drive-opts' as an alias for this command.\n\n"), "{text}");
        let (_, description) = text.split_once("DESCRIPTION").unwrap();
        assert!(description.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn everything_has_help() {
        for info in table::CALLS.iter().filter(|info| command::is_command(info)) {
            shown(&command::shown_name(info));
        }
        for command in local::COMMANDS {
            assert!(shown(command.name).contains(command.summary));
            command.aliases.iter().for_each(|alias| assert_eq!(shown(alias), shown(command.name)));
        }
        assert!(show(&mut Vec::new(), "nosuch".into()).is_err());
    }

    #[test]
    fn the_list_has_every_command_once() {
        let mut out = Vec::new();
        list(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let mut names: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
        assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
        assert!(names.contains(&"add") && names.contains(&"glob") && names.contains(&"part-list"));
    }
}
