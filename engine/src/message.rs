//! Errors as libguestfs words them for its callers.

use bstr::BString;
use glassbox_api::table;
use glassbox_io::Error;

/// What an error says, with the call's name before it if the daemon answers that in libguestfs, and if the message
/// doesn't begin with the name itself.
pub fn message(error: &Error) -> BString {
    let text = error.to_bytes();
    match error.call().and_then(table::find) {
        Some(info) if info.is_daemon() && !says(error.message(), info.name) => {
            BString::from([info.name.as_bytes(), b": ", &text].concat())
        }
        _ => text,
    }
}

/// Whether a message begins with this name, and not with a longer one.
fn says(message: &str, call: &str) -> bool {
    let rest = message.strip_prefix(call);
    rest.is_some_and(|rest| !rest.starts_with(|next: char| next == '_' || next.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbox_io::Errno;

    #[test]
    fn calls_of_the_daemon_are_named_once() {
        let missing = |call| message(&Error::os(Errno::ENOENT).at_path(b"/\xff").in_call(call));
        assert_eq!(missing("ll"), BString::from(b"ll: /\xff: No such file or directory"));
        assert_eq!(missing("cat"), BString::from(b"/\xff: No such file or directory"));
        assert_eq!(message(&Error::usage("ll: what?").in_call("ll")), "ll: what?");
        assert_eq!(message(&Error::usage("ll_stub: what?").in_call("ll")), "ll: ll_stub: what?");
    }
}
