//! Disks on servers, as `-a` names them: `nbd://HOST:PORT/EXPORT`.

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::StringList;
use glassbox_api::options::AddDriveOpts;

/// A disk on a server, in the words of the call `add_drive`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remote {
    protocol: BString,
    export: BString,
    server: Option<BString>,
    username: Option<BString>,
    secret: Option<BString>,
}

/// The URI as it may be shown: without a password.
pub fn shown(uri: &BStr) -> BString {
    let Some((scheme, rest)) = uri.split_once_str("://") else { return uri.into() };
    let (authority, path) = rest.split_at(rest.find_byteset(b"/?#").unwrap_or(rest.len()));
    let Some((user, server)) = authority.rsplit_once_str("@") else { return uri.into() };
    let user = user.split_once_str(":").map_or(user, |(name, _)| name);
    [scheme, b"://", user, b"@", server, path].concat().into()
}

/// What an image is that has the form of a URI.
#[derive(Debug, PartialEq, Eq)]
pub enum Image {
    /// A file, after all.
    File(BString),
    /// A disk on a server.
    Remote(Remote),
}

/// Reads `SCHEME://…`. `None` if it isn't of that form; then it is a file's name.
///
/// # Errors
/// It can't be read: nothing more is known.
pub fn parse(image: &BStr) -> Option<Result<Image, ()>> {
    let (scheme, rest) = image.split_once_str("://")?;
    let is_scheme = !scheme.is_empty() && scheme.iter().all(u8::is_ascii_alphanumeric);
    is_scheme.then(|| read(scheme, rest).ok_or(()))
}

/// `[USER[:PASSWORD]@][HOST[:PORT]]/PATH[?QUERY][#FRAGMENT]`
fn read(scheme: &[u8], rest: &[u8]) -> Option<Image> {
    let rest = rest.split_once_str("#").map_or(rest, |(rest, _)| rest);
    let (rest, query) = rest.split_once_str("?").map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let (authority, path) = rest.split_at(rest.find_byte(b'/').unwrap_or(rest.len()));
    let mut path = decode(path)?;
    if scheme == b"file" {
        return Some(Image::File(path));
    }
    let (user, server) =
        authority.rsplit_once_str("@").map_or((None, authority), |(user, server)| (Some(user), server));
    let (username, secret) = match user.map(|user| user.split_once_str(":").ok_or(user)) {
        None => (None, None),
        Some(Err(username)) => (Some(decode(username)?), None),
        Some(Ok((username, secret))) => (Some(decode(username)?), Some(decode(secret)?)),
    };
    let present = |text: Option<BString>| text.filter(|text| !text.is_empty());
    let (username, secret) = (present(username), present(secret));
    let (host, port) = match server.rsplit_once_str(":") {
        Some((host, port)) if !port.ends_with(b"]") => (host, port),
        _ => (server, &b""[..]),
    };
    if !port.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let server = if port.is_empty() { host } else { server };
    let socket = query.and_then(|query| query.split_str("&").find_map(|field| field.strip_prefix(b"socket=")));
    let server = match socket {
        Some(_) if !server.is_empty() => return None,
        Some(socket) => Some(format!("unix:{}", decode(socket)?)),
        None => (!server.is_empty()).then(|| format!("tcp:{}", server.as_bstr())),
    };
    match scheme {
        // What these call a name doesn't begin with a slash.
        b"gluster" | b"iscsi" | b"nbd" | b"rbd" | b"sheepdog" if path.starts_with(b"/") => drop(path.remove(0)),
        // It would be taken for the beginning of the query.
        b"http" | b"https" if path.contains(&b'?') => return None,
        b"http" | b"https" => {
            if let Some(query) = query {
                path.push(b'?');
                path.extend_from_slice(query);
            }
        }
        _ => {}
    }
    let server = server.map(BString::from);
    Some(Image::Remote(Remote { protocol: scheme.into(), export: path, server, username, secret }))
}

/// Without `%XX`.
fn decode(text: &[u8]) -> Option<BString> {
    let mut decoded = BString::default();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once_str("%") {
        let (digits, after) = after.split_at_checked(2)?;
        decoded.extend_from_slice(before);
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        decoded.push(u8::from_str_radix(digits.to_str().ok()?, 16).ok()?);
        rest = after;
    }
    decoded.extend_from_slice(rest);
    Some(decoded)
}

impl Remote {
    /// Its name there.
    pub fn export(&self) -> &BStr {
        self.export.as_bstr()
    }

    /// Calls `add` with these and the other options of the call `add_drive`.
    pub fn with_options<R>(&self, options: AddDriveOpts<'_>, add: impl FnOnce(AddDriveOpts<'_>) -> R) -> R {
        let server: Vec<&BStr> = self.server.iter().map(|server| server.as_bstr()).collect();
        add(AddDriveOpts {
            protocol: Some(self.protocol.as_bstr()),
            server: (!server.is_empty()).then_some(StringList::Borrowed(&server)),
            username: self.username.as_ref().map(|name| name.as_bstr()),
            secret: self.secret.as_ref().map(|secret| secret.as_bstr()),
            ..options
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protocol, export, server, username and secret, as guestfish's trace shows them for the same URI.
    fn parts(uri: &str) -> [String; 5] {
        let Some(Ok(Image::Remote(remote))) = parse(uri.into()) else { panic!("{uri}") };
        let optional = |text: Option<BString>| text.unwrap_or_default().to_string();
        let Remote { protocol, export, server, username, secret } = remote;
        [protocol.to_string(), export.to_string(), optional(server), optional(username), optional(secret)]
    }

    #[test]
    fn servers() {
        for (uri, expected) in [
            ("nbd://h:1/x", ["nbd", "x", "tcp:h:1", "", ""]),
            ("nbd://h", ["nbd", "", "tcp:h", "", ""]),
            ("nbd:///exp?socket=/tmp/s", ["nbd", "exp", "unix:/tmp/s", "", ""]),
            ("nbd://?socket=/tmp/s", ["nbd", "", "unix:/tmp/s", "", ""]),
            ("nbd://[::1]:10809/x", ["nbd", "x", "tcp:[::1]:10809", "", ""]),
            ("nbd://[::1]/x", ["nbd", "x", "tcp:[::1]", "", ""]),
            ("ssh://me@h/disk.img", ["ssh", "/disk.img", "tcp:h", "me", ""]),
            ("ssh://me:pw@h:23/d%20x#f", ["ssh", "/d x", "tcp:h:23", "me", "pw"]),
            ("https://u:@h:/x", ["https", "/x", "tcp:h", "u", ""]),
            ("https://@h/x", ["https", "/x", "tcp:h", "", ""]),
            ("rbd:///pool/disk", ["rbd", "pool/disk", "", "", ""]),
            ("iscsi://h/iqn.2/1", ["iscsi", "iqn.2/1", "tcp:h", "", ""]),
            // Other than guestfish, which asks for the wrong thing then.
            ("http://u@h/x/y.img?a=b", ["http", "/x/y.img?a=b", "tcp:h", "u", ""]),
        ] {
            assert_eq!(parts(uri), expected, "{uri}");
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(shown("https://me:secret@h:1/x?a=b".into()), "https://me@h:1/x?a=b");
        for uri in ["https://me@h/x", "nbd://h/a:b@c", "/file"] {
            assert_eq!(shown(uri.into()), uri);
        }
    }

    #[test]
    fn files() {
        assert_eq!(parse("file:///a%2eimg".into()), Some(Ok(Image::File("/a.img".into()))));
        assert_eq!(parse("file://host/a".into()), Some(Ok(Image::File("/a".into()))));
        for name in ["file:/a", "nbd:x", "/a://b", "nbd+unix:///e"] {
            assert_eq!(parse(name.into()), None, "{name}");
        }
    }

    #[test]
    fn nonsense() {
        for uri in
            ["nbd://h:x/y", "http://h/%zz", "http://h/%2", "http://h/%+5", "http://h/a%3Fb", "nbd://h/x?socket=/tmp/s"]
        {
            assert_eq!(parse(uri.into()), Some(Err(())), "{uri}");
        }
    }
}
