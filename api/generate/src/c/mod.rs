//! Writes the C ABI: functions and structs in Rust, the header, and the shim of the variadic forms in C.

mod functions;
mod header;
mod structs;
mod variadic;

use crate::Result;
use crate::contract::{Arg, Call, Contract, Flag};

/// The generated files, unformatted: path below `api/c` and text.
pub fn files(contract: &Contract) -> Result<Vec<(String, String)>> {
    let mut files = functions::modules(contract);
    files.push(("src/generated/structs.rs".into(), structs::module(contract)));
    files.push(("src/generated/variadic.rs".into(), variadic::trampolines(contract)));
    files.push(("src/generated/variadic.c".into(), variadic::shim(contract)));
    files.push(("include/guestfs.h".into(), header::header(contract)?));
    Ok(files)
}

/// Its name in C, without `guestfs_`: that of a call which once had no optional arguments is longer.
fn c_name(call: &Call) -> String {
    match call.has(Flag::OnceHadNoOptargs) {
        true => format!("{}_opts", call.name),
        false => call.name.clone(),
    }
}

/// What its macros begin with.
fn macro_prefix(call: &Call) -> String {
    format!("GUESTFS_{}", c_name(call).to_uppercase())
}

/// The type of a required argument in C.
enum CArg {
    Int,
    Int64,
    String,
    OptString,
    StringList,
    Buffer,
    Pointer,
}

impl CArg {
    fn of(arg: &Arg) -> CArg {
        match &*arg.kind {
            "Bool" | "Int" => CArg::Int,
            "Int64" => CArg::Int64,
            "OptString" => CArg::OptString,
            "Buffer" => CArg::Buffer,
            kind if kind.starts_with("Pointer ") => CArg::Pointer,
            kind if kind.ends_with("[]") => CArg::StringList,
            _ => CArg::String,
        }
    }

    /// The parameter's declaration in C.
    fn c(&self, name: &str) -> String {
        match self {
            CArg::Int => format!("int {name}"),
            CArg::Int64 => format!("int64_t {name}"),
            CArg::String | CArg::OptString => format!("const char *{name}"),
            CArg::StringList => format!("char *const *{name}"),
            CArg::Buffer => format!("const char *{name}, size_t {name}_size"),
            CArg::Pointer => format!("void *{name}"),
        }
    }

    /// The same in Rust; `name` is an identifier of Rust.
    fn rust(&self, name: &str) -> String {
        match self {
            CArg::Int => format!("{name}: c_int"),
            CArg::Int64 => format!("{name}: i64"),
            CArg::String | CArg::OptString => format!("{name}: *const c_char"),
            CArg::StringList => format!("{name}: *const *const c_char"),
            CArg::Buffer => format!("{name}: *const c_char, {name}_size: usize"),
            CArg::Pointer => format!("{name}: *mut c_void"),
        }
    }

    /// The arguments with which a parameter is passed on.
    fn names(&self, name: &str) -> String {
        match self {
            CArg::Buffer => format!("{name}, {name}_size"),
            _ => name.into(),
        }
    }
}

/// The types in C and in Rust of an optional argument's field.
fn optional_types(arg: &Arg) -> (&'static str, &'static str) {
    match &*arg.kind {
        "Bool" | "Int" => ("int ", "c_int"),
        "Int64" => ("int64_t ", "i64"),
        "String" => ("const char *", "*const c_char"),
        _ => ("char *const *", "*const *const c_char"),
    }
}

/// What a call returns in C.
enum CReturn {
    Int,
    Int64,
    ConstString,
    String,
    Strings,
    Buffer,
    Struct(String),
    StructList(String),
}

impl CReturn {
    fn of(contract: &Contract, call: &Call) -> CReturn {
        let Some(Arg { kind, .. }) = &call.returns else { return CReturn::Int };
        match &**kind {
            "Bool" | "Int" => CReturn::Int,
            "Int64" => CReturn::Int64,
            "ConstString" | "ConstOptString" => CReturn::ConstString,
            "Buffer" => CReturn::Buffer,
            kind if kind.starts_with("Hashtable<") => CReturn::Strings,
            kind => match (kind.strip_suffix("[]"), contract.structs.contains_key(kind.trim_end_matches("[]"))) {
                (Some(name), true) => CReturn::StructList(name.into()),
                (None, true) => CReturn::Struct(kind.into()),
                (Some(_), false) => CReturn::Strings,
                (None, false) => CReturn::String,
            },
        }
    }

    /// What a declaration in C begins with.
    fn c(&self) -> String {
        match self {
            CReturn::Int => "int ".into(),
            CReturn::Int64 => "int64_t ".into(),
            CReturn::ConstString => "const char *".into(),
            CReturn::String | CReturn::Buffer => "char *".into(),
            CReturn::Strings => "char **".into(),
            CReturn::Struct(name) => format!("struct guestfs_{name} *"),
            CReturn::StructList(name) => format!("struct guestfs_{name}_list *"),
        }
    }

    fn rust(&self, contract: &Contract) -> String {
        let type_name = |name: &String| &contract.structs[name].type_name;
        match self {
            CReturn::Int => "c_int".into(),
            CReturn::Int64 => "i64".into(),
            CReturn::ConstString => "*const c_char".into(),
            CReturn::String | CReturn::Buffer => "*mut c_char".into(),
            CReturn::Strings => "*mut *mut c_char".into(),
            CReturn::Struct(name) => format!("*mut structs::{}", type_name(name)),
            CReturn::StructList(name) => format!("*mut List<structs::{}>", type_name(name)),
        }
    }

    /// What it returns on error.
    fn c_failed(&self) -> &'static str {
        match self {
            CReturn::Int | CReturn::Int64 => "-1",
            _ => "NULL",
        }
    }
}

/// The parameters of a call in C, without the optional arguments.
fn c_parameters(call: &Call) -> String {
    let mut text = String::from("guestfs_h *g");
    for arg in &call.args {
        text.push_str(", ");
        text.push_str(&CArg::of(arg).c(&arg.name));
    }
    text
}

/// The last parameter of a call that returns a buffer.
fn c_size_parameter(returns: &CReturn) -> &'static str {
    match returns {
        CReturn::Buffer => ", size_t *size_r",
        _ => "",
    }
}
