//! A logical volume's bytes: runs that map to sources below.

use glassbox_io::{Errno, Error, Extent, ExtentKind, ReadAt, Result, Source};

/// Reads over many small chunks are gathered stripe by stripe, through a buffer of at most this size.
const GATHER_SIZE: usize = 1 << 20;
/// Chunks from this size on are read straight into the caller's buffer: gathering would save no time.
const DIRECT_CHUNK: u64 = 64 << 10;
/// Chunks that one question about extents looks at; the answer may be shorter than the whole run.
const MAX_EXTENT_CHUNKS: usize = 4096;

/// Runs one after the other from 0 on.
#[derive(Default)]
pub(super) struct Mapping {
    runs: Vec<Run>,
    length: u64,
}

struct Run {
    start: u64,
    length: u64,
    target: Target,
}

/// What a run's bytes are.
pub(super) enum Target {
    /// Those of another source, from an offset on.
    Linear(Stripe),
    /// Chunks of `chunk` bytes in turn on each of several.
    Striped {
        stripes: Vec<Stripe>,
        chunk: u64,
    },
    Zero,
    /// They can't be read.
    Error,
}

/// A place in another source.
pub(super) struct Stripe {
    pub source: Source,
    pub offset: u64,
}

impl Stripe {
    /// Fills `buf` from `at`; the source must have it all.
    fn read(&self, buf: &mut [u8], at: u64) -> Result<()> {
        self.source.read_exact_at(buf, self.offset.saturating_add(at))
    }

    /// The extent at `at`. What lies past the end of the source is data, so that reading it says what's wrong.
    fn extent_at(&self, at: u64, limit: u64) -> Result<Extent> {
        let extent = self.source.extent_at(self.offset.saturating_add(at))?;
        match extent.length {
            0 => Ok(Extent { length: limit, kind: ExtentKind::Data }),
            length => Ok(Extent { length: length.min(limit), ..extent }),
        }
    }
}

impl Mapping {
    /// Adds a run. One that goes on where the last one ends, on the same source, becomes part of it, so that reads
    /// stay large over segments that were added bit by bit.
    pub fn push(&mut self, length: u64, target: Target) -> Result<()> {
        let end = self.length.checked_add(length).ok_or_else(|| Error::corrupt("LVM2: a volume ends past 2^64"))?;
        if let (Some(Run { length: before, target: Target::Linear(last), .. }), Target::Linear(next)) =
            (self.runs.last_mut(), &target)
        {
            let goes_on = last.offset.checked_add(*before) == Some(next.offset);
            if goes_on && std::sync::Arc::ptr_eq(&last.source, &next.source) {
                *before = before.saturating_add(length);
                self.length = end;
                return Ok(());
            }
        }
        self.runs.push(Run { start: self.length, length, target });
        self.length = end;
        Ok(())
    }

    /// The run that holds `offset`, and what of it lies before.
    fn run_at(&self, offset: u64) -> Option<(&Run, u64)> {
        let index = self.runs.partition_point(|run| run.start <= offset).checked_sub(1)?;
        let run = self.runs.get(index)?;
        let within = offset.saturating_sub(run.start);
        (within < run.length).then_some((run, within))
    }
}

impl ReadAt for Mapping {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let mut done = 0usize;
        while done < buf.len() {
            let Some((run, within)) = self.run_at(offset.saturating_add(done as u64)) else { break };
            let Some(rest) = buf.get_mut(done..) else { break };
            let left = usize::try_from(run.length.saturating_sub(within)).unwrap_or(usize::MAX);
            let count = rest.len().min(left);
            let Some(part) = rest.get_mut(..count) else { break };
            match &run.target {
                Target::Linear(stripe) => stripe.read(part, within)?,
                Target::Striped { stripes, chunk } => read_striped(stripes, *chunk, part, within)?,
                Target::Zero => part.fill(0),
                Target::Error => {
                    let message = "the logical volume has an error segment here";
                    return Err(Error::os_with(Errno::EIO, message).at_offset(run.start));
                }
            }
            done = done.saturating_add(count);
        }
        Ok(done)
    }

    fn extent_at(&self, offset: u64) -> Result<Extent> {
        let Some((run, within)) = self.run_at(offset) else {
            return Ok(Extent { length: 0, kind: ExtentKind::Hole });
        };
        let left = run.length.saturating_sub(within);
        match &run.target {
            Target::Linear(stripe) => stripe.extent_at(within, left),
            Target::Striped { stripes, chunk } => striped_extent(stripes, *chunk, within, left),
            Target::Zero => Ok(Extent { length: left, kind: ExtentKind::Hole }),
            Target::Error => Ok(Extent { length: left, kind: ExtentKind::Data }),
        }
    }
}

/// Where byte `at` of a striped run is: the stripe's number, the offset there, and what is left of the chunk.
fn locate(stripes: &[Stripe], chunk: u64, at: u64) -> Option<(usize, u64, u64)> {
    let (number, within) = (at.checked_div(chunk)?, at.checked_rem(chunk)?);
    let count = stripes.len() as u64;
    let (row, stripe) = (number.checked_div(count)?, number.checked_rem(count)?);
    let offset = row.saturating_mul(chunk).saturating_add(within);
    Some((usize::try_from(stripe).ok()?, offset, chunk.saturating_sub(within)))
}

fn read_striped(stripes: &[Stripe], chunk: u64, buf: &mut [u8], at: u64) -> Result<()> {
    let row = chunk.saturating_mul(stripes.len() as u64);
    let mut done = 0usize;
    while done < buf.len() {
        let here = at.saturating_add(done as u64);
        let Some(rest) = buf.get_mut(done..) else { break };
        // Whole rows of small chunks: one read per stripe, then sorted into place.
        let rows = (rest.len().min(GATHER_SIZE) as u64).checked_div(row).unwrap_or(0);
        let count = if chunk < DIRECT_CHUNK && rows > 1 && here.checked_rem(row) == Some(0) {
            gather(stripes, chunk, rows, rest, here)?
        } else {
            let Some((stripe, offset, left)) = locate(stripes, chunk, here) else { break };
            let count = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if let (Some(stripe), Some(part)) = (stripes.get(stripe), rest.get_mut(..count)) {
                stripe.read(part, offset)?;
            }
            count
        };
        done = done.saturating_add(count);
    }
    Ok(())
}

/// Reads `rows` whole rows from `at` on, the beginning of a row; says how many bytes they are.
fn gather(stripes: &[Stripe], chunk: u64, rows: u64, buf: &mut [u8], at: u64) -> Result<usize> {
    let chunk_size = usize::try_from(chunk).unwrap_or(usize::MAX);
    let column = chunk_size.saturating_mul(usize::try_from(rows).unwrap_or(0));
    let first = locate(stripes, chunk, at).map_or(0, |(_, offset, _)| offset);
    let mut gathered = vec![0; column];
    for (number, stripe) in stripes.iter().enumerate() {
        stripe.read(&mut gathered, first)?;
        let places = buf.chunks_exact_mut(chunk_size).skip(number).step_by(stripes.len());
        for (place, bytes) in places.zip(gathered.chunks_exact(chunk_size)) {
            place.copy_from_slice(bytes);
        }
    }
    Ok(column.saturating_mul(stripes.len()))
}

fn striped_extent(stripes: &[Stripe], chunk: u64, at: u64, limit: u64) -> Result<Extent> {
    // Each stripe is asked once per extent of its own, not once per chunk: (end there, kind).
    let mut known: Vec<Option<(u64, ExtentKind)>> = vec![None; stripes.len()];
    let mut found: Option<ExtentKind> = None;
    let mut length = 0u64;
    for _ in 0..MAX_EXTENT_CHUNKS {
        if length >= limit {
            break;
        }
        let Some((number, offset, left)) = locate(stripes, chunk, at.saturating_add(length)) else { break };
        let (Some(stripe), Some(known)) = (stripes.get(number), known.get_mut(number)) else { break };
        let (end, kind) = match known {
            Some(extent) if extent.0 > offset => *extent,
            _ => {
                let extent = stripe.extent_at(offset, limit.saturating_add(chunk))?;
                *known.insert((offset.saturating_add(extent.length), extent.kind))
            }
        };
        if *found.get_or_insert(kind) != kind {
            break;
        }
        let here = left.min(end.saturating_sub(offset));
        length = length.saturating_add(here);
        if here < left {
            break;
        }
    }
    Ok(Extent { length: length.min(limit), kind: found.unwrap_or(ExtentKind::Data) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbox_io::{Extents, Window};
    use std::sync::Arc;

    fn numbered(seed: usize, length: usize) -> Source {
        Arc::new((0..length).map(|i| ((i * 31 + seed * 97) / 7) as u8).collect::<Vec<u8>>())
    }

    fn whole(source: &dyn ReadAt) -> Vec<u8> {
        let mut bytes = vec![0; source.len() as usize];
        source.read_exact_at(&mut bytes, 0).unwrap();
        bytes
    }

    #[test]
    fn neighbours_become_one_run() {
        let disk = numbered(1, 10_000);
        let mut mapping = Mapping::default();
        for (offset, length) in [(1000, 500), (1500, 500), (3000, 10)] {
            mapping.push(length, Target::Linear(Stripe { source: disk.clone(), offset })).unwrap();
        }
        assert_eq!(mapping.runs.len(), 2);
        let bytes = whole(&disk);
        assert_eq!(whole(&mapping), [&bytes[1000..2000], &bytes[3000..3010]].concat());
        let mut buf = [0; 20];
        assert_eq!(mapping.read_at(&mut buf, 1005).unwrap(), 5);
        assert_eq!(buf[..5], bytes[3005..3010]);
        assert_eq!(mapping.read_at(&mut buf, u64::MAX).unwrap(), 0);
    }

    /// Byte by byte, as the definition of stripes says.
    fn striped_slowly(sources: &[Vec<u8>], chunk: usize, length: usize) -> Vec<u8> {
        (0..length)
            .map(|at| {
                let number = at / chunk;
                sources[number % sources.len()][number / sources.len() * chunk + at % chunk]
            })
            .collect()
    }

    #[test]
    fn stripes_of_every_chunk_size_and_alignment() {
        for (count, chunk) in [(2usize, 512usize), (3, 4096), (5, 1536), (2, 64 << 10), (4, 1 << 20)] {
            let each = chunk * if chunk < 8192 { 40 } else { 3 };
            let sources: Vec<_> = (0..count).map(|seed| numbered(seed, each)).collect();
            let stripes = sources.iter().map(|source| Stripe { source: source.clone(), offset: 0 }).collect();
            let mut mapping = Mapping::default();
            let length = each * count;
            mapping.push(length as u64, Target::Striped { stripes, chunk: chunk as u64 }).unwrap();
            let expected = striped_slowly(&sources.iter().map(|s| whole(s)).collect::<Vec<_>>(), chunk, length);
            assert!(whole(&mapping) == expected, "{count} stripes of {chunk}");
            for (offset, size) in [(0, 1), (chunk - 1, 2), (chunk / 2, chunk * 3), (1, length - 2), (chunk, length)] {
                let mut buf = vec![0; size];
                let got = mapping.read_at(&mut buf, offset as u64).unwrap();
                assert_eq!(got, size.min(length - offset));
                assert!(buf[..got] == expected[offset..offset + got], "{count} stripes of {chunk} at {offset}");
            }
        }
    }

    /// Data in the first half of every 64 KiB.
    struct Holed;
    impl ReadAt for Holed {
        fn len(&self) -> u64 {
            1 << 20
        }
        fn read_at(&self, buf: &mut [u8], _: u64) -> Result<usize> {
            Ok(buf.len())
        }
        fn extent_at(&self, offset: u64) -> Result<Extent> {
            let half = 32 << 10;
            let kind = if (offset / half).is_multiple_of(2) { ExtentKind::Data } else { ExtentKind::Hole };
            Ok(Extent { length: half - offset % half, kind })
        }
    }

    #[test]
    fn extents_of_stripes_are_those_of_their_chunks() {
        let stripes = (0..2).map(|_| Stripe { source: Arc::new(Holed), offset: 0 }).collect();
        let mut mapping = Mapping::default();
        mapping.push(2 << 20, Target::Striped { stripes, chunk: 16 << 10 }).unwrap();
        let extents: Vec<_> = Extents::new(&mapping, 0).map(|extent| extent.unwrap()).collect();
        assert_eq!(extents.len(), 32);
        for (index, (offset, extent)) in extents.into_iter().enumerate() {
            let kind = if index % 2 == 0 { ExtentKind::Data } else { ExtentKind::Hole };
            assert_eq!((offset, extent), (index as u64 * (64 << 10), Extent { length: 64 << 10, kind }));
        }
    }

    #[test]
    fn a_source_that_ends_early_is_corrupt_and_zeros_are_a_hole() {
        let short: Source = Arc::new(Window::new(numbered(1, 100), 0, 100).unwrap());
        let mut mapping = Mapping::default();
        mapping.push(50, Target::Zero).unwrap();
        mapping.push(200, Target::Linear(Stripe { source: short, offset: 0 })).unwrap();
        assert_eq!(mapping.extent_at(10).unwrap(), Extent { length: 40, kind: ExtentKind::Hole });
        let mut buf = [1; 100];
        assert_eq!(mapping.read_at(&mut buf, 0).unwrap(), 100);
        assert_eq!(buf[..50], [0; 50]);
        assert!(mapping.read_at(&mut buf, 100).is_err());
        assert!(mapping.push(u64::MAX, Target::Zero).is_err());
    }
}
