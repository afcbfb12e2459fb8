//! What the dynamic loader needs to know of a program or library: its interpreter, and the libraries that it names.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use bstr::{BString, ByteSlice};
use elf::abi;
use elf::endian::LittleEndian;
use elf::segment::ProgramHeader;
use glassbox_io::{Error, Result, ResultExt};

/// The magic number and the class (64-bit) of the files that we look into.
const IDENT: &[u8] = b"\x7fELF\x02";
/// No name in a dynamic section is longer than a path.
const MAX_NAME: usize = 4096;
/// Fields of the header (ELF-64 object file format, figure 2) that tell of sections, which nothing needs at run time.
const E_SHOFF: std::ops::Range<usize> = 0x28..0x30;
const E_SHNUM_AND_E_SHSTRNDX: std::ops::Range<usize> = 0x3c..0x40;

/// The dynamic linking of one file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Dynamic {
    /// The machine that it is for (`e_machine`).
    pub machine: u16,
    /// The dynamic loader; none in libraries and static programs.
    pub interpreter: Option<BString>,
    /// The names of its libraries (`DT_NEEDED`).
    pub needed: Vec<BString>,
    /// Where those are looked for first (`DT_RPATH`, `DT_RUNPATH`), `$ORIGIN` and all.
    pub search: Vec<BString>,
}

impl Dynamic {
    /// Reads the file at `path`. `None` if it is no 64-bit ELF file.
    pub fn read(path: &Path) -> Result<Option<Dynamic>> {
        let file = File::open(path).at_file(path)?;
        let mut ident = [0; IDENT.len()];
        if file.read_exact_at(&mut ident, 0).is_err() || ident != IDENT {
            return Ok(None);
        }
        parse(&file).map(Some).at_file(path)
    }
}

fn parse(file: &File) -> Result<Dynamic> {
    let mut elf = elf::ElfStream::<LittleEndian, _>::open_stream(file).map_err(corrupt)?;
    let segments: Vec<ProgramHeader> = elf.segments().clone();
    let mut dynamic = Dynamic { machine: elf.ehdr.e_machine, ..Dynamic::default() };
    if let Some(segment) = segments.iter().find(|segment| segment.p_type == abi::PT_INTERP) {
        dynamic.interpreter = Some(string_at(file, segment.p_offset)?);
    }
    let Some(entries) = elf.dynamic().map_err(corrupt)? else { return Ok(dynamic) };
    let entries: Vec<(i64, u64)> =
        entries.iter().map(|entry| (entry.d_tag, entry.d_val())).take_while(|(tag, _)| *tag != abi::DT_NULL).collect();
    let Some((_, strings)) = entries.iter().find(|(tag, _)| *tag == abi::DT_STRTAB) else { return Ok(dynamic) };
    let strings =
        file_offset(&segments, *strings).ok_or_else(|| Error::corrupt("ELF: a string table outside the file"))?;
    for (tag, value) in entries {
        let text = || string_at(file, strings.saturating_add(value));
        match tag {
            abi::DT_NEEDED => dynamic.needed.push(text()?),
            abi::DT_RPATH | abi::DT_RUNPATH => {
                dynamic.search.extend(text()?.split_str(":").map(BString::from));
            }
            _ => {}
        }
    }
    Ok(dynamic)
}

/// The file's part that is loaded at run time, without sections and debugging information: often a tenth of the file.
pub(crate) fn loaded_part(path: &Path) -> Result<Vec<u8>> {
    let read = || -> Result<Vec<u8>> {
        let file = File::open(path)?;
        let elf = elf::ElfStream::<LittleEndian, _>::open_stream(&file).map_err(corrupt)?;
        let loaded = elf.segments().iter().filter(|segment| segment.p_type == abi::PT_LOAD);
        let end = loaded.map(|segment| segment.p_offset.saturating_add(segment.p_filesz)).max().unwrap_or(0);
        if end > file.metadata()?.len() {
            return Err(Error::corrupt("ELF: a segment beyond the file's end"));
        }
        let mut bytes = vec![0; end as usize];
        file.read_exact_at(&mut bytes, 0)?;
        for field in [E_SHOFF, E_SHNUM_AND_E_SHSTRNDX] {
            bytes.get_mut(field).ok_or_else(|| Error::corrupt("ELF: nothing is loaded"))?.fill(0);
        }
        Ok(bytes)
    };
    read().at_file(path)
}

/// The offset in the file of what is loaded at `address`.
fn file_offset(segments: &[ProgramHeader], address: u64) -> Option<u64> {
    segments.iter().filter(|segment| segment.p_type == abi::PT_LOAD).find_map(|segment| {
        let within = address.checked_sub(segment.p_vaddr).filter(|within| *within < segment.p_filesz)?;
        within.checked_add(segment.p_offset)
    })
}

fn string_at(file: &File, offset: u64) -> Result<BString> {
    let mut bytes = [0; MAX_NAME];
    let count = file.read_at(&mut bytes, offset)?;
    let end = bytes[..count].find_byte(0).ok_or_else(|| Error::corrupt("ELF: a name without an end"))?;
    Ok(bytes[..end].into())
}

fn corrupt(error: elf::ParseError) -> Error {
    match error {
        elf::ParseError::IOError(error) => error.into(),
        error => Error::corrupt(format!("ELF: {error}")),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A library with one segment that holds everything: header, program headers, dynamic section, strings.
    pub(in super::super) fn library(needed: &[&str], runpath: Option<&str>, interpreter: Option<&str>) -> Vec<u8> {
        const HEADERS: u64 = 64 + 3 * 56;
        let mut strings = vec![0];
        let mut dynamic: Vec<(u64, u64)> = Vec::new();
        let mut add = |tag: u64, text: &str, strings: &mut Vec<u8>| {
            dynamic.push((tag, strings.len() as u64));
            strings.extend_from_slice(text.as_bytes());
            strings.push(0);
        };
        needed.iter().for_each(|name| add(abi::DT_NEEDED as u64, name, &mut strings));
        runpath.iter().for_each(|path| add(abi::DT_RUNPATH as u64, path, &mut strings));
        let dynamic_size = (dynamic.len() as u64 + 2) * 16;
        dynamic.extend([(abi::DT_STRTAB as u64, 0x10000 + HEADERS + dynamic_size), (0, 0)]);
        let interp_at = HEADERS + dynamic_size + strings.len() as u64;
        strings.extend_from_slice(interpreter.unwrap_or_default().as_bytes());
        strings.push(0);
        let end = HEADERS + dynamic_size + strings.len() as u64;

        let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
        bytes.extend([3, 0, 62, 0, 1, 0, 0, 0]);
        bytes.extend([0u64, 64, 0].map(u64::to_le_bytes).concat());
        let count = if interpreter.is_some() { 3 } else { 2 };
        bytes.extend([0u16, 0, 64, 56, count, 64, 0, 0].map(u16::to_le_bytes).concat());
        let segments =
            [(abi::PT_LOAD, 0, end), (abi::PT_DYNAMIC, HEADERS, dynamic_size), (abi::PT_INTERP, interp_at, 9)];
        for (kind, offset, size) in segments {
            bytes.extend(kind.to_le_bytes());
            bytes.extend(4u32.to_le_bytes());
            bytes.extend([offset, 0x10000 + offset, 0x10000 + offset, size, size, 8].map(u64::to_le_bytes).concat());
        }
        dynamic.iter().for_each(|(tag, value)| bytes.extend([*tag, *value].map(u64::to_le_bytes).concat()));
        bytes.extend(strings);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Option<Dynamic>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        Dynamic::read(file.path())
    }

    #[test]
    fn names_of_libraries_are_found() {
        let bytes = library(&["libc.so.6", "libz.so.1"], Some("$ORIGIN/../lib:/opt"), Some("/lib/ld"));
        let dynamic = read(&bytes).unwrap().unwrap();
        assert_eq!(dynamic.needed, ["libc.so.6", "libz.so.1"]);
        assert_eq!(dynamic.search, ["$ORIGIN/../lib", "/opt"]);
        assert_eq!((dynamic.machine, dynamic.interpreter.unwrap().as_slice()), (62, &b"/lib/ld"[..]));
        assert_eq!(read(&library(&[], None, None)).unwrap().unwrap().interpreter, None);
        assert_eq!(read(b"#!/bin/sh\n").unwrap(), None);
        assert_eq!(read(b"\x7fELF\x01").unwrap(), None);
    }

    #[test]
    fn damaged_files_give_errors() {
        let good = library(&["libc.so.6"], None, Some("/lib/ld"));
        for cut in [6, 40, 70, 150, good.len() - 14] {
            assert!(read(&good[..cut]).is_err(), "cut at {cut}");
        }
        for place in 4..good.len() {
            let mut bad = good.clone();
            bad[place] ^= 0xff;
            let _ = read(&bad);
        }
    }

    #[test]
    fn what_is_not_loaded_is_cut_off() {
        let mut bytes = library(&["libc.so.6"], None, None);
        let loaded = bytes.len();
        bytes[0x28] = 200;
        bytes.extend([1; 5000]);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        let part = loaded_part(file.path()).unwrap();
        assert_eq!((part.len(), part[0x28]), (loaded, 0));
    }
}
