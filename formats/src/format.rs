//! The image formats that are known by name.

use std::fmt;

use glassbox_io::{Error, Result};

/// The format of a disk image, named as qemu and libguestfs name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The bytes of the disk, as they are.
    Raw,
    /// QEMU's copy-on-write format, versions 2 and 3.
    Qcow2,
    /// Version 1 of it.
    Qcow,
    /// QEMU Enhanced Disk.
    Qed,
    /// VMware.
    Vmdk,
    /// VHD, of Virtual PC and early Hyper-V.
    Vpc,
    /// Hyper-V.
    Vhdx,
    /// VirtualBox.
    Vdi,
    /// Parallels.
    Parallels,
    /// Bochs, "growing" images.
    Bochs,
    /// Linux's compressed loop device.
    Cloop,
    /// macOS's disk image.
    Dmg,
    /// A LUKS volume that fills the file.
    Luks,
}

impl Format {
    const ALL: [Format; 13] = [
        Format::Raw,
        Format::Qcow2,
        Format::Qcow,
        Format::Qed,
        Format::Vmdk,
        Format::Vpc,
        Format::Vhdx,
        Format::Vdi,
        Format::Parallels,
        Format::Bochs,
        Format::Cloop,
        Format::Dmg,
        Format::Luks,
    ];

    /// The name that `qemu-img info` and libguestfs's `disk_format` print.
    pub fn name(self) -> &'static str {
        match self {
            Format::Raw => "raw",
            Format::Qcow2 => "qcow2",
            Format::Qcow => "qcow",
            Format::Qed => "qed",
            Format::Vmdk => "vmdk",
            Format::Vpc => "vpc",
            Format::Vhdx => "vhdx",
            Format::Vdi => "vdi",
            Format::Parallels => "parallels",
            Format::Bochs => "bochs",
            Format::Cloop => "cloop",
            Format::Dmg => "dmg",
            Format::Luks => "luks",
        }
    }

    /// The format of this name; *unsupported* if there is none.
    pub fn from_name(name: impl AsRef<[u8]>) -> Result<Format> {
        let name = name.as_ref();
        Self::ALL
            .into_iter()
            .find(|format| format.name().as_bytes() == name)
            .ok_or_else(|| Error::unsupported(format!("disk image format \"{}\"", name.escape_ascii())))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_formats() {
        for format in Format::ALL {
            assert_eq!(Format::from_name(format.name()).unwrap(), format);
        }
        let error = Format::from_name(b"\xffx").unwrap_err();
        assert!(error.is_unsupported());
        assert!(error.to_string().contains("\\xffx"));
    }
}
