//! FreeDOS and MS-DOS.

use super::distro::Distro;
use super::facts::{Facts, OsType};
use super::tree::Tree;

/// What the DOS whose root this filesystem is tells; `None` if it isn't one. Nothing on it tells more than its name; it
/// runs on any PC.
pub fn root(tree: &Tree) -> Option<Facts> {
    let files = [("/FDOS/FREEDOS.BSS", Distro::FreeDos), ("/DOS/COMMAND.COM", Distro::MsDos)];
    let (_, distro) = files.into_iter().find(|(file, _)| tree.is_file_in_any_case(file))?;
    Some(Facts { distro: Some(distro), arch: Some("i386".into()), ..Facts::of(OsType::Dos) })
}
