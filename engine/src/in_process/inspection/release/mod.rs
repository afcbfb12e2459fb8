//! Release files: which distribution a system is, and which version of it.
//!
//! [`LINUX`] lists the files in the order in which they are asked. The first that tells all ends the search; what an
//! earlier one told stays where a later one doesn't know.

mod assignments;
mod lsb_release;
mod os_release;
mod suse_release;
mod version;

pub use assignments::{assignments, unquote};

use bstr::{BStr, ByteSlice};

use super::distro::Distro;
use super::facts::{Facts, Version};
use super::tree::Tree;

/// What stands in a release file.
#[derive(Clone, Copy)]
enum Form {
    OsRelease,
    LsbRelease,
    SuseRelease,
    /// A line that names the product; the first version in it is meant.
    Line(Distro),
    /// A line `PRODUCT … release 7.9 …`, `PRODUCT … release 4 … Update 8`; for this product.
    Release(Distro, &'static str),
    /// A line of any of Red Hat's or of its rebuilds: the first product that it names.
    RedHat,
    /// A line that must have a version right after this text.
    After(Distro, &'static str),
    /// A line that must have a version right before this text.
    Before(Distro, &'static str),
    /// Buildroot's, also in CirrOS, which is made with it.
    Buildroot,
    /// That the file is there is all it tells.
    Presence(Distro),
}

static LINUX: [(&str, Form); 24] = [
    ("/etc/os-release", Form::OsRelease),
    ("/etc/lsb-release", Form::LsbRelease),
    // Distributions made from another have both files: the more special one comes first.
    ("/etc/openmandriva-release", Form::Release(Distro::OpenMandriva, "OpenMandriva")),
    ("/etc/oracle-release", Form::Release(Distro::Oracle, "Oracle Linux")),
    ("/etc/centos-release", Form::Release(Distro::CentOs, "CentOS")),
    ("/etc/circle-release", Form::Release(Distro::Circle, "Circle Linux")),
    ("/etc/rocky-release", Form::Release(Distro::Rocky, "Rocky Linux")),
    ("/etc/mandriva-release", Form::Release(Distro::Mandriva, "Mandriva")),
    ("/etc/altlinux-release", Form::Line(Distro::Alt)),
    ("/etc/redhat-release", Form::RedHat),
    ("/etc/debian_version", Form::Line(Distro::Debian)),
    ("/etc/pardus-release", Form::Line(Distro::Pardus)),
    ("/etc/arch-release", Form::Presence(Distro::Arch)),
    ("/etc/gentoo-release", Form::Line(Distro::Gentoo)),
    ("/etc/meego-release", Form::Line(Distro::MeeGo)),
    ("/etc/slackware-version", Form::Line(Distro::Slackware)),
    ("/etc/ttylinux-target", Form::Line(Distro::TtyLinux)),
    ("/etc/SuSE-release", Form::SuseRelease),
    ("/etc/SuSE-release", Form::Presence(Distro::SuseBased)),
    ("/etc/cirros/version", Form::Line(Distro::Cirros)),
    ("/etc/br-version", Form::Buildroot),
    ("/etc/alpine-release", Form::Line(Distro::Alpine)),
    ("/etc/frugalware-release", Form::After(Distro::Frugalware, "Frugalware ")),
    ("/etc/pld-release", Form::Before(Distro::Pld, " PLD Linux")),
];

/// The products that `/etc/redhat-release` may name.
static RED_HAT: [(Distro, &str); 6] = [
    (Distro::Fedora, "Fedora"),
    (Distro::Rhel, "Red Hat"),
    (Distro::CentOs, "CentOS"),
    (Distro::Circle, "Circle Linux"),
    (Distro::Rocky, "Rocky Linux"),
    (Distro::Scientific, "Scientific Linux"),
];

/// GNU/Hurd has Debian's files, as far as it has any.
static HURD: [(&str, Form); 2] =
    [("/etc/os-release", Form::OsRelease), ("/etc/debian_version", Form::Line(Distro::Debian))];

/// Reads the release files of a Linux.
pub fn linux(tree: &Tree, facts: &mut Facts) {
    ask(&LINUX, tree, facts);
}

/// Reads the release files of a Hurd.
pub fn hurd(tree: &Tree, facts: &mut Facts) {
    ask(&HURD, tree, facts);
}

/// Reads the release files of a `/usr`, or of CoreOS's, which has an older one too.
pub fn usr(tree: &Tree, facts: &mut Facts) {
    if tree.leads_to_file("/lib/os-release") {
        os_release::read(tree, "/lib/os-release", facts);
    } else if tree.leads_to_file("/share/coreos/lsb-release") {
        lsb_release::read(tree, "/share/coreos/lsb-release", facts);
    }
}

/// Reads a line that names the product and its version. Whether there is one.
pub fn line(tree: &Tree, path: &str, distro: Distro, facts: &mut Facts) -> bool {
    facts.distro = Some(distro);
    version_line(tree, path, facts)
}

/// Reads such a line of a system that is no distribution.
pub fn version_line(tree: &Tree, path: &str, facts: &mut Facts) -> bool {
    let Some(line) = tree.first_line(path) else { return false };
    facts.version = version::anywhere(&line).or(facts.version);
    facts.product_name = Some(line);
    true
}

fn ask(files: &[(&str, Form)], tree: &Tree, facts: &mut Facts) {
    // `any` stops at the first that told all.
    let _ = files.iter().any(|(path, form)| tree.leads_to_file(path) && form.read(tree, path, facts));
}

impl Form {
    /// Reads the file at `path`, which is there. Whether it told all that was to be known.
    fn read(self, tree: &Tree, path: &str, facts: &mut Facts) -> bool {
        let mut line_of = |distro, find: &dyn Fn(&BStr) -> Option<Version>| {
            let Some(line) = tree.first_line(path) else { return false };
            facts.distro = Some(distro);
            let found = find(line.as_ref());
            facts.version = found.or(facts.version);
            facts.product_name = Some(line);
            found.is_some()
        };
        match self {
            Form::OsRelease => os_release::read(tree, path, facts),
            Form::LsbRelease => lsb_release::read(tree, path, facts),
            Form::SuseRelease => suse_release::read(tree, path, facts),
            Form::Line(distro) => line(tree, path, distro, facts),
            Form::Release(distro, product) => line_of(distro, &|line| version::release_of(line, product)),
            Form::After(distro, text) => {
                line_of(distro, &|line| version::dotted(&line[line.find(text)? + text.len()..]))
            }
            Form::Before(distro, text) => line_of(distro, &|line| version::dotted_at_end(&line[..line.find(text)?])),
            Form::RedHat => red_hat(tree, path, facts),
            Form::Buildroot => {
                let is_cirros = tree.leads_to_file("/usr/share/cirros/logo");
                line(tree, path, if is_cirros { Distro::Cirros } else { Distro::Buildroot }, facts)
            }
            Form::Presence(distro) => {
                facts.distro = Some(distro);
                true
            }
        }
    }
}

fn red_hat(tree: &Tree, path: &str, facts: &mut Facts) -> bool {
    // An empty file still tells whose it is.
    facts.distro = Some(Distro::RedHatBased);
    let Some(line) = tree.first_line(path) else { return true };
    let known = RED_HAT.iter().find_map(|(distro, product)| Some((*distro, version::release_of(&line, product)?)));
    match known {
        Some((distro, version)) => {
            facts.distro = Some(distro);
            facts.version = Some(version);
        }
        None => facts.version = version::anywhere(&line).or(facts.version),
    }
    facts.product_name = Some(line);
    true
}
