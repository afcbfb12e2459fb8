//! ISO 9660, Joliet and High Sierra (ECMA-119, chapter 8; Joliet Specification).

use bstr::BString;
use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

/// The first 16 sectors are the system's (ECMA-119 6.2.1).
const DESCRIPTORS: u64 = 0x8000;
const SECTOR: u32 = 2048;
/// Volume descriptors that are looked at for a Joliet one; real images have two to four.
const MAX_DESCRIPTORS: u64 = 16;

const HIGH_SIERRA: &[u8] = b"CDROM";

pub(super) static ISO9660: Format = Format {
    shares: true,
    magics: &[Magic::new(b"CD001", DESCRIPTORS + 1), Magic::new(HIGH_SIERRA, DESCRIPTORS + 9)],
    ..Format::new("iso9660", Usage::Filesystem, read)
};

/// Descriptor types (8.1.1).
const SUPPLEMENTARY: u8 = 2;
const TERMINATOR: u8 = 255;

fn read(volume: &Volume<'_>, magic: &Magic) -> Result<Option<Details>> {
    let primary = volume.bytes(DESCRIPTORS, SECTOR as usize)?;
    let primary = Fields::new(&primary);
    let mut details = Details { block_size: Some(SECTOR), ..Details::default() };
    if magic.bytes == HIGH_SIERRA {
        details.version = "High Sierra".into();
        details.label = text::label(primary.slice(48, 32)?);
        return Ok(Some(details));
    }
    // The date of the last change (8.4.27), else that of the creation (8.4.26), identifies the volume.
    details.uuid = date(primary.at(830, 17)?)?;
    if details.uuid.is_empty() {
        details.uuid = date(primary.at(813, 17)?)?;
    }
    let identifier: [u8; 32] = primary.array(40)?;
    details.label = text::label(&identifier);
    for index in 1..=MAX_DESCRIPTORS {
        let offset = DESCRIPTORS.saturating_add(index.saturating_mul(SECTOR.into()));
        let Ok(descriptor) = volume.array::<128>(offset) else { break };
        let descriptor = Fields::new(&descriptor);
        match descriptor.u8(0)? {
            TERMINATOR => break,
            // Joliet: UCS-2 level 1, 2 or 3.
            SUPPLEMENTARY if matches!(descriptor.slice(88, 3)?, b"%/@" | b"%/C" | b"%/E") => {
                details.version = "Joliet Extension".into();
                details.label = joliet_label(&identifier, descriptor.at(40, 32)?)?;
                break;
            }
            _ => (),
        }
    }
    Ok(Some(details))
}

/// Sixteen digits and a time zone (8.4.26.1); empty if the date isn't set.
fn date(field: Fields<'_>) -> Result<BString> {
    let digits = field.slice(0, 16)?;
    if digits.iter().all(|digit| *digit == 0) || (digits == [b'0'; 16] && field.u8(16)? == 0) {
        return Ok(BString::default());
    }
    let mut text = Vec::with_capacity(22);
    for (index, digit) in digits.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10 | 12 | 14) {
            text.push(b'-');
        }
        text.push(*digit);
    }
    Ok(text.into())
}

/// Joliet's label has better characters, but only 16 of them; the primary one has 32. If both may come from one name,
/// the rest of the primary one completes Joliet's.
fn joliet_label(primary: &[u8; 32], joliet: Fields<'_>) -> Result<BString> {
    let (head, tail) = primary.split_at(16);
    let mut merged = Vec::with_capacity(32);
    for (index, ascii) in head.iter().enumerate() {
        let wide = joliet.be16(index.saturating_mul(2))?;
        let same = u8::try_from(wide).is_ok_and(|narrow| narrow.eq_ignore_ascii_case(ascii));
        // Characters that the primary label may not hold are underscores there.
        if !same && *ascii != b'_' {
            return Ok(text::utf16be_label(joliet.bytes()));
        }
        merged.push(if ascii.is_ascii_lowercase() { u16::from(*ascii) } else { wide });
    }
    merged.extend(tail.iter().map(|byte| u16::from(*byte)));
    Ok(text::utf16_label(merged.into_iter()))
}
