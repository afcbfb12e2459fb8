//! The C ABI: what the library exports, what the header declares, and C programs over both, also under valgrind.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use glassbox_api::table::{self, HANDLE_FUNCTIONS, STRUCTS};
use glassbox_api::{ArgKind, CallInfo, Returns};
use glassbox_tests::dist::{compile, dist, expect_success, library, over_ours, pkg_config};
use glassbox_tests::fixture;
use glassbox_tests::fixtures::scratch;

/// As many as libguestfs has.
const SYMBOLS: usize = 984;

/// Every function that the contract asks of the library.
fn expected_symbols() -> BTreeSet<String> {
    let calls = table::CALLS.iter().flat_map(|info| info.c_symbols());
    let structs = STRUCTS.iter().flat_map(|info| info.c_symbols());
    calls.chain(structs).chain(HANDLE_FUNCTIONS.map(str::to_owned)).collect()
}

#[test]
fn every_symbol_is_exported_and_no_other() {
    let output =
        expect_success(Command::new("nm").args(["-D", "--defined-only"]).arg(library().join("libguestfs.so.0")));
    let listing = String::from_utf8(output.stdout).unwrap();
    let exported: Vec<&str> = listing.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    let expected = expected_symbols();
    assert_eq!(expected.len(), SYMBOLS);
    // Without versions, which nm would append.
    assert_eq!(exported.iter().map(|name| name.to_string()).collect::<BTreeSet<_>>(), expected);
    assert_eq!(exported.len(), SYMBOLS);
    assert!(listing.lines().all(|line| line.contains(" T ")), "something that isn't a function is exported");
}

#[test]
fn the_library_is_what_programs_ask_the_loader_for() {
    let output = expect_success(Command::new("readelf").args(["-d", "-W"]).arg(library().join("libguestfs.so.0")));
    let dynamic = String::from_utf8(output.stdout).unwrap();
    assert!(dynamic.contains("Library soname: [libguestfs.so.0]"), "{dynamic}");
    assert_eq!(fs::read_link(dist().join("lib/libguestfs.so")).unwrap(), Path::new("libguestfs.so.0"));
}

/// The type in C of what a call returns.
fn c_return(returns: Returns) -> String {
    match returns {
        Returns::Unit | Returns::Int(_) | Returns::Bool(_) => "int".into(),
        Returns::Int64(_) => "int64_t".into(),
        Returns::ConstString(_) | Returns::ConstOptString(_) => "const char *".into(),
        Returns::String(..) | Returns::Buffer(_) => "char *".into(),
        Returns::StringList(..) | Returns::Hashtable(..) => "char **".into(),
        Returns::Struct(_, info) => format!("struct guestfs_{} *", info.name),
        Returns::StructList(_, info) => format!("struct guestfs_{}_list *", info.name),
    }
}

/// The types in C of a call's parameters.
fn c_parameters(info: &CallInfo) -> String {
    let mut text = String::from("guestfs_h *");
    for arg in info.args {
        text.push_str(match arg.kind {
            ArgKind::Bool | ArgKind::Int => ", int",
            ArgKind::Int64 => ", int64_t",
            ArgKind::String(_) | ArgKind::OptString | ArgKind::FileIn | ArgKind::FileOut => ", const char *",
            ArgKind::StringList(_) => ", char *const *",
            ArgKind::BufferIn => ", const char *, size_t",
            ArgKind::Pointer(_) => ", void *",
        });
    }
    if let Returns::Buffer(_) = info.returns {
        text.push_str(", size_t *");
    }
    text
}

/// A program that assigns the address of every function to a pointer of the type that it should have.
fn every_address() -> String {
    let mut text = String::from("#define GUESTFS_NO_WARN_DEPRECATED 1\n#include <guestfs.h>\n");
    let mut pointers = 0;
    let mut pointer = |text: &mut String, returns: &str, parameters: &str, function: &str| {
        writeln!(text, "{returns} (*pointer_{pointers}) ({parameters}) = {function};").unwrap();
        pointers += 1;
    };
    for info in table::CALLS {
        let (returns, parameters, name) = (c_return(info.returns), c_parameters(info), info.c_name);
        if info.optargs.is_empty() {
            pointer(&mut text, &returns, &parameters, &format!("guestfs_{name}"));
            continue;
        }
        pointer(&mut text, &returns, &format!("{parameters}, ..."), &format!("guestfs_{name}"));
        pointer(&mut text, &returns, &format!("{parameters}, va_list"), &format!("guestfs_{name}_va"));
        let argv = format!("{parameters}, const struct guestfs_{name}_argv *");
        pointer(&mut text, &returns, &argv, &format!("guestfs_{name}_argv"));
        if info.once_had_no_optargs {
            pointer(&mut text, &returns, &parameters, &format!("guestfs_{}", info.name));
        }
    }
    for info in STRUCTS {
        for kind in [info.name.to_owned(), format!("{}_list", info.name)] {
            let one = format!("struct guestfs_{kind} *");
            pointer(&mut text, "void", &one, &format!("guestfs_free_{kind}"));
            pointer(&mut text, &one, &format!("const {one}"), &format!("guestfs_copy_{kind}"));
            pointer(&mut text, "int", &format!("const {one}, const {one}"), &format!("guestfs_compare_{kind}"));
        }
    }
    text.push_str(HANDLE_POINTERS);
    assert_eq!(pointers + HANDLE_FUNCTIONS.len(), SYMBOLS);
    text
}

/// The handle's functions, as the manual declares them.
const HANDLE_POINTERS: &str = "\
guestfs_h *(*create) (void) = guestfs_create;
guestfs_h *(*create_flags) (unsigned, ...) = guestfs_create_flags;
void (*close_handle) (guestfs_h *) = guestfs_close;
const char *(*last_error) (guestfs_h *) = guestfs_last_error;
int (*last_errno) (guestfs_h *) = guestfs_last_errno;
void (*set_error_handler) (guestfs_h *, guestfs_error_handler_cb, void *) = guestfs_set_error_handler;
guestfs_error_handler_cb (*get_error_handler) (guestfs_h *, void **) = guestfs_get_error_handler;
void (*push_error_handler) (guestfs_h *, guestfs_error_handler_cb, void *) = guestfs_push_error_handler;
void (*pop_error_handler) (guestfs_h *) = guestfs_pop_error_handler;
void (*set_out_of_memory_handler) (guestfs_h *, guestfs_abort_cb) = guestfs_set_out_of_memory_handler;
guestfs_abort_cb (*get_out_of_memory_handler) (guestfs_h *) = guestfs_get_out_of_memory_handler;
int (*set_event_callback) (guestfs_h *, guestfs_event_callback, uint64_t, int, void *) = guestfs_set_event_callback;
void (*delete_event_callback) (guestfs_h *, int) = guestfs_delete_event_callback;
char *(*event_to_string) (uint64_t) = guestfs_event_to_string;
void (*set_log_message_callback) (guestfs_h *, guestfs_log_message_cb, void *) = guestfs_set_log_message_callback;
void (*set_subprocess_quit_callback) (guestfs_h *, guestfs_subprocess_quit_cb, void *)
  = guestfs_set_subprocess_quit_callback;
void (*set_launch_done_callback) (guestfs_h *, guestfs_launch_done_cb, void *) = guestfs_set_launch_done_callback;
void (*set_close_callback) (guestfs_h *, guestfs_close_cb, void *) = guestfs_set_close_callback;
void (*set_progress_callback) (guestfs_h *, guestfs_progress_cb, void *) = guestfs_set_progress_callback;
void (*set_private) (guestfs_h *, const char *, void *) = guestfs_set_private;
void *(*get_private) (guestfs_h *, const char *) = guestfs_get_private;
void *(*first_private) (guestfs_h *, const char **) = guestfs_first_private;
void *(*next_private) (guestfs_h *, const char **) = guestfs_next_private;
int main (void) { return create == 0; }
";

#[test]
fn the_header_declares_every_function_in_c_and_in_cxx() {
    let folder = scratch("c-abi-addresses");
    for (compiler, source) in [("cc", "addresses.c"), ("c++", "addresses.cc")] {
        let source = folder.join(source);
        fs::write(&source, every_address()).unwrap();
        let program = source.with_extension("run");
        let mut compile = Command::new(compiler);
        compile.args(["-Wall", "-Wextra", "-Werror", "-o"]).arg(&program).arg(&source).args(pkg_config());
        expect_success(&mut compile);
        expect_success(&mut over_ours(&program));
    }
}

#[test]
fn the_header_hides_or_warns_of_what_is_deprecated() {
    let folder = scratch("c-abi-deprecated");
    let source = folder.join("deprecated.c");
    fs::write(
        &source,
        "#include <guestfs.h>\nvoid *p = (void *) guestfs_list_devices, *q = (void *) guestfs_head_n;\n\
        int main (void) { return guestfs_add_cdrom (0, 0); }\n",
    )
    .unwrap();
    let messages = |flag: &str| {
        let mut compile = Command::new("cc");
        compile.arg(flag).args(["-fsyntax-only", "-Wall"]).arg(&source).args(pkg_config());
        String::from_utf8(compile.output().unwrap().stderr).unwrap()
    };
    assert!(messages("-DA").contains("deprecated: use guestfs_add_drive_ro"), "{}", messages("-DA"));
    assert_eq!(messages("-DGUESTFS_NO_WARN_DEPRECATED"), "");
    assert!(messages("-DGUESTFS_NO_DEPRECATED").contains("implicit declaration of function"));
}

#[test]
fn the_version_is_the_same_everywhere() {
    let mut query = Command::new("pkg-config");
    query.args(["--modversion", "libguestfs"]).env("PKG_CONFIG_PATH", dist().join("lib/pkgconfig"));
    let version = String::from_utf8(expect_success(&mut query).stdout).unwrap();
    let mut g = glassbox_engine::Handle::without_environment();
    let called = glassbox_api::Features::version(&mut g).unwrap();
    assert_eq!(version.trim(), format!("{}.{}.{}", called.major, called.minor, called.release));
}

/// The image that the C programs look at.
fn image() -> PathBuf {
    fixture("ext-small").join("extents.img")
}

/// Runs a program over our library under valgrind: any leak or invalid access fails it.
fn under_valgrind(program: &Path, argument: &Path) -> String {
    let mut valgrind = over_ours("valgrind");
    valgrind.args(["--quiet", "--leak-check=full", "--show-leak-kinds=definite,indirect,possible"]);
    valgrind.args(["--errors-for-leak-kinds=definite,indirect,possible", "--error-exitcode=99"]);
    let known = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c_abi/valgrind.supp");
    valgrind.arg(format!("--suppressions={}", known.display()));
    // What the parsers don't answer shall fail.
    valgrind.env("LIBGUESTFS_BACKEND", "inprocess");
    let output = expect_success(valgrind.arg(program).arg(argument));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_synopsis_runs_and_frees_everything() {
    let listed = under_valgrind(&compile("synopsis.c"), &image());
    assert_eq!(listed.lines().find(|line| *line == "lost+found"), Some("lost+found"), "{listed}");
}

#[test]
fn wrong_use_is_an_error_and_frees_everything() {
    under_valgrind(&compile("errors.c"), &image());
}

#[test]
fn handles_are_used_from_many_threads() {
    expect_success(over_ours(compile("threads.c")).arg(image()));
}

#[test]
fn a_long_download_is_cancelled_from_a_thread_and_from_a_signal_handler() {
    // Nothing but a hole: the disk takes no room, and minutes to read.
    let disk = scratch("c-abi-cancel").join("disk.img");
    fs::File::create(&disk).unwrap().set_len(8 << 40).unwrap();
    expect_success(over_ours(compile("cancel.c")).arg(disk));
}

#[test]
fn callbacks_call_the_handle_that_calls_them() {
    // Long enough to be told of its progress.
    let disk = scratch("c-abi-callbacks").join("disk.img");
    fs::File::create(&disk).unwrap().set_len(8 << 40).unwrap();
    expect_success(over_ours(compile("callbacks.c")).arg(image()).arg(disk));
}

#[test]
fn handles_are_closed_at_exit_unless_they_ask_not_to_be() {
    let output = expect_success(&mut over_ours(compile("at_exit.c")));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "exiting\nclosed: left open\n");
}
