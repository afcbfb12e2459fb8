//! The group `btrfs`: what is peculiar to btrfs, done by btrfs-progs.

mod report;

use bstr::{BStr, BString};
use glassbox_api::Btrfs;
use glassbox_api::options::{
    BtrfsFilesystemDefragmentOpts, BtrfsFilesystemResizeOpts, BtrfsFsckOpts, BtrfsImageOpts, BtrfsScrubFullOpts,
    BtrfsSubvolumeCreateOpts, BtrfsSubvolumeSnapshotOpts, MkfsBtrfsOpts,
};
use glassbox_api::structs::{BtrfsBalance, BtrfsQgroup, BtrfsScrub, BtrfsSubvolume};
use glassbox_io::{Error, Result};

use super::filesystem_create_check::wipe_signatures;
use crate::Daemon;
use crate::daemon::{self, device};
use crate::disk_names;
use crate::sysroot;
use crate::tool::Tool;

/// Where a filesystem is mounted that a call gives by its device. Never removed: something might still be mounted there.
const PLACE: &str = "/run/btrfs";
/// How files may be compressed.
const COMPRESSIONS: [&str; 3] = ["zlib", "lzo", "zstd"];

fn btrfs(words: &[&str]) -> Tool {
    Tool::new("btrfs").args(words)
}

/// A command about a mounted filesystem.
fn on_path(words: &[&str], path: &BStr) -> Result<Tool> {
    Ok(btrfs(words).arg(sysroot::appliance_path(path)?))
}

fn devices(names: &[&BStr]) -> Result<Vec<BString>> {
    match names {
        [] => Err(Error::usage("list of devices must be non-empty")),
        names => daemon::devices(names),
    }
}

/// What `work` does on a filesystem: where it is mounted, or for a moment if it is given by its device.
fn on_filesystem<T>(fs: &BStr, work: impl FnOnce(&BStr) -> Result<T>) -> Result<T> {
    if !fs.starts_with(b"/dev/") {
        return work(sysroot::appliance_path(fs)?.as_ref());
    }
    std::fs::create_dir_all(PLACE)?;
    Tool::new("mount").args(["-t", "btrfs"]).arg(device(fs)?).arg(PLACE).done()?;
    let result = work(PLACE.into());
    Tool::new("umount").arg(PLACE).done()?;
    result
}

fn list_subvolumes(place: &BStr) -> Result<Vec<BtrfsSubvolume>> {
    report::subvolumes(&btrfs(&["subvolume", "list"]).arg(place).run()?)
}

fn default_subvolume(place: &BStr) -> Result<i64> {
    report::default_subvolume(btrfs(&["subvolume", "get-default"]).arg(place).line()?.as_ref())
}

/// The subvolumes of a filesystem but for that which is mounted by the device's name. It is mounted once for both questions.
pub fn other_subvolumes(fs: &BStr) -> Result<Vec<BtrfsSubvolume>> {
    on_filesystem(fs, |place| {
        let default = default_subvolume(place)?;
        let mut all = list_subvolumes(place)?;
        all.retain(|found| i64::try_from(found.btrfssubvolume_id) != Ok(default));
        Ok(all)
    })
}

fn seeding(name: &BStr, seeding: bool, force: bool) -> Result<()> {
    let value = if seeding { "1" } else { "0" };
    Tool::new("btrfstune").args(["-S", value]).flag(Some(force), "-f").arg(device(name)?).done()
}

impl Btrfs for Daemon {
    fn mkfs_btrfs(&mut self, names: &[&BStr], opts: MkfsBtrfsOpts<'_>) -> Result<()> {
        let devices = devices(names)?;
        for device in &devices {
            wipe_signatures(device.as_ref())?;
        }
        // mkfs.btrfs has given up this and `allocstart`, which said where to begin and made no other filesystem.
        if opts.leafsize.is_some() {
            return Err(Error::unsupported("btrfs: leafsize, which mkfs.btrfs doesn't have any more: see nodesize"));
        }
        Tool::new("mkfs.btrfs")
            .arg("-f")
            .number("--byte-count", opts.bytecount)
            .text("--data", opts.datatype)
            .text("--label", opts.label)
            .text("--metadata", opts.metadata)
            .number("--nodesize", opts.nodesize)
            .number("--sectorsize", opts.sectorsize)
            .args(devices)
            .done()
    }

    fn btrfs_subvolume_create(&mut self, dest: &BStr, opts: BtrfsSubvolumeCreateOpts<'_>) -> Result<()> {
        btrfs(&["subvolume", "create"]).text("-i", opts.qgroupid).arg(sysroot::appliance_path_of_new(dest)?).done()
    }

    fn btrfs_subvolume_delete(&mut self, subvolume: &BStr) -> Result<()> {
        on_path(&["subvolume", "delete"], subvolume)?.done()
    }

    fn btrfs_subvolume_snapshot(
        &mut self,
        source: &BStr,
        dest: &BStr,
        opts: BtrfsSubvolumeSnapshotOpts<'_>,
    ) -> Result<()> {
        let tool = btrfs(&["subvolume", "snapshot"]).flag(opts.ro, "-r").text("-i", opts.qgroupid);
        tool.arg(sysroot::appliance_path(source)?).arg(sysroot::appliance_path_of_new(dest)?).done()
    }

    fn btrfs_subvolume_list(&mut self, fs: &BStr) -> Result<Vec<BtrfsSubvolume>> {
        on_filesystem(fs, list_subvolumes)
    }

    fn btrfs_subvolume_get_default(&mut self, fs: &BStr) -> Result<i64> {
        on_filesystem(fs, default_subvolume)
    }

    fn btrfs_subvolume_set_default(&mut self, id: i64, fs: &BStr) -> Result<()> {
        btrfs(&["subvolume", "set-default"]).arg(id.to_string()).arg(sysroot::appliance_path(fs)?).done()
    }

    fn btrfs_subvolume_show(&mut self, subvolume: &BStr) -> Result<Vec<(BString, BString)>> {
        Ok(report::subvolume_facts(&on_path(&["subvolume", "show"], subvolume)?.run()?))
    }

    fn btrfs_filesystem_sync(&mut self, fs: &BStr) -> Result<()> {
        on_path(&["filesystem", "sync"], fs)?.done()
    }

    fn btrfs_filesystem_resize(&mut self, mountpoint: &BStr, opts: BtrfsFilesystemResizeOpts) -> Result<()> {
        let size = opts.size.map_or("max".to_owned(), |size| size.to_string());
        btrfs(&["filesystem", "resize", &size]).arg(sysroot::appliance_path(mountpoint)?).done()
    }

    fn btrfs_filesystem_defragment(&mut self, path: &BStr, opts: BtrfsFilesystemDefragmentOpts<'_>) -> Result<()> {
        let mut tool = btrfs(&["filesystem", "defragment", "-r"]).flag(opts.flush, "-f");
        if let Some(method) = opts.compress {
            if !COMPRESSIONS.iter().any(|known| method == known) {
                return Err(Error::usage(format!("unknown compress method: {method}")));
            }
            tool = tool.arg(format!("-c{method}"));
        }
        tool.arg(sysroot::appliance_path(path)?).done()
    }

    fn btrfs_filesystem_show(&mut self, name: &BStr) -> Result<Vec<BString>> {
        let devices = report::devices(&btrfs(&["filesystem", "show"]).arg(device(name)?).run()?);
        Ok(devices.iter().map(|device| disk_names::callers_name(device.as_ref())).collect())
    }

    fn btrfs_filesystem_balance(&mut self, fs: &BStr) -> Result<()> {
        on_path(&["balance", "start", "--full-balance"], fs)?.done()
    }

    fn btrfs_balance_cancel(&mut self, path: &BStr) -> Result<()> {
        on_path(&["balance", "cancel"], path)?.done()
    }

    fn btrfs_balance_pause(&mut self, path: &BStr) -> Result<()> {
        on_path(&["balance", "pause"], path)?.done()
    }

    fn btrfs_balance_resume(&mut self, path: &BStr) -> Result<()> {
        on_path(&["balance", "resume"], path)?.done()
    }

    fn btrfs_balance_status(&mut self, path: &BStr) -> Result<BtrfsBalance> {
        // It ends with 1 if there is a balance.
        report::balance(&on_path(&["balance", "status"], path)?.outcome()?.stdout)
    }

    fn btrfs_device_add(&mut self, names: &[&BStr], fs: &BStr) -> Result<()> {
        btrfs(&["device", "add", "--force"]).args(devices(names)?).arg(sysroot::appliance_path(fs)?).done()
    }

    fn btrfs_device_delete(&mut self, names: &[&BStr], fs: &BStr) -> Result<()> {
        btrfs(&["device", "delete"]).args(devices(names)?).arg(sysroot::appliance_path(fs)?).done()
    }

    fn btrfs_replace(&mut self, srcdev: &BStr, targetdev: &BStr, mntpoint: &BStr) -> Result<()> {
        let tool = btrfs(&["replace", "start", "-B", "-f"]).arg(device(srcdev)?).arg(device(targetdev)?);
        tool.arg(sysroot::appliance_path(mntpoint)?).done()
    }

    fn btrfs_fsck(&mut self, name: &BStr, opts: BtrfsFsckOpts) -> Result<()> {
        if opts.superblock.is_some_and(|number| number < 0) {
            return Err(Error::usage("superblock must be >= 0"));
        }
        // It would wait ten seconds, for somebody to think better of a repair.
        let tool = btrfs(&["check", "--force"]).number("--super", opts.superblock).flag(opts.repair, "--repair");
        tool.arg(device(name)?).done()
    }

    fn btrfs_set_seeding(&mut self, device: &BStr, value: bool) -> Result<()> {
        // It asks before it makes a filesystem writable that others may be built on.
        seeding(device, value, !value)
    }

    fn btrfstune_seeding(&mut self, device: &BStr, value: bool) -> Result<()> {
        seeding(device, value, !value)
    }

    fn btrfstune_enable_extended_inode_refs(&mut self, name: &BStr) -> Result<()> {
        Tool::new("btrfstune").arg("-r").arg(device(name)?).done()
    }

    fn btrfstune_enable_skinny_metadata_extent_refs(&mut self, name: &BStr) -> Result<()> {
        Tool::new("btrfstune").arg("-x").arg(device(name)?).done()
    }

    fn btrfs_rescue_super_recover(&mut self, name: &BStr) -> Result<()> {
        btrfs(&["rescue", "super-recover", "-y"]).arg(device(name)?).done()
    }

    fn btrfs_rescue_chunk_recover(&mut self, name: &BStr) -> Result<()> {
        btrfs(&["rescue", "chunk-recover", "-y"]).arg(device(name)?).done()
    }

    fn btrfs_image(&mut self, source: &[&BStr], image: &BStr, opts: BtrfsImageOpts) -> Result<()> {
        let tool = Tool::new("btrfs-image").number("-c", opts.compresslevel).args(devices(source)?);
        tool.arg(sysroot::appliance_path_of_new(image)?).done()
    }

    fn btrfs_quota_enable(&mut self, fs: &BStr, enable: bool) -> Result<()> {
        let word = if enable { "enable" } else { "disable" };
        on_filesystem(fs, |place| btrfs(&["quota", word]).arg(place).done())
    }

    fn btrfs_quota_rescan(&mut self, fs: &BStr) -> Result<()> {
        on_filesystem(fs, |place| btrfs(&["quota", "rescan", "-w"]).arg(place).done())
    }

    fn btrfs_qgroup_limit(&mut self, subvolume: &BStr, size: i64) -> Result<()> {
        btrfs(&["qgroup", "limit"]).arg(size.to_string()).arg(sysroot::appliance_path(subvolume)?).done()
    }

    fn btrfs_qgroup_create(&mut self, qgroupid: &BStr, subvolume: &BStr) -> Result<()> {
        btrfs(&["qgroup", "create"]).arg(qgroupid).arg(sysroot::appliance_path(subvolume)?).done()
    }

    fn btrfs_qgroup_destroy(&mut self, qgroupid: &BStr, subvolume: &BStr) -> Result<()> {
        btrfs(&["qgroup", "destroy"]).arg(qgroupid).arg(sysroot::appliance_path(subvolume)?).done()
    }

    fn btrfs_qgroup_assign(&mut self, src: &BStr, dst: &BStr, path: &BStr) -> Result<()> {
        btrfs(&["qgroup", "assign"]).arg(src).arg(dst).arg(sysroot::appliance_path(path)?).done()
    }

    fn btrfs_qgroup_remove(&mut self, src: &BStr, dst: &BStr, path: &BStr) -> Result<()> {
        btrfs(&["qgroup", "remove"]).arg(src).arg(dst).arg(sysroot::appliance_path(path)?).done()
    }

    fn btrfs_qgroup_show(&mut self, path: &BStr) -> Result<Vec<BtrfsQgroup>> {
        report::quota_groups(&on_path(&["qgroup", "show", "--raw"], path)?.run()?)
    }

    fn btrfs_scrub_start(&mut self, path: &BStr) -> Result<()> {
        on_path(&["scrub", "start"], path)?.done()
    }

    fn btrfs_scrub_cancel(&mut self, path: &BStr) -> Result<()> {
        on_path(&["scrub", "cancel"], path)?.done()
    }

    fn btrfs_scrub_resume(&mut self, path: &BStr) -> Result<()> {
        on_path(&["scrub", "resume"], path)?.done()
    }

    fn btrfs_scrub_status(&mut self, path: &BStr) -> Result<BtrfsScrub> {
        Ok(report::scrub(&on_path(&["scrub", "status", "-R"], path)?.run()?))
    }

    fn btrfs_scrub_full(&mut self, path: &BStr, opts: BtrfsScrubFullOpts) -> Result<()> {
        let tool = btrfs(&["scrub", "start", "-B"]).flag(opts.readonly, "-r");
        tool.arg(sysroot::appliance_path(path)?).done()
    }
}
