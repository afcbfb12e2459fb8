//! The kernel that the guest boots: the newest one of the host whose modules are there, or the one that is named.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use bstr::ByteSlice;
use glassbox_io::{Errno, Error, Result};

/// Name a kernel and the directory of its modules, as for supermin, which builds libguestfs's appliance.
const KERNEL_VARIABLE: &str = "SUPERMIN_KERNEL";
const MODULES_VARIABLE: &str = "SUPERMIN_MODULES";

/// A kernel with its modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// The bzImage, or a vmlinux.
    pub image: PathBuf,
    /// The directory that has its `modules.dep`.
    pub modules: PathBuf,
}

impl Kernel {
    /// Finds it. The errors name the cure.
    pub fn find() -> Result<Kernel> {
        match (std::env::var_os(KERNEL_VARIABLE), std::env::var_os(MODULES_VARIABLE)) {
            (Some(image), Some(modules)) => Ok(Kernel { image: image.into(), modules: modules.into() }),
            (Some(_), None) => Err(Error::usage(format!("{KERNEL_VARIABLE} is set without {MODULES_VARIABLE}"))),
            _ => find_in(Path::new("/boot"), Path::new("/lib/modules")),
        }
    }

    /// Its release, such as `6.1.0-56-amd64`: the name of the directory of its modules.
    pub fn release(&self) -> &OsStr {
        self.modules.file_name().unwrap_or_default()
    }
}

fn find_in(boot: &Path, modules: &Path) -> Result<Kernel> {
    let mut kernels: Vec<Kernel> = candidates(boot, modules);
    kernels.sort_by(|one, other| compare(other.release().as_bytes(), one.release().as_bytes()));
    let mut unreadable = None;
    for kernel in kernels {
        match fs::File::open(&kernel.image) {
            Ok(_) => return Ok(kernel),
            Err(error) => unreadable = unreadable.or(Some((kernel, error))),
        }
    }
    Err(match unreadable {
        Some((kernel, error)) => {
            let message = format!(
                "{}; the appliance boots this kernel, and as root 'chmod 0644 {}' makes it readable",
                Error::from(error),
                kernel.image.display()
            );
            Error::os_with(Errno::EACCES, message).at_file(&kernel.image)
        }
        None => Error::os_with(
            Errno::ENOENT,
            format!(
                "no kernel with its modules in {} and {}; Debian's package linux-image-amd64 or Fedora's kernel has one, or set \
                 {KERNEL_VARIABLE} and {MODULES_VARIABLE}",
                boot.display(),
                modules.display()
            ),
        ),
    })
}

/// Kernels that have modules: in `/boot`, or beside their modules, as Fedora has them.
fn candidates(boot: &Path, modules: &Path) -> Vec<Kernel> {
    let mut kernels = Vec::new();
    for entry in fs::read_dir(modules).into_iter().flatten().flatten() {
        let modules = entry.path();
        if !modules.join("modules.dep").exists() {
            continue;
        }
        let mut name = std::ffi::OsString::from("vmlinuz-");
        name.push(entry.file_name());
        let images = [boot.join(name), modules.join("vmlinuz")];
        kernels.extend(images.into_iter().find(|image| image.exists()).map(|image| Kernel { image, modules }));
    }
    kernels
}

/// Compares versions as people count: runs of digits are numbers.
fn compare(one: &[u8], other: &[u8]) -> std::cmp::Ordering {
    parts(one).cmp(&parts(other))
}

/// A version as numbers and the texts between them.
fn parts(version: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut parts = Vec::new();
    let mut rest = version;
    while !rest.is_empty() {
        let digits = rest.find_not_byteset("0123456789").unwrap_or(rest.len());
        let (number, behind) = rest.split_at(digits);
        let text = behind.find_byteset("0123456789").unwrap_or(behind.len());
        let number = number.to_str().ok().and_then(|digits| digits.parse().ok()).unwrap_or(0);
        parts.push((number, behind[..text].to_vec()));
        rest = &behind[text..];
    }
    parts
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_newest_kernel_with_modules_is_taken() {
        let host = tempfile::tempdir().unwrap();
        let (boot, modules) = (host.path().join("boot"), host.path().join("modules"));
        fs::create_dir_all(&boot).unwrap();
        fs::create_dir_all(&modules).unwrap();
        let error = find_in(&boot, &modules).unwrap_err().to_string();
        assert!(error.contains("linux-image-amd64") && error.contains(KERNEL_VARIABLE), "{error}");

        for release in ["6.1.0-9-amd64", "6.1.0-10-amd64", "5.10.0-30-amd64"] {
            fs::create_dir_all(modules.join(release)).unwrap();
            fs::write(modules.join(release).join("modules.dep"), "").unwrap();
            fs::write(boot.join(format!("vmlinuz-{release}")), "").unwrap();
        }
        fs::write(boot.join("vmlinuz-7.0.0"), "").unwrap();
        assert_eq!(find_in(&boot, &modules).unwrap().release(), "6.1.0-10-amd64");

        fs::create_dir_all(modules.join("6.12.1.fc41")).unwrap();
        fs::write(modules.join("6.12.1.fc41/modules.dep"), "").unwrap();
        fs::write(modules.join("6.12.1.fc41/vmlinuz"), "").unwrap();
        assert_eq!(find_in(&boot, &modules).unwrap().image, modules.join("6.12.1.fc41/vmlinuz"));
    }

    #[test]
    fn a_kernel_that_only_root_reads_is_told_with_the_cure() {
        if rustix::process::geteuid().is_root() {
            return eprintln!("skipped: root reads everything");
        }
        let host = tempfile::tempdir().unwrap();
        let modules = host.path().join("modules/6.8.0");
        fs::create_dir_all(&modules).unwrap();
        fs::write(modules.join("modules.dep"), "").unwrap();
        let image = modules.join("vmlinuz");
        fs::write(&image, "").unwrap();
        fs::set_permissions(&image, fs::Permissions::from_mode(0o000)).unwrap();
        let error = find_in(host.path(), &host.path().join("modules")).unwrap_err();
        assert_eq!(error.errno(), Errno::EACCES);
        assert!(error.to_string().contains("chmod 0644"), "{error}");
    }
}
