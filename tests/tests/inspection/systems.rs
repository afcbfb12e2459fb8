//! One row per distribution: its release files in their real form, and what inspection tells of it.

/// A root filesystem with nothing but the files that tell what it is.
pub struct System {
    /// For people.
    pub name: &'static str,
    /// Type, distribution, version, package format, package management and libosinfo's identifier.
    pub told: &'static str,
    /// The product name.
    pub product: &'static str,
    /// Paths and contents. A path that ends in `/` is a directory; contents that begin with `-> ` are a link's target.
    pub files: &'static [(&'static str, &'static str)],
    /// What libguestfs 1.48 says differently, and why.
    pub newer: Option<&'static str>,
}

const fn system(
    name: &'static str,
    told: &'static str,
    product: &'static str,
    files: &'static [(&'static str, &'static str)],
) -> System {
    System { name, told, product, files, newer: None }
}

impl System {
    /// libguestfs 1.48 says something else: a later one learnt it, or its own documentation says what we say.
    const fn unlike_1_48(self, reason: &'static str) -> System {
        System { newer: Some(reason), ..self }
    }

    /// Whether the files of every Linux root are added.
    pub fn is_linux(&self) -> bool {
        self.told.starts_with("linux ")
    }
}

#[rustfmt::skip]
// One line a file, however long: so it stands in the guest.
pub static SYSTEMS: &[System] = &[
    system("AlmaLinux 9", "linux redhat-based 9.3 rpm dnf redhat-based9.3", "AlmaLinux release 9.3 (Shamrock Pampas Cat)", &[
        ("etc/os-release", "NAME=\"AlmaLinux\"\nVERSION=\"9.3 (Shamrock Pampas Cat)\"\nID=\"almalinux\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.3\"\nPRETTY_NAME=\"AlmaLinux 9.3 (Shamrock Pampas Cat)\"\n"),
        ("etc/redhat-release", "AlmaLinux release 9.3 (Shamrock Pampas Cat)\n"),
    ]),
    system("Alpine 3.19", "linux alpinelinux 3.19 apk apk alpinelinux3.19", "Alpine Linux v3.19", &[
        ("etc/os-release", "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.19.1\nPRETTY_NAME=\"Alpine Linux v3.19\"\nHOME_URL=\"https://alpinelinux.org/\"\n"),
        ("etc/alpine-release", "3.19.1\n"),
    ]),
    system("Alpine 2.1", "linux alpinelinux 2.1 apk apk alpinelinux2.1", "2.1.6", &[
        ("etc/alpine-release", "2.1.6\n"),
    ]),
    system("ALT 10", "linux altlinux 10.1 rpm apt alt10.1", "ALT Server 10.1 (Mendelevium)", &[
        ("etc/os-release", "NAME=\"ALT Server\"\nVERSION=\"10.1\"\nID=altlinux\nVERSION_ID=10.1\nPRETTY_NAME=\"ALT Server 10.1 (Mendelevium)\"\n"),
        ("etc/altlinux-release", "ALT Server 10.1 (Mendelevium)\n"),
    ]),
    system("Amazon Linux 2", "linux unknown 2.0 unknown unknown unknown", "Amazon Linux 2", &[
        ("etc/os-release", "NAME=\"Amazon Linux\"\nVERSION=\"2\"\nID=\"amzn\"\nID_LIKE=\"centos rhel fedora\"\nVERSION_ID=\"2\"\nPRETTY_NAME=\"Amazon Linux 2\"\n"),
        ("etc/system-release", "Amazon Linux release 2 (Karoo)\n"),
    ]),
    system("Anolis 8", "linux redhat-based 8.8 rpm dnf redhat-based8.8", "Anolis OS release 8.8", &[
        ("etc/os-release", "NAME=\"Anolis OS\"\nVERSION=\"8.8\"\nID=\"anolis\"\nID_LIKE=\"rhel fedora centos\"\nVERSION_ID=\"8.8\"\nPRETTY_NAME=\"Anolis OS 8.8\"\n"),
        ("etc/redhat-release", "Anolis OS release 8.8\n"),
    ]),
    system("Arch", "linux archlinux 0.0 pacman pacman archlinux", "Arch Linux", &[
        ("etc/os-release", "NAME=\"Arch Linux\"\nPRETTY_NAME=\"Arch Linux\"\nID=arch\nBUILD_ID=rolling\nANSI_COLOR=\"38;2;23;147;209\"\n"),
        ("etc/arch-release", ""),
    ]),
    system("Buildroot", "linux buildroot 2023.2 unknown unknown buildroot2023.2", "2023.02.1", &[
        ("etc/br-version", "2023.02.1\n"),
    ]),
    system("CentOS 5", "linux centos 5.11 rpm yum centos5.11", "CentOS release 5.11 (Final)", &[
        ("etc/redhat-release", "CentOS release 5.11 (Final)\n"),
    ]),
    system("CentOS 7", "linux centos 7.9 rpm yum centos7.0", "CentOS Linux release 7.9.2009 (Core)", &[
        ("etc/os-release", "NAME=\"CentOS Linux\"\nVERSION=\"7 (Core)\"\nID=\"centos\"\nID_LIKE=\"rhel fedora\"\nVERSION_ID=\"7\"\nPRETTY_NAME=\"CentOS Linux 7 (Core)\"\n"),
        ("etc/centos-release", "CentOS Linux release 7.9.2009 (Core)\n"),
        ("etc/redhat-release", "-> centos-release"),
    ]),
    system("CentOS Stream 9", "linux centos 9.0 rpm dnf centos9", "CentOS Stream release 9", &[
        ("etc/os-release", "NAME=\"CentOS Stream\"\nVERSION=\"9\"\nID=\"centos\"\nID_LIKE=\"rhel fedora\"\nVERSION_ID=\"9\"\nPRETTY_NAME=\"CentOS Stream 9\"\n"),
        ("etc/centos-release", "CentOS Stream release 9\n"),
        ("etc/redhat-release", "-> centos-release"),
    ]),
    system("Circle 8", "linux circle 8.8 rpm dnf circle8", "Circle Linux 8.8", &[
        ("etc/os-release", "NAME=\"Circle Linux\"\nVERSION=\"8.8\"\nID=\"circle\"\nVERSION_ID=\"8.8\"\nPRETTY_NAME=\"Circle Linux 8.8\"\n"),
        ("etc/circle-release", "Circle Linux release 8.8\n"),
        ("etc/redhat-release", "-> circle-release"),
    ]).unlike_1_48("learnt in 1.49"),
    system("CirrOS 0.5", "linux cirros 2019.2 unknown unknown cirros2019.2", "2019.02.1", &[
        ("etc/br-version", "2019.02.1\n"),
        ("usr/share/cirros/logo", "  ____               ____  ____\n"),
    ]),
    system("CirrOS 0.3", "linux cirros 0.3 unknown unknown cirros0.3", "0.3.4", &[
        ("etc/cirros/version", "0.3.4\n"),
    ]),
    system("Debian 3", "linux debian 3.1 deb apt debian3.1", "3.1", &[
        ("etc/debian_version", "3.1\n"),
    ]),
    system("Debian 12", "linux debian 12.5 deb apt debian12", "12.5", &[
        ("etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\nHOME_URL=\"https://www.debian.org/\"\n"),
        ("etc/debian_version", "12.5\n"),
    ]),
    system("Debian testing", "linux debian 0.0 deb apt unknown", "trixie/sid", &[
        ("etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux trixie/sid\"\nNAME=\"Debian GNU/Linux\"\nVERSION_CODENAME=trixie\nID=debian\n"),
        ("etc/debian_version", "trixie/sid\n"),
    ]),
    system("Fedora 17", "linux fedora 17.0 rpm yum fedora17", "Fedora release 17 (Beefy Miracle)", &[
        ("etc/redhat-release", "Fedora release 17 (Beefy Miracle)\n"),
    ]),
    system("Fedora 40", "linux fedora 40.0 rpm dnf fedora40", "Fedora Linux 40 (Workstation Edition)", &[
        ("etc/os-release", "NAME=\"Fedora Linux\"\nVERSION=\"40 (Workstation Edition)\"\nID=fedora\nVERSION_ID=40\nVERSION_CODENAME=\"\"\nPLATFORM_ID=\"platform:f40\"\nPRETTY_NAME=\"Fedora Linux 40 (Workstation Edition)\"\n"),
        ("etc/redhat-release", "Fedora release 40 (Forty)\n"),
        ("usr/bin/dnf", "#!/usr/bin/python3\n"),
    ]),
    system("Frugalware", "linux frugalware 1.3 unknown unknown frugalware1.3", "Frugalware 1.3 (Haven)", &[
        ("etc/frugalware-release", "Frugalware 1.3 (Haven)\n"),
    ]),
    system("Gentoo", "linux gentoo 2.14 ebuild portage gentoo", "Gentoo Linux", &[
        ("etc/os-release", "NAME=Gentoo\nID=gentoo\nPRETTY_NAME=\"Gentoo Linux\"\nVERSION_ID=\"2.14\"\n"),
        ("etc/gentoo-release", "Gentoo Base System release 2.14\n"),
    ]),
    system("Kali", "linux kalilinux 2024.1 deb apt kalilinux2024.1", "Kali GNU/Linux Rolling", &[
        ("etc/os-release", "PRETTY_NAME=\"Kali GNU/Linux Rolling\"\nNAME=\"Kali GNU/Linux\"\nVERSION_ID=\"2024.1\"\nVERSION=\"2024.1\"\nID=kali\nID_LIKE=debian\n"),
        ("etc/debian_version", "kali-rolling\n"),
    ]),
    system("Kylin V10", "linux kylin 10.0 deb apt kylin10.0", "Kylin V10", &[
        ("etc/os-release", "NAME=\"Kylin\"\nVERSION=\"V10\"\nID=kylin\nID_LIKE=debian\nPRETTY_NAME=\"Kylin V10\"\nVERSION_ID=\"v10\"\n"),
    ]),
    system("Mageia 9", "linux mageia 9.0 rpm urpmi mageia9", "Mageia 9", &[
        ("etc/os-release", "NAME=\"Mageia\"\nVERSION=\"9\"\nID=mageia\nVERSION_ID=9\nID_LIKE=\"mandriva fedora\"\nPRETTY_NAME=\"Mageia 9\"\n"),
        ("etc/mageia-release", "Mageia release 9 (Official) for x86_64\n"),
        ("etc/mandriva-release", "-> mageia-release"),
        ("etc/redhat-release", "-> mageia-release"),
    ]),
    system("Mandriva 2010", "linux mandriva 2010.1 rpm urpmi mandriva2010.1", "Mandriva Linux 2010.1", &[
        ("etc/lsb-release", "LSB_VERSION=lsb-4.0-amd64:lsb-4.0-noarch\nDISTRIB_ID=MandrivaLinux\nDISTRIB_RELEASE=2010.1\nDISTRIB_CODENAME=Henry_Farman\nDISTRIB_DESCRIPTION=\"Mandriva Linux 2010.1\"\n"),
        ("etc/mandriva-release", "Mandriva Linux release 2010.1 (Official) for i586\n"),
    ]).unlike_1_48("documented there, but unknown since it was rewritten"),
    system("MeeGo", "linux meego 1.2 rpm yum meego1.2", "MeeGo release 1.2 (MeeGo)", &[
        ("etc/meego-release", "MeeGo release 1.2 (MeeGo)\n"),
    ]),
    system("Mint 13", "linux linuxmint 13.0 deb apt linuxmint13.0", "Linux Mint 13 Maya", &[
        ("etc/lsb-release", "DISTRIB_ID=LinuxMint\nDISTRIB_RELEASE=13\nDISTRIB_CODENAME=maya\nDISTRIB_DESCRIPTION=\"Linux Mint 13 Maya\"\n"),
        ("etc/debian_version", "wheezy/sid\n"),
    ]),
    system("NeoKylin 7", "linux neokylin 7.6 rpm dnf neokylin7.6", "NeoKylin Linux Advanced Server V7Update6 (Chromium)", &[
        ("etc/os-release", "NAME=\"NeoKylin Linux Advanced Server\"\nVERSION=\"V7Update6 (Chromium)\"\nID=\"neokylin\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"V7Update6\"\nPRETTY_NAME=\"NeoKylin Linux Advanced Server V7Update6 (Chromium)\"\n"),
    ]),
    system("openEuler 22.03", "linux openeuler 22.3 rpm dnf openeuler22.3", "openEuler 22.03 (LTS-SP3)", &[
        ("etc/os-release", "NAME=\"openEuler\"\nVERSION=\"22.03 (LTS-SP3)\"\nID=\"openEuler\"\nVERSION_ID=\"22.03\"\nPRETTY_NAME=\"openEuler 22.03 (LTS-SP3)\"\n"),
        ("etc/openEuler-release", "openEuler release 22.03 (LTS-SP3)\n"),
    ]).unlike_1_48("learnt in 1.53"),
    system("OpenMandriva 4", "linux openmandriva 4.2 rpm dnf openmandriva4.2", "OpenMandriva Lx 4.2 (Argon) Rock", &[
        ("etc/os-release", "NAME=\"OpenMandriva Lx\"\nVERSION=\"4.2 (Argon) Rock\"\nID=\"openmandriva\"\nVERSION_ID=\"4.2\"\nPRETTY_NAME=\"OpenMandriva Lx 4.2 (Argon) Rock\"\n"),
        ("etc/openmandriva-release", "OpenMandriva Lx release 4.2 (Argon) Rock for x86_64\n"),
        ("etc/redhat-release", "-> openmandriva-release"),
    ]),
    system("openSUSE 11", "linux opensuse 11.4 rpm zypper opensuse11.4", "openSUSE 11.4 (x86_64)", &[
        ("etc/SuSE-release", "openSUSE 11.4 (x86_64)\nVERSION = 11.4\nCODENAME = Celadon\n"),
    ]),
    system("openSUSE Leap 15", "linux opensuse 15.5 rpm zypper opensuse15.5", "openSUSE Leap 15.5", &[
        ("etc/os-release", "NAME=\"openSUSE Leap\"\nVERSION=\"15.5\"\nID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\nVERSION_ID=\"15.5\"\nPRETTY_NAME=\"openSUSE Leap 15.5\"\n"),
    ]),
    system("Oracle Linux 7", "linux oraclelinux 7.9 rpm yum oraclelinux7.9", "Oracle Linux Server release 7.9", &[
        ("etc/os-release", "NAME=\"Oracle Linux Server\"\nVERSION=\"7.9\"\nID=\"ol\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"7.9\"\nPRETTY_NAME=\"Oracle Linux Server 7.9\"\n"),
        ("etc/oracle-release", "Oracle Linux Server release 7.9\n"),
        ("etc/redhat-release", "Red Hat Enterprise Linux Server release 7.9 (Maipo)\n"),
    ]),
    system("Pardus 2011", "linux pardus 2011.2 pisi pisi pardus2011.2", "Pardus 2011.2", &[
        ("etc/pardus-release", "Pardus 2011.2\n"),
    ]),
    system("Photon 4", "linux unknown 4.0 unknown unknown unknown", "VMware Photon Linux 4.0", &[
        ("etc/os-release", "NAME=\"VMware Photon OS\"\nVERSION=\"4.0\"\nID=photon\nVERSION_ID=4.0\nPRETTY_NAME=\"VMware Photon OS/Linux\"\n"),
        ("etc/lsb-release", "DISTRIB_ID=\"VMware Photon OS\"\nDISTRIB_RELEASE=\"4.0\"\nDISTRIB_CODENAME=Photon\nDISTRIB_DESCRIPTION=\"VMware Photon Linux 4.0\"\n"),
    ]),
    system("PLD 3", "linux pldlinux 3.0 unknown unknown pldlinux3.0", "3.0 PLD Linux (Th)", &[
        ("etc/pld-release", "3.0 PLD Linux (Th)\n"),
    ]),
    system("RHEL 4", "linux rhel 4.8 rpm up2date rhel4.8", "Red Hat Enterprise Linux AS release 4 (Nahant Update 8)", &[
        ("etc/redhat-release", "Red Hat Enterprise Linux AS release 4 (Nahant Update 8)\n"),
    ]),
    system("RHEL 9", "linux rhel 9.3 rpm dnf rhel9.3", "Red Hat Enterprise Linux 9.3 (Plow)", &[
        ("etc/os-release", "NAME=\"Red Hat Enterprise Linux\"\nVERSION=\"9.3 (Plow)\"\nID=\"rhel\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"9.3\"\nPLATFORM_ID=\"platform:el9\"\nPRETTY_NAME=\"Red Hat Enterprise Linux 9.3 (Plow)\"\n"),
        ("etc/redhat-release", "Red Hat Enterprise Linux release 9.3 (Plow)\n"),
    ]),
    system("Rocky 9", "linux rocky 9.3 rpm dnf rocky9", "Rocky Linux 9.3 (Blue Onyx)", &[
        ("etc/os-release", "NAME=\"Rocky Linux\"\nVERSION=\"9.3 (Blue Onyx)\"\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.3\"\nPRETTY_NAME=\"Rocky Linux 9.3 (Blue Onyx)\"\n"),
        ("etc/rocky-release", "Rocky Linux release 9.3 (Blue Onyx)\n"),
        ("etc/redhat-release", "-> rocky-release"),
    ]),
    system("Scientific 6", "linux scientificlinux 6.10 rpm yum scientificlinux6.10", "Scientific Linux release 6.10 (Carbon)", &[
        ("etc/redhat-release", "Scientific Linux release 6.10 (Carbon)\n"),
    ]),
    system("Slackware 15", "linux slackware 15.0 unknown unknown slackware15.0", "Slackware 15.0", &[
        ("etc/slackware-version", "Slackware 15.0\n"),
    ]),
    system("SLES 11", "linux sles 11.4 rpm zypper sles11sp4", "SUSE Linux Enterprise Server 11 (x86_64)", &[
        ("etc/SuSE-release", "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n"),
    ]),
    system("SLES 15", "linux sles 15.0 rpm zypper sles15", "SUSE Linux Enterprise Server 15", &[
        ("etc/os-release", "NAME=\"SLES\"\nVERSION=\"15\"\nVERSION_ID=\"15\"\nPRETTY_NAME=\"SUSE Linux Enterprise Server 15\"\nID=\"sles\"\nID_LIKE=\"suse\"\n"),
    ]),
    system("TencentOS 3", "linux redhat-based 3.1 rpm up2date redhat-based3.1", "TencentOS Server release 3.1 (Final)", &[
        ("etc/os-release", "NAME=\"TencentOS Server\"\nVERSION=\"3.1 (Final)\"\nID=\"tencentos\"\nID_LIKE=\"rhel fedora centos\"\nVERSION_ID=\"3.1\"\nPRETTY_NAME=\"TencentOS Server 3.1 (Final)\"\n"),
        ("etc/redhat-release", "TencentOS Server release 3.1 (Final)\n"),
    ]),
    system("ttylinux", "linux ttylinux 9.0 unknown unknown ttylinux9.0", "ttylinux 9.0", &[
        ("etc/ttylinux-target", "ttylinux 9.0\n"),
    ]),
    system("Ubuntu 10.04", "linux ubuntu 10.4 deb apt ubuntu10.04", "Ubuntu 10.04.1 LTS", &[
        ("etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\nDISTRIB_CODENAME=lucid\nDISTRIB_DESCRIPTION=\"Ubuntu 10.04.1 LTS\"\n"),
        ("etc/debian_version", "squeeze/sid\n"),
    ]),
    system("Ubuntu 22.04", "linux ubuntu 22.4 deb apt ubuntu22.04", "Ubuntu 22.04.4 LTS", &[
        ("etc/os-release", "PRETTY_NAME=\"Ubuntu 22.04.4 LTS\"\nNAME=\"Ubuntu\"\nVERSION_ID=\"22.04\"\nVERSION=\"22.04.4 LTS (Jammy Jellyfish)\"\nVERSION_CODENAME=jammy\nID=ubuntu\nID_LIKE=debian\n"),
        ("etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\n"),
    ]),
    system("Void", "linux voidlinux 0.0 xbps xbps voidlinux", "Void Linux", &[
        ("etc/os-release", "NAME=\"Void\"\nID=\"void\"\nPRETTY_NAME=\"Void Linux\"\nHOME_URL=\"https://voidlinux.org/\"\n"),
    ]),
    system("nothing known", "linux unknown 0.0 unknown unknown unknown", "unknown", &[]),

    system("FreeBSD 8", "freebsd freebsd 8.2 unknown unknown freebsd8.2", "FreeBSD 8.2-RELEASE (GENERIC) #0: Fri Feb 18 02:24:46 UTC 2011", &[
        ("bin/", ""),
        ("etc/freebsd-update.conf", "Components src world kernel\n"),
        ("etc/fstab", "/dev/ad0s1b none swap sw 0 0\n/dev/ad0s1a / ufs rw 1 1\n/dev/ada1p3 /data ufs rw 2 2\n/dev/acd0 /cdrom cd9660 ro,noauto 0 0\n"),
        ("etc/motd", "FreeBSD 8.2-RELEASE (GENERIC) #0: Fri Feb 18 02:24:46 UTC 2011\n\nWelcome to FreeBSD!\n"),
        ("etc/rc.conf", "# the network\nhostname=\"freebsd8.example.com\"\nsshd_enable=\"YES\"\n"),
    ]),
    system("NetBSD 9", "netbsd netbsd 9.3 unknown unknown netbsd9.3", "NetBSD 9.3 (GENERIC)", &[
        ("bin/", ""),
        ("netbsd", "kernel\n"),
        ("etc/fstab", "/dev/wd0a / ffs rw 1 1\n/dev/ld0e /usr ffs rw 1 2\n"),
        ("etc/release", "NetBSD 9.3 (GENERIC)\n"),
        ("etc/rc.conf", "hostname=netbsd.example.com\n"),
    ]),
    system("OpenBSD 7", "openbsd openbsd 7.4 unknown unknown openbsd7.4", "OpenBSD 7.4 (GENERIC.MP) #1397: Tue Oct 10 09:02:37 MDT 2023", &[
        ("bin/", ""),
        ("bsd", "kernel\n"),
        ("etc/fstab", "52fdd1ce48744600.b none swap sw\n52fdd1ce48744600.a / ffs rw 1 1\n52fdd1ce48744600.e /home ffs rw,nodev,nosuid 1 2\n"),
        ("etc/motd", "OpenBSD 7.4 (GENERIC.MP) #1397: Tue Oct 10 09:02:37 MDT 2023\n"),
        ("etc/myname", "openbsd.example.com\n"),
    ]).unlike_1_48("called freebsd there, against its own documentation"),
    system("Hurd", "hurd debian 6.0 deb apt unknown", "6.0", &[
        ("hurd/console", ""),
        ("hurd/hello", ""),
        ("hurd/null", ""),
        ("etc/debian_version", "6.0\n"),
        ("etc/fstab", "/dev/hd0s1 / ext2 defaults 0 1\n/dev/hd0s2 none swap sw 0 0\n"),
        ("etc/hostname", "hurd.example.com\n"),
    ]),
    system("MINIX 3", "minix unknown 3.2 unknown unknown unknown", "3.2.1", &[
        ("bin/", ""),
        ("service/vm", ""),
        ("etc/fstab", "root=/dev/c0d0p0s0\n"),
        ("etc/version", "3.2.1\n"),
        ("etc/hostname.file", "minix.example.com\n"),
    ]),
    system("FreeDOS", "dos freedos 0.0 unknown unknown unknown", "unknown", &[
        ("FDOS/freedos.bss", ""),
    ]),
    system("MS-DOS", "dos msdos 0.0 unknown unknown msdos6.22", "unknown", &[
        ("DOS/COMMAND.COM", ""),
    ]),
];
