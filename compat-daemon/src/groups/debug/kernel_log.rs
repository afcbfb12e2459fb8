//! The kernel's messages (Documentation/ABI/testing/dev-kmsg in Linux's sources), in the form of dmesg(1).

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;

use bstr::{BString, ByteSlice};
use glassbox_io::Result;
use rustix::fs::OFlags;

/// The longest record: `CONSOLE_EXT_LOG_MAX` of kernel/printk/printk.c.
const RECORD_MAX: usize = 8192;

/// All messages that the kernel still has.
pub fn read() -> Result<BString> {
    let flags = OFlags::NONBLOCK.bits() as i32;
    let mut log = OpenOptions::new().read(true).custom_flags(flags).open("/dev/kmsg")?;
    let mut text = BString::default();
    let mut record = [0; RECORD_MAX];
    loop {
        match log.read(&mut record) {
            Ok(0) => break,
            Ok(count) => text.extend(line(&record[..count]).unwrap_or_default()),
            // No more for now.
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            // The oldest were overwritten meanwhile; the next read goes on with those that are left.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(text)
}

/// `PRIORITY,NUMBER,MICROSECONDS,FLAGS…;MESSAGE`, then lines with a blank before them that dmesg doesn't show.
fn line(record: &[u8]) -> Option<Vec<u8>> {
    let (head, rest) = record.split_once_str(";")?;
    let microseconds: u64 = head.split_str(",").nth(2)?.to_str().ok()?.parse().ok()?;
    let message = rest.lines().next()?;
    let (seconds, fraction) = (microseconds / 1_000_000, microseconds % 1_000_000);
    let mut line = format!("[{seconds:5}.{fraction:06}] ").into_bytes();
    line.extend_from_slice(message);
    line.push(b'\n');
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_become_lines() {
        let record = b"6,339,5140900,-;NET: Registered protocol family 10\n SUBSYSTEM=pci\n";
        assert_eq!(line(record).unwrap().as_bstr(), "[    5.140900] NET: Registered protocol family 10\n");
        assert!(line(b"what").is_none());
        assert!(line(b"6,1;x").is_none());
    }
}
