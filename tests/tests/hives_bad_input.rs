//! Damaged registry hives: what is still read, and each error's number, as libhivex has them.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use glassbox_api::{Drives, FilesRead, Launching, Mounting};
use glassbox_engine::Handle;
use glassbox_io::Result;
use glassbox_registry::Hive;
use glassbox_tests::bad_input::Rng;
use glassbox_tests::fixture;
use glassbox_tests::fixtures::scratch;

/// Enough to meet every check of every structure, at 10 ms each.
const HIVES: u64 = 60;

/// Asks libhivex everything about each hive of its arguments; [`walk`] asks the same.
const ORACLE: &str = r#"
import errno, hivex, os, sys
numbers = {os.strerror(number): number for number in errno.errorcode}
def ask(question, answer):
    try:
        answer = answer()
    except RuntimeError as error:
        print(question, 'error', numbers[str(error).split(': ')[-1]])
        return []
    text = answer if isinstance(answer, str) else ''
    print(question, text.encode().hex() if text else answer.hex() if isinstance(answer, bytes) else '-' if answer == '' else answer)
    return answer
for name in sys.argv[1:]:
    print('hive', name)
    try:
        hive = hivex.Hivex(name)
    except RuntimeError as error:
        print('error', numbers[str(error).split(': ')[-1]])
        continue
    waiting = [hive.root()]
    while waiting:
        key = waiting.pop()
        print('key', key)
        ask('name', lambda: hive.node_name(key))
        if key != hive.root():
            ask('parent', lambda: hive.node_parent(key))
        waiting += ask('subkeys', lambda: hive.node_children(key))
        for value in ask('values', lambda: hive.node_values(key)):
            ask('name', lambda: hive.value_key(value))
            ask('type', lambda: hive.value_type(value)[0] & 0xffffffff)
            ask('data', lambda: hive.value_value(value)[1])
            ask('string', lambda: hive.value_string(value))
"#;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes an answer down, in the words of [`ORACLE`].
fn ask<T>(out: &mut String, question: &str, answer: Result<T>, shown: impl Fn(&T) -> String) -> Option<T> {
    match &answer {
        Ok(answer) => writeln!(out, "{question} {}", shown(answer)),
        Err(error) => writeln!(out, "{question} error {}", error.errno().0),
    }
    .unwrap();
    answer.ok()
}

fn walk(image: Vec<u8>, out: &mut String) {
    let hive = match Hive::open(image, &[], false) {
        Ok(hive) => hive,
        Err(error) => return writeln!(out, "error {}", error.errno().0).unwrap(),
    };
    let text = |text: &bstr::BString| if text.is_empty() { "-".to_owned() } else { hex(text) };
    let mut waiting = vec![hive.root()];
    while let Some(key) = waiting.pop() {
        writeln!(out, "key {}", key.0).unwrap();
        ask(out, "name", hive.key_name(key), text);
        if key != hive.root() {
            ask(out, "parent", hive.parent(key), |parent| parent.0.to_string());
        }
        let subkeys = hive.subkeys(key);
        let list = |numbers: Vec<u64>| format!("{numbers:?}");
        waiting.extend(
            ask(out, "subkeys", subkeys, |keys| list(keys.iter().map(|key| key.0).collect())).unwrap_or_default(),
        );
        let values = hive.values(key);
        let values = ask(out, "values", values, |values| list(values.iter().map(|value| value.0).collect()));
        for value in values.unwrap_or_default() {
            ask(out, "name", hive.value_name(value), text);
            ask(out, "type", hive.value_type(value), u32::to_string);
            ask(out, "data", hive.data(value), |data| hex(data));
            ask(out, "string", hive.string(value), text);
        }
    }
}

/// A hive of 260 keys, in several hundred kilobytes.
fn sound_hive() -> Vec<u8> {
    let mut g = Handle::new().unwrap();
    g.add_drive_ro(fixture("windows").join("ten.img").to_str().unwrap().into()).unwrap();
    g.launch().unwrap();
    g.mount_ro("/dev/sda2".into(), "/".into()).unwrap();
    g.read_file("/hives/newest.hive".into()).unwrap()
}

/// Where allocated cells with a signature begin.
fn records(image: &[u8]) -> Vec<usize> {
    let signatures: [&[u8]; 4] = [b"nk", b"vk", b"lf", b"lh"];
    (4096..image.len() - 8)
        .step_by(8)
        .filter(|at| signatures.contains(&&image[at + 4..at + 6]) && image[at + 3] == 0xff)
        .collect()
}

#[test]
fn damaged_hives_are_read_as_libhivex_reads_them() {
    let sound = sound_hive();
    let records = records(&sound);
    assert!(records.len() > 500);
    let folder = scratch("hives-bad-input");
    let mut ours = String::new();
    let mut names = Vec::new();
    for seed in 0..HIVES {
        let rng = &mut Rng(seed);
        let mut image = sound.clone();
        for _ in 0..[1, 4, 40, 200][(seed % 4) as usize] {
            let within = [4 + rng.below(4), 4 + rng.below(76), rng.below(4)][rng.below(20).saturating_sub(17) as usize];
            let at = records[rng.below(records.len() as u64) as usize] + within as usize;
            image[at] = [0, 0xff, image[at] ^ 1 << rng.below(8), rng.draw() as u8][rng.below(4) as usize];
        }
        let name = folder.join(seed.to_string());
        fs::write(&name, &image).unwrap();
        writeln!(ours, "hive {}", name.display()).unwrap();
        walk(image, &mut ours);
        names.push(name);
    }
    let output = Command::new("/usr/bin/python3").arg("-c").arg(ORACLE).args(&names).output().unwrap();
    let theirs = String::from_utf8(output.stdout).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let different = ours.lines().zip(theirs.lines()).enumerate().find(|(_, (ours, theirs))| ours != theirs);
    assert_eq!(different, None, "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(ours.lines().count(), theirs.lines().count());
    assert!(theirs.matches(" error 14").count() > 20 && theirs.matches("key ").count() > 3000);
}
