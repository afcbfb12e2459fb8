//! How a request gets its arguments ([`Source`]) and gives them away ([`Sink`]), whatever the other side is: bytes
//! of a message, or values known only at run time.

use std::io::{Read, Write};

use bstr::{BStr, BString};
use glassbox_io::{Error, Result};

use crate::{CallInfo, StringList, Value};

/// Gives a request its arguments: required ones in order, then every optional one in the order of their bits.
pub trait Source<'a> {
    /// The next argument, a `Bool`.
    fn bool(&mut self) -> Result<bool>;
    /// The next argument, an `Int`.
    fn int(&mut self) -> Result<i32>;
    /// The next argument, an `Int64`.
    fn int64(&mut self) -> Result<i64>;
    /// The next argument, a `String` of any kind.
    fn string(&mut self) -> Result<&'a BStr>;
    /// The next argument, an `OptString`.
    fn nullable_string(&mut self) -> Result<Option<&'a BStr>>;
    /// The next argument, a `StringList`.
    fn string_list(&mut self) -> Result<StringList<'a>>;
    /// The next argument, a `BufferIn`.
    fn buffer(&mut self) -> Result<&'a [u8]>;
    /// The next argument, a `Pointer`.
    fn pointer(&mut self) -> Result<usize>;
    /// The next argument, a `FileIn` stream.
    fn file_in(&mut self) -> Result<&'a mut (dyn Read + 'a)>;
    /// The next argument, a `FileOut` stream.
    fn file_out(&mut self) -> Result<&'a mut (dyn Write + 'a)>;

    /// The next optional argument, a `Bool`.
    fn optional_bool(&mut self) -> Result<Option<bool>>;
    /// The next optional argument, an `Int`.
    fn optional_int(&mut self) -> Result<Option<i32>>;
    /// The next optional argument, an `Int64`.
    fn optional_int64(&mut self) -> Result<Option<i64>>;
    /// The next optional argument, a `String`.
    fn optional_string(&mut self) -> Result<Option<&'a BStr>>;
    /// The next optional argument, a `StringList`.
    fn optional_string_list(&mut self) -> Result<Option<StringList<'a>>>;
}

/// Takes a request's arguments, in the same order.
pub trait Sink {
    /// A `Bool`.
    fn bool(&mut self, value: bool);
    /// An `Int`.
    fn int(&mut self, value: i32);
    /// An `Int64`.
    fn int64(&mut self, value: i64);
    /// A `String` of any kind.
    fn string(&mut self, value: &BStr);
    /// An `OptString`.
    fn nullable_string(&mut self, value: Option<&BStr>);
    /// A `StringList`.
    fn string_list(&mut self, value: &[&BStr]);
    /// A `BufferIn`.
    fn buffer(&mut self, value: &[u8]);
    /// A `Pointer`.
    fn pointer(&mut self, value: usize);
    /// The place of a `FileIn` or `FileOut` stream.
    fn stream(&mut self);

    /// An optional `Bool`.
    fn optional_bool(&mut self, value: Option<bool>);
    /// An optional `Int`.
    fn optional_int(&mut self, value: Option<i32>);
    /// An optional `Int64`.
    fn optional_int64(&mut self, value: Option<i64>);
    /// An optional `String`.
    fn optional_string(&mut self, value: Option<&BStr>);
    /// An optional `StringList`.
    fn optional_string_list(&mut self, value: Option<&[&BStr]>);
}

/// The contents of a call's file arguments. No call has more than one of either.
#[derive(Default)]
pub struct Streams<'a> {
    /// What the call reads.
    pub input: Option<&'a mut (dyn Read + 'a)>,
    /// What the call writes to.
    pub output: Option<&'a mut (dyn Write + 'a)>,
}

/// The arguments of a call that is known only at run time.
#[derive(Default)]
pub struct Arguments<'a> {
    /// Required arguments, in order; [`Value::Stream`] in the place of a stream.
    pub required: &'a [Value],
    /// Optional arguments, in the order of their bits; those at the end may be left out.
    pub optional: &'a [Option<Value>],
    /// The contents of file arguments.
    pub streams: Streams<'a>,
}

impl<'a> Arguments<'a> {
    /// Fails with what is wrong in the numbers of the arguments, before any is looked at.
    pub(crate) fn check_numbers(&self, info: &CallInfo) -> Result<()> {
        if self.required.len() != info.args.len() {
            return Err(Error::usage(format!(
                "{}: {} arguments given, {} required",
                info.name,
                self.required.len(),
                info.args.len()
            )));
        }
        if self.optional.len() > info.optargs.len() {
            return Err(Error::usage(format!("{}: unknown optional argument", info.name)));
        }
        Ok(())
    }

    fn next(&mut self) -> Result<&'a Value> {
        let (first, rest) = self.required.split_first().ok_or_else(|| Error::usage("an argument is missing"))?;
        self.required = rest;
        Ok(first)
    }

    fn next_optional(&mut self) -> Option<&'a Value> {
        let (first, rest) = self.optional.split_first()?;
        self.optional = rest;
        first.as_ref()
    }
}

/// The error for a value that doesn't have the kind of its argument.
fn wrong_kind(expected: &str, value: &Value) -> Error {
    Error::usage(format!("an argument should be {expected}, not {value:?}"))
}

fn as_bool(value: &Value) -> Result<bool> {
    match value {
        Value::Bool(value) => Ok(*value),
        other => Err(wrong_kind("a Bool", other)),
    }
}

fn as_int(value: &Value) -> Result<i32> {
    match value {
        Value::Int(value) => Ok(*value),
        other => Err(wrong_kind("an Int", other)),
    }
}

fn as_int64(value: &Value) -> Result<i64> {
    match value {
        Value::Int64(value) => Ok(*value),
        other => Err(wrong_kind("an Int64", other)),
    }
}

fn as_string(value: &Value) -> Result<&BStr> {
    match value {
        Value::String(value) => Ok(value.as_ref()),
        other => Err(wrong_kind("a String", other)),
    }
}

fn as_string_list<'a>(value: &'a Value) -> Result<StringList<'a>> {
    match value {
        Value::StringList(value) => Ok(value.iter().map(|string| string.as_ref()).collect()),
        other => Err(wrong_kind("a StringList", other)),
    }
}

impl<'a> Source<'a> for Arguments<'a> {
    fn bool(&mut self) -> Result<bool> {
        as_bool(self.next()?)
    }
    fn int(&mut self) -> Result<i32> {
        as_int(self.next()?)
    }
    fn int64(&mut self) -> Result<i64> {
        as_int64(self.next()?)
    }
    fn string(&mut self) -> Result<&'a BStr> {
        as_string(self.next()?)
    }
    fn nullable_string(&mut self) -> Result<Option<&'a BStr>> {
        match self.next()? {
            Value::OptString(value) => Ok(value.as_ref().map(|string| string.as_ref())),
            other => Err(wrong_kind("an OptString", other)),
        }
    }
    fn string_list(&mut self) -> Result<StringList<'a>> {
        as_string_list(self.next()?)
    }
    fn buffer(&mut self) -> Result<&'a [u8]> {
        match self.next()? {
            Value::Buffer(value) => Ok(value),
            other => Err(wrong_kind("a Buffer", other)),
        }
    }
    fn pointer(&mut self) -> Result<usize> {
        match self.next()? {
            Value::Pointer(value) => Ok(*value),
            other => Err(wrong_kind("a Pointer", other)),
        }
    }
    fn file_in(&mut self) -> Result<&'a mut (dyn Read + 'a)> {
        self.next()?;
        self.streams.input.take().ok_or_else(|| Error::usage("the file to read is missing"))
    }
    fn file_out(&mut self) -> Result<&'a mut (dyn Write + 'a)> {
        self.next()?;
        self.streams.output.take().ok_or_else(|| Error::usage("the file to write is missing"))
    }

    fn optional_bool(&mut self) -> Result<Option<bool>> {
        self.next_optional().map(as_bool).transpose()
    }
    fn optional_int(&mut self) -> Result<Option<i32>> {
        self.next_optional().map(as_int).transpose()
    }
    fn optional_int64(&mut self) -> Result<Option<i64>> {
        self.next_optional().map(as_int64).transpose()
    }
    fn optional_string(&mut self) -> Result<Option<&'a BStr>> {
        self.next_optional().map(as_string).transpose()
    }
    fn optional_string_list(&mut self) -> Result<Option<StringList<'a>>> {
        self.next_optional().map(as_string_list).transpose()
    }
}

/// A request's arguments as values, for traces and whoever wants to look at them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collected {
    /// Required arguments, in order.
    pub required: Vec<Value>,
    /// Optional arguments, in the order of their bits.
    pub optional: Vec<Option<Value>>,
}

fn owned_list(value: &[&BStr]) -> Value {
    Value::StringList(value.iter().map(|string| BString::from(*string)).collect())
}

impl Sink for Collected {
    fn bool(&mut self, value: bool) {
        self.required.push(Value::Bool(value));
    }
    fn int(&mut self, value: i32) {
        self.required.push(Value::Int(value));
    }
    fn int64(&mut self, value: i64) {
        self.required.push(Value::Int64(value));
    }
    fn string(&mut self, value: &BStr) {
        self.required.push(Value::String(value.into()));
    }
    fn nullable_string(&mut self, value: Option<&BStr>) {
        self.required.push(Value::OptString(value.map(BString::from)));
    }
    fn string_list(&mut self, value: &[&BStr]) {
        self.required.push(owned_list(value));
    }
    fn buffer(&mut self, value: &[u8]) {
        self.required.push(Value::Buffer(value.to_vec()));
    }
    fn pointer(&mut self, value: usize) {
        self.required.push(Value::Pointer(value));
    }
    fn stream(&mut self) {
        self.required.push(Value::Stream);
    }

    fn optional_bool(&mut self, value: Option<bool>) {
        self.optional.push(value.map(Value::Bool));
    }
    fn optional_int(&mut self, value: Option<i32>) {
        self.optional.push(value.map(Value::Int));
    }
    fn optional_int64(&mut self, value: Option<i64>) {
        self.optional.push(value.map(Value::Int64));
    }
    fn optional_string(&mut self, value: Option<&BStr>) {
        self.optional.push(value.map(|value| Value::String(value.into())));
    }
    fn optional_string_list(&mut self, value: Option<&[&BStr]>) {
        self.optional.push(value.map(owned_list));
    }
}
