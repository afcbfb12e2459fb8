//! The group `luks`: encrypted devices, opened, closed and made by cryptsetup.
//!
//! Keys go to it through its standard input, and where it wants two through a file in memory that nobody else can read:
//! never in its arguments.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::Luks;
use glassbox_api::options::CryptsetupOpenOpts;
use glassbox_io::{Error, Result};

use super::filesystem_detect::kind;
use crate::Daemon;
use crate::daemon::device;
use crate::tool::Tool;

/// Where open devices are.
const MAPPER: &str = "/dev/mapper/";

/// A run of cryptsetup that asks no questions and reads a key from its standard input.
fn cryptsetup(key: &BStr) -> Tool {
    Tool::new("cryptsetup").args(["-q", "-d", "-"]).input(key.as_bytes())
}

fn slot(number: i32) -> Result<String> {
    match number {
        0.. => Ok(number.to_string()),
        _ => Err(Error::usage("key slots are numbered from 0")),
    }
}

/// A name for an open device, which must be free.
fn free_name(name: &BStr) -> Result<&BStr> {
    if name == "control" {
        return Err(Error::usage("the name 'control' is reserved by device-mapper"));
    }
    if name.is_empty() || name.contains(&b'/') || name.starts_with(b"-") {
        return Err(Error::usage(format!("{name}: this can't be the name of a device")));
    }
    let path = [MAPPER.as_bytes(), name].concat();
    match Path::new(&path.to_os_str_lossy()).exists() {
        false => Ok(name),
        true => Err(Error::usage(format!("{}: device already exists", path.as_bstr()))),
    }
}

/// A key in a file in memory, which is gone when this is dropped.
struct KeyFile(PathBuf);

impl KeyFile {
    fn new(key: &BStr) -> Result<Self> {
        let path = PathBuf::from(format!("/run/key-{}", std::process::id()));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let kept = KeyFile(path);
        file.write_all(key)?;
        Ok(kept)
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            eprintln!("guestfsd: {}: {error}", self.0.display());
        }
    }
}

impl Daemon {
    fn luks_open_with(&mut self, device: &BStr, key: &BStr, name: &BStr, readonly: bool) -> Result<()> {
        let luks = Some(BStr::new("luks"));
        let opts = CryptsetupOpenOpts { readonly: Some(readonly), crypttype: luks, cipher: None };
        self.cryptsetup_open(device, key, name, opts)
    }
}

impl Luks for Daemon {
    fn cryptsetup_open(&mut self, name: &BStr, key: &BStr, mapname: &BStr, opts: CryptsetupOpenOpts<'_>) -> Result<()> {
        let mapname = free_name(mapname)?;
        let device = device(name)?;
        let detected: BString = match opts.crypttype {
            Some(kind) => kind.to_owned(),
            None => match kind(self, name)?.as_slice() {
                b"crypto_LUKS" => "luks".into(),
                b"BitLocker" => "bitlk".into(),
                other => return Err(Error::usage(format!("{}: unknown encrypted device type", other.as_bstr()))),
            },
        };
        self.view.release();
        cryptsetup(key)
            .flag(opts.readonly, "--readonly")
            .text("--cipher", opts.cipher)
            .arg("open")
            .arg(device)
            .arg(mapname)
            .text("--type", Some(detected.as_ref()))
            .done()
    }

    fn cryptsetup_close(&mut self, device: &BStr) -> Result<()> {
        let Some(name) = device.strip_prefix(MAPPER.as_bytes()) else {
            let message = "you must call this on the /dev/mapper device created by cryptsetup-open";
            return Err(Error::usage(format!("{device}: {message}")));
        };
        Tool::new("cryptsetup").arg("close").arg(name).done()
    }

    fn luks_open(&mut self, device: &BStr, key: &BStr, mapname: &BStr) -> Result<()> {
        self.luks_open_with(device, key, mapname, false)
    }

    fn luks_open_ro(&mut self, device: &BStr, key: &BStr, mapname: &BStr) -> Result<()> {
        self.luks_open_with(device, key, mapname, true)
    }

    fn luks_close(&mut self, device: &BStr) -> Result<()> {
        self.cryptsetup_close(device)
    }

    fn luks_format(&mut self, name: &BStr, key: &BStr, keyslot: i32) -> Result<()> {
        cryptsetup(key).arg("--key-slot").arg(slot(keyslot)?).arg("luksFormat").arg(device(name)?).done()
    }

    fn luks_format_cipher(&mut self, name: &BStr, key: &BStr, keyslot: i32, cipher: &BStr) -> Result<()> {
        let cryptsetup = cryptsetup(key).arg("--cipher").arg(cipher).arg("--key-slot").arg(slot(keyslot)?);
        cryptsetup.arg("luksFormat").arg(device(name)?).done()
    }

    fn luks_add_key(&mut self, name: &BStr, key: &BStr, newkey: &BStr, keyslot: i32) -> Result<()> {
        let new = KeyFile::new(newkey)?;
        let cryptsetup = cryptsetup(key).arg("--key-slot").arg(slot(keyslot)?).arg("luksAddKey").arg(device(name)?);
        cryptsetup.arg(new.0.as_os_str().as_encoded_bytes()).done()
    }

    fn luks_kill_slot(&mut self, name: &BStr, key: &BStr, keyslot: i32) -> Result<()> {
        cryptsetup(key).arg("luksKillSlot").arg(device(name)?).arg(slot(keyslot)?).done()
    }
}
