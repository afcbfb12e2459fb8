//! `$STANDARD_INFORMATION`: the times and attributes of a file.

use glassbox_io::{Fields, Result};

use crate::Timestamp;

/// File attribute flags (`FILE_ATTRIBUTE_*`).
pub(crate) mod file_attributes {
    pub const HIDDEN: u32 = 0x2;
    pub const SYSTEM: u32 = 0x4;
    /// Not stored: Windows and ntfs-3g add it to what they show of a directory.
    pub const DIRECTORY: u32 = 0x10;
    /// Not stored: shown when there is nothing else to show.
    pub const NORMAL: u32 = 0x80;
    pub const REPARSE_POINT: u32 = 0x400;
    /// In `$FILE_NAME` and its index entries only: a directory.
    pub const I30_INDEX_PRESENT: u32 = 0x1000_0000;
}

const UNITS_PER_SECOND: i64 = 10_000_000;
/// 1970-01-01 as NTFS counts it: 11,644,473,600 seconds after 1601-01-01.
const EPOCH: u64 = 116_444_736_000_000_000;

/// A time as NTFS stores it: 100 ns units since 1601.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NtTime(pub u64);

impl From<NtTime> for Timestamp {
    fn from(time: NtTime) -> Self {
        // As ntfs-3g does it: signed, and before 1970 the part of a second is dropped.
        let units = time.0.wrapping_sub(EPOCH).cast_signed();
        let seconds = units.wrapping_div(UNITS_PER_SECOND);
        let part = u32::try_from(units.wrapping_rem(UNITS_PER_SECOND)).unwrap_or(0);
        let nanoseconds = part.saturating_mul(100);
        Timestamp { seconds, nanoseconds }
    }
}

/// What the attribute says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StandardInformation {
    pub creation: NtTime,
    pub data_change: NtTime,
    pub record_change: NtTime,
    pub access: NtTime,
    /// `FILE_ATTRIBUTE_*` flags.
    pub attributes: u32,
    /// The file's descriptor in `$Secure`; `None` before NTFS 3.0.
    pub security_id: Option<u32>,
}

impl StandardInformation {
    pub fn parse(value: &[u8]) -> Result<Self> {
        let value = Fields::new(value);
        Ok(StandardInformation {
            creation: NtTime(value.le64(0)?),
            data_change: NtTime(value.le64(8)?),
            record_change: NtTime(value.le64(16)?),
            access: NtTime(value.le64(24)?),
            attributes: value.le32(32)?,
            // NTFS 1.2 ends at 48 bytes, 3.0 goes on to 72.
            security_id: if value.len() >= 72 { Some(value.le32(52)?) } else { None },
        })
    }

    /// Whether all of `flags` are set.
    pub fn has(&self, flags: u32) -> bool {
        self.attributes & flags == flags
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_and_after_1970() {
        let time = |units: i64| Timestamp::from(NtTime(EPOCH.wrapping_add_signed(units)));
        assert_eq!(time(0), Timestamp { seconds: 0, nanoseconds: 0 });
        assert_eq!(time(1), Timestamp { seconds: 0, nanoseconds: 100 });
        assert_eq!(time(72_581_184_009_999_999), Timestamp { seconds: 7_258_118_400, nanoseconds: 999_999_900 });
        assert_eq!(time(-10_000_000), Timestamp { seconds: -1, nanoseconds: 0 });
        assert_eq!(time(-15_000_000), Timestamp { seconds: -1, nanoseconds: 0 });
        assert_eq!(Timestamp::from(NtTime(0)), Timestamp { seconds: -11_644_473_600, nanoseconds: 0 });
    }
}
