//! An initramfs: an archive in cpio's *newc* format (the kernel's Documentation/driver-api/early-userspace/buffer-format.rst).

use std::fs::File;
use std::io::Write;

use bstr::{BStr, ByteSlice};
use glassbox_io::{Error, Result};

use super::tree::{Directory, Node, Tree};

/// What a header begins with: files without checksums.
const MAGIC: &str = "070701";
/// Names and contents begin at multiples of it.
const ALIGNMENT: usize = 4;
/// The name that ends the archive.
const TRAILER: &[u8] = b"TRAILER!!!";

const S_IFDIR: u32 = 0o040000;
const S_IFREG: u32 = 0o100000;
const S_IFLNK: u32 = 0o120000;

/// Writes the tree.
pub(crate) fn write(tree: &Tree, to: &File) -> Result<()> {
    let mut archive = Archive { to, inode: 0 };
    archive.directory(b"".as_bstr(), &tree.root)?;
    archive.header(TRAILER.as_bstr(), 0, 0)
}

struct Archive<'a> {
    to: &'a File,
    inode: u32,
}

impl Archive<'_> {
    /// A directory comes before what is in it: the kernel makes none by itself.
    fn directory(&mut self, path: &BStr, directory: &Directory) -> Result<()> {
        for (name, node) in &directory.entries {
            let mut path = path.to_owned();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(name);
            match node {
                Node::Directory(directory) => {
                    self.header(path.as_bstr(), S_IFDIR | directory.mode, 0)?;
                    self.directory(path.as_bstr(), directory)?;
                }
                Node::Link(target) => {
                    self.header(path.as_bstr(), S_IFLNK | 0o777, target.len() as u64)?;
                    self.to.write_all(target)?;
                    self.pad(target.len() as u64)?;
                }
                Node::File(file) => {
                    let size = file.contents.size();
                    self.header(path.as_bstr(), S_IFREG | file.mode, size)?;
                    file.contents.copy_to(self.to)?;
                    self.pad(size)?;
                }
            }
        }
        Ok(())
    }

    fn header(&mut self, path: &BStr, mode: u32, size: u64) -> Result<()> {
        let size = u32::try_from(size)
            .map_err(|_| Error::unsupported("a file of 4 GiB or more in an initramfs").at_path(path.as_bytes()))?;
        self.inode += 1;
        let mut text = String::from(MAGIC);
        // Inode, mode, owner, group, links, time, size, the device's and the node's numbers, the name's length, no checksum.
        for field in [self.inode, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, path.len() as u32 + 1, 0] {
            text.push_str(&format!("{field:08X}"));
        }
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(path);
        bytes.push(0);
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
        Ok(self.to.write_all(&bytes)?)
    }

    fn pad(&mut self, size: u64) -> Result<()> {
        let zeros = size.next_multiple_of(ALIGNMENT as u64) - size;
        Ok(self.to.write_all(&[0; ALIGNMENT][..zeros as usize])?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn cpio_reads_it() {
        let mut tree = Tree::default();
        tree.add_file("/a/b/file", 0o640, "12345").unwrap();
        tree.add_link("/a/link", "b/file").unwrap();
        tree.add_directory("/empty", 0o711).unwrap();
        let mut file = tempfile::tempfile().unwrap();
        write(&tree, &file).unwrap();

        file.rewind().unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        assert_eq!(&bytes[..6], MAGIC.as_bytes());
        assert_eq!(bytes.len() % ALIGNMENT, 0);
        file.rewind().unwrap();
        let Ok(listed) = Command::new("cpio").args(["-itv", "--quiet"]).stdin(Stdio::from(file)).output() else {
            return eprintln!("skipped: no cpio");
        };
        let listed = String::from_utf8(listed.stdout).unwrap();
        let lines: Vec<Vec<&str>> = listed.lines().map(|line| line.split_whitespace().collect()).collect();
        let named = |name: &str| lines.iter().find(|line| line.contains(&name)).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(named("a/b/file")[0], "-rw-r-----");
        assert_eq!(named("a/b/file")[4], "5");
        assert_eq!(named("empty")[0], "drwx--x--x");
        assert!(named("a/link").ends_with(&["a/link", "->", "b/file"]));
    }
}
