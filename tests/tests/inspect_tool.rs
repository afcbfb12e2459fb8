//! `glassbox inspect`, and what other commands mount by inspection, against virt-inspector and guestfish.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use glassbox_tests::fixtures::scratch;
use glassbox_tests::{fixture, glassbox, library};
use serde_json::Value;

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(glassbox()).args(arguments).current_dir(folder).output().expect("the program runs")
}

fn stdout(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("the output is text")
}

#[test]
fn xml_is_that_of_virt_inspector() {
    // The first has no icon, the second Debian's.
    for (name, disk, options) in [("inspect", "guest.raw", &["--no-icon"][..]), ("debian", "debian.raw", &[])] {
        let folder = fixture(name);
        let expected = fs::read_to_string(folder.join("virt-inspector.xml")).unwrap();
        let ours = stdout(&folder, &["inspect", "--xml", disk]);
        for (number, (ours, expected)) in ours.lines().zip(expected.lines()).enumerate() {
            assert_eq!(ours, expected, "{name}, line {}", number + 1);
        }
        assert!(ours == expected && ours.matches("<application>").count() > 100, "{name}: {} bytes", ours.len());
        // virt-inspector itself, over our library.
        let mut virt_inspector = Command::new("virt-inspector");
        virt_inspector.args(["-a", disk]).args(options).current_dir(&folder).env("LD_LIBRARY_PATH", library());
        let output = virt_inspector.output().expect("virt-inspector is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout == expected.as_bytes(), "{name}: virt-inspector over our library prints something else");
    }
}

#[test]
fn json_has_its_documented_shape() {
    let folder = fixture("inspect");
    let json = stdout(&folder, &["inspect", "--json", "guest.raw"]);
    // The shape without the packages, in full: programs depend on it.
    let (head, packages) = json.split_once("      \"packages\": [\n").unwrap();
    let expected = r#"{
  "images": [
    "guest.raw"
  ],
  "encrypted": [],
  "filesystems": [
    {
      "device": "/dev/sda1",
      "type": "ext4",
      "label": "root",
      "uuid": "11111111-1111-4111-8111-111111111111"
    },
    {
      "device": "/dev/sda2",
      "type": "ext2",
      "label": "boot",
      "uuid": "22222222-2222-4222-8222-222222222222"
    },
    {
      "device": "/dev/sda3",
      "type": "ext4",
      "label": "home",
      "uuid": "33333333-3333-4333-8333-333333333333"
    },
    {
      "device": "/dev/sda4",
      "type": "swap",
      "label": null,
      "uuid": "44444444-4444-4444-8444-444444444444"
    }
  ],
  "operating_systems": [
    {
      "root": "/dev/sda1",
      "type": "linux",
      "distro": "debian",
      "product_name": "12.5",
      "product_variant": null,
      "major_version": 12,
      "minor_version": 5,
      "build_id": null,
      "arch": "x86_64",
      "hostname": "guest.example.com",
      "osinfo": "debian12",
      "package_format": "deb",
      "package_management": "apt",
      "windows_systemroot": null,
      "windows_current_control_set": null,
      "mountpoints": [
        {
          "path": "/",
          "device": "/dev/sda1"
        },
"#;
    assert!(head.starts_with(expected), "{head}");
    assert!(head.contains("\"drive_mappings\": []"));
    let first = r#"        {
          "name": "package-0",
          "epoch": 1,
          "version": "0.0~rc1+dfsg",
          "release": "0",
          "arch": "amd64",
          "url": "https://example.com/0?a=b&c=d",
          "source_package": "source-0",
          "summary": "package <0> & \"more\" of it"
        },
"#;
    assert!(packages.starts_with(first), "{packages:.600}");
    assert_eq!(packages.matches("\"name\": ").count(), 300);
    assert!(packages.contains("\"warnings\": [\n"));
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let output = stdout(folder, &[&["inspect", "--json"], arguments].concat());
    serde_json::from_str(&output).expect("it is JSON")
}

/// A column of a list of objects.
fn column<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    list.as_array().expect("a list").iter().map(|object| object[key].as_str().unwrap_or("null")).collect()
}

/// A disk of one ext2 filesystem with these files.
fn small_disk(folder: &Path, files: &[(&str, &[u8])]) {
    let tree = folder.join("tree");
    fs::create_dir_all(tree.join("bin")).unwrap();
    for (path, contents) in files {
        fs::create_dir_all(tree.join(path).parent().unwrap()).unwrap();
        fs::write(tree.join(path), contents).unwrap();
    }
    let mut make = Command::new("mke2fs");
    make.args(["-q", "-F", "-t", "ext2", "-d"]).arg(&tree).arg(folder.join("disk.raw")).arg("1M");
    assert!(make.status().expect("mke2fs is installed").success());
}

#[test]
fn encrypted_devices_are_told() {
    let folder = scratch("inspect-encrypted");
    // LUKS 1: the magic number and the version are all that is looked at.
    let mut luks = b"LUKS\xba\xbe\0\x01".to_vec();
    luks.resize(1 << 20, 0);
    fs::write(folder.join("luks.raw"), luks).unwrap();
    let report = json(&folder, &["--format=raw", "luks.raw"]);
    assert_eq!(report["encrypted"], serde_json::json!(["/dev/sda"]));
    assert_eq!(column(&report["filesystems"], "type"), ["crypto_LUKS"]);
    let told = stdout(&folder, &["inspect", "--format=raw", "luks.raw"]);
    assert!(told.contains("  /dev/sda is encrypted"), "{told}");

    // A data disk of a guest: both are told.
    let guest = fixture("inspect").join("guest.raw");
    let guest = guest.to_str().unwrap();
    let report = json(&folder, &["--no-packages", "--format=raw", "-a", "luks.raw", "-a", guest]);
    assert_eq!(report["encrypted"], serde_json::json!(["/dev/sda"]));
    assert_eq!(column(&report["operating_systems"], "root"), ["/dev/sdb1"]);
}

#[test]
fn disks_without_a_system_tell_what_is_on_them() {
    let folder = fixture("guests");
    let told = stdout(&folder, &["inspect", "empty.raw"]);
    assert_eq!(told, "empty.raw\n  No operating system was found, nor anything else that is known.\n");
    let told = stdout(&folder, &["inspect", "tiny.raw"]);
    assert!(
        told.starts_with("tiny.raw\n  No operating system was found. There is:\n     /dev/sda  ext2  tiny"),
        "{told}"
    );
}

/// What the parsers don't read is looked at in the appliance; where there is none, that is said.
#[test]
fn systems_on_what_is_not_read_are_found_or_said_to_be_missing() {
    let folder = scratch("inspect-btrfs");
    for (path, contents) in
        [("bin/sh", ""), ("etc/hosts", ""), ("etc/hostname", "btrfs\n"), ("etc/debian_version", "12.5\n")]
    {
        let path = folder.join("tree").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }
    fs::File::create(folder.join("disk.raw")).and_then(|disk| disk.set_len(128 << 20)).unwrap();
    let mut make = Command::new("mkfs.btrfs");
    make.args(["-q", "--rootdir", "tree", "disk.raw"]).current_dir(&folder);
    assert!(make.status().expect("mkfs.btrfs is installed").success());
    let report = json(&folder, &["--no-packages", "disk.raw"]);
    assert_eq!(column(&report["filesystems"], "type"), ["btrfs"]);
    match report["operating_systems"].as_array().unwrap().as_slice() {
        [system] => assert_eq!((&system["distro"], &system["hostname"]), (&"debian".into(), &"btrfs".into())),
        [] => {
            let warning = report["warnings"][0].as_str().unwrap_or_default();
            assert!(warning.contains("/dev/sda") && warning.contains("btrfs"), "{report:#}");
        }
        more => panic!("{more:#?}"),
    }
}

#[test]
fn windows_is_told() {
    let folder = fixture("windows");
    let report = json(&folder, &["ten.img"]);
    let [system] = &report["operating_systems"].as_array().unwrap()[..] else { panic!("{report:#}") };
    assert_eq!((&system["root"], &system["type"]), (&"/dev/sda2".into(), &"windows".into()));
    assert_eq!((&system["major_version"], &system["windows_systemroot"]), (&10.into(), &"/Windows".into()));
    assert!(column(&system["drive_mappings"], "drive").contains(&"C"), "{system:#}");
    assert!(!system["packages"].as_array().unwrap().is_empty());
    assert_eq!(column(&json(&folder, &["xp.img"])["operating_systems"], "root"), ["/dev/sda1"]);
}

#[test]
fn systems_on_several_disks_are_told() {
    let (guest, windows, data) = (fixture("inspect"), fixture("windows"), fixture("guests"));
    let (guest, windows, data) = (guest.join("guest.raw"), windows.join("ten.img"), data.join("tiny.raw"));
    let [guest, windows, data] = [&guest, &windows, &data].map(|path| path.to_str().unwrap());
    let both = json(Path::new("/"), &["--no-packages", "-a", windows, "-a", guest]);
    assert_eq!(column(&both["operating_systems"], "root"), ["/dev/sda2", "/dev/sdb1"]);
    assert_eq!(column(&both["operating_systems"], "type"), ["windows", "linux"]);

    let second = json(Path::new("/"), &["-a", data, "-a", guest]);
    let [system] = &second["operating_systems"].as_array().unwrap()[..] else { panic!("{second:#}") };
    assert_eq!(system["root"], "/dev/sdb1");
    assert_eq!(system["packages"].as_array().unwrap().len(), 300);
}

/// A root filesystem behind whose superblock there is nothing but ones.
#[test]
fn broken_disks_are_told_as_far_as_they_can_be_read() {
    let disk = fs::read(fixture("inspect").join("guest.raw")).unwrap();
    let folder = scratch("inspect-broken");
    for kilobytes in [1028, 1032, 1100] {
        let name = format!("{kilobytes}.raw");
        let mut broken = disk.clone();
        broken[kilobytes << 10..8 << 20].fill(0xff);
        fs::write(folder.join(&name), broken).unwrap();
        let output = run(&folder, &["inspect", "--json", &name]);
        let report: Value = serde_json::from_slice(&output.stdout).expect("it is JSON, whatever happens");
        let has_failed = report.get("error").is_some();
        assert_eq!(output.status.code(), Some(has_failed.into()), "{report:#}");
        let systems = report["operating_systems"].as_array().map_or(&[][..], Vec::as_slice);
        let warnings = systems.iter().chain([&report]).filter_map(|part| part["warnings"].as_array()).flatten().count();
        assert!(has_failed || warnings > 0, "{kilobytes} KiB: {report:#}");
    }
}

#[test]
fn xml_has_the_icon() {
    let folder = scratch("inspect-icon");
    let mut icon = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x10\0\0\0\x10".to_vec();
    icon.resize(60, 0xff);
    small_disk(&folder, &[("etc/debian_version", b"12.5\n"), ("etc/hosts", b""), ("etc/favicon.png", &icon)]);
    let xml = stdout(&folder, &["inspect", "--xml", "disk.raw"]);
    // As libxml2 writes it: lines of 72 letters, with CR LF between them.
    let expected = format!("    <icon>iVBORw0KGgoAAAANSUhEUgAAABAAAAAQ{}\r\n////////</icon>\n", "/".repeat(40));
    assert!(xml.contains(&expected), "{xml}");
    assert!(!stdout(&folder, &["inspect", "--xml", "--no-icon", "disk.raw"]).contains("icon"));
}

#[test]
fn many_images_are_a_line_each_and_errors_keep_none_from_the_others() {
    let folder = fixture("inspect");
    let output = run(&folder, &["inspect", "--json", "--no-packages", "guest.raw", "fish.stdout", "guest.raw"]);
    assert_eq!(output.status.code(), Some(0), "a file without an operating system is no error");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].starts_with("{\"images\":[\"guest.raw\"]") && lines[0].contains("\"packages\":null"));
    let nothing = r#"{"images":["fish.stdout"],"encrypted":[],"filesystems":[],"operating_systems":[],"warnings":[]}"#;
    assert_eq!(lines[1], nothing);
    assert_eq!(lines[2], lines[0]);

    let bad = folder.join("bad.qcow2");
    fs::write(&bad, b"QFI\xfb\0\0\0\x63").unwrap();
    let output = run(&folder, &["inspect", "--json", "bad.qcow2", "missing.raw", "guest.raw"]);
    fs::remove_file(bad).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let [bad, missing, guest] = lines[..] else { panic!("{text}") };
    assert!(bad.starts_with("{\"error\":") && bad.contains("bad.qcow2"), "{bad}");
    assert!(missing.starts_with("{\"error\":") && missing.contains("No such file"), "{missing}");
    assert!(guest.starts_with("{\"images\":[\"guest.raw\"]"));
}

#[test]
fn commands_mount_what_inspection_finds() {
    let folder = fixture("inspect");
    let script = ["fish", "--ro", "-a", "guest.raw", "-i", "mountpoints"];
    assert_eq!(stdout(&folder, &script), fs::read_to_string(folder.join("fish.stdout")).unwrap());
    let warned = String::from_utf8(run(&folder, &script).stderr).unwrap();
    assert!(warned.contains("/dev/sdz1 could not be mounted on /srv"), "{warned}");
    assert_eq!(stdout(&folder, &["cat", "guest.raw", "/etc/hostname"]), "guest.example.com\n");
    // On another filesystem, that is mounted below the root.
    assert_eq!(stdout(&folder, &["ls", "guest.raw", "/home"]), "lost+found\nuser\n");
}
