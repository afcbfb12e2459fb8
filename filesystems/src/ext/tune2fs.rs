//! What `tune2fs -l` tells of a superblock: the same keys and values.

use glassbox_io::{Fields, Result};

use super::features::{compat, incompat, ro_compat};
use super::superblock::{Superblock, format_uuid};

/// `s_default_mount_opts`: two bits together are the journal's mode, the others are options of their own.
const JOURNAL_MODE: u32 = 0x60;
const JOURNAL_MODES: [(u32, &str); 3] =
    [(0x20, "journal_data"), (0x40, "journal_data_ordered"), (0x60, "journal_data_writeback")];
const MOUNT_OPTIONS: [(u32, &str); 9] = [
    (0x1, "debug"),
    (0x2, "bsdgroups"),
    (0x4, "user_xattr"),
    (0x8, "acl"),
    (0x10, "uid16"),
    (0x100, "nobarrier"),
    (0x200, "block_validity"),
    (0x400, "discard"),
    (0x800, "nodelalloc"),
];
const FLAGS: [(u32, &str); 3] =
    [(0x1, "signed_directory_hash"), (0x2, "unsigned_directory_hash"), (0x4, "test_filesystem")];
const SYSTEMS: [&str; 5] = ["Linux", "Hurd", "Masix", "FreeBSD", "Lites"];
const HASHES: [&str; 7] =
    ["legacy", "half_md4", "tea", "legacy_unsigned", "half_md4_unsigned", "tea_unsigned", "siphash"];
/// `s_first_error_errcode` and `s_last_error_errcode`, from 1 on.
const ERROR_CODES: [&str; 17] = [
    "UNKNOWN",
    "EIO",
    "ENOMEM",
    "EFSBADCRC",
    "EFSCORRUPTED",
    "ENOSPC",
    "ENOKEY",
    "EROFS",
    "EFBIG",
    "EEXIST",
    "ERANGE",
    "EOVERFLOW",
    "EBUSY",
    "ENOTDIR",
    "ENOTEMPTY",
    "ESHUTDOWN",
    "EFAULT",
];

/// The pairs, as they are collected.
struct Pairs<'a> {
    fields: Fields<'a>,
    pairs: Vec<(&'static str, String)>,
}

impl Pairs<'_> {
    fn put(&mut self, key: &'static str, value: impl ToString) {
        self.pairs.push((key, value.to_string()));
    }

    fn put_le16(&mut self, key: &'static str, offset: usize) -> Result<()> {
        let value = self.fields.le16(offset)?;
        self.put(key, value);
        Ok(())
    }

    fn put_le32(&mut self, key: &'static str, offset: usize) -> Result<()> {
        let value = self.fields.le32(offset)?;
        self.put(key, value);
        Ok(())
    }

    /// Only if it isn't 0.
    fn put_nonzero(&mut self, key: &'static str, value: u64) {
        if value != 0 {
            self.put(key, value);
        }
    }

    fn time(&self, low: usize, high: usize) -> Result<u64> {
        Ok((u64::from(self.fields.u8(high)?) << 32) | u64::from(self.fields.le32(low)?))
    }

    /// Number, time, function, line, inode, block and code of the first or the last error that the kernel noted.
    fn put_error(&mut self, keys: [&'static str; 6], offsets: [usize; 6], function: &str) -> Result<()> {
        let [time_key, function_key, line_key, inode_key, block_key, code_key] = keys;
        let [time, time_high, line, inode, block, code] = offsets;
        let seconds = self.time(time, time_high)?;
        if seconds == 0 {
            return Ok(());
        }
        self.put(time_key, date(seconds));
        self.put(function_key, function);
        self.put_le32(line_key, line)?;
        self.put_le32(inode_key, inode)?;
        let block = self.fields.le64(block)?;
        self.put(block_key, block);
        if let Some(index) = usize::from(self.fields.u8(code)?).checked_sub(1) {
            self.put(code_key, ERROR_CODES.get(index).copied().unwrap_or("UNKNOWN"));
        }
        Ok(())
    }
}

impl Superblock {
    /// The keys and values of `tune2fs -l` (1.47), in its order, as libguestfs's `tune2fs_l` returns them: what is
    /// `<none>`, `(none)` or `<not available>` there is empty, dates are in UTC, and users and groups are unknown.
    pub fn tune2fs_list(&self) -> Result<Vec<(&'static str, String)>> {
        let mut list = Pairs { fields: Fields::new(&self.raw), pairs: Vec::with_capacity(64) };
        self.list_identity(&mut list)?;
        self.list_sizes(&mut list)?;
        self.list_history(&mut list)?;
        self.list_reserved(&mut list)?;
        self.list_journal_and_hashes(&mut list)?;
        self.list_errors(&mut list)?;
        self.list_later_features(&mut list)?;
        Ok(list.pairs)
    }

    fn list_identity(&self, list: &mut Pairs<'_>) -> Result<()> {
        let fields = list.fields;
        list.put("Filesystem volume name", self.label());
        list.put("Last mounted on", self.last_mounted());
        list.put("Filesystem UUID", if self.uuid == [0; 16] { String::new() } else { format_uuid(&self.uuid) });
        list.put("Filesystem magic number", format!("0x{:04X}", fields.le16(0x38)?));
        let revision = fields.le32(0x4c)?;
        let name = match revision {
            0 => "original",
            1 => "dynamic",
            _ => "unknown",
        };
        list.put("Filesystem revision #", format!("{revision} ({name})"));
        list.put("Filesystem features", self.feature_names().join(" "));
        let flags = fields.le32(0x160)?;
        if flags != 0 {
            // Each is followed by a space, the last one too.
            let names = FLAGS.iter().filter(|(mask, _)| flags & mask != 0);
            list.put("Filesystem flags", names.map(|(_, name)| format!("{name} ")).collect::<String>());
        }
        list.put("Default mount options", mount_options(fields.le32(0x100)?));
        let options = self.text(0x200, 64);
        if !options.is_empty() {
            list.put("Mount options", options);
        }
        let state = fields.le16(0x3a)?;
        let clean = if state & 1 != 0 { "clean" } else { "not clean" };
        list.put("Filesystem state", format!("{clean}{}", if state & 2 != 0 { " with errors" } else { "" }));
        let behaviour = match fields.le16(0x3c)? {
            1 => "Continue",
            2 => "Remount read-only",
            3 => "Panic",
            _ => "Unknown (continue)",
        };
        list.put("Errors behavior", behaviour);
        let system = usize::try_from(self.creator_os).ok().and_then(|index| SYSTEMS.get(index));
        list.put("Filesystem OS type", system.copied().unwrap_or("(unknown os)"));
        Ok(())
    }

    fn list_sizes(&self, list: &mut Pairs<'_>) -> Result<()> {
        let fields = list.fields;
        let wide = self.has_incompat(incompat::SIXTY_FOUR_BIT);
        let bigalloc = self.has_ro_compat(ro_compat::BIGALLOC);
        list.put("Inode count", self.inodes_count);
        list.put("Block count", self.blocks_count);
        list.put("Reserved block count", self.reserved_blocks_count);
        list.put_nonzero("Overhead clusters", self.overhead_clusters.into());
        let free_high = if wide { fields.le32(0x158)? } else { 0 };
        list.put("Free blocks", (u64::from(free_high) << 32) | u64::from(fields.le32(0xc)?));
        list.put_le32("Free inodes", 0x10)?;
        list.put("First block", self.first_data_block);
        list.put("Block size", self.block_size());
        let key = if bigalloc { "Cluster size" } else { "Fragment size" };
        list.put(key, self.block_size() << self.cluster_bits);
        if wide {
            list.put("Group descriptor size", self.desc_size);
        }
        list.put_nonzero("Reserved GDT blocks", self.reserved_gdt_blocks.into());
        list.put("Blocks per group", self.blocks_per_group);
        list.put_le32(if bigalloc { "Clusters per group" } else { "Fragments per group" }, 0x24)?;
        list.put("Inodes per group", self.inodes_per_group);
        list.put("Inode blocks per group", self.inode_table_blocks());
        list.put_nonzero("RAID stride", fields.le16(0x164)?.into());
        list.put_nonzero("RAID stripe width", fields.le32(0x170)?.into());
        list.put_nonzero("First meta block group", self.first_meta_bg.into());
        match fields.u8(0x174)? {
            0 => {}
            log => list.put("Flex block group size", 1u64.checked_shl(u32::from(log)).unwrap_or(0)),
        }
        Ok(())
    }

    fn list_history(&self, list: &mut Pairs<'_>) -> Result<()> {
        let fields = list.fields;
        let created = list.time(0x108, 0x276)?;
        if created != 0 {
            list.put("Filesystem created", date(created));
        }
        let mounted = list.time(0x2c, 0x275)?;
        list.put("Last mount time", if mounted == 0 { "n/a".into() } else { date(mounted) });
        list.put("Last write time", date(list.time(0x30, 0x274)?));
        list.put_le16("Mount count", 0x34)?;
        list.put("Maximum mount count", fields.le16(0x36)?.cast_signed());
        let checked = list.time(0x40, 0x277)?;
        list.put("Last checked", date(checked));
        let interval = fields.le32(0x44)?;
        list.put("Check interval", format!("{interval} ({})", duration(interval)));
        if interval != 0 {
            list.put("Next check after", date(checked.saturating_add(u64::from(interval))));
        }
        match fields.le64(0x178)? {
            0 => {}
            written => list.put("Lifetime writes", kilobytes(written)),
        }
        Ok(())
    }

    fn list_reserved(&self, list: &mut Pairs<'_>) -> Result<()> {
        let fields = list.fields;
        list.put("Reserved blocks uid", format!("{} (user unknown)", fields.le16(0x50)?));
        list.put("Reserved blocks gid", format!("{} (group unknown)", fields.le16(0x52)?));
        if fields.le32(0x4c)? >= 1 {
            list.put("First inode", self.first_ino);
            list.put("Inode size", self.inode_size);
            list.put_nonzero("Required extra isize", fields.le16(0x15c)?.into());
            list.put_nonzero("Desired extra isize", fields.le16(0x15e)?.into());
        }
        Ok(())
    }

    fn list_journal_and_hashes(&self, list: &mut Pairs<'_>) -> Result<()> {
        let fields = list.fields;
        let journal_uuid = fields.array::<16>(0xd0)?;
        if journal_uuid != [0; 16] {
            list.put("Journal UUID", format_uuid(&journal_uuid));
        }
        list.put_nonzero("Journal inode", self.journal_inum.into());
        let device = fields.le32(0xe4)?;
        if device != 0 {
            list.put("Journal device", format!("0x{device:04x}"));
        }
        list.put_nonzero("First orphan inode", self.last_orphan.into());
        if self.has_compat(compat::DIR_INDEX) || self.def_hash_version != 0 {
            let name = HASHES.get(usize::from(self.def_hash_version)).map(|name| (*name).to_owned());
            list.put("Default directory hash", name.unwrap_or_else(|| format!("HASHALG_{}", self.def_hash_version)));
        }
        let seed = fields.array::<16>(0xec)?;
        if seed != [0; 16] {
            list.put("Directory Hash Seed", format_uuid(&seed));
        }
        match fields.u8(0xfd)? {
            0 => {}
            1 => list.put("Journal backup", "inode blocks"),
            kind => list.put("Journal backup", format!("type {kind}")),
        }
        if self.has_compat(compat::SPARSE_SUPER2) {
            let groups = self.backup_bgs.iter().filter(|group| **group != 0);
            list.put("Backup block groups", groups.map(|group| format!("{group} ")).collect::<String>());
        }
        if fields.le32(0x180)? != 0 {
            list.put_le32("Snapshot inode", 0x180)?;
            list.put_le32("Snapshot ID", 0x184)?;
            list.put("Snapshot reserved blocks", fields.le64(0x188)?);
            list.put_le32("Snapshot list head", 0x190)?;
        }
        Ok(())
    }

    fn list_errors(&self, list: &mut Pairs<'_>) -> Result<()> {
        list.put_nonzero("FS Error count", list.fields.le32(0x194)?.into());
        list.put_error(
            [
                "First error time",
                "First error function",
                "First error line #",
                "First error inode #",
                "First error block #",
                "First error err",
            ],
            [0x198, 0x278, 0x1c8, 0x19c, 0x1a0, 0x27a],
            &self.text(0x1a8, 32).to_string(),
        )?;
        list.put_error(
            [
                "Last error time",
                "Last error function",
                "Last error line #",
                "Last error inode #",
                "Last error block #",
                "Last error err",
            ],
            [0x1cc, 0x279, 0x1d4, 0x1d0, 0x1d8, 0x27b],
            &self.text(0x1e0, 32).to_string(),
        )
    }

    fn list_later_features(&self, list: &mut Pairs<'_>) -> Result<()> {
        let fields = list.fields;
        if self.has_incompat(incompat::MMP) {
            list.put("MMP block number", fields.le64(0x168)?);
            list.put_le16("MMP update interval", 0x166)?;
        }
        for (key, offset) in [("User quota inode", 0x240), ("Group quota inode", 0x244), ("Project quota inode", 0x26c)]
        {
            list.put_nonzero(key, fields.le32(offset)?.into());
        }
        if self.has_metadata_checksums() {
            list.put("Checksum type", if fields.u8(0x175)? == 1 { "crc32c" } else { "unknown" });
            list.put("Checksum", format!("0x{:08x}", fields.le32(0x3fc)?));
        }
        let salt = fields.array::<16>(0x258)?;
        if salt != [0; 16] {
            list.put("Encryption PW Salt", format_uuid(&salt));
        }
        if self.has_incompat(incompat::CSUM_SEED) {
            list.put("Checksum seed", format!("0x{:08x}", fields.le32(0x270)?));
        }
        if self.has_incompat(incompat::CASEFOLD) {
            list.put("Character encoding", if self.encoding == 1 { "utf8-12.1" } else { "unknown" });
        }
        if self.has_compat(compat::ORPHAN_FILE) {
            list.put("Orphan file inode", self.orphan_file_inum);
        }
        Ok(())
    }
}

fn mount_options(word: u32) -> String {
    let mode = JOURNAL_MODES.iter().find(|(mode, _)| word & JOURNAL_MODE == *mode).map(|(_, name)| (*name).to_owned());
    let others = (0..u32::BITS).filter(|&bit| word & !JOURNAL_MODE & (1 << bit) != 0).map(|bit| {
        let known = MOUNT_OPTIONS.iter().find(|(mask, _)| *mask == 1 << bit);
        known.map_or_else(|| format!("MNTOPT_{bit}"), |(_, name)| (*name).to_owned())
    });
    mode.into_iter().chain(others).collect::<Vec<_>>().join(" ")
}

/// Kilobytes in the largest unit that leaves at least 8 of them, rounded.
fn kilobytes(count: u64) -> String {
    const UNITS: [(&str, u32); 4] = [("kB", 0), ("MB", 10), ("GB", 20), ("TB", 30)];
    for (unit, shift) in UNITS {
        if count.wrapping_shr(shift.saturating_add(13)) == 0 {
            let half = 1u64.wrapping_shl(shift) >> 1;
            return format!("{} {unit}", count.saturating_add(half).wrapping_shr(shift));
        }
    }
    format!("{} PB", count.saturating_add(1 << 39) >> 40)
}

/// `2 months, 3 weeks, 1 day, 4:05:06`, where a month has 30 days.
fn duration(seconds: u32) -> String {
    const UNITS: [(u32, &str); 3] = [(30 * 86400, "month"), (7 * 86400, "week"), (86400, "day")];
    if seconds == 0 {
        return "<none>".into();
    }
    let mut parts = Vec::new();
    let mut left = seconds;
    for (length, name) in UNITS {
        let (count, rest) = (left.checked_div(length).unwrap_or(0), left.checked_rem(length).unwrap_or(0));
        if count > 0 {
            parts.push(format!("{count} {name}{}", if count > 1 { "s" } else { "" }));
        }
        left = rest;
    }
    if left > 0 {
        parts.push(format!("{}:{:02}:{:02}", left / 3600, left % 3600 / 60, left % 60));
    }
    parts.join(", ")
}

/// A time as C's `ctime` prints it, in UTC.
fn date(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, time) = (seconds / 86400, seconds % 86400);
    let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    // 40 bits of seconds end in the year 36812: counting year by year is cheap and plain.
    let (mut year, mut left) = (1970u64, days);
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => break,
        }
        year = year.saturating_add(1);
    }
    let lengths = [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = "";
    for (name, length) in MONTHS.into_iter().zip(lengths) {
        month = name;
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => break,
        }
    }
    let day = usize::try_from(days % 7).ok().and_then(|index| DAYS.get(index)).copied().unwrap_or("");
    let (hour, minute, second) = (time / 3600, time % 3600 / 60, time % 60);
    format!("{day} {month} {:2} {hour:02}:{minute:02}:{second:02} {year}", left.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(date(0), "Thu Jan  1 00:00:00 1970");
        assert_eq!(date(951_782_400), "Tue Feb 29 00:00:00 2000");
        assert_eq!(date(1_795_373_580), "Sun Nov 22 18:53:00 2026");
        assert_eq!(date(4_107_542_399), "Sun Feb 28 23:59:59 2100");
        assert_eq!(date(4_107_542_400), "Mon Mar  1 00:00:00 2100");
    }

    #[test]
    fn durations_and_sizes() {
        assert_eq!(duration(15_552_000), "6 months");
        assert_eq!(
            duration(2_592_000 + 604_800 + 2 * 86400 + 3 * 3600 + 4 * 60 + 5),
            "1 month, 1 week, 2 days, 3:04:05"
        );
        assert_eq!(kilobytes(8191), "8191 kB");
        assert_eq!(kilobytes(8192), "8 MB");
        assert_eq!(kilobytes(22 * 1024 + 512), "23 MB");
    }
}
