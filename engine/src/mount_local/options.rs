//! The options of `mount_local`: fuse(8)'s, and those of libfuse's library that concern what files look like.

use std::time::Duration;

use bstr::{BStr, ByteSlice};
use fuser::{Config, MountOption, SessionACL};
use glassbox_api::options::MountLocalOpts;
use glassbox_io::{Error, Result};

/// For how long the kernel remembers names and attributes unless it is told otherwise, in seconds.
const DEFAULT_CACHE_TIMEOUT: i32 = 60;

/// Options of libfuse that change nothing for a filesystem that is only read, or that is always so here: inode numbers
/// are the guest's, and what the kernel has cached of a file stays.
const WITHOUT_EFFECT: [&str; 36] = [
    "ac_attr_timeout",
    "async",
    "async_read",
    "atomic_o_trunc",
    "auto_cache",
    "big_writes",
    "congestion_threshold",
    "dirsync",
    "hard_remove",
    "intr",
    "intr_signal",
    "kernel_cache",
    "large_read",
    "max_background",
    "max_readahead",
    "max_write",
    "no_remote_flock",
    "no_remote_lock",
    "no_remote_posix_lock",
    "no_splice_move",
    "no_splice_read",
    "no_splice_write",
    "noauto_cache",
    "noforget",
    "nopath",
    "readdir_ino",
    "remember",
    "ro",
    "rw",
    "splice_move",
    "splice_read",
    "splice_write",
    "sync",
    "sync_read",
    "use_ino",
    "user",
];

/// What files look like, and for how long the kernel believes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Who owns all files, instead of their owners.
    pub uid: Option<u32>,
    /// The group of all files, instead of theirs.
    pub gid: Option<u32>,
    /// All files have all permissions but these, instead of their own.
    pub umask: Option<u16>,
    /// For how long names hold that were found.
    pub names: Duration,
    /// For how long names hold that weren't found.
    pub absent: Duration,
    /// For how long attributes hold.
    pub attributes: Duration,
    /// Whether every read comes to us, instead of through the kernel's cache.
    pub direct: bool,
}

/// All that `mount_local` was told.
pub struct Options {
    /// What the kernel and fusermount are told.
    pub config: Config,
    /// What files look like.
    pub view: View,
    /// Whether the mount point may have files in it.
    pub nonempty: bool,
    /// Whether each request is reported.
    pub debug: bool,
}

impl Options {
    /// Fails with `EINVAL` on an option that libfuse doesn't know, or a value that it doesn't take.
    pub fn parse(given: MountLocalOpts<'_>) -> Result<Self> {
        let seconds = given.cachetimeout.unwrap_or(DEFAULT_CACHE_TIMEOUT);
        // Less than nothing is nothing.
        let timeout = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        let view = View {
            uid: None,
            gid: None,
            umask: None,
            names: timeout,
            absent: timeout,
            attributes: timeout,
            direct: false,
        };
        let debug = given.debugcalls.unwrap_or(false);
        let mut options = Options { config: Config::default(), view, nonempty: false, debug };
        options.config.mount_options.push(MountOption::RO);
        let words = given.options.unwrap_or_default().split_str(",");
        for word in words.filter(|word| !word.is_empty()) {
            options.take(word.as_bstr())?;
        }
        Ok(options)
    }

    fn take(&mut self, word: &BStr) -> Result<()> {
        let invalid = || Error::usage(format!("invalid or unknown FUSE option: {word}"));
        let text = word.to_str().map_err(|_| invalid())?;
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let flag = match (name, value) {
            ("allow_other", None) => return self.allow(SessionACL::All),
            ("allow_root", None) => return self.allow(SessionACL::RootAndOwner),
            ("uid", Some(value)) => return number(&mut self.view.uid, value, 10).ok_or_else(invalid),
            ("gid", Some(value)) => return number(&mut self.view.gid, value, 10).ok_or_else(invalid),
            ("umask", Some(value)) => {
                let mut mask = None;
                number(&mut mask, value, 8).ok_or_else(invalid)?;
                self.view.umask = mask.map(|mask| (mask & 0o777) as u16);
                return Ok(());
            }
            ("entry_timeout", Some(value)) => return duration(&mut self.view.names, value).ok_or_else(invalid),
            ("negative_timeout", Some(value)) => return duration(&mut self.view.absent, value).ok_or_else(invalid),
            ("attr_timeout", Some(value)) => return duration(&mut self.view.attributes, value).ok_or_else(invalid),
            ("direct_io", None) => {
                self.view.direct = true;
                return Ok(());
            }
            ("nonempty", None) => {
                self.nonempty = true;
                return Ok(());
            }
            ("debug", None) => {
                self.debug = true;
                return Ok(());
            }
            ("fsname", Some(name)) => MountOption::FSName(name.to_owned()),
            ("subtype", Some(name)) => MountOption::Subtype(name.to_owned()),
            ("max_read", Some(value)) if value.parse::<u32>().is_ok() => MountOption::CUSTOM(text.to_owned()),
            ("auto_unmount", None) => MountOption::AutoUnmount,
            ("default_permissions", None) => MountOption::DefaultPermissions,
            ("dev", None) => MountOption::Dev,
            ("nodev", None) => MountOption::NoDev,
            ("suid", None) => MountOption::Suid,
            ("nosuid", None) => MountOption::NoSuid,
            ("exec", None) => MountOption::Exec,
            ("noexec", None) => MountOption::NoExec,
            ("atime", None) => MountOption::Atime,
            ("noatime", None) => MountOption::NoAtime,
            (name, _) if WITHOUT_EFFECT.contains(&name) => return Ok(()),
            _ => return Err(invalid()),
        };
        self.config.mount_options.push(flag);
        Ok(())
    }

    fn allow(&mut self, who: SessionACL) -> Result<()> {
        self.config.acl = who;
        Ok(())
    }
}

fn number(place: &mut Option<u32>, text: &str, radix: u32) -> Option<()> {
    *place = Some(u32::from_str_radix(text, radix).ok()?);
    Some(())
}

fn duration(place: &mut Duration, seconds: &str) -> Option<()> {
    *place = Duration::try_from_secs_f64(seconds.parse().ok()?).ok()?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(options: &str) -> Result<Options> {
        Options::parse(MountLocalOpts { options: Some(options.into()), ..Default::default() })
    }

    #[test]
    fn options_say_what_files_look_like() {
        let options = parse("allow_other,uid=1234,gid=77,umask=027,attr_timeout=0.5,kernel_cache,,noexec").unwrap();
        assert_eq!((options.view.uid, options.view.gid, options.view.umask), (Some(1234), Some(77), Some(0o27)));
        assert_eq!(
            (options.view.attributes, options.view.names),
            (Duration::from_millis(500), Duration::from_secs(60))
        );
        assert_eq!(options.config.acl, SessionACL::All);
        assert_eq!(options.config.mount_options, [MountOption::RO, MountOption::NoExec]);
        assert!(!options.nonempty && !options.debug && !options.view.direct);
        let options = Options::parse(MountLocalOpts { cachetimeout: Some(-5), ..Default::default() }).unwrap();
        assert_eq!(options.view.names, Duration::ZERO);
    }

    #[test]
    fn what_libfuse_refuses_is_refused() {
        for wrong in ["frobnicate", "uid=x", "uid", "umask=9", "entry_timeout=-1", "nonempty=1", "modules=iconv"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn options_without_effect_are_in_order() {
        assert!(WITHOUT_EFFECT.is_sorted());
    }
}
