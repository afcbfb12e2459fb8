//! The group `boot`: boot loaders installed by their own tools.

use bstr::{BStr, ByteSlice};
use glassbox_api::Boot;
use glassbox_api::options::SyslinuxOpts;
use glassbox_io::Result;

use crate::Daemon;
use crate::daemon::device;
use crate::sysroot;
use crate::tool::Tool;

impl Boot for Daemon {
    fn extlinux(&mut self, directory: &BStr) -> Result<()> {
        Tool::new("extlinux").arg("--install").arg(sysroot::appliance_path(directory)?).run().map(drop)
    }

    fn syslinux(&mut self, device: &BStr, opts: SyslinuxOpts<'_>) -> Result<()> {
        let mut syslinux = Tool::new("syslinux").args(["--install", "--force"]);
        if let Some(directory) = opts.directory {
            syslinux = syslinux.arg("--directory").arg(directory);
        }
        syslinux.arg(self::device(device)?).run().map(drop)
    }

    fn grub_install(&mut self, root: &BStr, device: &BStr) -> Result<()> {
        let root = [b"--root-directory=", sysroot::appliance_path(root)?.as_bytes()].concat();
        Tool::new("grub-install").arg(root).arg(self::device(device)?).run().map(drop)
    }
}
