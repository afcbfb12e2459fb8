//! What can be typed next: commands, their optional arguments, devices and paths of the guest.

use std::cell::RefCell;
use std::rc::Rc;

use bstr::{BString, ByteSlice};
use glassbox_api::{Blockdev, CallInfo, FilesRead, Lvm, OptKind, Partitions, table};
use glassbox_engine::{Handle, State};
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

use super::{command, local};

/// Commands whose first word is a command itself.
const PREFIXES: [&str; 4] = ["glob", "help", "not", "time"];

/// Completes what is being typed.
pub struct Completion {
    handle: Rc<RefCell<Handle>>,
    /// Whether to ask the handle for paths.
    paths: bool,
}

impl Completion {
    /// For the commands of this handle.
    pub fn new(handle: Rc<RefCell<Handle>>, paths: bool) -> Self {
        Completion { handle, paths }
    }

    fn candidates(&self, before: &[&str], word: &str) -> Vec<String> {
        let command = match before {
            [prefix, rest @ ..] if PREFIXES.contains(prefix) => rest,
            all => all,
        };
        let Some(name) = command.first() else { return commands(word) };
        let mut found = Vec::new();
        if let Some(info) = command::find(name.trim_start_matches('-').into())
            && command.len() > command::typed(info).count()
        {
            return optional_arguments(info, word);
        }
        if word.starts_with("/dev/") {
            found.extend(self.devices(word));
        }
        if word.starts_with('/') && self.paths {
            found.extend(self.paths(word));
        }
        found
    }

    fn devices(&self, word: &str) -> Vec<String> {
        let Ok(mut handle) = self.handle.try_borrow_mut() else { return Vec::new() };
        if handle.state() != State::Ready {
            return Vec::new();
        }
        let all = [handle.list_devices(), handle.list_partitions(), handle.lvs()];
        let devices = all.into_iter().flatten().flatten().filter_map(|device| device.to_str().ok().map(str::to_owned));
        devices.filter(|device| device.starts_with(word)).collect()
    }

    /// The entries of the directory that begin with the last name in `word`, in any case.
    fn paths(&self, word: &str) -> Vec<String> {
        let Ok(mut handle) = self.handle.try_borrow_mut() else { return Vec::new() };
        let (directory, start) = word.split_at(word.rfind('/').map_or(0, |slash| slash + 1));
        let Ok(entries) = handle.readdir(directory.into()) else { return Vec::new() };
        let begins =
            |name: &BString| name.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()));
        entries
            .into_iter()
            .filter(|entry| entry.name != "." && entry.name != ".." && begins(&entry.name))
            .filter_map(|entry| {
                let slash = if entry.ftyp == b'd' { "/" } else { "" };
                Some(format!("{directory}{}{slash}", entry.name.to_str().ok()?))
            })
            .collect()
    }
}

fn commands(word: &str) -> Vec<String> {
    // A - in front says that errors don't matter.
    let (dash, start) = word.strip_prefix('-').map_or(("", word), |start| ("-", start));
    let start = start.to_ascii_lowercase().replace('_', "-");
    let calls = table::CALLS.iter().filter(|info| command::is_command(info));
    let calls = calls
        .flat_map(|info| info.fish_aliases.iter().map(|alias| alias.to_string()).chain([command::shown_name(info)]));
    let locals =
        local::COMMANDS.iter().flat_map(|local| local.aliases.iter().chain([&local.name]).map(|name| name.to_string()));
    let names = calls.chain(locals).filter(|name| name.starts_with(&start));
    names.map(|name| format!("{dash}{name} ")).collect()
}

fn optional_arguments(info: &CallInfo, word: &str) -> Vec<String> {
    let mut found = Vec::new();
    for optional in info.optargs.iter().filter(|optional| format!("{}:", optional.name).starts_with(word)) {
        match optional.kind {
            OptKind::Bool => found.extend(["true", "false"].map(|value| format!("{}:{value} ", optional.name))),
            _ => found.push(format!("{}:", optional.name)),
        }
    }
    found
}

/// Where the word before `end` begins: behind a blank that isn't in quotes. Its opening quote is left out.
fn word_start(line: &str, end: usize) -> (usize, Option<char>) {
    let mut start = 0;
    let mut quote = None;
    for (index, letter) in line[..end].char_indices() {
        match (quote, letter) {
            (None, ' ' | '\t') => start = index + 1,
            (None, '"' | '\'') if index == start => {
                quote = Some(letter);
                start = index + 1;
            }
            (Some(open), letter) if letter == open => quote = None,
            _ => {}
        }
    }
    (start, quote)
}

/// The text as it must be typed at the beginning of a word, or inside `quote`.
fn quoted(text: &str, quote: Option<char>) -> String {
    let body = text.trim_end_matches(' ');
    let space = &text[body.len()..];
    match quote {
        Some('"') => body.replace('\\', "\\\\").replace('"', "\\\""),
        Some(_) => body.to_owned(),
        None if body.contains([' ', '\t', '"', '\'']) => {
            format!("\"{}", body.replace('\\', "\\\\").replace('"', "\\\""))
        }
        None => format!("{body}{space}"),
    }
}

impl Helper for Completion {}
impl Highlighter for Completion {}
impl Validator for Completion {}
impl Hinter for Completion {
    type Hint = String;
}

impl Completer for Completion {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, quote) = word_start(line, pos);
        let before: Vec<&str> =
            line[..start].split_ascii_whitespace().filter(|word| *word != "\"" && *word != "'").collect();
        let mut candidates = self.candidates(&before, &line[start..pos]);
        candidates.sort();
        candidates.dedup();
        let pairs = candidates
            .into_iter()
            .map(|text| Pair { display: text.trim_end().to_owned(), replacement: quoted(&text, quote) })
            .collect();
        Ok((start, pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_behind_blanks_and_quotes() {
        assert_eq!(word_start("cat /et", 7), (4, None));
        assert_eq!(word_start("cat \"/a b", 9), (5, Some('"')));
        assert_eq!(word_start("cat '/a' /b", 11), (9, None));
        assert_eq!(word_start("cat", 3), (0, None));
    }

    #[test]
    fn commands_in_any_spelling() {
        assert_eq!(commands("set-mems"), ["set-memsize "]);
        assert_eq!(commands("-SET_MEMS"), ["-set-memsize "]);
        assert!(commands("gl").contains(&"glob ".to_owned()));
        assert!(commands("add").contains(&"add ".to_owned()));
    }

    #[test]
    fn optional_arguments_of_a_call() {
        let info = table::find("add_drive").unwrap();
        assert_eq!(optional_arguments(info, "re"), ["readonly:true ", "readonly:false "]);
        assert_eq!(optional_arguments(info, "form"), ["format:"]);
    }

    #[test]
    fn what_has_blanks_is_quoted() {
        assert_eq!(quoted("/a b/", None), "\"/a b/");
        assert_eq!(quoted("/a b/", Some('"')), "/a b/");
        assert_eq!(quoted("cat ", None), "cat ");
    }
}
