//! Text as a picture.

use font8x8::legacy::BASIC_LEGACY;

use super::{LARGEST, Picture};

/// A character is as many pixels wide, and twice as high, as on a terminal.
const WIDTH: usize = 8;
const HEIGHT: usize = 16;
/// Pixels around it all.
const MARGIN: usize = 8;
const INK: [u8; 3] = [0; 3];
const PAPER: [u8; 3] = [255; 3];

/// Black on white, as a terminal shows it; what isn't ASCII stays empty, what doesn't fit an icon is cut off.
pub fn draw(text: &[u8]) -> Picture {
    let end = text.trim_ascii_end().len();
    let lines: Vec<&[u8]> = text[..end].split(|byte| *byte == b'\n').take((LARGEST - 2 * MARGIN) / HEIGHT).collect();
    let columns = lines.iter().map(|line| line.len()).max().unwrap_or(0).min((LARGEST - 2 * MARGIN) / WIDTH);
    let width = columns * WIDTH + 2 * MARGIN;
    let mut pixels = vec![PAPER; width * (lines.len() * HEIGHT + 2 * MARGIN)];
    for (row, line) in lines.iter().enumerate() {
        for (column, byte) in line.iter().take(columns).enumerate() {
            let Some(glyph) = BASIC_LEGACY.get(usize::from(*byte)) else { continue };
            for y in 0..HEIGHT {
                let start = (MARGIN + row * HEIGHT + y) * width + MARGIN + column * WIDTH;
                for (x, pixel) in pixels[start..][..WIDTH].iter_mut().enumerate() {
                    // The lowest bit is on the left.
                    if glyph[y / 2] >> x & 1 == 1 {
                        *pixel = INK;
                    }
                }
            }
        }
    }
    Picture { width, pixels }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns() {
        let picture = draw(b"  |\n-\n\n");
        assert_eq!((picture.width, picture.pixels.len() / picture.width), (3 * WIDTH + 16, 2 * HEIGHT + 16));
        let ink = |left: usize, top: usize| {
            let inside = |y: usize| {
                &picture.pixels[(MARGIN + top * HEIGHT + y) * picture.width + MARGIN + left * WIDTH..][..WIDTH]
            };
            (0..HEIGHT).flat_map(inside).filter(|pixel| **pixel == INK).count()
        };
        assert_eq!((ink(0, 0), ink(1, 0), ink(1, 1)), (0, 0, 0));
        assert!(ink(2, 0) > HEIGHT && ink(0, 1) >= WIDTH, "{} {}", ink(2, 0), ink(0, 1));
    }

    #[test]
    fn what_does_not_fit() {
        let picture = draw(&[b'x'; 5000]);
        assert_eq!((picture.width, picture.pixels.len()), (LARGEST, LARGEST * (HEIGHT + 2 * MARGIN)));
        assert_eq!(draw(b"\xff\0\x01").pixels.iter().filter(|pixel| **pixel == INK).count(), 0);
        assert_eq!(draw(b"").width, 2 * MARGIN);
    }
}
