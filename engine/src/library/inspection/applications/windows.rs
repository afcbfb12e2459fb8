//! Windows' programs: what "Apps & features" lists, from the registry.

use bstr::{BStr, BString};
use glassbox_api::options::HivexOpenOpts;
use glassbox_api::structs::Application2;
use glassbox_api::{Hivex, Inspection};
use glassbox_io::Result;

use crate::handle::Handle;

/// Where installers leave what uninstalls a program: those of Windows' own architecture, and those for 32 bits.
const UNINSTALL: [&[&str]; 2] = [
    &["Microsoft", "Windows", "CurrentVersion", "Uninstall"],
    &["WOW6432Node", "Microsoft", "Windows", "CurrentVersion", "Uninstall"],
];

/// The programs of the Windows whose root filesystem is `root`.
pub(super) fn list(g: &mut Handle, root: &BStr) -> Result<Vec<Application2>> {
    let hive = g.inspect_get_windows_software_hive(root)?;
    g.hivex_open(hive.as_ref(), HivexOpenOpts { r#unsafe: Some(true), ..HivexOpenOpts::default() })?;
    let listed = UNINSTALL.iter().try_fold(Vec::new(), |mut applications, path| {
        if let Some(key) = find(g, path)? {
            for program in g.hivex_node_children(key)? {
                applications.extend(application(g, program.hivex_node_h));
            }
        }
        Ok(applications)
    });
    g.hivex_close()?;
    listed
}

/// The key at the end of a path from the top.
fn find(g: &mut Handle, path: &[&str]) -> Result<Option<i64>> {
    let mut key = g.hivex_root()?;
    for name in path {
        key = g.hivex_node_get_child(key, (*name).into())?;
        if key == 0 {
            return Ok(None);
        }
    }
    Ok(Some(key))
}

/// What is kept below a program's own key. One without a name to show is a part of another, or of Windows.
fn application(g: &mut Handle, key: i64) -> Option<Application2> {
    let name = g.hivex_node_name(key).ok()?;
    let display_name = string(g, key, "DisplayName")?;
    let mut field = |name| string(g, key, name).unwrap_or_default();
    Some(Application2 {
        app2_name: name,
        app2_display_name: display_name,
        app2_version: field("DisplayVersion"),
        app2_install_path: field("InstallLocation"),
        app2_publisher: field("Publisher"),
        app2_url: field("URLInfoAbout"),
        app2_description: field("Comments"),
        ..Application2::default()
    })
}

/// A value that is a string. Installers write what they like: what isn't a string is as good as nothing.
fn string(g: &mut Handle, key: i64, name: &str) -> Option<BString> {
    let value = g.hivex_node_get_value(key, name.into()).ok().filter(|value| *value != 0)?;
    g.hivex_value_string(value).ok()
}
