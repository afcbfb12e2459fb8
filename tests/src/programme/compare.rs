//! The answers of two programs to the same calls, compared.

use std::borrow::Cow;
use std::fmt::Write as _;

use bstr::ByteSlice;

use super::run::{Answer, Run};
use super::{Call, How, Programme};
use crate::messages::is_same_error;
use crate::written::sorted;

/// Whether our answer is as good as the oracle's.
fn is_same(call: &Call, ours: &Answer, oracle: &Answer) -> bool {
    match call.how {
        How::Differs(_) => true,
        How::OnlySuccess => ours.stderr.is_empty() == oracle.stderr.is_empty(),
        _ => printed(call, ours) == printed(call, oracle) && is_same_error(&ours.stderr, &oracle.stderr),
    }
}

/// `name: value` becomes `name: *` if that name is masked.
fn mask<'a>(line: &'a [u8], masked: &[String]) -> Cow<'a, [u8]> {
    match line.split_once_str(": ") {
        Some((name, value)) if !value.is_empty() && masked.iter().any(|masked| name.trim() == masked.as_bytes()) => {
            Cow::Owned([name, b": *"].concat())
        }
        _ => Cow::Borrowed(line),
    }
}

/// What is compared of the standard output.
fn printed(call: &Call, answer: &Answer) -> String {
    let lines: Vec<Cow<'_, [u8]>> = answer.stdout.split_str("\n").map(|line| mask(line, &call.masked)).collect();
    let stdout = bstr::join("\n", lines);
    let text = |bytes: &[u8]| bytes.to_str_lossy().into_owned();
    match &call.how {
        How::Lines => sorted(stdout.lines()).join("\n"),
        How::Structs => {
            // [0] = {  …  }: the numbers go, the elements are sorted.
            let printed = text(&stdout);
            let mut elements: Vec<&str> = printed.split_inclusive("}\n").collect();
            for element in &mut elements {
                *element = element.split_once("] = {").map_or(*element, |(_, fields)| fields);
            }
            elements.sort();
            elements.concat()
        }
        How::Df | How::Root => {
            let lines = stdout.lines().map(|line| line.fields().map(text).collect::<Vec<_>>().join(" "));
            // The appliance's own filesystems are in df's table, too: its root, and what the kernel provides.
            let of_guest = |line: &String| match call.how {
                How::Df => line.starts_with("Filesystem") || line.contains("/sysroot"),
                _ => !line.starts_with("total ") && !line.ends_with(" .."),
            };
            lines.filter(of_guest).collect::<Vec<_>>().join("\n")
        }
        How::Without(texts) => {
            let kept = stdout.lines().filter(|line| !texts.iter().any(|text| line.contains_str(text)));
            sorted(kept).join("\n")
        }
        How::Shape => text(&stdout).replace(char::is_alphanumeric, "x"),
        How::Exactly | How::OnlySuccess | How::Differs(_) => text(&stdout),
    }
}

/// Every call that differs; nothing if none does.
pub fn compare(programme: &Programme, ours: &Run, oracle: &Run) -> String {
    let mut differences = String::new();
    let mut count = 0;
    let mut differ = |text: std::fmt::Arguments<'_>| {
        count += 1;
        writeln!(differences, "{text}").expect("a string takes text");
    };
    for (index, call) in programme.calls.iter().enumerate() {
        let Call { place, text, .. } = call;
        let Some(answer) = ours.answers.get(index) else {
            differ(format_args!("{place}: {text}: we stopped here:\n{}", tail(ours)));
            break;
        };
        let expected = &oracle.answers[index];
        if !is_same(call, answer, expected) {
            let (we_say, it_says) = (clip(answer), clip(expected));
            differ(format_args!("{place}: {text}\n--- oracle\n{it_says}\n--- ours\n{we_say}"));
        }
        if let How::Differs(reason) = &call.how {
            println!("{place}: {text}: differs: {reason}");
        }
    }
    for name in oracle.files.keys().chain(ours.files.keys().filter(|name| !oracle.files.contains_key(*name))) {
        match (oracle.files.get(name), ours.files.get(name)) {
            (Some(oracle), Some(ours)) if oracle == ours => {}
            (Some(oracle), Some(ours)) => {
                let missing = oracle.iter().filter(|line| !ours.contains(line)).take(5);
                let excess = ours.iter().filter(|line| !oracle.contains(line)).take(5);
                let (missing, excess): (Vec<_>, Vec<_>) = (missing.collect(), excess.collect());
                differ(format_args!("file {name}\n--- oracle\n{missing:#?}\n--- ours\n{excess:#?}"));
            }
            (Some(_), None) => differ(format_args!("file {name}: the oracle writes it, we don't")),
            (None, _) => differ(format_args!("file {name}: we write it, the oracle doesn't")),
        }
    }
    let (name, calls, files) = (&programme.name, programme.calls.len(), oracle.files.len());
    println!("programme {name}: {calls} calls, {files} files, {count} differences");
    differences
}

/// What was printed last, for a run that stopped.
pub fn tail(run: &Run) -> String {
    run.answers.last().map_or(String::new(), clip)
}

/// Not more of an answer than helps.
fn clip(answer: &Answer) -> String {
    const LIMIT: usize = 1200;
    let mut text = answer.stdout.to_str_lossy().into_owned();
    text += &answer.stderr.to_str_lossy();
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{} … ({} bytes)", &text[..end], text.len()),
        None => text,
    }
}
