//! apk's `installed` database: a paragraph per package of lines `LETTER:VALUE` (Alpine's wiki, "Apk spec": the
//! fields of an index, and after them the package's files, which are passed over).

use bstr::{BString, ByteSlice};

/// A package of Alpine, as apk installed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// `P`.
    pub name: BString,
    /// `V`, whole: `VERSION-rREVISION`.
    pub version: BString,
    /// `A`.
    pub architecture: BString,
    /// `T`: one line about it.
    pub description: BString,
    /// `U`.
    pub url: BString,
    /// `o`: the package whose build made it.
    pub origin: BString,
    /// `m`.
    pub maintainer: BString,
    /// `L`.
    pub license: BString,
}

/// The packages of an `installed` file. As in dpkg's, the last one counts only if an empty line ends it.
pub fn packages(installed: &[u8]) -> impl Iterator<Item = Package> {
    Packages { lines: installed.lines_with_terminator() }
}

struct Packages<'a> {
    lines: bstr::LinesWithTerminator<'a>,
}

impl Iterator for Packages<'_> {
    type Item = Package;

    fn next(&mut self) -> Option<Package> {
        let mut package = Package::default();
        for line in self.lines.by_ref() {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            match line {
                [] if package.name.is_empty() => package = Package::default(),
                [] => return Some(package),
                [letter, b':', value @ ..] => {
                    if let Some(place) = package.field(*letter) {
                        *place = value.into();
                    }
                }
                _ => {}
            }
        }
        None
    }
}

impl Package {
    fn field(&mut self, letter: u8) -> Option<&mut BString> {
        Some(match letter {
            b'P' => &mut self.name,
            b'V' => &mut self.version,
            b'A' => &mut self.architecture,
            b'T' => &mut self.description,
            b'U' => &mut self.url,
            b'o' => &mut self.origin,
            b'm' => &mut self.maintainer,
            b'L' => &mut self.license,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_become_packages() {
        let installed =
            b"C:Q1abc=\nP:musl\nV:1.2.4-r2\nA:x86_64\nS:383459\nT:the musl c library (libc) implementation\n\
            U:https://musl.libc.org/\nL:MIT\no:musl\nF:lib\nR:ld-musl-x86_64.so.1\na:0:0:755\nZ:Q1xyz=\n\n\
            P:busybox\nnot a line\nV:1.36.1-r5\n\nP:cut\nV:1.0-r";
        let packages: Vec<_> = packages(installed).collect();
        assert_eq!(packages.len(), 2);
        assert_eq!(packages[0].name, "musl");
        assert_eq!(packages[0].version, "1.2.4-r2");
        assert_eq!(packages[0].architecture, "x86_64");
        assert_eq!(packages[0].url, "https://musl.libc.org/");
        assert_eq!(packages[0].origin, "musl");
        assert_eq!((packages[1].name.as_bstr(), packages[1].version.as_bstr()), ("busybox".into(), "1.36.1-r5".into()));
    }

    #[test]
    fn what_is_no_database_has_no_packages() {
        assert_eq!(packages(b"").count(), 0);
        assert_eq!(packages(&[b'\n'; 100]).count(), 0);
        assert_eq!(packages(&[0x80; 100]).count(), 0);
    }
}
