//! Pictures of a guest that aren't PNG files yet, for its icon.

mod bitmap;
mod program;
mod text;

pub use program::bitmap;
pub use text::draw;

use std::io::Write;

use crc32fast::Hasher;
use flate2::Compression;
use flate2::write::ZlibEncoder;

/// The most pixels that an icon is wide or high.
pub const LARGEST: usize = 1024;
/// The eight bytes that begin a PNG (PNG specification, 5.2).
pub const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Pixels of red, green and blue, row by row from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    pixels: Vec<[u8; 3]>,
}

impl Picture {
    /// All but the rows below the first `height`.
    pub fn top(mut self, height: usize) -> Picture {
        self.pixels.truncate(self.width * height);
        self
    }

    /// As a PNG file.
    pub fn to_png(&self) -> Vec<u8> {
        let height = self.pixels.len() / self.width.max(1);
        let number = |number: usize| u32::try_from(number).unwrap_or(0).to_be_bytes();
        let mut header = [number(self.width), number(height)].concat();
        // 11.2.2: eight bits a sample, truecolour, and the only methods that there are.
        header.extend([8, 2, 0, 0, 0]);
        let mut rows = ZlibEncoder::new(Vec::new(), Compression::default());
        for row in self.pixels.chunks(self.width.max(1)) {
            // 9.2: a row that isn't filtered. A Vec takes all that is written.
            let _ = rows.write_all(&[0]).and_then(|()| rows.write_all(row.as_flattened()));
        }
        let mut file = PNG_SIGNATURE.to_vec();
        chunk(&mut file, b"IHDR", &header);
        chunk(&mut file, b"IDAT", &rows.finish().unwrap_or_default());
        chunk(&mut file, b"IEND", b"");
        file
    }
}

/// 5.3: its length, its type, what it holds, and a checksum of both.
fn chunk(file: &mut Vec<u8>, kind: &[u8; 4], contents: &[u8]) {
    file.extend(u32::try_from(contents.len()).unwrap_or(0).to_be_bytes());
    file.extend(kind);
    file.extend(contents);
    let mut checksum = Hasher::new();
    checksum.update(kind);
    checksum.update(contents);
    file.extend(checksum.finalize().to_be_bytes());
}
