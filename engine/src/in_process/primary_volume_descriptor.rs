//! ISO 9660's primary volume descriptor (ECMA-119, 8.4).

use bstr::{BString, ByteSlice};
use glassbox_api::structs::IsoInfo;
use glassbox_io::{Fields, ReadAt, Result};

/// The first 16 sectors are the system's (6.2.1).
const OFFSET: u64 = 16 * LENGTH as u64;
const LENGTH: usize = 2048;
/// Type, standard identifier and version (8.4.1 to 8.4.3).
const BEGINNING: &[u8] = b"\x01CD001\x01";

/// What the descriptor says; `None` where there is none.
pub fn read(source: &dyn ReadAt) -> Result<Option<IsoInfo>> {
    let mut bytes = vec![0; LENGTH];
    if source.read_at(&mut bytes, OFFSET)? < LENGTH || !bytes.starts_with(BEGINNING) {
        return Ok(None);
    }
    let fields = Fields::new(&bytes);
    // Numbers are there twice, little-endian first (7.2.3, 7.3.3).
    Ok(Some(IsoInfo {
        iso_system_id: text(fields.slice(8, 32)?),
        iso_volume_id: text(fields.slice(40, 32)?),
        iso_volume_space_size: fields.le32(80)?,
        iso_volume_set_size: fields.le16(120)?.into(),
        iso_volume_sequence_number: fields.le16(124)?.into(),
        iso_logical_block_size: fields.le16(128)?.into(),
        iso_volume_set_id: text(fields.slice(190, 128)?),
        iso_publisher_id: text(fields.slice(318, 128)?),
        iso_data_preparer_id: text(fields.slice(446, 128)?),
        iso_application_id: text(fields.slice(574, 128)?),
        iso_copyright_file_id: text(fields.slice(702, 37)?),
        iso_abstract_file_id: text(fields.slice(739, 37)?),
        iso_bibliographic_file_id: text(fields.slice(776, 37)?),
        iso_volume_creation_t: time(fields.slice(813, 17)?),
        iso_volume_modification_t: time(fields.slice(830, 17)?),
        iso_volume_expiration_t: time(fields.slice(847, 17)?),
        iso_volume_effective_t: time(fields.slice(864, 17)?),
    }))
}

/// Text is padded with spaces; some programs pad with zeros.
fn text(field: &[u8]) -> BString {
    field.trim_end_with(|byte| byte == ' ' || byte == '\0').into()
}

/// Seconds since 1970 of a date and time (8.4.26.1): 16 digits, and the distance from Greenwich in quarters of an hour.
/// -1 if it isn't given, or isn't one.
fn time(field: &[u8]) -> i64 {
    let number = |range: std::ops::Range<usize>| -> Option<i64> { field.get(range)?.to_str().ok()?.parse().ok() };
    let seconds = || {
        let (year, month, day) = (number(0..4)?, number(4..6)?, number(6..8)?);
        if year == 0 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let (hour, minute, second) = (number(8..10)?, number(10..12)?, number(12..14)?);
        let zone = i64::from(*field.get(16)? as i8) * 15 * 60;
        Some(days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - zone)
    };
    seconds().unwrap_or(-1)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Years are counted from March, so that the day that leap
/// years have more is a year's last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days_of_400_years = 146_097;
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    // 719,468 days from 0000-03-01 to 1970-01-01.
    era * days_of_400_years + year * 365 + year / 4 - year / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_seconds() {
        let date = |digits: &str, zone: i8| time(&[digits.as_bytes(), &[zone as u8]].concat());
        assert_eq!(date("1970010100000000", 0), 0);
        assert_eq!(date("2026112218343100", 0), 1_795_372_471);
        assert_eq!(date("2026112219343100", 4), 1_795_372_471);
        assert_eq!(date("2000022912000000", -20), 951_843_600);
        assert_eq!(date("1969123123595900", 0), -1);
        assert_eq!(date("0000000000000000", 0), -1);
        assert_eq!(date("2026992218343100", 0), -1);
        assert_eq!(time(&[0; 17]), -1);
        assert_eq!(time(b"short"), -1);
    }

    #[test]
    fn what_is_no_descriptor_is_none() {
        assert!(read(&vec![0; 40_000]).unwrap().is_none());
        assert!(read(&Vec::new()).unwrap().is_none());
        let mut image = vec![0; 34_816];
        image[32_768..32_775].copy_from_slice(BEGINNING);
        image[32_768 + 40..32_768 + 46].copy_from_slice(b"LABEL ");
        image[32_768 + 128] = 0;
        image[32_768 + 129] = 8;
        let info = read(&image).unwrap().unwrap();
        assert_eq!((info.iso_volume_id.to_string().as_str(), info.iso_logical_block_size), ("LABEL", 2048));
        image.truncate(34_000);
        assert!(read(&image).unwrap().is_none());
    }
}
