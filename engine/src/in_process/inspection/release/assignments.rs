//! Files of `NAME=value` lines, as a shell would read them.

use bstr::{BStr, BString, ByteSlice};

/// The names and values of such a file. Comments and lines without `=` are passed over.
pub fn assignments(text: &[u8]) -> impl Iterator<Item = (&BStr, &BStr)> {
    text.lines()
        .filter(|line| !line.starts_with(b"#"))
        .filter_map(|line| line.split_once_str("="))
        .map(|(name, value)| (name.as_bstr(), value.as_bstr()))
}

/// A value without the quotes around it.
pub fn strip_quotes(value: &BStr) -> &BStr {
    let within = |quote: &[u8]| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    within(b"\"").or_else(|| within(b"'")).unwrap_or(value).as_bstr()
}

/// A value without its quotes, and within double quotes without the backslashes that protect a character
/// (os-release(5)).
pub fn unquote(value: &BStr) -> BString {
    let quoted = strip_quotes(value);
    if !(value.starts_with(b"\"") && quoted.len() < value.len()) {
        return quoted.to_owned();
    }
    let mut plain = Vec::with_capacity(quoted.len());
    let mut bytes = quoted.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let protects = byte == b'\\' && bytes.peek().is_some_and(|next| b"$`\"\\".contains(next));
        plain.push(if protects { bytes.next().unwrap_or(byte) } else { byte });
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_of_the_shell() {
        let unquoted = |text: &str| unquote(text.into()).to_string();
        assert_eq!(unquoted("plain"), "plain");
        assert_eq!(unquoted("\"two words\""), "two words");
        assert_eq!(unquoted("'it is \\\"so'"), "it is \\\"so");
        assert_eq!(unquoted(r#""a \"b\" \$c \\ \d""#), r#"a "b" $c \ \d"#);
        assert_eq!(unquoted("\""), "\"");
        assert_eq!(unquoted("\"open"), "\"open");
        assert_eq!(unquoted(""), "");
    }

    #[test]
    fn lines() {
        let all: Vec<_> = assignments(b"# c=d\nID=x\n\nnothing\nA=b=c\n").map(|(n, v)| format!("{n} {v}")).collect();
        assert_eq!(all, ["ID x", "A b=c"]);
    }
}
