//! Dates and times (section 6, "Date and Time Formats"): local time of an unknown zone, taken as UTC.

use crate::Timestamp;

/// Days from 1970 to 1980, where FAT's years begin.
const DAYS_TO_1980: i64 = 3652;
/// 2100, counted from 1980, isn't a leap year.
const YEAR_2100: i64 = 120;

/// `date` and `time` as they are stored: years from 1980, days, seconds halved. As Linux has it, a month or day of 0 is the
/// first, and other nonsense is added up.
pub(super) fn decode(date: u16, time: u16) -> Timestamp {
    const DAYS_BEFORE_MONTH: [i64; 16] = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 0, 0, 0];
    let field = |value: u16, shift: u16, mask: u16| i64::from((value >> shift) & mask);
    let year = field(date, 9, 0x7f);
    let month = field(date, 5, 0xf).max(1);
    let day = field(date, 0, 0x1f).max(1).saturating_sub(1);
    let before_month = usize::try_from(month).ok().and_then(|month| DAYS_BEFORE_MONTH.get(month)).copied().unwrap_or(0);
    let leap_days_before = (year.saturating_add(3) >> 2).saturating_sub(i64::from(year > YEAR_2100));
    let is_leap_year = year & 3 == 0 && year != YEAR_2100;
    let days = DAYS_TO_1980
        .saturating_add(year.saturating_mul(365))
        .saturating_add(leap_days_before)
        .saturating_add(before_month)
        .saturating_add(i64::from(is_leap_year && month > 2))
        .saturating_add(day);
    let seconds = days
        .saturating_mul(86400)
        .saturating_add(field(time, 11, 0x1f).saturating_mul(3600))
        .saturating_add(field(time, 5, 0x3f).saturating_mul(60))
        .saturating_add(field(time, 0, 0x1f).saturating_mul(2));
    Timestamp { seconds, nanoseconds: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(year: u16, month: u16, day: u16, hour: u16, minute: u16, second: u16) -> i64 {
        decode(((year - 1980) << 9) | (month << 5) | day, (hour << 11) | (minute << 5) | (second / 2)).seconds
    }

    #[test]
    fn known_days() {
        assert_eq!(at(1980, 1, 1, 0, 0, 0), 315_532_800);
        assert_eq!(at(2000, 2, 29, 12, 34, 56), 951_827_696);
        assert_eq!(at(2021, 5, 6, 7, 8, 8), 1_620_284_888);
        assert_eq!(at(2100, 3, 1, 0, 0, 0), 4_107_542_400);
        assert_eq!(at(2107, 12, 31, 23, 59, 58), 4_354_819_198);
        assert_eq!(decode(0, 0).seconds, 315_532_800);
    }
}
