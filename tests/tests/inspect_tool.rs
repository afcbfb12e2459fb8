//! `glassbox inspect`, and what other commands mount by inspection, against virt-inspector and guestfish.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use glassbox_tests::{fixture, glassbox, library};

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
    let folder = fixture("inspect");
    let expected = fs::read_to_string(folder.join("virt-inspector.xml")).unwrap();
    let ours = stdout(&folder, &["inspect", "--xml", "guest.raw"]);
    for (number, (ours, expected)) in ours.lines().zip(expected.lines()).enumerate() {
        assert_eq!(ours, expected, "line {}", number + 1);
    }
    assert!(ours == expected && ours.len() > 100_000);
    // virt-inspector itself, over our library.
    let mut virt_inspector = Command::new("virt-inspector");
    virt_inspector.args(["-a", "guest.raw", "--no-icon"]).current_dir(&folder).env("LD_LIBRARY_PATH", library());
    let output = virt_inspector.output().expect("virt-inspector is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout == expected.as_bytes(), "virt-inspector over our library prints something else");
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

#[test]
fn many_images_are_a_line_each_and_errors_keep_none_from_the_others() {
    let folder = fixture("inspect");
    let output = run(&folder, &["inspect", "--json", "--no-packages", "guest.raw", "fish.stdout", "guest.raw"]);
    assert_eq!(output.status.code(), Some(0), "a file without an operating system is no error");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].starts_with("{\"images\":[\"guest.raw\"]") && lines[0].contains("\"packages\":null"));
    assert_eq!(lines[1], r#"{"images":["fish.stdout"],"encrypted":[],"operating_systems":[]}"#);
    assert_eq!(lines[2], lines[0]);

    let bad = folder.join("bad.qcow2");
    fs::write(&bad, b"QFI\xfb\0\0\0\x63").unwrap();
    let output = run(&folder, &["inspect", "--json", "bad.qcow2", "guest.raw"]);
    fs::remove_file(bad).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    let (first, rest) = text.split_once('\n').unwrap();
    assert!(first.starts_with("{\"error\":") && first.contains("bad.qcow2"), "{first}");
    assert!(rest.starts_with("{\"images\":[\"guest.raw\"]"));
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
