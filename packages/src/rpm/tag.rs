//! The numbers of a header's tags (rpm's documentation, "RPM tags").

/// What an entry of a header says about the package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag(pub u32);

impl Tag {
    /// The package's name.
    pub const NAME: Tag = Tag(1000);
    /// Its version.
    pub const VERSION: Tag = Tag(1001);
    /// The release of this version.
    pub const RELEASE: Tag = Tag(1002);
    /// What goes before the version when versions are compared.
    pub const EPOCH: Tag = Tag(1003);
    /// One line about it, in several languages.
    pub const SUMMARY: Tag = Tag(1004);
    /// Some lines about it, in several languages.
    pub const DESCRIPTION: Tag = Tag(1005);
    /// Who distributes it.
    pub const VENDOR: Tag = Tag(1011);
    /// Its licence.
    pub const LICENSE: Tag = Tag(1014);
    /// Who built it.
    pub const PACKAGER: Tag = Tag(1015);
    /// Its web page.
    pub const URL: Tag = Tag(1020);
    /// The architecture that it is for; `noarch` for any.
    pub const ARCH: Tag = Tag(1022);
}
