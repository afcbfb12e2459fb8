//! UFS, versions 1 and 2, in both byte orders (FreeBSD `sys/ufs/ffs/fs.h`).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

pub(super) static UFS: Format = Format::new("ufs", Usage::Filesystem, read);

/// Where a superblock may be (`SBLOCKSEARCH`, and the start of a floppy).
const SUPERBLOCKS: [u64; 4] = [0, 8 << 10, 64 << 10, 256 << 10];
const SIZE: usize = 1376;
/// The magic ends the superblock.
const MAGIC: usize = 1372;

const UFS2: u32 = 0x1954_0119;
/// UFS1 as of BSD, and its variants with features, long names, security and 4 GiB.
const UFS1: [u32; 5] = [0x0001_1954, 0x0019_5612, 0x0009_5014, 0x0061_2195, 0x0523_1994];

fn read(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    for offset in SUPERBLOCKS {
        let superblock = volume.bytes(offset, SIZE)?;
        let superblock = Fields::new(&superblock);
        let word: fn(&Fields<'_>, usize) -> Result<u32> = if is_ufs(superblock.le32(MAGIC)?) {
            |fields, at| fields.le32(at)
        } else if is_ufs(superblock.be32(MAGIC)?) {
            |fields, at| fields.be32(at)
        } else {
            continue;
        };
        let is_2 = word(&superblock, MAGIC)? == UFS2;
        let id = (word(&superblock, 144)?, word(&superblock, 148)?);
        return Ok(Some(Details {
            uuid: if id == (0, 0) { String::new() } else { format!("{:08x}{:08x}", id.0, id.1) }.into(),
            label: if is_2 { text::label(superblock.slice(680, 32)?) } else { Default::default() },
            version: if is_2 { "2" } else { "1" }.into(),
            block_size: Some(word(&superblock, 52)?),
            ..Details::default()
        }));
    }
    Ok(None)
}

fn is_ufs(magic: u32) -> bool {
    magic == UFS2 || UFS1.contains(&magic)
}
