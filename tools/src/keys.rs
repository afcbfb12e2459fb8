//! Keys of encrypted disks: as options name them, or asked for.

use std::fs;
use std::io::{self, BufRead, IsTerminal};
use std::path::PathBuf;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::options::CryptsetupOpenOpts;
use glassbox_api::{Blockdev, FilesystemDetect, Luks, Lvm, Partitions};
use glassbox_engine::Handle;
use glassbox_io::{Error, Result, ResultExt};

use crate::options::{Options, UsageError};

/// What is encrypted, as `vfs_type` calls it.
const ENCRYPTED: [&str; 2] = ["crypto_LUKS", "BitLocker"];

/// How passphrases are asked for, and those that needn't be.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// They are shown while being typed.
    echo: bool,
    /// They are lines of stdin.
    from_stdin: bool,
    selectors: Vec<Selector>,
}

/// `--key DEVICE:key:PASSPHRASE` or `--key DEVICE:file:FILE`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Selector {
    /// A device's name, a UUID or `all`.
    device: BString,
    key: Key,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    Text(BString),
    File(PathBuf),
}

impl Keys {
    /// Takes the option `--name` if it is about keys. Whether it was.
    pub fn accept(&mut self, name: &str, options: &mut Options) -> std::result::Result<bool, UsageError> {
        match name {
            "echo-keys" => self.echo = true,
            "keys-from-stdin" => self.from_stdin = true,
            "key" => self.selectors.push(Selector::parse(&options.text()?)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Asks a person, or reads the next line of stdin. `name` says what the passphrase is for.
    pub fn read(&self, name: &str) -> io::Result<BString> {
        let prompt = format!("Enter key or passphrase (\"{name}\"): ");
        if !self.from_stdin && !self.echo {
            return Ok(rpassword::prompt_password(prompt)?.into());
        }
        if !self.from_stdin {
            eprint!("{prompt}");
        }
        let mut line = Vec::new();
        io::stdin().lock().read_until(b'\n', &mut line)?;
        if line.pop_if(|last| *last == b'\n').is_none() && line.is_empty() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it is missing on stdin"));
        }
        Ok(line.into())
    }

    /// Whether options name keys.
    pub fn are_named(&self) -> bool {
        !self.selectors.is_empty()
    }

    /// Opens the encrypted disks of a launched handle, so that inspection finds what is in them. Those for which no key is named
    /// are asked for if `ask`, and if somebody is there; else they stay closed.
    pub fn open(&self, handle: &mut Handle, read_only: bool, ask: bool) -> Result<()> {
        let ask = ask && (self.from_stdin || io::stdin().is_terminal());
        if !ask && !self.are_named() {
            return Ok(());
        }
        // `list_filesystems` has no containers.
        let mut devices = handle.list_devices()?;
        devices.extend(handle.list_partitions()?);
        if self.open_some(handle, devices, read_only, ask)? {
            handle.lvm_scan(true)?;
        }
        // A volume may be encrypted whether or not its group was.
        let volumes = handle.lvs()?;
        self.open_some(handle, volumes, read_only, ask).map(drop)
    }

    /// Opens those of the devices that are encrypted. Whether there was one.
    fn open_some(&self, handle: &mut Handle, devices: Vec<BString>, read_only: bool, ask: bool) -> Result<bool> {
        let mut has_opened = false;
        for device in devices {
            // A disk with partitions has no type.
            let kind = handle.vfs_type(device.as_bstr()).unwrap_or_default();
            if !ENCRYPTED.iter().any(|encrypted| kind == *encrypted) {
                continue;
            }
            let uuid = handle.vfs_uuid(device.as_bstr()).unwrap_or_default();
            let mut keys = self.of(device.as_bstr(), uuid.as_bstr())?;
            if keys.is_empty() && ask {
                keys.push(self.read(&device.to_str_lossy()).during("a passphrase")?);
            }
            if keys.is_empty() {
                continue;
            }
            // As systems name them whose crypttab has no other name.
            let name = match kind == "BitLocker" {
                true => format!("bitlk-{uuid}"),
                false => format!("luks-{uuid}"),
            };
            open(handle, device.as_bstr(), &keys, name.as_str().into(), read_only)?;
            has_opened = true;
        }
        Ok(has_opened)
    }

    /// The keys that options name for a device.
    fn of(&self, device: &BStr, uuid: &BStr) -> Result<Vec<BString>> {
        let named = self.selectors.iter().filter(|selector| {
            [device, uuid, "all".into()].iter().any(|name| !name.is_empty() && selector.device == *name)
        });
        named.map(|selector| selector.key.read()).collect()
    }
}

/// Opens a device with the first of these keys that fits.
fn open(handle: &mut Handle, device: &BStr, keys: &[BString], name: &BStr, read_only: bool) -> Result<()> {
    let mut refused = None;
    for key in keys {
        let opts = CryptsetupOpenOpts { readonly: Some(read_only), ..CryptsetupOpenOpts::default() };
        match handle.cryptsetup_open(device, key.as_bstr(), name, opts) {
            Ok(()) => return Ok(()),
            Err(error) => refused = Some(error),
        }
    }
    match refused {
        Some(error) => Err(Error::usage(format!("no key opens it: {error}")).at_path(device)),
        None => Ok(()),
    }
}

impl Selector {
    fn parse(text: &str) -> std::result::Result<Selector, UsageError> {
        let mut parts = text.splitn(3, ':');
        let (device, kind, value) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let key = match (kind, value) {
            (Some("key"), Some(key)) => Key::Text(key.into()),
            (Some("file"), Some(file)) => Key::File(file.into()),
            (Some("clevis"), None) => {
                return Err(UsageError::new(format!(
                    "--key {text}: keys that a TPM or a server holds aren't supported"
                )));
            }
            _ => {
                let form = "DEVICE:key:PASSPHRASE or DEVICE:file:FILE";
                return Err(UsageError::new(format!("--key {device}:…: it must be {form}")));
            }
        };
        Ok(Selector { device: device.into(), key })
    }
}

impl Key {
    /// A file's contents are the key but for the end of its line.
    fn read(&self) -> Result<BString> {
        match self {
            Key::Text(text) => Ok(text.clone()),
            Key::File(path) => {
                let mut key = fs::read(path).at_file(path)?;
                if key.ends_with(b"\n") {
                    key.pop();
                }
                Ok(key.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors() {
        let parse = |text: &str| Selector::parse(text).map_err(|error| error.message);
        let key = |device: &str, text: &str| Selector { device: device.into(), key: Key::Text(text.into()) };
        assert_eq!(parse("/dev/sda2:key:a:b"), Ok(key("/dev/sda2", "a:b")));
        assert_eq!(parse("all:key:"), Ok(key("all", "")));
        assert_eq!(parse("x:file:/k").unwrap().key, Key::File("/k".into()));
        for wrong in ["/dev/sda2", "/dev/sda2:secret", "a:b:c"] {
            // What may be a passphrase isn't shown.
            let message = parse(wrong).unwrap_err();
            assert!(message.contains("it must be") && !message.contains("secret"), "{message}");
        }
        assert!(parse("/dev/sda2:clevis").unwrap_err().contains("TPM"));
    }

    #[test]
    fn keys_are_chosen_by_name_uuid_or_for_all() {
        let mut keys = Keys::default();
        for text in ["/dev/sda1:key:one", "1-2:key:two", "all:key:three"] {
            keys.selectors.push(Selector::parse(text).unwrap());
        }
        assert_eq!(keys.of("/dev/sda1".into(), "9".into()).unwrap(), ["one", "three"]);
        assert_eq!(keys.of("/dev/sdb".into(), "1-2".into()).unwrap(), ["two", "three"]);
        assert_eq!(keys.of("/dev/sdb".into(), "".into()).unwrap(), ["three"]);
    }
}
