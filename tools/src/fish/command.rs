//! Commands that are calls of the API: words become arguments, the answer is printed.

use std::io::{Read, Write};

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::{ArgInfo, ArgKind, Arguments, CallInfo, OptKind, Streams, StringKind, Value, Visibility, table};

use super::host_file::{self, HostOutput};
use super::problem::Problem;
use super::{Shell, print, value};

/// The call behind a command, by its name in any case and with `-` or `_`, or by an alias.
pub fn find(name: &BStr) -> Option<&'static CallInfo> {
    let name = name.to_str().ok()?;
    let lower = name.to_ascii_lowercase().replace('_', "-");
    // The names of a few calls have capitals: mkswap_L.
    let in_any_case = || table::CALLS.into_iter().find(|info| shown_name(info).eq_ignore_ascii_case(&lower));
    table::find_command(&lower).or_else(in_any_case).filter(|info| is_command(info))
}

/// Whether a call is a command: it is for everyone, and its arguments can be typed.
pub fn is_command(info: &CallInfo) -> bool {
    matches!(info.visibility, Visibility::Public | Visibility::Debug)
        && !info.args.iter().any(|argument| matches!(argument.kind, ArgKind::Pointer(_)))
}

/// A command's name as it is shown.
pub fn shown_name(info: &CallInfo) -> String {
    info.name.replace('_', "-")
}

/// The command with its arguments as they are shown in help: `part-add device prlogex startsect endsect`.
pub fn synopsis(info: &'static CallInfo) -> String {
    let mut text = shown_name(info);
    for argument in typed(info) {
        text.push(' ');
        text.push_str(argument.name);
    }
    for optional in info.optargs {
        let form = match optional.kind {
            OptKind::Bool => "true|false",
            OptKind::Int | OptKind::Int64 => "N",
            OptKind::String | OptKind::StringList => "..",
        };
        text.push_str(&format!(" [{}:{form}]", optional.name));
    }
    text
}

/// The arguments that are words of the command; keys are asked for.
pub fn typed(info: &'static CallInfo) -> impl Iterator<Item = &'static ArgInfo> {
    info.args.iter().filter(|argument| argument.kind != ArgKind::String(StringKind::Key))
}

/// Makes the call that `info` describes and prints its answer. `name` is the command as it was typed.
pub fn run(shell: &mut Shell, info: &'static CallInfo, name: &BStr, words: &[BString]) -> Result<(), Problem> {
    let required = typed(info).count();
    if words.len() < required || words.len() > required + info.optargs.len() {
        return Err(Problem::usage(format!(
            "error: incorrect number of arguments\nusage: {}\ntype 'help {name}' for more help on {name}",
            synopsis(info)
        )));
    }
    let (words, optional_words) = words.split_at(required);
    let mut words = words.iter();
    let mut input = None;
    let mut output = None;
    let mut values = Vec::with_capacity(info.args.len());
    for argument in info.args {
        if argument.kind == ArgKind::String(StringKind::Key) {
            let key = shell.keys.read(argument.name).map_err(|error| {
                Problem::Shell(format!("the passphrase \"{}\" can't be read: {error}", argument.name))
            })?;
            values.push(Value::String(key));
            continue;
        }
        let Some(word) = words.next() else { break };
        values.push(match argument.kind {
            ArgKind::Bool => Value::Bool(value::boolean(word.as_bstr())?),
            ArgKind::Int => Value::Int(value::int(word.as_bstr(), name, argument.name)?),
            ArgKind::Int64 => Value::Int64(value::int64(word.as_bstr(), name, argument.name)?),
            ArgKind::String(StringKind::Pathname | StringKind::DeviceOrPath | StringKind::MountableOrPath) => {
                Value::String(shell.guest_path(word)?)
            }
            ArgKind::String(_) => Value::String(word.clone()),
            ArgKind::OptString => Value::OptString(Some(word.clone()).filter(|word| !word.is_empty())),
            ArgKind::StringList(StringKind::Pathname) => Value::StringList(
                value::string_list(word.as_bstr())?
                    .iter()
                    .map(|path| shell.guest_path(path))
                    .collect::<Result<_, _>>()?,
            ),
            ArgKind::StringList(_) => Value::StringList(value::string_list(word.as_bstr())?),
            ArgKind::BufferIn => Value::Buffer(word.to_vec()),
            ArgKind::FileIn => {
                input = Some(host_file::input(shell, word)?);
                Value::Stream
            }
            ArgKind::FileOut => {
                output = Some(word.clone());
                Value::Stream
            }
            ArgKind::Pointer(_) => {
                return Err(Problem::usage(format!("{name}: {} is a pointer and can't be typed", argument.name)));
            }
        });
    }
    let optional = value::optionals(info, name, optional_words)?;

    // What was printed before must be seen before what event handlers print.
    shell.out.flush()?;
    let handle = shell.handle.clone();
    let mut output = output.map(|name| HostOutput::new(&name, &mut shell.out));
    let streams = Streams {
        input: input.as_mut().map(|input| input as &mut dyn Read),
        output: output.as_mut().map(|output| output as &mut dyn Write),
    };
    let arguments = Arguments { required: &values, optional: &optional, streams };
    let answer = glassbox_api::dispatch(info, &mut *handle.borrow_mut(), arguments);
    if let Some(output) = output {
        output.finish(answer.is_ok())?;
    }
    let answer = answer?;
    shell.end_progress();
    print::value(&mut shell.out, &answer, info.fish_output)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_every_spelling_lead_to_the_call() {
        for name in ["add-drive", "add_drive", "ADD", "add", "add-drive-opts"] {
            assert_eq!(find(name.into()).unwrap().name, "add_drive", "{name}");
        }
        assert!(find("internal-write".into()).is_none());
        assert!(find("get-state".into()).is_none());
        assert!(find("nosuch".into()).is_none());
    }

    #[test]
    fn synopses() {
        assert_eq!(synopsis(table::find("mkswap").unwrap()), "mkswap device [label:..] [uuid:..]");
        assert_eq!(synopsis(table::find("luks_open").unwrap()), "luks-open device mapname");
        assert!(synopsis(table::find("add_drive").unwrap()).ends_with("[copyonread:true|false] [blocksize:N]"));
    }

    #[test]
    fn every_command_can_be_typed() {
        for info in table::CALLS.iter().filter(|info| is_command(info)) {
            assert_eq!(find(shown_name(info).as_bytes().as_bstr()).map(|found| found.name), Some(info.name));
        }
    }
}
