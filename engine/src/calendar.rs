//! Dates of the proleptic Gregorian calendar, in UTC.

/// A date and time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date {
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    pub hour: u32,
    pub minute: u32,
    pub second: u32,
}

const SECONDS_PER_DAY: i64 = 86_400;
/// Days of 400 years, after which the calendar repeats.
const DAYS_PER_ERA: i64 = 146_097;
/// From 0000-03-01, where eras begin, to 1970-01-01.
const DAYS_TO_1970: i64 = 719_468;

impl Date {
    /// Seconds since 1970-01-01 00:00 UTC, negative before.
    ///
    /// The arithmetic is Howard Hinnant's "civil_from_days": years begin in March, so that the leap day is the last.
    pub fn from_unix(seconds: i64) -> Date {
        let of_day = seconds.rem_euclid(SECONDS_PER_DAY);
        let days = seconds.div_euclid(SECONDS_PER_DAY) + DAYS_TO_1970;
        let of_era = days.rem_euclid(DAYS_PER_ERA);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * of_year + 2) / 153;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        Date {
            year: year_of_era + 400 * days.div_euclid(DAYS_PER_ERA) + i64::from(month <= 2),
            month: month as u32,
            day: (of_year - (153 * march_month + 2) / 5 + 1) as u32,
            hour: (of_day / 3600) as u32,
            minute: (of_day / 60 % 60) as u32,
            second: (of_day % 60) as u32,
        }
    }

    /// `Jan` to `Dec`.
    pub fn month_name(&self) -> &'static str {
        const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        NAMES.get(self.month as usize - 1).copied().unwrap_or("???")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days() {
        let day = |seconds| {
            let Date { year, month, day, .. } = Date::from_unix(seconds);
            (year, month, day)
        };
        assert_eq!(day(0), (1970, 1, 1));
        assert_eq!(day(951_782_400), (2000, 2, 29));
        assert_eq!(day(-1_262_304_000), (1930, 1, 1));
        assert_eq!(day(4_107_542_400), (2100, 3, 1));
        let last = Date::from_unix(-1);
        assert_eq!((last.year, last.month, last.day, last.hour, last.minute, last.second), (1969, 12, 31, 23, 59, 59));
    }
}
