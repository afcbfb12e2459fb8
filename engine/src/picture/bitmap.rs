//! Device-independent bitmaps, as resources hold them (\[MS-WMF\] 2.2.2.9, DeviceIndependentBitmap).

use glassbox_io::{Error, Fields, Result};

use super::{LARGEST, Picture};

/// The size of BitmapInfoHeader (2.2.2.3), which tells it from the older BitmapCoreHeader, and the newer ones that begin with it.
const INFO_HEADER: usize = 40;
/// 2.1.1.7: the compression that is none.
const BI_RGB: u32 = 0;

/// The picture that a bitmap without its file's header is.
pub(super) fn decode(bitmap: &[u8]) -> Result<Picture> {
    let fields = Fields::new(bitmap);
    let header_size = fields.le32(0)? as usize;
    if header_size < INFO_HEADER {
        return Err(Error::unsupported("bitmaps of OS/2"));
    }
    let (width, height) = (fields.le32(4)?.cast_signed(), fields.le32(8)?.cast_signed());
    let (bits, compression, colours) = (fields.le16(14)?, fields.le32(16)?, fields.le32(32)?);
    // A negative height says that the first row is the upper one.
    let rows = height.unsigned_abs() as usize;
    let columns = usize::try_from(width).unwrap_or(0);
    if !(1..=LARGEST).contains(&columns) || !(1..=LARGEST).contains(&rows) {
        return Err(Error::corrupt(format!("a bitmap of {width}×{height} pixels")));
    }
    if compression != BI_RGB {
        return Err(Error::unsupported(format!("bitmaps of compression {compression}")));
    }
    let palette_length = match bits {
        1 | 4 | 8 if colours == 0 => 1 << bits,
        1 | 4 | 8 => (colours as usize).min(1 << bits),
        16 | 24 | 32 => colours as usize,
        _ => return Err(Error::unsupported(format!("bitmaps of {bits} bits a pixel"))),
    };
    let palette_size = palette_length.checked_mul(4).ok_or_else(|| Error::corrupt("a bitmap's palette"))?;
    let palette = fields.slice(header_size, palette_size)?;
    // Rows are made of whole 32-bit words.
    let stride = (columns * usize::from(bits)).div_ceil(32) * 4;
    let data = fields.slice(header_size + palette_size, stride * rows)?;
    let mut pixels = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        let row = if height > 0 { rows - 1 - row } else { row };
        let row = &data[row * stride..][..stride];
        pixels.extend((0..columns).map(|column| pixel(row, column, bits, palette)));
    }
    Ok(Picture { width: columns, pixels })
}

fn pixel(row: &[u8], column: usize, bits: u16, palette: &[u8]) -> [u8; 3] {
    let colour = |index: u8| match palette.get(4 * usize::from(index)..) {
        Some(&[blue, green, red, ..]) => [red, green, blue],
        _ => [0; 3],
    };
    // The first pixel is in the uppermost bits.
    match bits {
        1 => colour(row[column / 8] >> (7 - column % 8) & 1),
        4 => colour(row[column / 2] >> (4 * (1 - column % 2)) & 0xf),
        8 => colour(row[column]),
        16 => {
            let value = u16::from_le_bytes([row[2 * column], row[2 * column + 1]]);
            // Five bits each, blue the lowest.
            [10, 5, 0].map(|shift| ((u32::from(value >> shift & 0x1f) * 255 + 15) / 31) as u8)
        }
        _ => {
            let at = column * usize::from(bits / 8);
            [row[at + 2], row[at + 1], row[at]]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: [u8; 3] = [255, 0, 0];
    const BLUE: [u8; 3] = [0, 0, 255];

    /// A header, a palette of red and blue where there is one, and the rows.
    fn bitmap(width: i32, height: i32, bits: u16, rows: &[u8]) -> Vec<u8> {
        let mut bitmap = [40, width, height].map(i32::to_le_bytes).concat();
        bitmap.extend([1, 0]);
        bitmap.extend(bits.to_le_bytes());
        let colours: u32 = if bits <= 8 { 2 } else { 0 };
        bitmap.extend([0, 0, 0, 0, colours, 0].map(u32::to_le_bytes).concat());
        if bits <= 8 {
            bitmap.extend([0, 0, 255, 0, 255, 0, 0, 0]);
        }
        bitmap.extend(rows);
        bitmap
    }

    #[test]
    fn every_depth() {
        // Red, blue in the lower row, which comes first; blue, red above.
        for (bits, rows) in [
            (1, &[0b0100_0000, 0, 0, 0, 0b1000_0000, 0, 0, 0][..]),
            (4, &[0x01, 0, 0, 0, 0x10, 0, 0, 0]),
            (8, &[0, 1, 0, 0, 1, 0, 0, 0]),
            (16, &[0, 0x7c, 0x1f, 0, 0x1f, 0, 0, 0x7c]),
            (24, &[0, 0, 255, 255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0]),
            (32, &[0, 0, 255, 9, 255, 0, 0, 9, 255, 0, 0, 9, 0, 0, 255, 9]),
        ] {
            let picture = decode(&bitmap(2, 2, bits, rows)).unwrap();
            assert_eq!(picture, Picture { width: 2, pixels: vec![BLUE, RED, RED, BLUE] }, "{bits}");
            let upright = decode(&bitmap(2, -2, bits, rows)).unwrap();
            assert_eq!(upright.pixels, [RED, BLUE, BLUE, RED], "{bits}");
            assert!(decode(&bitmap(2, 2, bits, &rows[..7])).is_err(), "{bits}");
        }
    }

    #[test]
    fn nonsense() {
        for (width, height) in [(0, 1), (1, 0), (-1, 1), (1, i32::MIN), (i32::MAX, i32::MAX)] {
            assert!(decode(&bitmap(width, height, 32, &[0; 64])).is_err());
        }
        assert!(decode(&bitmap(1, 1, 7, &[0; 64])).unwrap_err().is_unsupported());
        assert!(decode(b"").is_err());
        // A colour that the palette doesn't have.
        assert_eq!(decode(&bitmap(1, 1, 8, &[9, 0, 0, 0])).unwrap().pixels, [[0; 3]]);
    }
}
