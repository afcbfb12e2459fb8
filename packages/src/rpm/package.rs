//! What a header says of its package.

use bstr::BString;
use glassbox_io::{Error, Result};

use super::header::Header;
use super::tag::Tag;

/// An installed package, or a public key (`gpg-pubkey`): rpm keeps those as packages, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: BString,
    /// Its epoch, if it has one.
    pub epoch: Option<u32>,
    /// Its version.
    pub version: BString,
    /// The release of this version.
    pub release: BString,
    /// Its architecture; keys have none.
    pub arch: Option<BString>,
    /// One line about it.
    pub summary: Option<BString>,
    /// Some lines about it.
    pub description: Option<BString>,
    /// Its web page.
    pub url: Option<BString>,
    /// Who distributes it.
    pub vendor: Option<BString>,
    /// Who built it.
    pub packager: Option<BString>,
    /// Its licence.
    pub license: Option<BString>,
}

impl Package {
    pub(super) fn of(header: &mut Header<'_>) -> Result<Package> {
        Ok(Package {
            name: required(header, Tag::NAME)?,
            epoch: header.int32(Tag::EPOCH)?,
            version: required(header, Tag::VERSION)?,
            release: required(header, Tag::RELEASE)?,
            arch: header.string(Tag::ARCH)?,
            summary: header.string(Tag::SUMMARY)?,
            description: header.string(Tag::DESCRIPTION)?,
            url: header.string(Tag::URL)?,
            vendor: header.string(Tag::VENDOR)?,
            packager: header.string(Tag::PACKAGER)?,
            license: header.string(Tag::LICENSE)?,
        })
    }
}

fn required(header: &mut Header<'_>, tag: Tag) -> Result<BString> {
    header.string(tag)?.ok_or_else(|| Error::corrupt(format!("an RPM header has no tag {}", tag.0)))
}
