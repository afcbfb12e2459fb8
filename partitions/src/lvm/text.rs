//! The text that LVM2 keeps its metadata in: sections in braces, `key = value`, lists in brackets, `#` comments.
//!
//! The grammar is that of LVM2's configuration files (`lvm.conf(5)`).

use std::borrow::Cow;

use bstr::{BStr, ByteSlice};
use glassbox_io::{Error, Result};

/// Sections within sections. LVM2's own metadata goes four deep: group, `logical_volumes`, volume, segment.
const MAX_DEPTH: usize = 16;

/// A section: what stands between its braces, in order.
#[derive(Debug, Default)]
pub(super) struct Section<'a> {
    entries: Vec<(&'a BStr, Node<'a>)>,
}

#[derive(Debug)]
enum Node<'a> {
    Value(Value<'a>),
    Section(Section<'a>),
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Number(i64),
    Text(Cow<'a, [u8]>),
    List(Vec<Value<'a>>),
}

impl<'a> Section<'a> {
    /// The text's outermost entries.
    pub fn parse(text: &'a [u8]) -> Result<Self> {
        // A text may end with a zero byte, which its size counts.
        let mut parser = Parser { text: text.trim_end_with(|c| c == '\0').as_bytes(), at: 0 };
        let root = parser.section(0)?;
        match parser.peek() {
            None => Ok(root),
            Some(_) => Err(parser.unexpected()),
        }
    }

    /// The sections directly in this one, in order.
    pub fn sections(&self) -> impl Iterator<Item = (&'a BStr, &Section<'a>)> {
        self.entries.iter().filter_map(|(key, node)| match node {
            Node::Section(section) => Some((*key, section)),
            Node::Value(_) => None,
        })
    }

    /// The section of this name.
    pub fn section(&self, name: &str) -> Option<&Section<'a>> {
        self.sections().find(|(key, _)| *key == name).map(|(_, section)| section)
    }

    fn value(&self, name: &str) -> Option<&Value<'a>> {
        self.entries.iter().find_map(|(key, node)| match node {
            Node::Value(value) if *key == name => Some(value),
            _ => None,
        })
    }

    /// A number that isn't negative; *corrupt* without it.
    pub fn number(&self, name: &str) -> Result<u64> {
        self.optional_number(name)?.ok_or_else(|| missing(name))
    }

    /// A number that isn't negative, if it is there.
    pub fn optional_number(&self, name: &str) -> Result<Option<u64>> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Number(number)) => u64::try_from(*number).map(Some).map_err(|_| wrong(name)),
            Some(_) => Err(wrong(name)),
        }
    }

    /// A text; *corrupt* without it.
    pub fn text(&self, name: &str) -> Result<&BStr> {
        self.optional_text(name)?.ok_or_else(|| missing(name))
    }

    /// A text, if it is there.
    pub fn optional_text(&self, name: &str) -> Result<Option<&BStr>> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(BStr::new(text))),
            Some(_) => Err(wrong(name)),
        }
    }

    /// A list's values; none where the key isn't there. A single value counts as a list, as for LVM2.
    pub fn list(&self, name: &str) -> &[Value<'a>] {
        match self.value(name) {
            None => &[],
            Some(Value::List(values)) => values,
            Some(value) => std::slice::from_ref(value),
        }
    }

    /// A list of texts.
    pub fn texts(&self, name: &str) -> Result<Vec<&BStr>> {
        let texts = self.list(name).iter().map(|value| match value {
            Value::Text(text) => Ok(BStr::new(text)),
            _ => Err(wrong(name)),
        });
        texts.collect()
    }
}

fn missing(name: &str) -> Error {
    Error::corrupt(format!("LVM2: the metadata has no {name}"))
}

pub(super) fn wrong(name: &str) -> Error {
    Error::corrupt(format!("LVM2: {name} is not of its kind in the metadata"))
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Parser<'a> {
    /// Entries up to a closing brace, which stays, or the end.
    fn section(&mut self, depth: usize) -> Result<Section<'a>> {
        if depth > MAX_DEPTH {
            return Err(Error::corrupt(format!("LVM2: sections are more than {MAX_DEPTH} deep")));
        }
        let mut section = Section::default();
        while let Some(c) = self.peek() {
            if c == b'}' {
                break;
            }
            let key = self.key()?;
            let node = match self.peek() {
                Some(b'=') => {
                    self.skip();
                    Node::Value(self.value()?)
                }
                Some(b'{') => {
                    self.skip();
                    let inner = self.section(depth.saturating_add(1))?;
                    self.expect(b'}')?;
                    Node::Section(inner)
                }
                _ => return Err(self.unexpected()),
            };
            section.entries.push((key, node));
        }
        Ok(section)
    }

    fn key(&mut self) -> Result<&'a BStr> {
        let rest = self.rest();
        let length = rest.find_byteset(b" \t\r\n={}#\"[],").unwrap_or(rest.len());
        match rest.get(..length) {
            Some(key) if !key.is_empty() => {
                self.at = self.at.saturating_add(length);
                Ok(key.as_bstr())
            }
            _ => Err(self.unexpected()),
        }
    }

    fn value(&mut self) -> Result<Value<'a>> {
        if self.peek() != Some(b'[') {
            return self.scalar();
        }
        self.skip();
        let mut values = Vec::new();
        while self.peek() != Some(b']') {
            if !values.is_empty() {
                self.expect(b',')?;
                // A comma may come last.
                if self.peek() == Some(b']') {
                    break;
                }
            }
            values.push(self.scalar()?);
        }
        self.skip();
        Ok(Value::List(values))
    }

    fn scalar(&mut self) -> Result<Value<'a>> {
        match self.peek() {
            Some(b'"') => {
                self.skip();
                self.string()
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.unexpected()),
        }
    }

    /// What stands up to the closing quote; `\"` and `\\` are unescaped.
    fn string(&mut self) -> Result<Value<'a>> {
        let rest = self.rest();
        let mut unescaped: Option<Vec<u8>> = None;
        let mut at = 0usize;
        loop {
            let from_here = rest.get(at..).unwrap_or_default();
            let stop = from_here.find_byteset(b"\"\\").ok_or_else(|| Error::corrupt("LVM2: a string has no end"))?;
            let plain = from_here.get(..stop).unwrap_or_default();
            let special = at.saturating_add(stop);
            if rest.get(special) == Some(&b'"') {
                self.at = self.at.saturating_add(special).saturating_add(1);
                return Ok(Value::Text(match unescaped {
                    None => Cow::Borrowed(plain),
                    Some(mut text) => {
                        text.extend_from_slice(plain);
                        Cow::Owned(text)
                    }
                }));
            }
            let text = unescaped.get_or_insert_default();
            text.extend_from_slice(plain);
            let escaped = special.saturating_add(1);
            text.extend(rest.get(escaped));
            at = escaped.saturating_add(1);
        }
    }

    fn number(&mut self) -> Result<Value<'a>> {
        let rest = self.rest();
        let length = rest.iter().position(|c| !matches!(c, b'-' | b'0'..=b'9')).unwrap_or(rest.len());
        let digits = rest.get(..length).and_then(|digits| digits.to_str().ok());
        let number = digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| self.unexpected())?;
        self.at = self.at.saturating_add(length);
        Ok(Value::Number(number))
    }

    /// The next byte that is neither space nor in a comment.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match *self.text.get(self.at)? {
                b' ' | b'\t' | b'\r' | b'\n' => self.skip(),
                b'#' => {
                    let line = self.rest().find_byte(b'\n').unwrap_or(self.rest().len());
                    self.at = self.at.saturating_add(line);
                }
                c => return Some(c),
            }
        }
    }

    fn expect(&mut self, c: u8) -> Result<()> {
        if self.peek() == Some(c) {
            self.skip();
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn skip(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn unexpected(&self) -> Error {
        let what = match self.text.get(self.at) {
            Some(c) => format!("LVM2: '{}' is unexpected at byte {} of the metadata", c.escape_ascii(), self.at),
            None => "LVM2: the metadata ends too early".to_owned(),
        };
        Error::corrupt(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_values_and_comments() {
        let text = br#"# a comment
vg { id = "ab\"c\\d" # another
  seqno = 7
  tags = [] flags = ["A", "B",]
  inner{ stripes = ["pv0", 12] size = -1 }
}
version = 1
"#;
        let root = Section::parse(text).unwrap();
        assert_eq!(root.number("version").unwrap(), 1);
        let (name, vg) = root.sections().next().unwrap();
        assert_eq!(name, "vg");
        assert_eq!(vg.text("id").unwrap(), r#"ab"c\d"#);
        assert_eq!(vg.number("seqno").unwrap(), 7);
        assert!(vg.list("tags").is_empty());
        assert_eq!(vg.texts("flags").unwrap(), ["A", "B"]);
        let inner = vg.section("inner").unwrap();
        assert_eq!(inner.list("stripes"), [Value::Text(b"pv0".as_slice().into()), Value::Number(12)]);
        assert!(inner.number("size").is_err());
        assert!(vg.text("absent").is_err());
    }

    #[test]
    fn what_breaks_the_grammar_is_corrupt() {
        for text in
            ["a", "a {", "a }", "a = ", "a = [1", "a = \"x", "a = 99999999999999999999", "= 1", "a = b", "a = [[1]]"]
        {
            assert!(Section::parse(text.as_bytes()).is_err(), "{text}");
        }
        let deep = "a{".repeat(1000) + &"}".repeat(1000);
        assert!(Section::parse(deep.as_bytes()).is_err());
    }
}
