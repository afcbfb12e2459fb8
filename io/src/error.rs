//! The error type of every Glassbox crate.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use bstr::{BStr, BString};

use crate::Errno;

/// The result of everything that can fail here.
pub type Result<T> = std::result::Result<T, Error>;

/// What an error means to its caller. Kinds are few and stable; match on these, not on the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The host failed to read or write: the image may be fine.
    Io,
    /// Well-formed, but not read by this program: a feature request. The engine asks the appliance next.
    Unsupported,
    /// The image contradicts its format.
    Corrupt,
    /// The answer that Linux gives with an error number: no such file, not a directory, too many links …
    Os,
    /// The call was used wrongly: a bad argument, or the wrong state of the handle.
    Usage,
}

/// An error: a kind, an error number, a message for the person, where it happened, and what caused it.
///
/// ```
/// use glassbox_io::{Errno, Error, ErrorKind};
/// let error = Error::os(Errno::ENOENT).at_path("/etc/passwd");
/// assert_eq!(error.kind(), ErrorKind::Os);
/// assert_eq!(error.to_string(), "/etc/passwd: No such file or directory");
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    errno: Errno,
    message: Cow<'static, str>,
    operation: Option<&'static str>,
    path: Option<BString>,
    offset: Option<u64>,
    call: Option<&'static str>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    fn new(kind: ErrorKind, errno: Errno, message: Cow<'static, str>) -> Self {
        Error(Box::new(Inner {
            kind,
            errno,
            message,
            operation: None,
            path: None,
            offset: None,
            call: None,
            source: None,
        }))
    }

    /// A feature that isn't read here, by its field's name: `"ext4: inline encryption"`.
    pub fn unsupported(feature: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unsupported, Errno::EOPNOTSUPP, feature.into())
    }

    /// What in the image contradicts its format.
    pub fn corrupt(what: impl Into<Cow<'static, str>>) -> Self {
        // EUCLEAN is what Linux's filesystems return for it ("Structure needs cleaning").
        Self::new(ErrorKind::Corrupt, Errno::EUCLEAN, what.into())
    }

    /// A structure whose checksum doesn't match its contents: *corrupt*, with the number that Linux gives (`EFSBADCRC`).
    pub fn bad_checksum(of_what: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Corrupt, Errno::EBADMSG, format!("the checksum of {of_what} is wrong").into())
    }

    /// The answer that Linux gives with `errno`.
    pub fn os(errno: Errno) -> Self {
        Self::new(ErrorKind::Os, errno, errno.message().into())
    }

    /// The answer that Linux gives with `errno`, with a message that says more than `strerror`.
    pub fn os_with(errno: Errno, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Os, errno, message.into())
    }

    /// Wrong use of a call (`EINVAL`).
    pub fn usage(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Usage, Errno::EINVAL, message.into())
    }

    /// Sets the error number that programs expect for this, where it isn't the kind's own.
    pub fn with_errno(mut self, errno: Errno) -> Self {
        self.0.errno = errno;
        self
    }

    /// Adds the step that failed, by the name of its system call or tool where it has one: `opendir`, `mount`.
    pub fn during(mut self, operation: &'static str) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// Adds the path that the failing operation was about. The innermost path stays: it was nearest to the cause.
    pub fn at_path(mut self, path: impl AsRef<[u8]>) -> Self {
        self.0.path.get_or_insert_with(|| path.as_ref().into());
        self
    }

    /// As [`Error::at_path`], for a file of this host.
    pub fn at_file(self, path: impl AsRef<Path>) -> Self {
        self.at_path(path.as_ref().as_os_str().as_encoded_bytes())
    }

    /// Adds the byte offset in the source that was being read.
    pub fn at_offset(mut self, offset: u64) -> Self {
        self.0.offset.get_or_insert(offset);
        self
    }

    /// Adds the API call that failed, by its name in the contract.
    pub fn in_call(mut self, call: &'static str) -> Self {
        self.0.call.get_or_insert(call);
        self
    }

    /// Adds what caused it.
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What it means to the caller.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The error number for programs.
    pub fn errno(&self) -> Errno {
        self.0.errno
    }

    /// The message alone, without path, offset and cause.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The path it is about, if known.
    pub fn path(&self) -> Option<&BStr> {
        self.0.path.as_ref().map(|path| path.as_ref())
    }

    /// The offset it is about, in bytes of the source that was read, if known.
    pub fn offset(&self) -> Option<u64> {
        self.0.offset
    }

    /// The call that failed, if known.
    pub fn call(&self) -> Option<&'static str> {
        self.0.call
    }

    /// The whole text, as `Display` shows it, but with the bytes of the path as they are.
    pub fn to_bytes(&self) -> BString {
        let Some(path) = &self.0.path else { return self.to_string().into() };
        let mut text = BString::default();
        if let Some(operation) = self.0.operation {
            text.extend_from_slice(operation.as_bytes());
            text.extend_from_slice(b": ");
        }
        text.extend_from_slice(path);
        text.extend_from_slice(b": ");
        let mut rest = String::new();
        // Writing to a string can't fail, unless a cause's own formatting does: then its text ends there.
        let _ = self.0.write_rest(&mut rest);
        text.extend_from_slice(rest.as_bytes());
        text
    }

    /// Whether the appliance may be able to answer where we couldn't.
    pub fn is_unsupported(&self) -> bool {
        self.kind() == ErrorKind::Unsupported
    }
}

impl Inner {
    /// What follows the path in the text.
    fn write_rest(&self, f: &mut dyn fmt::Write) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(offset) = self.offset {
            write!(f, " (at byte {offset})")?;
        }
        if let Some(source) = &self.source {
            write!(f, ": {source}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.0.operation {
            write!(f, "{operation}: ")?;
        }
        if let Some(path) = &self.0.path {
            write!(f, "{path}: ")?;
        }
        self.0.write_rest(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.0.kind, self.0.errno)?;
        if let Some(call) = self.0.call {
            write!(f, " in {call}")?;
        }
        write!(f, ": {self}")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// A failure of the host. An `io::Error` that carries one of our errors (a stream over an image, say) gives it back.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        match error.downcast::<Error>() {
            Ok(ours) => ours,
            Err(error) => {
                let errno = Errno(error.raw_os_error().unwrap_or(Errno::EIO.0));
                let message = match error.raw_os_error() {
                    Some(_) => errno.message(),
                    None => error.to_string(),
                };
                Error::new(ErrorKind::Io, errno, message.into())
            }
        }
    }
}

/// For streams: a reader over an image is a `std::io::Read`, and its errors must survive the way through it.
impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        let kind = match std::io::Error::from_raw_os_error(error.errno().0).kind() {
            // The standard library tries again what was interrupted: it would never end what was cancelled.
            std::io::ErrorKind::Interrupted => std::io::ErrorKind::Other,
            kind => kind,
        };
        std::io::Error::new(kind, error)
    }
}

/// Context on results.
pub trait ResultExt<T> {
    /// As [`Error::during`].
    fn during(self, operation: &'static str) -> Result<T>;
    /// As [`Error::at_path`].
    fn at_path(self, path: impl AsRef<[u8]>) -> Result<T>;
    /// As [`Error::at_file`].
    fn at_file(self, path: impl AsRef<Path>) -> Result<T>;
    /// As [`Error::at_offset`].
    fn at_offset(self, offset: u64) -> Result<T>;
    /// As [`Error::in_call`].
    fn in_call(self, call: &'static str) -> Result<T>;
}

impl<T, E: Into<Error>> ResultExt<T> for std::result::Result<T, E> {
    fn during(self, operation: &'static str) -> Result<T> {
        self.map_err(|error| error.into().during(operation))
    }
    fn at_path(self, path: impl AsRef<[u8]>) -> Result<T> {
        self.map_err(|error| error.into().at_path(path))
    }
    fn at_file(self, path: impl AsRef<Path>) -> Result<T> {
        self.map_err(|error| error.into().at_file(path))
    }
    fn at_offset(self, offset: u64) -> Result<T> {
        self.map_err(|error| error.into().at_offset(offset))
    }
    fn in_call(self, call: &'static str) -> Result<T> {
        self.map_err(|error| error.into().in_call(call))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_is_shown_and_the_innermost_stays() {
        let error = Error::corrupt("bad magic").at_path("/inner").at_path("/outer").at_offset(512).in_call("mount");
        assert_eq!(error.to_string(), "/inner: bad magic (at byte 512)");
        assert_eq!(error.errno(), Errno::EUCLEAN);
        assert_eq!(error.call(), Some("mount"));
        let error = error.with_errno(Errno::EFAULT);
        assert_eq!((error.kind(), error.errno()), (ErrorKind::Corrupt, Errno::EFAULT));
        assert_eq!(
            Error::os(Errno::ENOENT).at_path("/x").during("opendir").to_string(),
            "opendir: /x: No such file or directory"
        );
    }

    #[test]
    fn an_error_survives_a_stream() {
        let through = Error::from(std::io::Error::from(Error::unsupported("x").at_offset(7)));
        assert!(through.is_unsupported());
        assert_eq!(through.offset(), Some(7));
        let host = Error::from(std::io::Error::from_raw_os_error(libc::EACCES));
        assert_eq!((host.kind(), host.errno()), (ErrorKind::Io, Errno::EACCES));
        assert_eq!(host.to_string(), "Permission denied");
    }
}
