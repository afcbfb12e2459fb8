//! Portage's database of installed packages: a folder `/var/db/pkg/CATEGORY/PF`, with a file for each variable of the
//! build (PMS, "ebuild-defined variables"), named as the variable.

use bstr::{BStr, BString, ByteSlice};
use glassbox_io::Result;

/// A package of Gentoo, as Portage built and installed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// `CATEGORY`, the name of the outer folder.
    pub category: BString,
    /// The package's name (`PN`).
    pub name: BString,
    /// Its version without the revision (`PV`).
    pub version: BString,
    /// The number of its revision (`PR` without the `r`); empty if there is none.
    pub revision: BString,
    /// `SLOT`.
    pub slot: BString,
    /// `DESCRIPTION`.
    pub description: BString,
    /// `HOMEPAGE`: addresses with spaces between them.
    pub homepage: BString,
    /// `CHOST`: the machine that it was built for, as `x86_64-pc-linux-gnu`.
    pub host: BString,
    /// `repository`: where its ebuild came from.
    pub repository: BString,
}

impl Package {
    /// Reads the folder `category/pf`; `read` gives the contents of a file in it by name, `None` if there is none.
    /// `None` if the folder's name isn't a package's: Portage keeps folders of its own there while it works
    /// (`-MERGING-…`).
    pub fn read(
        category: &BStr,
        pf: &BStr,
        mut read: impl FnMut(&str) -> Result<Option<Vec<u8>>>,
    ) -> Result<Option<Package>> {
        let Some((name, version, revision)) = split(pf) else { return Ok(None) };
        let mut value = |file| read(file).map(|content| content.unwrap_or_default().trim().into());
        Ok(Some(Package {
            category: category.to_owned(),
            name: name.into(),
            version: version.into(),
            revision: revision.into(),
            slot: value("SLOT")?,
            description: value("DESCRIPTION")?,
            homepage: value("HOMEPAGE")?,
            host: value("CHOST")?,
            repository: value("repository")?,
        }))
    }
}

/// Name, version and revision of `NAME-VERSION[-rREVISION]` (PMS, "Names and versions": a name never ends in what
/// looks like a version).
fn split(pf: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (rest, revision) = match pf.rsplit_once_str("-r") {
        Some((rest, digits)) if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => (rest, digits),
        _ => (pf, &b""[..]),
    };
    let (name, version) = rest.rsplit_once_str("-")?;
    let plausible = !name.is_empty() && !name.starts_with(b"-") && version.first()?.is_ascii_digit();
    plausible.then_some((name, version, revision))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_before_the_version() {
        let split = |pf: &'static str| {
            split(pf.as_bytes())
                .map(|(name, version, revision)| (name.as_bstr(), version.as_bstr(), revision.as_bstr()))
        };
        let parts = |name: &'static str, version: &'static str, revision: &'static str| {
            Some((name.into(), version.into(), revision.into()))
        };
        assert_eq!(split("bash-5.2_p15-r6"), parts("bash", "5.2_p15", "6"));
        assert_eq!(split("gtk+-3.24.39"), parts("gtk+", "3.24.39", ""));
        assert_eq!(split("font-misc-misc-1.1.2-r1"), parts("font-misc-misc", "1.1.2", "1"));
        assert_eq!(split("linux-firmware-20230625_p20230724"), parts("linux-firmware", "20230625_p20230724", ""));
        assert_eq!(split("-MERGING-bash-5.2"), None);
        assert_eq!(split("nothing"), None);
        assert_eq!(split("-r1"), None);
        assert_eq!(split("a-r1"), None);
    }

    #[test]
    fn a_folder_becomes_a_package() {
        let package = Package::read("app-shells".into(), "bash-5.2_p15-r6".into(), |file| {
            Ok(match file {
                "SLOT" => Some(b"0\n".to_vec()),
                "DESCRIPTION" => Some(b"The standard GNU Bourne again shell\n".to_vec()),
                _ => None,
            })
        });
        let package = package.unwrap().unwrap();
        assert_eq!((package.category.as_bstr(), package.slot.as_bstr()), ("app-shells".into(), "0".into()));
        assert_eq!(package.description, "The standard GNU Bourne again shell");
        assert_eq!(package.homepage, "");
    }
}
