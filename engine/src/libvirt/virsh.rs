//! What libvirt is asked, through its own program: it finds the daemon, authenticates, and reaches other hosts.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

use bstr::{BStr, BString, ByteSlice, ByteVec};
use glassbox_io::{Errno, Error, Result};

use super::Secret;

/// A libvirt to ask.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// As libvirt spells it; `None` is what its own configuration says.
    pub uri: Option<BString>,
    /// Whether it is asked without the right to change anything, which needs less authority.
    pub read_only: bool,
}

/// How a domain is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The UUID, with dashes.
    pub uuid: String,
    /// The name.
    pub name: BString,
}

impl Connection {
    /// All domains, whether they run or not.
    pub fn domains(&self) -> Result<Vec<Name>> {
        let list = self.virsh(&["list".into(), "--all".into(), "--uuid".into(), "--name".into()])?;
        Ok(list.lines().filter_map(listed).collect())
    }

    /// The description of the domain of this name, or of this UUID if `allow_uuid`. Not of this number, as virsh would understand it.
    pub fn domain(&self, asked: &BStr, allow_uuid: bool) -> Result<String> {
        if allow_uuid && is_whole_uuid(asked) {
            // Mostly a UUID then, and there may be many domains to list.
            if let Ok(xml) = self.describe(asked) {
                return Ok(xml);
            }
        }
        let domains = self.domains()?;
        let by_uuid = domains.iter().find(|domain| allow_uuid && is_uuid(asked, &domain.uuid));
        let found = by_uuid.or_else(|| domains.iter().find(|domain| domain.name == asked));
        let uuid = &found.ok_or_else(|| Error::usage(format!("no libvirt domain called ‘{asked}’")))?.uuid;
        self.describe(uuid.as_str().into())
    }

    fn describe(&self, uuid: &BStr) -> Result<String> {
        let xml = self.virsh(&["dumpxml".into(), format!("--domain={uuid}").into()])?;
        String::from_utf8(xml.into())
            .map_err(|_| Error::corrupt(format!("libvirt's description of {uuid} isn't UTF-8")))
    }

    /// Where a volume of a storage pool is.
    pub(crate) fn volume_path(&self, pool: &str, volume: &str) -> Result<BString> {
        self.virsh(&["vol-path".into(), format!("--pool={pool}").into(), format!("--vol={volume}").into()])
    }

    /// A password that libvirt keeps, in base64. To who may only read, libvirt doesn't give it.
    pub(crate) fn secret(&self, secret: &Secret) -> Result<BString> {
        let asked = Connection { read_only: false, ..self.clone() };
        let uuid = match secret {
            Secret::Uuid(uuid) => uuid.clone(),
            Secret::Usage { kind, usage } => {
                let list = asked.virsh(&["secret-list".into()])?;
                find_secret(&list, kind, usage)
                    .ok_or_else(|| Error::usage(format!("libvirt keeps no secret of {kind} for ‘{usage}’")))?
            }
        };
        asked.virsh(&["secret-get-value".into(), format!("--secret={uuid}").into()])
    }

    fn virsh(&self, arguments: &[BString]) -> Result<BString> {
        let mut command = Command::new("virsh");
        command.arg("--quiet");
        if self.read_only {
            command.arg("--readonly");
        }
        if let Some(uri) = &self.uri {
            command.arg("--connect").arg(uri.to_os_str_lossy());
        }
        command.args(arguments.iter().map(|argument| argument.to_os_str_lossy())).stdin(Stdio::null());
        let output = command.output().map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::os_with(
                Errno::ENOENT,
                "virsh wasn't found, which asks libvirt: install libvirt-clients (Fedora: libvirt-client), or name the \
                 disk images instead of the domain",
            ),
            _ => Error::from(error).during("virsh"),
        })?;
        if !output.status.success() {
            let said: Vec<_> =
                output.stderr.lines().map(|line| line.strip_prefix(b"error: ").unwrap_or(line)).collect();
            let said = bstr::join("; ", said);
            return Err(Error::os_with(Errno::EIO, said.to_str_lossy().into_owned()).during("libvirt"));
        }
        let mut answer = output.stdout;
        while answer.ends_with(b"\n") {
            answer.pop_byte();
        }
        Ok(answer.into())
    }
}

/// `UUID NAME`, of which the name may hold spaces.
fn listed(line: &[u8]) -> Option<Name> {
    let (uuid, name) = line.trim_start().split_once_str(" ")?;
    Some(Name { uuid: uuid.to_str().ok()?.to_owned(), name: name.trim_end().into() })
}

/// Sixteen bytes in hexadecimal digits, in groups or not.
fn is_whole_uuid(text: &[u8]) -> bool {
    let digits = text.iter().filter(|byte| byte.is_ascii_hexdigit()).count();
    digits == 32 && text.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-')
}

/// With or without dashes, in letters of any case.
fn is_uuid(asked: &[u8], uuid: &str) -> bool {
    let digits =
        |text: &[u8]| -> Vec<u8> { text.iter().filter(|byte| **byte != b'-').map(u8::to_ascii_lowercase).collect() };
    digits(asked) == digits(uuid.as_bytes())
}

/// In lines of `UUID  KIND USAGE`.
fn find_secret(list: &[u8], kind: &str, usage: &str) -> Option<String> {
    list.lines().find_map(|line| {
        let (uuid, rest) = line.trim().split_once_str(" ")?;
        let (its_kind, its_usage) = rest.trim().split_once_str(" ")?;
        let is_it = its_kind == kind.as_bytes() && its_usage.trim() == usage.as_bytes();
        is_it.then(|| uuid.to_str_lossy().into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        let name = listed(b"4dea22b3-1d52-d8f3-2516-782e98ab3fa5 two words").unwrap();
        assert_eq!(name, Name { uuid: "4dea22b3-1d52-d8f3-2516-782e98ab3fa5".into(), name: "two words".into() });
        assert_eq!(listed(b""), None);
        assert!(is_uuid(b"4DEA22B31D52D8F32516782E98AB3FA5", &name.uuid));
        assert!(!is_uuid(b"5", &name.uuid));
        assert!(is_whole_uuid(name.uuid.as_bytes()) && !is_whole_uuid(b"-5") && !is_whole_uuid(b"deadbeef"));
    }

    #[test]
    fn secrets() {
        let list = b" 0a81f5b2   ceph   client.libvirt secret\n 1b   iscsi  libvirtiscsi\n";
        assert_eq!(find_secret(list, "iscsi", "libvirtiscsi"), Some("1b".into()));
        assert_eq!(find_secret(list, "ceph", "client"), None);
    }
}
