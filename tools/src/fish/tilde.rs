//! `~` and `~user` at the beginning of a word: home directories of the host.

use std::os::unix::ffi::OsStrExt;

use bstr::{BString, ByteSlice};

/// Replaces a leading `~` or `~user`. A word that has none, or names an unknown user, stays as it is.
pub fn expand(word: &[u8], home: &dyn Fn(&[u8]) -> Option<BString>) -> BString {
    let Some(after) = word.strip_prefix(b"~") else { return word.into() };
    let (user, rest) = after.split_at(after.find_byte(b'/').unwrap_or(after.len()));
    match home(user) {
        Some(mut directory) => {
            directory.extend_from_slice(rest);
            directory
        }
        None => word.into(),
    }
}

/// The home directory of `user` on this host; of whoever runs this, for the empty name: `$HOME` first.
pub fn home(user: &[u8]) -> Option<BString> {
    let account = if user.is_empty() {
        if let Some(home) = std::env::var_os("HOME") {
            return Some(home.as_bytes().into());
        }
        nix::unistd::User::from_uid(nix::unistd::Uid::current())
    } else {
        nix::unistd::User::from_name(user.to_str().ok()?)
    };
    Some(account.ok()??.dir.as_os_str().as_bytes().into())
}
