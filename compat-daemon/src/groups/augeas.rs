//! The group `augeas`: a guest's configuration files as trees. The session has one handle.

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::Augeas as AugeasCalls;
use glassbox_api::options::AugTransformOpts;
use glassbox_api::structs::IntBool;
use glassbox_io::{Errno, Error, Result};

use crate::Daemon;
use crate::libaugeas::{Augeas, Text};
use crate::sysroot::SYSROOT;

/// What aug_ls refuses at the end of a path, which is completed by a `*`.
const LS_REFUSED: [u8; 3] = [b'/', b']', b'*'];

/// An error where no system call failed.
fn failure(message: impl Into<String>) -> Error {
    Error::os_with(Errno(0), message.into())
}

impl Daemon {
    /// The session's handle; an error that begins with the call's name if there is none.
    fn augeas(&mut self, call: &str) -> Result<&mut Augeas> {
        let missing = || failure(format!("{call}: you must call 'aug-init' first to initialize Augeas"));
        self.augeas.as_mut().ok_or_else(missing)
    }
}

impl AugeasCalls for Daemon {
    fn aug_init(&mut self, root: &BStr, flags: i32) -> Result<()> {
        self.augeas = None;
        let root: BString = [SYSROOT.as_bytes(), root].concat().into();
        self.augeas = Some(Augeas::open(root.as_ref(), flags)?);
        Ok(())
    }

    fn aug_close(&mut self) -> Result<()> {
        self.augeas("do_aug_close")?;
        self.augeas = None;
        Ok(())
    }

    fn aug_defvar(&mut self, name: &BStr, expr: Option<&BStr>) -> Result<i32> {
        self.augeas("do_aug_defvar")?.defvar(name, expr)
    }

    fn aug_defnode(&mut self, name: &BStr, expr: &BStr, val: &BStr) -> Result<IntBool> {
        let (nodes, created) = self.augeas("do_aug_defnode")?.defnode(name, expr, val)?;
        Ok(IntBool { i: nodes, b: created.into() })
    }

    fn aug_get(&mut self, augpath: &BStr) -> Result<BString> {
        match self.augeas("do_aug_get")?.get(augpath)? {
            Text::Present(value) => Ok(value),
            Text::Null => Err(failure("Augeas returned NULL match")),
            Text::NoNode => Err(failure("no matching node")),
        }
    }

    fn aug_label(&mut self, augpath: &BStr) -> Result<BString> {
        match self.augeas("do_aug_label")?.label(augpath)? {
            Text::Present(label) => Ok(label),
            // The root has none.
            Text::Null => Err(failure("internal error: expected label != NULL (r = 1)")),
            Text::NoNode => Err(failure("no matching nodes found")),
        }
    }

    fn aug_set(&mut self, augpath: &BStr, val: &BStr) -> Result<()> {
        self.augeas("do_aug_set")?.set(augpath, val)
    }

    fn aug_clear(&mut self, augpath: &BStr) -> Result<()> {
        self.augeas("do_aug_clear")?.clear(augpath)
    }

    fn aug_setm(&mut self, base: &BStr, sub: Option<&BStr>, val: &BStr) -> Result<i32> {
        self.augeas("do_aug_setm")?.setm(base, sub, val)
    }

    fn aug_insert(&mut self, augpath: &BStr, label: &BStr, before: bool) -> Result<()> {
        self.augeas("do_aug_insert")?.insert(augpath, label, before)
    }

    fn aug_rm(&mut self, augpath: &BStr) -> Result<i32> {
        self.augeas("do_aug_rm")?.rm(augpath)
    }

    fn aug_mv(&mut self, src: &BStr, dest: &BStr) -> Result<()> {
        self.augeas("do_aug_mv")?.mv(src, dest)
    }

    fn aug_match(&mut self, augpath: &BStr) -> Result<Vec<BString>> {
        self.augeas("do_aug_match")?.matches(augpath)
    }

    fn aug_save(&mut self) -> Result<()> {
        self.augeas("do_aug_save")?.save()
    }

    fn aug_load(&mut self) -> Result<()> {
        self.augeas("do_aug_load")?.load()
    }

    fn aug_ls(&mut self, augpath: &BStr) -> Result<Vec<BString>> {
        let augeas = self.augeas("do_aug_ls")?;
        let children: BString = match augpath.split_last() {
            None | Some((b'/', [])) => "/*".into(),
            Some((last, _)) if LS_REFUSED.contains(last) => {
                return Err(failure("don't use aug-ls with a path that ends with / ] *"));
            }
            Some(_) => [augpath.as_bytes(), b"/*"].concat().into(),
        };
        let mut found = augeas.matches(children.as_ref())?;
        found.sort();
        Ok(found)
    }

    fn aug_transform(&mut self, lens: &BStr, file: &BStr, opts: AugTransformOpts) -> Result<()> {
        self.augeas("do_aug_transform")?.transform(lens, file, opts.remove.unwrap_or(false))
    }
}
