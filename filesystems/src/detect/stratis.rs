//! Stratis pools (Stratis Software Design, "On-disk format").

use bstr::BString;
use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, checksum};

const MAGIC: &[u8] = b"!Stra0tis\x86\xff\x02^\x41rh";
/// Two copies of the header, in sectors 1 and 9.
const COPIES: [u64; 2] = [512, 9 * 512];

pub(super) static STRATIS: Format = Format {
    min_size: 16 * 512,
    magics: &[Magic::new(MAGIC, 512 + 4), Magic::new(MAGIC, 9 * 512 + 4)],
    ..Format::new("stratis", Usage::Raid, read)
};

fn read(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    for offset in COPIES {
        let header: [u8; 512] = volume.array(offset)?;
        let header = Fields::new(&header);
        if !checksum::crc32(checksum::CRC32C, !0, header.slice(4, 508)?) == header.le32(0)? {
            return Ok(Some(Details { uuid: uuid(header.slice(64, 32)?), ..Details::default() }));
        }
    }
    Ok(None)
}

/// The device's UUID is stored as 32 hexadecimal digits.
fn uuid(digits: &[u8]) -> BString {
    let mut text = Vec::with_capacity(36);
    for (index, digit) in digits.iter().enumerate() {
        if matches!(index, 8 | 12 | 16 | 20) {
            text.push(b'-');
        }
        text.push(*digit);
    }
    text.into()
}
