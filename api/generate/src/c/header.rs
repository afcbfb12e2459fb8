//! `guestfs.h`.

use std::fmt::Write as _;

use super::{CReturn, c_name, c_parameters, c_size_parameter, macro_prefix, optional_types, structs::c_fields};
use crate::Result;
use crate::contract::{Call, Contract, Flag};

/// What isn't generated: handles, errors, callbacks, private data.
const HEAD: &str = include_str!("guestfs_head.h");

const TAIL: &str = "\n#ifdef __cplusplus\n}\n#endif\n\n#endif /* GUESTFS_H_ */\n";

/// The whole header. Fails if a function of the handle that the contract lists isn't declared.
pub fn header(contract: &Contract) -> Result<String> {
    for function in &contract.handle_functions {
        if !HEAD.contains(&format!("{function} (")) {
            return Err(format!("guestfs_head.h doesn't declare {function}"));
        }
    }
    let mut text = HEAD.replace("@EVENTS@\n", &events(contract));
    text.push_str("\n/* Structs. Those that a function returns are freed with guestfs_free_STRUCT. */\n");
    for name in contract.structs.keys() {
        one_struct(&mut text, contract, name);
    }
    text.push_str("\n/* Calls. */\n");
    let calls = contract.calls();
    for (_, call) in calls.values() {
        one_call(&mut text, contract, call);
    }
    text.push_str(TAIL);
    Ok(text)
}

fn events(contract: &Contract) -> String {
    let mut text = String::new();
    let mut all = 0;
    for event in &contract.events {
        all |= 1 << event.bit;
        writeln!(text, "#define GUESTFS_EVENT_{:<16} 0x{:04x}", event.name.to_uppercase(), 1 << event.bit).unwrap();
    }
    writeln!(text, "#define GUESTFS_EVENT_{:<16} 0x{all:04x}", "ALL").unwrap();
    text
}

fn one_struct(text: &mut String, contract: &Contract, name: &str) {
    let record = &contract.structs[name];
    write!(text, "\n{}struct guestfs_{name} {{\n", comment(&record.doc)).unwrap();
    for (arg, _) in &record.fields {
        for (declaration, ..) in c_fields(arg) {
            writeln!(text, "  {declaration};").unwrap();
        }
    }
    writeln!(text, "}};\n\nstruct guestfs_{name}_list {{\n  uint32_t len;\n  struct guestfs_{name} *val;\n}};\n")
        .unwrap();
    writeln!(text, "#define GUESTFS_HAVE_STRUCT_{} 1", name.to_uppercase()).unwrap();
    for suffix in ["", "_list"] {
        let kind = format!("struct guestfs_{name}{suffix}");
        let function = format!("{name}{suffix}");
        writeln!(
            text,
            "GUESTFS_DLL_PUBLIC void guestfs_free_{function} ({kind} *);\n\
             GUESTFS_DLL_PUBLIC {kind} *guestfs_copy_{function} (const {kind} *);\n\
             GUESTFS_DLL_PUBLIC int guestfs_compare_{function} (const {kind} *, const {kind} *);"
        )
        .unwrap();
    }
}

fn one_call(text: &mut String, contract: &Contract, call: &Call) {
    let name = c_name(call);
    let upper = name.to_uppercase();
    let returns = CReturn::of(contract, call);
    let (c, parameters, size) = (returns.c(), c_parameters(call), c_size_parameter(&returns));
    write!(text, "\n{}#define GUESTFS_HAVE_{upper} 1\n", comment(&call.entry.doc)).unwrap();
    // The older spelling, for programs that ask with it.
    writeln!(text, "#define LIBGUESTFS_HAVE_{upper} 1").unwrap();
    if call.has(Flag::OnceHadNoOptargs) {
        let plain = call.name.to_uppercase();
        writeln!(text, "#define GUESTFS_HAVE_{plain} 1\n#define LIBGUESTFS_HAVE_{plain} 1").unwrap();
    }
    if !call.optargs.is_empty() {
        text.push_str(&optional_arguments(call));
    }
    let mut declare = |declaration: String| {
        match (call.has(Flag::Deprecated), &call.entry.deprecated_by) {
            (false, _) => writeln!(text, "GUESTFS_DLL_PUBLIC {declaration};"),
            (true, Some(other)) => writeln!(
                text,
                "#ifndef GUESTFS_NO_DEPRECATED\nGUESTFS_DLL_PUBLIC {declaration}\n  \
                 GUESTFS_DEPRECATED_REPLACED_BY (\"{other}\");\n#endif"
            ),
            (true, None) => writeln!(
                text,
                "#ifndef GUESTFS_NO_DEPRECATED\nGUESTFS_DLL_PUBLIC {declaration}\n  \
                 GUESTFS_DEPRECATED_NO_REPLACEMENT;\n#endif"
            ),
        }
        .unwrap();
    };
    if call.optargs.is_empty() {
        declare(format!("{c}guestfs_{name} ({parameters}{size})"));
        return;
    }
    declare(format!("{c}guestfs_{name} ({parameters}{size}, ...)"));
    declare(format!("{c}guestfs_{name}_va ({parameters}{size}, va_list args)"));
    let argv = format!("struct guestfs_{name}_argv");
    declare(format!("{c}guestfs_{name}_argv ({parameters}{size}, const {argv} *optargs)"));
    if call.has(Flag::OnceHadNoOptargs) {
        declare(format!("{c}guestfs_{} ({parameters}{size})", call.name));
    }
}

/// The codes, masks and struct of optional arguments.
fn optional_arguments(call: &Call) -> String {
    let prefix = macro_prefix(call);
    let mut text = String::new();
    for (bit, arg) in call.optargs.iter().enumerate() {
        let upper = arg.name.to_uppercase();
        writeln!(text, "#define {prefix}_{upper} {bit}").unwrap();
        writeln!(text, "#define {prefix}_{upper}_BITMASK (UINT64_C (1) << {bit})").unwrap();
    }
    writeln!(text, "struct guestfs_{}_argv {{\n  uint64_t bitmask;", c_name(call)).unwrap();
    for arg in &call.optargs {
        writeln!(text, "  {}{};", optional_types(arg).0, arg.name).unwrap();
    }
    text.push_str("};\n");
    text
}

/// `text` as a comment, wrapped.
fn comment(text: &str) -> String {
    let mut lines = String::from("/*");
    let mut width = lines.len();
    for word in text.split_whitespace() {
        if width + 1 + word.len() > 96 {
            lines.push_str("\n  ");
            width = 2;
        }
        lines.push(' ');
        // A path like `/etc/*/x` must not end the comment.
        lines.push_str(&word.replace("*/", "* /").replace("/*", "/ *"));
        width += 1 + word.len();
    }
    lines.push_str(" */\n");
    lines
}
