//! Times in the time zone of whoever asks.

use std::cell::RefCell;

use chrono::{DateTime, Local};

/// How many of the last times are kept with their texts.
const KEPT: usize = 64;

thread_local! {
    /// Files that came together have the same times; making each text costs more than reading the file's inode.
    static LAST: RefCell<[Option<(i64, String)>; KEPT]> = const { RefCell::new([const { None }; KEPT]) };
}

/// `2026-11-22 18:22:14`; the number of seconds itself if it is beyond all calendars.
pub fn format(seconds: i64) -> String {
    LAST.with_borrow_mut(|last| {
        let place = &mut last[seconds.rem_euclid(KEPT as i64) as usize];
        match place {
            Some((known, text)) if *known == seconds => text.clone(),
            _ => place.insert((seconds, make(seconds))).1.clone(),
        }
    })
}

fn make(seconds: i64) -> String {
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
        assert_eq!(format(i64::MIN), i64::MIN.to_string());
        let all: Vec<String> = (0..1000).map(format).collect();
        assert!((0..1000).zip(&all).all(|(seconds, text)| *text == make(seconds)));
    }
}
