//! Turns the description of the API in `api/calls` into the Rust of `api/src/generated`, and into the C ABI in `api/c`.
//!
//! [`contract`] reads and checks the description, [`rust`] and [`c`] write files, and this file knows where they go.
//! The generated files are committed; a test here fails when they no longer follow from the description.

mod c;
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

/// The directory that holds all generated files.
pub fn output_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The directories below it in which every file is generated.
const GENERATED: [&str; 3] = ["src/generated", "c/src/generated", "c/include"];

/// The generated files, formatted, by their paths below [`output_dir`].
pub fn generate() -> Result<BTreeMap<String, String>> {
    let contract = contract::Contract::read(&calls_dir())?;
    let rust = rust::modules(&contract).into_iter().map(|(name, text)| (format!("src/generated/{name}"), text));
    let c = c::files(&contract)?.into_iter().map(|(name, text)| (format!("c/{name}"), text));
    rust.chain(c)
        .map(|(name, text)| {
            let text = if name.ends_with(".rs") { format(&text)? } else { text };
            Ok((name, text))
        })
        .collect()
}

/// Replaces all generated files.
pub fn write(files: &BTreeMap<String, String>) -> Result<()> {
    let root = output_dir();
    for directory in GENERATED.map(|directory| root.join(directory)) {
        std::fs::create_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    }
    for name in present()? {
        if !files.contains_key(&name) {
            std::fs::remove_file(root.join(&name)).map_err(|error| format!("{name}: {error}"))?;
        }
    }
    for (name, text) in files {
        std::fs::write(root.join(name), text).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

/// The paths of the files that are there.
pub fn present() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for directory in GENERATED {
        let entries = std::fs::read_dir(output_dir().join(directory)).map_err(|error| error.to_string())?;
        for entry in entries {
            let name = entry.map_err(|error| error.to_string())?.file_name();
            names.push(format!("{directory}/{}", name.to_string_lossy()));
        }
    }
    Ok(names)
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
