//! Error numbers by name and back.

/// A Linux error number, as `guestfs_last_errno` returns it and the RPC protocol names it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Errno(pub i32);

impl Errno {
    #[doc = "Operation not permitted."]
    pub const EPERM: Errno = Errno(libc::EPERM);
    #[doc = "No such file or directory."]
    pub const ENOENT: Errno = Errno(libc::ENOENT);
    #[doc = "No such process."]
    pub const ESRCH: Errno = Errno(libc::ESRCH);
    #[doc = "Interrupted system call."]
    pub const EINTR: Errno = Errno(libc::EINTR);
    #[doc = "Input/output error."]
    pub const EIO: Errno = Errno(libc::EIO);
    #[doc = "No such device or address."]
    pub const ENXIO: Errno = Errno(libc::ENXIO);
    #[doc = "Argument list too long."]
    pub const E2BIG: Errno = Errno(libc::E2BIG);
    #[doc = "Exec format error."]
    pub const ENOEXEC: Errno = Errno(libc::ENOEXEC);
    #[doc = "Bad file descriptor."]
    pub const EBADF: Errno = Errno(libc::EBADF);
    #[doc = "No child processes."]
    pub const ECHILD: Errno = Errno(libc::ECHILD);
    #[doc = "Resource temporarily unavailable."]
    pub const EAGAIN: Errno = Errno(libc::EAGAIN);
    #[doc = "Cannot allocate memory."]
    pub const ENOMEM: Errno = Errno(libc::ENOMEM);
    #[doc = "Permission denied."]
    pub const EACCES: Errno = Errno(libc::EACCES);
    #[doc = "Bad address."]
    pub const EFAULT: Errno = Errno(libc::EFAULT);
    #[doc = "Block device required."]
    pub const ENOTBLK: Errno = Errno(libc::ENOTBLK);
    #[doc = "Device or resource busy."]
    pub const EBUSY: Errno = Errno(libc::EBUSY);
    #[doc = "File exists."]
    pub const EEXIST: Errno = Errno(libc::EEXIST);
    #[doc = "Invalid cross-device link."]
    pub const EXDEV: Errno = Errno(libc::EXDEV);
    #[doc = "No such device."]
    pub const ENODEV: Errno = Errno(libc::ENODEV);
    #[doc = "Not a directory."]
    pub const ENOTDIR: Errno = Errno(libc::ENOTDIR);
    #[doc = "Is a directory."]
    pub const EISDIR: Errno = Errno(libc::EISDIR);
    #[doc = "Invalid argument."]
    pub const EINVAL: Errno = Errno(libc::EINVAL);
    #[doc = "Too many open files in system."]
    pub const ENFILE: Errno = Errno(libc::ENFILE);
    #[doc = "Too many open files."]
    pub const EMFILE: Errno = Errno(libc::EMFILE);
    #[doc = "Inappropriate ioctl for device."]
    pub const ENOTTY: Errno = Errno(libc::ENOTTY);
    #[doc = "Text file busy."]
    pub const ETXTBSY: Errno = Errno(libc::ETXTBSY);
    #[doc = "File too large."]
    pub const EFBIG: Errno = Errno(libc::EFBIG);
    #[doc = "No space left on device."]
    pub const ENOSPC: Errno = Errno(libc::ENOSPC);
    #[doc = "Illegal seek."]
    pub const ESPIPE: Errno = Errno(libc::ESPIPE);
    #[doc = "Read-only file system."]
    pub const EROFS: Errno = Errno(libc::EROFS);
    #[doc = "Too many links."]
    pub const EMLINK: Errno = Errno(libc::EMLINK);
    #[doc = "Broken pipe."]
    pub const EPIPE: Errno = Errno(libc::EPIPE);
    #[doc = "Numerical argument out of domain."]
    pub const EDOM: Errno = Errno(libc::EDOM);
    #[doc = "Numerical result out of range."]
    pub const ERANGE: Errno = Errno(libc::ERANGE);
    #[doc = "Resource deadlock avoided."]
    pub const EDEADLK: Errno = Errno(libc::EDEADLK);
    #[doc = "File name too long."]
    pub const ENAMETOOLONG: Errno = Errno(libc::ENAMETOOLONG);
    #[doc = "No locks available."]
    pub const ENOLCK: Errno = Errno(libc::ENOLCK);
    #[doc = "Function not implemented."]
    pub const ENOSYS: Errno = Errno(libc::ENOSYS);
    #[doc = "Directory not empty."]
    pub const ENOTEMPTY: Errno = Errno(libc::ENOTEMPTY);
    #[doc = "Too many levels of symbolic links."]
    pub const ELOOP: Errno = Errno(libc::ELOOP);
    #[doc = "No message of desired type."]
    pub const ENOMSG: Errno = Errno(libc::ENOMSG);
    #[doc = "Identifier removed."]
    pub const EIDRM: Errno = Errno(libc::EIDRM);
    #[doc = "Channel number out of range."]
    pub const ECHRNG: Errno = Errno(libc::ECHRNG);
    #[doc = "Level 2 not synchronized."]
    pub const EL2NSYNC: Errno = Errno(libc::EL2NSYNC);
    #[doc = "Level 3 halted."]
    pub const EL3HLT: Errno = Errno(libc::EL3HLT);
    #[doc = "Level 3 reset."]
    pub const EL3RST: Errno = Errno(libc::EL3RST);
    #[doc = "Link number out of range."]
    pub const ELNRNG: Errno = Errno(libc::ELNRNG);
    #[doc = "Protocol driver not attached."]
    pub const EUNATCH: Errno = Errno(libc::EUNATCH);
    #[doc = "No CSI structure available."]
    pub const ENOCSI: Errno = Errno(libc::ENOCSI);
    #[doc = "Level 2 halted."]
    pub const EL2HLT: Errno = Errno(libc::EL2HLT);
    #[doc = "Invalid exchange."]
    pub const EBADE: Errno = Errno(libc::EBADE);
    #[doc = "Invalid request descriptor."]
    pub const EBADR: Errno = Errno(libc::EBADR);
    #[doc = "Exchange full."]
    pub const EXFULL: Errno = Errno(libc::EXFULL);
    #[doc = "No anode."]
    pub const ENOANO: Errno = Errno(libc::ENOANO);
    #[doc = "Invalid request code."]
    pub const EBADRQC: Errno = Errno(libc::EBADRQC);
    #[doc = "Invalid slot."]
    pub const EBADSLT: Errno = Errno(libc::EBADSLT);
    #[doc = "Bad font file format."]
    pub const EBFONT: Errno = Errno(libc::EBFONT);
    #[doc = "Device not a stream."]
    pub const ENOSTR: Errno = Errno(libc::ENOSTR);
    #[doc = "No data available."]
    pub const ENODATA: Errno = Errno(libc::ENODATA);
    #[doc = "Timer expired."]
    pub const ETIME: Errno = Errno(libc::ETIME);
    #[doc = "Out of streams resources."]
    pub const ENOSR: Errno = Errno(libc::ENOSR);
    #[doc = "Machine is not on the network."]
    pub const ENONET: Errno = Errno(libc::ENONET);
    #[doc = "Package not installed."]
    pub const ENOPKG: Errno = Errno(libc::ENOPKG);
    #[doc = "Object is remote."]
    pub const EREMOTE: Errno = Errno(libc::EREMOTE);
    #[doc = "Link has been severed."]
    pub const ENOLINK: Errno = Errno(libc::ENOLINK);
    #[doc = "Advertise error."]
    pub const EADV: Errno = Errno(libc::EADV);
    #[doc = "Srmount error."]
    pub const ESRMNT: Errno = Errno(libc::ESRMNT);
    #[doc = "Communication error on send."]
    pub const ECOMM: Errno = Errno(libc::ECOMM);
    #[doc = "Protocol error."]
    pub const EPROTO: Errno = Errno(libc::EPROTO);
    #[doc = "Multihop attempted."]
    pub const EMULTIHOP: Errno = Errno(libc::EMULTIHOP);
    #[doc = "RFS specific error."]
    pub const EDOTDOT: Errno = Errno(libc::EDOTDOT);
    #[doc = "Bad message."]
    pub const EBADMSG: Errno = Errno(libc::EBADMSG);
    #[doc = "Value too large for defined data type."]
    pub const EOVERFLOW: Errno = Errno(libc::EOVERFLOW);
    #[doc = "Name not unique on network."]
    pub const ENOTUNIQ: Errno = Errno(libc::ENOTUNIQ);
    #[doc = "File descriptor in bad state."]
    pub const EBADFD: Errno = Errno(libc::EBADFD);
    #[doc = "Remote address changed."]
    pub const EREMCHG: Errno = Errno(libc::EREMCHG);
    #[doc = "Can not access a needed shared library."]
    pub const ELIBACC: Errno = Errno(libc::ELIBACC);
    #[doc = "Accessing a corrupted shared library."]
    pub const ELIBBAD: Errno = Errno(libc::ELIBBAD);
    #[doc = ".lib section in a.out corrupted."]
    pub const ELIBSCN: Errno = Errno(libc::ELIBSCN);
    #[doc = "Attempting to link in too many shared libraries."]
    pub const ELIBMAX: Errno = Errno(libc::ELIBMAX);
    #[doc = "Cannot exec a shared library directly."]
    pub const ELIBEXEC: Errno = Errno(libc::ELIBEXEC);
    #[doc = "Invalid or incomplete multibyte or wide character."]
    pub const EILSEQ: Errno = Errno(libc::EILSEQ);
    #[doc = "Interrupted system call should be restarted."]
    pub const ERESTART: Errno = Errno(libc::ERESTART);
    #[doc = "Streams pipe error."]
    pub const ESTRPIPE: Errno = Errno(libc::ESTRPIPE);
    #[doc = "Too many users."]
    pub const EUSERS: Errno = Errno(libc::EUSERS);
    #[doc = "Socket operation on non-socket."]
    pub const ENOTSOCK: Errno = Errno(libc::ENOTSOCK);
    #[doc = "Destination address required."]
    pub const EDESTADDRREQ: Errno = Errno(libc::EDESTADDRREQ);
    #[doc = "Message too long."]
    pub const EMSGSIZE: Errno = Errno(libc::EMSGSIZE);
    #[doc = "Protocol wrong type for socket."]
    pub const EPROTOTYPE: Errno = Errno(libc::EPROTOTYPE);
    #[doc = "Protocol not available."]
    pub const ENOPROTOOPT: Errno = Errno(libc::ENOPROTOOPT);
    #[doc = "Protocol not supported."]
    pub const EPROTONOSUPPORT: Errno = Errno(libc::EPROTONOSUPPORT);
    #[doc = "Socket type not supported."]
    pub const ESOCKTNOSUPPORT: Errno = Errno(libc::ESOCKTNOSUPPORT);
    #[doc = "Operation not supported."]
    pub const EOPNOTSUPP: Errno = Errno(libc::EOPNOTSUPP);
    #[doc = "Protocol family not supported."]
    pub const EPFNOSUPPORT: Errno = Errno(libc::EPFNOSUPPORT);
    #[doc = "Address family not supported by protocol."]
    pub const EAFNOSUPPORT: Errno = Errno(libc::EAFNOSUPPORT);
    #[doc = "Address already in use."]
    pub const EADDRINUSE: Errno = Errno(libc::EADDRINUSE);
    #[doc = "Cannot assign requested address."]
    pub const EADDRNOTAVAIL: Errno = Errno(libc::EADDRNOTAVAIL);
    #[doc = "Network is down."]
    pub const ENETDOWN: Errno = Errno(libc::ENETDOWN);
    #[doc = "Network is unreachable."]
    pub const ENETUNREACH: Errno = Errno(libc::ENETUNREACH);
    #[doc = "Network dropped connection on reset."]
    pub const ENETRESET: Errno = Errno(libc::ENETRESET);
    #[doc = "Software caused connection abort."]
    pub const ECONNABORTED: Errno = Errno(libc::ECONNABORTED);
    #[doc = "Connection reset by peer."]
    pub const ECONNRESET: Errno = Errno(libc::ECONNRESET);
    #[doc = "No buffer space available."]
    pub const ENOBUFS: Errno = Errno(libc::ENOBUFS);
    #[doc = "Transport endpoint is already connected."]
    pub const EISCONN: Errno = Errno(libc::EISCONN);
    #[doc = "Transport endpoint is not connected."]
    pub const ENOTCONN: Errno = Errno(libc::ENOTCONN);
    #[doc = "Cannot send after transport endpoint shutdown."]
    pub const ESHUTDOWN: Errno = Errno(libc::ESHUTDOWN);
    #[doc = "Too many references: cannot splice."]
    pub const ETOOMANYREFS: Errno = Errno(libc::ETOOMANYREFS);
    #[doc = "Connection timed out."]
    pub const ETIMEDOUT: Errno = Errno(libc::ETIMEDOUT);
    #[doc = "Connection refused."]
    pub const ECONNREFUSED: Errno = Errno(libc::ECONNREFUSED);
    #[doc = "Host is down."]
    pub const EHOSTDOWN: Errno = Errno(libc::EHOSTDOWN);
    #[doc = "No route to host."]
    pub const EHOSTUNREACH: Errno = Errno(libc::EHOSTUNREACH);
    #[doc = "Operation already in progress."]
    pub const EALREADY: Errno = Errno(libc::EALREADY);
    #[doc = "Operation now in progress."]
    pub const EINPROGRESS: Errno = Errno(libc::EINPROGRESS);
    #[doc = "Stale file handle."]
    pub const ESTALE: Errno = Errno(libc::ESTALE);
    #[doc = "Structure needs cleaning."]
    pub const EUCLEAN: Errno = Errno(libc::EUCLEAN);
    #[doc = "Not a XENIX named type file."]
    pub const ENOTNAM: Errno = Errno(libc::ENOTNAM);
    #[doc = "No XENIX semaphores available."]
    pub const ENAVAIL: Errno = Errno(libc::ENAVAIL);
    #[doc = "Is a named type file."]
    pub const EISNAM: Errno = Errno(libc::EISNAM);
    #[doc = "Remote I/O error."]
    pub const EREMOTEIO: Errno = Errno(libc::EREMOTEIO);
    #[doc = "Disk quota exceeded."]
    pub const EDQUOT: Errno = Errno(libc::EDQUOT);
    #[doc = "No medium found."]
    pub const ENOMEDIUM: Errno = Errno(libc::ENOMEDIUM);
    #[doc = "Wrong medium type."]
    pub const EMEDIUMTYPE: Errno = Errno(libc::EMEDIUMTYPE);
    #[doc = "Operation canceled."]
    pub const ECANCELED: Errno = Errno(libc::ECANCELED);
    #[doc = "Required key not available."]
    pub const ENOKEY: Errno = Errno(libc::ENOKEY);
    #[doc = "Key has expired."]
    pub const EKEYEXPIRED: Errno = Errno(libc::EKEYEXPIRED);
    #[doc = "Key has been revoked."]
    pub const EKEYREVOKED: Errno = Errno(libc::EKEYREVOKED);
    #[doc = "Key was rejected by service."]
    pub const EKEYREJECTED: Errno = Errno(libc::EKEYREJECTED);
    #[doc = "Owner died."]
    pub const EOWNERDEAD: Errno = Errno(libc::EOWNERDEAD);
    #[doc = "State not recoverable."]
    pub const ENOTRECOVERABLE: Errno = Errno(libc::ENOTRECOVERABLE);
    #[doc = "Operation not possible due to RF-kill."]
    pub const ERFKILL: Errno = Errno(libc::ERFKILL);

    /// The symbolic name, such as `ENOENT`; `None` for a number that Linux doesn't define.
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|(errno, _)| *errno == self).map(|(_, name)| *name)
    }

    /// The number of a symbolic name, also of the aliases `EWOULDBLOCK`, `EDEADLOCK` and `ENOTSUP`.
    pub fn from_name(name: &str) -> Option<Errno> {
        match name {
            "EWOULDBLOCK" => Some(Errno::EAGAIN),
            "EDEADLOCK" => Some(Errno::EDEADLK),
            "ENOTSUP" => Some(Errno::EOPNOTSUPP),
            _ => NAMES.iter().find(|(_, known)| *known == name).map(|(errno, _)| *errno),
        }
    }

    /// What `strerror` says of it.
    pub fn message(self) -> String {
        let text = std::io::Error::from_raw_os_error(self.0).to_string();
        // The standard library appends " (os error N)"; programs of this field don't expect it.
        match text.rfind(" (os error") {
            Some(end) => text.get(..end).unwrap_or(&text).to_owned(),
            None => text,
        }
    }
}

impl std::fmt::Debug for Errno {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "Errno({})", self.0),
        }
    }
}

const NAMES: &[(Errno, &str)] = &[
    (Errno::EPERM, "EPERM"),
    (Errno::ENOENT, "ENOENT"),
    (Errno::ESRCH, "ESRCH"),
    (Errno::EINTR, "EINTR"),
    (Errno::EIO, "EIO"),
    (Errno::ENXIO, "ENXIO"),
    (Errno::E2BIG, "E2BIG"),
    (Errno::ENOEXEC, "ENOEXEC"),
    (Errno::EBADF, "EBADF"),
    (Errno::ECHILD, "ECHILD"),
    (Errno::EAGAIN, "EAGAIN"),
    (Errno::ENOMEM, "ENOMEM"),
    (Errno::EACCES, "EACCES"),
    (Errno::EFAULT, "EFAULT"),
    (Errno::ENOTBLK, "ENOTBLK"),
    (Errno::EBUSY, "EBUSY"),
    (Errno::EEXIST, "EEXIST"),
    (Errno::EXDEV, "EXDEV"),
    (Errno::ENODEV, "ENODEV"),
    (Errno::ENOTDIR, "ENOTDIR"),
    (Errno::EISDIR, "EISDIR"),
    (Errno::EINVAL, "EINVAL"),
    (Errno::ENFILE, "ENFILE"),
    (Errno::EMFILE, "EMFILE"),
    (Errno::ENOTTY, "ENOTTY"),
    (Errno::ETXTBSY, "ETXTBSY"),
    (Errno::EFBIG, "EFBIG"),
    (Errno::ENOSPC, "ENOSPC"),
    (Errno::ESPIPE, "ESPIPE"),
    (Errno::EROFS, "EROFS"),
    (Errno::EMLINK, "EMLINK"),
    (Errno::EPIPE, "EPIPE"),
    (Errno::EDOM, "EDOM"),
    (Errno::ERANGE, "ERANGE"),
    (Errno::EDEADLK, "EDEADLK"),
    (Errno::ENAMETOOLONG, "ENAMETOOLONG"),
    (Errno::ENOLCK, "ENOLCK"),
    (Errno::ENOSYS, "ENOSYS"),
    (Errno::ENOTEMPTY, "ENOTEMPTY"),
    (Errno::ELOOP, "ELOOP"),
    (Errno::ENOMSG, "ENOMSG"),
    (Errno::EIDRM, "EIDRM"),
    (Errno::ECHRNG, "ECHRNG"),
    (Errno::EL2NSYNC, "EL2NSYNC"),
    (Errno::EL3HLT, "EL3HLT"),
    (Errno::EL3RST, "EL3RST"),
    (Errno::ELNRNG, "ELNRNG"),
    (Errno::EUNATCH, "EUNATCH"),
    (Errno::ENOCSI, "ENOCSI"),
    (Errno::EL2HLT, "EL2HLT"),
    (Errno::EBADE, "EBADE"),
    (Errno::EBADR, "EBADR"),
    (Errno::EXFULL, "EXFULL"),
    (Errno::ENOANO, "ENOANO"),
    (Errno::EBADRQC, "EBADRQC"),
    (Errno::EBADSLT, "EBADSLT"),
    (Errno::EBFONT, "EBFONT"),
    (Errno::ENOSTR, "ENOSTR"),
    (Errno::ENODATA, "ENODATA"),
    (Errno::ETIME, "ETIME"),
    (Errno::ENOSR, "ENOSR"),
    (Errno::ENONET, "ENONET"),
    (Errno::ENOPKG, "ENOPKG"),
    (Errno::EREMOTE, "EREMOTE"),
    (Errno::ENOLINK, "ENOLINK"),
    (Errno::EADV, "EADV"),
    (Errno::ESRMNT, "ESRMNT"),
    (Errno::ECOMM, "ECOMM"),
    (Errno::EPROTO, "EPROTO"),
    (Errno::EMULTIHOP, "EMULTIHOP"),
    (Errno::EDOTDOT, "EDOTDOT"),
    (Errno::EBADMSG, "EBADMSG"),
    (Errno::EOVERFLOW, "EOVERFLOW"),
    (Errno::ENOTUNIQ, "ENOTUNIQ"),
    (Errno::EBADFD, "EBADFD"),
    (Errno::EREMCHG, "EREMCHG"),
    (Errno::ELIBACC, "ELIBACC"),
    (Errno::ELIBBAD, "ELIBBAD"),
    (Errno::ELIBSCN, "ELIBSCN"),
    (Errno::ELIBMAX, "ELIBMAX"),
    (Errno::ELIBEXEC, "ELIBEXEC"),
    (Errno::EILSEQ, "EILSEQ"),
    (Errno::ERESTART, "ERESTART"),
    (Errno::ESTRPIPE, "ESTRPIPE"),
    (Errno::EUSERS, "EUSERS"),
    (Errno::ENOTSOCK, "ENOTSOCK"),
    (Errno::EDESTADDRREQ, "EDESTADDRREQ"),
    (Errno::EMSGSIZE, "EMSGSIZE"),
    (Errno::EPROTOTYPE, "EPROTOTYPE"),
    (Errno::ENOPROTOOPT, "ENOPROTOOPT"),
    (Errno::EPROTONOSUPPORT, "EPROTONOSUPPORT"),
    (Errno::ESOCKTNOSUPPORT, "ESOCKTNOSUPPORT"),
    (Errno::EOPNOTSUPP, "EOPNOTSUPP"),
    (Errno::EPFNOSUPPORT, "EPFNOSUPPORT"),
    (Errno::EAFNOSUPPORT, "EAFNOSUPPORT"),
    (Errno::EADDRINUSE, "EADDRINUSE"),
    (Errno::EADDRNOTAVAIL, "EADDRNOTAVAIL"),
    (Errno::ENETDOWN, "ENETDOWN"),
    (Errno::ENETUNREACH, "ENETUNREACH"),
    (Errno::ENETRESET, "ENETRESET"),
    (Errno::ECONNABORTED, "ECONNABORTED"),
    (Errno::ECONNRESET, "ECONNRESET"),
    (Errno::ENOBUFS, "ENOBUFS"),
    (Errno::EISCONN, "EISCONN"),
    (Errno::ENOTCONN, "ENOTCONN"),
    (Errno::ESHUTDOWN, "ESHUTDOWN"),
    (Errno::ETOOMANYREFS, "ETOOMANYREFS"),
    (Errno::ETIMEDOUT, "ETIMEDOUT"),
    (Errno::ECONNREFUSED, "ECONNREFUSED"),
    (Errno::EHOSTDOWN, "EHOSTDOWN"),
    (Errno::EHOSTUNREACH, "EHOSTUNREACH"),
    (Errno::EALREADY, "EALREADY"),
    (Errno::EINPROGRESS, "EINPROGRESS"),
    (Errno::ESTALE, "ESTALE"),
    (Errno::EUCLEAN, "EUCLEAN"),
    (Errno::ENOTNAM, "ENOTNAM"),
    (Errno::ENAVAIL, "ENAVAIL"),
    (Errno::EISNAM, "EISNAM"),
    (Errno::EREMOTEIO, "EREMOTEIO"),
    (Errno::EDQUOT, "EDQUOT"),
    (Errno::ENOMEDIUM, "ENOMEDIUM"),
    (Errno::EMEDIUMTYPE, "EMEDIUMTYPE"),
    (Errno::ECANCELED, "ECANCELED"),
    (Errno::ENOKEY, "ENOKEY"),
    (Errno::EKEYEXPIRED, "EKEYEXPIRED"),
    (Errno::EKEYREVOKED, "EKEYREVOKED"),
    (Errno::EKEYREJECTED, "EKEYREJECTED"),
    (Errno::EOWNERDEAD, "EOWNERDEAD"),
    (Errno::ENOTRECOVERABLE, "ENOTRECOVERABLE"),
    (Errno::ERFKILL, "ERFKILL"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_numbers() {
        for (errno, name) in NAMES {
            assert_eq!(Errno::from_name(name), Some(*errno));
        }
        assert_eq!(Errno::ENOENT.name(), Some("ENOENT"));
        assert_eq!(Errno::ENOENT.message(), "No such file or directory");
        assert_eq!(Errno::from_name("ENOTSUP"), Some(Errno::EOPNOTSUPP));
        assert_eq!(Errno(0).name(), None);
    }
}
