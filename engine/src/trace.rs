//! Calls and results as text, in the form of libguestfs's trace messages.

use std::io::Write as _;

use bstr::{BStr, BString};
use glassbox_api::{AnyCall, ArgKind, CallInfo, FieldValue, StringKind, StructValue, Value};

use crate::handle::Caller;

/// A stream without a name.
const NAMELESS: &str = "-";
/// Longer buffers are cut: a trace is for people.
const LONGEST_BUFFER: usize = 256;

/// `name arguments…`: what is traced when a call begins.
pub fn call(call: &dyn AnyCall, caller: &Caller<'_>) -> BString {
    let info = call.info();
    let arguments = call.arguments();
    let mut text = BString::from(info.name);
    for (argument, value) in info.args.iter().zip(&arguments.required) {
        text.push(b' ');
        match (argument.kind, value) {
            (ArgKind::String(StringKind::Key), _) => text.extend_from_slice(b"\"***\""),
            (ArgKind::FileIn, Value::Stream) => quoted(&mut text, caller.input.unwrap_or(NAMELESS.into())),
            (ArgKind::FileOut, Value::Stream) => quoted(&mut text, caller.output.unwrap_or(NAMELESS.into())),
            (_, value) => required(&mut text, value),
        }
    }
    for (optional, value) in info.optargs.iter().zip(&arguments.optional) {
        let Some(value) = value else { continue };
        text.extend_from_slice(b" \"");
        text.extend_from_slice(optional.name.as_bytes());
        text.push(b':');
        match value {
            Value::String(string) => text.extend_from_slice(string),
            Value::StringList(list) => words(&mut text, list),
            value => plain(&mut text, value),
        }
        text.push(b'"');
    }
    text
}

/// `name = result`: what is traced when a call has succeeded.
pub fn result(info: &CallInfo, value: &Value) -> BString {
    let mut text = BString::from(format!("{} = ", info.name));
    match value {
        Value::Unit => text.push(b'0'),
        Value::Bool(value) => text.push(b'0' + u8::from(*value)),
        Value::OptString(None) => text.extend_from_slice(b"\"NULL\""),
        Value::OptString(Some(string)) => quoted(&mut text, string.as_ref()),
        Value::StringList(list) => {
            list_of(&mut text, list.iter());
        }
        Value::Pairs(pairs) => list_of(&mut text, pairs.iter().flat_map(|(key, value)| [key, value])),
        Value::Struct(value) => {
            text.extend_from_slice(format!("<struct guestfs_{} = ", value.info.name).as_bytes());
            fields(&mut text, value);
            text.push(b'>');
        }
        Value::StructList(info, list) => {
            text.extend_from_slice(format!("<struct guestfs_{}_list({}) =", info.name, list.len()).as_bytes());
            for (index, value) in list.iter().enumerate() {
                text.extend_from_slice(format!(" [{index}]{{").as_bytes());
                fields(&mut text, value);
                text.push(b'}');
            }
            text.push(b'>');
        }
        value => required(&mut text, value),
    }
    text
}

/// `name = -1 (error)`: what is traced when a call has failed.
pub fn failure(info: &CallInfo) -> BString {
    format!("{} = {} (error)", info.name, info.returns.c_error_value().unwrap_or("NULL")).into()
}

fn required(text: &mut BString, value: &Value) {
    match value {
        Value::String(string) => quoted(text, string.as_ref()),
        Value::OptString(Some(string)) => quoted(text, string.as_ref()),
        Value::OptString(None) => text.extend_from_slice(b"null"),
        Value::StringList(list) => {
            text.push(b'"');
            words(text, list);
            text.push(b'"');
        }
        Value::Buffer(bytes) => {
            text.push(b'"');
            escaped(text, &bytes[..bytes.len().min(LONGEST_BUFFER)]);
            text.push(b'"');
            if bytes.len() > LONGEST_BUFFER {
                text.extend_from_slice(format!("<truncated, original size {} bytes>", bytes.len()).as_bytes());
            }
        }
        value => plain(text, value),
    }
}

fn plain(text: &mut BString, value: &Value) {
    let written = match value {
        Value::Bool(value) => write!(text, "{value}"),
        Value::Int(value) => write!(text, "{value}"),
        Value::Int64(value) => write!(text, "{value}"),
        Value::Pointer(value) => write!(text, "{value:#x}"),
        _ => Ok(()),
    };
    debug_assert!(written.is_ok(), "a vector takes all bytes");
}

fn fields(text: &mut BString, value: &StructValue) {
    for (field, value) in value.info.fields.iter().zip(&value.fields) {
        text.extend_from_slice(field.name.as_bytes());
        text.extend_from_slice(b": ");
        let written = match value {
            FieldValue::Char(letter) => text.write_all(&[*letter]),
            FieldValue::String(string) => text.write_all(string),
            FieldValue::Buffer(bytes) => {
                text.push(b'"');
                escaped(text, bytes);
                text.write_all(b"\"")
            }
            FieldValue::Uuid(letters) => text.write_all(letters),
            FieldValue::Int32(value) => write!(text, "{value}"),
            FieldValue::UInt32(value) => write!(text, "{value}"),
            FieldValue::Int64(value) => write!(text, "{value}"),
            FieldValue::UInt64(value) => write!(text, "{value}"),
            FieldValue::OptPercent(Some(value)) => write!(text, "{value}"),
            FieldValue::OptPercent(None) => text.write_all(b"none"),
        };
        debug_assert!(written.is_ok(), "a vector takes all bytes");
        text.extend_from_slice(b", ");
    }
}

fn list_of<'a>(text: &mut BString, strings: impl Iterator<Item = &'a BString>) {
    text.push(b'[');
    for (index, string) in strings.enumerate() {
        if index > 0 {
            text.extend_from_slice(b", ");
        }
        quoted(text, string.as_ref());
    }
    text.push(b']');
}

fn words(text: &mut BString, list: &[BString]) {
    for (index, string) in list.iter().enumerate() {
        if index > 0 {
            text.push(b' ');
        }
        text.extend_from_slice(string);
    }
}

fn quoted(text: &mut BString, string: &BStr) {
    text.push(b'"');
    text.extend_from_slice(string);
    text.push(b'"');
}

/// A message for the terminal: bytes that would do something to it in hexadecimal.
pub fn printable(message: &[u8]) -> BString {
    let mut text = BString::default();
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        let (line, end) = line.split_at(line.len() - usize::from(line.ends_with(b"\n")));
        escaped(&mut text, line);
        text.extend_from_slice(end);
    }
    text
}

fn escaped(text: &mut BString, bytes: &[u8]) {
    for byte in bytes {
        match byte {
            b' '..=b'~' => text.push(*byte),
            byte => text.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
}
