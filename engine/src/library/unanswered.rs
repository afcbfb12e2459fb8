//! Groups that have no calls of the library's side, or none that are answered yet.

use super::Library;
use glassbox_api::{
    Archive, Augeas, Blockdev, Boot, Btrfs, Checksums, Commands, Debugging, Ext, F2fs, Features, FilesWrite,
    FilesystemCreateCheck, FilesystemDetect, Hivex, HostImage, Initrd, Inotify, Inspection, Journal, Ldm, LibvirtAuth,
    LocalMounting, Luks, Lvm, Md, Mounting, Ntfs, Partitions, Rsyncing, Selinux, Swap, Syncing, TestBindings, Tsk,
    XattrAcl, Xfs, Yara,
};

impl Archive for Library<'_> {}
impl Augeas for Library<'_> {}
impl Blockdev for Library<'_> {}
impl Boot for Library<'_> {}
impl Btrfs for Library<'_> {}
impl Checksums for Library<'_> {}
impl Commands for Library<'_> {}
impl Debugging for Library<'_> {}
impl Ext for Library<'_> {}
impl F2fs for Library<'_> {}
impl Features for Library<'_> {}
impl FilesWrite for Library<'_> {}
impl FilesystemCreateCheck for Library<'_> {}
impl FilesystemDetect for Library<'_> {}
impl Hivex for Library<'_> {}
impl HostImage for Library<'_> {}
impl Initrd for Library<'_> {}
impl Inotify for Library<'_> {}
impl Inspection for Library<'_> {}
impl Journal for Library<'_> {}
impl Ldm for Library<'_> {}
impl LibvirtAuth for Library<'_> {}
impl LocalMounting for Library<'_> {}
impl Luks for Library<'_> {}
impl Lvm for Library<'_> {}
impl Md for Library<'_> {}
impl Mounting for Library<'_> {}
impl Ntfs for Library<'_> {}
impl Partitions for Library<'_> {}
impl Rsyncing for Library<'_> {}
impl Selinux for Library<'_> {}
impl Swap for Library<'_> {}
impl Syncing for Library<'_> {}
impl TestBindings for Library<'_> {}
impl Tsk for Library<'_> {}
impl XattrAcl for Library<'_> {}
impl Xfs for Library<'_> {}
impl Yara for Library<'_> {}
