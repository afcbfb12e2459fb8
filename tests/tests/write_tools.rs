//! The commands that change disks, each checked by a program that isn't ours: e2fsck, debugfs, mtools, blkid, qemu-img.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bstr::ByteSlice;
use glassbox_tests::fixtures::scratch;
use glassbox_tests::glassbox;
use glassbox_tests::needs::{QEMU, has_programs};
use sha2::{Digest, Sha256};

/// Where `part-disk` lets the first partition of an MBR begin, in bytes.
const PARTITION: u64 = 128 * 512;

/// A folder in which images are made and changed.
struct Folder(PathBuf);

impl Folder {
    /// `None`, said on stderr, where there is nothing that runs an appliance.
    fn new(test: &str) -> Option<Self> {
        has_programs(test, &[QEMU]).then(|| Folder(scratch(&format!("write-tools-{test}"))))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn run(&self, program: impl AsRef<Path>, arguments: &[&str], stdin: &str) -> Output {
        let mut child = Command::new(program.as_ref())
            .args(arguments)
            .current_dir(&self.0)
            .env("EDITOR", "sed -i s/beta/gamma/")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.as_ref().display()));
        // Who doesn't read it doesn't need it.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// What a program prints that succeeds.
    fn printed(&self, program: impl AsRef<Path>, arguments: &[&str], stdin: &str) -> String {
        let output = self.run(program, arguments, stdin);
        let told = output.stderr.as_bstr();
        assert!(output.status.success(), "{arguments:?}: {}\n{told}\n{}", output.status, output.stdout.as_bstr());
        output.stdout.to_str_lossy().into_owned()
    }

    fn glassbox(&self, arguments: &[&str]) -> String {
        self.printed(glassbox(), arguments, "")
    }

    /// What glassbox says when it fails.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(glassbox(), arguments, "");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        output.stderr.to_str_lossy().into_owned()
    }

    /// e2fsck finds nothing wrong with the ext filesystem of an image.
    fn is_sound(&self, image: &str) {
        self.printed("e2fsck", &["-fn", image], "");
    }

    /// What debugfs says of an ext filesystem.
    fn debugfs(&self, image: &str, request: &str) -> String {
        self.printed("debugfs", &["-R", request, image], "")
    }

    fn digest(&self, image: &str) -> [u8; 32] {
        Sha256::digest(fs::read(self.path(image)).unwrap()).into()
    }

    /// A tree with files, a directory, and with links if there may be any.
    fn tree(&self, name: &str, links: bool) {
        let tree = self.path(name);
        fs::create_dir_all(tree.join("directory")).unwrap();
        fs::write(tree.join("file"), "alpha\nbeta\n").unwrap();
        fs::write(tree.join("directory/large"), vec![7; 3 << 20]).unwrap();
        fs::set_permissions(tree.join("file"), fs::Permissions::from_mode(0o640)).unwrap();
        if links {
            symlink("file", tree.join("link")).unwrap();
            fs::hard_link(tree.join("file"), tree.join("again")).unwrap();
        }
    }
}

#[test]
fn a_tree_becomes_a_disk_and_files_in_it_are_changed() {
    let Some(folder) = Folder::new("tree") else { return };
    folder.tree("tree", true);
    folder.glassbox(&["make-fs", "--type=ext4", "--label=data", "--size=+8M", "tree", "disk.img"]);
    folder.is_sound("disk.img");
    assert_eq!(folder.debugfs("disk.img", "cat /file"), "alpha\nbeta\n");
    let inode = folder.debugfs("disk.img", "stat /file");
    assert!(inode.contains("Mode:  0640") && inode.contains("Links: 2"), "{inode}");
    assert!(folder.debugfs("disk.img", "stat /link").contains("Fast link dest: \"file\""));
    assert!(folder.debugfs("disk.img", "stats").contains("Filesystem volume name:   data"));

    // What fails or changes nothing leaves the image as it is.
    let before = folder.digest("disk.img");
    let edit = ["edit", "-a", "disk.img", "-m", "/dev/sda"];
    let with = |more: &[&'static str]| [&edit[..], more].concat();
    assert!(folder.refused(&with(&["/file", "-e", "die qq(no\\n)"])).contains("no\n"));
    assert!(folder.refused(&with(&["/missing", "-e", "s/a/b/"])).contains("/missing"));
    folder.glassbox(&with(&["/file", "-e", "s/omega/psi/"]));
    assert_eq!(folder.glassbox(&with(&["/directory/large"])), "File not changed.\n");
    folder.refused(&["copy-in", "-a", "disk.img", "-m", "/dev/sda", "missing", "/"]);
    folder.refused(&["copy-in", "-a", "disk.img", "-m", "/dev/sda", "tree", "/file"]);
    assert!(folder.digest("disk.img") == before);

    folder.glassbox(&with(&["/link", "-b", ".old", "-e", "s/alpha/$lineno/"]));
    folder.is_sound("disk.img");
    assert_eq!(folder.debugfs("disk.img", "cat /file"), "1\nbeta\n");
    assert_eq!(folder.debugfs("disk.img", "cat /file.old"), "alpha\nbeta\n");
    assert!(folder.debugfs("disk.img", "stat /file").contains("Mode:  0640"));
    assert!(folder.debugfs("disk.img", "stat /link").contains("Fast link dest: \"file\""));

    folder.glassbox(&["copy-in", "-a", "disk.img", "-m", "/dev/sda", "tree", "tree/file", "/directory"]);
    folder.printed("tar", &["-czf", "file.tar.gz", "-C", "tree", "--transform=s/^/unpacked-/", "file"], "");
    folder.glassbox(&["tar-in", "--compress=gzip", "-a", "disk.img", "-m", "/dev/sda", "file.tar.gz", "/directory"]);
    folder.is_sound("disk.img");
    for name in ["tree/file", "tree/again", "file", "unpacked-file"] {
        assert_eq!(folder.debugfs("disk.img", &format!("cat /directory/{name}")), "alpha\nbeta\n", "{name}");
    }
    assert!(folder.debugfs("disk.img", "stat /directory/tree/again").contains("Links: 2"));
}

#[test]
fn archives_become_partitioned_disks_and_floppies() {
    let Some(folder) = Folder::new("archive") else { return };
    folder.tree("tree", false);
    folder.printed("tar", &["-czf", "tree.tar.gz", "-C", "tree", "."], "");
    let options = ["--type=vfat", "--label=LAB", "--partition", "--format=qcow2", "--size=64M"];
    folder.glassbox(&[&["make-fs"], &options[..], &["tree.tar.gz", "disk.qcow2"]].concat());
    folder.printed("qemu-img", &["convert", "-O", "raw", "disk.qcow2", "disk.img"], "");
    assert_eq!(fs::metadata(folder.path("disk.img")).unwrap().len(), 64 << 20);
    let table = folder.printed("sfdisk", &["--dump", "disk.img"], "");
    assert!(table.contains("label: dos") && table.contains("type=b"), "{table}");
    let partition = format!("disk.img@@{PARTITION}");
    assert_eq!(folder.printed("mtype", &["-i", &partition, "::file"], ""), "alpha\nbeta\n");
    assert!(folder.printed("mdir", &["-i", &partition, "::"], "").contains("is LAB"));

    // Three megabytes are too much for a floppy: nothing is left of it.
    let told = folder.refused(&["make-fs", "--floppy", "tree", "floppy.img"]);
    assert!(told.contains("No space left on device") && !folder.path("floppy.img").exists(), "{told}");
    fs::remove_file(folder.path("tree/directory/large")).unwrap();
    folder.glassbox(&["make-fs", "--floppy", "tree", "floppy.img"]);
    assert_eq!(fs::metadata(folder.path("floppy.img")).unwrap().len(), 1440 << 10);
    assert_eq!(folder.printed("mtype", &["-i", &format!("floppy.img@@{PARTITION}"), "::file"], ""), "alpha\nbeta\n");
}

#[test]
fn disks_are_formatted() {
    let Some(folder) = Folder::new("format") else { return };
    let image = fs::File::create(folder.path("disk.img")).unwrap();
    image.set_len(64 << 20).unwrap();
    // LVM first: the next table can only be read if its volumes are given up.
    folder.glassbox(&["format", "-a", "disk.img", "--lvm=/dev/group/volume", "--filesystem=ext2"]);
    let probed = |offset: u64| {
        folder.printed("blkid", &["-p", "-o", "value", "-s", "TYPE", "-O", &offset.to_string(), "disk.img"], "")
    };
    assert_eq!(probed(PARTITION), "LVM2_member\n");
    assert!(folder.glassbox(&["filesystems", "-a", "disk.img"]).contains("/dev/group/volume"));

    folder.glassbox(&["format", "-a", "disk.img", "--filesystem=ext4", "--label=new"]);
    assert_eq!(probed(PARTITION), "ext4\n");
    let partition = format!("disk.img?offset={PARTITION}");
    folder.is_sound(&partition);
    assert!(folder.debugfs(&partition, "stats").contains("Filesystem volume name:   new"));

    let before = folder.digest("disk.img");
    assert!(folder.refused(&["format", "-a", "disk.img", "--partition=nosuch"]).contains("no such table"));
    assert!(folder.refused(&["format", "-a", "disk.img", "more.img"]).contains("extra argument"));
    assert!(folder.digest("disk.img") == before);
}

#[test]
fn fish_prepares_disks_and_writes_to_them() {
    let Some(folder) = Folder::new("fish") else { return };
    // A volume that is mounted is resized without the check for which it would have to be unmounted.
    let script = "mount /dev/sda1 /\nwrite /file \"alpha\\nbeta\\n\"\nchmod 0600 /file\nedit /file\nupload -<<END /here\nlines\nEND\nlvs\n\
                  umount-all\nmount /dev/group/volume /\nresize2fs /dev/group/volume\n";
    let options = ["fish", "-N", "fs:ext4:32M", "-N", "volume.img=lvfs:/dev/group/volume:ext2:32M"];
    assert_eq!(folder.printed(glassbox(), &options, script), "/dev/group/volume\n");
    let partition = format!("test1.img?offset={PARTITION}");
    folder.is_sound(&partition);
    assert_eq!(folder.debugfs(&partition, "cat /file"), "alpha\ngamma\n");
    assert!(folder.debugfs(&partition, "stat /file").contains("Mode:  0600"));
    assert_eq!(folder.debugfs(&partition, "cat /here"), "lines\n");

    // Inspection unmounts: the appliance mustn't mount what no longer is.
    let script = "run\nmount /dev/sda1 /\ninspect-os\nmount /dev/sda1 /\nwrite /late x\n";
    folder.printed(glassbox(), &["fish", "-a", "test1.img"], script);
    assert_eq!(folder.debugfs(&partition, "cat /late"), "x");

    // A disk that is added read-only stays what it is.
    let before = folder.digest("test1.img");
    let told =
        folder.run(glassbox(), &["fish", "--ro", "-a", "test1.img", "-m", "/dev/sda1", "write", "/file", "x"], "");
    assert_eq!(told.status.code(), Some(1));
    assert!(folder.digest("test1.img") == before);

    // The last line fails, and so does the shell; what was written there is thrown away.
    let script = "cd /sysroot\ncat file; pwd\nls nosuch\necho x > file\n";
    let rescue = folder.run(glassbox(), &["rescue", "--ro", "test1.img", "-m", "/dev/sda1"], script);
    let told = rescue.stdout.to_str_lossy();
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines.starts_with(&["alpha", "gamma", "/sysroot"]) && told.contains("nosuch"), "{told}");
    assert_eq!(rescue.status.code(), Some(1), "{told}");
    assert!(folder.digest("test1.img") == before);
}

/// script(1) is the terminal.
#[test]
fn rescue_runs_a_shell_at_a_terminal() {
    let Some(folder) = Folder::new("terminal").filter(|_| has_programs("terminal", &["script", "setsid"])) else {
        return;
    };
    fs::File::create(folder.path("disk.img")).and_then(|disk| disk.set_len(8 << 20)).unwrap();
    folder.printed("mke2fs", &["-q", "disk.img"], "");
    let rescue = format!("stty rows 33 cols 99; exec '{}' rescue -a disk.img", glassbox().display());
    // Its job control needs a session of its own; what is typed is echoed, so answers are told from questions.
    let typed = "stty size\ntest -t 0 && echo at a ter''minal\nmount /dev/sda /sysroot\necho kept > /sysroot/file\n\
                 sleep 100 &\nkill %1 && wait; seq -s , 5000 | tail -c 10\nexit\n";
    let seen = folder.printed("script", &["--quiet", "--return", "--command", &rescue, "/dev/null"], typed);
    for answer in ["33 99", "at a terminal", "4999,5000"] {
        assert!(seen.contains(answer), "{answer}: {seen}");
    }
    assert!(!seen.contains("no job control"), "{seen}");
    folder.is_sound("disk.img");
    assert_eq!(folder.debugfs("disk.img", "cat /file"), "kept\n");
}

/// A guest whose disk is encrypted is looked into by those who have its key.
#[test]
fn keys_open_what_is_encrypted() {
    let Some(folder) = Folder::new("keys").filter(|_| has_programs("keys", &["cryptsetup"])) else { return };
    fs::File::create(folder.path("disk.img")).and_then(|disk| disk.set_len(64 << 20)).unwrap();
    let script = "run\npart-disk /dev/sda gpt\nluks-format /dev/sda1 0\ncryptsetup-open /dev/sda1 opened\n\
                  mkfs ext4 /dev/mapper/opened\nmount /dev/mapper/opened /\nmkdir /etc\nmkdir /bin\ntouch /etc/fstab\nwrite /etc/hostname \"hidden\\n\"\n\
                  write /etc/os-release \"ID=debian\\nVERSION_ID=12\\n\"\numount-all\ncryptsetup-close /dev/mapper/opened\n";
    fs::write(folder.path("script"), script).unwrap();
    let fish = ["fish", "--keys-from-stdin", "-a", "disk.img", "-f", "script"];
    folder.printed(glassbox(), &fish, "the secret\nthe secret\n");

    fs::write(folder.path("key"), "the secret\n").unwrap();
    let key_file = ["cat", "--key", "/dev/sda1:file:key", "disk.img", "/etc/hostname"];
    assert_eq!(folder.glassbox(&key_file), "hidden\n");
    let asked = ["fish", "--ro", "--keys-from-stdin", "-a", "disk.img", "-i", "cat", "/etc/hostname"];
    assert_eq!(folder.printed(glassbox(), &asked, "the secret\n"), "hidden\n\n");
    let told = folder.glassbox(&["inspect", "--json", "--key", "all:key:the secret", "disk.img"]);
    assert!(told.contains("\"hostname\": \"hidden\""), "{told}");
    let refused = folder.refused(&["cat", "--key", "all:key:wrong", "disk.img", "/etc/hostname"]);
    assert!(refused.contains("/dev/sda1: no key opens it"), "{refused}");
}
