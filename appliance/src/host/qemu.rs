//! The hypervisor: where it is, and what it can do. Asking takes a tenth of a second, so the answers are kept in the cache.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use glassbox_io::{Errno, Error, Result, ResultExt};
use serde_json::{Value, json};

use super::Identity;
use crate::cache::{Cache, Key};
use crate::options::Options;
use crate::start::process::Process;
use crate::start::qmp::Qmp;

/// Its names; the second is Red Hat's.
const NAMES: [&str; 3] = ["qemu-system-x86_64", "/usr/libexec/qemu-kvm", "qemu-kvm"];
/// The machines that we know to start, the quickest first.
const MACHINES: [&str; 2] = ["pc", "q35"];
/// Parts of a machine that the guest doesn't need, and that take time to find.
const UNNEEDED: [&str; 5] = ["hpet", "smm", "vmport", "i8042", "usb"];
/// The processor without KVM: all that qemu translates.
const PROCESSOR: &str = "max";
/// What it can that costs the guest time: the fifth level of page tables; and the promise that copying byte by byte is quick,
/// which holds for a real processor's microcode, not for a loop that was translated. Measured: a file is sent in half the time
/// to a guest that isn't promised that.
const UNWANTED_FEATURES: [&str; 3] = ["la57", "erms", "fsrm"];
/// Since this version a migration to and from a file is called so.
const MIGRATES_TO_FILES: (i64, i64) = (8, 2);
/// What the note of these answers is called in the cache, and which questions they answer.
const NOTE: &str = "qemu";
const QUESTIONS: &str = "2";

/// A qemu and what it can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Qemu {
    /// Its program.
    pub path: PathBuf,
    /// What tells it from others.
    pub identity: Identity,
    /// `major.minor.micro (package)`.
    pub version: String,
    /// The argument of `-machine`, without what depends on the appliance.
    pub machine: String,
    /// The argument of `-cpu` without KVM.
    pub processor: String,
    /// Whether it migrates to and from files by their names.
    pub has_file_migration: bool,
    /// Whether a memory file can be mapped that was opened only for reading (`rom`, of version 8.2).
    pub has_read_only_memory: bool,
    /// Whether it confines itself by seccomp.
    pub has_sandbox: bool,
    /// Whether it was built with KVM.
    pub has_kvm: bool,
}

impl Qemu {
    /// Where it is.
    pub fn program(options: &Options) -> Result<PathBuf> {
        match &options.hv {
            Some(hv) if hv.components().count() > 1 => Ok(hv.clone()),
            Some(hv) => Ok(super::program(hv).unwrap_or_else(|| hv.clone())),
            None => NAMES.iter().find_map(super::program).ok_or_else(not_installed),
        }
    }

    /// Finds it, and asks it if the cache doesn't know.
    pub fn find(options: &Options, cache: Option<&Cache>) -> Result<Qemu> {
        let path = Qemu::program(options)?;
        let identity = Identity::of(&path).map_err(|error| match error.errno() {
            Errno::ENOENT => Error::os_with(Errno::ENOENT, format!("the hypervisor {} doesn't exist", path.display())),
            _ => error,
        })?;
        let key = Key::of([env!("CARGO_PKG_VERSION"), QUESTIONS, identity.as_str()]);
        let known = cache.and_then(|cache| cache.note(NOTE, &key)).and_then(|note| serde_json::from_str(&note).ok());
        let facts = match known {
            Some(facts) => facts,
            None => {
                let facts = ask(&path, options)?;
                // It is asked again if that can't be kept.
                let _ = cache.map(|cache| cache.keep_note(NOTE, &key, &facts.to_string()));
                facts
            }
        };
        Qemu::from_facts(path, identity, &facts)
    }

    fn from_facts(path: PathBuf, identity: Identity, facts: &Value) -> Result<Qemu> {
        let is = |fact: &str| facts[fact].as_bool().unwrap_or(false);
        let machine = facts["machine"]
            .as_str()
            .ok_or_else(|| Error::unsupported("a hypervisor without a PC machine").at_file(&path))?;
        Ok(Qemu {
            version: facts["version"].as_str().unwrap_or("?").to_owned(),
            machine: machine.to_owned(),
            processor: facts["processor"].as_str().unwrap_or(PROCESSOR).to_owned(),
            has_file_migration: is("file-migration"),
            has_read_only_memory: is("read-only-memory"),
            has_sandbox: is("sandbox"),
            has_kvm: is("kvm"),
            path,
            identity,
        })
    }
}

fn not_installed() -> Error {
    Error::os_with(
        Errno::ENOENT,
        "qemu isn't installed, and the appliance runs in it: install Debian's package qemu-system-x86 or Fedora's \
         qemu-system-x86-core, or set LIBGUESTFS_HV to its path",
    )
}

/// Starts it without a machine and asks.
fn ask(path: &Path, options: &Options) -> Result<Value> {
    let arguments = ["-machine", "none", "-nodefaults", "-no-user-config", "-display", "none"];
    let monitor = ["-chardev", "socket,id=monitor,fd=0", "-mon", "chardev=monitor,mode=control"];
    let arguments: Vec<OsString> = arguments.iter().chain(&monitor).map(OsString::from).collect();
    let quiet = Options { console: None, watcher: false, ..options.clone() };
    let (mut process, sockets) = Process::start(path, &arguments, &quiet)?;
    let asked = Qmp::connect(sockets.monitor).and_then(|mut monitor| questions(&mut monitor));
    let _ = process.kill();
    asked.map_err(|error| {
        let printed = process.log();
        let message = format!("it isn't a qemu that can be used: {}", String::from_utf8_lossy(printed.trim_ascii()));
        Error::os_with(Errno::ENOEXEC, message).at_file(path).caused_by(error)
    })
}

fn questions(monitor: &mut Qmp) -> Result<Value> {
    let version = monitor.execute("query-version", json!({}))?;
    let number = |part: &str| version["qemu"][part].as_i64().unwrap_or(0);
    let (major, minor) = (number("major"), number("minor"));
    let package = version["package"].as_str().unwrap_or_default();
    let machines = monitor.execute("query-machines", json!({}))?;
    let machine = MACHINES.iter().find_map(|alias| {
        machines.as_array()?.iter().find(|machine| machine["alias"] == *alias || machine["name"] == *alias)?["name"]
            .as_str()
    });
    let machine = match machine {
        Some(name) => {
            let known = properties(monitor, &format!("{name}-machine"))?;
            Some(without(name, &UNNEEDED, &known))
        }
        None => None,
    };
    let known = properties(monitor, &format!("{PROCESSOR}-x86_64-cpu"))?;
    let processor = without(PROCESSOR, &UNWANTED_FEATURES, &known);
    let options = monitor.execute("query-command-line-options", json!({}))?;
    let has_option = |name: &str| options.as_array().is_some_and(|all| all.iter().any(|one| one["option"] == name));
    let memory = properties(monitor, "memory-backend-file")?;
    let kvm = monitor.execute("query-kvm", json!({}))?;
    Ok(json!({
        "version": format!("{major}.{minor}.{} {package}", number("micro")).trim_end(),
        "machine": machine,
        "processor": processor,
        "file-migration": (major, minor) >= MIGRATES_TO_FILES,
        "read-only-memory": memory.iter().any(|name| name == "rom"),
        "sandbox": has_option("sandbox"),
        "kvm": kvm["present"],
    }))
}

/// A machine or a processor without these of its parts, as far as it has them.
fn without(name: &str, unwanted: &[&str], known: &[String]) -> String {
    let off = unwanted.iter().filter(|part| known.iter().any(|name| name == *part));
    off.fold(name.to_owned(), |name, part| format!("{name},{part}=off"))
}

fn properties(monitor: &mut Qmp, type_name: &str) -> Result<Vec<String>> {
    let answer =
        monitor.execute("qom-list-properties", json!({ "typename": type_name })).during("qom-list-properties")?;
    Ok(answer.as_array().into_iter().flatten().filter_map(|one| Some(one["name"].as_str()?.to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_hypervisor_is_told_by_its_name() {
        let options = Options { hv: Some("/nowhere/qemu".into()), ..Options::default() };
        let error = Qemu::find(&options, None).unwrap_err();
        assert_eq!(error.to_string(), "the hypervisor /nowhere/qemu doesn't exist");
        assert!(not_installed().to_string().contains("qemu-system-x86"));
    }

    #[test]
    fn a_program_that_is_no_qemu_is_refused() {
        let options = Options { hv: Some("/bin/false".into()), ..Options::default() };
        let error = Qemu::find(&options, None).unwrap_err();
        assert_eq!(error.errno(), Errno::ENOEXEC, "{error}");
    }

    #[test]
    fn the_installed_qemu_says_what_it_can_do() {
        let directory = tempfile::tempdir().unwrap();
        let options = Options { cache: Some(directory.path().into()), ..Options::default() };
        let cache = Cache::open(&options).unwrap();
        let Ok(qemu) = Qemu::find(&options, Some(&cache)) else { return eprintln!("skipped: no qemu") };
        assert!(qemu.machine.starts_with("pc-"), "{}", qemu.machine);
        assert!(qemu.processor.starts_with("max,la57=off,erms=off"), "{}", qemu.processor);
        assert_eq!(Qemu::find(&options, Some(&cache)).unwrap(), qemu, "out of the cache");
    }
}
