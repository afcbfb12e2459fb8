//! The group `mount-local`: the guest's files as a FUSE filesystem of the host.

use bstr::BStr;
use glassbox_api::options::{MountLocalOpts, UmountLocalOpts};
use glassbox_api::{FilesRead, LocalMounting};
use glassbox_io::{Error, Result};

use super::Library;
use crate::mount_local::{LocalMount, Options, Patience};

impl LocalMounting for Library<'_> {
    /// May be called before `launch`, as in libguestfs: only serving needs the guest's files.
    fn mount_local(&mut self, localmountpoint: &BStr, opts: MountLocalOpts<'_>) -> Result<()> {
        if let Some(mounted) = &self.0.local_mount {
            return Err(Error::usage(format!("this handle is mounted on {} already", mounted.point().display())));
        }
        self.0.local_mount = Some(LocalMount::new(localmountpoint, Options::parse(opts)?)?);
        Ok(())
    }

    fn mount_local_run(&mut self) -> Result<()> {
        let Some(mounted) = self.0.local_mount.take() else {
            return Err(Error::usage("mount_local must be called before"));
        };
        if let Err(error) = self.0.exists("/".into()) {
            let point = mounted.point().display().to_string();
            self.0.local_mount = Some(mounted);
            let message = format!("there is no guest filesystem on / to show on {point}, which stays mounted");
            return Err(Error::usage(message).caused_by(error));
        }
        mounted.run(self.0)
    }

    fn umount_local(&mut self, opts: UmountLocalOpts) -> Result<()> {
        let Some(mounted) = &self.0.local_mount else {
            return Err(Error::usage("nothing is mounted by mount_local"));
        };
        mounted.unmount(if opts.retry.unwrap_or(false) { Patience::Retry } else { Patience::None })?;
        self.0.local_mount = None;
        Ok(())
    }
}
