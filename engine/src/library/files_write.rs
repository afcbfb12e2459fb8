//! The group `files-write`: contents that may be larger than a message.

use bstr::BStr;
use glassbox_api::{FilesRead, FilesWrite};
use glassbox_io::Result;

use super::Library;

/// What is sent in one message. A message is at most 4 MiB (`protocol.x`), and has a header and a path in it too.
const LARGEST_IN_MESSAGE: usize = 2 << 20;

impl FilesWrite for Library<'_> {
    fn write(&mut self, path: &BStr, content: &[u8]) -> Result<()> {
        match content.len() {
            0..=LARGEST_IN_MESSAGE => self.0.internal_write(path, content),
            _ => self.0.upload(&mut &*content, path),
        }
    }

    fn write_append(&mut self, path: &BStr, content: &[u8]) -> Result<()> {
        if content.len() <= LARGEST_IN_MESSAGE {
            return self.0.internal_write_append(path, content);
        }
        let end = if self.0.exists(path)? { self.0.filesize(path)? } else { 0 };
        self.0.upload_offset(&mut &*content, path, end)
    }
}
