//! LUKS, versions 1 and 2 (LUKS1 On-Disk Format Specification 1.2.3; LUKS2 1.1.3, chapter 2.1; big-endian).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

pub(super) static CRYPTO_LUKS: Format = Format::new("crypto_LUKS", Usage::Crypto, read);

/// Where LUKS2's second header may stand: it follows the first, whose JSON area has one of these sizes (2.1).
const SECOND_HEADERS: [u64; 9] = [0x4000, 0x8000, 0x10000, 0x20000, 0x40000, 0x80000, 0x100000, 0x200000, 0x400000];

fn read(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    if volume.has_bytes(0, b"LUKS\xba\xbe")? {
        return header(volume, 0);
    }
    for offset in SECOND_HEADERS {
        if volume.has_bytes(offset, b"SKUL\xba\xbe")? {
            return header(volume, offset);
        }
    }
    Ok(None)
}

fn header(volume: &Volume<'_>, offset: u64) -> Result<Option<Details>> {
    let header: [u8; 512] = volume.array(offset)?;
    let header = Fields::new(&header);
    let version = header.be16(6)?;
    let mut details = Details { version: version.to_string().into(), ..Details::default() };
    if matches!(version, 1 | 2) {
        details.uuid = text::text_uuid(header.slice(168, 40)?);
    }
    if version == 2 {
        details.label = text::label(header.slice(24, 48)?);
    }
    Ok(Some(details))
}
