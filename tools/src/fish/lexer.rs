//! guestfish's language, line by line: what kind of line it is, and the words of a command.
//!
//! A line is split into words at spaces and tabs. A word in double quotes knows escapes, one in single quotes none; a
//! `|` that begins a word sends the output of the command to a program of the host.

use std::fmt;

use bstr::{BString, ByteSlice};

use super::tilde;

/// A line, before its command is looked up.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// Whether a leading `-` says that an error doesn't end the script.
    pub ignore_errors: bool,
    /// What it asks for.
    pub statement: Result<Statement, LexError>,
}

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Statement {
    /// Nothing: it is blank or a comment.
    Nothing,
    /// `!…`: a command for the host's shell.
    Host(BString),
    /// `<!…`: a command for the host's shell whose output is more lines of this language.
    Inline(BString),
    /// A command.
    Command(Command),
}

/// A command and its words.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// Its name, as it was typed.
    pub name: BString,
    /// Its arguments.
    pub arguments: Vec<BString>,
    /// The host's shell command that gets its output.
    pub pipe: Option<BString>,
}

/// Why a line can't be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LexError {
    /// A double quote without its partner.
    UnterminatedDoubleQuote,
    /// A single quote without its partner.
    UnterminatedSingleQuote,
    /// A backslash that begins no escape; its offset in the string.
    InvalidEscape(usize),
    /// A closing quote with something right behind it.
    NotSeparated,
}

impl fmt::Display for LexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LexError::UnterminatedDoubleQuote => f.write_str("unterminated double quote"),
            LexError::UnterminatedSingleQuote => f.write_str("unterminated single quote"),
            LexError::InvalidEscape(offset) => {
                write!(f, "invalid escape sequence in string (starting at offset {offset})")
            }
            LexError::NotSeparated => f.write_str("command arguments not separated by whitespace"),
        }
    }
}

impl std::error::Error for LexError {}

/// Takes a line apart. `home` tells the home directory of a user, or of oneself for the empty name.
pub fn parse(line: &[u8], home: &dyn Fn(&[u8]) -> Option<BString>) -> Line {
    let mut rest = line.trim_ascii_start();
    let mut ignore_errors = false;
    while let Some(after) = rest.strip_prefix(b"-") {
        ignore_errors = true;
        rest = after.trim_ascii_start();
    }
    let statement = match rest {
        [] | [b'#', ..] => Ok(Statement::Nothing),
        [b'!', command @ ..] => Ok(Statement::Host(command.into())),
        [b'<', b'!', command @ ..] => Ok(Statement::Inline(command.into())),
        _ => command(rest, home).map(Statement::Command),
    };
    Line { ignore_errors, statement }
}

fn command(line: &[u8], home: &dyn Fn(&[u8]) -> Option<BString>) -> Result<Command, LexError> {
    let (name, mut rest) = split_blank(line);
    let mut command = Command { name: name.into(), ..Command::default() };
    loop {
        rest = skip_blanks(rest);
        match rest {
            [] => return Ok(command),
            [b'|', shell @ ..] => {
                command.pipe = Some(shell.into());
                return Ok(command);
            }
            [b'"', after @ ..] => {
                let (word, after) = double_quoted(after)?;
                command.arguments.push(word);
                rest = separated(after)?;
            }
            [b'\'', after @ ..] => {
                let end = after.find_byte(b'\'').ok_or(LexError::UnterminatedSingleQuote)?;
                command.arguments.push(after[..end].into());
                rest = separated(&after[end + 1..])?;
            }
            _ => {
                let (word, after) = split_blank(rest);
                command.arguments.push(tilde::expand(word, home));
                rest = after;
            }
        }
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn skip_blanks(line: &[u8]) -> &[u8] {
    &line[line.iter().position(|byte| !is_blank(*byte)).unwrap_or(line.len())..]
}

fn split_blank(line: &[u8]) -> (&[u8], &[u8]) {
    line.split_at(line.iter().position(|byte| is_blank(*byte)).unwrap_or(line.len()))
}

fn separated(rest: &[u8]) -> Result<&[u8], LexError> {
    match rest.first() {
        Some(byte) if !is_blank(*byte) => Err(LexError::NotSeparated),
        _ => Ok(rest),
    }
}

/// The string that ends with the next `"`, with its escapes replaced, and what follows the quote.
fn double_quoted(text: &[u8]) -> Result<(BString, &[u8]), LexError> {
    let mut word = BString::default();
    let mut at = 0;
    loop {
        match text.get(at) {
            None => return Err(LexError::UnterminatedDoubleQuote),
            Some(b'"') => return Ok((word, &text[at + 1..])),
            Some(b'\\') => {
                let (byte, length) = escape(&text[at + 1..]).ok_or(LexError::InvalidEscape(word.len()))?;
                word.push(byte);
                at += 1 + length;
            }
            Some(byte) => {
                word.push(*byte);
                at += 1;
            }
        }
    }
}

/// The byte that is meant by what follows a backslash, and how many bytes that was. NUL can't be in a string.
fn escape(text: &[u8]) -> Option<(u8, usize)> {
    let simple = |byte| Some((byte, 1));
    match text {
        [b'a', ..] => simple(0x07),
        [b'b', ..] => simple(0x08),
        [b'f', ..] => simple(0x0c),
        [b'n', ..] => simple(b'\n'),
        [b'r', ..] => simple(b'\r'),
        [b't', ..] => simple(b'\t'),
        [b'v', ..] => simple(0x0b),
        [quoted @ (b'"' | b'\'' | b'?' | b'\\'), ..] => simple(*quoted),
        [b'x', digits @ ..] => number(digits.get(..2)?, 16).map(|byte| (byte, 3)),
        [b'0'..=b'7', ..] => number(text.get(..3)?, 8).map(|byte| (byte, 3)),
        _ => None,
    }
}

fn number(digits: &[u8], radix: u32) -> Option<u8> {
    let value = digits.iter().try_fold(0, |sum, digit| Some(sum * radix + char::from(*digit).to_digit(radix)?))?;
    u8::try_from(value).ok().filter(|byte| *byte != 0)
}

/// Splits a list argument: at white space, except in single quotes; a backslash takes the next byte as it is.
/// `None` if a quote isn't closed.
pub fn string_list(text: &[u8]) -> Option<Vec<BString>> {
    let mut strings = Vec::new();
    let mut bytes = text.iter().copied().peekable();
    loop {
        while bytes.next_if(u8::is_ascii_whitespace).is_some() {}
        if bytes.peek().is_none() {
            return Some(strings);
        }
        let mut string = BString::default();
        let mut quoted = false;
        while let Some(byte) = bytes.next_if(|byte| quoted || !byte.is_ascii_whitespace()) {
            match byte {
                b'\'' => quoted = !quoted,
                b'\\' => string.push(bytes.next().unwrap_or(byte)),
                _ => string.push(byte),
            }
        }
        if quoted {
            return None;
        }
        strings.push(string);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(user: &[u8]) -> Option<BString> {
        match user {
            b"" => Some("/home/me".into()),
            b"root" => Some("/root".into()),
            _ => None,
        }
    }

    fn words(line: &str) -> Result<Vec<BString>, LexError> {
        match parse(line.as_bytes(), &home).statement? {
            Statement::Command(command) => {
                Ok([command.name].into_iter().chain(command.arguments).chain(command.pipe).collect())
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn kinds_of_lines() {
        let line = |text: &str| {
            let line = parse(text.as_bytes(), &home);
            (line.ignore_errors, line.statement.unwrap())
        };
        assert_eq!(line("  "), (false, Statement::Nothing));
        assert_eq!(line("\t# x"), (false, Statement::Nothing));
        assert_eq!(line("-"), (true, Statement::Nothing));
        assert_eq!(line(" ! ls"), (false, Statement::Host(" ls".into())));
        assert_eq!(line("- - <!ls"), (true, Statement::Inline("ls".into())));
        assert!(matches!(line("-echo"), (true, Statement::Command(_))));
    }

    #[test]
    fn words_and_quotes() {
        assert_eq!(words("echo a\t 'b \"c' \"d\\te\"").unwrap(), ["echo", "a", "b \"c", "d\te"]);
        assert_eq!(words("echo a\"b\" '' e\\f").unwrap(), ["echo", "a\"b\"", "", "e\\f"]);
        assert_eq!(words("echo \"a\"b"), Err(LexError::NotSeparated));
        assert_eq!(words("echo 'a'b"), Err(LexError::NotSeparated));
        assert_eq!(words("echo 'a"), Err(LexError::UnterminatedSingleQuote));
        assert_eq!(words("echo \"a\\\""), Err(LexError::UnterminatedDoubleQuote));
    }

    #[test]
    fn escapes() {
        assert_eq!(words(r#"echo "\x41\101\"\\\a""#).unwrap(), ["echo", "AA\"\\\u{7}"]);
        assert_eq!(words(r#"echo "a\q""#), Err(LexError::InvalidEscape(1)));
        for invalid in [r#"echo "\x00""#, r#"echo "\000""#, r#"echo "\x4""#, r#"echo "\12""#, r#"echo "\777""#] {
            assert_eq!(words(invalid), Err(LexError::InvalidEscape(0)), "{invalid}");
        }
    }

    #[test]
    fn pipes_begin_a_word() {
        let line = parse(b"ls / | grep 'a b' | wc", &home);
        let Ok(Statement::Command(command)) = line.statement else { panic!() };
        assert_eq!(command.arguments, ["/"]);
        assert_eq!(command.pipe.unwrap(), " grep 'a b' | wc");
        assert_eq!(words("echo foo| tr o \"|\"").unwrap(), ["echo", "foo|", "tr", "o", "|"]);
    }

    #[test]
    fn tildes_are_expanded_unless_quoted() {
        assert_eq!(
            words("echo ~ ~/x ~root/y ~nobody \"~\" a~").unwrap(),
            ["echo", "/home/me", "/home/me/x", "/root/y", "~nobody", "~", "a~"]
        );
    }

    #[test]
    fn lists() {
        assert_eq!(string_list(b" a  'b c'd\te\\ f \\'").unwrap(), ["a", "b cd", "e f", "'"]);
        assert_eq!(string_list(b"").unwrap(), [""; 0]);
        assert_eq!(string_list(b"''").unwrap(), [""]);
        assert_eq!(string_list(b"a 'b"), None);
        assert_eq!(string_list(b"\\'x' y"), None);
    }
}
