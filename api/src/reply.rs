//! What calls return, on the wire and as [`Value`]s.

use bstr::BString;
use glassbox_io::Result;

use crate::xdr::{Decoder, Encoder, malformed};
use crate::{Record, Value};

/// The result of a call.
pub trait Reply: Clone + Sized {
    /// Appends the wire form.
    fn encode(&self, to: &mut Encoder);
    /// Reads the wire form.
    fn decode(from: &mut Decoder<'_>) -> Result<Self>;
    /// Itself, with its type known only at run time.
    fn into_value(self) -> Value;
}

impl Reply for () {
    fn encode(&self, _to: &mut Encoder) {}
    fn decode(_from: &mut Decoder<'_>) -> Result<Self> {
        Ok(())
    }
    fn into_value(self) -> Value {
        Value::Unit
    }
}

impl Reply for bool {
    fn encode(&self, to: &mut Encoder) {
        to.bool(*self);
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self> {
        from.bool()
    }
    fn into_value(self) -> Value {
        Value::Bool(self)
    }
}

impl Reply for i32 {
    fn encode(&self, to: &mut Encoder) {
        to.i32(*self);
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self> {
        from.i32()
    }
    fn into_value(self) -> Value {
        Value::Int(self)
    }
}

impl Reply for i64 {
    fn encode(&self, to: &mut Encoder) {
        to.i64(*self);
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self> {
        from.i64()
    }
    fn into_value(self) -> Value {
        Value::Int64(self)
    }
}

impl Reply for BString {
    fn encode(&self, to: &mut Encoder) {
        to.opaque(self);
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self> {
        Ok(from.opaque()?.into())
    }
    fn into_value(self) -> Value {
        Value::String(self)
    }
}

/// No daemon call returns it; the form is that of the optional string argument.
impl Reply for Option<BString> {
    fn encode(&self, to: &mut Encoder) {
        to.bool(self.is_some());
        if let Some(string) = self {
            to.opaque(string);
        }
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self> {
        Ok(if from.bool()? { Some(from.opaque()?.into()) } else { None })
    }
    fn into_value(self) -> Value {
        Value::OptString(self)
    }
}

impl Reply for Vec<u8> {
    fn encode(&self, to: &mut Encoder) {
        to.opaque(self);
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self> {
        Ok(from.opaque()?.to_vec())
    }
    fn into_value(self) -> Value {
        Value::Buffer(self)
    }
}

impl Reply for Vec<BString> {
    fn encode(&self, to: &mut Encoder) {
        to.count(self.len());
        self.iter().for_each(|string| to.opaque(string));
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self> {
        let count = from.count(4)?;
        (0..count).map(|_| Ok(from.opaque()?.into())).collect()
    }
    fn into_value(self) -> Value {
        Value::StringList(self)
    }
}

/// A hashtable travels as one array of strings in which keys and values alternate.
impl Reply for Vec<(BString, BString)> {
    fn encode(&self, to: &mut Encoder) {
        to.count(self.len().saturating_mul(2));
        for (key, value) in self {
            to.opaque(key);
            to.opaque(value);
        }
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self> {
        let count = from.count(4)?;
        if count % 2 != 0 {
            return Err(malformed("a hashtable has a key without a value"));
        }
        (0..count / 2).map(|_| Ok((from.opaque()?.into(), from.opaque()?.into()))).collect()
    }
    fn into_value(self) -> Value {
        Value::Pairs(self)
    }
}

impl<T: Record + Clone> Reply for Vec<T> {
    fn encode(&self, to: &mut Encoder) {
        to.count(self.len());
        self.iter().for_each(|record| Record::encode(record, to));
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self> {
        let count = from.count(T::INFO.min_wire_size())?;
        (0..count).map(|_| Record::decode(from)).collect()
    }
    fn into_value(self) -> Value {
        Value::StructList(T::INFO, self.into_iter().map(Record::into_value).collect())
    }
}

impl<T: Record + Clone> Reply for T {
    fn encode(&self, to: &mut Encoder) {
        Record::encode(self, to);
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self> {
        Record::decode(from)
    }
    fn into_value(self) -> Value {
        Value::Struct(Record::into_value(self))
    }
}
