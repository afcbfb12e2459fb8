//! Where Windows is: `%SystemRoot%`.

use bstr::{BStr, BString, ByteSlice};

use super::super::tree::Tree;
use super::below;

/// Where it usually is, the usual place first. ReactOS is no Windows, but looks like one.
const PLACES: [&str; 5] = ["/windows", "/winnt", "/win32", "/win", "/reactos"];

/// The section of `boot.ini` that lists systems.
const SYSTEMS: &[u8] = b"[operating systems]";

/// The system directory, as its parent spells it; `None` if there is none.
pub fn find(tree: &Tree) -> Option<BString> {
    let usual = PLACES.iter().filter_map(|place| tree.spelled(place)).find(|place| is_systemroot(tree, place.as_ref()));
    usual.or_else(|| named_by_boot_ini(tree))
}

/// Its drivers and programs tell it from a directory that only has its name.
fn is_systemroot(tree: &Tree, path: &BStr) -> bool {
    tree.is_dir_in_any_case(below(path, "system32"))
        && tree.is_dir_in_any_case(below(path, "system32/config"))
        && tree.is_file_in_any_case(below(path, "system32/cmd.exe"))
}

/// The first directory of `boot.ini` that is on this filesystem. Which disk it names can't be told from outside of the
/// machine: controllers' numbers are the firmware's.
fn named_by_boot_ini(tree: &Tree) -> Option<BString> {
    let boot_ini = tree.spelled("/boot.ini").filter(|path| tree.leads_to_file(path))?;
    let lines = tree.lines(boot_ini)?;
    let after = lines.into_iter().skip_while(|line| !line.starts_with(SYSTEMS)).skip(1);
    let mut systems = after.take_while(|line| line.starts_with(b"multi(") || line.starts_with(b"scsi("));
    systems.find_map(|line| directory_of(line.as_ref()).filter(|path| is_systemroot(tree, path.as_ref())))
}

/// The directory of `multi(0)disk(0)rdisk(0)partition(1)\WINDOWS="Microsoft Windows XP" /fastdetect`.
fn directory_of(line: &BStr) -> Option<BString> {
    let place = line.split_once_str("=")?.0;
    let directory = place.rsplit_once_str(")")?.1;
    directory.starts_with(b"\\").then(|| directory.replace("\\", "/").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_boot_ini_names_a_directory() {
        let directory = |line: &str| directory_of(line.into());
        let line = r#"multi(0)disk(0)rdisk(0)partition(1)\WINDOWS\XP="Windows (XP)" /noexecute=optin"#;
        assert_eq!(directory(line).unwrap(), "/WINDOWS/XP");
        assert_eq!(directory(r"scsi(0)disk(0)rdisk(0)partition(1)\WINNT="), Some("/WINNT".into()));
        assert_eq!(directory("multi(0)disk(0)rdisk(0)partition(1)="), None);
        assert_eq!(directory(r"multi(0)\WINNT"), None);
    }
}
