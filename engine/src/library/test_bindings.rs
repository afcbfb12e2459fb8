//! The group `test-bindings`: calls that show a language binding what arrived of its arguments, and return or fail as
//! they are told to. What they print and return is what upstream's bindings are tested against.

use std::ffi::c_char;
use std::fs::File;
use std::io::Write;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::TestBindings;
use glassbox_api::options::{InternalTest63OptargsOpts, InternalTestOnlyOptargsOpts, InternalTestOpts};
use glassbox_api::structs::LvmPv;
use glassbox_io::{Error, Result, ResultExt};

use super::Library;

/// The most elements that are returned: the caller chooses their number.
const MAX_ELEMENTS: u32 = 1 << 20;

/// Lines as the tests print them.
#[derive(Default)]
struct Lines(Vec<u8>);

impl Lines {
    fn line(&mut self, text: impl AsRef<[u8]>) {
        self.0.extend_from_slice(text.as_ref());
        self.0.push(b'\n');
    }

    /// `name: value`, or that there is none.
    fn option(&mut self, name: &str, value: Option<impl AsRef<[u8]>>) {
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b": ");
        match value {
            Some(value) => self.line(value),
            None => self.line("unset"),
        }
    }
}

/// `["a", "b"]`, without escapes.
fn list(strings: &[&BStr]) -> BString {
    let mut text = BString::from("[");
    for (index, string) in strings.iter().enumerate() {
        text.extend_from_slice(if index > 0 { b", \"" } else { b"\"" });
        text.extend_from_slice(string);
        text.push(b'"');
    }
    text.push(b']');
    text
}

/// Each byte in hexadecimal, as C prints a `char`: whether it has a sign depends on the processor.
fn bytes(buffer: &[u8]) -> String {
    buffer.iter().map(|byte| format!("<{:02x}>", i32::from(*byte as c_char))).collect()
}

/// The number at the beginning of a string, as scanf(3) reads it: white space and a sign before, anything behind.
/// `bases` lets it be octal or hexadecimal by its prefix.
fn scan(text: &BStr, bases: bool) -> Option<i64> {
    let text = text.trim_start_with(|c| c.is_ascii_whitespace() || c == '\x0b');
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let (base, text) = match text {
        [b'0', b'x' | b'X', rest @ ..] if bases && rest.first().is_some_and(u8::is_ascii_hexdigit) => (16, rest),
        [b'0', ..] if bases => (8, text),
        _ => (10, text),
    };
    let mut digits = text.iter().map_while(|byte| char::from(*byte).to_digit(base)).peekable();
    digits.peek()?;
    let value = digits.fold(0_i128, |value, digit| (value * i128::from(base) + i128::from(digit)).min(1 << 64));
    let value = if negative { -value } else { value };
    Some(value.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
}

/// How many elements a string asks for.
fn count(call: &'static str, val: &BStr, kind: &str) -> Result<u32> {
    let number = scan(val, false).and_then(|number| u32::try_from(number).ok());
    number.filter(|number| *number <= MAX_ELEMENTS).ok_or_else(|| expecting(call, kind))
}

fn expecting(call: &'static str, kind: &str) -> Error {
    Error::usage(format!("{call}: expecting {kind} argument"))
}

fn failure<T>() -> Result<T> {
    Err(Error::usage("error"))
}

/// A struct with a number in all of its fields.
fn volume(number: u32) -> LvmPv {
    let size = u64::from(number);
    LvmPv {
        pv_name: format!("pv{number}").into(),
        pv_uuid: *b"12345678901234567890123456789012",
        pv_fmt: "unknown".into(),
        pv_size: size,
        dev_size: size,
        pv_free: size,
        pv_used: size,
        pv_attr: format!("attr{number}").into(),
        pv_pe_count: i64::from(number),
        pv_pe_alloc_count: i64::from(number),
        pv_tags: format!("tag{number}").into(),
        pe_start: size,
        pv_mda_count: i64::from(number),
        pv_mda_free: size,
    }
}

impl Library<'_> {
    /// To the file that was chosen, else to standard output.
    fn print(&mut self, lines: Lines) -> Result<()> {
        match &mut self.0.session.test_output {
            Some(file) => file.write_all(&lines.0)?,
            None => std::io::stdout().write_all(&lines.0)?,
        }
        Ok(())
    }
}

impl TestBindings for Library<'_> {
    fn internal_test(
        &mut self,
        str: &BStr,
        optstr: Option<&BStr>,
        strlist: &[&BStr],
        b: bool,
        integer: i32,
        integer64: i64,
        filein: &BStr,
        fileout: &BStr,
        bufferin: &[u8],
        opts: InternalTestOpts<'_>,
    ) -> Result<()> {
        let mut lines = Lines::default();
        lines.line(str);
        lines.line(optstr.unwrap_or("null".into()));
        lines.line(list(strlist));
        lines.line(b.to_string());
        lines.line(integer.to_string());
        lines.line(integer64.to_string());
        lines.line(filein);
        lines.line(fileout);
        lines.line(bytes(bufferin));
        lines.option("obool", opts.obool.map(|value| value.to_string()));
        lines.option("oint", opts.oint.map(|value| value.to_string()));
        lines.option("oint64", opts.oint64.map(|value| value.to_string()));
        lines.option("ostring", opts.ostring);
        lines.option("ostringlist", opts.ostringlist.map(|strings| list(&strings)));
        self.print(lines)
    }

    fn internal_test_only_optargs(&mut self, opts: InternalTestOnlyOptargsOpts) -> Result<()> {
        let mut lines = Lines::default();
        lines.option("test", opts.test.map(|value| value.to_string()));
        self.print(lines)
    }

    fn internal_test_63_optargs(&mut self, opts: InternalTest63OptargsOpts) -> Result<()> {
        let mut lines = Lines::default();
        macro_rules! print {
            ($($name:ident)*) => {
                $(lines.option(stringify!($name), opts.$name.map(|value| value.to_string()));)*
            };
        }
        print! {
            opt1 opt2 opt3 opt4 opt5 opt6 opt7 opt8 opt9 opt10 opt11 opt12 opt13 opt14 opt15 opt16 opt17 opt18 opt19
            opt20 opt21 opt22 opt23 opt24 opt25 opt26 opt27 opt28 opt29 opt30 opt31 opt32 opt33 opt34 opt35 opt36 opt37
            opt38 opt39 opt40 opt41 opt42 opt43 opt44 opt45 opt46 opt47 opt48 opt49 opt50 opt51 opt52 opt53 opt54 opt55
            opt56 opt57 opt58 opt59 opt60 opt61 opt62 opt63
        }
        self.print(lines)
    }

    fn internal_test_set_output(&mut self, filename: &BStr) -> Result<()> {
        let file = File::create(filename.to_path_lossy()).at_path(filename).during("cannot open output file")?;
        self.0.session.test_output = Some(file);
        Ok(())
    }

    fn internal_test_close_output(&mut self) -> Result<()> {
        self.0.session.test_output = None;
        Ok(())
    }

    fn internal_test_rint(&mut self, val: &BStr) -> Result<i32> {
        // scanf's `int` keeps the lower half of a number that is too large.
        scan(val, false).map(|number| number as i32).ok_or_else(|| expecting("internal_test_rint", "int"))
    }
    fn internal_test_rinterr(&mut self) -> Result<i32> {
        failure()
    }

    fn internal_test_rint64(&mut self, val: &BStr) -> Result<i64> {
        scan(val, true).ok_or_else(|| expecting("internal_test_rint64", "int64"))
    }
    fn internal_test_rint64err(&mut self) -> Result<i64> {
        failure()
    }

    fn internal_test_rbool(&mut self, val: &BStr) -> Result<bool> {
        Ok(val == "true")
    }
    fn internal_test_rboolerr(&mut self) -> Result<bool> {
        failure()
    }

    fn internal_test_rconststring(&mut self, _val: &BStr) -> Result<BString> {
        Ok("static string".into())
    }
    fn internal_test_rconststringerr(&mut self) -> Result<BString> {
        failure()
    }

    fn internal_test_rconstoptstring(&mut self, _val: &BStr) -> Result<Option<BString>> {
        Ok(Some("static string".into()))
    }
    fn internal_test_rconstoptstringerr(&mut self) -> Result<Option<BString>> {
        Ok(None)
    }

    fn internal_test_rstring(&mut self, val: &BStr) -> Result<BString> {
        Ok(val.to_owned())
    }
    fn internal_test_rstringerr(&mut self) -> Result<BString> {
        failure()
    }

    fn internal_test_rstringlist(&mut self, val: &BStr) -> Result<Vec<BString>> {
        let count = count("internal_test_rstringlist", val, "int")?;
        Ok((0..count).map(|number| number.to_string().into()).collect())
    }
    fn internal_test_rstringlisterr(&mut self) -> Result<Vec<BString>> {
        failure()
    }

    fn internal_test_rhashtable(&mut self, val: &BStr) -> Result<Vec<(BString, BString)>> {
        let count = count("internal_test_rhashtable", val, "int")?;
        Ok((0..count).map(|number| (number.to_string().into(), number.to_string().into())).collect())
    }
    fn internal_test_rhashtableerr(&mut self) -> Result<Vec<(BString, BString)>> {
        failure()
    }

    fn internal_test_rstruct(&mut self, _val: &BStr) -> Result<LvmPv> {
        Ok(volume(0))
    }
    fn internal_test_rstructerr(&mut self) -> Result<LvmPv> {
        failure()
    }

    fn internal_test_rstructlist(&mut self, val: &BStr) -> Result<Vec<LvmPv>> {
        let count = count("internal_test_rstructlist", val, "uint32")?;
        Ok((0..count).map(volume).collect())
    }
    fn internal_test_rstructlisterr(&mut self) -> Result<Vec<LvmPv>> {
        failure()
    }

    fn internal_test_rbufferout(&mut self, val: &BStr) -> Result<Vec<u8>> {
        Ok(val.to_vec())
    }
    fn internal_test_rbufferouterr(&mut self) -> Result<Vec<u8>> {
        failure()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from libguestfs 1.48.6 through its Python binding.
    #[test]
    fn numbers_are_read_as_scanf_reads_them() {
        for (text, rint, rint64) in [
            ("10", Some(10), Some(10)),
            ("0", Some(0), Some(0)),
            ("+4", Some(4), Some(4)),
            (" 5", Some(5), Some(5)),
            ("6x", Some(6), Some(6)),
            ("99999999999", Some(1_215_752_191), Some(99_999_999_999)),
            ("0x10", Some(0), Some(16)),
            ("99999999999999999999", Some(-1), Some(i64::MAX)),
            ("abc", None, None),
            ("", None, None),
            ("true", None, None),
        ] {
            assert_eq!(scan(text.into(), false).map(|number| number as i32), rint, "{text:?}");
            assert_eq!(scan(text.into(), true), rint64, "{text:?}");
        }
    }
}
