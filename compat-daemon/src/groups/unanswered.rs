//! Groups of which the daemon does nothing by hand: their questions are the engine's, the rest is *unsupported*.

use crate::Daemon;

impl glassbox_api::Checksums for Daemon {}
impl glassbox_api::Drives for Daemon {}
impl glassbox_api::HandleConfig for Daemon {}
impl glassbox_api::Hivex for Daemon {}
impl glassbox_api::HostImage for Daemon {}
impl glassbox_api::Initrd for Daemon {}
impl glassbox_api::Inotify for Daemon {}
impl glassbox_api::Journal for Daemon {}
impl glassbox_api::Ldm for Daemon {}
impl glassbox_api::LibvirtAuth for Daemon {}
impl glassbox_api::LocalMounting for Daemon {}
impl glassbox_api::TestBindings for Daemon {}
impl glassbox_api::Tsk for Daemon {}
impl glassbox_api::Yara for Daemon {}
