//! The functions: one module per group, one function per call.

use std::fmt::Write as _;

use super::{CArg, CReturn, c_name, optional_types};
use crate::contract::{Call, Contract, Flag, Group, camel};
use crate::rust::{doc, header, ident, literal, opts_type};

/// The modules of the groups, and their root.
pub fn modules(contract: &Contract) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = contract
        .groups
        .iter()
        .map(|group| (format!("src/generated/{}.rs", group.module()), module(contract, group)))
        .collect();
    files.push(("src/generated/mod.rs".into(), root(contract)));
    files
}

fn root(contract: &Contract) -> String {
    let mut text = header("Everything that is generated.", "*.toml");
    text.push_str(
        "// Every function here is called by C: what it is given must be what the header asks for. That is why each of\n\
         // them is `unsafe`, and the only reason why its body is.\n\
         #![allow(clippy::undocumented_unsafe_blocks, clippy::missing_safety_doc, unused_unsafe)]\n\
         // Names are those of the API, and some calls have many from.\n\
         #![allow(non_snake_case, clippy::too_many_arguments)]\n\n",
    );
    for group in &contract.groups {
        writeln!(text, "mod {};", group.module()).unwrap();
    }
    text.push_str(
        "pub mod structs;\nmod variadic;\n\n\
         /// What the modules of the groups use.\nmod prelude {\n\
         pub(super) use std::ffi::{c_char, c_int, c_void};\npub(super) use std::mem::offset_of;\npub(super) use std::ptr;\n\n\
         pub(super) use glassbox_api::{options, requests};\n\n\
         pub(super) use super::structs;\n\
         pub(super) use crate::call::{call, call_for_buffer, call_for_const};\n\
         pub(super) use crate::handle::Guestfs;\n\
         pub(super) use crate::structs::List;\n}\n",
    );
    text
}

fn module(contract: &Contract, group: &Group) -> String {
    let mut text = header(&group.title, &format!("{}.toml", group.name));
    // Which of the names a group needs depends on its calls.
    text.push_str("#[allow(unused_imports)]\nuse super::prelude::*;\n\n");
    for call in &group.calls {
        if !call.optargs.is_empty() {
            argv_struct(&mut text, call);
        }
        function(&mut text, contract, call);
        if call.has(Flag::OnceHadNoOptargs) {
            plain_function(&mut text, contract, call);
        }
    }
    text
}

/// The name of the Rust type of the struct with optional from.
fn argv_type(call: &Call) -> String {
    format!("{}Argv", camel(&c_name(call)))
}

fn argv_struct(text: &mut String, call: &Call) {
    writeln!(
        text,
        "/// `struct guestfs_{}_argv`\n#[repr(C)]\npub struct {} {{\nbitmask: u64,",
        c_name(call),
        argv_type(call)
    )
    .unwrap();
    for arg in &call.optargs {
        writeln!(text, "{}: {},", ident(&arg.name), optional_types(arg).1).unwrap();
    }
    text.push_str("}\n\n");
}

fn parameters(call: &Call) -> String {
    let mut text = String::from("g: *mut Guestfs");
    for arg in &call.args {
        write!(text, ", {}", CArg::of(arg).rust(&ident(&arg.name))).unwrap();
    }
    text
}

fn function(text: &mut String, contract: &Contract, call: &Call) {
    let returns = CReturn::of(contract, call);
    let (mut name, mut parameters) = (c_name(call), parameters(call));
    if matches!(returns, CReturn::Buffer) {
        parameters.push_str(", size_r: *mut usize");
    }
    if !call.optargs.is_empty() {
        name.push_str("_argv");
        write!(parameters, ", optargs: *const {}", argv_type(call)).unwrap();
    }
    text.push_str(&doc(&call.entry.doc, 0));
    write!(
        text,
        "#[unsafe(no_mangle)]\npub unsafe extern \"C\" fn guestfs_{name}({parameters}) -> {} {{\nunsafe {{ ",
        returns.rust(contract)
    )
    .unwrap();
    if call.has(Flag::NoWrapper) {
        writeln!(text, "crate::handle::{}(g) }} }}\n", call.name).unwrap();
        return;
    }
    let enter = match returns {
        CReturn::Buffer => "call_for_buffer(g, size_r, ",
        CReturn::ConstString if call.returns.as_ref().is_some_and(|returns| returns.kind == "ConstString") => {
            "call_for_const(g, "
        }
        _ => "call(g, ",
    };
    let closure = match call.args.is_empty() && call.optargs.is_empty() {
        true => format!("|_| Ok(requests::{})", camel(&call.name)),
        false => {
            let request = request(call);
            let from = if request.contains("from.") { "from" } else { "_" };
            format!("|{from}| {request}")
        }
    };
    writeln!(text, "{enter}{closure}) }}\n}}\n").unwrap();
}

/// The expression that makes the request.
fn request(call: &Call) -> String {
    let mut fields: Vec<String> = call.args.iter().map(|arg| required(call, arg)).collect();
    let Some(opts) = opts_type(call) else {
        return format!("Ok(requests::{})", literal(call, &fields));
    };
    let optional: Vec<String> = call.optargs.iter().enumerate().map(|(bit, arg)| optional(call, bit, arg)).collect();
    fields.push("opts".into());
    // In the order in which mistakes are told: required arguments, the mask, optional from.
    let required: Vec<String> = fields[..call.args.len()]
        .iter()
        .map(|field| match field.split_once(": ") {
            Some((name, value)) => format!("let {name} = {value};"),
            None => String::new(),
        })
        .collect();
    let names: Vec<String> = call.args.iter().map(|arg| ident(&arg.name)).chain(["opts".into()]).collect();
    format!(
        "{{ {} let optargs = from.optargs(optargs.cast(), {})?; let opts = options::{opts} {{ {} }}; \
         Ok(requests::{}) }}",
        required.join(" "),
        call.optargs.len(),
        optional.join(", "),
        literal(call, &names)
    )
}

/// `field: value` of a request, made from a parameter.
fn required(call: &Call, arg: &crate::contract::Arg) -> String {
    let field = ident(&arg.name);
    let name = &arg.name;
    let is_stream = call.entry.proc_nr.is_some();
    let value = match (CArg::of(arg), &*arg.kind) {
        (CArg::Int, "Bool") => format!("{field} != 0"),
        (CArg::Int | CArg::Int64, _) => return field,
        (CArg::String, "FileIn") if is_stream => format!("from.file_in({field}, {name:?})?"),
        (CArg::String, "FileOut") if is_stream => format!("from.file_out({field}, {name:?})?"),
        (CArg::String, _) => format!("from.string({field}, {name:?})?"),
        (CArg::OptString, _) => format!("from.nullable_string({field})"),
        (CArg::StringList, _) => format!("from.string_list({field}, {name:?})?"),
        (CArg::Buffer, _) => format!("from.buffer({field}, {field}_size, {name:?})?"),
        (CArg::Pointer, _) => format!("{field}.expose_provenance()"),
    };
    format!("{field}: {value}")
}

/// `field: value` of the optional arguments, taken out of the caller's struct.
fn optional(call: &Call, bit: usize, arg: &crate::contract::Arg) -> String {
    let field = ident(&arg.name);
    let place = format!("offset_of!({}, {field})", argv_type(call));
    let value = match &*arg.kind {
        "Bool" => format!("optargs.bool({bit}, {place})"),
        "Int" => format!("optargs.int({bit}, {place})"),
        "Int64" => format!("optargs.int64({bit}, {place})"),
        "String" => format!("optargs.string({bit}, {place}, {:?})?", arg.name),
        _ => format!("optargs.string_list({bit}, {place}, {:?})?", arg.name),
    };
    format!("{field}: {value}")
}

/// The function under the name that the call had before it got optional from.
fn plain_function(text: &mut String, contract: &Contract, call: &Call) {
    let mut passed = String::from("g");
    for arg in &call.args {
        write!(passed, ", {}", CArg::of(arg).names(&ident(&arg.name))).unwrap();
    }
    writeln!(
        text,
        "/// The same without optional from.\n#[unsafe(no_mangle)]\n\
         pub unsafe extern \"C\" fn guestfs_{}({}) -> {} {{\n\
         unsafe {{ guestfs_{}_argv({passed}, ptr::null()) }}\n}}\n",
        call.name,
        parameters(call),
        CReturn::of(contract, call).rust(contract),
        c_name(call)
    )
    .unwrap();
}
