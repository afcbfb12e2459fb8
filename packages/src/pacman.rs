//! pacman's local database: a folder per package, whose file `desc` has sections of `%KEY%`, values a line each, and
//! an empty line.

use bstr::{BString, ByteSlice};

/// A package of Arch, as pacman installed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// `%NAME%`.
    pub name: BString,
    /// `%VERSION%`, whole: `EPOCH:VERSION-RELEASE`.
    pub version: BString,
    /// `%ARCH%`.
    pub architecture: BString,
    /// `%DESC%`.
    pub description: BString,
    /// `%URL%`.
    pub url: BString,
    /// `%BASE%`: the package whose build made it.
    pub base: BString,
    /// `%PACKAGER%`.
    pub packager: BString,
}

impl Package {
    /// Reads a `desc` file. `None` if it lacks a name, a version or an architecture, which every package has.
    pub fn parse(desc: &[u8]) -> Option<Package> {
        let mut package = Package::default();
        let mut place = None;
        for line in desc.lines() {
            match (place.take(), line) {
                (_, []) => {}
                (Some(key), value) => {
                    if let Some(field) = package.field(key) {
                        *field = value.into();
                    }
                }
                (None, key) => place = Some(key),
            }
        }
        let complete = !package.name.is_empty() && !package.version.is_empty() && !package.architecture.is_empty();
        complete.then_some(package)
    }

    fn field(&mut self, key: &[u8]) -> Option<&mut BString> {
        Some(match key {
            b"%NAME%" => &mut self.name,
            b"%VERSION%" => &mut self.version,
            b"%ARCH%" => &mut self.architecture,
            b"%DESC%" => &mut self.description,
            b"%URL%" => &mut self.url,
            b"%BASE%" => &mut self.base,
            b"%PACKAGER%" => &mut self.packager,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_become_fields() {
        let desc = b"%NAME%\nvim\n\n%VERSION%\n1:9.0.1-2\n\n%DESC%\nVi Improved\n\n%URL%\n\n%ARCH%\nx86_64\n\n\
            %LICENSE%\ncustom:vim\n%NAME%\nsecond\n\n%DEPENDS%\nglibc\nacl\n\n%BASE%\nvim\n";
        let package = Package::parse(desc).unwrap();
        assert_eq!(package.version, "1:9.0.1-2");
        assert_eq!((package.description.as_bstr(), package.url.as_bstr()), ("Vi Improved".into(), "".into()));
        assert_eq!((package.architecture.as_bstr(), package.base.as_bstr()), ("x86_64".into(), "vim".into()));
        assert_eq!(Package::parse(b"%NAME%\nvim\n\n%VERSION%\n1-1\n"), None);
        assert_eq!(Package::parse(&[0xfe; 64]), None);
    }
}
