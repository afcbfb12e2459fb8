//! `file_architecture` and `case_sensitive_path`, against real libguestfs.

use glassbox_api::{Drives, FilesRead, Inspection, Launching, Mounting};
use glassbox_engine::Handle;
use glassbox_tests::fixture;

/// Where our answer is another, and why. A name stands for all that begin with it.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    // libguestfs takes every program of Windows for one for x86.
    ("pe-arm64.", "aarch64", "the machine in the header"),
    ("pe-arm", "arm", "the machine in the header"),
    ("pe-ia64.", "ia64", "the machine in the header"),
    ("pe-riscv64.", "riscv64", "the machine in the header"),
    ("pe-loongarch64.", "loongarch64", "the machine in the header"),
    // As guestfs(3) documents them; libmagic's names have changed since.
    ("elf-sparc-", "sparc", "the documented name"),
    ("elf-loongarch-64", "loongarch64", "the documented name"),
    ("elf-none-", "!", "no machine is no architecture"),
    // What Debian's libmagic doesn't decompress.
    ("module.ko.lz4", "x86_64", "LZ4 is decompressed"),
    ("module.ko.zst", "x86_64", "zstd is decompressed"),
    ("initrd-ls.lz4", "x86_64", "LZ4 is decompressed"),
    ("initrd-ls.zst", "x86_64", "zstd is decompressed"),
    // libguestfs looks into the first archive of an initrd alone, and for names at one place, in one spelling.
    ("initrd-microcode", "x86_64", "the archives after the first count"),
    ("initrd-dotted", "x86_64", "./bin/ls is bin/ls"),
    ("initrd-usr", "x86_64", "usr/bin is bin in most initrds today"),
    ("initrd-script", "arm", "a script isn't the only program"),
    ("initrd-link", "i386", "bin/sh leads to bin/busybox"),
    // libguestfs doesn't read kernels.
    ("vmlinuz-x86-64", "x86_64", "the setup header tells"),
    ("vmlinuz-i386", "i386", "the setup header tells"),
    ("vmlinuz-arm64", "aarch64", "the image's header tells"),
];

/// `! ERROR` for an error.
fn shown<T: ToString>(result: glassbox_io::Result<T>) -> String {
    match result {
        Ok(answer) => answer.to_string(),
        Err(error) => format!("! {}", error.message()),
    }
}

fn expected(name: &str, oracle: &str) -> String {
    match DIFFERENCES.iter().find(|(prefix, ..)| name.starts_with(prefix)) {
        Some((_, answer, _)) => {
            assert_ne!(oracle, *answer, "{name}: no difference any more");
            answer.to_string()
        }
        None => oracle.to_owned(),
    }
}

#[test]
fn architectures_are_told_as_libguestfs_tells_them() {
    let folder = fixture("architecture");
    let mut g = Handle::new().unwrap();
    g.add_drive_ro(folder.join("disk.raw").to_str().unwrap().into()).unwrap();
    g.launch().unwrap();
    g.mount_ro("/dev/sda".into(), "/".into()).unwrap();
    let table = std::fs::read_to_string(folder.join("oracle.tsv")).unwrap();
    let mut differences = Vec::new();
    for line in table.lines() {
        let (name, oracle) = line.split_once('\t').unwrap();
        let expected = expected(name, oracle);
        let path = format!("/{name}");
        let ours = shown(g.file_architecture(path.as_str().into()));
        let same = match expected.strip_prefix('!') {
            // Which file inside of an initrd has none is a temporary file's name there.
            Some(_) if name.starts_with("initrd-") => ours.starts_with('!'),
            Some("") => ours.starts_with('!'),
            Some(error) => ours.starts_with('!') && error.ends_with(&ours[2..]),
            None => ours == expected,
        };
        if !same {
            differences.push(format!("{name}: ours {ours:?}, libguestfs {oracle:?}"));
        }
    }
    assert!(table.lines().count() > 130);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn paths_get_their_case_as_libguestfs_gives_it() {
    let folder = fixture("architecture");
    let mut g = Handle::new().unwrap();
    for disk in ["disk.raw", "fat.raw", "ntfs.raw"] {
        g.add_drive_ro(folder.join(disk).to_str().unwrap().into()).unwrap();
    }
    g.launch().unwrap();
    let table = std::fs::read_to_string(folder.join("case.tsv")).unwrap();
    let mut mounted = "";
    let mut differences = Vec::new();
    for line in table.lines() {
        let [disk, path, oracle] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        if disk != mounted {
            g.umount_all().unwrap();
            g.mount_ro(disk.into(), "/".into()).unwrap();
            mounted = disk;
        }
        let ours = shown(g.case_sensitive_path(path.into()));
        let same = match oracle.strip_prefix("! ") {
            Some(error) => ours.strip_prefix("! ").is_some_and(|ours| error.ends_with(ours)),
            None => ours == oracle,
        };
        if !same {
            differences.push(format!("{disk} {path}: ours {ours:?}, libguestfs {oracle:?}"));
        }
    }
    assert!(table.lines().count() >= 45);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
