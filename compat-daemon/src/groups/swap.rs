//! The group `swap`: devices and files that the appliance's kernel may swap to.

use bstr::BStr;
use glassbox_api::Swap;
use glassbox_api::options::MkswapOpts;
use glassbox_io::Result;

use super::filesystem_create_check::wipe_signatures;
use crate::Daemon;
use crate::daemon::device;
use crate::tool::Tool;
use crate::{labels, sysroot};

impl Swap for Daemon {
    fn mkswap(&mut self, name: &BStr, opts: MkswapOpts<'_>) -> Result<()> {
        let device = device(name)?;
        opts.label.map_or(Ok(()), |label| labels::SWAP.check(label))?;
        wipe_signatures(device.as_ref())?;
        Tool::new("mkswap").arg("-f").text("-L", opts.label).text("-U", opts.uuid).arg(device).done()
    }

    fn mkswap_L(&mut self, label: &BStr, device: &BStr) -> Result<()> {
        self.mkswap(device, MkswapOpts { label: Some(label), uuid: None })
    }

    fn mkswap_U(&mut self, uuid: &BStr, device: &BStr) -> Result<()> {
        self.mkswap(device, MkswapOpts { label: None, uuid: Some(uuid) })
    }

    fn mkswap_file(&mut self, path: &BStr) -> Result<()> {
        Tool::new("mkswap").arg("-f").arg(sysroot::appliance_path(path)?).done()
    }

    fn swapon_device(&mut self, name: &BStr) -> Result<()> {
        Tool::new("swapon").arg(device(name)?).done()
    }

    fn swapoff_device(&mut self, name: &BStr) -> Result<()> {
        Tool::new("swapoff").arg(device(name)?).done()
    }

    fn swapon_file(&mut self, file: &BStr) -> Result<()> {
        Tool::new("swapon").arg(sysroot::appliance_path(file)?).done()
    }

    fn swapoff_file(&mut self, file: &BStr) -> Result<()> {
        Tool::new("swapoff").arg(sysroot::appliance_path(file)?).done()
    }

    fn swapon_label(&mut self, label: &BStr) -> Result<()> {
        Tool::new("swapon").arg("-L").arg(label).done()
    }

    fn swapoff_label(&mut self, label: &BStr) -> Result<()> {
        Tool::new("swapoff").arg("-L").arg(label).done()
    }

    fn swapon_uuid(&mut self, uuid: &BStr) -> Result<()> {
        Tool::new("swapon").arg("-U").arg(uuid).done()
    }

    fn swapoff_uuid(&mut self, uuid: &BStr) -> Result<()> {
        Tool::new("swapoff").arg("-U").arg(uuid).done()
    }
}
