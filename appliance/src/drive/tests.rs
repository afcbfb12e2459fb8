use super::network::{Server, node, parse};
use super::*;

#[test]
fn servers_are_understood() {
    let inet = |host: &str, port: Option<&str>| Server::Inet { host: host.into(), port: port.map(Into::into) };
    for (text, server) in [
        ("example.com", inet("example.com", None)),
        ("example.com:80", inet("example.com", Some("80"))),
        ("tcp:10.0.0.1:10809", inet("10.0.0.1", Some("10809"))),
        ("[2001:db8::1]:22", inet("2001:db8::1", Some("22"))),
        ("unix:/run/nbd.sock", Server::Unix("/run/nbd.sock".into())),
    ] {
        assert_eq!(parse(&text.into()).unwrap(), server, "{text}");
    }
    assert!(parse(&"tcp::22".into()).is_err());
}

#[test]
fn each_protocol_has_its_node() {
    let of = |protocol: &str, server: &str, export: &str| {
        let user = BString::from("me");
        node(&protocol.into(), &[server.into()], export, Some(&user), None).unwrap()
    };
    assert_eq!(
        of("nbd", "unix:/s", "/x"),
        json!({"driver": "nbd", "server": {"type": "unix", "path": "/s"}, "export": "x"})
    );
    assert_eq!(
        of("ssh", "h", "/d/x.img"),
        json!({"driver": "ssh", "server": {"host": "h", "port": "22"}, "path": "/d/x.img", "user": "me"})
    );
    assert_eq!(of("https", "h:8443", "/x"), json!({"driver": "https", "url": "https://h:8443/x", "username": "me"}));
    assert_eq!(of("http", "h", "/ü 1%.img?a=%2f")["url"], "http://h/%C3%BC%201%25.img?a=%2f");
    assert_eq!(of("iscsi", "h", "iqn.1/3")["lun"], 3);
    assert_eq!(of("rbd", "h", "pool/image")["server"], json!([{"host": "h", "port": "6789"}]));
    assert_eq!(of("gluster", "h", "vol/a/b")["path"], "a/b");
    assert!(node(&"sheepdog".into(), &[], "x", None, None).unwrap_err().is_unsupported());
    assert!(node(&"nbd".into(), &[], "x", None, None).is_err());
}

#[test]
fn a_lock_of_another_program_is_explained() {
    let said = "Failed to get \"write\" lock";
    let error = Drive::file("/x.img").explain(Error::os_with(Errno::EIO, said));
    assert_eq!(error.errno(), Errno::EBUSY);
    assert!(error.to_string().starts_with("/x.img: the disk is in use"), "{error}");
    assert!(error.to_string().contains("read-only"));
    assert!(Drive::file("/x").explain(Error::os_with(Errno::EIO, "Unknown driver 'rbd'")).is_unsupported());
}

#[test]
fn labels_are_serial_numbers() {
    let drive = Drive { label: Some("root".into()), block_size: Some(4096), ..Drive::file("/x") };
    let device = drive.device(3, "scsi.0", "disk3-image").unwrap();
    assert_eq!((&device["serial"], &device["logical_block_size"]), (&json!("root"), &json!(4096)));
    assert_eq!((&device["scsi-id"], &device["werror"]), (&json!(3), &json!("report")));
    let long = Drive { label: Some("x".repeat(21).into()), ..Drive::file("/x") };
    assert!(long.device(0, "scsi.0", "n").is_err());
}
