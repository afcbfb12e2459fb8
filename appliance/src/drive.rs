//! Disks of the guest: what is added, and the block nodes (docs/interop/qemu-qmp-ref, "Block devices") that qemu makes of it.

mod network;

use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bstr::{BString, ByteSlice};
use glassbox_formats::qcow2::Plan;
use glassbox_formats::{Format, disk_format};
use glassbox_io::{Errno, Error, Result, ResultExt};
use serde_json::{Value, json};

use crate::start::arguments::utf8;
use crate::start::qmp::Qmp;

/// The cluster size of overlays: qemu's default.
const OVERLAY_CLUSTER: u64 = 64 << 10;
/// qemu takes no longer serial numbers, which carry labels.
const MAX_LABEL: usize = 20;

/// A disk to add.
#[derive(Clone, Debug)]
pub struct Drive {
    /// Where its image is.
    pub source: Source,
    /// The image's format; `None` probes it, which trusts whoever wrote the image.
    pub format: Option<BString>,
    /// Whether writes go to a file that is thrown away.
    pub read_only: bool,
    /// How the host caches what is written.
    pub cache: CacheMode,
    /// Whether what the guest discards is freed in the image.
    pub discard: Discard,
    /// Whether what is read from a backing file is copied into the image.
    pub copy_on_read: bool,
    /// The sector size that the guest sees: 512 or 4096.
    pub block_size: Option<u32>,
    /// Its name in `/dev/disk/guestfs/`: the serial number that the guest sees.
    pub label: Option<BString>,
}

/// Where an image is.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file or block device of the host.
    File(PathBuf),
    /// On a server.
    Network {
        /// `nbd`, `ssh`, `http`, `https`, `ftp`, `ftps`, `tftp`, `iscsi`, `rbd` or `gluster`.
        protocol: BString,
        /// Each as `HOST`, `HOST:PORT`, `tcp:HOST:PORT` or `unix:PATH`.
        servers: Vec<BString>,
        /// What the server calls it.
        export: BString,
        /// The user there.
        username: Option<BString>,
        /// The password there.
        secret: Option<BString>,
    },
}

/// How the host caches what is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheMode {
    /// What the guest flushes is on the disk.
    #[default]
    Writeback,
    /// The guest's flushes do nothing: for images that a crash may destroy.
    Unsafe,
}

/// What becomes of what the guest discards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Discard {
    /// Nothing.
    #[default]
    Disable,
    /// It is freed in the image.
    Enable,
    /// It is freed if the image's format and the host can.
    BestEffort,
}

impl Drive {
    /// A drive of a host's file, its format probed.
    pub fn file(path: impl Into<PathBuf>) -> Drive {
        Drive {
            source: Source::File(path.into()),
            format: None,
            read_only: false,
            cache: CacheMode::default(),
            discard: Discard::default(),
            copy_on_read: false,
            block_size: None,
            label: None,
        }
    }

    /// Adds it as the disk of this number. Overlays are made in `tmp`, and have no name as soon as qemu has them open.
    pub(crate) fn attach(&self, number: u32, bus: &str, tmp: &Path, monitor: &mut Qmp) -> Result<()> {
        let added = self.add(number, bus, tmp, monitor);
        if added.is_err() {
            // What was made of it goes, the last first; what wasn't made can't.
            for node in nodes(number).iter().rev() {
                let _ = monitor.execute("blockdev-del", json!({ "node-name": node }));
            }
        }
        added.map_err(|error| self.explain(error))
    }

    fn add(&self, number: u32, bus: &str, tmp: &Path, monitor: &mut Qmp) -> Result<()> {
        let [protocol, image, overlay_file, overlay, reading] = nodes(number);
        let mut file = self.protocol_node(number, monitor)?;
        let driver = self.driver(&file)?;
        file["node-name"] = protocol.as_str().into();
        self.set_common(&mut file);
        monitor.execute("blockdev-add", file)?;
        let mut format = json!({ "driver": driver, "node-name": image, "file": protocol });
        self.set_common(&mut format);
        monitor.execute("blockdev-add", format)?;
        let mut top = image.clone();
        if self.read_only {
            let file = overlay_of(&image, tmp, monitor)?;
            let path = utf8(file.path())?;
            let caching = json!({ "no-flush": true });
            let node = json!({ "driver": "file", "node-name": overlay_file, "filename": path, "cache": caching });
            monitor.execute("blockdev-add", node)?;
            let node = json!({
                "driver": "qcow2", "node-name": overlay, "file": overlay_file, "backing": image, "cache": caching
            });
            monitor.execute("blockdev-add", node)?;
            top = overlay;
        }
        if self.copy_on_read {
            monitor.execute("blockdev-add", json!({ "driver": "copy-on-read", "node-name": reading, "file": top }))?;
            top = reading;
        }
        monitor.execute("device_add", self.device(number, bus, &top)?)?;
        Ok(())
    }

    /// The guest's device.
    fn device(&self, number: u32, bus: &str, node: &str) -> Result<Value> {
        let mut device = json!({
            "driver": "scsi-hd", "id": format!("disk{number}"), "bus": bus, "scsi-id": number, "lun": 0, "drive": node,
            // A full host is the guest's error: by default qemu stops and waits for somebody to make room.
            "werror": "report", "rerror": "report",
        });
        if let Some(size) = self.block_size {
            device["logical_block_size"] = size.into();
            device["physical_block_size"] = size.into();
        }
        if let Some(label) = &self.label {
            let label = text(label, "a label")?;
            if label.len() > MAX_LABEL {
                return Err(Error::usage(format!("a disk's label of more than {MAX_LABEL} bytes: {label}")));
            }
            device["serial"] = label.into();
        }
        Ok(device)
    }

    /// What every node of the image itself has.
    fn set_common(&self, node: &mut Value) {
        node["read-only"] = self.read_only.into();
        if self.read_only {
            // Others may write to it meanwhile: a running guest's disk can be looked into.
            node["force-share"] = true.into();
            return;
        }
        node["cache"] = json!({ "no-flush": self.cache == CacheMode::Unsafe });
        node["discard"] = if self.discard == Discard::Disable { "ignore" } else { "unmap" }.into();
    }

    /// The name of qemu's driver for the format of the image, whose bytes the node `file` reaches.
    fn driver(&self, file: &Value) -> Result<String> {
        match (&self.format, &self.source) {
            (Some(format), _) => Ok(text(format, "a format")?.to_owned()),
            // The guest gets the LUKS volume as it is, and opens it with its passphrase.
            (None, Source::File(path)) => Ok(match disk_format(path)? {
                Format::Luks => Format::Raw,
                format => format,
            }
            .name()
            .to_owned()),
            (None, Source::Network { secret: Some(_), .. }) => {
                Err(Error::unsupported("finding out the format of a drive behind a password: name it"))
            }
            (None, Source::Network { .. }) => network::format(file),
        }
    }

    /// The node that reaches the image's bytes.
    fn protocol_node(&self, number: u32, monitor: &mut Qmp) -> Result<Value> {
        match &self.source {
            Source::File(path) => {
                let path = std::path::absolute(path)?;
                let is_device = path
                    .metadata()
                    .map(|metadata| metadata.file_type().is_block_device() || metadata.file_type().is_char_device())
                    .at_file(&path)?;
                Ok(json!({ "driver": if is_device { "host_device" } else { "file" }, "filename": utf8(&path)? }))
            }
            Source::Network { protocol, servers, export, username, secret } => {
                let is_base64 = protocol == "rbd";
                let secret =
                    secret.as_ref().map(|secret| add_secret(number, secret, is_base64, monitor)).transpose()?;
                network::node(protocol, servers, text(export, "an export")?, username.as_ref(), secret)
            }
        }
    }

    /// Says what qemu's words mean here, and what to do.
    fn explain(&self, error: Error) -> Error {
        let name: &[u8] = match &self.source {
            Source::File(path) => path.as_os_str().as_bytes(),
            Source::Network { export, .. } => export,
        };
        let said = error.to_string();
        let explained = if said.contains("Failed to get") && said.contains("lock") {
            Error::os_with(
                Errno::EBUSY,
                "the disk is in use by another program, a running virtual machine perhaps: end that, or add the disk read-only",
            )
        } else if said.contains("Unknown driver") || said.contains("Invalid parameter") && said.contains("driver") {
            Error::unsupported(format!(
                "{said}; Debian's package qemu-block-extra or Fedora's qemu-block-* has more drivers"
            ))
        } else {
            error
        };
        explained.at_path(name)
    }
}

/// The names of a disk's nodes, the lowest first.
fn nodes(number: u32) -> [String; 5] {
    ["file", "image", "overlay-file", "overlay", "reading"].map(|layer| format!("disk{number}-{layer}"))
}

/// A new image of the node's size, in which writes to it are kept.
fn overlay_of(node: &str, tmp: &Path, monitor: &mut Qmp) -> Result<tempfile::NamedTempFile> {
    let nodes = monitor.execute("query-named-block-nodes", json!({ "flat": true }))?;
    let size = nodes
        .as_array()
        .and_then(|nodes| nodes.iter().find(|one| one["node-name"] == node))
        .and_then(|node| node["image"]["virtual-size"].as_u64())
        .ok_or_else(|| Error::os_with(Errno::EPROTO, "qemu doesn't tell the disk's size"))?;
    let plan = Plan { virtual_size: size, is_old: false, cluster_size: OVERLAY_CLUSTER, backing: None };
    let empty = glassbox_formats::qcow2::create(&plan)?;
    let make = || -> std::io::Result<tempfile::NamedTempFile> {
        let mut file = tempfile::Builder::new().prefix("glassbox-overlay-").tempfile_in(tmp)?;
        file.write_all(&empty.head)?;
        file.as_file().set_len(empty.length)?;
        Ok(file)
    };
    make().map_err(|error| {
        let error = Error::from(error);
        let message =
            format!("writes to read-only disks are kept here, but {error}; set TMPDIR to a directory of yours");
        Error::os_with(error.errno(), message).at_file(tmp)
    })
}

/// Gives qemu a password, by a name. Ceph's keys come in base64 already.
fn add_secret(number: u32, secret: &BString, is_base64: bool, monitor: &mut Qmp) -> Result<String> {
    let id = format!("secret{number}");
    let data = if is_base64 { text(secret, "a key")?.to_owned() } else { BASE64_STANDARD.encode(secret) };
    let object = json!({ "qom-type": "secret", "id": id, "format": "base64", "data": data });
    monitor.execute("object-add", object)?;
    Ok(id)
}

/// JSON holds only such strings.
fn text<'a>(bytes: &'a BString, what: &'static str) -> Result<&'a str> {
    bytes.to_str().map_err(|_| Error::unsupported(format!("qemu: {what} that isn't UTF-8")))
}

#[cfg(test)]
mod tests;
