//! The prompt at a terminal: line editing, history and completion.

use std::cell::RefCell;
use std::io::Write;
use std::path::PathBuf;
use std::rc::Rc;

use glassbox_engine::Handle;
use glassbox_io::{Error, Result};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};

use super::completion::Completion;
use super::help;
use super::source::Source;
use crate::environment::Environment;

const DEFAULT_PROMPT: &str = "><fs> ";
/// The file in the home directory that keeps what was typed.
const HISTORY_FILE: &str = ".glassbox_history";
const HISTORY_LENGTH: usize = 1000;

/// Lines that a person types.
pub struct Prompt {
    editor: Editor<Completion, FileHistory>,
    history: Option<PathBuf>,
    /// The prompt without and with what takes no place, such as colours.
    text: (String, String),
    /// Printed when a line was entered, before its output.
    before_output: Vec<u8>,
    restore: Vec<u8>,
    ended: bool,
}

impl Prompt {
    /// Greets, and reads the history. `paths` says whether to complete paths of the guest.
    pub fn new(handle: Rc<RefCell<Handle>>, paths: bool, environment: &Environment) -> Result<Prompt> {
        let config = Config::builder().completion_type(CompletionType::List).max_history_size(HISTORY_LENGTH);
        let config = config.map_err(failed)?.history_ignore_space(true).auto_add_history(true);
        let mut editor = Editor::with_config(config.build()).map_err(failed)?;
        editor.set_helper(Some(Completion::new(handle, paths)));
        let history = environment.get("HOME").map(|home| PathBuf::from(home).join(HISTORY_FILE));
        if let Some(history) = &history {
            // There is none before the first time.
            let _ = editor.load_history(history);
        }
        let variable = |name: &str| environment.get(name).map(|value| value.to_string_lossy().into_owned());
        let bytes = |name: &str| variable(name).map(|text| unescape(&text).1.into_bytes()).unwrap_or_default();
        let text = unescape(&variable("GUESTFISH_PS1").unwrap_or_else(|| DEFAULT_PROMPT.into()));
        let mut greeting = bytes("GUESTFISH_INIT");
        greeting.extend_from_slice(b"\nglassbox fish: the shell for disk images, in guestfish's language\n\n");
        greeting.extend_from_slice(help::OVERVIEW.as_bytes());
        greeting.push(b'\n');
        std::io::stdout().write_all(&greeting)?;
        let (before_output, restore) = (bytes("GUESTFISH_OUTPUT"), bytes("GUESTFISH_RESTORE"));
        Ok(Prompt { editor, history, text, before_output, restore, ended: false })
    }

    /// What is printed at the end, to take colours back.
    pub fn restore(&self) -> Vec<u8> {
        self.restore.clone()
    }

    fn read(&mut self, prompt: &(impl rustyline::Prompt + ?Sized)) -> Result<Option<Vec<u8>>> {
        if self.ended {
            return Ok(None);
        }
        match self.editor.readline(prompt) {
            Ok(line) => Ok(Some(line.into_bytes())),
            // The line that was begun is dropped, as every shell does.
            Err(ReadlineError::Interrupted) => Ok(Some(Vec::new())),
            Err(ReadlineError::Eof) => {
                self.ended = true;
                Ok(None)
            }
            Err(error) => Err(failed(error)),
        }
    }
}

impl Source for Prompt {
    fn next_line(&mut self) -> Result<Option<Vec<u8>>> {
        let prompt = self.text.clone();
        let line = self.read(&prompt)?;
        if line.is_some() && !self.before_output.is_empty() {
            std::io::stdout().write_all(&self.before_output)?;
        }
        Ok(line)
    }

    fn next_raw_line(&mut self) -> Result<Option<Vec<u8>>> {
        self.read("")
    }
}

impl Drop for Prompt {
    fn drop(&mut self) {
        if let Some(history) = &self.history
            && let Err(error) = self.editor.save_history(history)
        {
            eprintln!("{}: {error}", history.display());
        }
    }
}

fn failed(error: ReadlineError) -> Error {
    match error {
        ReadlineError::Io(error) => error.into(),
        other => Error::usage(format!("the terminal can't be read: {other}")),
    }
}

/// A prompt with its escapes replaced: without what is between `\[` and `\]`, and with it.
fn unescape(text: &str) -> (String, String) {
    let (mut plain, mut styled) = (String::new(), String::new());
    let mut visible = true;
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        let mut shown = letter;
        if letter == '\\' {
            let Some(escape) = rest.chars().next() else { break };
            rest = &rest[escape.len_utf8()..];
            let digits = |digits: &str, radix| u8::from_str_radix(digits, radix).ok().map(char::from);
            match escape {
                '[' => visible = false,
                ']' => visible = true,
                _ => {}
            }
            shown = match escape {
                '[' | ']' => continue,
                'a' => '\u{7}',
                'e' => '\u{1b}',
                'n' => '\n',
                'r' => '\r',
                'x' if rest.len() >= 2 && rest.is_char_boundary(2) => {
                    let (number, after) = rest.split_at(2);
                    rest = after;
                    digits(number, 16).unwrap_or('?')
                }
                '0'..='7' if rest.len() >= 2 && rest.is_char_boundary(2) => {
                    let (number, after) = rest.split_at(2);
                    rest = after;
                    digits(&format!("{escape}{number}"), 8).unwrap_or('?')
                }
                other => other,
            };
        }
        styled.push(shown);
        if visible {
            plain.push(shown);
        }
    }
    (plain, styled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_the_prompt() {
        assert_eq!(unescape("><fs> "), ("><fs> ".into(), "><fs> ".into()));
        assert_eq!(
            unescape(r"\[\e[1;30m\]fs\[\x1b[0m\]\\ \101"),
            ("fs\\ A".into(), "\u{1b}[1;30mfs\u{1b}[0m\\ A".into())
        );
        assert_eq!(unescape(r"é\"), ("é".into(), "é".into()));
    }
}
