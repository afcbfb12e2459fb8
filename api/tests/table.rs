//! The table as a whole.

use std::collections::{BTreeMap, BTreeSet};

use glassbox_api::table::*;
use glassbox_api::*;

#[test]
fn totals() {
    assert_eq!(CALLS.len(), 648);
    assert_eq!(CALLS.iter().filter(|info| info.is_daemon()).count(), 503);
    assert_eq!(MAX_PROC_NR, 522);
    assert_eq!(Group::ALL.len(), 42);
    assert_eq!(STRUCTS.len(), 27);
    assert_eq!(EVENTS.len(), 10);
    assert_eq!(EVENTS.iter().map(EventInfo::mask).sum::<u64>(), 1023);
    assert_eq!(OPTIONAL_GROUPS.iter().filter(|group| !group.retired).count(), 37);
    assert_eq!(OPTIONAL_GROUPS.iter().filter(|group| group.retired).count(), 2);
    assert_eq!(CALLS.iter().filter(|info| info.deprecated).count(), 75);
    assert_eq!(CALLS.iter().filter(|info| !info.optargs.is_empty()).count(), 67);
    assert_eq!(CALLS.iter().filter(|info| info.once_had_no_optargs).count(), 17);
    assert_eq!(CALLS.iter().filter(|info| info.visibility == Visibility::Public).count(), 593);
}

#[test]
fn every_symbol_of_the_c_library_is_derived() {
    let mut symbols = BTreeSet::new();
    for info in &CALLS {
        symbols.extend(info.c_symbols());
    }
    assert_eq!(symbols.len(), 581 + 3 * 67 + 17);
    for info in &STRUCTS {
        symbols.extend(info.c_symbols());
    }
    symbols.extend(HANDLE_FUNCTIONS.map(String::from));
    assert_eq!(symbols.len(), 984);
    for symbol in [
        "guestfs_mkfs",
        "guestfs_mkfs_opts",
        "guestfs_mkfs_opts_va",
        "guestfs_mkfs_opts_argv",
        "guestfs_copy_lvm_lv_list",
        "guestfs_create_flags",
        "guestfs_mkswap_L",
    ] {
        assert!(symbols.contains(symbol), "{symbol}");
    }
}

#[test]
fn calls_are_found_by_name_alias_command_and_number() {
    assert!(CALLS.is_sorted_by_key(|info| info.name));
    for info in &CALLS {
        assert!(std::ptr::eq(find(info.name).unwrap(), *info));
        assert!(std::ptr::eq(find_command(&info.name.replace('_', "-")).unwrap(), *info));
        if let Some(proc_nr) = info.proc_nr {
            assert!(std::ptr::eq(find_procedure(proc_nr).unwrap(), *info));
        }
        if let Some(alias) = info.alias() {
            assert!(std::ptr::eq(find(alias).unwrap(), *info));
        }
        for alias in info.fish_aliases {
            assert!(std::ptr::eq(find_command(alias).unwrap(), *info));
        }
    }
    assert_eq!(find_command("add-ro").unwrap().name, "add_drive_ro");
    assert_eq!(find_procedure(1).unwrap().name, "mount");
    assert!(find("").is_none() && find("no_such_call").is_none() && find_procedure(0).is_none());
}

#[test]
fn calls_are_as_the_protocol_needs_them() {
    for info in &CALLS {
        let files = info.args.iter().filter(|arg| matches!(arg.kind, ArgKind::FileIn | ArgKind::FileOut)).count();
        // The reply comes before a file that is written: it must not need what is known only afterwards.
        if info.is_daemon() && files > 0 {
            assert_eq!((files, info.returns), (1, Returns::Unit), "{}", info.name);
        }
        let library_only = matches!(info.returns, Returns::ConstString(_) | Returns::ConstOptString(_))
            || info.args.iter().any(|arg| matches!(arg.kind, ArgKind::Pointer(_)));
        assert!(!(library_only && info.is_daemon()), "{}", info.name);
        assert!(info.optargs.len() < 64);
    }
}

#[test]
fn names_and_kinds_of_a_few_calls() {
    let info = find("add_drive").unwrap();
    assert_eq!(info.group, Group::Drives);
    assert_eq!(info.c_name, "add_drive_opts");
    assert_eq!(info.c_optarg_prefix().unwrap(), "GUESTFS_ADD_DRIVE_OPTS");
    assert!(info.config_only || info.proc_nr.is_none());
    assert_eq!(info.optional("readonly"), Some(0));
    assert_eq!(info.optional("blocksize"), Some(12));

    let info = find("list_filesystems").unwrap();
    assert_eq!(info.returns, Returns::Hashtable("fses", StringKind::Mountable, StringKind::Plain));
    assert_eq!(info.returns.c_error_value(), Some("NULL"));
    assert_eq!(find("umask").unwrap().fish_output, Some(FishOutput::Octal));
    assert_eq!(find("part_list").unwrap().camel_name(), "PartList");
    assert_eq!(find("tune2fs").unwrap().camel_name(), "Tune2FS");
    assert!(!find("user_cancel").unwrap().wrapper);
    assert_eq!(find("egrep").unwrap().deprecated_by, Some("grep"));
    assert_eq!(Event::Progress.info().mask(), 8);
    assert_eq!(Group::FilesRead.name(), "files-read");
}

#[test]
fn every_call_is_documented_in_a_sentence_of_its_own() {
    let mut seen = BTreeMap::new();
    for info in &CALLS {
        assert!(info.doc.ends_with('.') && info.doc.contains(' '), "{}: {}", info.name, info.doc);
        assert!(info.doc.starts_with(|first: char| first.is_ascii_uppercase()), "{}: {}", info.name, info.doc);
        if let Some(other) = seen.insert(info.doc, info.name) {
            panic!("{other} and {} have the same documentation: {}", info.name, info.doc);
        }
    }
}
