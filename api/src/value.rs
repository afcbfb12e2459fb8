//! Arguments and results whose types are known only at run time.

use bstr::BString;

use crate::StructInfo;

/// An argument or a result of any call.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Success, and nothing more.
    Unit,
    /// True or false.
    Bool(bool),
    /// A 32-bit number.
    Int(i32),
    /// A 64-bit number.
    Int64(i64),
    /// A string of bytes.
    String(BString),
    /// A string, or none.
    OptString(Option<BString>),
    /// A list of strings.
    StringList(Vec<BString>),
    /// Pairs of strings, in the order of the answer.
    Pairs(Vec<(BString, BString)>),
    /// Bytes that aren't text.
    Buffer(Vec<u8>),
    /// One struct.
    Struct(StructValue),
    /// A list of structs.
    StructList(&'static StructInfo, Vec<StructValue>),
    /// A pointer of the calling process.
    Pointer(usize),
    /// The place of a file argument whose contents are in [`crate::Streams`].
    Stream,
}

/// A struct by its description and the values of its fields, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct StructValue {
    /// Which struct, with the names and kinds of its fields.
    pub info: &'static StructInfo,
    /// The values, as many as `info.fields`.
    pub fields: Vec<FieldValue>,
}

/// The value of a struct's field.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValue {
    /// A letter.
    Char(u8),
    /// A string, or the name of a device.
    String(BString),
    /// Bytes that aren't text.
    Buffer(Vec<u8>),
    /// The 32 letters of an LVM UUID.
    Uuid([u8; 32]),
    /// A signed 32-bit number.
    Int32(i32),
    /// An unsigned 32-bit number.
    UInt32(u32),
    /// A signed 64-bit number.
    Int64(i64),
    /// An unsigned 64-bit number, or a number of bytes.
    UInt64(u64),
    /// A percentage, or none.
    OptPercent(Option<f32>),
}
