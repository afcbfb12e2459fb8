//! Drive letters: the values of `MountedDevices`, and the partitions that they mean.

use bstr::BString;
use glassbox_partitions::{Partition, PartitionTable};
use glassbox_registry::value_type;

use super::super::InProcess;
use crate::device_name::DiskName;

/// What the names of drive letters begin with, in lower case; a letter and a colon follow.
const PREFIX: &[u8] = br"\dosdevices\";
/// What the data for a partition of a GPT begin with; its GUID follows.
const GPT: &[u8] = b"DMIO:ID:";

/// The letters that mean a partition of a disk, with its name: CD-ROMs and disks that aren't here are left out.
pub fn mappings(values: Vec<(BString, u32, Vec<u8>)>, disks: &InProcess) -> Vec<(BString, BString)> {
    let mapping = |(name, value_type, data): (BString, u32, Vec<u8>)| {
        let letter = letter(&name).filter(|_| value_type == value_type::BINARY)?;
        let device = partition(&data, disks)?;
        Some((BString::from([letter]), device))
    };
    values.into_iter().filter_map(mapping).collect()
}

/// The letter in `\DosDevices\C:`.
fn letter(name: &[u8]) -> Option<u8> {
    let (prefix, rest) = name.split_at_checked(PREFIX.len())?;
    match rest {
        [letter, b':', ..] if letter.is_ascii_alphabetic() && prefix.eq_ignore_ascii_case(PREFIX) => Some(*letter),
        _ => None,
    }
}

/// The name of the partition that `data` mean.
fn partition(data: &[u8], disks: &InProcess) -> Option<BString> {
    let place = Place::parse(data)?;
    disks.disks.all().iter().find_map(|disk| {
        let table = disk.table().ok()??;
        let found = table.devices().find(|partition| place.is_of(table, partition))?;
        Some(DiskName { partition: Some(found.number), ..disk.name }.into())
    })
}

/// How Windows tells a partition from all others.
enum Place {
    /// By the signature of its MBR and its first byte on the disk.
    Mbr { signature: u32, start: u64 },
    /// By its GUID, in the byte order of a GPT.
    Gpt([u8; 16]),
}

impl Place {
    fn parse(data: &[u8]) -> Option<Self> {
        if let Some(guid) = data.strip_prefix(GPT) {
            return guid.first_chunk().copied().map(Place::Gpt);
        }
        let data: &[u8; 12] = data.try_into().ok()?;
        let (signature, start) = data.split_first_chunk()?;
        Some(Place::Mbr { signature: u32::from_le_bytes(*signature), start: u64::from_le_bytes(*start.first_chunk()?) })
    }

    fn is_of(&self, table: &PartitionTable, partition: &Partition) -> bool {
        match self {
            Place::Mbr { signature, start } => {
                table.gpt.is_none()
                    && table.mbr.as_ref().is_some_and(|mbr| mbr.signature == *signature)
                    && partition.start == *start
            }
            Place::Gpt(guid) => partition.gpt.as_ref().is_some_and(|entry| entry.unique_guid.to_bytes_le() == *guid),
        }
    }
}

#[cfg(test)]
mod tests {
    use bstr::ByteSlice;

    use super::*;

    #[test]
    fn names_of_drive_letters() {
        assert_eq!(letter(br"\DosDevices\C:"), Some(b'C'));
        assert_eq!(letter(br"\dosdevices\z:"), Some(b'z'));
        for name in [&br"\DosDevices\1:"[..], br"\DosDevices\C", br"\??\Volume{0}", b"", br"#{x}"] {
            assert_eq!(letter(name), None, "{}", name.as_bstr());
        }
    }

    #[test]
    fn data_of_drive_letters() {
        let data = [0xde, 0xc0, 0xad, 0x1b, 0, 0, 0x10, 0, 0, 0, 0, 0];
        assert!(matches!(Place::parse(&data), Some(Place::Mbr { signature: 0x1bad_c0de, start: 0x10_0000 })));
        assert!(Place::parse(&data[1..]).is_none());
        assert!(
            matches!(Place::parse(b"DMIO:ID:0123456789abcdef"), Some(Place::Gpt(guid)) if guid == *b"0123456789abcdef")
        );
        assert!(Place::parse(b"DMIO:ID:short").is_none());
    }
}
