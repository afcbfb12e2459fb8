//! ext2, ext3, ext4 and the external journal (kernel `Documentation/filesystems/ext4/super.rst`).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

const SUPERBLOCK: u64 = 1024;
const MAGICS: &[Magic] = &[Magic::new(b"\x53\xef", SUPERBLOCK + 56)];

pub(super) static EXT4DEV: Format = Format { magics: MAGICS, ..Format::new("ext4dev", Usage::Filesystem, ext4dev) };
pub(super) static EXT4: Format = Format { magics: MAGICS, ..Format::new("ext4", Usage::Filesystem, ext4) };
pub(super) static EXT3: Format = Format { magics: MAGICS, ..Format::new("ext3", Usage::Filesystem, ext3) };
pub(super) static EXT2: Format = Format { magics: MAGICS, ..Format::new("ext2", Usage::Filesystem, ext2) };
pub(super) static JBD: Format = Format { magics: MAGICS, ..Format::new("jbd", Usage::Other, jbd) };

/// `s_feature_compat`.
const HAS_JOURNAL: u32 = 0x4;
/// `s_feature_incompat`.
const FILETYPE: u32 = 0x2;
const RECOVER: u32 = 0x4;
const JOURNAL_DEV: u32 = 0x8;
const META_BG: u32 = 0x10;
/// `s_feature_ro_compat`: sparse_super, large_file and btree_dir, all that ext2 and ext3 know.
const OLD_RO_COMPAT: u32 = 0x7;
const EXT2_INCOMPAT: u32 = FILETYPE | META_BG;
const EXT3_INCOMPAT: u32 = EXT2_INCOMPAT | RECOVER;
/// `s_flags`: for the development version of ext4.
const TEST_FILESYS: u32 = 0x4;

struct Superblock([u8; 512]);

impl Superblock {
    fn read(volume: &Volume<'_>) -> Result<Superblock> {
        volume.array(SUPERBLOCK).map(Superblock)
    }

    fn fields(&self) -> Fields<'_> {
        Fields::new(&self.0)
    }

    fn has_journal(&self) -> Result<bool> {
        Ok(self.fields().le32(92)? & HAS_JOURNAL != 0)
    }

    fn incompat(&self) -> Result<u32> {
        self.fields().le32(96)
    }

    /// Whether a driver that knows only `incompat` and the old read-only features can mount it.
    fn needs_no_more_than(&self, incompat: u32) -> Result<bool> {
        Ok(self.incompat()? & !incompat == 0 && self.fields().le32(100)? & !OLD_RO_COMPAT == 0)
    }

    fn is_test_filesystem(&self) -> Result<bool> {
        Ok(self.fields().le32(352)? & TEST_FILESYS != 0)
    }

    fn describe(&self) -> Result<Option<Details>> {
        let fields = self.fields();
        Ok(Some(Details {
            uuid: text::uuid(fields.array(104)?),
            label: text::label(fields.slice(120, 16)?),
            version: format!("{}.{}", fields.le32(76)?, fields.le16(62)?).into(),
            secondary_kind: None,
            block_size: 1024u32.checked_shl(fields.le32(24)?),
        }))
    }

    /// As [`Self::describe`]; where ext2 could mount it too, that is said.
    fn describe_successor(&self) -> Result<Option<Details>> {
        let secondary_kind = (self.incompat()? & !EXT2_INCOMPAT == 0).then_some("ext2");
        Ok(self.describe()?.map(|details| Details { secondary_kind, ..details }))
    }
}

fn ext4dev(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let superblock = Superblock::read(volume)?;
    if superblock.incompat()? & JOURNAL_DEV != 0 || !superblock.is_test_filesystem()? {
        return Ok(None);
    }
    superblock.describe_successor()
}

fn ext4(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let superblock = Superblock::read(volume)?;
    if superblock.incompat()? & JOURNAL_DEV != 0
        || superblock.needs_no_more_than(EXT3_INCOMPAT)?
        || superblock.is_test_filesystem()?
    {
        return Ok(None);
    }
    superblock.describe_successor()
}

fn ext3(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let superblock = Superblock::read(volume)?;
    if !superblock.has_journal()? || !superblock.needs_no_more_than(EXT3_INCOMPAT)? {
        return Ok(None);
    }
    superblock.describe_successor()
}

fn ext2(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let superblock = Superblock::read(volume)?;
    if superblock.has_journal()? || !superblock.needs_no_more_than(EXT2_INCOMPAT)? {
        return Ok(None);
    }
    superblock.describe()
}

fn jbd(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let superblock = Superblock::read(volume)?;
    if superblock.incompat()? & JOURNAL_DEV == 0 {
        return Ok(None);
    }
    superblock.describe()
}
