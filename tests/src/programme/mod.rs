//! Programmes of calls (`tests/programme/*.fish`), run through real guestfish and through `glassbox fish` on equal disks, and
//! compared call by call: what each prints, its error, and every file it writes.
//!
//! A programme is written in guestfish's own language, a call on each line. Lines that begin with `#` are comments, but for these:
//!
//! | line | |
//! |---|---|
//! | `#= HOW` | how the next call's answers are compared |
//! | `#~ NAME\|NAME: REASON` | in the answers of this part, whatever stands after these names and a colon isn't compared |
//! | `#< TEXT` | what the call before reads from the standard input: a key |
//!
//! | HOW | |
//! |---|---|
//! | `lines` | lines in any order |
//! | `structs` | a list of structs in any order |
//! | `df` | the guest's rows of the table, however wide its columns are |
//! | `root` | a listing of the root, without `..`, which there is a directory of the appliance, nor what it changes: the total and the columns |
//! | `without A\|B` | without the lines that have one of these texts, the others in any order |
//! | `mask NAME\|NAME: REASON` | as `#~`, in place of the part's, for this call alone |
//! | `shape: REASON` | letters and digits are all alike |
//! | `only success` | both succeed or both fail; what they say may differ |
//! | `differs: REASON` | a justified difference |
//!
//! What is printed must be the same to the byte. An error message need not be: its sentences are our own. guestfish's about its
//! language are the same; of libguestfs's, the system's error or the state of the handle that `messages` lists.
//! A call that we don't support is a difference, whatever the oracle says.
//!
//! Files that calls write are compared as `written` says.

mod compare;
mod run;

use std::fs;
use std::path::Path;

pub use run::Disks;
use run::{Oracle, collect, execute, script};

use crate::fixtures::scratch;
use crate::glassbox;
use crate::needs::{GUESTFISH, has_programs};

/// How often the oracle is asked, where its disks may come in the wrong order.
const ATTEMPTS: usize = 8;

/// Calls that are made of one handle, one after the other.
pub struct Programme {
    name: String,
    calls: Vec<Call>,
}

/// One call of the programme.
struct Call {
    /// Its file and line.
    place: String,
    text: String,
    /// The lines that it reads.
    input: Vec<String>,
    how: How,
    /// What isn't compared of its answers.
    masked: Vec<String>,
}

/// How its answers are compared.
enum How {
    Exactly,
    Lines,
    Structs,
    Df,
    Root,
    Without(Vec<String>),
    Shape,
    OnlySuccess,
    Differs(String),
}

impl Programme {
    /// The parts `tests/programme/PART.fish`, one after the other.
    ///
    /// # Panics
    /// When a part can't be read or a line says nothing.
    pub fn new(name: &str, parts: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("programme");
        let read = |part: &&str| {
            let text = fs::read_to_string(folder.join(format!("{part}.fish"))).expect("the programme can be read");
            parse(part, &text)
        };
        Programme { name: name.to_owned(), calls: parts.iter().flat_map(read).collect() }
    }
}

/// What `HOW` says, and what it masks if that.
fn parse_how(said: &str) -> Option<(How, Option<Vec<String>>)> {
    let how = match said.split_once(' ').unwrap_or((said, "")) {
        ("lines", "") => How::Lines,
        ("structs", "") => How::Structs,
        ("df", "") => How::Df,
        ("root", "") => How::Root,
        ("without", texts) => How::Without(texts.split('|').map(|text| text.trim_matches('"').to_owned()).collect()),
        ("mask", names) => return Some((How::Exactly, Some(parse_names(names)?))),
        ("shape:", reason) if !reason.is_empty() => How::Shape,
        ("only", "success") => How::OnlySuccess,
        ("differs:", reason) if !reason.is_empty() => How::Differs(reason.to_owned()),
        _ => return None,
    };
    Some((how, None))
}

/// `NAME|NAME: REASON`
fn parse_names(text: &str) -> Option<Vec<String>> {
    let (names, reason) = text.split_once(": ")?;
    (!reason.is_empty()).then(|| names.split('|').map(str::to_owned).collect())
}

fn parse(part: &str, programme: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let (mut how, mut masked, mut masked_in_part) = (None, None, Vec::new());
    for (index, text) in programme.lines().enumerate() {
        let place = format!("{part}.fish:{}", index + 1);
        if let Some(said) = text.strip_prefix("#= ") {
            let (next, mask) = parse_how(said).unwrap_or_else(|| panic!("{place}: {said} is no way to compare"));
            // A mask says nothing of the order.
            how = if mask.is_some() { how } else { Some(next) };
            masked = mask.or(masked);
        } else if let Some(said) = text.strip_prefix("#~ ") {
            masked_in_part
                .extend(parse_names(said).unwrap_or_else(|| panic!("{place}: names and a reason are missing")));
        } else if let Some(line) = text.strip_prefix("#< ") {
            calls.last_mut().expect("a call comes before what it reads").input.push(line.to_owned());
        } else if !text.is_empty() && !text.starts_with('#') {
            let how = how.take().unwrap_or(How::Exactly);
            let masked = masked.take().unwrap_or_else(|| masked_in_part.clone());
            calls.push(Call { place, text: text.to_owned(), input: Vec::new(), how, masked });
        }
    }
    calls
}

/// Runs a programme both ways, each on its own disks, ours with this backend. `test` names what ours leaves behind.
///
/// # Panics
/// When an answer differs, with all that do.
pub fn same_answers(test: &str, programme: &Programme, oracles: &dyn Disks, ours: &dyn Disks, backend: &str) {
    let name = &programme.name;
    if !has_programs(&format!("programme {name}"), &[GUESTFISH]) {
        return;
    }
    let oracle = Oracle::new(programme, oracles);
    let here = scratch(&format!("programme-{test}"));
    let mut fish = std::process::Command::new(glassbox());
    execute(fish.arg("fish").env("LIBGUESTFS_BACKEND", backend), ours, &script(&programme.calls, "#"), &here);
    let answered = collect(&programme.calls, ours, &here);
    // Where several disks are attached, the order in which the oracle's kernel found them may show in some answers.
    let mut attempts = if oracles.are_in_order().is_some() { 1 } else { ATTEMPTS };
    loop {
        let differences = compare::compare(programme, &answered, &oracle.answers());
        attempts -= 1;
        if differences.is_empty() {
            return;
        }
        assert!(attempts > 0, "programme {name}: of {} calls some differ:\n{differences}", programme.calls.len());
        oracle.forget();
    }
}
