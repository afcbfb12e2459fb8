//! Both styles of answering calls, side by side.

use bstr::{BStr, BString};
use glassbox_api::options::MkfsOpts;
use glassbox_api::structs::Partition;
use glassbox_api::*;
use glassbox_io::Result;

/// Answers by hand: it isn't a `Door`.
#[derive(Default)]
struct ByHand {
    made: Vec<BString>,
}

impl Partitions for ByHand {
    fn part_list(&mut self, device: &BStr) -> Result<Vec<Partition>> {
        assert_eq!(device, "/dev/sda");
        Ok(vec![Partition { part_num: 1, part_start: 512, part_end: 1023, part_size: 512 }])
    }
}

impl FilesRead for ByHand {
    fn download(&mut self, remotefilename: &BStr, filename: &mut dyn std::io::Write) -> Result<()> {
        Ok(filename.write_all(remotefilename)?)
    }
}

impl FilesystemCreateCheck for ByHand {
    fn mkfs(&mut self, fstype: &BStr, device: &BStr, opts: MkfsOpts<'_>) -> Result<()> {
        self.made.push(format!("{fstype} {device} {:?} {:?}", opts.label, opts.inode).into());
        Ok(())
    }
}

macro_rules! answers_nothing {
    ($type:ty: $($group:ident)*) => { $(impl $group for $type {})* };
}
answers_nothing!(ByHand: Archive Augeas Blockdev Boot Btrfs Checksums Commands Debugging Drives Ext F2fs Features
    FilesWrite FilesystemDetect HandleConfig Hivex HostImage Initrd Inotify Inspection Journal Launching Ldm
    LibvirtAuth Luks Lvm Md Mounting LocalMounting Ntfs Rsyncing Selinux Swap Syncing TestBindings Tsk XattrAcl Xfs
    Yara);

/// Passes every call through one door.
#[derive(Default)]
struct Handle {
    inner: ByHand,
    trace: Vec<&'static str>,
}

impl Handle {
    fn perform(&mut self, call: &mut dyn AnyCall) -> Result<()> {
        self.trace.push(call.info().name);
        call.answer(&mut self.inner)
    }
}

impl Door for Handle {
    fn call<C: Call>(&mut self, call: C) -> Result<C::Reply> {
        let mut pending = Pending::new(call);
        self.perform(&mut pending)?;
        pending.into_reply()
    }
}

/// Sends every call as bytes to a daemon.
#[derive(Default)]
struct Remote {
    daemon: ByHand,
}

impl Remote {
    fn perform(&mut self, call: &mut dyn AnyCall) -> Result<()> {
        let proc_nr = call.info().proc_nr.expect("a daemon call");
        let request = call.encode_arguments()?;
        let reply = serve(proc_nr, &request.body, request.optargs, call.streams(), &mut self.daemon)?;
        call.decode_reply(&reply)
    }
}

impl Door for Remote {
    fn call<C: Call>(&mut self, call: C) -> Result<C::Reply> {
        let mut pending = Pending::new(call);
        self.perform(&mut pending)?;
        pending.into_reply()
    }
}

/// What all three must answer alike.
fn exercise(target: &mut dyn Calls) {
    assert_eq!(target.part_list("/dev/sda".into()).unwrap()[0].part_size, 512);
    let mut file = Vec::new();
    target.download("/etc/\u{fffd}".into(), &mut file).unwrap();
    assert_eq!(file, "/etc/\u{fffd}".as_bytes());
    let opts = MkfsOpts { label: Some("root".into()), ..Default::default() };
    target.mkfs("ext4".into(), "/dev/sda1".into(), opts).unwrap();
    let error = target.lvcreate("lv".into(), "vg".into(), 100).unwrap_err();
    assert!(error.is_unsupported());
    assert_eq!(error.call(), Some("lvcreate"));
    assert!(error.to_string().contains("lvcreate"), "{error}");
}

#[test]
fn traits_by_hand() {
    let mut target = ByHand::default();
    exercise(&mut target);
    assert_eq!(target.made, ["ext4 /dev/sda1 Some(\"root\") None"]);
}

#[test]
fn through_one_door() {
    let mut target = Handle::default();
    exercise(&mut target);
    assert_eq!(target.trace, ["part_list", "download", "mkfs", "lvcreate"]);
    assert_eq!(target.inner.made, ["ext4 /dev/sda1 Some(\"root\") None"]);
}

#[test]
fn over_the_wire() {
    let mut target = Remote::default();
    exercise(&mut target);
    assert_eq!(target.daemon.made, ["ext4 /dev/sda1 Some(\"root\") None"]);
}

#[test]
fn by_name() {
    let mut target = Handle::default();
    let call = |target: &mut Handle, name: &str, required: &[Value], optional: &[Option<Value>]| {
        let arguments = Arguments { required, optional, ..Default::default() };
        dispatch(table::find(name).unwrap(), target, arguments)
    };
    let text = |text: &str| Value::String(text.into());

    let Value::StructList(info, partitions) = call(&mut target, "part_list", &[text("/dev/sda")], &[]).unwrap() else {
        panic!("part_list returns a list of structs")
    };
    assert_eq!(info.name, "partition");
    assert_eq!(
        partitions[0].fields,
        [FieldValue::Int32(1), FieldValue::UInt64(512), FieldValue::UInt64(1023), FieldValue::UInt64(512)]
    );

    let mkfs = table::find("mkfs_opts").unwrap();
    assert_eq!(mkfs.name, "mkfs");
    let mut optional = vec![None; mkfs.optargs.len()];
    optional[mkfs.optional("label").unwrap()] = Some(text("root"));
    assert_eq!(call(&mut target, "mkfs_opts", &[text("ext4"), text("/dev/sda1")], &optional).unwrap(), Value::Unit);
    assert_eq!(target.inner.made, ["ext4 /dev/sda1 Some(\"root\") None"]);

    for required in [&[][..], &[text("a"), text("b")], &[Value::Int(1)]] {
        let error = call(&mut target, "part_list", required, &[]).unwrap_err();
        assert_eq!(error.kind(), glassbox_io::ErrorKind::Usage, "{error}");
    }
}
