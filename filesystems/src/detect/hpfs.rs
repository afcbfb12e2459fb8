//! OS/2's HPFS (kernel `fs/hpfs/hpfs.h`).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

const SUPERBLOCK: u64 = 0x2000;
const SPARE_BLOCK: u64 = 0x2200;

pub(super) static HPFS: Format = Format {
    magics: &[Magic::new(&0xf995_e849u32.to_le_bytes(), SUPERBLOCK)],
    ..Format::new("hpfs", Usage::Filesystem, read)
};

fn read(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    if !volume.has_bytes(SPARE_BLOCK, &0xf991_1849u32.to_le_bytes())? {
        return Ok(None);
    }
    let [version] = volume.array(SUPERBLOCK + 8)?;
    let boot: [u8; 512] = volume.array(0)?;
    let boot = Fields::new(&boot);
    let mut details = Details { version: version.to_string().into(), block_size: Some(512), ..Details::default() };
    if boot.slice(510, 2)? == b"\x55\xaa" && boot.slice(54, 4)? == b"HPFS" && boot.u8(38)? == 0x28 {
        details.uuid = text::serial(boot.array(39)?);
        details.label = text::label(boot.slice(43, 11)?);
    }
    Ok(Some(details))
}
