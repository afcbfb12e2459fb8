//! The group `checksum`: digests of files, devices and whole trees.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};

use bstr::{BStr, BString, ByteSlice};
use digest::DynDigest;
use glassbox_api::Checksums;
use glassbox_filesystems::{FileType, Filesystem, NodeId};
use glassbox_io::{Error, ReadAt, Result, ResultExt};

use super::InProcess;
use super::cksum::Cksum;
use crate::vfs::{Located, Step, Vfs};

/// Read at a time.
const PIECE: usize = 256 << 10;
/// Files that the walk may be ahead of the digests.
const AHEAD: usize = 1024;

/// A kind of checksum.
#[derive(Clone, Copy)]
enum Algorithm {
    Crc,
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    fn parse(name: &BStr) -> Result<Self> {
        Ok(match name.as_bytes() {
            b"crc" => Algorithm::Crc,
            b"md5" => Algorithm::Md5,
            b"sha1" => Algorithm::Sha1,
            b"sha224" => Algorithm::Sha224,
            b"sha256" => Algorithm::Sha256,
            b"sha384" => Algorithm::Sha384,
            b"sha512" => Algorithm::Sha512,
            // libguestfs 1.48 knows no `gost` either.
            _ => {
                return Err(Error::usage("unknown checksum type, expecting crc|md5|sha1|sha224|sha256|sha384|sha512"));
            }
        })
    }

    fn start(self) -> Box<dyn DynDigest> {
        match self {
            Algorithm::Crc => Box::new(Cksum::default()),
            Algorithm::Md5 => Box::new(md5::Md5::default()),
            Algorithm::Sha1 => Box::new(sha1::Sha1::default()),
            Algorithm::Sha224 => Box::new(sha2::Sha224::default()),
            Algorithm::Sha256 => Box::new(sha2::Sha256::default()),
            Algorithm::Sha384 => Box::new(sha2::Sha384::default()),
            Algorithm::Sha512 => Box::new(sha2::Sha512::default()),
        }
    }

    /// The digest as its tool prints it.
    fn show(self, digest: &[u8]) -> String {
        match (self, digest.try_into()) {
            (Algorithm::Crc, Ok(bytes)) => u32::from_be_bytes(bytes).to_string(),
            _ => digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }

    /// The checksum of all of `source`; `between` is asked before each piece whether to go on.
    fn of(self, source: &dyn ReadAt, buf: &mut [u8], between: &mut dyn FnMut(u64) -> Result<()>) -> Result<String> {
        let mut digest = self.start();
        let mut offset = 0;
        loop {
            between(offset)?;
            let count = source.read_at(buf, offset)?;
            if count == 0 {
                return Ok(self.show(&digest.finalize()));
            }
            digest.update(&buf[..count]);
            offset += count as u64;
        }
    }
}

/// A file of a tree, on its way to a worker.
struct Work {
    number: usize,
    path: BString,
    filesystem: Arc<dyn Filesystem>,
    node: NodeId,
}

/// The line of a file in the list.
fn line(algorithm: Algorithm, digest: &str, size: u64, path: &BStr) -> BString {
    let mut line = BString::default();
    if let Algorithm::Crc = algorithm {
        line.extend_from_slice(format!("{digest} {size} ./").as_bytes());
        line.extend_from_slice(path);
    } else {
        // coreutils marks a line whose name it had to escape, so that a list can't be forged through a name.
        let escape = path.iter().any(|byte| matches!(byte, b'\\' | b'\n' | b'\r'));
        if escape {
            line.push(b'\\');
        }
        line.extend_from_slice(format!("{digest}  ./").as_bytes());
        for byte in path.iter() {
            match byte {
                b'\\' => line.extend_from_slice(b"\\\\"),
                b'\n' => line.extend_from_slice(b"\\n"),
                b'\r' => line.extend_from_slice(b"\\r"),
                byte => line.push(*byte),
            }
        }
    }
    line.push(b'\n');
    line
}

/// Walks the tree in one thread, digests in as many as there are cores, and writes the lines in the walk's order.
fn checksum_tree(
    vfs: &Vfs,
    start: &Located,
    algorithm: Algorithm,
    out: &mut dyn Write,
    check: &mut dyn FnMut() -> Result<()>,
) -> Result<()> {
    let (to_workers, work) = mpsc::sync_channel::<Work>(AHEAD);
    let work = Mutex::new(work);
    let (done, results) = mpsc::sync_channel::<(usize, Result<BString>)>(AHEAD);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let walker = scope.spawn(move || {
            let mut number = 0;
            vfs.walk(start, &mut |visit| {
                if visit.file_type != FileType::Regular {
                    return Ok(Step::On);
                }
                let path = visit.path.to_owned();
                let work = Work { number, path, filesystem: visit.filesystem.clone(), node: visit.node };
                number += 1;
                // Nobody takes work any more: somebody has failed, and says so.
                Ok(if to_workers.send(work).is_ok() { Step::On } else { Step::Stop })
            })
        });
        for _ in 0..workers {
            let (work, done) = (&work, done.clone());
            scope.spawn(move || {
                let mut buf = vec![0; PIECE];
                loop {
                    let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(Work { number, path, filesystem, node }) = next else { break };
                    let result = filesystem
                        .open(node)
                        .and_then(|file| Ok((algorithm.of(&file, &mut buf, &mut |_| Ok(()))?, file.len())))
                        .map(|(digest, size)| line(algorithm, &digest, size, path.as_ref()))
                        .at_path(&path);
                    if done.send((number, result)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(done);
        let written = write_in_order(results, out, check);
        // Whoever waits for work to be taken, or a result to be heard, must not wait for ever.
        drain(&work);
        let walked = walker.join().unwrap_or_else(|_| Err(Error::corrupt("the walk has failed")));
        written.and(walked)
    })
}

fn write_in_order(
    results: mpsc::Receiver<(usize, Result<BString>)>,
    out: &mut dyn Write,
    check: &mut dyn FnMut() -> Result<()>,
) -> Result<()> {
    let mut early = BTreeMap::new();
    let mut next = 0;
    let mut out = std::io::BufWriter::with_capacity(64 << 10, out);
    for (number, result) in results {
        check()?;
        early.insert(number, result?);
        while let Some(line) = early.remove(&next) {
            out.write_all(&line)?;
            next += 1;
        }
    }
    Ok(out.flush()?)
}

fn drain(work: &Mutex<mpsc::Receiver<Work>>) {
    let work = work.lock().unwrap_or_else(PoisonError::into_inner);
    while work.recv().is_ok() {}
}

impl Checksums for InProcess {
    fn checksum(&mut self, csumtype: &BStr, path: &BStr) -> Result<BString> {
        let algorithm = Algorithm::parse(csumtype)?;
        let mut job = self.job();
        self.with_file(path, |file| {
            let digest = algorithm.of(file, &mut vec![0; PIECE], &mut |position| job.at(position, file.len()))?;
            job.done(file.len());
            Ok(digest.into())
        })
    }

    fn checksum_device(&mut self, csumtype: &BStr, device: &BStr) -> Result<BString> {
        let algorithm = Algorithm::parse(csumtype)?;
        let mut job = self.job();
        let source = self.device_source(device)?;
        let digest = algorithm.of(&source, &mut vec![0; PIECE], &mut |position| job.at(position, source.len()));
        job.done(source.len());
        Ok(digest.at_path(device)?.into())
    }

    fn checksums_out(&mut self, csumtype: &BStr, directory: &BStr, sumsfile: &mut dyn Write) -> Result<()> {
        let algorithm = Algorithm::parse(csumtype)?;
        let start = self.directory(directory)?;
        let mut job = self.job();
        checksum_tree(&self.vfs, &start, algorithm, sumsfile, &mut || job.pulse())?;
        job.done(1);
        Ok(())
    }
}
