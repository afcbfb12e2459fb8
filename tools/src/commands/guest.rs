//! Which filesystems to mount when nothing was said about it.

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::{Drives, FilesRead, FilesystemDetect, Inspection, Mounting};
use glassbox_engine::Handle;

use super::{Failure, Opened};
use crate::disks::Disks;

/// What the root of an operating system has one of.
const MARKS: [&str; 4] = ["/etc/os-release", "/usr/lib/os-release", "/etc/fstab", "/Windows/System32"];
/// A larger fstab is none.
const LARGEST_FSTAB: i64 = 1 << 20;

impl Opened {
    /// Mounts what the command line says, or the guest's own filesystems.
    pub(super) fn mount(&mut self, program: &str, disks: &Disks) -> Result<(), Failure> {
        if disks.mounts_something() {
            let images = &self.images;
            return disks
                .mount(&mut self.handle, true)
                .map_err(|error| Failure::Mount { images: images.clone(), error });
        }
        match self.handle.inspect_os() {
            Ok(roots) => self.mount_inspected(program, &roots),
            Err(error) if error.is_unsupported() => self.mount_obvious(program),
            Err(error) => Err(self.failed("inspect")(error)),
        }
    }

    fn mount_inspected(&mut self, program: &str, roots: &[BString]) -> Result<(), Failure> {
        let [root] = roots else { return Err(self.undecided(roots)) };
        let mut mountpoints =
            self.handle.inspect_get_mountpoints(root.as_bstr()).map_err(self.failed(format!("inspect {root}")))?;
        mountpoints.sort_by_key(|(directory, _)| directory.len());
        for (directory, device) in mountpoints {
            let mounted = self.handle.mount_ro(device.as_bstr(), directory.as_bstr());
            match mounted {
                Ok(()) => {}
                Err(error) if directory == "/" => return Err(self.failed(format!("mount {device}"))(error)),
                Err(error) => eprintln!("{program}: {device} could not be mounted on {directory}: {error} (ignored)"),
            }
        }
        Ok(())
    }

    /// Without inspection: the only filesystem, or the only one that looks like a root, and what its fstab names.
    fn mount_obvious(&mut self, program: &str) -> Result<(), Failure> {
        let filesystems = self.handle.list_filesystems().map_err(self.failed("list filesystems"))?;
        let mut mountable = Vec::new();
        let mut roots = Vec::new();
        let mut refused = None;
        for (device, kind) in &filesystems {
            if matches!(kind.as_slice(), b"swap" | b"unknown") {
                continue;
            }
            match self.handle.mount_ro(device.as_bstr(), "/".into()) {
                Ok(()) => {}
                Err(error) => {
                    refused.get_or_insert((device, error));
                    continue;
                }
            }
            mountable.push(device);
            if MARKS.iter().any(|mark| self.handle.exists((*mark).into()).unwrap_or(false)) {
                roots.push(device);
            }
            self.handle.umount_all().map_err(self.failed(format!("unmount {device}")))?;
        }
        let root = match (roots.as_slice(), mountable.as_slice(), refused) {
            ([root], ..) => *root,
            ([], [only], _) => *only,
            ([], [], Some((device, error))) => return Err(self.failed(format!("mount {device}"))(error)),
            ([], ..) => return Err(self.undecided(&[])),
            (several, ..) => {
                let several: Vec<BString> = several.iter().map(|device| (*device).clone()).collect();
                return Err(self.undecided(&several));
            }
        };
        self.handle.mount_ro(root.as_bstr(), "/".into()).map_err(self.failed(format!("mount {root}")))?;
        self.mount_fstab(program, root, &filesystems);
        Ok(())
    }

    /// Mounts what the root's fstab names, as far as that is found on these disks.
    fn mount_fstab(&mut self, program: &str, root: &BString, filesystems: &[(BString, BString)]) {
        let readable = self.handle.filesize("/etc/fstab".into()).is_ok_and(|size| size <= LARGEST_FSTAB);
        let Some(fstab) = readable.then(|| self.handle.read_file("/etc/fstab".into()).ok()).flatten() else { return };
        let mut mounts = parse_fstab(&fstab);
        mounts.sort_by_key(|(_, directory)| directory.len());
        for (spec, directory) in mounts {
            let Some(device) = find(&mut self.handle, spec, filesystems).filter(|device| device != root) else {
                continue;
            };
            if let Err(error) = self.handle.mount_ro(device.as_bstr(), directory) {
                eprintln!("{program}: {device} could not be mounted on {directory}: {error} (ignored)");
            }
        }
    }

    /// There isn't one filesystem that is meant.
    fn undecided(&mut self, roots: &[BString]) -> Failure {
        let mut text = match roots {
            [] => format!("{}: which filesystem is meant? None looks like that of an operating system", self.images),
            several => {
                format!("{}: which filesystem is meant? {} look like operating systems", self.images, several.len())
            }
        };
        let filesystems = self.handle.list_filesystems().unwrap_or_default();
        if filesystems.is_empty() {
            return Failure::Message(format!("{}: no filesystem was found on this disk", self.images));
        }
        text.push_str(".\nSay which, with -m DEVICE. There are:");
        for (device, kind) in filesystems {
            text.push_str(&format!("\n  -m {device}  ({kind})"));
        }
        Failure::Message(text)
    }
}

/// The devices and mount points of an fstab, without those that aren't below the root.
fn parse_fstab(text: &[u8]) -> Vec<(&BStr, &BStr)> {
    text.lines()
        .filter_map(|line| {
            let mut words = line.fields().take_while(|word| !word.starts_with(b"#"));
            let (spec, directory) = (words.next()?, words.next()?);
            (directory.len() > 1 && directory.starts_with(b"/")).then(|| (spec.as_bstr(), directory.as_bstr()))
        })
        .collect()
}

/// The filesystem that an fstab means by `UUID=…`, `LABEL=…` or a device's name.
fn find(handle: &mut Handle, spec: &BStr, filesystems: &[(BString, BString)]) -> Option<BString> {
    let mut devices = filesystems.iter().map(|(device, _)| device);
    let (tag, value) = spec.split_once_str("=").unwrap_or((b"", spec));
    let value = value.trim_with(|letter| letter == '"');
    match tag {
        b"UUID" => {
            devices.find(|device| handle.vfs_uuid(device.as_bstr()).is_ok_and(|uuid| uuid.eq_ignore_ascii_case(value)))
        }
        b"LABEL" => devices.find(|device| handle.vfs_label(device.as_bstr()).is_ok_and(|label| label == value)),
        b"" => {
            // /dev/vda1 is /dev/sda1 here, /dev/mapper/vg-lv is /dev/vg/lv.
            let name = handle.canonical_device_name(spec).ok()?;
            devices.find(|device| **device == name)
        }
        _ => None,
    }
    .cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fstab() {
        let text =
            b"# comment\nUUID=1-2 / ext4 defaults 0 1\n/dev/vda2\t/home ext4\nproc /proc proc\nLABEL=s none swap\n\n";
        let mounts: Vec<_> = parse_fstab(text).into_iter().map(|(spec, dir)| format!("{spec} {dir}")).collect();
        assert_eq!(mounts, ["/dev/vda2 /home", "proc /proc"]);
    }
}
