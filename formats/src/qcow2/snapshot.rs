//! The snapshot table: internal snapshots of the disk. They are listed; what is read is always the active layer.

use bstr::BString;
use glassbox_io::{Error, Fields, ReadAt, Result};

/// QEMU's limit.
const MAX_SNAPSHOTS: u32 = 65536;
/// The fields before the extra data.
const FIXED_LENGTH: usize = 40;
/// QEMU's limit for the extra data of one snapshot.
const MAX_EXTRA_DATA: u32 = 1024;

/// An internal snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its unique ID, usually a number.
    pub id: BString,
    /// Its name.
    pub name: BString,
    /// When it was taken: seconds since 1970.
    pub seconds: u32,
    /// And nanoseconds after that second.
    pub nanoseconds: u32,
    /// How long the guest had run, in nanoseconds.
    pub vm_clock: u64,
    /// Bytes of the VM's saved state; 0 if only the disk was saved.
    pub vm_state_size: u64,
    /// The disk's size then, in bytes, if it is said.
    pub virtual_size: Option<u64>,
}

/// Reads the `count` entries of the table at `offset`.
pub(super) fn list(image: &dyn ReadAt, offset: u64, count: u32) -> Result<Vec<Snapshot>> {
    if count > MAX_SNAPSHOTS {
        return Err(Error::corrupt(format!("qcow2: {count} snapshots")).at_offset(60));
    }
    let mut at = offset;
    let mut found = Vec::new();
    for _ in 0..count {
        let mut fixed = [0; FIXED_LENGTH];
        image.read_exact_at(&mut fixed, at)?;
        let fixed = Fields::new(&fixed);
        let (id_length, name_length) = (usize::from(fixed.be16(12)?), usize::from(fixed.be16(14)?));
        let extra_length = fixed.be32(36)?;
        if extra_length > MAX_EXTRA_DATA {
            return Err(
                Error::corrupt(format!("qcow2: a snapshot with {extra_length} bytes of extra data")).at_offset(at)
            );
        }
        let extra_length = usize::try_from(extra_length).unwrap_or(0);
        let mut rest = vec![0; extra_length.saturating_add(id_length).saturating_add(name_length)];
        image.read_exact_at(&mut rest, at.saturating_add(FIXED_LENGTH as u64))?;
        let rest = Fields::new(&rest);
        let extra = rest.at(0, extra_length)?;
        let small_state = u64::from(fixed.be32(32)?);
        found.push(Snapshot {
            id: rest.slice(extra_length, id_length)?.into(),
            name: rest.slice(extra_length.saturating_add(id_length), name_length)?.into(),
            seconds: fixed.be32(16)?,
            nanoseconds: fixed.be32(20)?,
            vm_clock: fixed.be64(24)?,
            // The extra data has it with 64 bits, since version 3.
            vm_state_size: extra.be64(0).unwrap_or(small_state),
            virtual_size: extra.be64(8).ok(),
        });
        // "The next entry begins at the next multiple of 8."
        let length = (FIXED_LENGTH as u64).saturating_add(rest.len() as u64);
        at = at.saturating_add(length.next_multiple_of(8));
    }
    Ok(found)
}
