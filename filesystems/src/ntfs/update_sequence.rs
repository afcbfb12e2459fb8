//! The update sequence ("fixups") that protects multi-sector records against torn writes.
//!
//! The last two bytes of every 512-byte stride of a file record or index block hold the update sequence number; the
//! true bytes stand in the update sequence array in the header. A stride with another number was not written together
//! with the rest.

use glassbox_io::{Error, Fields, Result};

/// The stride of the update sequence: 512 bytes, whatever the sector size is.
const STRIDE: usize = 512;

/// Checks that `record` begins with `magic`, checks every stride, and puts the true bytes back.
pub(crate) fn apply(record: &mut [u8], magic: &[u8; 4]) -> Result<()> {
    let header = Fields::new(record);
    let found = header.array::<4>(0)?;
    if found != *magic {
        let (found, wanted) = (found.escape_ascii(), magic.escape_ascii());
        return Err(Error::corrupt(format!("ntfs: a record begins with \"{found}\" instead of \"{wanted}\"")));
    }
    let offset = usize::from(header.le16(4)?);
    // The count includes the update sequence number itself.
    let strides = usize::from(header.le16(6)?).saturating_sub(1);
    if strides.checked_mul(STRIDE) != Some(record.len()) {
        return Err(Error::corrupt(format!("ntfs: an update sequence of {strides} for {} bytes", record.len())));
    }
    let array = header.slice(offset, strides.saturating_add(1).saturating_mul(2))?.to_vec();
    let (number, originals) = array.split_at_checked(2).unwrap_or_default();
    for (stride, original) in record.chunks_exact_mut(STRIDE).zip(originals.chunks_exact(2)) {
        let Some(last) = stride.last_chunk_mut::<2>() else { continue };
        if last != number {
            return Err(Error::corrupt("ntfs: a record was torn: its update sequence numbers differ"));
        }
        last.copy_from_slice(original);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn protected() -> Vec<u8> {
        let mut record = vec![7u8; 1024];
        record[..4].copy_from_slice(b"FILE");
        record[4..8].copy_from_slice(&[0x30, 0, 3, 0]);
        record[0x30..0x36].copy_from_slice(&[0xaa, 0xbb, 1, 2, 3, 4]);
        for end in [512, 1024] {
            record[end - 2..end].copy_from_slice(&[0xaa, 0xbb]);
        }
        record
    }

    #[test]
    fn true_bytes_come_back() {
        let mut record = protected();
        apply(&mut record, b"FILE").unwrap();
        assert_eq!((&record[510..512], &record[1022..]), (&[1, 2][..], &[3, 4][..]));
    }

    #[test]
    fn torn_and_foreign_records_are_corrupt() {
        let mut torn = protected();
        torn[1023] ^= 1;
        assert!(apply(&mut torn, b"FILE").is_err());
        assert!(apply(&mut protected(), b"INDX").is_err());
        let mut short = protected();
        short.truncate(512);
        assert!(apply(&mut short, b"FILE").is_err());
        let mut outside = protected();
        outside[4..6].copy_from_slice(&1020u16.to_le_bytes());
        assert!(apply(&mut outside, b"FILE").is_err());
    }
}
