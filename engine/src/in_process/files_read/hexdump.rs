//! hexdump's canonical form (`hexdump -C`).

use std::io::Write;

use bstr::BString;
use glassbox_io::{ReadAt, Result};

/// Bytes in a line.
const LINE: usize = 16;

/// All of `file` in hexadecimal and as text. Lines equal to the one before are shown as one `*`.
pub fn canonical(file: &dyn ReadAt) -> Result<BString> {
    let mut text = Vec::new();
    let mut buf = vec![0; 64 << 10];
    let mut last: Option<[u8; LINE]> = None;
    let mut starred = false;
    let mut offset = 0;
    loop {
        let count = file.read_at(&mut buf, offset)?;
        for line in buf[..count].chunks(LINE) {
            if last.is_some_and(|last| last == line) {
                if !starred {
                    text.extend_from_slice(b"*\n");
                }
                starred = true;
            } else {
                show(&mut text, offset, line)?;
                starred = false;
            }
            last = line.try_into().ok();
            offset += line.len() as u64;
        }
        if count < buf.len() {
            break;
        }
    }
    if offset > 0 {
        writeln!(text, "{offset:08x}")?;
    }
    Ok(text.into())
}

fn show(text: &mut Vec<u8>, offset: u64, line: &[u8]) -> Result<()> {
    write!(text, "{offset:08x}  ")?;
    for place in 0..LINE {
        match line.get(place) {
            Some(byte) => write!(text, "{byte:02x} ")?,
            None => write!(text, "   ")?,
        }
        if place == LINE / 2 - 1 {
            text.push(b' ');
        }
    }
    text.extend_from_slice(b" |");
    text.extend(line.iter().map(|byte| if (b' '..=b'~').contains(byte) { *byte } else { b'.' }));
    text.extend_from_slice(b"|\n");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_hexdump_prints_it() {
        assert_eq!(
            canonical(&b"a\0b foo\nc\n".to_vec()).unwrap(),
            "00000000  61 00 62 20 66 6f 6f 0a  63 0a                    |a.b foo.c.|\n0000000a\n"
        );
        let zeros = "00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n*\n00000041\n";
        let text = canonical(&vec![0; 65]).unwrap().to_string();
        assert_eq!(text.lines().count(), 4, "{text}");
        assert!(text.starts_with(&zeros[..zeros.len() - 9]) && text.ends_with("00000041\n"), "{text}");
        assert_eq!(canonical(&Vec::new()).unwrap(), "");
    }
}
