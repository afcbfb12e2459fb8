//! Linux swap space, and a suspended system in it (kernel `include/linux/swap.h`, `union swap_header`).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

/// The signature ends the first page: one of these sizes, by architecture.
macro_rules! at_page_ends {
    ($($magic:expr),*) => {
        &[
            $(Magic::new($magic, 0xff6)),*, $(Magic::new($magic, 0x1ff6)),*, $(Magic::new($magic, 0x3ff6)),*,
            $(Magic::new($magic, 0x7ff6)),*, $(Magic::new($magic, 0xfff6)),*,
        ]
    };
}

/// Ten pages: mkswap makes no less.
const MIN_SIZE: u64 = 10 * 4096;

pub(super) static SWAP: Format = Format {
    min_size: MIN_SIZE,
    magics: at_page_ends!(b"SWAP-SPACE", b"SWAPSPACE2"),
    ..Format::new("swap", Usage::Other, swap)
};

/// Suspend to disk overwrites the signature until the system has resumed.
pub(super) static SWSUSPEND: Format = Format {
    min_size: MIN_SIZE,
    magics: at_page_ends!(b"S1SUSPEND", b"S2SUSPEND", b"ULSUSPEND", b"LINHIB0001"),
    ..Format::new("swsuspend", Usage::Other, suspended)
};

fn swap(volume: &Volume<'_>, magic: &Magic) -> Result<Option<Details>> {
    if magic.bytes == b"SWAP-SPACE" {
        return Ok(Some(Details { version: "0".into(), ..Details::default() }));
    }
    let header: [u8; 8] = volume.array(1024)?;
    let header = Fields::new(&header);
    // Version 1, in the byte order of the machine that made it.
    if (header.le32(0)? != 1 && header.be32(0)? != 1) || header.le32(4)? == 0 {
        return Ok(None);
    }
    describe(volume, "1")
}

fn suspended(volume: &Volume<'_>, magic: &Magic) -> Result<Option<Details>> {
    describe(volume, &String::from_utf8_lossy(magic.bytes).to_lowercase())
}

fn describe(volume: &Volume<'_>, version: &str) -> Result<Option<Details>> {
    let header: [u8; 512] = volume.array(1024)?;
    let header = Fields::new(&header);
    let mut details = Details { version: version.into(), ..Details::default() };
    // The reserved words are zero, unless an older tool left something else where label and UUID are now.
    if header.le64(172)? == 0 {
        details.uuid = text::uuid(header.array(12)?);
        details.label = text::label(header.slice(28, 16)?);
    }
    Ok(Some(details))
}
