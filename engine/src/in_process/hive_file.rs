//! Registry hives as files of a guest, with the transaction logs beside them.

use bstr::{BStr, BString, ByteSlice};
use glassbox_filesystems::FileType;
use glassbox_io::{Errno, Error, Result, ResultExt};
use glassbox_registry::{Hive, MAX_HIVE_SIZE, needs_recovery};

use crate::vfs::{Follow, Located, Vfs};

/// What the names of a hive's logs end with, the older one first (regf, "Multiple transaction log files").
const LOGS: [&str; 3] = [".LOG1", ".LOG2", ".LOG"];

/// Opens the hive at `path`. If it wasn't closed cleanly, what only its logs have is read from there.
pub(super) fn open(vfs: &Vfs, path: &BStr, tolerant: bool) -> Result<Hive> {
    let file = vfs.resolve(path, Follow::Always)?;
    let image = read(&file)?;
    let logs = match needs_recovery(&image) {
        // Beside the file itself, whatever led to it.
        true => logs(vfs, file.path.as_ref())?,
        false => Vec::new(),
    };
    Hive::open(image, &logs, tolerant).at_path(path)
}

/// The logs that are there. Windows finds them in any case.
fn logs(vfs: &Vfs, path: &BStr) -> Result<Vec<Vec<u8>>> {
    let mut logs = Vec::new();
    for end in LOGS {
        let log = vfs.spelled(BString::from([path.as_bytes(), end.as_bytes()].concat()).as_ref());
        match log.and_then(|log| read(&vfs.resolve(log.as_ref(), Follow::Always)?)) {
            Ok(log) => logs.push(log),
            Err(error) if error.errno() == Errno::ENOENT => {}
            Err(error) => return Err(error),
        }
    }
    Ok(logs)
}

fn read(file: &Located) -> Result<Vec<u8>> {
    if file.file_type()? != FileType::Regular {
        return Err(Error::os_with(Errno::EINVAL, "not a registry hive: not a regular file").at_path(&file.path));
    }
    let opened = file.filesystem.open(file.node).at_path(&file.path)?;
    let length = opened.len();
    if length > MAX_HIVE_SIZE {
        return Err(Error::unsupported(format!("registry: a hive of {length} bytes")).at_path(&file.path));
    }
    let mut contents = vec![0; length as usize];
    opened.read_exact_at(&mut contents, 0).at_path(&file.path)?;
    Ok(contents)
}
