//! The group `ext`: what is peculiar to ext2, ext3 and ext4.

use bstr::{BStr, BString};
use glassbox_api::Ext;
use glassbox_filesystems::ext::Superblock;
use glassbox_io::{Result, ResultExt};

use super::InProcess;
use crate::vfs::Follow;

/// The letters of lsattr(1) for the flags of `FS_IOC_GETFLAGS` (Linux's `uapi/linux/fs.h`).
const FLAG_LETTERS: [(u32, char); 24] = [
    (0x0000_0001, 's'),
    (0x0000_0002, 'u'),
    (0x0000_0008, 'S'),
    (0x0001_0000, 'D'),
    (0x0000_0010, 'i'),
    (0x0000_0020, 'a'),
    (0x0000_0040, 'd'),
    (0x0000_0080, 'A'),
    (0x0000_0004, 'c'),
    (0x0000_0200, 'B'),
    (0x0000_0400, 'Z'),
    (0x0000_0800, 'E'),
    (0x0000_4000, 'j'),
    (0x0000_1000, 'I'),
    (0x0000_8000, 't'),
    (0x0002_0000, 'T'),
    (0x0008_0000, 'e'),
    (0x0080_0000, 'C'),
    (0x0200_0000, 'x'),
    (0x4000_0000, 'F'),
    (0x1000_0000, 'N'),
    (0x2000_0000, 'P'),
    (0x0010_0000, 'V'),
    (0x0000_0100, 'X'),
];

impl Ext for InProcess {
    fn get_e2attrs(&mut self, file: &BStr) -> Result<BString> {
        let found = self.locate(file, Follow::Always)?;
        let flags = found.filesystem.flags(found.node).at_path(file)?;
        let set = FLAG_LETTERS.iter().filter(|(flag, _)| flags & flag != 0);
        let mut letters: Vec<char> = set.map(|(_, letter)| *letter).collect();
        letters.sort_unstable();
        Ok(letters.into_iter().collect::<String>().into())
    }

    fn get_e2generation(&mut self, file: &BStr) -> Result<i64> {
        let found = self.locate(file, Follow::Always)?;
        Ok(found.filesystem.generation(found.node).at_path(file)?.into())
    }

    fn get_e2label(&mut self, device: &BStr) -> Result<BString> {
        Ok(self.signature(device)?.map(|found| found.label).unwrap_or_default())
    }

    fn get_e2uuid(&mut self, device: &BStr) -> Result<BString> {
        Ok(self.signature(device)?.map(|found| found.uuid).unwrap_or_default())
    }

    fn tune2fs_l(&mut self, device: &BStr) -> Result<Vec<(BString, BString)>> {
        let source = self.device_source(device)?;
        let list = Superblock::read(&source).and_then(|superblock| superblock.tune2fs_list()).at_path(device)?;
        Ok(list.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}
