//! What a command answers, as guestfish prints it.

use std::io::{self, Write};

use glassbox_api::{FieldValue, FishOutput, StructValue, Value};

/// Prints the answer of a call.
pub fn value(out: &mut dyn Write, value: &Value, form: Option<FishOutput>) -> io::Result<()> {
    match value {
        Value::Unit | Value::Stream => Ok(()),
        Value::Bool(value) => writeln!(out, "{value}"),
        Value::Int(value) => integer(out, i64::from(*value), form),
        Value::Int64(value) => integer(out, *value, form),
        Value::String(text) => line(out, text),
        Value::OptString(Some(text)) => line(out, text),
        Value::OptString(None) => line(out, b"(null)"),
        Value::StringList(strings) => strings.iter().try_for_each(|string| line(out, string)),
        Value::Pairs(pairs) => pairs.iter().try_for_each(|(key, value)| {
            out.write_all(key)?;
            out.write_all(b": ")?;
            line(out, value)
        }),
        Value::Buffer(bytes) => out.write_all(bytes),
        Value::Struct(record) => fields(out, record, ""),
        Value::StructList(_, records) => records.iter().enumerate().try_for_each(|(index, record)| {
            writeln!(out, "[{index}] = {{")?;
            fields(out, record, "  ")?;
            writeln!(out, "}}")
        }),
        Value::Pointer(address) => writeln!(out, "{address:#x}"),
    }
}

fn line(out: &mut dyn Write, text: &[u8]) -> io::Result<()> {
    out.write_all(text)?;
    out.write_all(b"\n")
}

fn integer(out: &mut dyn Write, number: i64, form: Option<FishOutput>) -> io::Result<()> {
    match form {
        None => writeln!(out, "{number}"),
        Some(FishOutput::Hex) => writeln!(out, "{}{number:x}", if number == 0 { "" } else { "0x" }),
        Some(FishOutput::Octal) => writeln!(out, "{}{number:o}", if number == 0 { "" } else { "0" }),
    }
}

fn fields(out: &mut dyn Write, record: &StructValue, indent: &str) -> io::Result<()> {
    for (info, field) in record.info.fields.iter().zip(&record.fields) {
        write!(out, "{indent}{}: ", info.name)?;
        match field {
            FieldValue::Char(letter) => out.write_all(&[*letter])?,
            FieldValue::String(text) => out.write_all(text)?,
            FieldValue::Buffer(bytes) => escaped(out, bytes)?,
            FieldValue::Uuid(letters) => out.write_all(letters)?,
            FieldValue::Int32(number) => write!(out, "{number}")?,
            FieldValue::UInt32(number) => write!(out, "{number}")?,
            FieldValue::Int64(number) => write!(out, "{number}")?,
            FieldValue::UInt64(number) => write!(out, "{number}")?,
            FieldValue::OptPercent(Some(percent)) => write!(out, "{} %", significant(*percent))?,
            FieldValue::OptPercent(None) => {}
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Bytes with everything escaped that isn't printable ASCII. guestfish prints a byte of 0x80 and above as a negative
/// `char` of 32 bits; scripts that read its output know no other form.
fn escaped(out: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    for byte in bytes {
        match byte {
            b' '..=b'~' => out.write_all(&[*byte])?,
            0x80.. => write!(out, "\\xffffff{byte:02x}")?,
            _ => write!(out, "\\x{byte:02x}")?,
        }
    }
    Ok(())
}

/// A number with six significant digits and no trailing zeros, as C's `%g` prints those between 0.0001 and 999999.
fn significant(number: f32) -> String {
    const DIGITS: i32 = 6;
    let magnitude = if number == 0.0 { 0 } else { number.abs().log10().floor() as i32 };
    let decimals = usize::try_from(DIGITS - 1 - magnitude).unwrap_or(0);
    let text = format!("{number:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbox_api::{Record, structs};

    fn printed(answer: Value, form: Option<FishOutput>) -> String {
        let mut out = Vec::new();
        value(&mut out, &answer, form).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn scalars() {
        assert_eq!(printed(Value::Unit, None), "");
        assert_eq!(printed(Value::Bool(true), None), "true\n");
        assert_eq!(printed(Value::Int(-1), None), "-1\n");
        assert_eq!(printed(Value::Int(18), Some(FishOutput::Octal)), "022\n");
        assert_eq!(printed(Value::Int(0), Some(FishOutput::Octal)), "0\n");
        assert_eq!(printed(Value::Int(0x83), Some(FishOutput::Hex)), "0x83\n");
        assert_eq!(printed(Value::OptString(None), None), "(null)\n");
        assert_eq!(printed(Value::String("a\n".into()), None), "a\n\n");
        assert_eq!(printed(Value::Buffer(b"a".to_vec()), None), "a");
    }

    #[test]
    fn lists_and_pairs() {
        assert_eq!(printed(Value::StringList(vec!["a".into(), "b".into()]), None), "a\nb\n");
        assert_eq!(printed(Value::Pairs(vec![("/dev/sda1".into(), "ext4".into())]), None), "/dev/sda1: ext4\n");
    }

    #[test]
    fn structs_and_their_lists() {
        let version = structs::Version { major: 1, minor: 2, release: 3, extra: "x".into() };
        assert_eq!(printed(Value::Struct(version.into_value()), None), "major: 1\nminor: 2\nrelease: 3\nextra: x\n");
        let xattr = structs::Xattr { attrname: "user.a".into(), attrval: b"1\x00\xe9".to_vec() };
        assert_eq!(
            printed(Value::StructList(structs::Xattr::INFO, vec![xattr.into_value()]), None),
            "[0] = {\n  attrname: user.a\n  attrval: 1\\x00\\xffffffe9\n}\n"
        );
    }

    #[test]
    fn percentages() {
        assert_eq!(significant(0.0), "0");
        assert_eq!(significant(12.5), "12.5");
        assert_eq!(significant(100.0), "100");
        assert_eq!(significant(33.333_333), "33.3333");
    }
}
