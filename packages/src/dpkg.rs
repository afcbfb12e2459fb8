//! dpkg's status file: a stanza per package, each ended by an empty line (deb-control(5), dpkg(1) under FILES).

use bstr::{BStr, BString, ByteSlice};

/// A package that dpkg knows of: installed, or not quite.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// `Package`.
    pub name: BString,
    /// `Status`: what was wanted, whether there was an error, and what is (`install ok installed`).
    pub status: BString,
    /// `Version`, whole: `EPOCH:UPSTREAM-REVISION`. Empty where nothing is installed.
    pub version: BString,
    /// `Architecture`.
    pub architecture: BString,
    /// `Source`, its version in parentheses included; empty where it is the package's own name.
    pub source: BString,
    /// `Homepage`.
    pub homepage: BString,
    /// `Maintainer`.
    pub maintainer: BString,
    /// The first line of `Description`.
    pub summary: BString,
    /// Its other lines, each without the space that it begins with.
    pub description: BString,
}

impl Package {
    /// The source package's name without its version.
    pub fn source_name(&self) -> &BStr {
        self.source.split_str(" ").next().unwrap_or_default().into()
    }
}

/// The packages of a status file. The last one counts only if its stanza is ended: a file that was cut short would
/// otherwise give a part of a version as the version.
pub fn packages(status: &[u8]) -> impl Iterator<Item = Package> {
    Packages { lines: status.lines_with_terminator() }
}

struct Packages<'a> {
    lines: bstr::LinesWithTerminator<'a>,
}

impl Iterator for Packages<'_> {
    type Item = Package;

    fn next(&mut self) -> Option<Package> {
        let mut package = Package::default();
        let mut in_description = false;
        for line in self.lines.by_ref() {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            if line.is_empty() {
                if package.name.is_empty() {
                    package = Package::default();
                    continue;
                }
                return Some(package);
            }
            if let Some(continued) = line.strip_prefix(b" ") {
                if in_description {
                    append_line(&mut package.description, continued);
                }
                continue;
            }
            in_description = line.starts_with(b"Description: ");
            if let Some((field, value)) = line.split_once_str(": ")
                && let Some(place) = package.field(field)
            {
                *place = value.into();
            }
        }
        None
    }
}

impl Package {
    fn field(&mut self, name: &[u8]) -> Option<&mut BString> {
        Some(match name {
            b"Package" => &mut self.name,
            b"Status" => &mut self.status,
            b"Version" => &mut self.version,
            b"Architecture" => &mut self.architecture,
            b"Source" => &mut self.source,
            b"Homepage" => &mut self.homepage,
            b"Maintainer" => &mut self.maintainer,
            b"Description" => &mut self.summary,
            _ => return None,
        })
    }
}

fn append_line(text: &mut BString, line: &[u8]) {
    if !text.is_empty() {
        text.push(b'\n');
    }
    text.extend_from_slice(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &[u8] = b"Package: bash
Essential: yes
Status: install ok installed
Architecture: amd64
Version: 5.2.15-2+b7
Source: bash (5.2.15-2)
Conffiles:
 /etc/bash.bashrc 89269e1298235f1b12b4c16e4065ad0d
Description: GNU Bourne Again SHell
 Bash is an sh-compatible command language interpreter.
 .
  * indented
Homepage: http://tiswww.case.edu/php/chet/bash/bashtop.html


Package: left
Status: deinstall ok config-files
Description: no more
X-Note: a field of its own
 with a line that is no description

Package: cut
Status: install ok installed
Version: 1.2";

    #[test]
    fn stanzas_become_packages() {
        let packages: Vec<_> = packages(STATUS).collect();
        assert_eq!(packages.len(), 2);
        let bash = &packages[0];
        assert_eq!((bash.name.as_bstr(), bash.version.as_bstr()), ("bash".into(), "5.2.15-2+b7".into()));
        assert_eq!(bash.source_name(), "bash");
        assert_eq!(bash.source, "bash (5.2.15-2)");
        assert_eq!(bash.summary, "GNU Bourne Again SHell");
        let description = "Bash is an sh-compatible command language interpreter.\n.\n * indented";
        assert_eq!(bash.description, description);
        assert_eq!(bash.homepage, "http://tiswww.case.edu/php/chet/bash/bashtop.html");
        assert_eq!(packages[1].status, "deinstall ok config-files");
        assert_eq!(packages[1].description, "");
    }

    #[test]
    fn what_is_no_status_file_has_no_packages() {
        assert_eq!(packages(b"").count(), 0);
        assert_eq!(packages(b"\n\n\n").count(), 0);
        assert_eq!(packages(&[0xff; 1000]).count(), 0);
    }

    #[test]
    fn text_is_bytes() {
        let package = packages(b"Package: na\xffme\nVersion: 1\n\n").next().unwrap();
        assert_eq!(package.name, b"na\xffme".as_bstr());
    }
}
