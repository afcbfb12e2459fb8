//! Arguments as they are typed, turned into the values that calls take.

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::{CallInfo, OptKind, Value};

use super::lexer;
use super::problem::Problem;
use crate::number;

/// `true` or `false`, or one of the words that mean the same.
pub fn boolean(text: &BStr) -> Result<bool, Problem> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()));
    if is(&["1", "true", "t", "yes", "y", "on"]) {
        Ok(true)
    } else if is(&["0", "false", "f", "no", "n", "off"]) {
        Ok(false)
    } else {
        Err(Problem::Shell(format!("'{text}': invalid boolean value, use 'true' or 'false'")))
    }
}

/// A number of 64 bits. `command` and `name` are for the error.
pub fn int64(text: &BStr, command: &BStr, name: &str) -> Result<i64, Problem> {
    number::parse(text).map_err(|error| {
        Problem::usage(format!("{command}: {name}: invalid integer parameter (xstrtoll returned {error})"))
    })
}

/// A number of 32 bits.
pub fn int(text: &BStr, command: &BStr, name: &str) -> Result<i32, Problem> {
    let number = int64(text, command, name)?;
    i32::try_from(number).map_err(|_| Problem::usage(format!("{command}: {name}: integer out of range")))
}

/// A list of strings, in one argument.
pub fn string_list(text: &BStr) -> Result<Vec<BString>, Problem> {
    lexer::string_list(text).ok_or_else(|| Problem::usage(format!("Runaway quote in string \"{text}\"")))
}

/// The optional arguments, written `name:value`, in the order of their bits.
pub fn optionals(info: &CallInfo, command: &BStr, arguments: &[BString]) -> Result<Vec<Option<Value>>, Problem> {
    let mut values = vec![None; info.optargs.len()];
    for argument in arguments {
        let unknown = || Problem::usage(format!("{command}: unknown optional argument \"{argument}\""));
        let (name, text) = argument.split_once_str(":").ok_or_else(unknown)?;
        let bit = name.to_str().ok().and_then(|name| info.optional(name)).ok_or_else(unknown)?;
        let (Some(optional), Some(slot)) = (info.optargs.get(bit), values.get_mut(bit)) else { return Err(unknown()) };
        if slot.is_some() {
            let name = optional.name;
            return Err(Problem::usage(format!("{command}: optional argument \"{name}\" given more than once")));
        }
        // guestfish shows the name of a C variable here.
        let name = || format!("optargs_s.{}", optional.name);
        let text = BStr::new(text);
        *slot = Some(match optional.kind {
            OptKind::Bool => Value::Bool(boolean(text)?),
            OptKind::Int => Value::Int(int(text, command, &name())?),
            OptKind::Int64 => Value::Int64(int64(text, command, &name())?),
            OptKind::String => Value::String(text.into()),
            OptKind::StringList => Value::StringList(string_list(text)?),
        });
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fish::problem::Told;

    fn told<T: std::fmt::Debug>(result: Result<T, Problem>) -> String {
        Told { problem: &result.unwrap_err(), program: "fish", place: None }.to_string()
    }

    #[test]
    fn booleans() {
        for yes in ["1", "true", "T", "YES", "y", "on"] {
            assert!(boolean(yes.into()).unwrap());
        }
        for no in ["0", "false", "F", "No", "n", "OFF"] {
            assert!(!boolean(no.into()).unwrap());
        }
        assert_eq!(told(boolean("2".into())), "fish: '2': invalid boolean value, use 'true' or 'false'\n");
    }

    #[test]
    fn numbers() {
        assert_eq!(int("0x10".into(), "c".into(), "n").unwrap(), 16);
        assert_eq!(told(int("4G".into(), "c".into(), "n")), "c: n: integer out of range\n");
        assert_eq!(told(int64("x".into(), "c".into(), "n")), "c: n: invalid integer parameter (xstrtoll returned 4)\n");
    }

    #[test]
    fn optional_arguments() {
        let info = glassbox_api::table::find("add_drive").unwrap();
        let parse = |arguments: &[&str]| {
            let arguments: Vec<BString> = arguments.iter().map(|argument| (*argument).into()).collect();
            optionals(info, "add".into(), &arguments)
        };
        let values = parse(&["format:a:b", "readonly:yes"]).unwrap();
        assert_eq!(values[0], Some(Value::Bool(true)));
        assert_eq!(values[1], Some(Value::String("a:b".into())));
        assert_eq!(told(parse(&["x"])), "add: unknown optional argument \"x\"\n");
        assert_eq!(told(parse(&["FORMAT:x"])), "add: unknown optional argument \"FORMAT:x\"\n");
        assert_eq!(told(parse(&["format:x", "format:x"])), "add: optional argument \"format\" given more than once\n");
    }
}
