//! qemu's command line.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice};
use glassbox_io::{Error, Result};
use serde_json::json;

use crate::build::{DAEMON, DAEMON_LIBRARIES, DAEMON_LOADER, Image};
use crate::host::qemu::Qemu;
use crate::options::Options;

/// The virtio-serial port on which library and daemon speak.
const CHANNEL: &str = "org.libguestfs.channel.0";
/// The bus that disks are added to.
pub(super) const DISK_BUS: &str = "scsi.0";
/// Whatever of the host a guest that broke out of qemu could do, it can't: qemu itself needs none of it.
const SANDBOX: &str = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";
/// The network of qemu's user mode, as libguestfs has it, out of the way of what guests are configured for.
const NETWORK: &str = "user,id=network,net=169.254.0.0/16";

/// Words for the guest's kernel: what a virtual machine that lives for seconds needn't look for, test, or wait for.
const KERNEL_WORDS: &[&str] = &[
    "panic=1",
    "console=ttyS0",
    "edd=off",
    "no_timer_check",
    "printk.time=1",
    "cgroup_disable=memory",
    "usbcore.nousb",
    "cryptomgr.notests",
    "tsc=reliable",
    "8250.nr_uarts=1",
    "selinux=0",
    "mitigations=off",
    "random.trust_cpu=on",
];

/// How a virtual machine comes up.
pub(super) enum Way<'a> {
    /// The kernel boots, when it is told to go on.
    Boot,
    /// The kernel boots, with its memory in this file, so that it can be saved.
    Save(&'a Path),
    /// A saved one goes on, with a private map of this file.
    Restore(&'a Path),
}

/// What is booted, and by whom.
pub(super) struct Machine<'a> {
    pub qemu: &'a Qemu,
    pub options: &'a Options,
    pub is_kvm: bool,
    pub image: &'a Boot,
}

/// A kernel, and what it boots into.
pub(super) struct Boot {
    pub kernel: PathBuf,
    pub initrd: PathBuf,
    /// The kernel's command line, but for what the options add.
    pub words: Vec<String>,
    /// What the kernel gives to init.
    pub init_words: Vec<String>,
    /// The root disk, if it is the first virtio disk. Else it is added as the last SCSI disk.
    pub root: Option<PathBuf>,
}

impl Boot {
    /// Of an appliance that we built, with one of its kernels.
    pub fn of_image(image: &Image, kernel: PathBuf) -> Boot {
        Boot {
            kernel,
            initrd: image.initrd(),
            // The dynamic loader runs the daemon's object, whether it is a program or a library.
            words: vec![format!("rdinit={DAEMON_LOADER}"), "GLASSBOX_DAEMON=1".into()],
            init_words: ["--library-path", DAEMON_LIBRARIES, DAEMON].map(String::from).into(),
            root: Some(image.root()),
        }
    }
}

impl Machine<'_> {
    /// The arguments by which it comes up.
    pub fn arguments(&self, way: &Way<'_>) -> Result<Vec<OsString>> {
        let mut list = List::default();
        let memory = match way {
            Way::Boot => "",
            _ => ",memory-backend=memory",
        };
        list.option("-machine", format!("{}{memory}", self.qemu.machine));
        list.option("-accel", if self.is_kvm { "kvm" } else { "tcg" });
        list.option("-cpu", if self.is_kvm { "host" } else { &self.qemu.processor });
        list.option("-m", self.options.memory.to_string());
        list.option("-smp", self.options.cpus.to_string());
        for word in ["-nodefaults", "-no-user-config", "-no-reboot"] {
            list.0.push(word.into());
        }
        list.option("-display", "none");
        if self.qemu.has_sandbox && self.options.arguments.is_empty() {
            list.option("-sandbox", SANDBOX);
        }
        self.memory(way, &mut list)?;
        list.option("-chardev", "socket,id=monitor,fd=0");
        list.option("-mon", "chardev=monitor,mode=control");
        list.option("-chardev", "file,id=console,path=/proc/self/fd/2");
        list.option("-serial", "chardev:console");
        list.option("-device", "virtio-scsi-pci,id=scsi,num_queues=1");
        list.option("-device", "virtio-serial-pci");
        list.option("-chardev", "socket,id=channel,fd=1");
        list.option("-device", format!("virtserialport,chardev=channel,name={CHANNEL}"));
        if let Some(root) = &self.image.root {
            let root = utf8(root)?;
            let file = json!({ "driver": "file", "filename": root });
            let node = json!({ "driver": "raw", "node-name": "root", "read-only": true, "file": file });
            list.option("-blockdev", node.to_string());
            list.option("-device", "virtio-blk-pci,drive=root");
        }
        if self.options.network {
            list.option("-netdev", NETWORK);
            list.option("-device", "virtio-net-pci,netdev=network");
        }
        list.0.push("-S".into());
        if matches!(way, Way::Restore(_)) {
            list.option("-incoming", "defer");
        } else {
            list.option("-kernel", &self.image.kernel);
            list.option("-initrd", &self.image.initrd);
            list.option("-append", OsString::from_vec(self.command_line().into()));
        }
        list.0.extend(self.options.arguments.iter().cloned());
        Ok(list.0)
    }

    fn memory(&self, way: &Way<'_>, list: &mut List) -> Result<()> {
        let (path, shared) = match way {
            Way::Boot => return Ok(()),
            Way::Save(path) => (path, true),
            Way::Restore(path) => (path, false),
        };
        let mut memory = json!({
            "qom-type": "memory-backend-file", "id": "memory", "size": u64::from(self.options.memory) << 20,
            "mem-path": utf8(path)?, "share": shared,
        });
        if !shared && self.qemu.has_read_only_memory {
            // Opened for reading, mapped for writing: the map is private.
            memory["readonly"] = true.into();
            memory["rom"] = "off".into();
        }
        list.option("-object", memory.to_string());
        Ok(())
    }

    /// The kernel's command line.
    fn command_line(&self) -> BString {
        let mut words: Vec<BString> = KERNEL_WORDS.iter().map(|word| BString::from(*word)).collect();
        words.push(if self.options.verbose { "guestfs_verbose=1".into() } else { "quiet".into() });
        if self.options.network {
            words.push("guestfs_network=1".into());
        }
        words.extend(self.image.words.iter().map(|word| BString::from(word.as_str())));
        words.extend(self.options.append.clone());
        if !self.image.init_words.is_empty() {
            words.push("--".into());
            words.extend(self.image.init_words.iter().map(|word| BString::from(word.as_str())));
        }
        bstr::join(" ", words).into()
    }
}

#[derive(Default)]
struct List(Vec<OsString>);

impl List {
    fn option(&mut self, name: &str, value: impl Into<OsString>) {
        self.0.extend([name.into(), value.into()]);
    }
}

/// qemu's JSON holds only such paths.
pub(crate) fn utf8(path: &Path) -> Result<&str> {
    let unsupported = || Error::unsupported("qemu: a path that isn't UTF-8").at_file(path);
    path.as_os_str().as_encoded_bytes().to_str().map_err(|_| unsupported())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine<'a>(qemu: &'a Qemu, options: &'a Options, image: &'a Boot, way: &Way<'_>) -> Vec<String> {
        let machine = Machine { qemu, options, is_kvm: false, image };
        machine.arguments(way).unwrap().into_iter().map(|word| word.into_string().unwrap()).collect()
    }

    #[test]
    fn a_restored_machine_differs_in_its_memory_alone() {
        let qemu = Qemu {
            path: "/bin/sh".into(),
            identity: crate::host::Identity::of(Path::new("/bin/sh")).unwrap(),
            version: "10.0".into(),
            machine: "pc-i440fx-10.0,hpet=off".into(),
            processor: "max,erms=off".into(),
            has_file_migration: true,
            has_read_only_memory: true,
            has_sandbox: true,
            has_kvm: true,
        };
        let boot = Boot {
            kernel: "/c/vmlinux".into(),
            initrd: "/c/initrd".into(),
            words: vec!["rdinit=/lib/ld.so".into()],
            init_words: vec!["/glassbox".into()],
            root: Some("/c/a,b\"c".into()),
        };
        let options = Options { append: Some("debug".into()), ..Options::default() };
        let saved = machine(&qemu, &options, &boot, &Way::Save(Path::new("/c/memory")));
        let restored = machine(&qemu, &options, &boot, &Way::Restore(Path::new("/c/memory")));
        let after = |list: &[String], word: &str| {
            list.iter().position(|one| one == word).map(|place| list[place + 1].clone()).unwrap_or_default()
        };
        assert!(after(&saved, "-append").ends_with(" quiet rdinit=/lib/ld.so debug -- /glassbox"));
        assert!(after(&saved, "-object").contains("\"share\":true"));
        assert!(after(&restored, "-object").contains("\"share\":false"));
        assert_eq!(after(&restored, "-incoming"), "defer");
        assert!(after(&saved, "-blockdev").contains(r#"/c/a,b\"c"#));
        for option in ["-machine", "-cpu", "-m", "-smp", "-device", "-blockdev"] {
            assert_eq!(after(&saved, option), after(&restored, option), "{option}");
        }
        assert!(!restored.iter().any(|word| word == "-kernel"));
        let booted = machine(&qemu, &Options { network: true, ..options }, &boot, &Way::Boot);
        assert!(booted.iter().any(|word| word.starts_with("user,")) && !booted.iter().any(|word| word == "-object"));
    }
}
