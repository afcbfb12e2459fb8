//! Which filesystems to mount when nothing was said about it.

use bstr::{BString, ByteSlice};
use glassbox_api::{FilesystemDetect, Inspection, Mounting};

use super::{Failure, Opened};
use crate::disks::Disks;
use crate::guest;

impl Opened {
    /// Mounts what the command line says, or the guest's own filesystems, found by inspection.
    pub(super) fn mount(&mut self, program: &str, disks: &Disks) -> Result<(), Failure> {
        let mounts_something = disks.mounts_something();
        disks
            .keys
            .open(&mut self.handle, self.read_only, !mounts_something)
            .map_err(self.failed("open what is encrypted"))?;
        if mounts_something {
            let images = &self.images;
            return disks
                .mount(&mut self.handle, self.read_only)
                .map_err(|error| Failure::Mount { images: images.clone(), error });
        }
        let roots = self.handle.inspect_os().map_err(self.failed("inspect"))?;
        match roots.as_slice() {
            [root] => {
                let mounted = guest::mount(&mut self.handle, root.as_bstr(), self.read_only);
                mounted.map_err(self.failed(format!("mount the guest of {root}")))?.warn(program);
                Ok(())
            }
            [] => self.mount_only_filesystem(),
            _ => Err(self.undecided(&roots)),
        }
    }

    /// A disk of data: its filesystem, if it has only one.
    fn mount_only_filesystem(&mut self) -> Result<(), Failure> {
        let filesystems = self.handle.list_filesystems().map_err(self.failed("list filesystems"))?;
        let is_mountable = |kind: &BString| !matches!(kind.as_slice(), b"swap" | b"unknown");
        let mountable: Vec<BString> =
            filesystems.into_iter().filter(|(_, kind)| is_mountable(kind)).map(|(device, _)| device).collect();
        match mountable.as_slice() {
            [only] => {
                let options = guest::mount_options(self.read_only);
                let mounted = self.handle.mount_options(options, only.as_bstr(), "/".into());
                mounted.map_err(self.failed(format!("mount {only}")))
            }
            _ => Err(self.undecided(&[])),
        }
    }

    /// There isn't one filesystem that is meant.
    fn undecided(&mut self, roots: &[BString]) -> Failure {
        let mut text = match roots {
            [] => format!("{}: which filesystem is meant? No operating system was found", self.images),
            several => {
                format!("{}: which filesystem is meant? There are {} operating systems", self.images, several.len())
            }
        };
        let filesystems = self.handle.list_filesystems().unwrap_or_default();
        if filesystems.is_empty() {
            return Failure::Message(format!("{}: no filesystem was found on this disk", self.images));
        }
        text.push_str(".\nSay which, with -m DEVICE. There are:");
        for (device, kind) in filesystems {
            let mark = if roots.contains(&device) { ", an operating system" } else { "" };
            text.push_str(&format!("\n  -m {device}  ({kind}{mark})"));
        }
        Failure::Message(text)
    }
}
