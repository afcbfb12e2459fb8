//! Directories listed as `ls -la` lists them in the C locale and UTC.

use std::io::Write;
use std::ops::ControlFlow;
use std::time::{SystemTime, UNIX_EPOCH};

use bstr::{BStr, BString};
use glassbox_filesystems::{FileType, Stat};
use glassbox_io::Result;

use crate::calendar::Date;
use crate::vfs::{Follow, Located, Vfs, join};

/// Files changed longer ago than half of a mean Gregorian year (or in the future) are shown with the year instead of
/// the time of day.
const RECENT: i64 = 31_556_952 / 2;

/// A line of the listing.
struct Row {
    name: BString,
    stat: Stat,
    target: Option<BString>,
    mark: Option<char>,
}

/// A directory with all its files, or one file. `security` adds a column for SELinux contexts.
pub fn long(vfs: &Vfs, path: &BStr, security: bool) -> Result<BString> {
    let found = vfs.resolve(path, Follow::Always)?;
    let stat = found.stat()?;
    if stat.file_type() != FileType::Directory {
        // libguestfs shows the path that its appliance knows the file by.
        let mut shown = BString::from("/sysroot");
        shown.extend_from_slice(&found.path);
        return Ok(table(&[row(&found, shown)?], security));
    }
    let parent = vfs.resolve(join(found.path.as_ref(), "..".into()).as_ref(), Follow::Always)?;
    let mut rows = vec![row(&found, ".".into())?, row(&parent, "..".into())?];
    let mut names = Vec::new();
    found.filesystem.read_dir(found.node, &mut |entry| {
        names.push((entry.name.to_owned(), entry.node));
        ControlFlow::Continue(())
    })?;
    for (name, node) in names {
        if let Some(child) = vfs.child(&found, node, name.as_ref()) {
            rows.push(row(&child, name)?);
        }
    }
    rows.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let blocks: u64 = rows.iter().map(|row| row.stat.blocks).sum();
    let mut text = BString::from(format!("total {}\n", blocks.div_ceil(2)));
    text.extend_from_slice(&table(&rows, security));
    Ok(text)
}

fn row(found: &Located, name: BString) -> Result<Row> {
    let stat = found.stat()?;
    let target = match stat.file_type() {
        FileType::Symlink => Some(found.filesystem.read_link(found.node)?),
        _ => None,
    };
    Ok(Row { name, stat, target, mark: mark(found, &stat)? })
}

/// What `ls` puts behind the permissions: `+` where an access control list says more than they do, `.` where there is but a
/// security context.
fn mark(found: &Located, stat: &Stat) -> Result<Option<char>> {
    if stat.file_type() == FileType::Symlink {
        return Ok(None);
    }
    let mut mark = None;
    for xattr in found.filesystem.xattrs(found.node)? {
        match xattr.name.as_slice() {
            b"system.posix_acl_access" | b"system.posix_acl_default" => return Ok(Some('+')),
            b"security.selinux" => mark = Some('.'),
            _ => {}
        }
    }
    Ok(mark)
}

fn table(rows: &[Row], security: bool) -> BString {
    let width = |cell: &dyn Fn(&Row) -> String| rows.iter().map(|row| cell(row).len()).max().unwrap_or(0);
    let is_device = |row: &Row| matches!(row.stat.file_type(), FileType::CharDevice | FileType::BlockDevice);
    let numbers = |row: &Row| (major(row.stat.rdev).to_string(), minor(row.stat.rdev).to_string());
    let links = width(&|row| row.stat.nlink.to_string());
    let (user, group) = (width(&|row| row.stat.uid.to_string()), width(&|row| row.stat.gid.to_string()));
    let majors = width(&|row| if is_device(row) { numbers(row).0 } else { String::new() });
    let minors = width(&|row| if is_device(row) { numbers(row).1 } else { String::new() });
    let sizes = width(&|row| if is_device(row) { String::new() } else { row.stat.size.to_string() });
    let devices = if majors > 0 { majors + 2 + minors } else { 0 };
    let size_width = sizes.max(devices);
    let marks = usize::from(rows.iter().any(|row| row.mark.is_some()));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs() as i64);
    let mut text = Vec::new();
    for row in rows {
        let Stat { nlink, uid, gid, .. } = row.stat;
        let size = match is_device(row) {
            true => {
                let (major, minor) = numbers(row);
                let minor_width = size_width - majors - 2;
                format!("{major:>majors$}, {minor:>minor_width$}")
            }
            false => format!("{:>size_width$}", row.stat.size),
        };
        let context = if security { "? " } else { "" };
        let time = time(row.stat.mtime.seconds, now);
        let mode = mode(&row.stat);
        let mark = row.mark.map_or(String::new(), String::from);
        let written = write!(
            text,
            "{mode}{mark:marks$} {nlink:>links$} {uid:>user$} {gid:>group$} {context}{size} {time} {}",
            row.name
        );
        debug_assert!(written.is_ok(), "a vector takes all bytes");
        if let Some(target) = &row.target {
            text.extend_from_slice(b" -> ");
            text.extend_from_slice(target);
        }
        text.push(b'\n');
    }
    text.into()
}

/// `drwxr-sr-x`: the type and the permissions.
pub fn mode(stat: &Stat) -> String {
    let mode = stat.mode;
    let mut text = String::with_capacity(10);
    text.push(match stat.file_type() {
        FileType::Regular => '-',
        FileType::Directory => 'd',
        FileType::Symlink => 'l',
        FileType::CharDevice => 'c',
        FileType::BlockDevice => 'b',
        FileType::Fifo => 'p',
        FileType::Socket => 's',
        FileType::Unknown => '?',
    });
    // (permission's shift, special bit, its letter)
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => letter,
            (true, false) => letter.to_ascii_uppercase(),
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    text
}

fn time(seconds: i64, now: i64) -> String {
    let date = Date::from_unix(seconds);
    let recent = now - RECENT < seconds && seconds <= now;
    match recent {
        true => format!("{} {:>2} {:02}:{:02}", date.month_name(), date.day, date.hour, date.minute),
        false => format!("{} {:>2}  {}", date.month_name(), date.day, date.year),
    }
}

fn major(rdev: u64) -> u64 {
    (rdev >> 32 & 0xffff_f000) | (rdev >> 8 & 0xfff)
}

fn minor(rdev: u64) -> u64 {
    (rdev >> 12 & 0xffff_ff00) | rdev & 0xff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_and_times() {
        let mode_of = |bits: u32| mode(&Stat { mode: bits, ..Stat::default() });
        assert_eq!(mode_of(0o106751), "-rwsr-s--x");
        assert_eq!(mode_of(0o041776), "drwxrwxrwT");
        assert_eq!(mode_of(0o104644), "-rwSr--r--");
        assert_eq!(time(0, 1_000_000), "Jan  1 00:00");
        assert_eq!(time(0, 1_000_000_000), "Jan  1  1970");
        assert_eq!(time(2_000_000_000, 1_000_000_000), "May 18  2033");
    }

    #[test]
    fn device_numbers_take_the_place_of_sizes() {
        let row = |name: &str, mode, rdev, size| Row {
            name: name.into(),
            stat: Stat { mode, rdev, size, nlink: 1, ..Stat::default() },
            target: None,
            mark: None,
        };
        let rows = [
            row("blk", 0o060640, crate::device_name::makedev(259, 70000), 0),
            row("chr", 0o020640, crate::device_name::makedev(5, 1), 0),
            row("fifo", 0o010644, 0, 0),
        ];
        let text = table(&rows, true).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "brw-r----- 1 0 0 ? 259, 70000 Jan  1  1970 blk");
        assert_eq!(lines[1], "crw-r----- 1 0 0 ?   5,     1 Jan  1  1970 chr");
        assert_eq!(lines[2], "prw-r--r-- 1 0 0 ?          0 Jan  1  1970 fifo");
    }

    #[test]
    fn numbers_are_to_the_right_and_marks_widen_the_permissions() {
        let row = |name: &str, uid, mark| Row {
            name: name.into(),
            stat: Stat { mode: 0o100644, uid, nlink: 1, ..Stat::default() },
            target: None,
            mark,
        };
        let text = table(&[row("acl", 0, Some('+')), row("plain", 1000, None)], false).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "-rw-r--r--+ 1    0 0 0 Jan  1  1970 acl");
        assert_eq!(lines[1], "-rw-r--r--  1 1000 0 0 Jan  1  1970 plain");
    }
}
