//! Debian's programs that write, over our library: what they made of a guest is looked at with e2fsprogs, which isn't ours.
//!
//! The guest is a copy of the fixture `debian`. All of it is done by our appliance; real libguestfs isn't started.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bstr::ByteSlice;
use glassbox_tests::fixtures::scratch;
use glassbox_tests::needs::{QEMU, has_programs};
use glassbox_tests::{fixture, library};

/// Where the fixture's root filesystem begins in its disk.
const ROOT: &str = "offset=1048576";

/// A folder with what programs write to; `None`, said on stderr, where the programs or qemu are missing.
fn folder(test: &str) -> Option<PathBuf> {
    has_programs(test, &["virt-customize", "virt-make-fs", QEMU]).then(|| scratch(&format!("debian-writers-{test}")))
}

/// Runs a line of shell in `folder`, with our library.
fn run(folder: &Path, line: &str) -> Output {
    Command::new("bash")
        .args(["-c", line])
        .current_dir(folder)
        .env_clear()
        .envs([("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("HOME", "/root"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC")])
        // Which would be the choice of a script for libguestfs.
        .envs([("LIBGUESTFS_BACKEND", "direct"), ("LIBGUESTFS_BACKEND_SETTINGS", "force_tcg")])
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("LD_LIBRARY_PATH", library())
        .output()
        .expect("bash is part of every system")
}

/// The same for a line that must succeed; what it printed.
fn done(folder: &Path, line: &str) -> String {
    let output = run(folder, line);
    let said = output.stderr.as_bstr();
    assert!(output.status.success(), "{line}: {}\n{said}\n{}", output.status, output.stdout.as_bstr());
    output.stdout.to_str_lossy().into_owned()
}

/// What debugfs shows of a file in the guest's root.
fn cat(folder: &Path, path: &str) -> String {
    done(folder, &format!("debugfs -R 'cat {path}' 'guest.raw?{ROOT}'"))
}

#[test]
fn a_guest_is_customized() {
    let Some(folder) = folder("customized") else { return };
    let guest = fixture("debian").join("debian.raw");
    done(&folder, &format!("cp --sparse=always {} guest.raw", guest.display()));
    fs::write(folder.join("copied"), "of the host\n").unwrap();
    done(&folder, "tar cf archive.tar copied");

    done(
        &folder,
        "virt-customize --no-network -a guest.raw --hostname glass.example --write /etc/written:hello \
         --run-command 'id -un > /root/ran; mount | grep -c proc >> /root/ran' --mkdir /srv/made",
    );
    done(&folder, "virt-edit -a guest.raw /etc/written -e 's/hello/edited/'");
    done(&folder, "virt-copy-in -a guest.raw copied /srv/made");
    done(&folder, "virt-tar-in -a guest.raw archive.tar /srv");
    // Before this, the guest's own history is there.
    done(&folder, "virt-customize --no-network -a guest.raw --touch /root/.bash_history");
    done(&folder, "virt-sysprep -a guest.raw --operations bash-history,logfiles,machine-id");

    done(&folder, "virt-sparsify --in-place guest.raw");

    done(&folder, &format!("e2fsck -fn 'guest.raw?{ROOT}'"));
    assert_eq!(cat(&folder, "/etc/hostname"), "glass.example\n");
    assert_eq!(cat(&folder, "/etc/written"), "edited");
    assert_eq!(cat(&folder, "/root/ran"), "root\n1\n");
    assert_eq!(cat(&folder, "/srv/made/copied"), "of the host\n");
    assert_eq!(cat(&folder, "/srv/copied"), "of the host\n");
    let listing = done(&folder, &format!("debugfs -R 'ls -p /root' 'guest.raw?{ROOT}'"));
    assert!(listing.contains("/ran/") && !listing.contains("/.bash_history/"), "{listing}");

    // A command that fails is the program's failure, and the guest is sound all the same.
    let failed = run(&folder, "virt-customize --no-network -a guest.raw --run-command 'echo so >&2; exit 7'");
    assert!(!failed.status.success() && failed.stderr.contains_str("so"), "{failed:?}");
    done(&folder, &format!("e2fsck -fn 'guest.raw?{ROOT}'"));
}

#[test]
fn disks_are_made_and_formatted() {
    let Some(folder) = folder("made") else { return };
    done(&folder, "mkdir -p tree/directory && echo contents > tree/directory/file");
    done(&folder, "virt-make-fs --type=ext4 --size=+10M tree made.raw && e2fsck -fn made.raw");
    assert_eq!(done(&folder, "debugfs -R 'cat /directory/file' made.raw"), "contents\n");

    done(
        &folder,
        "truncate -s 60M disk.raw && virt-format -a disk.raw --partition=gpt --filesystem=ext4 --label=glass",
    );
    let table = done(&folder, "sfdisk --dump disk.raw");
    assert!(table.contains("label: gpt"), "{table}");
    let start = table.split("start=").nth(1).and_then(|rest| rest.split(',').next()).expect("one partition").trim();
    let offset = start.parse::<u64>().expect("a sector's number") * 512;
    done(&folder, &format!("e2fsck -fn 'disk.raw?offset={offset}'"));
    assert_eq!(done(&folder, &format!("blkid -p -o value -s LABEL -O {offset} disk.raw")), "glass\n");
}

#[test]
fn python_changes_a_disk_and_sees_what_it_did() {
    let Some(folder) = folder("python") else { return };
    fs::write(folder.join("program.py"), include_str!("../programs/write.py")).unwrap();
    done(&folder, "truncate -s 200M disk.raw && /usr/bin/python3 program.py disk.raw");
    // The volume group's only volume, behind its metadata.
    let table = done(&folder, "sfdisk --dump disk.raw");
    assert!(table.contains("type=E6D6D379") || table.contains("type=8e"), "{table}");
}
