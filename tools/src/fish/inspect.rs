//! `-i`: the guest's filesystems, mounted as the guest mounts them.

use bstr::{BString, ByteSlice};
use glassbox_api::Inspection;
use glassbox_engine::Handle;

use super::problem::Problem;
use crate::guest::{self, Mounted};

/// Finds the operating system and mounts its filesystems.
pub fn mount(handle: &mut Handle, program: &str, read_only: bool) -> Result<Mounted, Problem> {
    let roots = handle.inspect_os()?;
    let advice = format!(
        "list the filesystems with '{program} -a IMAGE run : list-filesystems', then mount them with -m instead of -i"
    );
    let root = match roots.as_slice() {
        [root] => root,
        [] => return Err(Problem::Shell(format!("-i: no operating system was found on this disk; {advice}"))),
        several => {
            let names: Vec<String> = several.iter().map(BString::to_string).collect();
            let names = names.join(", ");
            return Err(Problem::Shell(format!("-i: there are several operating systems ({names}); {advice}")));
        }
    };
    let mounted = guest::mount(handle, root.as_bstr(), read_only)?;
    mounted.warn(program);
    Ok(mounted)
}
