//! The programs that make filesystems: each takes the same wishes in options of its own.

use std::borrow::Cow;
use std::fs::File;

use bstr::{BStr, ByteSlice};
use glassbox_api::options::MkfsOpts;
use glassbox_io::{Errno, Error, Result};

use crate::tool::Tool;
use crate::{ioctl, labels};

/// How one program is asked.
struct Program {
    /// Its name.
    name: Cow<'static, str>,
    /// What it always gets: to ask nobody, and to make its filesystem whatever the device held before.
    always: Vec<Cow<'static, str>>,
    /// Its option for a label.
    label: Option<&'static str>,
    /// How it takes a block size.
    block_size: BlockSize,
}

enum BlockSize {
    /// An option, then bytes.
    Bytes(&'static str),
    /// `-b size=BYTES`.
    XfsSize,
    /// Not through `mkfs`: the reason.
    No(&'static str),
    /// As sectors of a cluster.
    FatCluster,
}

/// The program that makes filesystems of a type.
fn program(kind: &str) -> Program {
    let own = |name: &'static str| Cow::Borrowed(name);
    let make = |name, always: &[&'static str], label, block_size| Program {
        name,
        always: always.iter().map(|argument| Cow::Borrowed(*argument)).collect(),
        label,
        block_size,
    };
    match kind {
        "ext2" | "ext3" | "ext4" => {
            let mut program = make(own("mke2fs"), &["-F", "-t"], Some("-L"), BlockSize::Bytes("-b"));
            program.always.push(kind.to_owned().into());
            program
        }
        // Without a partition table around it, which mkfs.fat makes on whole disks by default.
        "fat" | "vfat" | "msdos" => make(own("mkfs.fat"), &["-I", "--mbr=n"], Some("-n"), BlockSize::FatCluster),
        "ntfs" => make(own("mkntfs"), &["-Q", "-F"], Some("-L"), BlockSize::Bytes("-c")),
        "xfs" => make(own("mkfs.xfs"), &["-f"], Some("-L"), BlockSize::XfsSize),
        "btrfs" => {
            let refused = BlockSize::No("blocksize cannot be set on btrfs filesystems, use 'mkfs-btrfs'");
            make(own("mkfs.btrfs"), &["-f"], Some("-L"), refused)
        }
        "f2fs" => {
            let refused = BlockSize::No("blocksize cannot be set on f2fs filesystems");
            make(own("mkfs.f2fs"), &["-f"], Some("-l"), refused)
        }
        "jfs" => make(own("mkfs.jfs"), &["-q"], Some("-L"), BlockSize::Bytes("-b")),
        "reiserfs" => make(own("mkfs.reiserfs"), &["-ff"], Some("-l"), BlockSize::Bytes("-b")),
        "nilfs2" => make(own("mkfs.nilfs2"), &["-f"], Some("-L"), BlockSize::Bytes("-b")),
        "gfs" | "gfs2" => {
            let mut program = make(own("mkfs.gfs2"), &["-O", "-p", "lock_nolock"], None, BlockSize::Bytes("-b"));
            program.name = format!("mkfs.{kind}").into();
            program
        }
        kind => make(format!("mkfs.{kind}").into(), &[], None, BlockSize::Bytes("-b")),
    }
}

/// A type's name becomes a part of a program's.
fn is_type(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A run of the program that makes a filesystem of a type on a device.
pub fn mkfs(kind: &BStr, device: &BStr, options: &MkfsOpts<'_>) -> Result<Tool> {
    let Some(kind) = kind.to_str().ok().filter(|kind| is_type(kind)) else {
        return Err(Error::usage(format!("{kind}: this is no type of filesystem")));
    };
    if options.sectorsize.is_some() {
        return Err(Error::usage("sector size (-S) can only be set on ufs filesystems"));
    }
    let program = program(kind);
    let is_ext = program.name == "mke2fs";
    let mut tool = Tool::new(program.name).args(program.always.iter().map(|argument| argument.as_bytes()));
    if let Some(size) = options.blocksize {
        tool = block_size(tool, kind, program.block_size, size, device)?;
    }
    tool = tool.text("-O", options.features);
    if let Some(inode) = options.inode {
        if !is_ext {
            return Err(Error::usage("inode size (-I) can only be set on ext2/3/4 filesystems"));
        }
        if inode <= 0 {
            return Err(Error::usage("inode size must be larger than zero"));
        }
        tool = tool.number("-I", Some(inode));
    }
    if let Some(label) = options.label {
        let Some(option) = program.label else {
            let message = format!("don't know how to set the label for '{kind}' filesystems");
            return Err(Error::os_with(Errno(0), message));
        };
        if is_ext {
            labels::EXT.check(label)?;
        }
        tool = tool.text(option, Some(label));
    }
    Ok(tool.arg(device))
}

fn block_size(tool: Tool, kind: &str, way: BlockSize, size: i32, device: &BStr) -> Result<Tool> {
    if size <= 0 || !size.unsigned_abs().is_power_of_two() {
        return Err(Error::usage("block size must be > 0 and a power of 2"));
    }
    match way {
        BlockSize::Bytes(option) => Ok(tool.number(option, Some(size))),
        BlockSize::XfsSize => Ok(tool.arg("-b").arg(format!("size={size}"))),
        BlockSize::No(reason) => Err(Error::usage(reason)),
        BlockSize::FatCluster => {
            let sector = ioctl::sector_size(File::open(device.to_os_str_lossy())?).map_err(crate::kernel_tree::os)?;
            let sectors = size.checked_div(sector).unwrap_or(0);
            // FAT has one byte for it (Microsoft's "FAT: General Overview", BPB_SecPerClus).
            match sectors {
                1..=128 => Ok(tool.number("-s", Some(sectors))),
                _ => Err(Error::usage(format!("unsupported cluster size for {kind} filesystem ({size})"))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(kind: &str, options: MkfsOpts<'_>) -> Result<String> {
        let command = mkfs(kind.into(), "/dev/sda1".into(), &options)?.into_command();
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        Ok(words.map(|word| word.to_str().unwrap()).collect::<Vec<&str>>().join(" "))
    }

    #[test]
    fn each_program_takes_the_wishes_in_its_own_way() {
        let all = MkfsOpts { blocksize: Some(4096), label: Some("l".into()), ..MkfsOpts::default() };
        let ext = MkfsOpts { inode: Some(256), features: Some("^64bit".into()), ..all };
        assert_eq!(line("ext4", ext).unwrap(), "mke2fs -F -t ext4 -b 4096 -O ^64bit -I 256 -L l /dev/sda1");
        assert_eq!(line("xfs", all).unwrap(), "mkfs.xfs -f -b size=4096 -L l /dev/sda1");
        assert_eq!(line("ntfs", all).unwrap(), "mkntfs -Q -F -c 4096 -L l /dev/sda1");
        assert_eq!(line("vfat", MkfsOpts { blocksize: None, ..all }).unwrap(), "mkfs.fat -I --mbr=n -n l /dev/sda1");
        assert_eq!(line("minix", MkfsOpts::default()).unwrap(), "mkfs.minix /dev/sda1");
    }

    #[test]
    fn wishes_that_no_program_has_are_refused() {
        let refused = |kind, options| line(kind, options).unwrap_err().to_string();
        let size = |blocksize| MkfsOpts { blocksize: Some(blocksize), ..MkfsOpts::default() };
        assert!(
            refused("ext4", size(1025)).contains("power of 2") && refused("ext4", size(-4096)).contains("power of 2")
        );
        assert!(refused("btrfs", size(4096)).contains("mkfs-btrfs"));
        assert!(refused("xfs", MkfsOpts { inode: Some(512), ..MkfsOpts::default() }).contains("ext2/3/4"));
        assert!(refused("ext2", MkfsOpts { sectorsize: Some(512), ..MkfsOpts::default() }).contains("ufs"));
        assert!(refused("minix", MkfsOpts { label: Some("l".into()), ..MkfsOpts::default() }).contains("label"));
        assert!(refused("../sh", MkfsOpts::default()).contains("no type"));
    }
}
