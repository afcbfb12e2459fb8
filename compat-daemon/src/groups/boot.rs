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
        Tool::new("extlinux").arg("--install").arg(sysroot::appliance_path(directory)?).done()
    }

    fn syslinux(&mut self, device: &BStr, opts: SyslinuxOpts<'_>) -> Result<()> {
        let syslinux = Tool::new("syslinux").args(["--install", "--force"]).text("--directory", opts.directory);
        syslinux.arg(self::device(device)?).done()
    }

    fn grub_install(&mut self, root: &BStr, device: &BStr) -> Result<()> {
        let root = [b"--root-directory=", sysroot::appliance_path(root)?.as_bytes()].concat();
        Tool::new("grub-install").arg(root).arg(self::device(device)?).done()
    }
}
