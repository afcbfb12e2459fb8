//! Files compressed by the Windows Overlay Filter ("system compression", `compact /exe`).
//!
//! A reparse point says so; the unnamed data is one hole of the true size, and the stream `WofCompressedData` holds a
//! table of chunks and the chunks. Plain ntfs-3g shows such a file as a broken symbolic link and leaves reading it to
//! a plug-in. Here it is a regular file with its true contents.

use std::sync::{Arc, Mutex, PoisonError};

use glassbox_io::{Error, Fields, ReadAt, Result};

use super::{lzx, xpress_huffman};

/// The name of the stream with the compressed data, UTF-16LE.
pub(crate) const STREAM: &[u8] = b"W\0o\0f\0C\0o\0m\0p\0r\0e\0s\0s\0e\0d\0D\0a\0t\0a\0";

/// `WOF_EXTERNAL_INFO`: the version, and the providers.
const VERSION: u32 = 1;
const PROVIDER_WIM: u32 = 1;
const PROVIDER_FILE: u32 = 2;

/// Offsets in the table are wider for files from this size on.
const WIDE_OFFSETS_FROM: u64 = 1 << 32;

/// How the chunks of a file are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Xpress4K,
    Lzx,
    Xpress8K,
    Xpress16K,
}

impl Algorithm {
    /// From the data of the reparse point: `WOF_EXTERNAL_INFO`, then `FILE_PROVIDER_EXTERNAL_INFO`.
    pub fn parse(data: &[u8]) -> Result<Self> {
        let data = Fields::new(data);
        match (data.le32(0)?, data.le32(4)?) {
            (VERSION, PROVIDER_FILE) => {}
            (VERSION, PROVIDER_WIM) => return Err(Error::unsupported("ntfs: a file backed by a WIM archive (WOF)")),
            (version, provider) => {
                return Err(Error::unsupported(format!("ntfs: WOF version {version} with provider {provider}")));
            }
        }
        match (data.le32(8)?, data.le32(12)?) {
            (VERSION, 0) => Ok(Algorithm::Xpress4K),
            (VERSION, 1) => Ok(Algorithm::Lzx),
            (VERSION, 2) => Ok(Algorithm::Xpress8K),
            (VERSION, 3) => Ok(Algorithm::Xpress16K),
            (version, algorithm) => {
                Err(Error::unsupported(format!("ntfs: WOF compression {algorithm} of version {version}")))
            }
        }
    }

    /// What a chunk becomes, bytes.
    fn chunk_size(self) -> usize {
        match self {
            Algorithm::Xpress4K => 4 << 10,
            Algorithm::Xpress8K => 8 << 10,
            Algorithm::Xpress16K => 16 << 10,
            Algorithm::Lzx => lzx::CHUNK,
        }
    }
}

/// A file whose chunks are in `compressed`.
pub(crate) struct WofFile<S> {
    compressed: S,
    algorithm: Algorithm,
    size: u64,
    /// The chunk that was decompressed last: small sequential reads hit it again and again.
    last: Mutex<Option<(u64, Arc<[u8]>)>>,
}

impl<S: ReadAt> WofFile<S> {
    /// A file of `size` bytes.
    pub fn new(compressed: S, algorithm: Algorithm, size: u64) -> Self {
        WofFile { compressed, algorithm, size, last: Mutex::new(None) }
    }

    fn chunks(&self) -> u64 {
        self.size.div_ceil(self.algorithm.chunk_size() as u64)
    }

    /// Where chunk `number` begins and ends in the stream. The table has an offset for each chunk but the first,
    /// counted from the table's end.
    fn bounds(&self, number: u64) -> Result<(u64, u64)> {
        let width = if self.size < WIDE_OFFSETS_FROM { 4u64 } else { 8 };
        let entries = self.chunks().saturating_sub(1);
        let table = entries.saturating_mul(width);
        let offset = |index: u64| -> Result<u64> {
            match index.checked_sub(1) {
                None => Ok(table),
                Some(entry) if entry < entries => {
                    let mut bytes = [0; 8];
                    let field = bytes.get_mut(..if width == 4 { 4 } else { 8 }).unwrap_or_default();
                    self.compressed.read_exact_at(field, entry.saturating_mul(width))?;
                    Ok(table.saturating_add(u64::from_le_bytes(bytes)))
                }
                Some(_) => Ok(self.compressed.len()),
            }
        };
        Ok((offset(number)?, offset(number.saturating_add(1))?))
    }

    /// Decompresses chunk `number` into `out`, which has the chunk's true size.
    fn read_chunk(&self, number: u64, out: &mut [u8]) -> Result<()> {
        let (start, end) = self.bounds(number)?;
        let size = end.checked_sub(start).and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX);
        if size > out.len() || end > self.compressed.len() {
            let whole = out.len();
            return Err(Error::corrupt(format!("ntfs: WOF chunk {number} of {whole} bytes takes {start} to {end}")));
        }
        if size == out.len() {
            // What doesn't shrink is stored plainly.
            return self.compressed.read_exact_at(out, start);
        }
        let mut input = vec![0; size];
        self.compressed.read_exact_at(&mut input, start)?;
        match self.algorithm {
            Algorithm::Lzx => lzx::decompress(&input, out),
            _ => xpress_huffman::decompress(&input, out),
        }
    }

    fn cached_chunk(&self, number: u64, size: usize) -> Result<Arc<[u8]>> {
        if let Some((cached, bytes)) = &*self.last.lock().unwrap_or_else(PoisonError::into_inner)
            && *cached == number
        {
            return Ok(bytes.clone());
        }
        let mut bytes = vec![0; size];
        self.read_chunk(number, &mut bytes)?;
        let bytes: Arc<[u8]> = bytes.into();
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((number, bytes.clone()));
        Ok(bytes)
    }
}

impl<S: ReadAt> ReadAt for WofFile<S> {
    fn len(&self) -> u64 {
        self.size
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let chunk_size = self.algorithm.chunk_size() as u64;
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let total = left.min(buf.len());
        let mut rest = buf.get_mut(..total).unwrap_or_default();
        let mut at = offset;
        while !rest.is_empty() {
            let number = at.checked_div(chunk_size).unwrap_or(0);
            let start = number.saturating_mul(chunk_size);
            // The last chunk is shorter.
            let size = usize::try_from(self.size.saturating_sub(start).min(chunk_size)).unwrap_or(0);
            let within = usize::try_from(at.saturating_sub(start)).unwrap_or(0);
            let count = size.saturating_sub(within).min(rest.len());
            let (here, after) = std::mem::take(&mut rest).split_at_mut_checked(count).unwrap_or_default();
            if count == size {
                self.read_chunk(number, here)?;
            } else if let Some(from) = self.cached_chunk(number, size)?.get(within..within.saturating_add(count)) {
                here.copy_from_slice(from);
            }
            rest = after;
            at = at.saturating_add(count as u64);
        }
        Ok(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(fields: [u32; 4]) -> Vec<u8> {
        fields.iter().flat_map(|field| field.to_le_bytes()).collect()
    }

    #[test]
    fn the_reparse_data_names_the_algorithm() {
        assert_eq!(Algorithm::parse(&info([1, 2, 1, 1])).unwrap(), Algorithm::Lzx);
        assert_eq!(Algorithm::parse(&info([1, 2, 1, 3])).unwrap(), Algorithm::Xpress16K);
        assert!(Algorithm::parse(&info([1, 1, 1, 0])).unwrap_err().is_unsupported());
        assert!(Algorithm::parse(&info([1, 2, 1, 4])).unwrap_err().is_unsupported());
        assert!(!Algorithm::parse(&[1, 0]).unwrap_err().is_unsupported());
    }

    #[test]
    fn plain_chunks_and_their_table() {
        // Three chunks that didn't shrink: two whole ones, and 100 bytes.
        let data: Vec<u8> = (0..8292u32).map(|i| (i / 7) as u8).collect();
        let mut stream = [4096u32.to_le_bytes(), 8192u32.to_le_bytes()].concat();
        stream.extend(&data);
        let file = WofFile::new(stream.clone(), Algorithm::Xpress4K, data.len() as u64);
        for (offset, length) in [(0, 8292), (4095, 2), (5000, 4000), (8291, 100), (8292, 1)] {
            let mut buf = vec![0; length];
            let count = file.read_at(&mut buf, offset as u64).unwrap();
            let end = data.len().min(offset + length);
            assert_eq!(&buf[..count], &data[offset.min(end)..end]);
        }
        stream[0] = 0xff;
        stream[1] = 0xff;
        let file = WofFile::new(stream, Algorithm::Xpress4K, data.len() as u64);
        assert!(file.read_at(&mut [0; 10], 4096).is_err());
    }
}
