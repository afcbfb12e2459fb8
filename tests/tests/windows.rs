//! Windows systems and registry hives: every call that real libguestfs was asked (`tests/fixtures/windows.sh`), asked
//! again of ours.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use bstr::{BString, ByteSlice};
use glassbox_api::options::{HivexOpenOpts, InspectGetIconOpts};
use glassbox_api::{
    Arguments, Drives, FieldValue, HandleConfig, Hivex, Inspection, Launching, Mounting, StructValue, Value, table,
};
use glassbox_engine::Handle;
use glassbox_io::Result;
use glassbox_tests::dist::expect_success;
use glassbox_tests::fixture;
use glassbox_tests::fixtures::scratch;
use glassbox_tests::needs::has_programs;

/// A field that was spare when libguestfs was as old as the oracle.
const NEWER_FIELD: (&str, &str) = ("app2_class", "app2_spare1");

const DISKS: [&str; 4] = ["ten.img", "server.img", "xp.img", "seven.img"];

fn launch(images: &[PathBuf]) -> Handle {
    let mut g = Handle::new().unwrap();
    // What the parsers don't answer shall fail.
    g.set_backend("inprocess".into()).unwrap();
    for image in images {
        g.add_drive_ro(image.to_str().unwrap().into()).unwrap();
    }
    g.launch().unwrap();
    g
}

/// Makes the calls of a transcript; returns the lines that are different now, with our answer.
fn replay(g: &mut Handle, transcript: &str) -> Vec<String> {
    let mut differences = Vec::new();
    for line in transcript.lines() {
        let (question, expected) = line.rsplit_once('\t').unwrap();
        let answer = match ask(g, question) {
            Ok(value) => shown(value),
            // Where libguestfs gives no number, the message alone tells.
            Err(_) if expected == "error 0" => "error 0".into(),
            Err(error) => format!("error {}", error.errno().0),
        };
        if answer != expected {
            differences.push(format!("{question}\n  ours   {answer:.300}\n  theirs {expected:.300}"));
        }
    }
    differences
}

fn check(differences: &[String]) {
    let first = &differences[..differences.len().min(40)];
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), first.join("\n"));
}

fn ask(g: &mut Handle, question: &str) -> Result<Value> {
    let mut words = question.split('\t');
    let info = table::find(words.next().unwrap()).unwrap();
    let required: Vec<Value> = words.by_ref().take(info.args.len()).map(argument).collect();
    let mut optional = vec![None; info.optargs.len()];
    for name in words {
        optional[info.optional(name).unwrap()] = Some(Value::Bool(true));
    }
    glassbox_api::dispatch(info, g, Arguments { required: &required, optional: &optional, ..Arguments::default() })
}

fn argument(word: &str) -> Value {
    match word.strip_prefix('\'') {
        Some(digits) => {
            let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
            Value::String((0..digits.len()).step_by(2).map(byte).collect::<Vec<_>>().into())
        }
        None => Value::Int64(word.parse().unwrap()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("'".to_owned(), |mut digits, byte| {
        write!(digits, "{byte:02x}").unwrap();
        digits
    })
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(" "))
}

fn pairs(items: impl IntoIterator<Item = (String, String)>) -> String {
    let items: BTreeMap<String, String> = items.into_iter().collect();
    format!("{{{}}}", items.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" "))
}

/// An answer as the transcript writes it.
fn shown(value: Value) -> String {
    match value {
        Value::Unit => "0".into(),
        Value::Bool(value) => i32::from(value).to_string(),
        Value::Int(value) => value.to_string(),
        Value::Int64(value) => value.to_string(),
        Value::String(value) => hex(&value),
        Value::Buffer(value) => hex(&value),
        Value::StringList(values) => list(values.iter().map(|value| hex(value))),
        Value::Pairs(values) => pairs(values.iter().map(|(key, value)| (hex(key), hex(value)))),
        Value::StructList(_, structs) => list(structs.into_iter().map(shown_struct)),
        other => panic!("{other:?}"),
    }
}

fn shown_struct(value: StructValue) -> String {
    pairs(value.info.fields.iter().zip(value.fields).map(|(field, value)| {
        let value = match value {
            FieldValue::String(value) => hex(&value),
            FieldValue::Int32(value) => value.to_string(),
            FieldValue::Int64(value) => value.to_string(),
            other => panic!("{other:?}"),
        };
        let (newer, older) = NEWER_FIELD;
        let name = if field.name == newer { older } else { field.name };
        (hex(name.as_bytes()), value)
    }))
}

#[test]
fn every_answer_is_that_of_libguestfs() {
    let folder = fixture("windows");
    let mut g = launch(&DISKS.map(|name| folder.join(name)));
    let transcript = fs::read_to_string(folder.join("transcript")).unwrap();
    assert!(transcript.lines().count() > 3000);
    let differences = replay(&mut g, &transcript);
    check(&differences);
}

/// A hive that Windows made, with everything that libhivex reads of it.
#[test]
fn a_hive_of_windows_is_read_as_libhivex_reads_it() {
    let folder = fixture("windows");
    let Ok(walk) = fs::read_to_string(folder.join("NTUSER.walk")) else {
        eprintln!("SKIPPED: the corpus wasn't there when the fixture was built");
        return;
    };
    let mut g = launch(&[folder.join("ten.img")]);
    g.mount_ro("/dev/sda2".into(), "/".into()).unwrap();
    g.hivex_open("/Users/Patrick/NTUSER.DAT".into(), HivexOpenOpts::default()).unwrap();
    let differences = replay(&mut g, &walk);
    assert!(walk.lines().count() > 30000);
    check(&differences);
}

/// Every key of the open hive with its values, by path.
fn contents(g: &mut Handle) -> BTreeMap<BString, Vec<(BString, i64, Vec<u8>)>> {
    let mut contents = BTreeMap::new();
    let mut waiting = vec![(BString::from(""), g.hivex_root().unwrap())];
    while let Some((path, key)) = waiting.pop() {
        let mut values = Vec::new();
        for value in g.hivex_node_values(key).unwrap() {
            let value = value.hivex_value_h;
            let data = g.hivex_value_value(value).unwrap();
            values.push((g.hivex_value_key(value).unwrap(), g.hivex_value_type(value).unwrap(), data));
        }
        for subkey in g.hivex_node_children(key).unwrap() {
            let name = g.hivex_node_name(subkey.hivex_node_h).unwrap();
            waiting.push((BString::from([&path[..], b"\\", &name].concat()), subkey.hivex_node_h));
        }
        contents.insert(path, values);
    }
    contents
}

/// libhivex leaves what was only logged out; Windows reads it, and so do we.
#[test]
fn what_was_only_logged_is_read() {
    let folder = fixture("windows");
    let mut g = launch(&[folder.join("ten.img")]);
    g.mount_ro("/dev/sda2".into(), "/".into()).unwrap();
    let mut read = |path: &str| {
        g.hivex_open(path.into(), HivexOpenOpts::default()).unwrap();
        contents(&mut g)
    };
    let newest = read("/hives/newest.hive");
    let which = |contents: &BTreeMap<_, Vec<(BString, i64, Vec<u8>)>>| contents[b"\\State".as_bstr()][0].2.clone();
    assert!(which(&newest).starts_with(b"a\0f\0t\0e\0r\0"));
    assert!(newest.len() > 260);
    for path in ["/hives/entries.hive", "/hives/pages.hive"] {
        assert!(read(path) == newest, "{path} isn't as Windows would have left it");
    }
}

/// Changes need the appliance, and nothing is read for them.
#[test]
fn changing_a_hive_is_unsupported() {
    let folder = fixture("windows");
    let mut g = launch(&[folder.join("ten.img")]);
    g.mount_ro("/dev/sda2".into(), "/".into()).unwrap();
    let write = HivexOpenOpts { write: Some(true), ..HivexOpenOpts::default() };
    assert!(g.hivex_open("/hives/newest.hive".into(), write).unwrap_err().is_unsupported());
    g.hivex_open("/hives/newest.hive".into(), HivexOpenOpts::default()).unwrap();
    let root = g.hivex_root().unwrap();
    assert!(g.hivex_node_add_child(root, "new".into()).unwrap_err().is_unsupported());
    assert!(g.hivex_node_delete_child(root).unwrap_err().is_unsupported());
    assert!(g.hivex_node_set_value(root, "new".into(), 3, b"data").unwrap_err().is_unsupported());
    assert!(g.hivex_commit(None).unwrap_err().is_unsupported());
    assert_eq!(g.hivex_root().unwrap(), root);
}

/// What libguestfs 1.48 doesn't tell.
#[test]
fn builds_and_group_policies() {
    let folder = fixture("windows");
    let mut g = launch(&DISKS.map(|name| folder.join(name)));
    let mut found = Vec::new();
    for root in g.inspect_os().unwrap() {
        let build = g.inspect_get_build_id(root.as_ref()).unwrap().to_string();
        found.push((root.to_string(), build, g.inspect_get_windows_group_policy(root.as_ref()).unwrap()));
    }
    let expected = [
        ("/dev/sda2", "19045", true),
        ("/dev/sdb1", "20348", false),
        ("/dev/sdc1", "2600", false),
        ("/dev/sdd1", "7601", false),
    ];
    assert_eq!(found, expected.map(|(root, build, policy)| (root.to_owned(), build.to_owned(), policy)));
}

/// Pixel by pixel what libguestfs decodes with wrestool and netpbm.
#[test]
fn icons_within_programs() {
    let folder = fixture("windows");
    let mut g = launch(&DISKS.map(|name| folder.join(name)));
    if !has_programs("icons within programs", &["pngtopnm"]) {
        return;
    }
    for (root, name) in [("/dev/sdc1", "XP"), ("/dev/sdd1", "Ultimate")] {
        g.inspect_os().unwrap();
        g.mount_ro(root.into(), "/".into()).unwrap();
        let icon = g.inspect_get_icon(root.into(), InspectGetIconOpts::default()).unwrap();
        g.umount_all().unwrap();
        let path = scratch(&format!("windows-icon-{name}")).join("icon.png");
        fs::write(&path, icon).unwrap();
        let ours = expect_success(Command::new("pngtopnm").arg(path)).stdout;
        assert!(ours == fs::read(folder.join(format!("icon.{name}.ppm"))).unwrap(), "{name}");
    }
}

/// Drive letters are looked for on every disk; libguestfs then fails on one without partitions.
#[test]
fn a_disk_without_partitions_is_no_drive() {
    let folder = fixture("windows");
    let plain = scratch("windows-plain-disk").join("disk.img");
    fs::write(&plain, [0; 1 << 20]).unwrap();
    let letters = |images: &[PathBuf]| {
        let mut g = launch(images);
        assert_eq!(g.inspect_os().unwrap(), ["/dev/sda2"]);
        g.inspect_get_drive_mappings("/dev/sda2".into()).unwrap()
    };
    let alone = letters(&[folder.join("ten.img")]);
    assert!(!alone.is_empty());
    assert_eq!(letters(&[folder.join("ten.img"), plain]), alone);
}

/// A damaged program is no program with an icon.
#[test]
fn a_damaged_program_has_no_icon() {
    let mut disk = fs::read(fixture("windows").join("seven.img")).unwrap();
    let programs: Vec<usize> = disk.find_iter(b"PE\0\0").collect();
    assert_eq!(programs.len(), 2);
    for program in programs {
        disk[program] = b'x';
    }
    let image = scratch("windows-damaged-program").join("disk.img");
    fs::write(&image, disk).unwrap();
    let mut g = launch(&[image]);
    assert_eq!(g.inspect_os().unwrap(), ["/dev/sda1"]);
    g.mount_ro("/dev/sda1".into(), "/".into()).unwrap();
    assert_eq!(g.inspect_get_icon("/dev/sda1".into(), InspectGetIconOpts::default()).unwrap(), b"");
}

#[test]
fn a_damaged_registry_makes_the_answer_poorer() {
    let folder = fixture("windows");
    let mut disk = fs::read(folder.join("ten.img")).unwrap();
    let hives: Vec<usize> = disk.find_iter(b"regf").collect();
    assert!(hives.len() > 2);
    for hive in hives {
        disk[hive] = b'x';
    }
    let image = scratch("windows-damaged").join("disk.img");
    fs::write(&image, disk).unwrap();
    let mut g = launch(&[image]);
    let roots = g.inspect_os().unwrap();
    assert_eq!(roots, ["/dev/sda2"]);
    let root = roots[0].as_ref();
    assert_eq!(g.inspect_get_type(root).unwrap(), "windows");
    assert_eq!(g.inspect_get_arch(root).unwrap(), "x86_64");
    assert_eq!(g.inspect_get_product_name(root).unwrap(), "unknown");
    assert_eq!(g.inspect_get_windows_systemroot(root).unwrap(), "/Windows");
    assert!(g.inspect_get_drive_mappings(root).unwrap().is_empty());
}
