//! How small the volume could be made, as `ntfsresize --info` tells it.

use glassbox_io::{Error, ReadAt, Result};

use super::Ntfs;
use super::attribute::AttributeType;
use super::inode::Inode;
use super::volume::system_file;

/// The name of the stream of `$BadClus`, in UTF-16.
const BAD: &[u8] = b"$\0B\0a\0d\0";

impl Ntfs {
    /// The fewest bytes that ntfsresize could shrink the volume to: its clusters in use and one more, wherever they lie.
    ///
    /// A full volume can't be shrunk at all, so that is as long as its device. *Unsupported* if it has bad clusters.
    pub fn minimum_size(&self) -> Result<u64> {
        let bad = Inode::open(&self.volume, system_file::BAD_CLUSTERS)?;
        let bad = bad.stream(&self.volume, AttributeType::DATA, BAD)?;
        if bad.is_some_and(|bad| bad.has_clusters()) {
            return Err(Error::unsupported("ntfs: the minimum size of a volume with bad clusters"));
        }
        let boot = &self.volume.boot;
        match self.count_free_clusters()? {
            0 => Ok(self.volume.source().len()),
            free => Ok(boot.clusters.saturating_sub(free).saturating_add(1).saturating_mul(boot.cluster_size)),
        }
    }
}
