//! Compressed clusters.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flate2::{Decompress, FlushDecompress};
use glassbox_io::{Error, ReadAt, Result};
use zstd_safe::DCtx;

use super::header::Compression;
use super::l2::Compressed;

/// Decompressed clusters that are kept: a reader of small pieces comes back to the same one.
const MAX_CACHED: usize = 64;
/// And their bytes at most; but two clusters always, since a read may lie across their border.
const MAX_CACHED_BYTES: u64 = 4 << 20;

/// Decompresses clusters, and keeps a few.
///
/// No lock that all readers share is held while a cluster is decompressed. Two readers of the same cluster wait for each
/// other on its own lock, so that the work is done once.
pub(super) struct CompressedClusters {
    algorithm: Compression,
    cluster_size: usize,
    /// Most recently used last.
    cached: Mutex<Vec<(Compressed, Slot)>>,
    max_cached: usize,
    /// Decoders that nobody uses now. There are never more than there were readers at once.
    idle: Mutex<Vec<Decoder>>,
}

/// A cluster's place in the cache: empty until it is decompressed.
type Slot = Arc<Mutex<Option<Arc<[u8]>>>>;

impl CompressedClusters {
    pub fn new(algorithm: Compression, cluster_size: u64) -> Self {
        let by_bytes = usize::try_from(MAX_CACHED_BYTES.checked_div(cluster_size).unwrap_or(0)).unwrap_or(0);
        CompressedClusters {
            algorithm,
            cluster_size: usize::try_from(cluster_size).unwrap_or(usize::MAX),
            cached: Mutex::default(),
            max_cached: by_bytes.clamp(2, MAX_CACHED),
            idle: Mutex::default(),
        }
    }

    /// Fills `buf` from byte `within` of the cluster that `stream` in `image` decompresses to. `buf` must not reach past
    /// the cluster.
    pub fn read(&self, image: &dyn ReadAt, stream: Compressed, within: u64, buf: &mut [u8]) -> Result<()> {
        if within == 0 && buf.len() == self.cluster_size {
            return self.decompress(image, stream, buf);
        }
        let slot = self.slot(stream);
        let mut cluster = lock(&slot);
        let cluster = match &*cluster {
            Some(cluster) => cluster.clone(),
            None => {
                let mut bytes = vec![0; self.cluster_size];
                self.decompress(image, stream, &mut bytes)?;
                cluster.insert(bytes.into()).clone()
            }
        };
        let from = usize::try_from(within).unwrap_or(usize::MAX);
        let part = from.checked_add(buf.len()).and_then(|end| cluster.get(from..end));
        let part = part.ok_or_else(|| Error::usage("a read across the end of a cluster"))?;
        buf.copy_from_slice(part);
        Ok(())
    }

    fn slot(&self, stream: Compressed) -> Slot {
        let mut cached = lock(&self.cached);
        let slot = match cached.iter().position(|(key, _)| *key == stream) {
            Some(index) => cached.remove(index).1,
            None => {
                if cached.len() >= self.max_cached {
                    cached.remove(0);
                }
                Slot::default()
            }
        };
        cached.push((stream, slot.clone()));
        slot
    }

    fn decompress(&self, image: &dyn ReadAt, stream: Compressed, cluster: &mut [u8]) -> Result<()> {
        // The descriptor's own bits bound the length, to 4 MiB.
        let mut input = vec![0; usize::try_from(stream.length).unwrap_or(usize::MAX)];
        // The file may end before the last sector of the last stream does.
        let count = image.read_at(&mut input, stream.offset)?;
        input.truncate(count);

        let mut decoder = lock(&self.idle).pop().unwrap_or_else(|| Decoder::new(self.algorithm));
        let filled = decoder.fill(&input, cluster);
        lock(&self.idle).push(decoder);
        match filled {
            Ok(count) if count == cluster.len() => Ok(()),
            Ok(count) => {
                let size = cluster.len();
                Err(Error::corrupt(format!("qcow2: a compressed cluster holds {count} bytes of {size}")))
            }
            Err(error) => Err(error),
        }
        .map_err(|error| error.at_offset(stream.offset))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing is left half-done under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The state of a decompressor, which is worth keeping: it has tables of many kilobytes.
enum Decoder {
    Deflate(Decompress),
    Zstd(DCtx<'static>),
}

impl Decoder {
    fn new(algorithm: Compression) -> Self {
        match algorithm {
            Compression::Deflate => Decoder::Deflate(Decompress::new(false)),
            Compression::Zstd => Decoder::Zstd(DCtx::create()),
        }
    }

    /// Fills `out` from the stream at the start of `input`, and says how much of it. What follows the stream is ignored:
    /// it belongs to others.
    fn fill(&mut self, input: &[u8], out: &mut [u8]) -> Result<usize> {
        match self {
            Decoder::Deflate(decoder) => inflate(decoder, input, out),
            Decoder::Zstd(decoder) => unzstd(decoder, input, out),
        }
    }
}

fn inflate(decoder: &mut Decompress, input: &[u8], out: &mut [u8]) -> Result<usize> {
    decoder.reset(false);
    decoder
        .decompress(input, out, FlushDecompress::Finish)
        .map_err(|error| Error::corrupt("qcow2: a compressed cluster is no deflate stream").caused_by(error))?;
    Ok(usize::try_from(decoder.total_out()).unwrap_or(0))
}

/// A cluster may be several frames. Each is decompressed straight into `out`, so there is no window whose size the
/// image could choose.
fn unzstd(decoder: &mut DCtx<'_>, mut input: &[u8], out: &mut [u8]) -> Result<usize> {
    let broken = |code| {
        Error::corrupt("qcow2: a compressed cluster is no Zstandard stream").caused_by(zstd_safe::get_error_name(code))
    };
    let mut filled = 0usize;
    while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty() && !input.is_empty()) {
        let length = zstd_safe::find_frame_compressed_size(input).map_err(broken)?;
        let (frame, after) = input.split_at(length.min(input.len()));
        filled = filled.saturating_add(decoder.decompress(rest, frame).map_err(broken)?);
        input = after;
    }
    Ok(filled)
}
