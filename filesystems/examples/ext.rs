//! Whole jobs on the ext2/3/4 filesystem that fills an image, to be timed:
//! `walk` reads all metadata, `read` all contents too (with both on several threads), `cat` one file.
//!
//! ```text
//! cargo run --release -p glassbox-filesystems --example ext -- IMAGE walk
//! cargo run --release -p glassbox-filesystems --example ext -- IMAGE cat /etc/os-release
//! ```

use std::fs::File;
use std::io::Write;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use glassbox_filesystems::ext::Ext;
use glassbox_filesystems::{FileType, Filesystem, NodeId};
use glassbox_io::{Errno, Error, ReadAt, Result};

struct Image(File, u64);

impl ReadAt for Image {
    fn len(&self) -> u64 {
        self.1
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let mut done = 0;
        while done < buf.len() {
            match self.0.read_at(&mut buf[done..], offset + done as u64)? {
                0 => break,
                count => done += count,
            }
        }
        Ok(done)
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [image, job, rest @ ..] = arguments.as_slice() else {
        return Err(Error::usage("IMAGE walk|read|cat [PATH]"));
    };
    let file = File::open(image)?;
    let length = file.metadata()?.len();
    let ext = Ext::open(Arc::new(Image(file, length)))?;
    match (job.as_str(), rest) {
        ("walk", []) => {
            let (files, bytes) = walk(&ext, &mut |_, _| Ok(()))?;
            println!("{files} files, {bytes} bytes");
        }
        ("read", []) => {
            let mut nodes = Vec::new();
            walk(&ext, &mut |node, file_type| {
                if file_type == FileType::Regular {
                    nodes.push(node);
                }
                Ok(())
            })?;
            println!("{} bytes", read_all(&ext, &nodes)?);
        }
        ("cat", [path]) => {
            let mut node = ext.root();
            for name in path.split('/').filter(|name| !name.is_empty()) {
                node = ext.lookup(node, name.into())?.ok_or_else(|| Error::os(Errno::ENOENT).at_path(path))?;
            }
            let file = ext.open(node)?;
            let mut bytes = vec![0; usize::try_from(file.len()).unwrap_or(usize::MAX)];
            file.read_exact_at(&mut bytes, 0)?;
            std::io::stdout().write_all(&bytes)?;
        }
        _ => return Err(Error::usage("IMAGE walk|read|cat [PATH]")),
    }
    Ok(())
}

/// Visits all files with their metadata.
fn walk(ext: &Ext, visit: &mut dyn FnMut(NodeId, FileType) -> Result<()>) -> Result<(usize, u64)> {
    let mut waiting = vec![ext.root()];
    let (mut files, mut bytes) = (0, 0);
    let mut children = Vec::new();
    while let Some(directory) = waiting.pop() {
        ext.read_dir(directory, &mut |entry| {
            children.push(entry.node);
            ControlFlow::Continue(())
        })?;
        for node in children.drain(..) {
            let stat = ext.stat(node)?;
            files += 1;
            bytes += stat.size;
            if stat.file_type() == FileType::Directory {
                waiting.push(node);
            }
            visit(node, stat.file_type())?;
        }
    }
    Ok((files, bytes))
}

fn read_all(ext: &Ext, nodes: &[NodeId]) -> Result<usize> {
    let next = AtomicUsize::new(0);
    let total = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    let mut buf = vec![0; 256 << 10];
                    while let Some(node) = nodes.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let file = ext.open(*node)?;
                        let mut offset = 0;
                        loop {
                            let count = file.read_at(&mut buf, offset)?;
                            if count == 0 {
                                break;
                            }
                            offset += count as u64;
                            total.fetch_add(count, Ordering::Relaxed);
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("a reader doesn't panic")?;
        }
        Ok::<_, Error>(())
    })?;
    Ok(total.into_inner())
}
