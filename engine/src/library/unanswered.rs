//! Groups that have no calls of the library's side, or none that are answered yet.

use super::Library;

impl glassbox_api::Augeas for Library<'_> {}
impl glassbox_api::Blockdev for Library<'_> {}
impl glassbox_api::Boot for Library<'_> {}
impl glassbox_api::Btrfs for Library<'_> {}
impl glassbox_api::Checksums for Library<'_> {}
impl glassbox_api::Commands for Library<'_> {}
impl glassbox_api::Ext for Library<'_> {}
impl glassbox_api::F2fs for Library<'_> {}
impl glassbox_api::FilesystemCreateCheck for Library<'_> {}
impl glassbox_api::FilesystemDetect for Library<'_> {}
impl glassbox_api::Hivex for Library<'_> {}
impl glassbox_api::Initrd for Library<'_> {}
impl glassbox_api::Inotify for Library<'_> {}
impl glassbox_api::Ldm for Library<'_> {}
impl glassbox_api::LibvirtAuth for Library<'_> {}
impl glassbox_api::Luks for Library<'_> {}
impl glassbox_api::Lvm for Library<'_> {}
impl glassbox_api::Md for Library<'_> {}
impl glassbox_api::Ntfs for Library<'_> {}
impl glassbox_api::Partitions for Library<'_> {}
impl glassbox_api::Rsyncing for Library<'_> {}
impl glassbox_api::Swap for Library<'_> {}
impl glassbox_api::Syncing for Library<'_> {}
impl glassbox_api::Tsk for Library<'_> {}
impl glassbox_api::Xfs for Library<'_> {}
impl glassbox_api::Yara for Library<'_> {}
