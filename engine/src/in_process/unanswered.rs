//! Groups of which nothing is answered by reading an image: their calls are *unsupported*, all of them.

use super::InProcess;
use glassbox_api::{
    Archive, Augeas, Boot, Btrfs, Checksums, Commands, Debugging, Drives, Ext, F2fs, Features, FilesWrite,
    FilesystemCreateCheck, FilesystemDetect, HandleConfig, Hivex, HostImage, Initrd, Inotify, Inspection, Journal,
    Launching, Ldm, LibvirtAuth, LocalMounting, Luks, Lvm, Md, Ntfs, Partitions, Rsyncing, Selinux, Swap, Syncing,
    TestBindings, Tsk, XattrAcl, Xfs, Yara,
};

impl Archive for InProcess {}
impl Augeas for InProcess {}
impl Boot for InProcess {}
impl Btrfs for InProcess {}
impl Checksums for InProcess {}
impl Commands for InProcess {}
impl Debugging for InProcess {}
impl Drives for InProcess {}
impl Ext for InProcess {}
impl F2fs for InProcess {}
impl Features for InProcess {}
impl FilesWrite for InProcess {}
impl FilesystemCreateCheck for InProcess {}
impl FilesystemDetect for InProcess {}
impl HandleConfig for InProcess {}
impl Hivex for InProcess {}
impl HostImage for InProcess {}
impl Initrd for InProcess {}
impl Inotify for InProcess {}
impl Inspection for InProcess {}
impl Journal for InProcess {}
impl Launching for InProcess {}
impl Ldm for InProcess {}
impl LibvirtAuth for InProcess {}
impl LocalMounting for InProcess {}
impl Luks for InProcess {}
impl Lvm for InProcess {}
impl Md for InProcess {}
impl Ntfs for InProcess {}
impl Partitions for InProcess {}
impl Rsyncing for InProcess {}
impl Selinux for InProcess {}
impl Swap for InProcess {}
impl Syncing for InProcess {}
impl TestBindings for InProcess {}
impl Tsk for InProcess {}
impl XattrAcl for InProcess {}
impl Xfs for InProcess {}
impl Yara for InProcess {}
