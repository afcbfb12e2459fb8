//! The calls that bindings are tested with, against what libguestfs 1.48.6 printed and returned through its Python
//! binding.

use std::path::Path;

use glassbox_api::TestBindings;
use glassbox_api::options::{InternalTest63OptargsOpts, InternalTestOnlyOptargsOpts, InternalTestOpts};
use glassbox_engine::Handle;

fn printed(call: impl FnOnce(&mut Handle)) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("output");
    let mut g = Handle::without_environment();
    g.internal_test_set_output(file.as_os_str().as_encoded_bytes().into()).unwrap();
    call(&mut g);
    g.internal_test_close_output().unwrap();
    g.internal_test_close_output().unwrap();
    std::fs::read(file).unwrap()
}

#[test]
fn arguments_are_printed() {
    let unset = printed(|g| {
        let (null, list) = ("/dev/null".into(), &["a".into()][..]);
        g.internal_test("abc".into(), None, list, true, 1, 2, null, null, b"x", InternalTestOpts::default()).unwrap();
    });
    let expected =
        b"abc\nnull\n[\"a\"]\ntrue\n1\n2\n/dev/null\n/dev/null\n<78>\nobool: unset\noint: unset\noint64: unset\n\
        ostring: unset\nostringlist: unset\n";
    assert_eq!(bstr::BStr::new(&unset), bstr::BStr::new(expected));
    let set = printed(|g| {
        let (strings, buffer) = (["p".into(), "q\"r".into(), "ä".into()], b"x\0y\x7f\x80\xff\n \t~");
        let opts = InternalTestOpts {
            obool: Some(true),
            oint: Some(-3),
            oint64: Some(1 << 60),
            ostring: Some("str\"s".into()),
            ostringlist: Some(strings[..].into()),
        };
        let (text, optional) = ("a\"b\\c\nd".into(), Some("opt".into()));
        g.internal_test(text, optional, &[], false, -1, -(1 << 40), "in".into(), "out".into(), buffer, opts).unwrap();
    });
    let expected = "a\"b\\c\nd\nopt\n[]\nfalse\n-1\n-1099511627776\nin\nout\n\
        <78><00><79><7f><ffffff80><ffffffff><0a><20><09><7e>\nobool: true\noint: -3\noint64: 1152921504606846976\n\
        ostring: str\"s\nostringlist: [\"p\", \"q\"r\", \"ä\"]\n";
    assert_eq!(bstr::BStr::new(&set), expected);
}

#[test]
fn optional_arguments_are_printed() {
    let test = |test| printed(|g| g.internal_test_only_optargs(InternalTestOnlyOptargsOpts { test }).unwrap());
    assert_eq!(test(None), b"test: unset\n");
    assert_eq!(test(Some(5)), b"test: 5\n");
    let opts = InternalTest63OptargsOpts { opt1: Some(1), opt7: Some(-7), opt63: Some(63), ..Default::default() };
    let all = String::from_utf8(printed(|g| g.internal_test_63_optargs(opts).unwrap())).unwrap();
    let expected: String = (1..=63)
        .map(|number| match number {
            1 => "opt1: 1\n".into(),
            7 => "opt7: -7\n".into(),
            63 => "opt63: 63\n".into(),
            number => format!("opt{number}: unset\n"),
        })
        .collect();
    assert_eq!(all, expected);
}

#[test]
fn values_are_returned() {
    let mut g = Handle::without_environment();
    assert_eq!(g.internal_test_rint("10".into()).unwrap(), 10);
    assert_eq!(g.internal_test_rint64("0x10".into()).unwrap(), 16);
    assert!(g.internal_test_rbool("true".into()).unwrap());
    assert!(!g.internal_test_rbool("10".into()).unwrap());
    assert_eq!(g.internal_test_rconststring("x".into()).unwrap(), "static string");
    assert_eq!(g.internal_test_rconstoptstring("x".into()).unwrap().unwrap(), "static string");
    assert_eq!(g.internal_test_rconstoptstringerr().unwrap(), None);
    assert_eq!(g.internal_test_rstring(" 5".into()).unwrap(), " 5");
    assert_eq!(g.internal_test_rbufferout("0x10".into()).unwrap(), b"0x10");
    assert_eq!(g.internal_test_rstringlist("3x".into()).unwrap(), ["0", "1", "2"]);
    assert!(g.internal_test_rstringlist("0".into()).unwrap().is_empty());
    let pairs = g.internal_test_rhashtable("2".into()).unwrap();
    assert_eq!(pairs, [("0".into(), "0".into()), ("1".into(), "1".into())]);
    let first = g.internal_test_rstruct("7".into()).unwrap();
    assert_eq!(
        (first.pv_name.to_string(), first.pv_size, first.pv_fmt.to_string()),
        ("pv0".into(), 0, "unknown".into())
    );
    let all = g.internal_test_rstructlist("3".into()).unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!((all[2].pv_attr.to_string(), all[2].pe_start, all[2].pv_mda_count), ("attr2".into(), 2, 2));
    assert_eq!(all[0], first);
}

#[test]
fn failures_are_failures() {
    let mut g = Handle::without_environment();
    let messages = [
        g.internal_test_rinterr().unwrap_err(),
        g.internal_test_rint64err().unwrap_err(),
        g.internal_test_rboolerr().unwrap_err(),
        g.internal_test_rconststringerr().unwrap_err(),
        g.internal_test_rstringerr().unwrap_err(),
        g.internal_test_rstringlisterr().unwrap_err(),
        g.internal_test_rhashtableerr().unwrap_err(),
        g.internal_test_rstructerr().unwrap_err(),
        g.internal_test_rstructlisterr().unwrap_err(),
        g.internal_test_rbufferouterr().unwrap_err(),
    ];
    messages.iter().for_each(|error| assert_eq!(error.to_string(), "error"));
    let says = |error: glassbox_io::Error| error.to_string();
    assert_eq!(says(g.internal_test_rint("abc".into()).unwrap_err()), "internal_test_rint: expecting int argument");
    let list = g.internal_test_rstructlist("".into()).unwrap_err();
    assert_eq!(says(list), "internal_test_rstructlist: expecting uint32 argument");
    assert!(g.internal_test_rstringlist("99999999999".into()).is_err());
    assert!(g.internal_test_rhashtable("-1".into()).is_err());
    assert!(!Path::new("/no/such").exists());
    assert!(g.internal_test_set_output("/no/such/file".into()).unwrap_err().to_string().contains("No such file"));
}
