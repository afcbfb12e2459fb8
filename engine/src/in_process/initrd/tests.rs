use std::io::Write;

use super::*;

fn archive(members: &[(&str, u32, u32, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, mode, inode, contents) in members.iter().chain([&("TRAILER!!!", 0, 0, "")]) {
        let nlink = if *inode > 100 { 2 } else { 1 };
        let numbers = [*inode, *mode, 0, 0, nlink, 0, contents.len() as u32, 8, 1, 0, 0, name.len() as u32 + 1, 0];
        out.extend_from_slice(b"070701");
        numbers.iter().for_each(|number| out.extend_from_slice(format!("{number:08x}").as_bytes()));
        out.extend_from_slice(name.as_bytes());
        out.push(0);
        out.resize(out.len().next_multiple_of(4), 0);
        out.extend_from_slice(contents.as_bytes());
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

fn files() -> Vec<u8> {
    archive(&[
        (".", 0o40755, 1, ""),
        ("etc/first", 0o100644, 101, ""),
        ("etc/second", 0o100644, 101, "linked"),
        ("init", 0o100755, 2, "#!/bin/sh\n"),
    ])
}

fn list(initrd: &Vec<u8>) -> Result<Vec<String>> {
    let mut names = Vec::new();
    members(initrd, &mut |member| {
        names.push(member.name.to_string());
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(names)
}

fn compressors() -> Vec<(&'static str, Vec<u8>)> {
    let files = files();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&files).unwrap();
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bzip2.write_all(&files).unwrap();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 0);
    xz.write_all(&files).unwrap();
    let options = liblzma::stream::LzmaOptions::new_preset(0).unwrap();
    let stream = liblzma::stream::Stream::new_lzma_encoder(&options).unwrap();
    let mut lzma = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    lzma.write_all(&files).unwrap();
    let block = lz4_flex::block::compress(&files);
    let lz4 = [&0x184c_2102_u32.to_le_bytes()[..], &(block.len() as u32).to_le_bytes(), &block].concat();
    let mut lzop = Vec::new();
    let mut encoder = crate::in_process::lzop::Encoder::new(&mut lzop).unwrap();
    encoder.write_all(&files).unwrap();
    encoder.finish().unwrap();
    vec![
        ("plain", files.clone()),
        ("gzip", gzip.finish().unwrap()),
        ("bzip2", bzip2.finish().unwrap()),
        ("xz", xz.finish().unwrap()),
        ("lzma", lzma.finish().unwrap()),
        ("zstd", zstd::encode_all(files.as_slice(), 1).unwrap()),
        ("lz4", lz4),
        ("lzop", lzop),
    ]
}

#[test]
fn every_compression_is_undone() {
    for (kind, initrd) in compressors() {
        assert_eq!(list(&initrd).unwrap(), [".", "etc/first", "etc/second", "init"], "{kind}");
    }
}

#[test]
fn archives_follow_one_another() {
    let microcode = archive(&[("kernel/x86/microcode", 0o100644, 1, "code")]);
    for (kind, initrd) in compressors() {
        let all = [microcode.clone(), vec![0; 1024], microcode.clone(), initrd].concat();
        let names = list(&all).unwrap();
        assert_eq!(names.len(), 6, "{kind}");
        assert_eq!(names.last().unwrap(), "init", "{kind}");
    }
}

#[test]
fn what_is_no_initrd_is_refused() {
    assert!(list(&b"one\ntwo\n".to_vec()).is_err());
    assert!(list(&zstd::encode_all(&b"text"[..], 1).unwrap()).is_err());
    assert!(list(&Vec::new()).unwrap().is_empty());
    assert!(list(&b"\x89LZO\0\r\n\x1a\n".to_vec()).is_err());
}

#[test]
fn damage_is_an_error_or_less_never_a_panic() {
    for (kind, initrd) in compressors() {
        for length in (0..initrd.len()).step_by(7) {
            let _ = list(&initrd[..length].to_vec());
        }
        for at in 0..initrd.len().min(600) {
            let mut damaged = initrd.clone();
            damaged[at] ^= 0x11;
            if let Ok(names) = list(&damaged) {
                assert!(names.len() <= 4, "{kind}");
            }
        }
    }
}

#[test]
fn names_are_compared_without_their_beginning() {
    for name in ["./etc/passwd", "/etc/passwd", "etc/passwd"] {
        assert_eq!(plain(name.into()), "etc/passwd");
    }
    assert_eq!(plain("..data".into()), "..data");
    assert_eq!(plain(".hidden".into()), ".hidden");
}
