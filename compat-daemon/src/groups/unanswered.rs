//! Groups of which the daemon does nothing by hand: their questions are the engine's, the rest is *unsupported*.

use crate::Daemon;

impl glassbox_api::Archive for Daemon {}
impl glassbox_api::Augeas for Daemon {}
impl glassbox_api::Blockdev for Daemon {}
impl glassbox_api::Boot for Daemon {}
impl glassbox_api::Btrfs for Daemon {}
impl glassbox_api::Checksums for Daemon {}
impl glassbox_api::Commands for Daemon {}
impl glassbox_api::Debugging for Daemon {}
impl glassbox_api::Drives for Daemon {}
impl glassbox_api::Ext for Daemon {}
impl glassbox_api::F2fs for Daemon {}
impl glassbox_api::Features for Daemon {}
impl glassbox_api::FilesRead for Daemon {}
impl glassbox_api::FilesWrite for Daemon {}
impl glassbox_api::FilesystemCreateCheck for Daemon {}
impl glassbox_api::FilesystemDetect for Daemon {}
impl glassbox_api::HandleConfig for Daemon {}
impl glassbox_api::Hivex for Daemon {}
impl glassbox_api::HostImage for Daemon {}
impl glassbox_api::Initrd for Daemon {}
impl glassbox_api::Inotify for Daemon {}
impl glassbox_api::Inspection for Daemon {}
impl glassbox_api::Journal for Daemon {}
impl glassbox_api::Ldm for Daemon {}
impl glassbox_api::LibvirtAuth for Daemon {}
impl glassbox_api::LocalMounting for Daemon {}
impl glassbox_api::Luks for Daemon {}
impl glassbox_api::Lvm for Daemon {}
impl glassbox_api::Md for Daemon {}
impl glassbox_api::Ntfs for Daemon {}
impl glassbox_api::Partitions for Daemon {}
impl glassbox_api::Rsyncing for Daemon {}
impl glassbox_api::Selinux for Daemon {}
impl glassbox_api::Swap for Daemon {}
impl glassbox_api::TestBindings for Daemon {}
impl glassbox_api::Tsk for Daemon {}
impl glassbox_api::XattrAcl for Daemon {}
impl glassbox_api::Xfs for Daemon {}
impl glassbox_api::Yara for Daemon {}
