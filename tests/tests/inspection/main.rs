//! Inspection: what operating systems are on disks, compared with what libguestfs says of the same disks.

mod disk;
mod guests;
mod kernel;
mod oracle;
mod systems;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use bstr::ByteSlice;
use disk::{Content, Partition};
use glassbox_api::options::InspectGetIconOpts;
use glassbox_api::{Drives, Inspection, Launching, Mounting};
use glassbox_engine::{EventKind, Handle};
use glassbox_io::Result;
use glassbox_tests::dist::expect_success;
use glassbox_tests::fixture;
use glassbox_tests::fixtures::scratch;
use glassbox_tests::needs::has_programs;
use oracle::{Answers, Questions};
use systems::SYSTEMS;

/// What every Linux root has; it is told by these from other filesystems.
const LINUX: [(&str, &str); 3] = [("etc/", ""), ("bin/", ""), ("etc/hosts", "127.0.0.1 localhost\n")];

fn handle(disks: &[PathBuf]) -> Handle {
    let mut g = Handle::without_environment();
    for disk in disks {
        g.add_drive_ro(disk.as_os_str().as_encoded_bytes().into()).expect("a drive can be added");
    }
    g.launch().expect("disks can be opened");
    g
}

/// Makes a disk of all systems, a partition each.
fn disk_of_systems(folder: &Path) -> PathBuf {
    let files: Vec<Vec<(&str, &str)>> = SYSTEMS
        .iter()
        .map(|system| {
            let base = if system.is_linux() { &LINUX[..] } else { &[] };
            base.iter().chain(system.files).copied().collect()
        })
        .collect();
    let partitions = SYSTEMS.iter().zip(&files).map(|(system, files)| match system.told.starts_with("dos ") {
        true => Partition::of(Content::Fat(files)),
        false => Partition::of(Content::Ext2(files)),
    });
    disk::make(folder, "systems", &partitions.collect::<Vec<_>>())
}

/// The columns of the table.
fn told(g: &mut Handle, root: &bstr::BStr) -> Result<(String, String)> {
    let told = format!(
        "{} {} {}.{} {} {} {}",
        g.inspect_get_type(root)?,
        g.inspect_get_distro(root)?,
        g.inspect_get_major_version(root)?,
        g.inspect_get_minor_version(root)?,
        g.inspect_get_package_format(root)?,
        g.inspect_get_package_management(root)?,
        g.inspect_get_osinfo(root)?,
    );
    Ok((told, g.inspect_get_product_name(root)?.to_string()))
}

#[test]
fn every_distribution_is_known() {
    let disk = disk_of_systems(&scratch("inspection-systems"));
    let mut g = handle(&[disk]);
    let roots = g.inspect_os().expect("inspection doesn't fail");
    let mut wrong = Vec::new();
    for (index, system) in SYSTEMS.iter().enumerate() {
        let root = format!("/dev/sda{}", index + 1);
        if !roots.contains(&root.as_str().into()) {
            wrong.push(format!("{}: {root} is no root", system.name));
            continue;
        }
        let (told, product) = told(&mut g, root.as_bytes().as_bstr()).expect("a root has answers");
        if (told.as_str(), product.as_str()) != (system.told, system.product) {
            wrong.push(format!("{}: {told} | {product}, not {} | {}", system.name, system.told, system.product));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Systems other than Linux have names of their own for disks, and places of their own for the host's name.
#[test]
fn disks_are_named_as_each_system_names_them() {
    // `ROOT` is the filesystem itself.
    let expected = [
        ("FreeBSD 8", "freebsd8.example.com", "/cdrom=/dev/acd0,/data=/dev/sdb3,/=ROOT"),
        ("NetBSD 9", "netbsd.example.com", "/usr=/dev/sda7,/=ROOT"),
        ("OpenBSD 7", "openbsd.example.com", "/home=/dev/sda8,/=ROOT"),
        ("Hurd", "hurd.example.com", "/=/dev/sda1"),
        ("MINIX 3", "minix.example.com", "/=ROOT"),
    ];
    let disk = disk_of_systems(&scratch("inspection-names"));
    let answers = oracle::ours(&mut handle(&[disk]));
    for (name, hostname, mountpoints) in expected {
        let index = SYSTEMS.iter().position(|system| system.name == name).expect("it is in the table");
        let root = format!("/dev/sda{}", index + 1);
        assert_eq!(answers[&format!("{root} get_hostname")], hostname, "{name}");
        assert_eq!(answers[&format!("{root} get_mountpoints")], mountpoints.replace("ROOT", &root), "{name}");
    }
}

/// Two systems on one disk with all that belongs to them, a Debian on LVM over two disks, and CoreOS.
#[test]
fn guests_are_told_as_libguestfs_tells_them() {
    let folder = scratch("inspection-guests");
    let given = fixture("guests");
    let mut disks = vec![disk::make(&folder, "parts", guests::PARTS)];
    disks.extend(["lvm-a.raw", "lvm-b.raw"].map(|name| given.join(name)));
    disks.push(disk::make(&folder, "coreos", guests::COREOS));
    let description = format!("{:?} {:?} {}", guests::PARTS, guests::COREOS, given.display());
    let ours = oracle::ours(&mut handle(&disks));
    assert_eq!(ours[" roots"], "/dev/sda2,/dev/sda8,/dev/sdd3,/dev/guestvg/root");
    assert_eq!(ours["/dev/sda2 get_distro"], "opensuse", "from /usr");
    let Some(real) = oracle::real(&disks, &description, Questions::Roots) else { return };
    assert_same(&ours, &real);
}

/// Debian as its own tools install it, and roots on LVM, in a GPT and in an MBR, with /boot, /usr, /var and /home of their
/// own, whose packages rpm, pacman and dpkg installed: on five disks of one machine, with all applications.
#[test]
fn whole_roots_are_told_as_libguestfs_tells_them() {
    let (debian, roots) = (fixture("debian"), fixture("roots"));
    let mut disks = vec![debian.join("debian.raw")];
    disks.extend(["rhel.raw", "ubuntu.raw", "arch.raw", "alpine.raw"].map(|name| roots.join(name)));
    let mut g = handle(&disks);
    let mut ours = oracle::ours(&mut g);
    assert_eq!(ours[" roots"], "/dev/sda1,/dev/sdd2,/dev/sde5,/dev/rhel/root,/dev/ubuntu-vg/ubuntu-lv");
    ours.append(&mut oracle::our_applications(&mut g));
    for (root, least) in [("/dev/sda1", 100), ("/dev/rhel/root", 40), ("/dev/ubuntu-vg/ubuntu-lv", 250)] {
        let applications = ours.keys().filter(|question| question.starts_with(&format!("{root} application "))).count();
        assert!(applications >= least, "{root}: {applications} applications");
    }
    let description = format!("{} {}", debian.display(), roots.display());
    let Some(real) = oracle::real(&disks, &description, Questions::Applications) else { return };
    assert_same(&ours, &real);
    assert_eq!(ours.keys().collect::<Vec<_>>(), real.keys().collect::<Vec<_>>(), "nothing more is listed");
}

fn assert_same(ours: &Answers, real: &Answers) {
    let wrong: Vec<String> = real
        .iter()
        .map(|(question, theirs)| (question, ours.get(question), theirs))
        .filter(|(question, ours, theirs)| !ours.is_some_and(|ours| same(question, ours, theirs)))
        .map(|(question, ours, theirs)| format!("{question}:\n  ours   {ours:?}\n  theirs {theirs:?}"))
        .collect();
    assert!(wrong.is_empty(), "{} of {} answers differ:\n{}", wrong.len(), real.len(), wrong.join("\n"));
}

/// The order of roots says nothing: with a CoreOS among them, libguestfs turns it around.
fn same(question: &str, ours: &str, theirs: &str) -> bool {
    let sorted = |list: &str| {
        let mut list: Vec<String> = list.split(',').map(str::to_owned).collect();
        list.sort();
        list
    };
    if question.ends_with("roots") { sorted(ours) == sorted(theirs) } else { ours == theirs }
}

#[test]
fn filesystems_are_found_by_every_name() {
    let disk = disk::make(&scratch("inspection-newer"), "newer", guests::NEWER);
    let ours = oracle::ours(&mut handle(&[disk]));
    assert_eq!(ours["/dev/sda1 get_mountpoints"], guests::NEWER_MOUNTPOINTS);
    assert_eq!(ours["/dev/sda1 get_hostname"], "quoted.example.com");
}

/// A picture of a reasonable size where the distribution keeps its own, or where an administrator put one.
#[test]
fn icons_are_pictures_of_the_guest() {
    let folder = scratch("inspection-icons");
    let picture = |name: &str, pixels: u8, length: usize| {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0".to_vec();
        bytes.extend([pixels, 0, 0, 0, pixels]);
        bytes.resize(length, 0);
        std::fs::write(folder.join(name), &bytes).expect("the folder is writable");
        (format!("copy of {}", folder.join(name).display()), bytes)
    };
    let (logo, logo_bytes) = picture("logo", 48, 1000);
    let (large, _) = picture("large", 48, 3000);
    let (favicon, favicon_bytes) = picture("favicon", 16, 700);
    let debian = ("etc/debian_version", "12.5\n");
    let place = "usr/share/pixmaps/debian-logo.png";
    let guests: [&[(&str, &str)]; 4] = [
        &[debian, (place, &logo)],
        &[debian, (place, &large)],
        &[debian, (place, &logo), ("etc/favicon.png", &favicon)],
        &[("etc/cirros/version", "0.6.2\n"), ("usr/share/cirros/logo", "  ____\n / __/\n/ /__\n\\___/\n")],
    ];
    let guests = guests.map(|files| LINUX.iter().chain(files).copied().collect::<Vec<_>>());
    let partitions: Vec<_> = guests.iter().map(|files| Partition::of(Content::Ext2(files))).collect();
    let mut g = handle(&[disk::make(&folder, "icons", &partitions)]);
    let roots = g.inspect_os().expect("inspection doesn't fail");
    let mut icon = |root: usize, opts: InspectGetIconOpts| {
        g.mount_ro(roots[root].as_bstr(), "/".into()).expect("a root can be mounted");
        let icon = g.inspect_get_icon(roots[root].as_bstr(), opts).expect("no icon is no error");
        g.umount_all().expect("it can be unmounted");
        icon
    };
    let no_favicon = || InspectGetIconOpts { favicon: Some(false), ..Default::default() };
    assert_eq!(icon(0, InspectGetIconOpts::default()), logo_bytes);
    assert_eq!(icon(1, InspectGetIconOpts::default()), b"", "too large");
    assert_eq!(icon(2, InspectGetIconOpts::default()), favicon_bytes);
    assert_eq!(icon(2, no_favicon()), logo_bytes);
    // A text, drawn: six characters in four lines, and a margin.
    let drawn = icon(3, InspectGetIconOpts::default());
    if !has_programs("a drawn icon", &["pngtopnm"]) {
        return;
    }
    std::fs::write(folder.join("drawn.png"), drawn).expect("the folder is writable");
    let decoded = expect_success(Command::new("pngtopnm").arg(folder.join("drawn.png"))).stdout;
    assert!(decoded.starts_with(b"P6\n64 80\n"), "{:?}", decoded[..20].as_bstr());
}

/// The whole table, asked of libguestfs: `cargo test -p glassbox-tests --test inspection -- --ignored`.
#[test]
#[ignore = "takes libguestfs ten minutes"]
fn libguestfs_knows_the_distributions_too() {
    let disk = disk_of_systems(&scratch("inspection-systems-real"));
    let description = SYSTEMS.iter().map(|system| format!("{:?}", system.files)).collect::<String>();
    let Some(real) = oracle::real(&[disk], &description, Questions::Roots) else { return };
    let mut wrong = Vec::new();
    for (index, system) in SYSTEMS.iter().enumerate() {
        let answer = |call: &str| real.get(&format!("/dev/sda{} {call}", index + 1)).map_or("no root", String::as_str);
        let told = format!(
            "{} {} {}.{} {} {} {}",
            answer("get_type"),
            answer("get_distro"),
            answer("get_major_version"),
            answer("get_minor_version"),
            answer("get_package_format"),
            answer("get_package_management"),
            answer("get_osinfo"),
        );
        let product = answer("get_product_name");
        let is_same = told == system.told && product == system.product;
        match (is_same, system.newer) {
            (true, None) | (false, Some(_)) => {}
            (true, Some(reason)) => wrong.push(format!("{}: no difference, but \"{reason}\"", system.name)),
            (false, None) => wrong.push(format!("{}: {told} | {product}", system.name)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Damage makes the answer poorer, with a warning; it takes neither time nor memory, and hides no other system.
#[test]
fn damaged_guests_are_told_as_far_as_they_can_be_read() {
    let disk = disk::make(&scratch("inspection-damaged"), "damaged", guests::DAMAGED);
    let mut g = handle(&[disk]);
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let heard = warnings.clone();
    let mask = EventKind::Warning.info().mask();
    g.events().add(mask, move |event| heard.lock().unwrap().push(event.text.as_bstr().to_string()));
    let roots = g.inspect_os().expect("inspection doesn't fail");
    assert_eq!(roots, ["/dev/sda1", "/dev/sda2", "/dev/sda3"]);
    let mut told = |root: &str| told(&mut g, root.as_bytes().as_bstr()).expect("a root has answers");
    assert_eq!(told("/dev/sda1"), ("linux debian 12.5 deb apt debian12".into(), "12.5".into()));
    assert_eq!(told("/dev/sda2"), ("linux alpinelinux 3.19 apk apk alpinelinux3.19".into(), "3.19.1".into()));
    assert_eq!(told("/dev/sda3"), ("linux fedora 0.0 rpm unknown fedora0".into(), "\"Fedora".into()));
    assert_eq!(g.inspect_get_hostname("/dev/sda1".into()).unwrap(), "unknown");
    assert_eq!(g.inspect_get_hostname("/dev/sda2".into()).unwrap(), "unknown");
    let mountpoints = g.inspect_get_mountpoints("/dev/sda2".into()).unwrap();
    let mountpoints: Vec<_> = mountpoints.iter().map(|(path, device)| format!("{path}={device}")).collect();
    // The table's own filesystem is the root; a number that no partition has means nothing.
    assert_eq!(mountpoints, ["/x=/dev/sda99999999999999999999", "/with space=/dev/sda3", "/=/dev/sda2"]);
    let warnings = warnings.lock().unwrap();
    let expected = [
        "/dev/sda1: /etc/os-release",
        "/dev/sda1: /etc/hostname",
        "/dev/sda2: /etc/os-release: Too many levels",
        "/dev/sda2: /etc/fstab:1",
        "/dev/sda2: /etc/fstab: several root",
        "/dev/sda3: /etc/fstab",
    ];
    for text in expected {
        assert!(warnings.iter().any(|warning| warning.contains(text)), "{text}: {warnings:#?}");
    }
}
