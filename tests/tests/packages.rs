//! Applications as libguestfs lists them, and package databases as rpm reads them; damaged databases.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bstr::BString;
use glassbox_api::structs::{Application, Application2};
use glassbox_api::{Drives, Inspection, Launching, Mounting};
use glassbox_engine::Handle;
use glassbox_io::{ReadAt, Result, Source};
use glassbox_packages::rpm::{Database, Form, Package};
use glassbox_packages::{Listing, apk, dpkg, pacman};
use glassbox_tests::bad_input::{Damaged, Rng, bounded};
use glassbox_tests::{corpus, fixture};
use serde_json::Value;

/// A handle with one guest, inspected and mounted, and its root.
fn open(folder: &Path, guest: &str) -> (Handle, BString) {
    let mut g = Handle::new().unwrap();
    g.add_drive_ro(folder.join(format!("{guest}.img")).to_str().unwrap().into()).unwrap();
    g.launch().unwrap();
    let roots = g.inspect_os().unwrap();
    let root = roots.first().unwrap_or_else(|| panic!("{guest} has no root")).clone();
    g.mount_ro(root.as_ref(), "/".into()).unwrap();
    (g, root)
}

fn applications(folder: &Path, guest: &str) -> Result<Vec<Application2>> {
    let (mut g, root) = open(folder, guest);
    g.inspect_list_applications2(root.as_ref())
}

/// Every field, in order, as JSON has it.
fn fields2(application: &Application2) -> Value {
    let a = application;
    let strings = [
        (&a.app2_name, &a.app2_display_name, &a.app2_version, &a.app2_release),
        (&a.app2_arch, &a.app2_install_path, &a.app2_trans_path, &a.app2_publisher),
        (&a.app2_url, &a.app2_source_package, &a.app2_summary, &a.app2_description),
        (&a.app2_class, &a.app2_spare2, &a.app2_spare3, &a.app2_spare4),
    ];
    let strings = strings.into_iter().flat_map(|(a, b, c, d)| [a, b, c, d]).map(|text| text.to_string().into());
    Value::Array(strings.chain([a.app2_epoch.into()]).collect())
}

fn fields(application: &Application) -> Value {
    let a = application;
    let strings = [
        (&a.app_name, &a.app_display_name, &a.app_version, &a.app_release),
        (&a.app_install_path, &a.app_trans_path, &a.app_publisher, &a.app_url),
    ];
    let rest = [&a.app_source_package, &a.app_summary, &a.app_description];
    let strings = strings.into_iter().flat_map(|(a, b, c, d)| [a, b, c, d]).chain(rest);
    Value::Array(strings.map(|text| text.to_string().into()).chain([a.app_epoch.into()]).collect())
}

/// The same fields of an application that libguestfs listed.
fn theirs(application: &Value, prefix: &str) -> Value {
    let names2 = "name display_name version release arch install_path trans_path publisher url source_package summary \
                  description spare1 spare2 spare3 spare4 epoch";
    let names = "name display_name version release install_path trans_path publisher url source_package summary \
                 description epoch";
    let names = if prefix == "app2_" { names2 } else { names };
    let field = |name: &str| application.get(format!("{prefix}{name}")).unwrap_or_else(|| panic!("{name}")).clone();
    let found: Vec<_> = names.split_whitespace().map(field).collect();
    assert_eq!(application.as_object().unwrap().len(), found.len());
    Value::Array(found)
}

/// Guests of which we list what libguestfs doesn't, and why.
const DIFFERENCES: [(&str, &str); 2] =
    [("rpm-ndb", "Debian's librpm has no ndb"), ("rpm-cut", "what can be read of a damaged database is listed")];

#[test]
fn applications_are_those_that_libguestfs_lists() {
    let folder = fixture("packages");
    let oracle: Value = serde_json::from_slice(&fs::read(folder.join("oracle.json")).unwrap()).unwrap();
    let oracle = oracle.as_object().unwrap();
    assert_eq!(oracle.len(), 11);
    let mut compared = 0;
    for (guest, answers) in oracle {
        let (mut g, root) = open(&folder, guest);
        let ours = g.inspect_list_applications2(root.as_ref());
        if DIFFERENCES.iter().any(|(name, _)| name == guest) {
            assert!(answers[0].as_array().is_none_or(Vec::is_empty), "{guest}: no difference any more");
            assert!(!ours.unwrap().is_empty(), "{guest}");
            continue;
        }
        let Some(list) = answers[0].as_array() else {
            let error = ours.unwrap_err().to_string();
            assert!(answers[0].as_str().unwrap().ends_with("No such file or directory"), "{guest}: {answers}");
            assert!(error.ends_with("/var/lib/dpkg/status: No such file or directory"), "{guest}: {error}");
            continue;
        };
        let ours = ours.unwrap_or_else(|error| panic!("{guest}: {error:?}"));
        assert_eq!(ours.len(), list.len(), "{guest}");
        for (ours, theirs_) in ours.iter().zip(list) {
            assert_eq!(fields2(ours), theirs(theirs_, "app2_"), "{guest}");
            compared += 1;
        }
        let old = g.inspect_list_applications(root.as_ref()).unwrap();
        let list = answers[1].as_array().unwrap();
        assert_eq!(old.len(), list.len(), "{guest}");
        for (ours, theirs_) in old.iter().zip(list) {
            assert_eq!(fields(ours), theirs(theirs_, "app_"), "{guest}");
        }
    }
    // Debian's own are most of them.
    assert!(compared > 400, "{compared}");
}

#[test]
fn suses_form_holds_the_same_packages() {
    let folder = fixture("packages");
    let all = |guest| -> Vec<_> { applications(&folder, guest).unwrap().iter().map(fields2).collect() };
    assert_eq!(all("rpm-ndb"), all("rpm-sqlite"));
    assert!(all("rpm-ndb").len() > 30);
}

#[test]
fn gentoos_packages_are_listed_and_unknown_ones_are_none() {
    let folder = fixture("packages");
    let gentoo = applications(&folder, "gentoo").unwrap();
    let lines: Vec<_> = gentoo
        .iter()
        .map(|a| {
            format!(
                "{}|{}|{}|{}|{}|{}",
                a.app2_name, a.app2_version, a.app2_release, a.app2_arch, a.app2_url, a.app2_summary
            )
        })
        .collect();
    assert_eq!(lines.len(), 3);
    let bash = "app-shells/bash|5.2_p15|6|x86_64|https://tiswww.case.edu/php/chet/bash/bashtop.html|\
                The standard GNU Bourne again shell";
    assert_eq!(lines[0], bash);
    assert!(lines.contains(&"sys-devel/gcc|12.3.1_p20230526||x86_64||The GNU Compiler Collection".to_owned()));
    assert!(applications(&folder, "void").unwrap().is_empty());
}

#[test]
fn the_guest_must_be_inspected_and_mounted() {
    let folder = fixture("packages");
    let (mut g, root) = open(&folder, "deb");
    assert!(g.inspect_list_applications2("/dev/sdz".into()).is_err());
    g.umount_all().unwrap();
    assert!(g.inspect_list_applications2(root.as_ref()).is_err());
    let mut fresh = Handle::new().unwrap();
    fresh.add_drive_ro(folder.join("deb.img").to_str().unwrap().into()).unwrap();
    fresh.launch().unwrap();
    assert!(fresh.inspect_list_applications2("/dev/sda".into()).is_err());
}

fn source(path: &Path) -> Source {
    Arc::new(fs::read(path).unwrap())
}

fn packages(file: &dyn ReadAt, log: Option<&dyn ReadAt>) -> Result<Listing<Package>> {
    Database::open(file, log)?.packages()
}

/// What rpm says of a database in a folder, in the order of the database.
fn rpm_says(folder: &Path) -> Vec<String> {
    let format = [
        "NAME",
        "EPOCH",
        "VERSION",
        "RELEASE",
        "ARCH",
        "URL",
        "VENDOR",
        "PACKAGER",
        "LICENSE",
        "SUMMARY",
        "DESCRIPTION",
    ];
    let format: String = format.map(|tag| format!("%{{{tag}}}<|>")).concat() + "<end>";
    let output = Command::new("rpm").arg("--dbpath").arg(folder).args(["-qa", "--qf", &format]).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator("<end>").map(str::to_owned).collect()
}

fn as_rpm(package: &Package) -> String {
    let or_none = |text: &Option<bstr::BString>| text.as_ref().map_or("(none)".to_owned(), ToString::to_string);
    let p = package;
    let epoch = p.epoch.map_or("(none)".to_owned(), |epoch| epoch.to_string());
    let (name, version, release) = (p.name.to_string(), p.version.to_string(), p.release.to_string());
    let others = [&p.arch, &p.url, &p.vendor, &p.packager, &p.license, &p.summary, &p.description].map(or_none);
    [name, epoch, version, release].into_iter().chain(others).map(|field| field + "<|>").collect()
}

#[test]
fn databases_of_other_distributions_are_read_as_rpm_reads_them() {
    for (form, count) in [(Form::Sqlite, 100), (Form::BerkeleyDb, 1)] {
        let Some(path) = corpus(&format!("rpmdb/{}", form.file_name())) else { return };
        // rpm writes beside the database that it reads.
        let folder = glassbox_tests::fixtures::scratch(&format!("rpmdb-{}", form.file_name()));
        fs::copy(&path, folder.join(form.file_name())).unwrap();
        let listing = packages(&source(&path), None).unwrap();
        assert_eq!(listing.warning_count, 0, "{:?}", listing.warnings);
        let mut ours: Vec<_> = listing.packages.iter().map(as_rpm).collect();
        let mut theirs = rpm_says(&folder);
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs);
        assert!(ours.len() >= count);
    }
    // Debian's rpm doesn't read this one: each used slot of it is a package.
    let Some(path) = corpus("rpmdb/Packages.db") else { return };
    let bytes = fs::read(&path).unwrap();
    let slots = bytes[32..4096].chunks(16).filter(|slot| slot.starts_with(b"Slot") && slot[8..12] != [0; 4]).count();
    let listing = packages(&bytes, None).unwrap();
    assert_eq!((listing.packages.len(), listing.warning_count), (slots, 0));
    assert!(
        listing.packages.iter().any(|package| package.name == "openSUSE-release" || package.name == "sles-release"),
        "{:?}",
        listing.packages.iter().map(|p| &p.name).collect::<Vec<_>>()
    );
}

#[test]
fn a_cut_database_gives_what_is_left_of_it() {
    let folder = fixture("packages");
    let whole = applications(&folder, "rpm-sqlite").unwrap();
    let cut = applications(&folder, "rpm-cut").unwrap();
    assert!(!cut.is_empty() && cut.len() < whole.len(), "{} of {}", cut.len(), whole.len());
    assert!(cut.iter().all(|application| whole.contains(application)));
    let bytes = fs::read(folder.join("rpmdb.sqlite")).unwrap();
    assert!(packages(&bytes[..256 << 10].to_vec(), None).unwrap().warning_count > 0);
}

#[test]
fn damaged_databases_neither_panic_nor_hang() {
    let folder = fixture("packages");
    let log = source(&folder.join("wal.sqlite-wal"));
    for name in ["rpmdb.sqlite", "wal.sqlite", "Packages.db", "Packages-1234", "Packages-4321"] {
        let (file, log) = (source(&folder.join(name)), log.clone());
        bounded(name, Duration::from_secs(60), move || {
            let length = file.len();
            let whole = packages(&file, None).unwrap().packages.len();
            let mut rng = Rng(0x5eed);
            let mut changed = 0;
            for round in 0..600u64 {
                // The first page has what leads to all others; records are everywhere.
                let mut damaged = Damaged::new(file.clone()).scramble(&mut rng, &[(0, 4096), (0, length), (0, 200)]);
                if round % 8 == 0 {
                    damaged = damaged.truncate(rng.below(length));
                }
                let log = Damaged::new(log.clone()).scramble(&mut rng, &[(0, 64), (0, log.len())]);
                let log = (name == "wal.sqlite").then_some(&log as &dyn ReadAt);
                match packages(&damaged, log) {
                    Ok(listing) => {
                        let text: usize = listing.packages.iter().map(|package| as_rpm(package).len()).sum();
                        // No more comes out than was in there, the field separators apart.
                        assert!(text as u64 <= 2 * (length + 200_000), "{name}, round {round}: {text} bytes");
                        assert!(listing.warnings.len() <= listing.warning_count);
                        changed += usize::from(listing.packages.len() != whole);
                    }
                    Err(_) => changed += 1,
                }
            }
            assert!(changed > 20, "{name}: {changed} of the damaged ones were noticed");
        });
    }
}

#[test]
fn damaged_texts_neither_panic_nor_hang() {
    let status = fs::read("/var/lib/dpkg/status").unwrap();
    let whole = dpkg::packages(&status).count();
    assert!(whole > 100);
    let mut rng = Rng(1);
    for _ in 0..50 {
        let mut damaged = status.clone();
        damaged.truncate(rng.below(status.len() as u64) as usize);
        for _ in 0..rng.below(50) {
            let at = rng.below(damaged.len() as u64) as usize;
            if let Some(byte) = damaged.get_mut(at) {
                *byte = b"\n :\0\xff-"[rng.below(6) as usize];
            }
        }
        assert!(dpkg::packages(&damaged).count() <= whole + 50);
        apk::packages(&damaged).count();
        pacman::Package::parse(&damaged);
    }
}
