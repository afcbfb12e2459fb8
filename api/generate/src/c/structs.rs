//! The structs: their C form, and the functions that free, copy and compare them.

use std::fmt::Write as _;

use crate::contract::{Arg, Contract, Struct};
use crate::rust::{doc, header, ident};

/// The fields of a struct in C: declaration in C, name and type in Rust.
pub fn c_fields(arg: &Arg) -> Vec<(String, String, &'static str)> {
    let name = &arg.name;
    let field = |c: String, rust| vec![(c, ident(name), rust)];
    match &*arg.kind {
        "Char" => field(format!("char {name}"), "c_char"),
        "Uuid" => field(format!("char {name}[32]"), "[c_char; 32]"),
        "Int32" => field(format!("int32_t {name}"), "i32"),
        "UInt32" => field(format!("uint32_t {name}"), "u32"),
        "Int64" => field(format!("int64_t {name}"), "i64"),
        "UInt64" | "Bytes" => field(format!("uint64_t {name}"), "u64"),
        "OptPercent" => field(format!("float {name}"), "f32"),
        "Buffer" => vec![
            (format!("uint32_t {name}_len"), format!("{name}_len"), "u32"),
            (format!("char *{name}"), ident(name), "*mut c_char"),
        ],
        _ => field(format!("char *{name}"), "*mut c_char"),
    }
}

/// The module with all structs.
pub fn module(contract: &Contract) -> String {
    let mut text = header("The structs of the C ABI.", "structs.toml");
    text.push_str(
        "use std::cmp::Ordering;\nuse std::ffi::{c_char, c_int};\n\nuse glassbox_api::structs;\n\n\
         use crate::memory::Memory;\nuse crate::returns::HasCForm;\n\
         use crate::structs::{self as generic, CStruct, List, Owned, compare_bytes, compare_strings};\n\n",
    );
    for (name, record) in &contract.structs {
        one_struct(&mut text, name, record);
    }
    text
}

fn one_struct(text: &mut String, name: &str, record: &Struct) {
    let rust = &record.type_name;
    let (mut fields, mut made, mut owned, mut compared) = (String::new(), String::new(), String::new(), Vec::new());
    for (arg, what) in &record.fields {
        fields.push_str(&doc(what, 4));
        for (_, field, of_rust) in c_fields(arg) {
            writeln!(fields, "pub {field}: {of_rust},").unwrap();
        }
        let field = ident(&arg.name);
        match &*arg.kind {
            "Char" => writeln!(made, "{field}: record.{field} as c_char,").unwrap(),
            "Uuid" => writeln!(made, "{field}: record.{field}.map(|letter| letter as c_char),").unwrap(),
            // libguestfs's number for no percentage.
            "OptPercent" => writeln!(made, "{field}: record.{field}.unwrap_or(-1.0),").unwrap(),
            "Buffer" => {
                writeln!(made, "{field}_len: record.{field}.len() as u32, {field}: memory.bytes(&record.{field}),")
                    .unwrap();
                writeln!(owned, "visit(&mut self.{field}, Owned::Bytes(self.{field}_len));").unwrap();
            }
            "String" | "Device" => {
                writeln!(made, "{field}: memory.string(&record.{field}),").unwrap();
                writeln!(owned, "visit(&mut self.{field}, Owned::String);").unwrap();
            }
            _ => writeln!(made, "{field}: record.{field},").unwrap(),
        }
        compared.push(match &*arg.kind {
            "String" | "Device" => format!("compare_strings(self.{field}, other.{field})"),
            "Buffer" => {
                format!("compare_bytes(self.{field}, self.{field}_len, other.{field}, other.{field}_len)")
            }
            "OptPercent" => format!("self.{field}.total_cmp(&other.{field})"),
            "Uuid" => format!("self.{field}.map(|c| c as u8).cmp(&other.{field}.map(|c| c as u8))"),
            _ => format!("self.{field}.cmp(&other.{field})"),
        });
    }
    let mut comparison = compared.remove(0);
    for next in compared {
        write!(comparison, ".then_with(|| {next})").unwrap();
    }
    let visit = if owned.is_empty() { "_visit" } else { "visit" };
    writeln!(
        text,
        "{}#[repr(C)]\n#[derive(Clone, Copy)]\npub struct {rust} {{ {fields} }}\n\n\
         impl CStruct for {rust} {{\n\
         type Record = structs::{rust};\n\n\
         fn new(record: structs::{rust}, memory: &Memory) -> Self {{ \
         let _ = memory; {rust} {{ {made} }} }}\n\n\
         fn owned(&mut self, {visit}: &mut dyn FnMut(&mut *mut c_char, Owned)) {{ {owned} }}\n\n\
         unsafe fn compare(&self, other: &Self) -> Ordering {{ unsafe {{ {comparison} }} }}\n}}\n\n\
         impl HasCForm for structs::{rust} {{\ntype C = {rust};\n}}\n",
        doc(&record.doc, 0),
    )
    .unwrap();
    functions(text, name, rust);
}

fn functions(text: &mut String, name: &str, rust: &str) {
    for (suffix, c_type) in [("", rust.to_owned()), ("_list", format!("List<{rust}>"))] {
        writeln!(
            text,
            "#[unsafe(no_mangle)]\n\
             pub unsafe extern \"C\" fn guestfs_free_{name}{suffix}(value: *mut {c_type}) {{ \
             unsafe {{ generic::free{suffix}(value) }} }}\n\n\
             #[unsafe(no_mangle)]\n\
             pub unsafe extern \"C\" fn guestfs_copy_{name}{suffix}(value: *const {c_type}) -> *mut {c_type} {{ \
             unsafe {{ generic::copy{suffix}(value) }} }}\n\n\
             #[unsafe(no_mangle)]\n\
             pub unsafe extern \"C\" fn guestfs_compare_{name}{suffix}(\
             left: *const {c_type}, right: *const {c_type}) -> c_int {{ \
             unsafe {{ generic::compare{suffix}(left, right) }} }}\n"
        )
        .unwrap();
    }
}
