//! Lines of `ls -lR`: fields with spaces between them, or comma-separated values. Nothing is allocated for a field.

use bstr::BStr;

use crate::table;

/// A line that is being made.
pub struct Line {
    text: Vec<u8>,
    csv: bool,
}

impl Line {
    /// An empty line, in one of the two forms.
    pub fn new(csv: bool) -> Self {
        Line { text: Vec::new(), csv }
    }

    /// A field of text.
    pub fn text(&mut self, text: &BStr) {
        self.field(|line| line.extend_from_slice(text));
    }

    /// A number, to the right in so many columns where there are any.
    pub fn number(&mut self, number: i64, width: usize) {
        self.padded(itoa::Buffer::new().format(number).as_bytes(), width);
    }

    /// Text of ASCII characters, to the right in so many columns. These spaces make no quotes necessary: virt-ls has
    /// them in comma-separated values too.
    pub fn padded(&mut self, text: &[u8], width: usize) {
        self.separate();
        self.text.resize(self.text.len() + width.saturating_sub(text.len()), b' ');
        self.text.extend_from_slice(text);
    }

    /// A field, whatever `make` appends.
    pub fn field(&mut self, make: impl FnOnce(&mut Vec<u8>)) {
        self.separate();
        let start = self.text.len();
        make(&mut self.text);
        if self.csv {
            table::quote(&mut self.text, start);
        }
    }

    fn separate(&mut self) {
        if !self.text.is_empty() {
            self.text.push(if self.csv { b',' } else { b' ' });
        }
    }

    /// The line, ended.
    pub fn end(&mut self) -> &[u8] {
        self.text.push(b'\n');
        &self.text
    }

    /// Begins anew.
    pub fn clear(&mut self) {
        self.text.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(csv: bool) -> String {
        let mut line = Line::new(csv);
        line.number(7, 3);
        line.field(|text| text.push(b'x'));
        line.text("a \"b\"".into());
        String::from_utf8(line.end().to_vec()).unwrap()
    }

    #[test]
    fn fields_in_both_forms() {
        assert_eq!(line(false), "  7 x a \"b\"\n");
        assert_eq!(line(true), "  7,x,\"a \"\"b\"\"\"\n");
    }
}
