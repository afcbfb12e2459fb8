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

/// Whether `password` is the user's, by crypt(3).
fn is_password(shadow: &str, user: &str, password: &str) -> bool {
    let line = shadow.lines().find(|line| line.split(':').next() == Some(user)).expect("the user is in shadow");
    let hash = line.split(':').nth(1).expect("shadow has fields");
    let crypt = Command::new("perl").args(["-e", "print crypt($ARGV[0], $ARGV[1])", password, hash]).output();
    crypt.expect("perl is part of Debian").stdout == hash.as_bytes()
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
         --run-command 'id -un > /root/ran; mount | grep -c proc >> /root/ran' --mkdir /srv/made \
         --root-password password:of-root --password user:password:of-user --timezone Europe/Berlin \
         --ssh-inject 'root:string:ssh-ed25519 AAAAC3Nza somebody@example'",
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
    let shadow = cat(&folder, "/etc/shadow");
    assert!(is_password(&shadow, "root", "of-root") && is_password(&shadow, "user", "of-user"), "{shadow}");
    assert!(!is_password(&shadow, "root", "of-user"), "{shadow}");
    let zone = done(&folder, &format!("debugfs -R 'stat /etc/localtime' 'guest.raw?{ROOT}'"));
    assert!(zone.contains("/usr/share/zoneinfo/Europe/Berlin"), "{zone}");
    assert_eq!(cat(&folder, "/root/.ssh/authorized_keys"), "ssh-ed25519 AAAAC3Nza somebody@example\n");
    let keys = done(&folder, &format!("debugfs -R 'stat /root/.ssh/authorized_keys' 'guest.raw?{ROOT}'"));
    assert!(keys.contains("Mode:  0600") && keys.contains("User:     0"), "{keys}");
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

/// A disk of 100 MiB in `folder`, guest.raw: one partition with an ext4 that held 40 MiB which were removed, so that its blocks
/// are full of what nobody needs; its files are those of `tree`.
fn disk_with_garbage(folder: &Path) {
    done(
        folder,
        "mkdir -p tree/directory && head -c 3000000 /dev/urandom > tree/directory/random && echo small > tree/small \
         && ln -s small tree/link && cp -r tree grown && head -c 40M /dev/urandom > grown/removed \
         && truncate -s 100M guest.raw && echo 'start=2048, type=83' | sfdisk -q guest.raw \
         && mke2fs -q -t ext4 -d grown -E offset=1048576 guest.raw 90M \
         && debugfs -w -R 'rm /removed' 'guest.raw?offset=1048576' && rm -r grown",
    );
}

/// Fails unless the filesystem of a disk's only partition is sound and holds what `tree` has. The bytes of the filesystem, and
/// those of the partition.
fn checked_disk(folder: &Path, disk: &str) -> (u64, u64) {
    let field = |text: &str, name: &str| {
        let rest = text.split(name).nth(1).unwrap_or_else(|| panic!("no {name} in {text}"));
        rest.trim_start().split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default().parse::<u64>()
    };
    let table = done(folder, &format!("sfdisk --dump {disk}"));
    let sector = |name| field(&table, name).expect("a number of sectors") * 512;
    let (start, size) = (sector("start="), sector(" size="));
    done(folder, &format!("e2fsck -fn '{disk}?offset={start}'"));
    done(folder, &format!("rm -rf found && mkdir found && debugfs -R 'rdump / found' '{disk}?offset={start}'"));
    done(folder, "rmdir found/lost+found && diff -r --no-dereference tree found");
    let superblock = done(folder, &format!("dumpe2fs -h '{disk}?offset={start}'"));
    let count = |name| field(&superblock, name).expect("a number");
    (count("Block count:") * count("Block size:"), size)
}

/// The bytes that a file takes on the host.
fn allocated(folder: &Path, disk: &str) -> u64 {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(folder.join(disk)).expect("the disk is there").blocks() * 512
}

#[test]
fn a_disk_grows_with_its_filesystem() {
    let Some(folder) = folder("resized") else { return };
    disk_with_garbage(&folder);
    done(&folder, "truncate -s 160M larger.raw && virt-resize --expand /dev/sda1 guest.raw larger.raw");
    let (filesystem, partition) = checked_disk(&folder, "larger.raw");
    assert_eq!(filesystem, partition, "whole blocks of 1 KiB");
    assert!(partition > 150 << 20, "{partition}");
}

#[test]
fn what_nobody_needs_is_left_out_of_a_sparse_copy() {
    let Some(folder) = folder("sparsified") else { return };
    disk_with_garbage(&folder);
    let before = allocated(&folder, "guest.raw");
    let (_, partition) = checked_disk(&folder, "guest.raw");
    done(&folder, "virt-sparsify guest.raw sparse.raw");
    assert_eq!(checked_disk(&folder, "sparse.raw").1, partition);
    assert!(allocated(&folder, "sparse.raw") + (35 << 20) < before, "{before}");
    assert_eq!(allocated(&folder, "guest.raw"), before, "the original stays");
    done(&folder, "virt-sparsify --in-place guest.raw");
    checked_disk(&folder, "guest.raw");
    assert!(allocated(&folder, "guest.raw") + (35 << 20) < before, "{before}");
}
