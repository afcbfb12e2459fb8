//! The programs of the host that the appliance carries, and the libraries that its daemon loads: the one table of them.

use Need::{Optional, Required};

/// Whether the appliance is built without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Without it nothing works: the appliance isn't built.
    Required,
    /// Without it the calls that use it are unavailable.
    Optional,
}

/// Programs that come together, in one package.
#[derive(Debug)]
pub struct Group {
    /// Their names, looked for in the directories of programs.
    pub programs: &'static [&'static str],
    /// What they do, for the person who is told that they are missing.
    pub purpose: &'static str,
    /// Debian's package.
    pub debian: &'static str,
    /// Fedora's package.
    pub fedora: &'static str,
    /// Whether it can be left out.
    pub need: Need,
}

const fn group(
    programs: &'static [&'static str],
    purpose: &'static str,
    debian: &'static str,
    fedora: &'static str,
    need: Need,
) -> Group {
    Group { programs, purpose, debian, fedora, need }
}

/// All of them.
pub const GROUPS: &[Group] = &[
    group(&["sh"], "scripts among the tools", "dash", "bash", Required),
    group(&["bash"], "scripts among the tools", "bash", "bash", Optional),
    group(
        &[
            "cat",
            "chgrp",
            "chmod",
            "chown",
            "chroot",
            "cksum",
            "cp",
            "cut",
            "dd",
            "df",
            "dirname",
            "du",
            "env",
            "head",
            "id",
            "ln",
            "ls",
            "md5sum",
            "mkdir",
            "mkfifo",
            "mknod",
            "mktemp",
            "mv",
            "od",
            "readlink",
            "realpath",
            "rm",
            "rmdir",
            "sha1sum",
            "sha256sum",
            "sha512sum",
            "sleep",
            "sort",
            "stat",
            "sync",
            "tail",
            "tee",
            "touch",
            "tr",
            "truncate",
            "uname",
            "wc",
        ],
        "files",
        "coreutils",
        "coreutils",
        Required,
    ),
    group(
        &["base64", "basename", "sha224sum", "sha384sum", "expr", "nproc", "seq", "stty", "tty", "uniq"],
        "files",
        "coreutils",
        "coreutils",
        Optional,
    ),
    group(
        &["blkid", "blockdev", "fstrim", "losetup", "mkswap", "sfdisk", "swaplabel", "swapoff", "swapon", "wipefs"],
        "partitions and devices",
        "util-linux fdisk",
        "util-linux",
        Required,
    ),
    group(&["mount", "umount"], "mounting", "mount", "util-linux", Required),
    group(
        &["findmnt", "fsfreeze", "lsblk", "mkfs.minix", "partx", "uuidgen", "chcon", "hexdump"],
        "partitions and devices",
        "util-linux bsdextrautils uuid-runtime",
        "util-linux",
        Optional,
    ),
    group(&["find", "xargs"], "searching", "findutils", "findutils", Required),
    group(&["grep", "egrep", "fgrep"], "searching", "grep", "grep", Required),
    group(
        &["awk", "sed", "cmp", "diff"],
        "scripts among the tools",
        "gawk sed diffutils",
        "gawk sed diffutils",
        Optional,
    ),
    group(&["tar"], "archives", "tar", "tar", Required),
    group(&["cpio"], "archives", "cpio", "cpio", Optional),
    group(&["gzip", "zgrep"], "compression", "gzip", "gzip", Required),
    group(&["bzip2"], "compression", "bzip2", "bzip2", Optional),
    group(&["xz"], "compression", "xz-utils", "xz", Optional),
    group(&["zstd"], "compression", "zstd", "zstd", Optional),
    group(&["lzop"], "compression", "lzop", "lzop", Optional),
    group(&["compress"], "compression", "ncompress", "ncompress", Optional),
    group(
        &[
            "mke2fs",
            "mkfs.ext2",
            "mkfs.ext3",
            "mkfs.ext4",
            "e2fsck",
            "fsck",
            "fsck.ext2",
            "fsck.ext3",
            "fsck.ext4",
            "resize2fs",
            "tune2fs",
            "dumpe2fs",
            "e2label",
            "chattr",
            "lsattr",
        ],
        "ext2, ext3 and ext4",
        "e2fsprogs util-linux",
        "e2fsprogs util-linux",
        Required,
    ),
    group(
        &["debugfs", "e2image", "e2freefrag", "badblocks", "mklost+found"],
        "ext2, ext3 and ext4",
        "e2fsprogs",
        "e2fsprogs",
        Optional,
    ),
    group(
        &[
            "mkfs.xfs",
            "xfs_repair",
            "xfs_admin",
            "xfs_growfs",
            "xfs_info",
            "xfs_copy",
            "xfs_db",
            "xfs_io",
            "xfs_spaceman",
        ],
        "XFS",
        "xfsprogs",
        "xfsprogs",
        Optional,
    ),
    group(&["mkfs.btrfs", "btrfs", "btrfstune", "btrfs-image"], "btrfs", "btrfs-progs", "btrfs-progs", Optional),
    group(&["mkfs.vfat", "mkfs.fat", "fsck.vfat", "fsck.fat", "fatlabel"], "FAT", "dosfstools", "dosfstools", Optional),
    group(&["mlabel", "mattrib", "mcopy", "mmove"], "FAT", "mtools", "mtools", Optional),
    group(
        &[
            "ntfs-3g",
            "mount.ntfs-3g",
            "mount.ntfs",
            "ntfs-3g.probe",
            "mkntfs",
            "mkfs.ntfs",
            "ntfsfix",
            "ntfsresize",
            "ntfsclone",
            "ntfslabel",
            "ntfscat",
            "ntfsinfo",
            "ntfssecaudit",
            "ntfsundelete",
        ],
        "NTFS",
        "ntfs-3g",
        "ntfs-3g ntfsprogs",
        Optional,
    ),
    group(&["mkfs.f2fs", "fsck.f2fs", "resize.f2fs"], "F2FS", "f2fs-tools", "f2fs-tools", Optional),
    group(&["mkfs.exfat", "fsck.exfat", "tune.exfat"], "exFAT", "exfatprogs", "exfatprogs", Optional),
    group(&["mksquashfs", "unsquashfs"], "squashfs", "squashfs-tools", "squashfs-tools", Optional),
    group(&["genisoimage"], "ISO 9660", "genisoimage", "genisoimage", Optional),
    group(&["lvm"], "logical volumes", "lvm2", "lvm2", Required),
    group(&["dmsetup"], "logical volumes", "dmsetup", "device-mapper", Required),
    group(
        &["thin_check", "thin_repair", "thin_dump"],
        "thin volumes",
        "thin-provisioning-tools",
        "device-mapper-persistent-data",
        Optional,
    ),
    group(&["mdadm"], "software RAID", "mdadm", "mdadm", Optional),
    group(&["cryptsetup"], "LUKS", "cryptsetup-bin", "cryptsetup", Optional),
    group(&["ldmtool"], "Windows dynamic disks", "ldmtool", "libldm", Optional),
    group(&["parted"], "partitions", "parted", "parted", Required),
    group(&["sgdisk"], "GPT", "gdisk", "gdisk", Optional),
    group(&["getfattr", "setfattr"], "extended attributes", "attr", "attr", Optional),
    group(&["getfacl", "setfacl"], "access control lists", "acl", "acl", Optional),
    group(&["getcap", "setcap"], "capabilities", "libcap2-bin", "libcap", Optional),
    group(&["setfiles"], "SELinux labels", "policycoreutils", "policycoreutils", Optional),
    group(&["strings"], "searching", "binutils", "binutils", Optional),
    group(&["scrub"], "wiping", "scrub", "scrub", Optional),
    group(&["zerofree"], "wiping", "zerofree", "zerofree", Optional),
    group(&["ip"], "the network", "iproute2", "iproute", Optional),
    group(&["rsync"], "copying", "rsync", "rsync", Optional),
    group(&["ssh"], "copying", "openssh-client", "openssh-clients", Optional),
    group(&["kmod", "modprobe", "insmod", "lsmod"], "kernel modules", "kmod", "kmod", Required),
    group(&["setsid"], "a shell at a terminal", "util-linux", "util-linux", Optional),
    group(&["vi"], "editing in a terminal", "vim-tiny", "vim-minimal", Optional),
    group(&["nano"], "editing in a terminal", "nano", "nano", Optional),
    group(&["less"], "reading in a terminal", "less", "less", Optional),
    group(&["extlinux", "syslinux"], "boot loaders", "extlinux syslinux", "syslinux", Optional),
];

/// A library that the daemon loads when it is first needed. Without it the calls that use it are unavailable.
#[derive(Debug)]
pub struct Library {
    /// Its name, as the dynamic loader knows it.
    pub name: &'static str,
    /// Directories that it reads. Without them it is as good as missing.
    pub data: &'static [&'static str],
    /// What it does.
    pub purpose: &'static str,
    /// Debian's packages.
    pub debian: &'static str,
    /// Fedora's packages.
    pub fedora: &'static str,
}

/// Configuration files as trees.
pub const AUGEAS: Library = Library {
    name: "libaugeas.so.0",
    data: &["/usr/share/augeas/lenses"],
    purpose: "configuration files as trees",
    debian: "libaugeas0 augeas-lenses",
    fedora: "augeas-libs",
};

/// All of them.
pub const LIBRARIES: &[Library] = &[AUGEAS];

/// The directory of the root disk with a list for each library that the appliance carries: the files to load, in their order.
/// The daemon's own loader can't find them by name: it has looked for directories that weren't there before there was a root disk.
pub const LIBRARY_LISTS: &str = "/libraries";

/// Where programs are looked for. An ordinary user's `PATH` lacks the directories of system programs.
pub(crate) const DIRECTORIES: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Files that those programs read, if the host has them: programs' settings, translations between character sets.
pub(crate) const DATA: [&str; 23] = [
    // What terminals can, where Debian doesn't have it.
    "/usr/share/terminfo/l/linux",
    "/usr/share/terminfo/s/screen",
    "/usr/share/terminfo/s/screen-256color",
    "/usr/share/terminfo/t/tmux-256color",
    "/usr/share/terminfo/v/vt100",
    "/usr/share/terminfo/x/xterm",
    "/usr/share/terminfo/x/xterm-256color",
    "/etc/ld.so.cache",
    "/etc/mke2fs.conf",
    "/etc/nsswitch.conf",
    "/etc/protocols",
    "/etc/services",
    // LUKS volumes may use digests that OpenSSL keeps apart.
    "/usr/lib/x86_64-linux-gnu/ossl-modules/legacy.so",
    "/usr/lib64/ossl-modules/legacy.so",
    // FAT's labels are in the code pages of DOS.
    "/usr/lib/x86_64-linux-gnu/gconv/gconv-modules",
    "/usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache",
    "/usr/lib/x86_64-linux-gnu/gconv/IBM437.so",
    "/usr/lib/x86_64-linux-gnu/gconv/IBM850.so",
    "/usr/lib64/gconv/gconv-modules",
    "/usr/lib64/gconv/gconv-modules.cache",
    "/usr/lib64/gconv/IBM437.so",
    "/usr/lib64/gconv/IBM850.so",
    // pthread_exit(3) loads it.
    "/lib/x86_64-linux-gnu/libgcc_s.so.1",
];

/// Directories that go along with all that is in them.
pub(crate) const DATA_DIRECTORIES: [&str; 3] =
    ["/lib/terminfo", "/usr/lib/locale/C.utf8", "/usr/lib/x86_64-linux-gnu/gconv/gconv-modules.d"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_program_stands_once() {
        let mut seen = BTreeSet::new();
        for group in GROUPS {
            assert!(group.programs.iter().all(|program| seen.insert(*program)), "{:?}", group.programs);
            assert!(!group.purpose.is_empty() && !group.debian.is_empty() && !group.fedora.is_empty());
        }
    }
}
