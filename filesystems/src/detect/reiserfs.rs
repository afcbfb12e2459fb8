//! ReiserFS and Reiser4 (kernel `fs/reiserfs/reiserfs.h`; reiser4progs `master.h`).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

/// The magic within the superblock, which stands at 64 KiB, or at 8 KiB in the oldest versions.
const MAGIC: u64 = 0x34;

pub(super) static REISERFS: Format = Format {
    min_size: 128 << 10,
    magics: &[
        Magic::new(b"ReIsErFs", 0x2000 + MAGIC),
        Magic::new(b"ReIsEr2Fs", 0x10000 + MAGIC),
        Magic::new(b"ReIsEr3Fs", 0x10000 + MAGIC),
        Magic::new(b"ReIsErFs", 0x10000 + MAGIC),
        Magic::new(b"ReIsErFs", 0x2000 + 20),
    ],
    ..Format::new("reiserfs", Usage::Filesystem, reiserfs)
};

pub(super) static REISER4: Format = Format {
    min_size: 128 << 10,
    magics: &[Magic::new(b"ReIsEr4", 0x10000)],
    ..Format::new("reiser4", Usage::Filesystem, reiser4)
};

fn reiserfs(volume: &Volume<'_>, magic: &Magic) -> Result<Option<Details>> {
    let start = magic.offset & !0xfff;
    let superblock: [u8; 116] = volume.array(start)?;
    let superblock = Fields::new(&superblock);
    let block_size = u32::from(superblock.le16(44)?);
    if block_size < 512 {
        return Ok(None);
    }
    // Behind the journal's start it is a copy in the journal.
    let here = (start >> 10).checked_div(u64::from(block_size >> 9)).unwrap_or(0);
    if here > u64::from(superblock.le32(12)?) / 2 {
        return Ok(None);
    }
    let (version, has_identity) = match magic.bytes {
        b"ReIsEr3Fs" => ("JR", true),
        b"ReIsEr2Fs" => ("3.6", true),
        _ => ("3.5", false),
    };
    let mut details = Details { version: version.into(), block_size: Some(block_size), ..Details::default() };
    if has_identity {
        details.uuid = text::uuid(superblock.array(84)?);
        details.label = text::label(superblock.slice(100, 16)?);
    }
    Ok(Some(details))
}

fn reiser4(volume: &Volume<'_>, magic: &Magic) -> Result<Option<Details>> {
    let master: [u8; 52] = volume.array(magic.offset)?;
    let master = Fields::new(&master);
    Ok(Some(Details {
        uuid: text::uuid(master.array(20)?),
        label: text::label(master.slice(36, 16)?),
        version: "4".into(),
        block_size: Some(u32::from(master.le16(18)?)),
        ..Details::default()
    }))
}
