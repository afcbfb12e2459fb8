//! Random arguments and results of any call, and their wire form.
//!
//! The wire form is built here from the kinds in the table alone, so that it checks the generated code instead of
//! repeating it.

use glassbox_api::bstr::BString;
use glassbox_api::*;

/// A generator of random numbers (SplitMix64): the same seed gives the same test.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn bool(&mut self) -> bool {
        self.next() & 1 == 1
    }

    /// Any bytes, short enough for every padding to be common.
    pub fn bytes(&mut self) -> Vec<u8> {
        let len = self.below(10);
        (0..len).map(|_| self.next() as u8).collect()
    }

    pub fn string(&mut self) -> BString {
        self.bytes().into()
    }

    pub fn strings(&mut self) -> Vec<BString> {
        let len = self.below(4);
        (0..len).map(|_| self.string()).collect()
    }
}

/// The wire form, as RFC 4506 describes it.
#[derive(Default)]
pub struct Wire(pub Vec<u8>);

impl Wire {
    pub fn word(&mut self, value: i64) {
        self.0.extend(&(value as u32).to_be_bytes());
    }

    pub fn hyper(&mut self, value: u64) {
        self.0.extend(&value.to_be_bytes());
    }

    pub fn opaque(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as i64);
        self.0.extend(bytes);
        while !self.0.len().is_multiple_of(4) {
            self.0.push(0);
        }
    }

    pub fn strings(&mut self, strings: &[BString]) {
        self.word(strings.len() as i64);
        strings.iter().for_each(|string| self.opaque(string));
    }

    fn field(&mut self, value: &FieldValue) {
        match value {
            // A C `char` is signed on x86.
            FieldValue::Char(value) => self.word(i64::from(*value as i8)),
            FieldValue::String(value) => self.opaque(value),
            FieldValue::Buffer(value) => self.opaque(value),
            FieldValue::Uuid(value) => self.0.extend(value),
            FieldValue::Int32(value) => self.word((*value).into()),
            FieldValue::UInt32(value) => self.word((*value).into()),
            FieldValue::Int64(value) => self.hyper(*value as u64),
            FieldValue::UInt64(value) => self.hyper(*value),
            FieldValue::OptPercent(value) => self.0.extend(&value.unwrap_or(-1.0).to_be_bytes()),
        }
    }
}

/// A random value for an argument; where it travels, its wire form is appended.
pub fn argument(random: &mut Random, wire: &mut Wire, info: &CallInfo, kind: ArgKind) -> Value {
    if info.is_stream(kind) {
        return Value::Stream;
    }
    match kind {
        ArgKind::Bool => {
            let value = random.bool();
            wire.word(value.into());
            Value::Bool(value)
        }
        ArgKind::Int => {
            let value = random.next() as i32;
            wire.word(value.into());
            Value::Int(value)
        }
        ArgKind::Int64 => {
            let value = random.next();
            wire.hyper(value);
            Value::Int64(value as i64)
        }
        ArgKind::String(_) | ArgKind::FileIn | ArgKind::FileOut => {
            let value = random.string();
            wire.opaque(&value);
            Value::String(value)
        }
        ArgKind::OptString => {
            let value = random.bool().then(|| random.string());
            wire.word(value.is_some().into());
            if let Some(value) = &value {
                wire.opaque(value);
            }
            Value::OptString(value)
        }
        ArgKind::StringList(_) => {
            let value = random.strings();
            wire.strings(&value);
            Value::StringList(value)
        }
        ArgKind::BufferIn => {
            let value = random.bytes();
            wire.opaque(&value);
            Value::Buffer(value)
        }
        ArgKind::Pointer(_) => Value::Pointer(random.next() as usize),
    }
}

/// A random value for an optional argument, or none; the place of either is in the wire form.
pub fn optional(random: &mut Random, wire: &mut Wire, kind: OptKind) -> Option<Value> {
    let given = random.bool();
    let value = match kind {
        OptKind::Bool => {
            let value = given && random.bool();
            wire.word(value.into());
            Value::Bool(value)
        }
        OptKind::Int => {
            let value = if given { random.next() as i32 } else { 0 };
            wire.word(value.into());
            Value::Int(value)
        }
        OptKind::Int64 => {
            let value = if given { random.next() } else { 0 };
            wire.hyper(value);
            Value::Int64(value as i64)
        }
        OptKind::String => {
            let value = if given { random.string() } else { "".into() };
            wire.opaque(&value);
            Value::String(value)
        }
        OptKind::StringList => {
            let value = if given { random.strings() } else { Vec::new() };
            wire.strings(&value);
            Value::StringList(value)
        }
    };
    given.then_some(value)
}

/// Random arguments for a call, with their wire form and the mask of those that are given.
pub fn arguments(random: &mut Random, info: &CallInfo) -> (Collected, Vec<u8>, u64) {
    let mut wire = Wire::default();
    let required = info.args.iter().map(|arg| argument(random, &mut wire, info, arg.kind)).collect();
    let optional: Vec<_> = info.optargs.iter().map(|arg| optional(random, &mut wire, arg.kind)).collect();
    let mask = optional.iter().enumerate().map(|(bit, value)| u64::from(value.is_some()) << bit).sum();
    (Collected { required, optional }, wire.0, mask)
}

fn record(random: &mut Random, wire: &mut Wire, info: &'static StructInfo) -> StructValue {
    let fields = info.fields.iter().map(|field| match field.kind {
        FieldKind::Char => FieldValue::Char(random.next() as u8),
        FieldKind::String | FieldKind::Device => FieldValue::String(random.string()),
        FieldKind::Buffer => FieldValue::Buffer(random.bytes()),
        FieldKind::Uuid => FieldValue::Uuid(std::array::from_fn(|_| random.next() as u8)),
        FieldKind::Int32 => FieldValue::Int32(random.next() as i32),
        FieldKind::UInt32 => FieldValue::UInt32(random.next() as u32),
        FieldKind::Int64 => FieldValue::Int64(random.next() as i64),
        FieldKind::UInt64 | FieldKind::Bytes => FieldValue::UInt64(random.next()),
        FieldKind::OptPercent => FieldValue::OptPercent(random.bool().then(|| random.below(1000) as f32 / 10.0)),
    });
    let fields: Vec<_> = fields.collect();
    fields.iter().for_each(|field| wire.field(field));
    StructValue { info, fields }
}

/// A random result of a call, with its wire form.
pub fn reply(random: &mut Random, info: &CallInfo) -> (Value, Vec<u8>) {
    let mut wire = Wire::default();
    let value = match info.returns {
        Returns::Unit => Value::Unit,
        Returns::Bool(_) => {
            let value = random.bool();
            wire.word(value.into());
            Value::Bool(value)
        }
        Returns::Int(_) => {
            let value = random.next() as i32;
            wire.word(value.into());
            Value::Int(value)
        }
        Returns::Int64(_) => {
            let value = random.next();
            wire.hyper(value);
            Value::Int64(value as i64)
        }
        Returns::String(..) | Returns::ConstString(_) => {
            let value = random.string();
            wire.opaque(&value);
            Value::String(value)
        }
        Returns::ConstOptString(_) => {
            let value = random.bool().then(|| random.string());
            wire.word(value.is_some().into());
            if let Some(value) = &value {
                wire.opaque(value);
            }
            Value::OptString(value)
        }
        Returns::StringList(..) => {
            let value = random.strings();
            wire.strings(&value);
            Value::StringList(value)
        }
        Returns::Hashtable(..) => {
            let pairs: Vec<_> = random.strings().into_iter().map(|key| (key, random.string())).collect();
            let flat: Vec<_> = pairs.iter().flat_map(|(key, value)| [key.clone(), value.clone()]).collect();
            wire.strings(&flat);
            Value::Pairs(pairs)
        }
        Returns::Buffer(_) => {
            let value = random.bytes();
            wire.opaque(&value);
            Value::Buffer(value)
        }
        Returns::Struct(_, info) => Value::Struct(record(random, &mut wire, info)),
        Returns::StructList(_, info) => {
            let len = random.below(4);
            wire.word(len as i64);
            Value::StructList(info, (0..len).map(|_| record(random, &mut wire, info)).collect())
        }
    };
    (value, wire.0)
}
