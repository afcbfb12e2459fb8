//! Bytes of requests and replies, worked out by hand from RFC 4506 and the protocol: one vector at least for every
//! kind of argument, optional argument and result.

use glassbox_api::bstr::BStr;
use glassbox_api::options::*;
use glassbox_api::requests::*;
use glassbox_api::structs::*;
use glassbox_api::xdr::{Decoder, Encoder};
use glassbox_api::*;

/// The request has these bytes and this mask, and comes back from them.
fn check_request<'a>(call: impl FromArguments<'a>, body: &[u8], optargs: u64) {
    let call = Pending::new(call);
    let encoded = call.encode_arguments().unwrap();
    assert_eq!((BStr::new(&encoded.body), encoded.optargs), (BStr::new(body), optargs), "{}", call.info().name);
    let (mut input, mut output) = (std::io::empty(), std::io::sink());
    let streams = Streams { input: Some(&mut input), output: Some(&mut output) };
    let mut source = xdr::ArgumentDecoder::new(call.info(), body, optargs, streams).unwrap();
    assert_eq!(request(call.info(), &mut source).unwrap().arguments(), call.arguments());
    source.finish().unwrap();
}

#[test]
fn an_older_library_knows_fewer_optional_arguments() {
    // `forceno` came after `correct` and `forceall`.
    let body = b"\0\0\0\x08/dev/sda\0\0\0\x01\0\0\0\0";
    let decode = |optargs| {
        let streams = Streams { input: None, output: None };
        let mut source = xdr::ArgumentDecoder::new(E2fsck::INFO, body, optargs, streams)?;
        let request = request(E2fsck::INFO, &mut source)?;
        source.finish().map(|()| request.arguments())
    };
    let opts = E2fsckOpts { correct: Some(true), forceall: None, forceno: None };
    assert_eq!(decode(1).unwrap(), Pending::new(E2fsck { device: "/dev/sda".into(), opts }).arguments());
    assert!(decode(0b101).is_err(), "it is said to be there");
}

/// The reply has these bytes, and comes back from them.
fn check_reply<C: Call>(reply: C::Reply, body: &[u8])
where
    C::Reply: PartialEq + std::fmt::Debug,
{
    let mut encoder = Encoder::default();
    reply.encode(&mut encoder);
    assert_eq!(BStr::new(&encoder.finish().unwrap()), BStr::new(body), "{}", C::INFO.name);
    let mut decoder = Decoder::new(body).unwrap();
    assert_eq!(C::Reply::decode(&mut decoder).unwrap(), reply, "{}", C::INFO.name);
    decoder.finish().unwrap();
}

#[test]
fn no_arguments_have_no_body() {
    check_request(Sync, b"", 0);
    check_reply::<Sync>((), b"");
}

#[test]
fn strings_of_every_kind_are_counted_and_padded() {
    let luks = LuksFormat { device: "/dev/sda".into(), key: "kÿ".into(), keyslot: 1 };
    check_request(luks, b"\0\0\0\x08/dev/sda\0\0\0\x03k\xc3\xbf\0\0\0\0\x01", 0);
    check_request(Cat { path: "/etc/x".into() }, b"\0\0\0\x06/etc/x\0\0", 0);
    check_request(VfsType { mountable: "btrfsvol:/dev/a/s".into() }, b"\0\0\0\x11btrfsvol:/dev/a/s\0\0\0", 0);
    check_request(Cat { path: BStr::new(b"\xff") }, b"\0\0\0\x01\xff\0\0\0", 0);
    check_request(
        PartSetGptType { device: "/d".into(), partnum: -1, guid: "".into() },
        b"\0\0\0\x02/d\0\0\xff\xff\xff\xff\0\0\0\0",
        0,
    );
}

#[test]
fn numbers_and_truth_values() {
    check_request(TruncateSize { path: "/a".into(), size: -2 }, b"\0\0\0\x02/a\0\0\xff\xff\xff\xff\xff\xff\xff\xfe", 0);
    check_request(HeadN { nrlines: 258, path: "/a".into() }, b"\0\0\x01\x02\0\0\0\x02/a\0\0", 0);
    check_request(LvmScan { activate: true }, b"\0\0\0\x01", 0);
    check_request(LvmScan { activate: false }, b"\0\0\0\0", 0);
}

#[test]
fn optional_strings_and_lists() {
    check_request(AugDefvar { name: "n".into(), expr: None }, b"\0\0\0\x01n\0\0\0\0\0\0\0", 0);
    check_request(AugDefvar { name: "n".into(), expr: Some("".into()) }, b"\0\0\0\x01n\0\0\0\0\0\0\x01\0\0\0\0", 0);
    check_request(LvmSetFilter { devices: StringList::default() }, b"\0\0\0\0", 0);
    check_request(
        LvmSetFilter { devices: ["/dev/a", "/b"].into() },
        b"\0\0\0\x02\0\0\0\x06/dev/a\0\0\0\0\0\x02/b\0\0",
        0,
    );
}

#[test]
fn buffers_hold_any_bytes() {
    check_request(
        Pwrite { path: "/a".into(), content: b"\0\xff\x01\0\x02", offset: 1 << 32 },
        b"\0\0\0\x02/a\0\0\0\0\0\x05\0\xff\x01\0\x02\0\0\0\0\0\0\x01\0\0\0\0",
        0,
    );
}

#[test]
fn files_are_not_in_the_message() {
    let mut content = &b"content"[..];
    check_request(Upload { filename: &mut content, remotefilename: "/up".into() }, b"\0\0\0\x03/up\0", 0);
    let mut sink = Vec::new();
    check_request(Download { remotefilename: "/dn".into(), filename: &mut sink }, b"\0\0\0\x03/dn\0", 0);
}

#[test]
fn optional_arguments_have_their_place_given_or_not() {
    let grep = |opts| Grep { regex: "x".into(), path: "/".into(), opts };
    check_request(grep(GrepOpts::default()), b"\0\0\0\x01x\0\0\0\0\0\0\x01/\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 0);
    // `false` is given here, and has a bit.
    check_request(
        grep(GrepOpts { fixed: Some(false), compressed: Some(true), ..Default::default() }),
        b"\0\0\0\x01x\0\0\0\0\0\0\x01/\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01",
        0b1010,
    );
    // blocksize: Int, features: String, inode: Int, sectorsize: Int, label: String
    check_request(
        Mkfs {
            fstype: "ext4".into(),
            device: "/dev/sda".into(),
            opts: MkfsOpts { blocksize: Some(4096), label: Some("root".into()), ..Default::default() },
        },
        b"\0\0\0\x04ext4\0\0\0\x08/dev/sda\0\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x04root",
        0b10001,
    );
    // superblock: Int64, repair: Bool
    check_request(
        BtrfsFsck { device: "/d".into(), opts: BtrfsFsckOpts { superblock: Some(-1), repair: None } },
        b"\0\0\0\x02/d\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0",
        0b01,
    );
    // compress: String, numericowner: Bool, excludes: String[], xattrs, selinux, acls: Bool
    let mut sink = Vec::new();
    check_request(
        TarOut {
            directory: "/".into(),
            tarfile: &mut sink,
            opts: TarOutOpts { excludes: Some(["*.o"].into()), acls: Some(true), ..Default::default() },
        },
        b"\0\0\0\x01/\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x03*.o\0\0\0\0\0\0\0\0\0\0\0\0\x01",
        0b100100,
    );
}

#[test]
fn simple_results() {
    check_reply::<Exists>(true, b"\0\0\0\x01");
    check_reply::<Exists>(false, b"\0\0\0\0");
    check_reply::<Umask>(0o22, b"\0\0\0\x12");
    check_reply::<Filesize>(1 << 40, b"\0\0\x01\0\0\0\0\0");
    check_reply::<VfsType>("ext4".into(), b"\0\0\0\x04ext4");
    check_reply::<Lvs>(vec!["/dev/v/l".into(), "".into()], b"\0\0\0\x02\0\0\0\x08/dev/v/l\0\0\0\0");
    check_reply::<Pread>(b"\0\0\xff".to_vec(), b"\0\0\0\x03\0\0\xff\0");
    check_reply::<Blkid>(vec![("TYPE".into(), "xfs".into())], b"\0\0\0\x02\0\0\0\x04TYPE\0\0\0\x03xfs\0");
    assert!(
        Vec::<(bstr::BString, bstr::BString)>::decode(&mut Decoder::new(b"\0\0\0\x01\0\0\0\x04TYPE").unwrap()).is_err()
    );
}

#[test]
fn structs_have_their_fields_one_after_the_other() {
    // i, b: Int32
    check_reply::<AugDefnode>(IntBool { i: -1, b: 1 }, b"\xff\xff\xff\xff\0\0\0\x01");
    // part_num: Int32; part_start, part_end, part_size: Bytes
    check_reply::<PartList>(
        vec![Partition { part_num: 5, part_start: 512, part_end: 1023, part_size: 512 }],
        b"\0\0\0\x01\0\0\0\x05\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x03\xff\0\0\0\0\0\0\x02\0",
    );
    // in_wd: Int64, in_mask, in_cookie: UInt32, in_name: String
    check_reply::<InotifyRead>(
        vec![InotifyEvent { in_wd: 1, in_mask: 0x8000_0000, in_cookie: 2, in_name: "f".into() }],
        b"\0\0\0\x01\0\0\0\0\0\0\0\x01\x80\0\0\0\0\0\0\x02\0\0\0\x01f\0\0\0",
    );
    // attrname: String, attrval: Buffer
    check_reply::<Lgetxattrs>(
        vec![Xattr { attrname: "user.a".into(), attrval: b"\0\x01".to_vec() }],
        b"\0\0\0\x01\0\0\0\x06user.a\0\0\0\0\0\x02\0\x01\0\0",
    );
    // btrfsqgroup_id: String; rfer, excl: UInt64
    check_reply::<BtrfsQgroupShow>(
        vec![BtrfsQgroup { btrfsqgroup_id: "0/5".into(), btrfsqgroup_rfer: u64::MAX, btrfsqgroup_excl: 1 }],
        b"\0\0\0\x01\0\0\0\x030/5\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\x01",
    );
}

/// `readdir` is the library's; the daemon streams its structs to it back to back.
#[test]
fn directory_entries() {
    let entries =
        [Dirent { ino: 2, ftyp: b'd', name: ".".into() }, Dirent { ino: 12, ftyp: 0x80, name: "file".into() }];
    let mut encoder = Encoder::default();
    entries.iter().for_each(|entry| Record::encode(entry, &mut encoder));
    let bytes = encoder.finish().unwrap();
    // A character is a word, sign-extended as C's `char` is on x86.
    let expected = b"\0\0\0\0\0\0\0\x02\0\0\0d\0\0\0\x01.\0\0\0\0\0\0\0\0\0\0\x0c\xff\xff\xff\x80\0\0\0\x04file";
    assert_eq!(BStr::new(&bytes), BStr::new(expected));
    let mut decoder = Decoder::new(&bytes).unwrap();
    let mut decoded = Vec::new();
    while decoder.remaining() > 0 {
        decoded.push(<Dirent as Record>::decode(&mut decoder).unwrap());
    }
    assert_eq!(decoded, entries);
    // A peer whose `char` is unsigned sends another word for the same character.
    let unsigned = b"\0\0\0\0\0\0\0\x0c\0\0\0\x80\0\0\0\x04file";
    assert_eq!(<Dirent as Record>::decode(&mut Decoder::new(unsigned).unwrap()).unwrap(), entries[1]);
}

#[test]
fn uuids_and_percentages() {
    let lv = LvmLv {
        lv_uuid: *b"0123456789abcdefghijklmnopqrstuv",
        snap_percent: Some(12.5),
        copy_percent: None,
        ..Default::default()
    };
    let mut encoder = Encoder::default();
    Record::encode(&lv, &mut encoder);
    let bytes = encoder.finish().unwrap();
    // lv_name: String, lv_uuid: Uuid, which has no length before it.
    assert_eq!(BStr::new(&bytes[..36]), BStr::new(b"\0\0\0\x000123456789abcdefghijklmnopqrstuv"));
    // lv_attr: String, 5 numbers, lv_size: Bytes, origin: String; then 12.5 and -1.0 (IEEE 754).
    let percentages = 36 + 4 + 4 * 8 + 8 + 8 + 4;
    assert_eq!(bytes[percentages..percentages + 8], [0x41, 0x48, 0, 0, 0xBF, 0x80, 0, 0]);
    assert_eq!(<LvmLv as Record>::decode(&mut Decoder::new(&bytes).unwrap()).unwrap(), lv);
}

#[test]
fn padding_and_truth_values_are_checked() {
    for wrong in [
        &b"\0\0\0\x01x\0\0\x01"[..], // padding that isn't zero
        b"\0\0\0\x01x\0\0",          // padding that is missing
        b"\0\0\0\x05xxxx",           // more bytes than there are
        b"\xff\xff\xff\xffxxxx",
    ] {
        assert!(Decoder::new(wrong).unwrap().opaque().is_err());
    }
    assert!(Decoder::new(b"\0\0\0\x02").unwrap().bool().is_err());
    assert!(Decoder::new(b"\0\0\x01\0").unwrap().char().is_err());
}
