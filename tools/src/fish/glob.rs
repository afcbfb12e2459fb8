//! `glob`: a command, run for every combination of what the wildcards in its arguments match.

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::{Blockdev, FilesRead, Lvm, Partitions};
use glob::{MatchOptions, Pattern};

use super::Shell;
use super::problem::Problem;

/// Wildcards in a device's name don't match `/`.
const DEVICES: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

/// Runs `name` for every combination. Goes on after an error, and fails at the end.
pub fn run(shell: &mut Shell, name: &BStr, words: &[BString]) -> Result<(), Problem> {
    let choices = words.iter().map(|word| expand(shell, word)).collect::<Result<Vec<_>, _>>()?;
    let mut failed = false;
    for combination in combinations(&choices) {
        if let Err(problem) = shell.run_command(name, &combination) {
            shell.tell(&problem);
            failed = true;
        }
    }
    if failed { Err(Problem::Told) } else { Ok(()) }
}

/// What a word stands for: devices or paths that match, or itself.
fn expand(shell: &mut Shell, word: &BString) -> Result<Vec<BString>, Problem> {
    let mut matching = if word.starts_with(b"/dev/") {
        devices(shell, word)?
    } else if word.starts_with(b"/") {
        let expanded = shell.handle.borrow_mut().glob_expand(word.as_bstr(), Default::default());
        expanded.map_err(|error| {
            shell.tell(&Problem::Call(error));
            Problem::usage(format!("glob: guestfs_glob_expand call failed: {word}"))
        })?
    } else {
        Vec::new()
    };
    if matching.is_empty() {
        matching.push(word.clone());
    }
    Ok(matching)
}

fn devices(shell: &mut Shell, word: &BString) -> Result<Vec<BString>, Problem> {
    let mut handle = shell.handle.borrow_mut();
    let mut devices = handle.list_devices()?;
    let Some(pattern) = word.to_str().ok().and_then(|word| Pattern::new(word).ok()) else { return Ok(Vec::new()) };
    devices.extend(handle.list_partitions()?);
    devices.extend(handle.lvs()?);
    devices.retain(|device| device.to_str().is_ok_and(|device| pattern.matches_with(device, DEVICES)));
    Ok(devices)
}

/// One choice for each word, in all ways; the last word changes fastest.
fn combinations(choices: &[Vec<BString>]) -> impl Iterator<Item = Vec<BString>> {
    let count: usize = choices.iter().map(Vec::len).product();
    (0..count).map(move |number| {
        let mut period = count;
        choices
            .iter()
            .map(|choice| {
                period /= choice.len();
                choice[number / period % choice.len()].clone()
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_combinations() {
        let choices = [vec!["a".into(), "b".into()], vec!["x".into()], vec!["1".into(), "2".into()]];
        let all: Vec<_> = combinations(&choices).map(|words| bstr::join(" ", words)).collect();
        assert_eq!(all, ["a x 1", "a x 2", "b x 1", "b x 2"].map(str::as_bytes));
        assert_eq!(combinations(&[]).count(), 1);
    }
}
