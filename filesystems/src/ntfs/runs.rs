//! The run list of a non-resident attribute, and the mapping pairs that encode it.

use glassbox_io::{Error, Result};

/// The most runs of one attribute. An attribute list (at most 256 KiB) has room for about this many, and it bounds
/// the memory of one open file to 48 MiB.
const MAX_RUNS: usize = 1 << 21;

/// Clusters that follow each other, in the attribute and on the volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// The first virtual cluster: its position in the attribute.
    pub vcn: u64,
    /// The first logical cluster: its position in the volume; `None` for a hole.
    pub lcn: Option<u64>,
    /// Clusters, at least 1.
    pub length: u64,
}

/// Runs that cover the attribute from virtual cluster 0, without gaps.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunList {
    runs: Vec<Run>,
}

impl RunList {
    /// The virtual cluster after the last run.
    pub fn end(&self) -> u64 {
        self.runs.last().map_or(0, |run| run.vcn.saturating_add(run.length))
    }

    /// The runs from the one that holds `vcn`.
    pub fn from(&self, vcn: u64) -> &[Run] {
        let after = self.runs.partition_point(|run| run.vcn <= vcn);
        self.runs.get(after.saturating_sub(1)..).unwrap_or_default()
    }

    /// Decodes `mapping_pairs`, whose first virtual cluster is `lowest_vcn`, and adds their runs.
    ///
    /// *Corrupt* if they don't begin where the list ends, or point outside a volume of `clusters` clusters.
    pub fn extend(&mut self, lowest_vcn: u64, mapping_pairs: &[u8], clusters: u64) -> Result<()> {
        let mut vcn = self.end();
        if lowest_vcn != vcn {
            return Err(Error::corrupt(format!("ntfs: runs continue at {lowest_vcn}, the ones before end at {vcn}")));
        }
        // The first run's cluster is relative to 0, each further one's to that of the run before.
        let mut lcn = 0i64;
        let mut rest = mapping_pairs;
        while let Some((&header, after)) = rest.split_first() {
            if header == 0 {
                return Ok(());
            }
            let (length, after) = integer(after, header & 0xf)?;
            let (delta, after) = integer(after, header >> 4)?;
            rest = after;
            let length = match u64::try_from(length.unwrap_or(0)) {
                Ok(length @ 1..) => length,
                _ => return Err(Error::corrupt("ntfs: a run's length isn't positive")),
            };
            let here = match delta {
                None => None,
                Some(delta) => {
                    lcn = lcn.wrapping_add(delta);
                    let start = u64::try_from(lcn).ok();
                    let end = start.and_then(|start| start.checked_add(length));
                    match (start, end) {
                        (Some(start), Some(end)) if end <= clusters => Some(start),
                        _ => {
                            return Err(Error::corrupt(format!(
                                "ntfs: a run of {length} clusters at {lcn} of {clusters}"
                            )));
                        }
                    }
                }
            };
            if self.runs.len() >= MAX_RUNS {
                return Err(Error::corrupt(format!("ntfs: an attribute in more than {MAX_RUNS} runs")));
            }
            self.push(Run { vcn, lcn: here, length });
            vcn = match vcn.checked_add(length) {
                // A size in bytes is a positive i64, so more clusters than that can't be.
                Some(vcn) if i64::try_from(vcn).is_ok() => vcn,
                _ => return Err(Error::corrupt("ntfs: the runs of an attribute overflow")),
            };
        }
        Ok(())
    }

    /// Adds a run, merged with the one before if they are contiguous.
    fn push(&mut self, run: Run) {
        if let Some(last) = self.runs.last_mut() {
            let follows = match (last.lcn, run.lcn) {
                (None, None) => true,
                (Some(before), Some(here)) => before.checked_add(last.length) == Some(here),
                _ => false,
            };
            if follows {
                last.length = last.length.saturating_add(run.length);
                return;
            }
        }
        self.runs.push(run);
    }
}

/// A signed little-endian integer of `width` bytes (0 to 8), and what follows it. `None` if the width is 0.
fn integer(bytes: &[u8], width: u8) -> Result<(Option<i64>, &[u8])> {
    let width = usize::from(width);
    let (field, rest) = match bytes.split_at_checked(width) {
        Some(split) if width <= 8 => split,
        _ => return Err(Error::corrupt("ntfs: a mapping pair doesn't end within its attribute")),
    };
    let Some(&last) = field.last() else { return Ok((None, rest)) };
    let mut extended = [if last & 0x80 == 0 { 0 } else { 0xff }; 8];
    for (to, from) in extended.iter_mut().zip(field) {
        *to = *from;
    }
    Ok((Some(i64::from_le_bytes(extended)), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_deltas_and_holes() {
        let mut runs = RunList::default();
        // 0x38 clusters at 0x342573, 0x114 at +0x363 back by a negative delta, a hole of 16, 3 at +1.
        let pairs =
            [0x31, 0x38, 0x73, 0x25, 0x34, 0x22, 0x14, 0x01, 0x00, 0xf0, 0x01, 0x10, 0x11, 0x03, 0x01, 0x00, 0xff];
        runs.extend(0, &pairs, 1 << 24).unwrap();
        let expected = [
            Run { vcn: 0, lcn: Some(0x342573), length: 0x38 },
            Run { vcn: 0x38, lcn: Some(0x341573), length: 0x114 },
            Run { vcn: 0x14c, lcn: None, length: 0x10 },
            Run { vcn: 0x15c, lcn: Some(0x341574), length: 3 },
        ];
        assert_eq!(runs.runs, expected);
        assert_eq!(runs.end(), 0x15f);
        assert_eq!(runs.from(0x14b)[0], expected[1]);
        assert_eq!(runs.from(0x14c)[0], expected[2]);
        assert_eq!(runs.from(0)[0], expected[0]);
    }

    #[test]
    fn contiguous_extents_merge() {
        let mut runs = RunList::default();
        runs.extend(0, &[0x11, 0x04, 0x20], 100).unwrap();
        runs.extend(4, &[0x11, 0x02, 0x24], 100).unwrap();
        assert_eq!(runs.runs, [Run { vcn: 0, lcn: Some(0x20), length: 6 }]);
    }

    #[test]
    fn contradictions_are_corrupt() {
        let mut runs = RunList::default();
        assert!(runs.extend(1, &[0x11, 1, 1], 100).is_err(), "a gap before the extent");
        assert!(runs.extend(0, &[0x11, 1, 100], 100).is_err(), "past the volume");
        assert!(runs.extend(0, &[0x11, 1, 0x80], 100).is_err(), "before the volume");
        assert!(runs.extend(0, &[0x11, 0, 1], 100).is_err(), "an empty run");
        assert!(runs.extend(0, &[0x11, 0x80, 1], 100).is_err(), "a negative length");
        assert!(runs.extend(0, &[0x31, 1, 1], 100).is_err(), "cut off");
        assert!(runs.extend(0, &[0x1f, 1, 1], 100).is_err(), "an integer of 15 bytes");
    }
}
