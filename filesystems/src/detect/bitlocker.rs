//! BitLocker (libbde, "BitLocker Drive Encryption (BDE) format", chapter 4).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage};

const VISTA: &[u8] = b"\xeb\x52\x90-FVE-FS-";
const WINDOWS_7: &[u8] = b"\xeb\x58\x90-FVE-FS-";
const TO_GO: &[u8] = b"\xeb\x58\x90MSWIN4.1";

pub(super) static BITLOCKER: Format = Format {
    magics: &[Magic::new(VISTA, 0), Magic::new(WINDOWS_7, 0), Magic::new(TO_GO, 0)],
    ..Format::new("BitLocker", Usage::Crypto, read)
};

/// Its boot sector looks like NTFS's or FAT's: those formats ask here whether they are meant.
pub(super) fn is_bitlocker(volume: &Volume<'_>) -> Result<bool> {
    super::try_format(volume, &BITLOCKER).map(|details| details.is_some())
}

fn read(volume: &Volume<'_>, magic: &Magic) -> Result<Option<Details>> {
    let sector: [u8; 512] = volume.array(0)?;
    let sector = Fields::new(&sector);
    let metadata = match magic.bytes {
        VISTA => return Ok(Some(Details::default())),
        WINDOWS_7 => sector.le64(176)?,
        _ => sector.le64(440)?,
    };
    if metadata == 0 || !volume.has_bytes(metadata, b"-FVE-FS-")? {
        return Ok(None);
    }
    let version: [u8; 2] = volume.array(metadata.saturating_add(10))?;
    let mut details = Details { version: u16::from_le_bytes(version).to_string().into(), ..Details::default() };
    if magic.bytes == WINDOWS_7 {
        // A decimal number of 16 digits; Windows leaves it zero.
        let serial = sector.le32(67)?.cast_signed();
        if serial != 0 {
            details.uuid = format!("{serial:016}").into();
        }
    }
    Ok(Some(details))
}
