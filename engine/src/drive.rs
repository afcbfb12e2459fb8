//! A drive: an image file that the caller added, before and after it is opened.

use std::path::PathBuf;

use bstr::BString;
use glassbox_appliance as appliance;
use glassbox_appliance::{CacheMode, Discard};
use glassbox_partitions::KernelPartition;

/// What `add_drive` was told.
#[derive(Clone, Debug, Default)]
pub struct Drive {
    /// The host's file; `None` for a drive over the network.
    pub path: Option<PathBuf>,
    /// As the caller spelled it.
    pub filename: BString,
    /// Whether writes to it are refused.
    pub read_only: bool,
    /// The format; `None` probes the image, which trusts whoever wrote it.
    pub format: Option<BString>,
    /// The bus that old programs ask for; without effect.
    pub iface: Option<BString>,
    /// The name that the drive had in the guest, for inspection.
    pub name: Option<BString>,
    /// The drive's name in `/dev/disk/guestfs/`.
    pub label: Option<BString>,
    /// `file`, or a network protocol.
    pub protocol: BString,
    /// The servers of a network protocol.
    pub servers: Vec<BString>,
    /// The user there.
    pub username: Option<BString>,
    /// The password there.
    pub secret: Option<BString>,
    /// How qemu caches: `writeback` or `unsafe`.
    pub cachemode: Option<BString>,
    /// Whether qemu passes discards on: `disable`, `enable` or `besteffort`.
    pub discard: Option<BString>,
    /// Whether qemu copies what it reads from a backing file.
    pub copy_on_read: bool,
    /// The sector size: 512 or 4096.
    pub block_size: Option<u32>,
    /// A file of our own, removed with the handle.
    pub scratch: bool,
    /// What a kernel found in its partition table, where one is asked: what counts if the table is of a kind that isn't read.
    pub kernel_partitions: Option<Vec<KernelPartition>>,
}

impl Drive {
    /// As an appliance is given it.
    pub(crate) fn to_appliance(&self) -> appliance::Drive {
        let source = match &self.path {
            Some(path) => appliance::Source::File(path.clone()),
            None => appliance::Source::Network {
                protocol: self.protocol.clone(),
                servers: self.servers.clone(),
                export: self.filename.clone(),
                username: self.username.clone(),
                secret: self.secret.clone(),
            },
        };
        let is = |setting: &Option<BString>, value: &str| setting.as_ref().is_some_and(|setting| setting == value);
        appliance::Drive {
            source,
            format: self.format.clone(),
            read_only: self.read_only,
            cache: if is(&self.cachemode, "unsafe") { CacheMode::Unsafe } else { CacheMode::Writeback },
            discard: match &self.discard {
                discard if is(discard, "enable") => Discard::Enable,
                discard if is(discard, "besteffort") => Discard::BestEffort,
                _ => Discard::Disable,
            },
            copy_on_read: self.copy_on_read,
            block_size: self.block_size,
            label: self.label.clone(),
        }
    }

    /// As `debug_drives` shows it, without the servers.
    pub fn describe(&self) -> BString {
        let mut text = self.filename.clone();
        let mut word = |name: &str, value: &[u8]| {
            text.push(b' ');
            text.extend_from_slice(name.as_bytes());
            text.extend_from_slice(value);
        };
        if self.read_only {
            word("readonly", b"");
        }
        if let Some(format) = &self.format {
            word("format=", format);
        }
        word("protocol=", &self.protocol);
        let others = [
            ("iface=", &self.iface),
            ("name=", &self.name),
            ("label=", &self.label),
            ("cache=", &self.cachemode),
            ("discard=", &self.discard),
        ];
        for (name, value) in others {
            if let Some(value) = value {
                word(name, value);
            }
        }
        if self.copy_on_read {
            word("copyonread", b"");
        }
        if let Some(size) = self.block_size {
            word("blocksize=", size.to_string().as_bytes());
        }
        text
    }
}
