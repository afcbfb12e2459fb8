//! Names of backing files: a path, or one of QEMU's other forms.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use bstr::{BStr, ByteSlice};
use glassbox_io::{Error, Result};
use serde_json::Value;

use crate::Format;

/// A file of the host, as an image names it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NamedFile {
    pub path: PathBuf,
    /// `None`: to be probed.
    pub format: Option<Format>,
    /// Of a raw file, the part that is the disk.
    pub part: Part,
}

/// A part of a raw file, in bytes; without a size it goes to the end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Part {
    pub offset: u64,
    pub size: Option<u64>,
}

impl NamedFile {
    /// Understands `name` (and the name of its format) as the image file `named_by` says it.
    ///
    /// A path is relative to the folder of `named_by`. In QEMU's other forms it is relative to the working directory of
    /// QEMU; we have none that the image could mean, so this is *unsupported*, as are protocols other than `file`.
    pub fn parse(name: &BStr, format: Option<&BStr>, named_by: &Path) -> Result<NamedFile> {
        let format = format.map(|format| format_of(format)).transpose()?;
        if let Some(json) = name.strip_prefix(b"json:") {
            let mut file = parse_json(json)?;
            // QEMU lets the header's own field win.
            file.format = format.or(file.format);
            if file.part != Part::default() && file.format != Some(Format::Raw) {
                return Err(Error::unsupported("offset and size of a backing file that isn't raw"));
            }
            return Ok(file);
        }
        let path = match protocol(name) {
            None => relative_to(path_of(name), named_by),
            Some(b"file") => absolute(name.get(b"file:".len()..).unwrap_or_default())?,
            Some(protocol) => {
                let protocol = protocol.escape_ascii();
                return Err(Error::unsupported(format!("backing file over the protocol \"{protocol}\"")));
            }
        };
        Ok(NamedFile { path, format, part: Part::default() })
    }
}

/// The path of a data file, which is never anything else: QEMU doesn't look for protocols there.
pub(crate) fn data_file_path(name: &BStr, named_by: &Path) -> PathBuf {
    relative_to(path_of(name), named_by)
}

fn path_of(name: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(name))
}

fn relative_to(path: &Path, named_by: &Path) -> PathBuf {
    // `join` leaves an absolute path as it is.
    named_by.parent().unwrap_or(Path::new("")).join(path)
}

fn absolute(path: &[u8]) -> Result<PathBuf> {
    let path = path_of(path);
    if path.is_absolute() {
        return Ok(path.into());
    }
    Err(Error::unsupported("backing file relative to QEMU's working directory"))
}

/// What stands before the first colon, unless a slash comes first.
fn protocol(name: &[u8]) -> Option<&[u8]> {
    let end = name.find_byteset(b":/")?;
    (name.get(end) == Some(&b':')).then(|| name.get(..end)).flatten()
}

/// The format of a backing file. The protocol drivers stand for a file without a format in it.
fn format_of(name: &[u8]) -> Result<Format> {
    match name {
        b"file" | b"host_device" => Ok(Format::Raw),
        name => Format::from_name(name),
    }
}

/// QEMU's `json:{"driver": "raw", "file": {"driver": "file", "filename": "/…"}}`, nested or with dotted keys.
fn parse_json(json: &[u8]) -> Result<NamedFile> {
    let value: Value = serde_json::from_slice(json)
        .map_err(|error| Error::corrupt("a backing file's name is no JSON object").caused_by(error))?;
    let mut options = BTreeMap::new();
    flatten("", &value, &mut options);
    let driver = options.remove("driver");
    // Without a format's driver the file itself is the top node: its bytes are the disk.
    let is_file = matches!(driver.as_deref(), Some("file" | "host_device"));
    let prefix = if is_file { "" } else { "file." };
    let mut take = |key: &str| options.remove(&format!("{prefix}{key}"));
    let filename =
        take("filename").ok_or_else(|| Error::unsupported("a backing file's json: name without a filename"))?;
    let protocol = if is_file { None } else { take("driver") };
    if let Some(protocol) = protocol.filter(|protocol| !matches!(protocol.as_str(), "file" | "host_device")) {
        return Err(Error::unsupported(format!("backing file over the protocol \"{}\"", protocol.escape_debug())));
    }
    let mut number = |key: &str| match options.remove(key) {
        None => Ok(None),
        Some(text) => text.parse::<u64>().map(Some).map_err(|error| {
            Error::unsupported(format!("a backing file's {key} \"{}\"", text.escape_debug())).caused_by(error)
        }),
    };
    let part = Part { offset: number("offset")?.unwrap_or(0), size: number("size")? };
    if let Some(key) = options.keys().find(|key| !changes_nothing(key)) {
        return Err(Error::unsupported(format!("a backing file's option \"{}\"", key.escape_debug())));
    }
    let format = match driver {
        _ if is_file => Some(Format::Raw),
        Some(driver) => Some(Format::from_name(driver)?),
        None => None,
    };
    Ok(NamedFile { path: absolute(filename.as_bytes())?, format, part })
}

/// Options about how QEMU reads, not about what.
fn changes_nothing(key: &str) -> bool {
    let key = key.strip_prefix("file.").unwrap_or(key);
    matches!(
        key,
        "node-name" | "read-only" | "auto-read-only" | "force-share" | "discard" | "detect-zeroes" | "locking" | "aio"
    ) || key.starts_with("cache.")
}

/// Nested keys become dotted ones. The depth is bounded by the parser's own limit, the size by that of a name.
fn flatten(key: &str, value: &Value, options: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                let key = if key.is_empty() { member.clone() } else { format!("{key}.{member}") };
                flatten(&key, value, options);
            }
        }
        Value::String(text) => {
            options.insert(key.to_owned(), text.clone());
        }
        other => {
            options.insert(key.to_owned(), other.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str, format: Option<&str>) -> Result<NamedFile> {
        NamedFile::parse(name.into(), format.map(|format| format.into()), Path::new("/images/top.qcow2"))
    }

    #[test]
    fn a_path_is_relative_to_the_image() {
        for (name, path) in [
            ("base.raw", "/images/base.raw"),
            ("../other/base:1.raw", "/images/../other/base:1.raw"),
            ("/base:1.raw", "/base:1.raw"),
            ("file:/x/base.raw", "/x/base.raw"),
        ] {
            assert_eq!(parse(name, None).unwrap().path, Path::new(path), "{name}");
        }
        assert_eq!(parse("a", Some("qcow2")).unwrap().format, Some(Format::Qcow2));
        assert_eq!(parse("a", Some("host_device")).unwrap().format, Some(Format::Raw));
        assert!(parse("a", Some("nonsense")).unwrap_err().is_unsupported());
        let relative = NamedFile::parse("base".into(), None, Path::new("top.qcow2")).unwrap();
        assert_eq!(relative.path, Path::new("base"));
        assert_eq!(data_file_path("json:{x".into(), Path::new("/a/b")), Path::new("/a/json:{x"));
    }

    #[test]
    fn other_places_are_unsupported_by_name() {
        for (name, feature) in [
            ("nbd://localhost:10809/x", "\"nbd\""),
            ("a:b", "\"a\""),
            ("file:base.raw", "working directory"),
            (r#"json:{"file":{"driver":"nbd","filename":"/x"}}"#, "\"nbd\""),
            (r#"json:{"driver":"raw","file.filename":"x"}"#, "working directory"),
            (r#"json:{"driver":"qcow2","file.filename":"/x","offset":512}"#, "offset"),
            (r#"json:{"driver":"raw","file.filename":"/x","offset":"many"}"#, "offset"),
            (r#"json:{"driver":"qcow2","file.filename":"/x","backing":null}"#, "backing"),
            (r#"json:{"driver":"blkdebug","file.filename":"/x"}"#, "blkdebug"),
            (r#"json:{"driver":"raw"}"#, "filename"),
        ] {
            let error = parse(name, None).unwrap_err();
            assert!(error.is_unsupported(), "{name}: {error}");
            assert!(error.to_string().contains(feature), "{name}: {error}");
        }
        assert!(!parse("json:{", None).unwrap_err().is_unsupported());
    }

    #[test]
    fn json_names_a_plain_file() {
        let path = PathBuf::from("/x");
        for (name, format, part) in [
            (r#"json:{"driver":"raw","file":{"driver":"file","filename":"/x"}}"#, Some(Format::Raw), Part::default()),
            (
                r#"json:{"driver":"qcow2","file.driver":"file","file.filename":"/x","file.locking":"off"}"#,
                Some(Format::Qcow2),
                Part::default(),
            ),
            (r#"json:{"file":{"driver":"file","filename":"/x"},"read-only":true}"#, None, Part::default()),
            (r#"json:{"driver":"file","filename":"/x"}"#, Some(Format::Raw), Part::default()),
            (
                r#"json:{"driver":"raw","offset":512,"size":"1024","file.filename":"/x"}"#,
                Some(Format::Raw),
                Part { offset: 512, size: Some(1024) },
            ),
        ] {
            assert_eq!(parse(name, None).unwrap(), NamedFile { path: path.clone(), format, part }, "{name}");
        }
        let by_header = parse(r#"json:{"driver":"qcow2","file.filename":"/x"}"#, Some("raw")).unwrap();
        assert_eq!(by_header.format, Some(Format::Raw));
    }
}
