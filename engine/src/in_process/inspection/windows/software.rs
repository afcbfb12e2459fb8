//! `HKEY_LOCAL_MACHINE\SOFTWARE`: which Windows it is.

use bstr::{BString, ByteSlice};

use super::super::facts::{Facts, Version};
use super::registry::Registry;

const CURRENT_VERSION: [&str; 3] = ["Microsoft", "Windows NT", "CurrentVersion"];
/// The policies that were applied: a key for each extension that did, named by its GUID.
const GROUP_POLICIES: [&str; 5] = ["Microsoft", "Windows", "CurrentVersion", "Group Policy", "History"];

/// Adds what the hive tells.
pub fn read(registry: &Registry<'_>, facts: &mut Facts) {
    facts.windows.group_policy = Some(has_group_policy(registry));
    let Some(key) = registry.key(&CURRENT_VERSION) else { return };
    facts.product_name = registry.string(key, "ProductName");
    facts.product_variant = registry.string(key, "InstallationType");
    // Not CurrentBuild: Windows XP says there that it is obsolete.
    facts.build_id = registry.string(key, "CurrentBuildNumber");
    let numbers = ["CurrentMajorVersionNumber", "CurrentMinorVersionNumber"].map(|name| registry.number(key, name));
    facts.version = match numbers {
        [Some(major), Some(minor)] => Some(Version { major: major.cast_signed(), minor: minor.cast_signed() }),
        // Windows 8.1 and before. Later ones say 6.3 there, for programs that don't know them.
        _ => registry.string(key, "CurrentVersion").and_then(version),
    };
}

/// The version in `6.1`.
fn version(text: BString) -> Option<Version> {
    let (major, minor) = text.to_str().ok()?.split_once('.')?;
    let digits = minor.find(|character: char| !character.is_ascii_digit()).unwrap_or(minor.len());
    Some(Version { major: major.parse().ok()?, minor: minor[..digits].parse().ok()? })
}

fn has_group_policy(registry: &Registry<'_>) -> bool {
    let is_guid = |name: &BString| match name.as_slice() {
        [b'{', first, .., b'}'] => first.is_ascii_hexdigit(),
        _ => false,
    };
    registry.key(&GROUP_POLICIES).is_some_and(|key| registry.subkey_names(key).iter().any(is_guid))
}
