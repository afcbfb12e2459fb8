//! Building the appliance: the host's kernel, modules and programs, and the object that we are in, become what qemu boots.
//!
//! Nothing is run and nobody is root: files are read and written.
//!
//! - `kernel`, and `vmlinux` if it can be started by PVH
//! - `initrd`: the daemon as `/glassbox`, its dynamic loader and libraries in `/lib`, the modules that it takes to reach the root
//!   disk, and `/modules`, their paths in the order in which they are loaded
//! - `root`: an EROFS filesystem with the host's programs and their libraries at the host's paths, more modules, and
//!   `/modules.root`, which of them are loaded at once

mod compression;
mod cpio;
mod elf;
mod erofs;
mod ext2;
mod image;
mod libraries;
mod modules;
mod root;
pub mod tools;
mod tree;
mod vmlinux;

use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use glassbox_io::{Errno, Error, Result, ResultExt};

pub(crate) use self::image::Image;
use self::libraries::Libraries;
use self::modules::{Modules, Order};
use self::tree::Tree;
use crate::Kernel;
use crate::cache::{Cache, Key};
use crate::host::{self, Identity};
use crate::options::Options;

/// Changes with what is built, so that what an older version built isn't used.
const FORMAT: &str = concat!(env!("CARGO_PKG_VERSION"), " 2");

/// Where the daemon is in the initramfs.
pub(crate) const DAEMON: &str = "/glassbox";
/// Where its libraries are.
pub(crate) const DAEMON_LIBRARIES: &str = "/lib";
/// The dynamic loader, which the kernel runs as the first process.
pub(crate) const DAEMON_LOADER: &str = "/lib/ld.so";
/// What the loader is called where it isn't named by a program: libraries have libc, and libc has it.
const LOADER_NAME: &[u8] = b"ld-linux";
/// What the kernel runs unless it is told otherwise.
const INIT: &str = "/init";
/// By this file the daemon knows that it is in its initramfs.
const MARKER: &str = "/glassbox-appliance";
/// The list of modules in the initramfs.
const MODULES: &str = "/modules";
/// The list of modules on the root disk.
const ROOT_MODULES: &str = "/modules.root";

/// What an appliance is built from.
#[derive(Debug)]
pub struct Plan {
    kernel: Kernel,
    daemon: PathBuf,
    key: Key,
}

/// The filesystem of the root disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RootFormat {
    /// Written by us, in no time.
    Erofs,
    /// Made by mke2fs(8): libguestfs's own library takes no other.
    Ext2,
}

/// What was made.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Programs and libraries that the host doesn't have, a line each: their names, what they are for, and the packages that
    /// bring them.
    pub missing_programs: Vec<String>,
    /// Modules that the kernel doesn't have.
    pub missing_modules: Vec<String>,
}

impl Plan {
    /// Finds the parts.
    pub fn new(options: &Options) -> Result<Plan> {
        let kernel = options.kernel.clone().map_or_else(Kernel::find, Ok)?;
        let daemon = options.daemon.clone().map_or_else(host::object::daemon, Ok)?;
        let mut parts = vec![FORMAT.to_owned()];
        for file in [&daemon, &kernel.image, &kernel.modules.join("modules.dep")] {
            parts.push(Identity::of(file)?.as_str().to_owned());
        }
        for program in tools::GROUPS.iter().flat_map(|group| group.programs) {
            let path = host::program(program).unwrap_or_default();
            parts.push(path.as_os_str().as_bytes().escape_ascii().to_string());
        }
        let libraries = Libraries::of_host();
        for library in tools::LIBRARIES {
            let path = libraries.locate(library.name).unwrap_or_default();
            let data = library.data.iter().filter(|directory| Path::new(directory).is_dir()).count();
            parts.push(format!("{} {data}", path.as_os_str().as_bytes().escape_ascii()));
        }
        let key = Key::of(&parts);
        Ok(Plan { kernel, daemon, key })
    }

    /// The kernel that is booted.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The object that holds the daemon.
    pub fn daemon(&self) -> &Path {
        &self.daemon
    }

    /// Where it is in the cache, whether it is there or not.
    pub fn path(&self, cache: &Cache) -> PathBuf {
        cache.entry("appliance", &self.key)
    }

    /// What was missing when it was built; `None` if it isn't.
    pub fn report(&self, cache: &Cache) -> Option<Report> {
        self.find(cache).map(|image| image.report())
    }

    /// The built appliance, if the cache has it and nothing changed that it was made of.
    pub(crate) fn find(&self, cache: &Cache) -> Option<Image> {
        Image::open(&self.path(cache)).filter(Image::is_current)
    }

    /// Takes the built appliance from the cache, or builds it. With it, whether it was just built.
    pub(crate) fn find_or_build(&self, cache: &Cache) -> Result<(Image, bool)> {
        if let Some(image) = self.find(cache) {
            return Ok((image, false));
        }
        let _lock = cache.lock()?;
        // Another process may have built it meanwhile.
        match self.find(cache) {
            Some(image) => Ok((image, false)),
            None => Ok((self.build_locked(cache)?, true)),
        }
    }

    /// Builds it, whatever the cache has.
    pub fn build(&self, cache: &Cache) -> Result<Report> {
        let _lock = cache.lock()?;
        Ok(self.build_locked(cache)?.report())
    }

    fn build_locked(&self, cache: &Cache) -> Result<Image> {
        let path = self.path(cache);
        // What can't be cleaned is no reason not to build.
        let _ = cache.clean();
        cache.build(&path, |new| self.write(new, RootFormat::Erofs))?;
        Image::open(&path).ok_or_else(|| Error::os_with(Errno::EIO, "what was just written is gone").at_file(&path))
    }

    /// Writes all files of an appliance into an empty directory.
    pub(crate) fn write(&self, to: &Path, format: RootFormat) -> Result<Report> {
        let during = "building the appliance";
        let bytes = fs::read(&self.kernel.image).at_file(&self.kernel.image)?;
        fs::write(to.join(image::KERNEL), &bytes)?;
        if let Some(vmlinux) = vmlinux::unpack(&bytes).at_file(&self.kernel.image)? {
            fs::write(to.join(image::VMLINUX), vmlinux)?;
        }
        let modules = Modules::read(&self.kernel.modules)?;
        let wanted = match format {
            RootFormat::Erofs => modules::BOOT.to_vec(),
            RootFormat::Ext2 => [&modules::BOOT[..], &[modules::EXT]].concat(),
        };
        let boot = modules.order(&wanted, &Order::default());
        let initrd = self.initrd(&modules, &boot).during(during)?;
        cpio::write(&initrd, &File::create(to.join(image::INITRD))?)?;

        let mut report = Report { missing_modules: boot.missing.clone(), ..Report::default() };
        let root = root::tree(&self.daemon, &modules, &boot, &mut report).during(during)?;
        match format {
            RootFormat::Erofs => erofs::write(&root, self.key.uuid(), &File::create(to.join(image::ROOT))?)?,
            RootFormat::Ext2 => ext2::write(&root, self.key.uuid(), &to.join(image::ROOT))?,
        }

        let mut sources = root.sources;
        sources.extend(initrd.sources);
        sources.extend([self.daemon.clone(), self.kernel.image.clone()]);
        image::write_sources(to, sources)?;
        image::write_report(to, &report)?;
        Ok(report)
    }

    /// The initramfs.
    fn initrd(&self, modules: &Modules, boot: &Order) -> Result<Tree> {
        let mut tree = Tree::default();
        for directory in ["/dev", "/proc", "/sys", "/root", "/tmp"] {
            tree.add_directory(directory, 0o755)?;
        }
        tree.add_file(DAEMON, 0o755, elf::loaded_part(&self.daemon)?)?;
        let needs = Libraries::of_host().closure(&self.daemon)?;
        for (name, library) in &needs.libraries {
            tree.add_host_as(library, Path::new(DAEMON_LIBRARIES).join(std::ffi::OsStr::from_bytes(name)))?;
        }
        let named = needs.libraries.iter().find(|(name, _)| name.starts_with(LOADER_NAME)).map(|(_, path)| path);
        let loader = needs
            .interpreter
            .as_ref()
            .or(named)
            .ok_or_else(|| Error::unsupported("a daemon that is statically linked").at_file(&self.daemon))?;
        tree.add_host_as(loader, DAEMON_LOADER)?;
        // Who boots us as libguestfs boots its appliances doesn't name the first process, so this is what the kernel runs, and the
        // marker tells the daemon.
        tree.add_link("/lib64", "lib")?;
        tree.add_file(INIT, 0o755, format!("#!{DAEMON_LOADER} {DAEMON}\n"))?;
        tree.add_file(MARKER, 0o644, "")?;
        add_modules(&mut tree, modules, boot, MODULES)?;
        Ok(tree)
    }
}

/// Adds modules, unpacked, at their places in the module directory, and the list of them.
fn add_modules(tree: &mut Tree, modules: &Modules, order: &Order, list: &str) -> Result<()> {
    let mut text = Vec::new();
    for module in &order.paths {
        let host = modules.directory().join(module);
        let guest = modules::unpacked(&module_path(modules, module));
        if tree.get(&guest).is_none() {
            let bytes = fs::read(&host).at_file(&host)?;
            tree.add_file(&guest, 0o644, compression::decompress(bytes).at_file(&host)?)?;
        }
        text.extend_from_slice(guest.as_os_str().as_bytes());
        text.push(b'\n');
    }
    tree.add_file(list, 0o644, text)
}

/// Where a module is in the guest. Its directory is named as the kernel's release, which is what modprobe(8) looks for.
fn module_path(modules: &Modules, module: &Path) -> PathBuf {
    let release = modules.directory().file_name().unwrap_or_default();
    Path::new("/lib/modules").join(release).join(module)
}
