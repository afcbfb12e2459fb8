//! Long names: up to 20 entries before the short one, the last part first (section 7).

use bstr::BString;

use super::directory_entry::DirectoryEntry;

/// Marks the first entry of a name, which holds its last part.
const LAST_PART: u8 = 0x40;
/// 255 characters need 20 entries of 13.
const MAX_PARTS: u8 = 20;
const UNITS_PER_PART: usize = 13;

/// The parts of a long name as they come.
#[derive(Default)]
pub(super) struct LongName {
    /// UTF-16 code units of the whole name, as far as it is known.
    units: Vec<u16>,
    /// The number that the next part must have; 0 when all are there.
    expected: u8,
    checksum: u8,
    active: bool,
}

impl LongName {
    /// Forgets what there is.
    pub(super) fn clear(&mut self) {
        self.active = false;
    }

    /// Takes the next entry of the directory, which is a part of a long name: of this one, or the beginning of another.
    pub(super) fn push(&mut self, entry: &DirectoryEntry) {
        let bytes = entry.bytes();
        let [number, ..] = *bytes;
        let [_, _, _, _, _, _, _, _, _, _, _, _, _, checksum, ..] = *bytes;
        let part = number & !LAST_PART;
        let continues = self.active && self.expected > 0 && part == self.expected && checksum == self.checksum;
        if !continues {
            self.active = number & LAST_PART != 0 && (1..=MAX_PARTS).contains(&part);
            if !self.active {
                return;
            }
            self.checksum = checksum;
            self.units.clear();
            self.units.resize(usize::from(part).saturating_mul(UNITS_PER_PART), 0);
        }
        self.expected = part.saturating_sub(1);
        let start = usize::from(self.expected).saturating_mul(UNITS_PER_PART);
        let places = self.units.iter_mut().skip(start);
        // Characters 1 to 5, 6 to 11, 12 and 13.
        let units = [1..11, 14..26, 28..32]
            .into_iter()
            .filter_map(|range| bytes.get(range))
            .flat_map(|part| part.chunks_exact(2));
        for (place, unit) in places.zip(units) {
            *place = u16::from_le_bytes(unit.try_into().unwrap_or_default());
        }
    }

    /// The name of `entry`, the short one that follows, in UTF-8; `None` if it has no long name, or another entry's. Surrogates
    /// without a partner are left out, as Linux does.
    pub(super) fn of(&self, entry: &DirectoryEntry) -> Option<BString> {
        if !self.active || self.expected != 0 || self.checksum != entry.checksum() {
            return None;
        }
        let units = self.units.iter().copied().take_while(|unit| *unit != 0);
        Some(char::decode_utf16(units).filter_map(Result::ok).collect::<String>().into())
    }
}
