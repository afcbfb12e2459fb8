//! Incompatible features: those that a reader has to know, or else must not read.

use glassbox_io::Fields;

/// A bit of the header's `incompatible_features`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Feature(u32);

impl Feature {
    /// Reference counts may be wrong.
    pub const DIRTY: Feature = Feature(0);
    /// Anything may be wrong.
    pub const CORRUPT: Feature = Feature(1);
    /// Clusters are in another file.
    pub const EXTERNAL_DATA_FILE: Feature = Feature(2);
    /// Compressed clusters are not deflate streams.
    pub const COMPRESSION_TYPE: Feature = Feature(3);
    /// L2 entries of 128 bits, with subclusters.
    pub const EXTENDED_L2: Feature = Feature(4);

    const KNOWN: [Feature; 5] =
        [Self::DIRTY, Self::CORRUPT, Self::EXTERNAL_DATA_FILE, Self::COMPRESSION_TYPE, Self::EXTENDED_L2];

    pub fn mask(self) -> u64 {
        1u64.wrapping_shl(self.0)
    }
}

/// `autoclear_features` bit 1: an external data file is a raw image by itself.
pub(super) const RAW_EXTERNAL_DATA: u64 = 1 << 1;

/// The lowest bit that is set and not known.
pub(super) fn unknown(incompatible: u64) -> Option<Feature> {
    let known = Feature::KNOWN.iter().fold(0, |mask, feature| mask | feature.mask());
    let unknown = incompatible & !known;
    (unknown != 0).then(|| Feature(unknown.trailing_zeros()))
}

/// An entry of the feature name table: the feature's type, its bit, and 46 bytes of name, NUL-padded.
const NAME_ENTRY: usize = 48;
/// Types of features in the name table.
const INCOMPATIBLE: u8 = 0;
/// One entry for each of 64 bits of three types; what comes after names nothing.
pub(super) const MAX_NAME_TABLE: u32 = 3 * 64 * NAME_ENTRY as u32;

/// What `table` (the image's own feature name table) calls `feature`.
pub(super) fn name(table: &[u8], feature: Feature) -> String {
    let named = table.chunks_exact(NAME_ENTRY).find_map(|entry| {
        let fields = Fields::new(entry);
        let is_it = fields.u8(0).ok()? == INCOMPATIBLE && u32::from(fields.u8(1).ok()?) == feature.0;
        let name = fields.from(2).ok()?.bytes().split(|byte| *byte == 0).next()?;
        (is_it && !name.is_empty()).then(|| name.escape_ascii().to_string())
    });
    match named {
        Some(name) => format!("incompatible feature \"{name}\" (bit {})", feature.0),
        None => format!("incompatible feature bit {}", feature.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_feature_is_called_what_the_image_calls_it() {
        assert_eq!(unknown(0b11111), None);
        let feature = unknown(0b11111 | 1 << 17 | 1 << 40).unwrap();
        assert_eq!(name(&[], feature), "incompatible feature bit 17");
        let mut table = vec![0; 2 * NAME_ENTRY];
        // A compatible feature of the same bit comes first and is another one.
        table[..5].copy_from_slice(b"\x01\x11old");
        table[48..56].copy_from_slice(b"\x00\x11zip\x1bml");
        assert_eq!(name(&table, feature), "incompatible feature \"zip\\x1bml\" (bit 17)");
    }
}
