//! fstab(5): a filesystem a line.

use bstr::{BStr, BString, ByteSlice};

/// One line: the fields that tell what is mounted where.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// `fs_spec`: a device, or `UUID=…`.
    pub spec: BString,
    /// `fs_file`: the mount point, or `none`.
    pub file: BString,
    /// `fs_vfstype`: `ext4`.
    pub vfstype: BString,
    /// `fs_mntops`, separated by commas; empty where there are none.
    pub options: BString,
}

impl Line {
    /// The value of the first option of this name that has one.
    pub fn option(&self, name: &str) -> Option<&BStr> {
        self.options.split_str(",").find_map(|option| {
            let (known, value) = option.split_once_str("=")?;
            (known == name.as_bytes()).then_some(value.as_bstr())
        })
    }
}

/// The lines of a table, or the number (from 1) of each that isn't one. Comments and empty lines are passed over.
pub fn lines(text: &[u8]) -> impl Iterator<Item = Result<Line, usize>> {
    text.lines().enumerate().filter_map(|(index, line)| {
        let mut fields = line.fields().take_while(|field| !field.starts_with(b"#")).map(unescape);
        let spec = fields.next()?;
        let (Some(file), Some(vfstype)) = (fields.next(), fields.next()) else { return Some(Err(index + 1)) };
        Some(Ok(Line { spec, file, vfstype, options: fields.next().unwrap_or_default() }))
    })
}

/// A field without the escapes that fstab(5) has for spaces and the like: `\040`.
fn unescape(field: &[u8]) -> BString {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, after)) = rest.split_first() {
        match after.get(..3).and_then(octal).filter(|_| byte == b'\\') {
            Some(escaped) => {
                plain.push(escaped);
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                plain.push(byte);
                rest = after;
            }
        }
    }
    plain.into()
}

fn octal(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(digits.to_str().ok()?, 8).ok().filter(|_| digits[0].is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_with_comments_escapes_and_nonsense() {
        let text =
            b"# comment\n\n/dev/sda1 / ext4 defaults,subvol=@,x 0 1 # root\n  LABEL=my\\040disk /mnt/a\\011b vfat\n\
            only two\n\\ \\04 \\999\n";
        let all: Vec<_> = lines(text).collect();
        let line = |spec: &str, file: &str, vfstype: &str, options: &str| {
            Ok(Line { spec: spec.into(), file: file.into(), vfstype: vfstype.into(), options: options.into() })
        };
        assert_eq!(
            all,
            [
                line("/dev/sda1", "/", "ext4", "defaults,subvol=@,x"),
                line("LABEL=my disk", "/mnt/a\tb", "vfat", ""),
                Err(5),
                line("\\", "\\04", "\\999", ""),
            ]
        );
        let first = all[0].as_ref().unwrap();
        assert_eq!(first.option("subvol"), Some("@".into()));
        assert_eq!(first.option("x"), None);
    }
}
