//! zonefs (kernel `fs/zonefs/zonefs.h`; little-endian).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

pub(super) static ZONEFS: Format =
    Format { magics: &[Magic::new(b"SFOZ", 0)], ..Format::new("zonefs", Usage::Filesystem, read) };

fn read(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let superblock: [u8; 56] = volume.array(0)?;
    let superblock = Fields::new(&superblock);
    Ok(Some(Details {
        uuid: text::uuid(superblock.array(40)?),
        label: text::label(superblock.slice(8, 32)?),
        block_size: Some(4096),
        ..Details::default()
    }))
}
