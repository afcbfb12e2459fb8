//! Disks that are named in other ways than by a file: guests of libvirt, whose test driver needs no daemon, and servers.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use bstr::ByteSlice;
use glassbox_tests::dist::{compile, expect_success, over_ours};
use glassbox_tests::fixtures::scratch;
use glassbox_tests::needs::{GUESTFISH, QEMU, has_programs};
use glassbox_tests::{fixture, glassbox, oracle};

/// `test:` is libvirt's own driver for tests, which reads its domains from a file.
struct Libvirt {
    folder: PathBuf,
    uri: String,
}

/// Domains: their names and what they have, `STATE` being 5 for shut off.
const NODE: &str = r#"<node>
  <domain type="test">STATE(5)
    <name>shut off</name><uuid>4dea22b3-1d52-d8f3-2516-782e98ab3fa0</uuid><os><type>hvm</type></os><memory>1</memory>
    <devices>
      <disk type="file"><driver name="qemu" type="raw"/><source file="FOLDER/first.img"/><target dev="vda"/></disk>
      <disk type="file"><source file="FOLDER/second.img"/><target dev="hdb" bus="ide"/><readonly/></disk>
      <disk type="file" device="cdrom"><target dev="hdc" bus="ide"/><readonly/></disk>
      <disk type="dir"><source dir="FOLDER"/><target dev="vdc"/></disk>
    </devices>
  </domain>
  <domain type="test">STATE(1)
    <name>running</name><uuid>4dea22b3-1d52-d8f3-2516-782e98ab3fa1</uuid><os><type>hvm</type></os><memory>1</memory>
    <devices>
      <disk type="block"><driver name="qemu" type="raw"/><source dev="FOLDER/first.img"/><target dev="vda"/></disk>
    </devices>
  </domain>
  <domain type="test">STATE(5)
    <name>1</name><uuid>4dea22b3-1d52-d8f3-2516-782e98ab3fa2</uuid><os><type>hvm</type></os><memory>1</memory>
    <devices>
      <disk type="volume"><driver name="qemu" type="raw"/><source pool="pool" volume="volume"/><target dev="vda"/></disk>
      <disk type="network"><driver type="raw"/><source protocol="nbd" name="x"><host name="h" port="1"/></source>
        <target dev="vdb"/></disk>
      <disk type="network"><source protocol="https" name="/x"><host name="h" port="443"/></source><target dev="vdc"/></disk>
    </devices>
  </domain>
  <domain type="test">STATE(5)
    <name>diskless</name><uuid>4dea22b3-1d52-d8f3-2516-782e98ab3fa3</uuid><os><type>hvm</type></os><memory>1</memory>
  </domain>
  <domain type="test">STATE(5)
    <name>gone</name><uuid>4dea22b3-1d52-d8f3-2516-782e98ab3fa4</uuid><os><type>hvm</type></os><memory>1</memory>
    <devices><disk type="file"><source file="FOLDER/nowhere"/><target dev="vda"/></disk></devices>
  </domain>
  <pool type="dir"><name>pool</name><target><path>FOLDER</path></target>
    <volume><name>volume</name><capacity>1</capacity><target><path>FOLDER/first.img</path></target></volume>
  </pool>
</node>
"#;

impl Libvirt {
    fn new(test: &str) -> Option<Libvirt> {
        if !has_programs(test, &["virsh"]) {
            return None;
        }
        let folder = scratch(&format!("disk-sources-{test}"));
        let state =
            |state| format!(r#"<x:runstate xmlns:x="http://libvirt.org/schemas/domain/test/1.0">{state}</x:runstate>"#);
        let node = NODE.replace("FOLDER", folder.to_str().unwrap());
        let node = node.replace("STATE(5)", &state(5)).replace("STATE(1)", &state(1));
        fs::write(folder.join("node.xml"), node).unwrap();
        for name in ["first.img", "second.img"] {
            File::create(folder.join(name)).unwrap().set_len(1 << 20).unwrap();
        }
        let uri = format!("test://{}/node.xml", folder.display());
        Some(Libvirt { folder, uri })
    }

    /// A glassbox command that answers without an appliance.
    fn glassbox(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(glassbox());
        command.args(arguments).env("LIBGUESTFS_BACKEND", "inprocess").stdin(Stdio::null());
        command.current_dir(&self.folder).output().expect("it was built")
    }
}

#[test]
fn domains_are_added_as_libguestfs_adds_them() {
    let Some(libvirt) = Libvirt::new("domains") else { return };
    if !has_programs("domains", &[GUESTFISH]) {
        return;
    }
    for (name, options, succeeds) in [
        ("shut off", "", true),
        ("shut off", "readonly:true", true),
        ("shut off", "readonlydisk:read", true),
        ("shut off", "readonlydisk:write iface:ide cachemode:unsafe discard:besteffort copyonread:true", true),
        ("shut off", "readonlydisk:ignore", true),
        ("shut off", "readonlydisk:error", false),
        ("shut off", "readonlydisk:ignore readonly:true", true),
        ("shut off", "readonlydisk:error readonly:true", true),
        ("shut off", "readonlydisk:nonsense", false),
        ("shut off", "live:true", false),
        ("running", "", false),
        ("running", "readonly:true", true),
        // A name, and the number of what runs.
        ("1", "", true),
        ("diskless", "", false),
        ("gone", "", false),
        ("nobody", "", false),
        ("4dea22b3-1d52-d8f3-2516-782e98ab3fa0", "", false),
        ("4dea22b3-1d52-d8f3-2516-782e98ab3fa0", "allowuuid:true", true),
        ("4DEA22B31D52D8F32516782E98AB3FA1", "allowuuid:true readonly:true", true),
        ("running", "allowuuid:true readonly:true", true),
    ] {
        // What comes after an error tells that nothing was added by halves.
        let script = format!("-domain \"{name}\" libvirturi:{} {options}\ndebug-drives\n", libvirt.uri);
        let run = |command: &mut Command| {
            fs::write(libvirt.folder.join("script"), &script).unwrap();
            let stdin = File::open(libvirt.folder.join("script")).unwrap();
            command.stdin(Stdio::from(stdin)).output().expect("it is there")
        };
        let real = run(Command::new(GUESTFISH).envs(oracle::ENVIRONMENT));
        let ours = run(Command::new(glassbox()).arg("fish"));
        let told = ours.stderr.as_bstr();
        assert_eq!(ours.stdout.as_bstr(), real.stdout.as_bstr(), "{script}{told}");
        assert_eq!((ours.stderr.is_empty(), real.stderr.is_empty()), (succeeds, succeeds), "{script}{told}");
    }
}

#[test]
fn the_option_d_names_a_domain_by_its_name_or_uuid() {
    let Some(libvirt) = Libvirt::new("option") else { return };
    let image = fixture("ext-small").join("extents.img");
    fs::copy(image, libvirt.folder.join("first.img")).unwrap();
    let ls = |domain: &str| libvirt.glassbox(&["ls", "-c", &libvirt.uri, "-d", domain, "-m", "/dev/sda", "/"]);
    for domain in ["running", "4dea22b3-1d52-d8f3-2516-782e98ab3fa1"] {
        let output = expect(ls(domain));
        assert!(output.lines().any(|line| line == "lost+found"), "{output}");
    }
    let refused = ls("nobody");
    assert!(refused.stderr.contains_str("no libvirt domain called ‘nobody’"), "{}", refused.stderr.as_bstr());

    // All of them, each under its name; those that can't be read are told of, and don't end it.
    let output = libvirt.glassbox(&["df", "-c", &libvirt.uri, "--csv"]);
    let listed = output.stdout.to_str().unwrap();
    assert!(listed.lines().any(|line| line.starts_with("running,/dev/sda,")), "{listed}");
    assert!(listed.lines().any(|line| line.starts_with("\"shut off\",/dev/sda,")), "{listed}");
    assert!(output.stderr.contains_str("the libvirt domain has no disks"), "{}", output.stderr.as_bstr());
}

fn expect(output: Output) -> String {
    assert!(output.status.success(), "{}", output.stderr.as_bstr());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn c_programs_add_domains_that_they_have_looked_up() {
    let Some(libvirt) = Libvirt::new("c") else { return };
    expect_success(over_ours(compile("libvirt.c")).args([&libvirt.uri, "shut off"]));
}

/// Ended with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An NBD server that listens at `socket` and serves a raw image.
fn serve(image: &Path, socket: &Path) -> Server {
    let mut command = Command::new("qemu-nbd");
    command
        .args(["--persistent", "--format=raw", "--export-name=disk", "--shared=0", "--socket"])
        .arg(socket)
        .arg(image);
    let server = Server(command.spawn().expect("qemu-nbd is there"));
    let started = Instant::now();
    while !socket.exists() {
        assert!(started.elapsed() < Duration::from_secs(30), "qemu-nbd doesn't listen");
        thread::sleep(Duration::from_millis(10));
    }
    server
}

/// Formats that are only recognised here are qemu's, if it may be started.
#[test]
fn images_of_other_formats_are_read_by_qemu() {
    if !has_programs("formats", &[QEMU, "qemu-img"]) {
        return;
    }
    let folder = scratch("disk-sources-formats");
    let image = fixture("ext-small").join("extents.img");
    for format in ["vmdk", "vdi", "vhdx"] {
        let converted = folder.join(format);
        let mut convert = Command::new("qemu-img");
        expect_success(convert.args(["convert", "-f", "raw", "-O", format]).arg(&image).arg(&converted));
        let ls = |image: &Path, backend: &str| {
            let mut command = Command::new(glassbox());
            command.args(["ls", "-lR", "-m", "/dev/sda"]).arg(image).arg("/a");
            command.envs([("LIBGUESTFS_BACKEND_SETTINGS", "force_tcg"), ("LIBGUESTFS_BACKEND", backend)]);
            command.output().expect("it was built")
        };
        assert_eq!(expect(ls(&converted, "auto")), expect(ls(&image, "inprocess")), "{format}");
        let refused = ls(&converted, "inprocess");
        assert!(!refused.status.success() && refused.stderr.contains_str(format), "{}", refused.stderr.as_bstr());
    }
}

#[test]
fn disks_on_servers_are_read_and_written() {
    if !has_programs("servers", &[QEMU, "qemu-nbd"]) {
        return;
    }
    let folder = scratch("disk-sources-servers");
    let image = folder.join("disk.img");
    fs::copy(fixture("ext-small").join("extents.img"), &image).unwrap();
    let socket = folder.join("socket");
    let server = serve(&image, &socket);
    let uri = format!("nbd:///disk?socket={}", socket.display());
    // The format is found out over the network too.
    let run = |arguments: &[&str]| {
        let mut command = Command::new(glassbox());
        command
            .arg(arguments[0])
            .args(["-a", &uri])
            .args(&arguments[1..])
            .env("LIBGUESTFS_BACKEND_SETTINGS", "force_tcg");
        command.stdin(Stdio::null()).output().expect("it was built")
    };
    let listing = expect(run(&["ls", "-m", "/dev/sda", "/"]));
    assert_eq!(
        listing,
        expect(Command::new(glassbox()).args(["ls", "-m", "/dev/sda"]).arg(&image).arg("/").output().unwrap())
    );
    expect(run(&["fish", "-m", "/dev/sda", "write", "/written", "over the network"]));
    drop(server);
    let read = Command::new(glassbox()).args(["cat", "-m", "/dev/sda"]).arg(&image).arg("/written").output().unwrap();
    assert_eq!(expect(read), "over the network");

    // Nobody listens any more: an error that says so, soon.
    let refused = run(&["ls", "-m", "/dev/sda", "/"]);
    assert!(
        !refused.status.success() && refused.stderr.contains_str("Connection refused"),
        "{}",
        refused.stderr.as_bstr()
    );
}
