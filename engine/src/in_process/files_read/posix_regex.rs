//! POSIX regular expressions, basic and extended, with GNU's additions, in the C locale (POSIX.1-2017, chapter 9;
//! regex(7); the manual of GNU grep).
//!
//! They are rewritten in the syntax of the `regex` crate, whose time is linear. Those with back-references need a
//! matcher that backtracks; glibc's, which GNU grep uses, finds some lines that don't match (`^(.?)(.?).?\2\1$` in `ab`),
//! and is not imitated in that.

use std::iter::Peekable;

use bstr::BStr;
use fancy_regex::BytesMode;
use glassbox_io::{Error, Result};
use regex::bytes::{Regex, RegexBuilder};

/// How often a pattern with back-references may be tried again in one line, before it is given up.
const MAX_BACKTRACKS: usize = 1_000_000;

/// `RE_DUP_MAX` of glibc.
const MAX_REPETITIONS: u32 = 0x7fff;

/// One line of a pattern, ready to search.
pub enum PosixRegex {
    /// Without back-references.
    Automaton(Regex),
    /// With them.
    Backtracking(Box<fancy_regex::Regex>),
}

impl PosixRegex {
    /// One line of a basic or an extended pattern.
    pub fn new(pattern: &BStr, extended: bool, insensitive: bool) -> Result<Self> {
        let mut translation = Translation { extended, ..Translation::default() };
        translation.pattern(&mut pattern.iter().copied().peekable())?;
        match translation.has_references {
            false => Self::automaton(&translation.out, insensitive),
            true => {
                let mut builder = fancy_regex::RegexBuilder::new(&translation.out);
                builder.bytes_mode(BytesMode::Ascii).case_insensitive(insensitive).backtrack_limit(MAX_BACKTRACKS);
                let built = builder.build().map_err(|error| invalid().caused_by(error))?;
                Ok(PosixRegex::Backtracking(Box::new(built)))
            }
        }
    }

    /// A pattern that means itself.
    pub fn fixed(pattern: &BStr, insensitive: bool) -> Result<Self> {
        let mut regex = String::new();
        pattern.iter().for_each(|byte| literal(&mut regex, *byte));
        Self::automaton(&regex, insensitive)
    }

    fn automaton(regex: &str, insensitive: bool) -> Result<Self> {
        let built = RegexBuilder::new(regex).unicode(false).case_insensitive(insensitive).build();
        Ok(PosixRegex::Automaton(built.map_err(|error| invalid().caused_by(error))?))
    }

    /// Whether it matches somewhere in `line`.
    pub fn is_match(&self, line: &[u8]) -> Result<bool> {
        match self {
            PosixRegex::Automaton(regex) => Ok(regex.is_match(line)),
            PosixRegex::Backtracking(regex) => regex.is_match(line).map_err(|error| {
                Error::unsupported("a regular expression whose back-references take too many attempts").caused_by(error)
            }),
        }
    }
}

fn invalid() -> Error {
    Error::usage("invalid regular expression")
}

fn unmatched_bracket() -> Error {
    Error::usage("Unmatched [, [^, [:, [., or [=")
}

fn literal(regex: &mut String, byte: u8) {
    match byte {
        b if b.is_ascii_alphanumeric() || b == b' ' || b == b'_' => regex.push(char::from(b)),
        b => regex.push_str(&format!("\\x{b:02x}")),
    }
}

/// What an operator does, however it is spelled.
enum Operator {
    Open,
    Close,
    Or,
    Repeat(u8),
    Interval,
}

/// A pattern on its way into the other syntax.
#[derive(Default)]
struct Translation {
    extended: bool,
    out: String,
    /// Where the piece begins that a repetition would repeat; `None` where there is none.
    piece: Option<usize>,
    /// Whether that piece is a repetition already.
    is_repeated: bool,
    /// The groups that are open: where each begins, and its number.
    open: Vec<(usize, usize)>,
    /// The groups that were closed, by number: only those can be referred to.
    closed: Vec<bool>,
    has_references: bool,
}

impl Translation {
    fn pattern<I: Iterator<Item = u8> + Clone>(&mut self, bytes: &mut Peekable<I>) -> Result<()> {
        // Where an anchor has just been, or nothing: there a basic pattern's `*` is plain.
        let mut at_start = true;
        while let Some(byte) = bytes.next() {
            let was_at_start = std::mem::take(&mut at_start);
            let escaped = byte == b'\\';
            let byte = match escaped {
                true => bytes.next().ok_or_else(|| Error::usage("Trailing backslash"))?,
                false => byte,
            };
            match (self.operator(byte, escaped), byte) {
                (Some(Operator::Close), _) if self.open.is_empty() => match self.extended {
                    true => self.literal(byte),
                    false => return Err(Error::usage("Unmatched ) or \\)")),
                },
                (Some(operator), _) => {
                    at_start = matches!(operator, Operator::Open | Operator::Or);
                    self.operate(operator, bytes)?;
                }
                (None, b'1'..=b'9') if escaped => self.reference(byte)?,
                (None, _) if escaped => self.escape(byte),
                (None, b'[') => {
                    self.begin();
                    bracket(&mut self.out, bytes)?;
                }
                (None, b'.') => {
                    self.begin();
                    self.out.push('.');
                }
                (None, b'^') if self.extended || was_at_start => {
                    self.anchor("^");
                    at_start = true;
                }
                (None, b'$') if self.extended || self.ends(bytes.clone()) => self.anchor("$"),
                (None, _) => self.literal(byte),
            }
        }
        match self.open.is_empty() {
            true => Ok(()),
            false => Err(Error::usage("Unmatched ( or \\(")),
        }
    }

    /// The operator that this is, after a backslash or without. A basic pattern has most of them after one.
    fn operator(&self, byte: u8, escaped: bool) -> Option<Operator> {
        match byte {
            b'*' if !escaped => (self.extended || self.piece.is_some()).then_some(Operator::Repeat(byte)),
            _ if escaped == self.extended => None,
            b'(' => Some(Operator::Open),
            b')' => Some(Operator::Close),
            b'|' => Some(Operator::Or),
            b'+' | b'?' => (self.extended || self.piece.is_some()).then_some(Operator::Repeat(byte)),
            b'{' => self.piece.is_some().then_some(Operator::Interval),
            _ => None,
        }
    }

    fn operate<I: Iterator<Item = u8> + Clone>(&mut self, operator: Operator, bytes: &mut Peekable<I>) -> Result<()> {
        match operator {
            Operator::Open => {
                self.open.push((self.out.len(), self.closed.len()));
                self.closed.push(false);
                self.out.push('(');
                self.piece = None;
            }
            Operator::Close => {
                let group = self.open.pop();
                self.piece = group.map(|(start, _)| start);
                self.is_repeated = false;
                let closed = group.and_then(|(_, number)| self.closed.get_mut(number));
                closed.into_iter().for_each(|closed| *closed = true);
                self.out.push(')');
            }
            Operator::Or => {
                self.out.push('|');
                self.piece = None;
            }
            Operator::Repeat(byte) => self.repeat(&char::from(byte).to_string()),
            Operator::Interval => match interval(bytes, self.extended)? {
                Some(interval) => self.repeat(&interval),
                None => self.literal(b'{'),
            },
        }
        Ok(())
    }

    /// Repeats the last piece. Where there is none, in an extended pattern, GNU repeats nothing.
    fn repeat(&mut self, how: &str) {
        let Some(piece) = self.piece else { return };
        if self.is_repeated {
            // `a+?` would be a lazy repetition in the other syntax.
            self.out.insert_str(piece, "(?:");
            self.out.push(')');
        }
        self.out.push_str(how);
        self.is_repeated = true;
    }

    fn reference(&mut self, digit: u8) -> Result<()> {
        let number = usize::from(digit.wrapping_sub(b'1'));
        if !self.closed.get(number).copied().unwrap_or(false) {
            return Err(Error::usage("Invalid back reference"));
        }
        self.begin();
        // In parentheses, or a digit after it would belong to the number.
        self.out.push_str(&format!("(?:\\{})", char::from(digit)));
        self.has_references = true;
        Ok(())
    }

    fn escape(&mut self, byte: u8) {
        match byte {
            b'w' | b'W' | b's' | b'S' => {
                self.begin();
                self.out.push('\\');
                self.out.push(char::from(byte));
            }
            b'b' => self.anchor(r"\b"),
            b'B' => self.anchor(r"\B"),
            b'<' => self.anchor(r"\b{start}"),
            b'>' => self.anchor(r"\b{end}"),
            b'`' => self.anchor(r"\A"),
            b'\'' => self.anchor(r"\z"),
            other => self.literal(other),
        }
    }

    /// Whether a basic pattern ends here, or one of its branches or groups: there `$` is an anchor.
    fn ends(&self, mut rest: impl Iterator<Item = u8>) -> bool {
        match rest.next() {
            None => true,
            Some(b'\\') => matches!(rest.next(), Some(b')' | b'|')),
            Some(_) => false,
        }
    }

    fn begin(&mut self) {
        self.piece = Some(self.out.len());
        self.is_repeated = false;
    }

    /// In an extended pattern an anchor can be repeated, as any piece.
    fn anchor(&mut self, text: &str) {
        self.begin();
        self.out.push_str(&format!("(?:{text})"));
        if !self.extended {
            self.piece = None;
        }
    }

    fn literal(&mut self, byte: u8) {
        self.begin();
        literal(&mut self.out, byte);
    }
}

/// The rest of an interval, in the other syntax. In an extended pattern what isn't one means itself: `None`, and
/// nothing was taken.
fn interval<I: Iterator<Item = u8> + Clone>(bytes: &mut Peekable<I>, extended: bool) -> Result<Option<String>> {
    let mut ahead = bytes.clone();
    let least = number(&mut ahead);
    let (has_comma, most) = match ahead.next_if_eq(&b',') {
        Some(_) => (true, number(&mut ahead)),
        None => (false, None),
    };
    let is_closed = (extended || ahead.next() == Some(b'\\')) && ahead.next() == Some(b'}');
    if !is_closed || (least.is_none() && !has_comma) {
        return if extended { Ok(None) } else { Err(Error::usage("Invalid content of \\{\\}")) };
    }
    let least = least.unwrap_or(0);
    if most.is_some_and(|most| most < least) {
        return Err(Error::usage("Invalid content of \\{\\}"));
    }
    if least.max(most.unwrap_or(0)) > MAX_REPETITIONS {
        return Err(Error::usage("Regular expression too big"));
    }
    *bytes = ahead;
    Ok(Some(match (has_comma, most) {
        (false, _) => format!("{{{least}}}"),
        (true, None) => format!("{{{least},}}"),
        (true, Some(most)) => format!("{{{least},{most}}}"),
    }))
}

fn number(bytes: &mut Peekable<impl Iterator<Item = u8>>) -> Option<u32> {
    let mut number = None;
    while let Some(digit) = bytes.next_if(u8::is_ascii_digit) {
        let before: u32 = number.unwrap_or(0);
        number = Some(before.saturating_mul(10).saturating_add(u32::from(digit.wrapping_sub(b'0'))));
    }
    number
}

/// Rewrites what follows a `[`: in POSIX a backslash means itself there, and `]` is plain as the first member.
fn bracket(out: &mut String, bytes: &mut Peekable<impl Iterator<Item = u8>>) -> Result<()> {
    out.push('[');
    if bytes.next_if_eq(&b'^').is_some() {
        out.push('^');
    }
    let mut first = true;
    loop {
        match bytes.next().ok_or_else(unmatched_bracket)? {
            b']' if !first => break,
            b'[' => match bytes.next_if(|byte| b":.=".contains(byte)) {
                Some(b':') => {
                    let name = named(b':', bytes)?;
                    if !CLASSES.contains(&name.as_str()) {
                        return Err(Error::usage("Invalid character class name"));
                    }
                    out.push_str(&format!("[:{name}:]"));
                }
                // In the C locale a collating element and an equivalence class are one character.
                Some(kind) => match named(kind, bytes)?.as_bytes() {
                    [one] => literal(out, *one),
                    _ => return Err(Error::usage("Invalid collation character")),
                },
                None => literal(out, b'['),
            },
            b'-' => out.push_str(if first || bytes.peek() == Some(&b']') { r"\-" } else { "-" }),
            member => literal(out, member),
        }
        first = false;
    }
    out.push(']');
    Ok(())
}

/// The character classes that every locale has (POSIX.1-2017, section 9.3.5).
const CLASSES: [&str; 12] =
    ["alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "xdigit"];

/// The name in `[:name:]`, whose beginning was read.
fn named(kind: u8, bytes: &mut Peekable<impl Iterator<Item = u8>>) -> Result<String> {
    let mut name = String::new();
    loop {
        match bytes.next().ok_or_else(unmatched_bracket)? {
            end if end == kind && bytes.next_if_eq(&b']').is_some() => return Ok(name),
            letter => name.push(char::from(letter)),
        }
    }
}

#[cfg(test)]
#[path = "posix_regex_tests.rs"]
mod tests;
