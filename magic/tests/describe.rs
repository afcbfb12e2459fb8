//! What libmagic is given to see, and what becomes of errors. Its answers are compared with file(1)'s in `tests/tests/magic.rs`.

use std::io::{Read, repeat};
use std::sync::atomic::{AtomicU64, Ordering};

use glassbox_io::{Errno, Error, ReadAt, Result};
use glassbox_magic::{Kind, Magic};

const FILE: Kind = Kind::File { mode: 0o644 };

fn describe(bytes: &[u8], kind: Kind) -> String {
    Magic::new().unwrap().describe(&bytes.to_vec(), kind).unwrap().to_string()
}

/// A 64-bit little-endian ELF executable: its header, and a section header table of two entries somewhere.
fn elf_header(section_headers: u64) -> Vec<u8> {
    let mut header = b"\x7fELF\x02\x01\x01".to_vec();
    header.resize(16, 0);
    header.extend([2, 0, 0x3e, 0, 1, 0, 0, 0]); // e_type, e_machine, e_version
    header.extend([0; 16]); // e_entry, e_phoff
    header.extend(section_headers.to_le_bytes()); // e_shoff
    header.extend([0, 0, 0, 0, 64, 0, 56, 0, 0, 0, 64, 0, 2, 0, 0, 0]); // e_flags to e_shstrndx
    header
}

/// A section header of this type.
fn section_header(kind: u32) -> Vec<u8> {
    let mut header = vec![0; 4];
    header.extend(kind.to_le_bytes());
    header.resize(64, 0);
    header
}

/// A file of 10 GiB: an ELF header, a hole, and section headers at the end.
struct LargeElf {
    beginning: Vec<u8>,
    end: Vec<u8>,
    read: AtomicU64,
}

impl LargeElf {
    const LENGTH: u64 = 10 << 30;

    /// `SHT_SYMTAB` is what makes a file *not stripped*.
    fn new() -> Self {
        let end = [section_header(0), section_header(2)].concat();
        LargeElf { beginning: elf_header(Self::LENGTH - end.len() as u64), end, read: AtomicU64::new(0) }
    }
}

impl ReadAt for LargeElf {
    fn len(&self) -> u64 {
        Self::LENGTH
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let count = buf.len().min(usize::try_from(Self::LENGTH.saturating_sub(offset)).unwrap());
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        for (place, byte) in (offset..).zip(&mut buf[..count]) {
            let from_end = Self::LENGTH - place;
            *byte = match self.end.len().checked_sub(usize::try_from(from_end).unwrap()) {
                Some(index) => self.end[index],
                None => self.beginning.get(usize::try_from(place).unwrap()).copied().unwrap_or(0),
            };
        }
        Ok(count)
    }
}

#[test]
fn headers_at_the_end_are_read_where_they_are() {
    let file = LargeElf::new();
    let description = Magic::new().unwrap().describe(&file, FILE).unwrap().to_string();
    assert!(description.starts_with("ELF 64-bit LSB executable, x86-64"), "{description}");
    assert!(description.ends_with(", not stripped"), "{description}");
    assert!(file.read.into_inner() < 16 << 20, "more was read than libmagic looks at");
}

#[test]
fn permissions_belong_to_files() {
    assert_eq!(describe(b"plain text\n", Kind::File { mode: 0o6755 }), "setuid, setgid , ASCII text");
    assert_eq!(describe(b"", Kind::File { mode: 0o1644 }), "sticky, empty");
    assert_eq!(describe(b"", Kind::Device), "empty");
    assert_eq!(describe(b"x", FILE), "very short file (no magic)");
}

#[test]
fn what_is_not_ascii_is_escaped_whatever_the_locale_is() {
    let mut gzip = b"\x1f\x8b\x08\x08\0\0\0\0\0\x03".to_vec();
    gzip.extend("né.txt\0".as_bytes());
    gzip.extend([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]); // an empty deflate block, its CRC and size
    assert_eq!(describe(&gzip, FILE), "empty (gzip compressed data, was \"n\\303\\251.txt\", from Unix)");
}

#[test]
fn one_description_leaves_nothing_behind_for_the_next() {
    let mut magic = Magic::new().unwrap();
    let json = b"{\"key\": [1, 2]}\n".to_vec();
    let first = magic.describe(&json, FILE).unwrap();
    magic.describe(&LargeElf::new(), FILE).unwrap();
    magic.describe_stream(&mut &b"a stream"[..]).unwrap();
    assert_eq!(magic.describe(&json, FILE).unwrap(), first);
    assert_eq!(first, "JSON text data");
}

#[test]
fn threads_have_their_own() {
    let described = || describe(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x20\0\0\0\x10\x08\x06\0\0\0", FILE);
    let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(described)).collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), "PNG image data, 32 x 16, 8-bit/color RGBA, non-interlaced");
    }
}

#[test]
fn a_stream_is_read_no_further_than_needed() {
    let mut stream = repeat(b'x').take(1 << 40);
    let description = Magic::new().unwrap().describe_stream(&mut stream).unwrap();
    assert_eq!(description, "ASCII text, with very long lines (65536), with no line terminators");
    assert!(stream.limit() > (1 << 40) - (16 << 20));
}

/// Can be read up to a place.
struct Failing {
    beginning: Vec<u8>,
    length: u64,
}

impl ReadAt for Failing {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        match offset {
            0 => self.beginning.read_at(buf, 0),
            _ => Err(Error::os(Errno::EIO).at_offset(offset)),
        }
    }
}

#[test]
fn a_file_that_cant_be_read_is_not_described() {
    let mut magic = Magic::new().unwrap();
    let beginning = [elf_header(1 << 20), vec![0; 1000]].concat();
    let elf = Failing { beginning, length: 2 << 20 };
    let error = magic.describe(&elf, FILE).unwrap_err();
    assert_eq!((error.errno(), error.offset()), (Errno::EIO, Some(1 << 20)));
    // zstd is read on, behind what libmagic has seen.
    let zstd = Failing { beginning: zstd::encode_all(repeat(0).take(1 << 20), 3).unwrap(), length: 2 << 20 };
    assert_eq!(magic.describe(&zstd, FILE).unwrap_err().errno(), Errno::EIO);
}
