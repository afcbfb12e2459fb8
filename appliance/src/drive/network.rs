//! Nodes of drives on servers.

use std::io::ErrorKind;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bstr::{BString, ByteSlice};
use glassbox_io::{Errno, Error, Result};
use serde_json::{Value, json};

use super::text;

/// How long a server may take to show what it has.
const DEADLINE: Duration = Duration::from_secs(60);
/// Between two looks whether it has.
const POLL: Duration = Duration::from_millis(5);

/// A server, as libguestfs spells it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Server {
    Inet { host: String, port: Option<String> },
    Unix(String),
}

/// `HOST`, `HOST:PORT`, `tcp:HOST:PORT`, `unix:PATH`; an IPv6 address is in brackets.
pub(super) fn parse(server: &BString) -> Result<Server> {
    let whole = text(server, "a server")?;
    if let Some(path) = whole.strip_prefix("unix:") {
        return Ok(Server::Unix(path.to_owned()));
    }
    let rest = whole.strip_prefix("tcp:").unwrap_or(whole);
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            (host, Some(port.to_owned()))
        }
        _ => (rest, None),
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if host.is_empty() {
        return Err(Error::usage(format!("a server without a name: {whole}")));
    }
    Ok(Server::Inet { host: host.to_owned(), port })
}

impl Server {
    /// As most drivers want it. `port` is used if none was given.
    fn address(&self, port: &str) -> Value {
        match self {
            Server::Unix(path) => json!({ "type": "unix", "path": path }),
            Server::Inet { .. } => {
                let mut address = self.inet(port);
                address["type"] = "inet".into();
                address
            }
        }
    }

    /// As drivers want it that know no other kind.
    fn inet(&self, default: &str) -> Value {
        match self {
            Server::Inet { host, port } => json!({ "host": host, "port": port.as_deref().unwrap_or(default) }),
            Server::Unix(_) => Value::Null,
        }
    }

    /// As part of a URL.
    fn authority(&self) -> String {
        match self {
            Server::Inet { host, port } => {
                let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
                port.as_ref().map_or(host.clone(), |port| format!("{host}:{port}"))
            }
            Server::Unix(_) => String::new(),
        }
    }
}

/// The name of qemu's driver for the format of what the node reaches.
pub(super) fn format(node: &Value) -> Result<String> {
    let mut command = Command::new("qemu-img");
    // A node whose driver isn't named gets the one of its format.
    command
        .args(["info", "--output=json", "--force-share"])
        .arg(format!("json:{}", json!({ "file": node })))
        .stdin(Stdio::null());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => Error::unsupported(
            "finding out the format of a drive over the network without qemu-img (Debian: qemu-utils; Fedora: qemu-img): \
             name the format, or install that",
        ),
        _ => Error::from(error).during("qemu-img"),
    })?;
    let started = Instant::now();
    while child.try_wait()?.is_none() {
        if started.elapsed() > DEADLINE {
            child.kill()?;
            child.wait()?;
            return Err(Error::os_with(Errno::ETIMEDOUT, "the server doesn't answer"));
        }
        std::thread::sleep(POLL);
    }
    // What it prints is less than a pipe holds, so it could end before it was read.
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(Error::os_with(Errno::EIO, output.stderr.trim().to_str_lossy().into_owned()));
    }
    let info: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    match info["format"].as_str() {
        // The guest gets the LUKS volume as it is, and opens it with its passphrase.
        Some("luks") => Ok("raw".into()),
        Some(format) => Ok(format.to_owned()),
        None => Err(Error::os_with(Errno::EPROTO, "qemu-img doesn't tell the format")),
    }
}

/// A path as part of a URL, where some characters can't stand for themselves. What follows a `?` is a query, spelled already.
fn in_url(path: &str) -> String {
    let mut text = String::new();
    let mut is_query = false;
    for byte in path.bytes() {
        is_query |= byte == b'?';
        match byte {
            b'%' if !is_query => text.push_str("%25"),
            b'"' | b'#' | b'<' | b'>' | b'[' | b'\\' | b']' | b'^' | b'`' | b'{' | b'|' | b'}' | ..=b' ' | 0x7f.. => {
                text.push_str(&format!("%{byte:02X}"));
            }
            byte => text.push(char::from(byte)),
        }
    }
    text
}

pub(super) fn node(
    protocol: &BString,
    servers: &[BString],
    export: &str,
    username: Option<&BString>,
    secret: Option<String>,
) -> Result<Value> {
    let servers: Vec<Server> = servers.iter().map(parse).collect::<Result<_>>()?;
    let protocol = text(protocol, "a protocol")?;
    let first = || servers.first().ok_or_else(|| Error::usage(format!("{protocol}: a server must be named")));
    let username = username.map(|name| text(name, "a user's name")).transpose()?;
    let mut node = match protocol {
        "nbd" => {
            json!({ "driver": "nbd", "server": first()?.address("10809"), "export": export.trim_start_matches('/') })
        }
        "ssh" => json!({ "driver": "ssh", "server": first()?.inet("22"), "path": export, "user": username }),
        "http" | "https" | "ftp" | "ftps" | "tftp" => {
            let url = format!("{protocol}://{}/{}", first()?.authority(), in_url(export.trim_start_matches('/')));
            json!({ "driver": protocol, "url": url, "username": username, "password-secret": secret })
        }
        "iscsi" => {
            // TARGET or TARGET/LUN.
            let export = export.trim_start_matches('/');
            let (target, lun) = export.rsplit_once('/').unwrap_or((export, "0"));
            let lun: u32 = lun.parse().map_err(|_| Error::usage(format!("iscsi: the unit {lun} is no number")))?;
            json!({
                "driver": "iscsi", "transport": "tcp", "portal": first()?.authority(), "target": target, "lun": lun,
                "user": username, "password-secret": secret,
            })
        }
        "rbd" => {
            // POOL/IMAGE or POOL/NAMESPACE/IMAGE.
            let mut parts = export.trim_start_matches('/').split('/');
            let (pool, rest) = (parts.next(), parts.collect::<Vec<_>>());
            let (namespace, image) = match rest[..] {
                [image] => (None, image),
                [namespace, image] => (Some(namespace), image),
                _ => return Err(Error::usage(format!("rbd: {export} is no POOL/IMAGE"))),
            };
            let servers: Vec<Value> = servers.iter().map(|server| server.inet("6789")).collect();
            let servers = (!servers.is_empty()).then_some(servers);
            json!({
                "driver": "rbd", "pool": pool, "namespace": namespace, "image": image, "server": servers,
                "user": username, "key-secret": secret,
            })
        }
        "gluster" => {
            let export = export.trim_start_matches('/');
            let (volume, path) =
                export.split_once('/').ok_or_else(|| Error::usage(format!("gluster: {export} is no VOLUME/PATH")))?;
            json!({ "driver": "gluster", "volume": volume, "path": path, "server": [first()?.address("24007")] })
        }
        other => return Err(Error::unsupported(format!("drives of the protocol \"{other}\""))),
    };
    // qemu takes what isn't there, but not what is null.
    if let Some(fields) = node.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    Ok(node)
}
