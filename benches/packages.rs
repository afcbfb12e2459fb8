//! Package databases of the size that servers have: `cargo bench -p glassbox-benches --bench packages`.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use glassbox_formats::{OpenOptions, open};
use glassbox_packages::dpkg;
use glassbox_packages::rpm::Database;

/// Packages in each database.
const PACKAGES: usize = 600;
/// Files of each RPM package: what makes its header long.
const FILES: usize = 200;

/// One package with many files by rpmbuild, installed as often as it takes. Fails where there is no rpmbuild.
fn rpm_database(folder: &Path) -> bool {
    let script = format!(
        r#"set -e
cat > p.spec <<'SPEC'
Name: package
Version: 1.2.3
Release: 4.el9
Summary: One of many
License: MIT
URL: https://package.example/
BuildArch: noarch
%description
Some lines about it,
as most packages have them.
%install
mkdir -p %{{buildroot}}/usr/share/package
for n in $(seq {FILES}); do echo $n > %{{buildroot}}/usr/share/package/file-$n; done
%files
/usr/share/package
SPEC
rpmbuild --quiet -bb --define "_topdir $PWD/build" p.spec
rpm --dbpath "$PWD" -i --justdb --nodeps --ignorearch build/RPMS/noarch/*.rpm
python3 - <<'PYTHON'
import sqlite3
with sqlite3.connect("rpmdb.sqlite") as database:
    blob, = database.execute("select blob from Packages").fetchone()
    database.executemany("insert into Packages (blob) values (?)", [(blob,)] * ({PACKAGES} - 1))
database.execute("pragma wal_checkpoint(truncate)")
PYTHON"#
    );
    Command::new("bash").args(["-c", &script]).current_dir(folder).output().is_ok_and(|output| output.status.success())
}

fn rpm(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    if !rpm_database(folder.path()) {
        eprintln!("SKIPPED: no rpmbuild to make a database with");
        return;
    }
    let file = open(folder.path().join("rpmdb.sqlite"), &OpenOptions::new()).expect("a file opens").into_source();
    let mut group = criterion.benchmark_group("packages");
    group.throughput(Throughput::Elements(PACKAGES as u64));
    group.bench_function("rpm in SQLite", |bencher| {
        bencher.iter(|| {
            let listing = Database::open(&file, None).and_then(|database| database.packages());
            let packages = listing.expect("a good database reads").packages;
            assert_eq!(black_box(packages).len(), PACKAGES);
        });
    });
    group.finish();
}

fn status(criterion: &mut Criterion) {
    let stanza = |number: usize| {
        format!(
            "Package: package-{number}\nStatus: install ok installed\nPriority: optional\nSection: libs\n\
             Installed-Size: 1000\nMaintainer: Somebody <some@body.example>\nArchitecture: amd64\nMulti-Arch: same\n\
             Source: source (1.0)\nVersion: 1:2.36-9+deb12u{number}\nDepends: {}\nDescription: one of many\n{}\
             Homepage: https://package.example/\n\n",
            "another-package (>= 1.2.3), ".repeat(12),
            " A line about what it is, and what it is good for.\n".repeat(8),
        )
    };
    let status: String = (0..PACKAGES).map(stanza).collect();
    let mut group = criterion.benchmark_group("packages");
    group.throughput(Throughput::Elements(PACKAGES as u64));
    group.bench_function("dpkg", |bencher| {
        bencher.iter(|| assert_eq!(dpkg::packages(black_box(status.as_bytes())).count(), PACKAGES));
    });
    group.finish();
}

criterion_group!(benches, status, rpm);
criterion_main!(benches);
