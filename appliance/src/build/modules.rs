//! Which kernel modules the guest needs, and in which order they are loaded.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice};
use glassbox_io::{Errno, Error, Result, ResultExt};

use super::compression::SUFFIXES;

/// What it takes to reach the root disk and the host, in the initramfs.
pub(crate) const BOOT: [&str; 6] = ["virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "virtio_console", "erofs"];

/// What reads a root disk of ext2; the first of [`ROOT`], needed sooner there.
pub(crate) const EXT: &str = "ext4";

/// What is loaded from the root disk: filesystems and block layers that calls are about. Loaded once, before the template
/// is saved, they cost nothing later; the rest is loaded when the kernel asks modprobe for it.
pub(crate) const ROOT: [&str; 29] = [
    EXT,
    "xfs",
    "btrfs",
    "vfat",
    "nls_cp437",
    "nls_iso8859_1",
    "nls_ascii",
    "nls_utf8",
    "isofs",
    "udf",
    "squashfs",
    "fuse",
    "overlay",
    "loop",
    "sr_mod",
    "dm_mod",
    "dm_crypt",
    "dm_snapshot",
    "dm_mirror",
    "dm_thin_pool",
    "dm_raid",
    "md_mod",
    "raid0",
    "raid1",
    "raid10",
    "raid456",
    "xts",
    "algif_skcipher",
    "virtio_net",
];

/// Directories of the module tree that go to the root disk: what a disk can hold, and nothing that drives hardware.
pub(crate) const CARRIED: [&str; 12] = [
    "kernel/fs",
    "kernel/crypto",
    "kernel/lib",
    "kernel/arch/x86/crypto",
    "kernel/drivers/md",
    "kernel/drivers/block",
    "kernel/drivers/scsi/sd_mod",
    "kernel/drivers/scsi/sr_mod",
    "kernel/drivers/scsi/virtio_scsi",
    "kernel/drivers/virtio",
    "kernel/drivers/net/virtio_net",
    "kernel/drivers/cdrom",
];

/// libcrc32c asks the kernel's crypto layer for "crc32c" when it is loaded, which modules.dep doesn't know.
const WANTS_CRC32C: &str = "libcrc32c";
const CRC32C: &str = "crc32c_generic";

/// The modules of one kernel.
pub(crate) struct Modules {
    directory: PathBuf,
    modules: BTreeMap<BString, Module>,
    builtin: BTreeSet<BString>,
}

#[derive(Default)]
struct Module {
    /// Below the directory.
    path: PathBuf,
    /// Names of modules that go before it.
    needs: Vec<BString>,
}

/// Modules in the order in which they are loaded.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Order {
    /// Below the module directory.
    pub paths: Vec<PathBuf>,
    /// Those that this kernel doesn't have.
    pub missing: Vec<String>,
}

impl Modules {
    /// Reads what depmod(8) wrote into the directory of a kernel's modules.
    pub fn read(directory: &Path) -> Result<Modules> {
        let mut modules = Modules { directory: directory.into(), modules: BTreeMap::new(), builtin: BTreeSet::new() };
        let path = directory.join("modules.dep");
        let dependencies = fs::read(&path).map_err(|error| {
            let message = format!("{}; 'depmod' as root makes it", Error::from(error));
            Error::os_with(Errno::ENOENT, message).at_file(&path)
        })?;
        for line in dependencies.lines() {
            let Some((path, needs)) = line.split_once_str(":") else { continue };
            // The last one named must be loaded first.
            let mut needs: Vec<BString> = needs.fields().map(name).collect();
            needs.reverse();
            modules.modules.insert(name(path), Module { path: OsStr::from_bytes(path).into(), needs });
        }
        let builtin = directory.join("modules.builtin");
        let text = fs::read(&builtin).at_file(&builtin)?;
        modules.builtin = text.lines().map(name).collect();
        // Kernels without any have no such file.
        modules.add_soft_dependencies(&fs::read(directory.join("modules.softdep")).unwrap_or_default());
        Ok(modules)
    }

    /// The directory that they are in.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// All of them, as paths below the directory.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.modules.values().map(|module| module.path.as_path())
    }

    /// `softdep MODULE pre: MODULE … post: MODULE …` (modprobe.d(5)).
    fn add_soft_dependencies(&mut self, text: &[u8]) {
        for line in text.lines() {
            let mut words = line.fields();
            if words.next() != Some(b"softdep") {
                continue;
            }
            let Some(module) = words.next().and_then(|module| self.modules.get_mut(&name(module))) else { continue };
            let before = words.skip_while(|word| *word != b"pre:").skip(1).take_while(|word| *word != b"post:");
            module.needs.splice(0..0, before.map(name));
        }
    }

    /// The order in which `wanted` and what they need are loaded. Those in `loaded` are there already.
    pub fn order(&self, wanted: &[&str], loaded: &Order) -> Order {
        let mut done: BTreeSet<BString> = loaded.paths.iter().map(|path| name(path.as_os_str().as_bytes())).collect();
        let mut order = Order::default();
        for wanted in wanted {
            let module = BString::from(*wanted);
            if !self.modules.contains_key(&module) && !self.builtin.contains(&module) {
                order.missing.push((*wanted).to_owned());
            }
            self.visit(&module, &mut done, &mut order.paths);
        }
        order
    }

    /// Each module is visited once, so circles end. Aliases and built-in modules are no files to load.
    fn visit(&self, module: &BString, done: &mut BTreeSet<BString>, order: &mut Vec<PathBuf>) {
        let Some(found) = self.modules.get(module) else { return };
        if !done.insert(module.clone()) {
            return;
        }
        if *module == WANTS_CRC32C {
            self.visit(&CRC32C.into(), done, order);
        }
        found.needs.iter().for_each(|needed| self.visit(needed, done, order));
        order.push(found.path.clone());
    }
}

/// A module's name: that of its file, without suffixes, and with underscores, as the kernel has it.
fn name(path: &[u8]) -> BString {
    let file = path.rsplit_str("/").next().unwrap_or_default();
    let end = file.find(".ko").unwrap_or(file.len());
    file[..end].replace("-", "_").into()
}

/// The path without a suffix of a compression: that of the unpacked module.
pub(crate) fn unpacked(path: &Path) -> PathBuf {
    let bytes = path.as_os_str().as_bytes();
    let end = SUFFIXES.iter().find_map(|suffix| bytes.strip_suffix(suffix.as_bytes())).unwrap_or(bytes);
    OsStr::from_bytes(end).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> (tempfile::TempDir, Modules) {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
        write(
            "modules.dep",
            "kernel/fs/ext4/ext4.ko.xz: kernel/fs/jbd2/jbd2.ko.xz kernel/lib/crc16.ko.xz\n\
             kernel/fs/jbd2/jbd2.ko.xz: kernel/lib/crc16.ko.xz\nkernel/lib/crc16.ko.xz:\n\
             kernel/fs/xfs/xfs.ko: kernel/lib/libcrc32c.ko\nkernel/lib/libcrc32c.ko:\n\
             kernel/crypto/crc32c_generic.ko:\nkernel/a.ko: kernel/b-c.ko\nkernel/b-c.ko: kernel/a.ko\n",
        );
        write("modules.builtin", "kernel/drivers/virtio/virtio-pci.ko\n");
        write("modules.softdep", "# comment\nsoftdep crc16 pre: crc32c a post: xfs\n");
        let modules = Modules::read(directory.path()).unwrap();
        (directory, modules)
    }

    fn names(order: &Order) -> Vec<String> {
        order.paths.iter().map(|path| name(path.as_os_str().as_bytes()).to_string()).collect()
    }

    #[test]
    fn what_a_module_needs_comes_before_it() {
        let (_directory, modules) = sample();
        let order = modules.order(&["ext4", "virtio_pci", "nosuch"], &Order::default());
        assert_eq!(names(&order), ["b_c", "a", "crc16", "jbd2", "ext4"]);
        assert_eq!(order.missing, ["nosuch"]);
        assert_eq!(names(&modules.order(&["xfs"], &Order::default())), ["crc32c_generic", "libcrc32c", "xfs"]);
        assert_eq!(names(&modules.order(&["ext4", "xfs"], &order)), ["crc32c_generic", "libcrc32c", "xfs"]);
        assert_eq!(unpacked(&order.paths[4]), Path::new("kernel/fs/ext4/ext4.ko"));
    }

    #[test]
    fn without_modules_dep_the_cure_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let error = Modules::read(directory.path()).err().unwrap().to_string();
        assert!(error.contains("depmod"), "{error}");
    }
}
