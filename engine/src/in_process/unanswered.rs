//! Groups of which nothing is answered by reading an image: their calls are *unsupported*, all of them.

use super::InProcess;

impl glassbox_api::Augeas for InProcess {}
impl glassbox_api::Boot for InProcess {}
impl glassbox_api::Btrfs for InProcess {}
impl glassbox_api::Commands for InProcess {}
impl glassbox_api::F2fs for InProcess {}
impl glassbox_api::FilesWrite for InProcess {}
impl glassbox_api::FilesystemCreateCheck for InProcess {}
impl glassbox_api::HandleConfig for InProcess {}
impl glassbox_api::HostImage for InProcess {}
impl glassbox_api::Inotify for InProcess {}
impl glassbox_api::Ldm for InProcess {}
impl glassbox_api::LibvirtAuth for InProcess {}
impl glassbox_api::LocalMounting for InProcess {}
impl glassbox_api::Ntfs for InProcess {}
impl glassbox_api::Rsyncing for InProcess {}
impl glassbox_api::Selinux for InProcess {}
impl glassbox_api::Swap for InProcess {}
impl glassbox_api::TestBindings for InProcess {}
impl glassbox_api::Tsk for InProcess {}
impl glassbox_api::Xfs for InProcess {}
impl glassbox_api::Yara for InProcess {}
