//! The superblock in each metadata volume (`_rmeta_`) of a raid: which legs are in sync. The structure is
//! `dm_raid_superblock` of Linux's `drivers/md/dm-raid.c`.

use glassbox_io::{Error, Fields, ReadAt, Result};

/// "DmRd".
const MAGIC: u32 = 0x6452_6d44;
const SIZE: usize = 512;
/// A recovery offset that says: all of it is done (`MaxSector`).
const ALL: u64 = u64::MAX;
/// Devices for which the first bitmap of failures has bits.
const BITMAP: u32 = 64;

/// What one leg's superblock says.
#[derive(Clone, Debug)]
pub(super) struct RaidSuperblock {
    /// Its place among the legs.
    position: u32,
    /// Grows with each change of the array's state; a leg that fell behind has missed writes.
    events: u64,
    failed_devices: u64,
    /// Sectors of this leg that were rebuilt.
    recovered: u64,
    /// Sectors of the array that are in sync.
    resynced: u64,
}

impl RaidSuperblock {
    /// `None` where there is none yet: the array was never started.
    pub fn read(metadata: &dyn ReadAt) -> Result<Option<Self>> {
        let mut bytes = [0; SIZE];
        metadata.read_exact_at(&mut bytes, 0)?;
        let fields = Fields::new(&bytes);
        match fields.le32(0)? {
            MAGIC => {}
            0 => return Ok(None),
            other => return Err(Error::corrupt(format!("LVM2: a raid superblock begins with {other:#x}"))),
        }
        Ok(Some(RaidSuperblock {
            position: fields.le32(12)?,
            events: fields.le64(16)?,
            failed_devices: fields.le64(24)?,
            recovered: fields.le64(32)?,
            resynced: fields.le64(40)?,
        }))
    }

    /// Whether all of the array is in sync.
    pub fn is_synced(&self) -> bool {
        self.resynced == ALL
    }
}

/// The legs that hold the array's data, best first, given what each leg's superblock says (`None`: it has none, or
/// it can't be read).
pub(super) fn legs_in_sync(superblocks: &[Option<RaidSuperblock>]) -> Vec<usize> {
    let Some(newest) = superblocks.iter().flatten().max_by_key(|superblock| superblock.events) else {
        // Never started: nothing was written through the array, and Linux would copy from the first leg.
        return vec![0];
    };
    let in_sync = superblocks.iter().enumerate().filter(|(index, superblock)| {
        // A leg without a superblock among others that have one is new, and to be rebuilt.
        superblock.as_ref().is_some_and(|own| {
            let failed = newest.failed_devices.checked_shr(own.position).unwrap_or(0) & 1 == 1;
            own.position < BITMAP
                && own.position as usize == *index
                && own.events == newest.events
                && own.recovered == ALL
                && !failed
        })
    });
    // Until the first synchronisation is through only the first leg in sync has everything: it is what Linux copies
    // from, and what it reads.
    let trusted = if newest.is_synced() { superblocks.len() } else { 1 };
    in_sync.map(|(index, _)| index).take(trusted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn superblock(position: u32, events: u64, failed_devices: u64, recovered: u64) -> Option<RaidSuperblock> {
        Some(RaidSuperblock { position, events, failed_devices, recovered, resynced: ALL })
    }

    #[test]
    fn stale_failed_and_rebuilding_legs_are_passed_over() {
        let legs = |first, second| legs_in_sync(&[first, second]);
        assert_eq!(legs(superblock(0, 5, 0, ALL), superblock(1, 5, 0, ALL)), [0, 1]);
        assert_eq!(legs(superblock(0, 4, 0, ALL), superblock(1, 5, 0, ALL)), [1], "the first missed a change");
        assert_eq!(legs(superblock(0, 5, 1, ALL), superblock(1, 5, 1, ALL)), [1], "the first is marked as failed");
        assert_eq!(legs(superblock(0, 5, 0, 77), superblock(1, 5, 0, ALL)), [1], "the first is being rebuilt");
        assert_eq!(legs(None, superblock(1, 5, 0, ALL)), [1], "the first is new");
        assert_eq!(legs(None, None), [0], "never started");
        assert_eq!(legs(superblock(1, 5, 0, ALL), superblock(0, 5, 0, ALL)), [0usize; 0], "exchanged");
        let syncing = |position| superblock(position, 5, 0, ALL).map(|own| RaidSuperblock { resynced: 100, ..own });
        assert_eq!(legs(syncing(0), syncing(1)), [0], "the first synchronisation goes on");
    }

    #[test]
    fn a_superblock_is_parsed() {
        let mut bytes = vec![0u8; 4096];
        assert!(RaidSuperblock::read(&bytes).unwrap().is_none());
        bytes[..4].copy_from_slice(b"DmRd");
        bytes[12] = 1;
        bytes[16] = 9;
        bytes[32..48].fill(0xff);
        let superblock = RaidSuperblock::read(&bytes).unwrap().unwrap();
        assert_eq!((superblock.position, superblock.events, superblock.is_synced()), (1, 9, true));
        bytes[0] = 0;
        assert!(RaidSuperblock::read(&bytes).is_err());
    }
}
