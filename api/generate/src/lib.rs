//! Turns the description of the API in `api/calls` into the Rust of `api/src/generated`.
//!
//! [`contract`] reads and checks the description, [`rust`] writes modules, and this file knows where they go. The
//! generated files are committed; a test here fails when they no longer follow from the description.

pub mod contract;
mod rust;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A failure, told to the person who runs the generator.
pub type Result<T> = std::result::Result<T, String>;

/// The directory of the description.
pub fn calls_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../calls")
}

/// The directory of the generated files.
pub fn output_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/generated")
}

/// The generated files, formatted, by their names.
pub fn generate() -> Result<BTreeMap<String, String>> {
    let contract = contract::Contract::read(&calls_dir())?;
    rust::modules(&contract).into_iter().map(|(name, text)| Ok((name, format(&text)?))).collect()
}

/// Replaces what is in the output directory.
pub fn write(files: &BTreeMap<String, String>) -> Result<()> {
    let directory = output_dir();
    std::fs::create_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    for name in present()? {
        if !files.contains_key(&name) {
            std::fs::remove_file(directory.join(&name)).map_err(|error| format!("{name}: {error}"))?;
        }
    }
    for (name, text) in files {
        std::fs::write(directory.join(name), text).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

/// The names of the files in the output directory.
pub fn present() -> Result<Vec<String>> {
    let entries = std::fs::read_dir(output_dir()).map_err(|error| error.to_string())?;
    entries
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()).map_err(|e| e.to_string()))
        .collect()
}

/// Formats as `cargo fmt` does, so that formatting the workspace changes nothing.
fn format(text: &str) -> Result<String> {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rustfmt.toml");
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(config)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("rustfmt: {error}"))?;
    let mut stdin = child.stdin.take().ok_or("rustfmt has no stdin")?;
    // rustfmt reads everything before it writes, so the pipes can't block each other.
    stdin.write_all(text.as_bytes()).map_err(|error| format!("rustfmt: {error}"))?;
    drop(stdin);
    let output = child.wait_with_output().map_err(|error| format!("rustfmt: {error}"))?;
    if !output.status.success() {
        return Err(format!("rustfmt failed on:\n{text}"));
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}
