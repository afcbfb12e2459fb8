//! Times in the time zone of whoever asks.

use std::cell::RefCell;
use std::io::Write;

use chrono::{DateTime, Datelike, Local, Timelike};

/// How many of the last times are kept with their texts.
const KEPT: usize = 1024;
/// Of the texts that are kept: those of the years 0 to 9999.
const LENGTH: usize = "2026-11-22 18:22:14".len();

/// A text, and the time that it is of.
type Known = Option<(i64, [u8; LENGTH])>;

thread_local! {
    /// Files that came together have the same times; making each text costs more than reading the file's inode.
    static LAST: RefCell<Box<[Known]>> = RefCell::new(vec![None; KEPT].into());
}

/// Appends `2026-11-22 18:22:14`; the number of seconds itself if it is beyond all calendars.
pub fn append(text: &mut Vec<u8>, seconds: i64) {
    LAST.with_borrow_mut(|last| {
        let known = &mut last[seconds.rem_euclid(KEPT as i64) as usize];
        match known {
            Some((of, made)) if *of == seconds => text.extend_from_slice(made),
            _ => {
                let start = text.len();
                make(text, seconds);
                // What is longer or shorter is rare enough to be made each time.
                if let Ok(made) = text[start..].try_into() {
                    *known = Some((seconds, made));
                }
            }
        }
    });
}

fn make(text: &mut Vec<u8>, seconds: i64) {
    let written = match DateTime::from_timestamp(seconds, 0) {
        None => write!(text, "{seconds}"),
        Some(time) => {
            let time = time.with_timezone(&Local);
            let (year, month, day) = (time.year(), time.month(), time.day());
            let (hour, minute, second) = (time.hour(), time.minute(), time.second());
            match year {
                0..=9999 => write!(text, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"),
                _ => write!(text, "{year:+05}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"),
            }
        }
    };
    debug_assert!(written.is_ok(), "a vector takes all bytes");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(seconds: i64) -> String {
        let mut text = Vec::new();
        append(&mut text, seconds);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn any_number_of_seconds() {
        assert_eq!(format(0).len(), LENGTH);
        assert_eq!(format(i64::MAX), i64::MAX.to_string());
        assert_eq!(format(i64::MIN), i64::MIN.to_string());
    }

    #[test]
    fn the_same_as_the_calendar_says() {
        let far = [-62_200_000_000, 253_500_000_000, -1, 4_102_444_800];
        for seconds in (0..3000).map(|nth| nth * 777_777).chain(far).chain(far) {
            let time = DateTime::from_timestamp(seconds, 0).unwrap().with_timezone(&Local);
            assert_eq!(format(seconds), time.format("%Y-%m-%d %H:%M:%S").to_string());
        }
    }
}
