//! Options of the command line, read as getopt reads them: options and words in any order, long options that may be
//! shortened, and its messages.

use std::ffi::OsString;
use std::fmt;

/// The options of a program.
pub struct Options {
    parser: lexopt::Parser,
    short: Vec<char>,
    long: Vec<&'static str>,
    /// The long option that came last.
    last: Option<&'static str>,
}

/// One thing on the command line.
#[derive(Debug, PartialEq, Eq)]
pub enum Arg {
    /// `-x`.
    Short(char),
    /// `--name`, in full.
    Long(&'static str),
    /// Anything that isn't an option.
    Word(OsString),
}

/// Wrong use of the command line.
#[derive(Debug, PartialEq, Eq)]
pub struct UsageError {
    /// What is wrong.
    pub message: String,
    /// Whether to point to `--help`.
    pub see_help: bool,
}

impl UsageError {
    /// Wrong use that the message explains.
    pub fn new(message: impl Into<String>) -> Self {
        UsageError { message: message.into(), see_help: false }
    }

    /// Wrong use that the help explains.
    pub fn see_help(message: impl Into<String>) -> Self {
        UsageError { message: message.into(), see_help: true }
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<lexopt::Error> for UsageError {
    fn from(error: lexopt::Error) -> Self {
        use lexopt::Error;
        UsageError::see_help(match error {
            Error::MissingValue { option: Some(option) } => {
                format!("option requires an argument -- '{}'", option.trim_start_matches('-'))
            }
            Error::UnexpectedValue { option, .. } => format!("option '{option}' doesn't allow an argument"),
            other => other.to_string(),
        })
    }
}

impl Options {
    /// The options in `arguments`, which don't begin with the program's name.
    pub fn new(arguments: Vec<OsString>, short: &[char], long: &[&'static str]) -> Self {
        Options { parser: lexopt::Parser::from_args(arguments), short: short.into(), long: long.into(), last: None }
    }

    /// With more options.
    pub fn and(mut self, short: &[char], long: &[&'static str]) -> Self {
        self.short.extend(short);
        self.long.extend(long);
        self
    }

    /// The next thing; `None` at the end.
    pub fn next(&mut self) -> Result<Option<Arg>, UsageError> {
        self.last = None;
        Ok(match self.parser.next()? {
            None => None,
            Some(lexopt::Arg::Value(word)) => Some(Arg::Word(word)),
            Some(lexopt::Arg::Short(letter)) if self.short.contains(&letter) => Some(Arg::Short(letter)),
            Some(lexopt::Arg::Short(letter)) => {
                return Err(UsageError::see_help(format!("invalid option -- '{letter}'")));
            }
            Some(lexopt::Arg::Long(name)) => {
                let name = in_full(name, &self.long)?;
                self.last = Some(name);
                Some(Arg::Long(name))
            }
        })
    }

    /// The value of the option that came last.
    pub fn value(&mut self) -> Result<OsString, UsageError> {
        self.parser.value().map_err(|error| match (self.last, error) {
            // In full, where it was shortened.
            (Some(name), lexopt::Error::MissingValue { .. }) => {
                UsageError::see_help(format!("option '--{name}' requires an argument"))
            }
            (_, error) => error.into(),
        })
    }

    /// The value of the option that came last, as text for a message or a number.
    pub fn text(&mut self) -> Result<String, UsageError> {
        self.value()?.into_string().map_err(|value| UsageError::new(format!("'{}' is not text", value.display())))
    }

    /// The value behind `=`, if the option that came last has one.
    pub fn optional_value(&mut self) -> Option<OsString> {
        self.parser.optional_value()
    }

    /// Everything that is left, options or not.
    pub fn rest(&mut self) -> Result<Vec<OsString>, UsageError> {
        Ok(self.parser.raw_args()?.collect())
    }
}

fn in_full(name: &str, known: &[&'static str]) -> Result<&'static str, UsageError> {
    if let Some(exact) = known.iter().find(|known| **known == name) {
        return Ok(exact);
    }
    let candidates: Vec<&'static str> = known.iter().copied().filter(|known| known.starts_with(name)).collect();
    match candidates.as_slice() {
        [] => Err(UsageError::see_help(format!("unrecognized option '--{name}'"))),
        [only] => Ok(only),
        several => {
            let several: Vec<String> = several.iter().map(|name| format!(" '--{name}'")).collect();
            Err(UsageError::see_help(format!("option '--{name}' is ambiguous; possibilities:{}", several.concat())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(arguments: &[&str]) -> Options {
        let arguments = arguments.iter().map(OsString::from).collect();
        Options::new(arguments, &['a', 'x', 'h'], &["add", "format", "file", "ro"])
    }

    #[test]
    fn words_and_options_mix_until_two_dashes() {
        let mut options = options(&["one", "-xa", "img", "--fo=raw", "--format", "--", "-x"]);
        assert_eq!(options.next().unwrap(), Some(Arg::Word("one".into())));
        assert_eq!(options.next().unwrap(), Some(Arg::Short('x')));
        assert_eq!(options.next().unwrap(), Some(Arg::Short('a')));
        assert_eq!(options.value().unwrap(), "img");
        assert_eq!(options.next().unwrap(), Some(Arg::Long("format")));
        assert_eq!(options.optional_value().unwrap(), "raw");
        assert_eq!(options.next().unwrap(), Some(Arg::Long("format")));
        assert_eq!(options.optional_value(), None);
        assert_eq!(options.next().unwrap(), Some(Arg::Word("-x".into())));
        assert_eq!(options.next().unwrap(), None);
    }

    #[test]
    fn messages_are_getopts() {
        let message = |arguments: &[&str], value: bool| {
            let mut options = options(arguments);
            loop {
                match options.next() {
                    Err(error) => return error.message,
                    Ok(None) => panic!("no error"),
                    Ok(Some(_)) if value => {
                        if let Err(error) = options.value() {
                            return error.message;
                        }
                    }
                    Ok(Some(_)) => {}
                }
            }
        };
        assert_eq!(message(&["-z"], false), "invalid option -- 'z'");
        assert_eq!(message(&["--nosuch"], false), "unrecognized option '--nosuch'");
        assert_eq!(message(&["--f"], false), "option '--f' is ambiguous; possibilities: '--format' '--file'");
        assert_eq!(message(&["-a"], true), "option requires an argument -- 'a'");
        assert_eq!(message(&["--ad"], true), "option '--add' requires an argument");
        assert_eq!(message(&["--ro=x"], false), "option '--ro' doesn't allow an argument");
    }
}
