//! Guests of several filesystems, and guests that are damaged.

use crate::disk::{Content, Partition};

const USR: &str = "5a17b0f5-0000-4000-8000-000000000103";
const SWAP: &str = "5a17b0f5-0000-4000-8000-000000000105";

/// A table with the names that libguestfs 1.48 knows too, and lines that mean nothing here.
const FSTAB: &str = "\
# <file system> <mount point> <type> <options> <dump> <pass>

/dev/vda2 / ext2 errors=remount-ro 0 1
UUID=\"5a17b0f5-0000-4000-8000-000000000103\" /usr ext2 defaults 0 2
LABEL=var ///var// ext2 defaults 0 2
UUID=5a17b0f5-0000-4000-8000-000000000105 none swap sw 0 0
/dev/mapper/guestvg-var /mnt/lvm ext4 noauto 0 0
/dev/mapper/data--vg-my--lv /mnt/dashes ext3 defaults 0 0
/dev/guestvg/usr /mnt/lvm-usr ext4 defaults 0 0
/dev/mapper/cr_home /mnt/encrypted ext4 defaults 0 0
/dev/xvdb /mnt/second ext2 defaults 0 0
/dev/hda4 /mnt/var ext2 defaults 0 0
/dev/sdx9 /mnt/no-such-disk ext2 defaults 0 0
/dev/md0 /mnt/raid ext2 defaults 0 0
/dev/cciss/c0d0p2 /mnt/cciss ext2 defaults 0 0
/dev/disk/by-id/ata-DISK_0001-part4 /mnt/one-of-many-disks ext2 defaults 0 0
/dev/root /mnt/root-again ext2 defaults 0 0
UUID=00000000-0000-4000-8000-000000000000 /mnt/gone ext2 defaults 0 0
LABEL=nobody /mnt/nobody ext2 defaults 0 0
tmpfs /tmp tmpfs defaults 0 0
proc /proc proc defaults 0 0
/dev/sda6 /sys/kernel/debug debugfs defaults 0 0
/dev/fd0 /mnt/floppy auto noauto 0 0
/dev/cdrom /mnt/cdrom iso9660 noauto 0 0
/dev/sda6 /media/usb ext2 noauto 0 0
server.example:/export /mnt/nfs nfs defaults 0 0
";

/// A table with what only later ones know, or what 1.48 gets wrong: it leaves escapes in paths, and tells a btrfs
/// subvolume's device by the name that it has inside of the appliance.
const NEWER_FSTAB: &str = "\
PARTUUID=5A17B0F5-0000-4000-8000-000000000201 / ext2 defaults 0 1
PARTLABEL=the\\040data /srv ext2 defaults 0 0
/dev/disk/by-uuid/5a17b0f5-0000-4000-8000-000000000202 /by-uuid ext2 defaults 0 0
/dev/disk/by-label/a\\x20label /by-label ext2 defaults 0 0
/dev/disk/by-partuuid/5a17b0f5-0000-4000-8000-000000000201 /by-partuuid ext2 defaults 0 0
/dev/disk/by-partlabel/the\\x20data /by-partlabel ext2 defaults 0 0
/dev/disk/by-id/ata-DISK_0001-part2 /by-id ext2 defaults 0 0
/dev/disk/by-path/pci-0000:00:07.0-part2 /by-path ext2 defaults 0 0
UUID=5a17b0f5-0000-4000-8000-000000000202 /home btrfs noatime,subvol=@home,compress=zstd 0 0
UUID=5a17b0f5-0000-4000-8000-000000000202 /snapshots btrfs defaults 0 0
LABEL=a\\040label /with\\040space ext2 defaults 0 0
";

/// What [`NEWER_FSTAB`] means, the last line first.
pub const NEWER_MOUNTPOINTS: &str = "/with space=/dev/sda2,/snapshots=/dev/sda2,/home=btrfsvol:/dev/sda2/@home,\
    /by-path=/dev/sda2,/by-id=/dev/sda2,/by-partlabel=/dev/sda2,/by-partuuid=/dev/sda1,/by-label=/dev/sda2,\
    /by-uuid=/dev/sda2,/srv=/dev/sda2,/=/dev/sda1";

/// A guest with that table.
pub static NEWER: &[Partition<'static>] = &[
    Partition {
        part_uuid: "5a17b0f5-0000-4000-8000-000000000201",
        ..Partition::of(Content::Ext2(&[
            ("bin/", ""),
            ("etc/fstab", NEWER_FSTAB),
            ("etc/sysconfig/network", "NETWORKING=yes\nHOSTNAME=\"quoted.example.com\"\n"),
        ]))
    },
    Partition {
        part_name: "the data",
        label: "a label",
        uuid: "5a17b0f5-0000-4000-8000-000000000202",
        ..Partition::of(Content::Ext2(&[("file", "data\n")]))
    },
];

/// `/boot`, `/usr` and `/var` on filesystems of their own, an encrypted partition, and a second system.
pub static PARTS: &[Partition<'static>] = &[
    Partition {
        label: "boot",
        ..Partition::of(Content::Ext2(&[("grub2/grub.cfg", "set timeout=5\n"), ("etc/", ""), ("bin/", "")]))
    },
    Partition::of(Content::Ext2(&[
        ("bin", "-> usr/bin"),
        ("etc/os-release", "-> ../usr/lib/os-release"),
        ("etc/fstab", FSTAB),
        ("etc/hostname", "# the host's name\nparts.example.com\n"),
        ("etc/crypttab", "cr_home UUID=5a17b0f5-0000-4000-8000-000000000107 none luks\n"),
        ("usr/", ""),
        ("var/", ""),
    ])),
    Partition {
        uuid: USR,
        ..Partition::of(Content::Ext2(&[
            ("bin/bash", "-> dash"),
            ("bin/dash", "copy of /bin/true"),
            (
                "lib/os-release",
                "NAME=openSUSE\nID=opensuse-tumbleweed\nVERSION_ID=20240101\nPRETTY_NAME='openSUSE Tumbleweed'\n\
                 BUILD_ID=\"of a \\\"quoted\\\" day\"\n",
            ),
            ("local/", ""),
            ("share/", ""),
            ("src/", ""),
        ]))
    },
    Partition { label: "var", ..Partition::of(Content::Ext2(&[("log/", ""), ("run/", ""), ("spool/", "")])) },
    Partition { uuid: SWAP, label: "swap", ..Partition::of(Content::Swap) },
    Partition::of(Content::Ext2(&[("file", "data\n")])),
    Partition::of(Content::Luks),
    Partition::of(Content::Ext2(&[
        ("bin/sh", "copy of /bin/true"),
        ("etc/fstab", "/dev/sda8 / ext2 defaults 0 1\n/dev/sda4 /var ext2 defaults 0 2\n"),
        ("etc/redhat-release", "Red Hat Enterprise Linux Server release 6.10 (Santiago)\n"),
        ("etc/sysconfig/network", "NETWORKING=yes\nHOSTNAME=second.example.com\n"),
        ("etc/favicon.png", "this is no picture\n"),
    ])),
];

/// CoreOS: a root, and two of `/usr`, of which the newer is in use.
pub static COREOS: &[Partition<'static>] = &[
    Partition::of(Content::Ext2(&[
        ("bin/", ""),
        ("share/coreos/", ""),
        ("local/", ""),
        (
            "lib/os-release",
            "NAME=CoreOS\nID=coreos\nVERSION=647.0.0\nVERSION_ID=647.0.0\nPRETTY_NAME=\"CoreOS 647.0.0\"\n",
        ),
    ])),
    Partition::of(Content::Ext2(&[
        ("bin/bash", "copy of /bin/true"),
        (
            "share/coreos/lsb-release",
            "DISTRIB_ID=CoreOS\nDISTRIB_RELEASE=681.2.0\nDISTRIB_DESCRIPTION=\"CoreOS 681.2.0\"\n",
        ),
        ("local/", ""),
    ])),
    Partition::of(Content::Ext2(&[
        ("etc/coreos/update.conf", "GROUP=stable\n"),
        ("etc/hostname", "coreos.example.com\n"),
        ("home/", ""),
        ("root/", ""),
        ("usr/", ""),
    ])),
];

/// Guests that somebody damaged, on purpose or not.
pub static DAMAGED: &[Partition<'static>] = &[
    // Release and host's name are too large to be read; another file tells the distribution.
    Partition::of(Content::Ext2(&[
        ("bin/", ""),
        ("etc/hosts", ""),
        ("etc/os-release", "100000000 of NUL"),
        ("etc/hostname", "3000000 of NUL"),
        ("etc/debian_version", "12.5\n"),
    ])),
    // Links in circles, and a table of nonsense.
    Partition::of(Content::Ext2(&[
        ("bin/", ""),
        ("etc/os-release", "-> lsb-release"),
        ("etc/lsb-release", "-> os-release"),
        ("etc/hostname", "-> ../etc/hostname"),
        ("etc/alpine-release", "3.19.1\n"),
        ("etc/circle/circle", "-> ../circle"),
        (
            "etc/fstab",
            "only two\n\u{1}\u{2}\u{3} \u{ff} x\n= = =\nUUID= / ext2\n/dev/sda2 / ext2\n/dev/sda1 / ext2\n\
             /dev/sda3 /with\\040space ext2 defaults\n/dev/sda99999999999999999999 /x y\n\\ \\ \\\n",
        ),
    ])),
    // A table that is too large, and versions that are no numbers.
    Partition::of(Content::Ext2(&[
        ("bin/", ""),
        ("etc/fstab", "200000 of NUL"),
        ("etc/os-release", "ID=fedora\nPRETTY_NAME=\"Fedora\nVERSION_ID=99999999999999999999.1\n=\nID\n"),
    ])),
    // Its `/etc` leads to itself.
    Partition::of(Content::Ext2(&[("etc", "-> etc"), ("bin/", ""), ("usr", "-> /usr")])),
];
