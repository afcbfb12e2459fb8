//! `$UpCase`: the volume's own table of upper-case letters, and the collation of names that builds on it.

use std::cmp::Ordering;

/// The upper-case form of each 16-bit unit.
pub(crate) struct Upcase {
    table: Vec<u16>,
}

impl Upcase {
    /// The largest size of the table in bytes: a unit for each of 2¹⁶.
    pub const MAX_SIZE: usize = 2 << 16;

    /// From the contents of the file `$UpCase`. Units past its end map to themselves.
    pub fn new(contents: &[u8]) -> Self {
        Upcase { table: super::utf16::units(contents).collect() }
    }

    /// The upper-case form of `unit`.
    pub fn upper(&self, unit: u16) -> u16 {
        self.table.get(usize::from(unit)).copied().unwrap_or(unit)
    }

    /// Orders names without regard to case.
    pub fn compare_ignoring_case(&self, left: impl Iterator<Item = u16>, right: impl Iterator<Item = u16>) -> Ordering {
        left.map(|unit| self.upper(unit)).cmp(right.map(|unit| self.upper(unit)))
    }

    /// Orders names as an index of file names does (COLLATION_FILE_NAME): without regard to case, and names that
    /// differ in case alone by their units.
    pub fn collate(
        &self,
        left: impl Iterator<Item = u16> + Clone,
        right: impl Iterator<Item = u16> + Clone,
    ) -> Ordering {
        self.compare_ignoring_case(left.clone(), right.clone()).then_with(|| left.cmp(right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collation_is_by_upper_case_then_by_unit() {
        let table: Vec<u8> = (0..128u16)
            .flat_map(|unit| (if (0x61..=0x7a).contains(&unit) { unit - 32 } else { unit }).to_le_bytes())
            .collect();
        let upcase = Upcase::new(&table);
        let order = |a: &str, b: &str| upcase.collate(a.encode_utf16(), b.encode_utf16());
        assert_eq!(order("abc", "ABD"), Ordering::Less);
        assert_eq!(order("Foo", "foo"), Ordering::Less);
        assert_eq!(order("foo", "foo"), Ordering::Equal);
        // "_" lies between upper and lower case: it sorts behind both.
        assert_eq!(order("_", "a"), Ordering::Greater);
        assert_eq!(order("é", "e"), Ordering::Greater);
        assert!(upcase.compare_ignoring_case("FOO".encode_utf16(), "foo".encode_utf16()).is_eq());
    }
}
