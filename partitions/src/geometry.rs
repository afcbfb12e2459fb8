//! The geometry of a disk: cylinders, heads and sectors per track, as Linux and fdisk make it up.
//!
//! No disk has had one for thirty years, but `HDIO_GETGEO` gives one and sfdisk prints it. It is, in this order:
//! what a DOS label's entries were made for, since they have every sector both as CHS and by number; the BIOS's, as
//! Linux's SCSI layer guesses it from the last entry; and one that only fits the disk's size.

use glassbox_io::{Error, ReadAt, Result};

use crate::chs::Chs;
use crate::fdisk_label::{self, Found};
use crate::mbr::{BootRecord, Entry};
use crate::sectors::Sectors;

/// A BIOS's limits: heads and sectors per track.
const MAX_HEADS: u64 = 255;
const MAX_SECTORS: u64 = 63;
/// The SCSI-2 Common Access Method's `setsize` (annex A) starts from as many cylinders as CHS can address, and from this
/// many sectors per track.
const CAM_CYLINDERS: u64 = 1024;
const CAM_SECTORS: u64 = 62;
/// From this many sectors of 512 bytes on, Linux doesn't ask the SCSI layer for a size that fits.
const SCSI_CAPACITY_LIMIT: u64 = 1 << 32;
/// Sizes in MiB up to which a cylinder of 1 MiB gives a number of cylinders that 16 bits hold.
const MAX_MIB_CYLINDERS: u64 = 65534;

/// A disk as cylinders, heads and sectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Whole cylinders on the disk.
    pub cylinders: u64,
    /// Heads: tracks per cylinder.
    pub heads: u64,
    /// Logical sectors per track.
    pub sectors: u64,
}

/// Heads, and sectors per track.
type Track = (u64, u64);

impl Geometry {
    /// The geometry that sfdisk shows for a SCSI disk of these contents, with sectors of `sector_size` bytes.
    ///
    /// # Errors
    /// *Unsupported* for labels that bring their own geometry (BSD, SGI, Sun), and where an MBR's entries contradict one
    /// another: programs don't agree on which of them counts.
    pub fn read(disk: &dyn ReadAt, sector_size: u32) -> Result<Geometry> {
        let sectors = Sectors::new(disk, sector_size);
        let label = fdisk_label::find(sectors, disk)?;
        // The kernel looks into the first sector whatever the label is.
        let record = sectors.read_512(0)?.map(|sector| BootRecord::parse(&sector)).transpose()?.flatten();
        let made_for = match &label {
            Found::Dos(record) => of_entries(&record.entries)?,
            Found::Gpt | Found::Nothing => None,
        };
        let (heads, per_track) = match made_for {
            Some(track) => track,
            None => of_kernel(Sectors::new(disk, 512).count(), record.as_ref())?,
        };
        let cylinder = heads.saturating_mul(per_track);
        Ok(Geometry { cylinders: sectors.count().checked_div(cylinder).unwrap_or(0), heads, sectors: per_track })
    }
}

/// `HDIO_GETGEO` of a SCSI disk of `capacity` sectors of 512 bytes.
fn of_kernel(capacity: u64, record: Option<&BootRecord>) -> Result<Track> {
    match record.and_then(|record| of_last_entry(&record.entries)) {
        // The system call has one byte for the heads.
        Some((heads, _)) if heads > MAX_HEADS => Err(Error::unsupported("geometry: an MBR for 256 heads")),
        Some(track) => Ok(track),
        None => Ok(of_capacity(capacity)),
    }
}

fn of_capacity(capacity: u64) -> Track {
    if capacity < SCSI_CAPACITY_LIMIT {
        let heads = capacity.div_ceil(CAM_CYLINDERS.saturating_mul(CAM_SECTORS));
        let sectors = capacity.div_ceil(CAM_CYLINDERS.saturating_mul(heads).max(1));
        if (1..=MAX_HEADS).contains(&heads) && sectors <= MAX_SECTORS {
            return (heads, sectors);
        }
        if capacity >> 11 > MAX_MIB_CYLINDERS {
            return (MAX_HEADS, MAX_SECTORS);
        }
    }
    (64, 32)
}

/// What the entry that begins last was made for, if its end is the same by CHS and by number. Beyond the last
/// cylinder that CHS can say, head and sector are enough.
fn of_last_entry(entries: &[Entry; 4]) -> Option<Track> {
    let used = entries.iter().filter(|entry| entry.id != 0);
    // Of several that begin in the same cylinder, Linux takes the first.
    let last = used.rev().max_by_key(|entry| {
        let [first, _] = entry.chs;
        first.cylinder
    })?;
    let [_, end] = last.chs;
    let (heads, sectors) = (u64::from(end.head).saturating_add(1), u64::from(end.sector));
    let rest = heads.saturating_mul(sectors);
    // Linux adds in 32 bits.
    let by_number = last.start.saturating_add(last.sectors) & u64::from(u32::MAX);
    let fits = by_number.checked_rem(rest)? == 0;
    let cylinder = (by_number.checked_div(rest)?).checked_sub(1)?;
    (fits && (cylinder == end.cylinder.into() || end.is_last_cylinder())).then_some((heads, sectors))
}

/// What the entries were made for: an address is (cylinder × heads + head) × sectors + sector − 1, and two of them
/// that don't depend on each other are enough to tell heads and sectors.
fn of_entries(entries: &[Entry; 4]) -> Result<Option<Track>> {
    let tracks: Vec<TrackStart> = entries.iter().filter(|entry| entry.id != 0).flat_map(track_starts).collect();
    let pairs = (1..).zip(&tracks).flat_map(|(next, one)| tracks.iter().skip(next).map(move |other| (one, other)));
    let Some(found) = pairs.filter_map(|(one, other)| one.solve(other)).next() else { return Ok(None) };
    // Some programs write the last cylinder for all that lies beyond it.
    let within = |track: &&TrackStart| !track.chs.is_last_cylinder();
    if tracks.iter().filter(within).any(|track| track.sector_number(found) != Some(track.number)) {
        return Err(Error::unsupported("geometry: an MBR whose addresses were made for different ones"));
    }
    Ok(Some(found))
}

/// Where the track begins that an address is on, both ways.
struct TrackStart {
    chs: Chs,
    /// The number of the track's first sector.
    number: u64,
}

/// The tracks on which a partition begins and ends, as far as their addresses are real ones.
fn track_starts(entry: &Entry) -> impl Iterator<Item = TrackStart> {
    let last = entry.start.saturating_add(entry.sectors).checked_sub(1);
    let numbers = [Some(entry.start), last.filter(|last| u32::try_from(*last).is_ok())];
    entry.chs.into_iter().zip(numbers).filter_map(|(chs, number)| {
        let before = u64::from(chs.sector).checked_sub(1)?;
        let number = number?.checked_sub(before)?;
        (!chs.is_out_of_reach()).then_some(TrackStart { chs, number })
    })
}

impl TrackStart {
    /// The geometry in which both tracks begin where they do, if that is one only.
    fn solve(&self, other: &TrackStart) -> Option<Track> {
        let product = |a: u64, b: u64| i128::from(a).saturating_mul(b.into());
        let minor = |a: u64, b: u64, c: u64, d: u64| product(a, b).saturating_sub(product(c, d));
        let ((c1, h1), (c2, h2)) = (self.place(), other.place());
        let common = minor(other.number, c1, self.number, c2);
        let heads = exact_quotient(minor(self.number, h2, other.number, h1), common)?;
        let sectors = exact_quotient(common, minor(c1, h2, c2, h1))?;
        let possible = (1..=MAX_HEADS.saturating_add(1)).contains(&heads) && (1..=MAX_SECTORS).contains(&sectors);
        possible.then_some((heads, sectors))
    }

    /// Cylinder and head.
    fn place(&self) -> (u64, u64) {
        (self.chs.cylinder.into(), self.chs.head.into())
    }

    fn sector_number(&self, (heads, sectors): Track) -> Option<u64> {
        let (cylinder, head) = self.place();
        cylinder.checked_mul(heads)?.checked_add(head)?.checked_mul(sectors)
    }
}

fn exact_quotient(dividend: i128, divisor: i128) -> Option<u64> {
    match dividend.checked_rem(divisor)? {
        0 => dividend.checked_div(divisor)?.try_into().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 11;

    #[test]
    fn what_fits_the_size_is_as_linux_says() {
        // Cylinders, heads, sectors: of empty disks of so many sectors, as sfdisk showed them in libguestfs's appliance.
        for (capacity, cylinders, heads, sectors) in [
            (1, 1, 1, 1),
            (64, 64, 1, 1),
            (2000, 1000, 1, 2),
            (31 * MIB, 1024, 1, 62),
            (62 * MIB, 1024, 2, 62),
            (63 * MIB, 1024, 3, 42),
            (64 * MIB, 1016, 3, 43),
            (504 * MIB, 1011, 17, 60),
            (1024 * MIB, 1011, 34, 61),
            (7900 * MIB, 1023, 255, 62),
            (8000 * MIB, 8000, 64, 32),
            (33 << 10 << 11, 33792, 64, 32),
            (64 << 10 << 11, 8354, 255, 63),
            (1 << 20 << 11, 133674, 255, 63),
            (2 << 20 << 11, 2097152, 64, 32),
            (7 << 20 << 11, 7340032, 64, 32),
        ] {
            assert_eq!(of_capacity(capacity), (heads, sectors), "{capacity}");
            assert_eq!(capacity / (heads * sectors), cylinders, "{capacity}");
        }
    }

    /// The type; head, sector and cylinder of the beginning and of the end; the first sector and how many.
    type Written = (u8, [u8; 3], [u8; 3], u32, u32);

    fn record(entries: &[Written]) -> BootRecord {
        let mut sector = [0; 512];
        sector[510..].copy_from_slice(&[0x55, 0xaa]);
        for (entry, (id, first, last, start, count)) in sector[0x1be..0x1fe].chunks_mut(16).zip(entries) {
            entry[1..4].copy_from_slice(first);
            entry[4] = *id;
            entry[5..8].copy_from_slice(last);
            entry[8..12].copy_from_slice(&start.to_le_bytes());
            entry[12..].copy_from_slice(&count.to_le_bytes());
        }
        BootRecord::parse(&sector).unwrap().unwrap()
    }

    #[test]
    fn an_mbrs_entries_tell_what_they_were_made_for() {
        const FAR: [u8; 3] = [254, 0xff, 0xff];
        // Disks in MiB, entries, and the heads and sectors that sfdisk showed.
        let cases: [(u64, &[Written], Track); 12] = [
            (64, &[(0x83, [32, 33, 0], [40, 32, 8], 2048, 129_024)], (255, 63)),
            (
                10240,
                &[
                    (0x83, [32, 33, 0], [170, 40, 130], 2048, 2_097_152),
                    (0x82, [170, 41, 130], FAR, 2_099_200, 18_872_320),
                ],
                (255, 63),
            ),
            (
                100,
                &[
                    (0x83, [0, 1, 16], [3, 0xe0, 0x1f], 2048, 100_352),
                    (0x83, [0, 0xc1, 0x20], [3, 0xe0, 0xff], 102_400, 102_400),
                ],
                (4, 32),
            ),
            (1024, &[(0x83, [0, 33, 0], [63, 32, 100], 2048, 204_800)], (64, 32)),
            (500, &[(0x83, [1, 1, 0], [239, 63, 50], 63, 771_057)], (240, 63)),
            (500, &[(0x83, [1, 1, 0], [255, 63, 50], 63, 822_465)], (256, 63)),
            (500, &[(0xee, [0, 2, 0], [100, 17, 50], 1, 1_023_999)], (17, 59)),
            (500, &[(0x83, [1, 1, 0], [15, 63, 50], 63, 0)], (17, 59)),
            (500, &[(0, [1, 1, 0], [15, 63, 50], 63, 51_345)], (17, 59)),
            (1024, &[(0x83, [0, 0, 0], [0, 0, 0], 2048, 2_095_104)], (34, 61)),
            (20480, &[(0x83, [254, 0xff, 0xff], FAR, 2048, 41_940_992)], (64, 32)),
            (65, &[(6, [0, 1, 0], [0, 0x81, 8], 0, 133_120)], (3, 44)),
        ];
        for (mib, entries, shown) in cases {
            let record = record(entries);
            let made_for = of_entries(&record.entries).unwrap();
            let found = made_for.unwrap_or_else(|| of_kernel(mib * MIB, Some(&record)).unwrap());
            assert_eq!(found, shown, "{mib} MiB, {entries:x?}");
        }
    }

    #[test]
    fn linux_believes_an_entry_that_ends_where_it_says() {
        let whole = |end| record(&[(0x83, [0, 2, 0], end, 1, 255 * 63 * 100 - 1)]).entries;
        assert_eq!(of_last_entry(&whole([254, 63, 99])), Some((255, 63)));
        assert_eq!(of_last_entry(&whole([254, 0xff, 0xff])), Some((255, 63)));
        assert_eq!(of_last_entry(&whole([254, 63, 98])), None);
        assert_eq!(of_last_entry(&whole([254, 0, 99])), None);
    }

    #[test]
    fn entries_made_for_different_geometries_are_refused() {
        let one = (0x83, [1, 1, 0], [15, 63, 10], 63, 11_025);
        let other = (0x83, [0, 1, 20], [254, 63, 21], 100_000, 31_000);
        assert!(of_entries(&record(&[one, other]).entries).unwrap_err().is_unsupported());
    }
}
