//! Rows in aligned columns, or as comma-separated values.

use std::io::{self, Write};

use bstr::BString;

/// A table with two spaces between its columns is at most this wide; a wider one gets one space.
const WIDTH: usize = 72;

/// Writes rows as columns, as wide as their widest cell. Cells are bytes: names of a guest.
pub fn aligned(out: &mut dyn Write, rows: &[Vec<BString>]) -> io::Result<()> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cells(cell)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let total: usize = widths.iter().sum();
    let gap = if total + 2 * columns.saturating_sub(1) <= WIDTH { 2 } else { 1 };
    for row in rows {
        let mut line = Vec::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.extend_from_slice(cell);
            line.resize(line.len() + width - cells(cell) + gap, b' ');
        }
        line.truncate(line.trim_ascii_end().len());
        line.push(b'\n');
        out.write_all(&line)?;
    }
    Ok(())
}

/// How many columns of a terminal a text takes; every character counts as one.
fn cells(text: &[u8]) -> usize {
    String::from_utf8_lossy(text).chars().count()
}

/// Writes a row as comma-separated values: cells in quotes where they need them.
pub fn csv(out: &mut dyn Write, row: &[BString]) -> io::Result<()> {
    for (index, cell) in row.iter().enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        let mut quoted = cell.to_vec();
        quote(&mut quoted, 0);
        out.write_all(&quoted)?;
    }
    out.write_all(b"\n")
}

/// Puts what `text` has from `start` on in quotes, if comma-separated values need them.
pub fn quote(text: &mut Vec<u8>, start: usize) {
    if !text[start..].iter().any(|byte| matches!(byte, b',' | b'"' | b' ' | b'\n' | b'\r')) {
        return;
    }
    let bare = text.split_off(start);
    text.push(b'"');
    for byte in bare {
        if byte == b'"' {
            text.push(byte);
        }
        text.push(byte);
    }
    text.push(b'"');
}

/// A number of bytes for people: `20M`, `2.4M`, `512`; units of 1024, rounded to the nearest.
pub fn human(bytes: u64) -> String {
    let bytes = u128::from(bytes);
    let mut scale = 1u128;
    for unit in ["", "K", "M", "G", "T", "P"] {
        // 1023.9K is shown as 1.0M, not as 1024K.
        if rounded(bytes, scale) < 1024 {
            return in_unit(bytes, scale, unit);
        }
        scale *= 1024;
    }
    in_unit(bytes, scale, "E")
}

fn in_unit(bytes: u128, scale: u128, unit: &str) -> String {
    let tenths = rounded(bytes * 10, scale);
    match tenths {
        0..=99 if scale > 1 => format!("{}.{}{unit}", tenths / 10, tenths % 10),
        _ => format!("{}{unit}", rounded(bytes, scale)),
    }
}

fn rounded(number: u128, scale: u128) -> u128 {
    (number + scale / 2) / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<BString> {
        cells.iter().map(|cell| (*cell).into()).collect()
    }

    fn text(write: impl Fn(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_aligned() {
        let rows = [row(&["Name", "Size"]), row(&["é", "1"]), row(&["/dev/sda1", ""])];
        assert_eq!(text(|out| aligned(out, &rows)), "Name       Size\né          1\n/dev/sda1\n");
        let wide = "x".repeat(WIDTH);
        let rows = [row(&["a", &wide])];
        assert_eq!(text(|out| aligned(out, &rows)), format!("a {wide}\n"));
    }

    #[test]
    fn csv_quotes_what_needs_it() {
        assert_eq!(text(|out| csv(out, &row(&["a", "b\"c", "d e", "f,g"]))), "a,\"b\"\"c\",\"d e\",\"f,g\"\n");
    }

    #[test]
    fn sizes_for_people() {
        for (bytes, shown) in [
            (0, "0"),
            (1023, "1023"),
            (1024, "1.0K"),
            (12_288, "12K"),
            (2_500 * 1024, "2.4M"),
            (20_899_840, "20M"),
            (1_048_575, "1.0M"),
            (u64::MAX, "16E"),
        ] {
            assert_eq!(human(bytes), shown, "{bytes}");
        }
    }
}
