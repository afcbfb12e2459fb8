//! `-i`: the guest's filesystems, mounted as the guest mounts them.

use bstr::{BString, ByteSlice};
use glassbox_api::{Inspection, Mounting};
use glassbox_engine::Handle;

use super::problem::Problem;

/// Finds the operating system and mounts its filesystems.
pub fn mount(handle: &mut Handle, program: &str, read_only: bool) -> Result<(), Problem> {
    let roots = handle.inspect_os().map_err(|error| match error.is_unsupported() {
        true => Problem::Shell(format!(
            "-i: this version doesn't inspect guests: list the filesystems with '{program} -a IMAGE run : \
             list-filesystems', then mount one with -m instead"
        )),
        false => error.into(),
    })?;
    let root = match roots.as_slice() {
        [root] => root,
        [] => return Err(Problem::Shell("-i: no operating system was found on this disk; use -m instead".into())),
        several => {
            let names: Vec<String> = several.iter().map(BString::to_string).collect();
            return Err(Problem::Shell(format!(
                "-i: several operating systems were found ({}); mount one of them with -m instead",
                names.join(", ")
            )));
        }
    };
    let mut mountpoints = handle.inspect_get_mountpoints(root.as_bstr())?;
    // A mount point must be there before what is mounted below it.
    mountpoints.sort_by_key(|(directory, _)| directory.len());
    let options = if read_only { "ro" } else { "" };
    for (directory, device) in &mountpoints {
        let mounted = handle.mount_options(options.into(), device.as_bstr(), directory.as_bstr());
        match mounted {
            Ok(()) => {}
            Err(error) if directory == "/" => return Err(error.into()),
            // As upstream: a guest whose /mnt/usb isn't there can still be looked at.
            Err(error) => eprintln!("{program}: {device} could not be mounted on {directory}: {error} (ignored)"),
        }
    }
    Ok(())
}
