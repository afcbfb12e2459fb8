//! Times in the time zone of whoever asks.

use chrono::{DateTime, Local};

/// `2026-11-22 18:22:14`; the number of seconds itself if it is beyond all calendars.
pub fn format(seconds: i64) -> String {
    match DateTime::from_timestamp(seconds, 0) {
        Some(time) => time.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string(),
        None => seconds.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_seconds() {
        assert_eq!(format(0).len(), "1970-01-01 00:00:00".len());
        assert_eq!(format(i64::MAX), i64::MAX.to_string());
    }
}
