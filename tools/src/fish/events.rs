//! `event`: fragments of shell script that run when the handle fires an event.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::table::EVENTS;
use glassbox_engine::{Event, Events};

use crate::environment::Environment;

/// An event handler.
pub struct Handler {
    /// The name it was given; several may share one.
    pub name: BString,
    /// Its number at the handle.
    pub number: i32,
    /// The events it listens to, as a mask.
    pub mask: u64,
    /// What it runs.
    pub script: BString,
}

impl Handler {
    /// Begins to listen.
    pub fn register(events: &Events, environment: &Environment, name: &BStr, mask: u64, script: &BStr) -> Handler {
        let environment = environment.clone();
        let fragment = script.to_owned();
        let number = events.add(mask, move |event| run(&environment, fragment.as_bstr(), event));
        Handler { name: name.into(), number, mask, script: script.into() }
    }
}

/// Runs a script with the event's text and numbers as `$1` and so on, and its name in `$EVENT`.
fn run(environment: &Environment, script: &BStr, event: &Event<'_>) {
    let shell = environment.get("SHELL").unwrap_or_else(|| OsString::from("/bin/sh"));
    let numbers: Vec<String> = event.numbers.iter().map(u64::to_string).collect();
    let text = (!event.text.is_empty()).then(|| OsStr::from_bytes(event.text));
    let parameters = numbers.iter().map(OsStr::new).chain(text);
    // The first parameter behind a script is its $0.
    let arguments =
        [OsStr::new("-c"), OsStr::from_bytes(script), OsStr::new("guestfish")].into_iter().chain(parameters);
    let mut command = environment.program(shell, arguments);
    let status = command.env("EVENT", event.kind.info().name).status();
    if let Err(error) = status {
        eprintln!("event handler: {script}: {error}");
    }
}

/// The mask of a list of events, `close,trace` or `*`; the name that is no event otherwise.
pub fn parse(list: &BStr) -> Result<u64, BString> {
    if list == "*" {
        return Ok(EVENTS.iter().map(|event| event.mask()).sum());
    }
    list.split_str(",").filter(|name| !name.is_empty()).try_fold(0, |mask, name| {
        let event = EVENTS.iter().find(|event| event.name.as_bytes() == name).ok_or_else(|| BString::from(name))?;
        Ok(mask | event.mask())
    })
}

/// The names of the events of a mask.
pub fn names(mask: u64) -> String {
    if mask == EVENTS.iter().map(|event| event.mask()).sum::<u64>() {
        return "*".into();
    }
    let names: Vec<&str> = EVENTS.iter().filter(|event| mask & event.mask() != 0).map(|event| event.name).collect();
    names.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_events() {
        assert_eq!(names(parse("close,trace".into()).unwrap()), "close,trace");
        assert_eq!(names(parse("*".into()).unwrap()), "*");
        assert_eq!(parse("".into()), Ok(0));
        assert_eq!(parse("trace,bogus".into()).unwrap_err(), "bogus");
    }
}
