//! Templates: an appliance is booted once and saved, and others go on from there.
//!
//! The guest's memory is a file. While the template is made, the file is the memory; a restored appliance has a private map of
//! it, which takes no time and no memory but for what it changes. Everything else of the machine is in a second file, which
//! qemu writes and reads as a migration that leaves the memory out (`x-ignore-shared`).

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use glassbox_api::Debugging;
use glassbox_io::Result;
use serde_json::json;

use super::arguments::{Boot, Machine, Way, utf8};
use super::ladder::{ANSWER_DEADLINE, Host, boot_deadline};
use super::{Appliance, Rung, accelerator};
use crate::build::Image;
use crate::cache::{self, Cache, Key};

/// The guest's memory.
const MEMORY: &str = "memory";
/// The rest of the machine.
const STATE: &str = "state";
/// Saving writes some hundred kilobytes; restoring reads them.
const MIGRATION_DEADLINE: Duration = Duration::from_secs(60);
/// What the note is called that says that restoring doesn't work here.
const NOTE: &str = "no-template";

/// Starts an appliance from its template, which is made if it isn't there. A template that doesn't come up is made anew; if
/// the new one doesn't either, templates aren't tried again.
pub(super) fn start(host: &Host<'_>, image: &Image, is_kvm: bool) -> Result<Appliance> {
    let key = key(host, image, is_kvm)?;
    if let Some(why) = host.cache.note(NOTE, &key) {
        return Err(glassbox_io::Error::unsupported(format!("templates don't work here: {why}")));
    }
    let path = host.cache.entry("template", &key);
    if path.join(STATE).exists() {
        if let Ok(appliance) = restore(host, image, is_kvm, &path) {
            return Ok(appliance);
        }
        let lock = host.cache.lock()?;
        cache::remove(&path)?;
        drop(lock);
    }
    make(host, image, is_kvm, &path)?;
    restore(host, image, is_kvm, &path).inspect_err(|error| {
        // Forgotten, it costs time, no more.
        let _ = host.cache.keep_note(NOTE, &key, &error.to_string());
    })
}

/// All that a saved machine depends on.
fn key(host: &Host<'_>, image: &Image, is_kvm: bool) -> Result<Key> {
    let boot = boot(image);
    let machine = Machine { qemu: &host.qemu, options: host.options, is_kvm, image: &boot };
    let mut parts =
        vec![env!("CARGO_PKG_VERSION").to_owned(), host.qemu.identity.as_str().to_owned(), image.identity()?];
    for argument in machine.arguments(&Way::Save(Path::new("/")))? {
        parts.push(argument.as_encoded_bytes().escape_ascii().to_string());
    }
    if is_kvm {
        parts.push(accelerator::host());
    }
    Ok(Key::of(&parts))
}

/// Boots by the quickest way that the kernel has.
fn boot(image: &Image) -> Boot {
    Boot::of_image(image, image.vmlinux().unwrap_or_else(|| image.kernel()))
}

/// Boots an appliance and saves it.
fn make(host: &Host<'_>, image: &Image, is_kvm: bool, path: &Path) -> Result<()> {
    let _lock = host.cache.lock()?;
    if path.join(STATE).exists() {
        // Another process made it meanwhile.
        return Ok(());
    }
    let boot = boot(image);
    let machine = Machine { qemu: &host.qemu, options: host.options, is_kvm, image: &boot };
    host.cache.build(path, |new| {
        let mut appliance = host.spawn(&machine, &Way::Save(&new.join(MEMORY)), Rung::BootedPvh)?;
        let saved = (|| {
            appliance.monitor.execute("cont", json!({}))?;
            appliance.remote.wait_until_launched(boot_deadline(is_kvm))?;
            // Who has answered once has read from disk what it takes to answer.
            appliance.remote.ping_daemon()?;
            appliance.monitor.execute("stop", json!({}))?;
            leave_memory_out(&mut appliance)?;
            let state = File::create(new.join(STATE))?;
            appliance.migrate("migrate", &new.join(STATE), &state, host)
        })();
        appliance.checked(saved)?.shutdown().map(drop)
    })
}

fn restore(host: &Host<'_>, image: &Image, is_kvm: bool, path: &Path) -> Result<Appliance> {
    let boot = boot(image);
    let machine = Machine { qemu: &host.qemu, options: host.options, is_kvm, image: &boot };
    let mut appliance = host.spawn(&machine, &Way::Restore(&path.join(MEMORY)), Rung::Restored)?;
    let up = (|| {
        leave_memory_out(&mut appliance)?;
        let state = File::open(path.join(STATE))?;
        appliance.migrate("migrate-incoming", &path.join(STATE), &state, host)?;
        appliance.monitor.execute("cont", json!({}))?;
        appliance.remote.resume(ANSWER_DEADLINE)
    })();
    let appliance = appliance.checked(up)?;
    Cache::touch(path);
    Ok(appliance)
}

impl Appliance {
    /// Writes or reads the machine's state. A qemu that has no migration to files by name takes an open one.
    fn migrate(&mut self, command: &'static str, path: &Path, file: &File, host: &Host<'_>) -> Result<()> {
        if host.qemu.has_file_migration {
            return self.monitor.migrate(command, &format!("file:{}", utf8(path)?), MIGRATION_DEADLINE);
        }
        self.monitor.give_file(STATE, file)?;
        self.monitor.migrate(command, &format!("fd:{STATE}"), MIGRATION_DEADLINE)
    }
}

fn leave_memory_out(appliance: &mut Appliance) -> Result<()> {
    let capabilities = json!({ "capabilities": [{ "capability": "x-ignore-shared", "state": true }] });
    appliance.monitor.execute("migrate-set-capabilities", capabilities).map(drop)
}
