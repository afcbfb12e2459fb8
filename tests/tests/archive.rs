//! Archives against GNU tar, GNU cpio and the decompressors of the host.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bstr::ByteSlice;
use glassbox_api::options::{AddDriveOpts, CompressOutOpts, CpioOutOpts, TarOutOpts};
use glassbox_api::{Archive, Blockdev, Drives, FilesRead, HandleConfig, Launching, Mounting};
use glassbox_engine::Handle;
use glassbox_io::{Errno, ErrorKind};
use glassbox_tests::archives::{cpio_listing, decompress, tar_listing};
use glassbox_tests::fixture;
use glassbox_tests::fixtures::scratch;

/// The tree that the oracles archived.
fn mounted() -> (Handle, PathBuf) {
    let folder = fixture("archive");
    let mut g = Handle::without_environment();
    // What the parsers don't answer shall fail.
    g.set_backend("inprocess".into()).unwrap();
    let opts = AddDriveOpts { readonly: Some(true), format: Some("raw".into()), ..Default::default() };
    g.add_drive(folder.join("image.img").as_os_str().as_encoded_bytes().into(), opts).unwrap();
    g.launch().unwrap();
    g.mount_ro("/dev/sda".into(), "/".into()).unwrap();
    (g, folder)
}

fn tar(g: &mut Handle, directory: &str, opts: TarOutOpts<'_>) -> Vec<u8> {
    let mut archive = Vec::new();
    g.tar_out(directory.into(), &mut archive, opts).unwrap();
    archive
}

/// Byte by byte; tells the first member that differs, instead of two archives.
fn assert_same(what: &str, ours: &[u8], theirs: &Path) {
    let theirs = fs::read(theirs).expect("the fixture has the archive");
    if ours == theirs {
        return;
    }
    let (ours_listed, theirs_listed) = (tar_listing(ours).unwrap(), tar_listing(&theirs).unwrap());
    for (ours, theirs) in ours_listed.iter().zip(&theirs_listed) {
        assert_eq!(ours, theirs, "{what}");
    }
    let at = ours.iter().zip(&theirs).position(|(ours, theirs)| ours != theirs);
    panic!("{what}: {} and {} bytes, different from {at:?} on", ours.len(), theirs.len());
}

#[test]
fn tar_archives_equal_gnu_tars() {
    let (mut g, folder) = mounted();
    assert_same("gnu", &tar(&mut g, "/", TarOutOpts::default()), &folder.join("gnu.tar"));
    assert_same("links", &tar(&mut g, "/links", TarOutOpts::default()), &folder.join("links.tar"));
    let everything = TarOutOpts { xattrs: Some(true), selinux: Some(true), acls: Some(true), ..Default::default() };
    assert_same("pax", &tar(&mut g, "/", everything), &folder.join("pax.tar"));
}

#[test]
fn tar_leaves_out_what_gnu_tar_leaves_out() {
    let (mut g, folder) = mounted();
    let patterns = fs::read(folder.join("patterns")).unwrap();
    let patterns: Vec<_> = patterns.lines().map(|line| line.as_bstr()).collect();
    let opts = TarOutOpts { excludes: Some(patterns.as_slice().into()), ..Default::default() };
    let archive = tar(&mut g, "/", opts);
    assert_same("excluded", &archive, &folder.join("excluded.tar"));
    assert!(archive.len() < tar(&mut g, "/", TarOutOpts::default()).len());
}

#[test]
fn cpio_archives_equal_gnu_cpios() {
    let (mut g, folder) = mounted();
    for format in ["newc", "crc"] {
        let mut archive = Vec::new();
        g.cpio_out("/".into(), &mut archive, CpioOutOpts { format: Some(format.into()) }).unwrap();
        let theirs = fs::read(folder.join(format!("{format}.cpio"))).unwrap();
        assert_eq!(archive.len(), theirs.len());
        // The kernel's number of the device is another; nothing else is.
        assert_eq!(cpio_listing(&archive).unwrap(), cpio_listing(&theirs).unwrap(), "{format}");
        let names = |archive: &[u8]| {
            let file = scratch("cpio").join(format);
            fs::write(&file, archive).unwrap();
            let listed = Command::new("cpio").arg("-itv").stdin(fs::File::open(file).unwrap()).output().unwrap();
            assert!(listed.status.success(), "{}", listed.stderr.as_bstr());
            listed.stdout
        };
        assert_eq!(names(&archive).as_bstr(), names(&theirs).as_bstr(), "{format}: the order of members");
    }
}

#[test]
fn compressors_are_undone_by_their_programs() {
    let (mut g, _) = mounted();
    let scratch = scratch("compress");
    let plain = tar(&mut g, "/sizes", TarOutOpts::default());
    let programs =
        [("gzip", "gzip"), ("bzip2", "bzip2"), ("xz", "xz"), ("lzma", "xz"), ("zstd", "zstd"), ("lzop", "lzop")];
    for (kind, program) in programs {
        let file = scratch.join(kind);
        let opts = TarOutOpts { compress: Some(kind.into()), ..Default::default() };
        fs::write(&file, tar(&mut g, "/sizes", opts)).unwrap();
        assert!(decompress(program, &file).unwrap() == plain, "{kind}");
        assert!(fs::metadata(&file).unwrap().len() < plain.len() as u64);
    }
    let content = g.read_file("/repetitive.txt".into()).unwrap();
    for (kind, level) in
        [("gzip", None), ("gzip", Some(1)), ("bzip2", Some(1)), ("xz", Some(0)), ("xz", None), ("lzop", None)]
    {
        let mut out = Vec::new();
        g.compress_out(kind.into(), "/repetitive.txt".into(), &mut out, CompressOutOpts { level }).unwrap();
        let file = scratch.join("file");
        fs::write(&file, &out).unwrap();
        assert!(decompress(kind, &file).unwrap() == content, "{kind} {level:?}");
    }
    let mut out = Vec::new();
    g.compress_device_out("gzip".into(), "/dev/sda".into(), &mut out, Default::default()).unwrap();
    let file = scratch.join("device");
    fs::write(&file, &out).unwrap();
    let size = g.blockdev_getsize64("/dev/sda".into()).unwrap();
    assert_eq!(decompress("gzip", &file).unwrap().len() as i64, size);
}

#[test]
fn base64_equals_coreutils() {
    let (mut g, folder) = mounted();
    let mut out = Vec::new();
    g.base64_out("/sizes/s4097".into(), &mut out).unwrap();
    assert_eq!(out.as_bstr(), fs::read(folder.join("s4097.base64")).unwrap().as_bstr());
}

#[test]
fn mistakes_are_named_as_libguestfs_names_them() {
    let (mut g, _) = mounted();
    let mut out = Vec::new();
    let mut says = |directory: &str, opts| g.tar_out(directory.into(), &mut out, opts).unwrap_err().to_string();
    assert_eq!(says("/nope", TarOutOpts::default()), "stat: /nope: No such file or directory");
    assert_eq!(says("/sizes/s1", TarOutOpts::default()), "/sizes/s1: not a directory");
    let nonsense = TarOutOpts { compress: Some("nonsense".into()), ..Default::default() };
    assert_eq!(says("/", nonsense), "unknown compression type: nonsense");
    let error = g.cpio_out("/".into(), &mut out, CpioOutOpts { format: Some("odc".into()) }).unwrap_err();
    assert_eq!(error.to_string(), "odc: format must be 'newc' or 'crc'");
    let compress = TarOutOpts { compress: Some("compress".into()), ..Default::default() };
    assert_eq!(g.tar_out("/".into(), &mut out, compress).unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(out.is_empty());
}

#[test]
fn trees_are_copied_to_the_host() {
    let (mut g, _) = mounted();
    let target = scratch("copy-out");
    let path = |path: &Path| bstr::BString::from(path.as_os_str().as_encoded_bytes());
    for directory in ["links", "names", "meta", "sizes", "nodes"] {
        g.copy_out(format!("/{directory}").as_str().into(), path(&target).as_ref()).unwrap();
        let mut listed = Command::new("tar");
        listed.arg("-C").arg(target.join(directory)).args(["--numeric-owner", "-cf", "-", "."]);
        let theirs = listed.output().unwrap().stdout;
        let ours = tar(&mut g, &format!("/{directory}"), TarOutOpts::default());
        assert_eq!(tar_listing(&theirs).unwrap(), tar_listing(&ours).unwrap(), "{directory}");
    }
    g.copy_out("/sizes/s4097".into(), path(&target).as_ref()).unwrap();
    assert_eq!(fs::read(target.join("s4097")).unwrap(), g.read_file("/sizes/s4097".into()).unwrap());
    let error = g.copy_out("/nope".into(), path(&target).as_ref()).unwrap_err();
    assert_eq!(error.to_string(), "‘/nope’ is not a file or directory");
    let error = g.copy_out("/sizes".into(), path(&target.join("nope")).as_ref()).unwrap_err();
    assert_eq!(error.to_string(), format!("target ‘{}’ is not a directory", target.join("nope").display()));
}

/// The tree of the archives has every type of file.
#[test]
fn types_of_files_are_told_by_their_inodes() {
    let (mut g, _) = mounted();
    for (path, expected) in [
        ("/nodes", "directory"),
        ("/nodes/chr", "character device"),
        ("/nodes/blk", "block device"),
        ("/nodes/fifo", "FIFO"),
        ("/nodes/socket", "socket"),
        ("/links/dangling", "symbolic link"),
        ("/sizes/s0", "empty"),
    ] {
        assert_eq!(g.file(path.into()).unwrap(), expected, "{path}");
    }
    assert_eq!(g.file("/nope".into()).unwrap_err().to_string(), "lstat: /nope: No such file or directory");
    assert_eq!(g.file("/sizes/s1".into()).unwrap(), "very short file (no magic)");
}

/// What lies in the way on the host may have been put there to lead elsewhere.
#[test]
fn copies_never_leave_their_target() {
    let (mut g, _) = mounted();
    let scratch = scratch("copy-out-links");
    let (target, outside) = (scratch.join("target"), scratch.join("outside"));
    fs::create_dir_all(&target).unwrap();
    fs::create_dir_all(&outside).unwrap();
    fs::write(outside.join("file"), "untouched").unwrap();
    std::os::unix::fs::symlink(&outside, target.join("sizes")).unwrap();
    std::os::unix::fs::symlink(outside.join("file"), target.join("repetitive.txt")).unwrap();
    let to = bstr::BString::from(target.as_os_str().as_encoded_bytes());
    let error = g.copy_out("/sizes".into(), to.as_ref()).unwrap_err();
    assert!(matches!(error.errno(), Errno::ENOTDIR | Errno::ELOOP), "{error:?}");
    g.copy_out("/repetitive.txt".into(), to.as_ref()).unwrap();
    assert_eq!(fs::read_to_string(outside.join("file")).unwrap(), "untouched");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    assert!(fs::symlink_metadata(target.join("repetitive.txt")).unwrap().is_file());
}
