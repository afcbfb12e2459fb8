//! libaugeas: a safe handle over its functions. What is `unsafe` in that is here and in [`library`].
//!
//! Strings that the library returns are its own unless a call's description says otherwise, so they are copied at once. Errors
//! are worded as libguestfs words them: the call, what it was given, and what libaugeas says.

mod library;

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::fmt;
use std::ptr::{self, NonNull};

use bstr::{BStr, BString};
use glassbox_io::{Errno, Error, Result};

pub use library::exists;
use library::{Functions, RawHandle};

/// `AUG_NO_ERR_CLOSE`: an initialization that fails leaves a handle behind that tells why.
const NO_ERR_CLOSE: c_uint = 1 << 8;
/// `AUG_NOERROR`, of a handle of which no call failed.
const NO_ERROR: c_int = 0;
/// `AUG_ENOMEM`, of which there is nothing more to be told.
const NO_MEMORY: c_int = 1;

/// A handle: a tree of configuration files.
pub struct Augeas {
    functions: &'static Functions,
    raw: NonNull<RawHandle>,
}

/// What a path matches, of which a text is asked.
#[derive(Debug, PartialEq, Eq)]
pub enum Text {
    /// No node.
    NoNode,
    /// A node without such a text.
    Null,
    /// A node with this one.
    Present(BString),
}

impl Augeas {
    /// Opens a handle on the files under `root`, a directory of the appliance. *Unsupported* if the appliance was built without
    /// the library.
    pub fn open(root: &BStr, flags: i32) -> Result<Self> {
        Augeas::open_with(library::functions()?, root, flags)
    }

    fn open_with(functions: &'static Functions, root: &BStr, flags: i32) -> Result<Self> {
        let path = string(root)?;
        // SAFETY: a string, and no additional path of lenses; all flags are valid. It returns null or what only `aug_close` frees.
        let raw = unsafe { (functions.aug_init)(path.as_ptr(), ptr::null(), flags as c_uint | NO_ERR_CLOSE) };
        let raw = NonNull::new(raw).ok_or_else(|| Error::os_with(Errno(0), "augeas initialization failed"))?;
        let handle = Augeas { functions, raw };
        // SAFETY: the handle is open.
        match unsafe { (functions.aug_error)(raw.as_ptr()) } {
            NO_ERROR => Ok(handle),
            _ => Err(handle.failure(format_args!("aug_init: {root} (flags {flags})"))),
        }
    }

    /// Why the last call failed, behind what `call` says of it.
    fn failure(&self, call: fmt::Arguments<'_>) -> Error {
        let Functions { aug_error, aug_error_message, aug_error_minor_message, aug_error_details, .. } =
            *self.functions;
        let raw = self.raw.as_ptr();
        // SAFETY: the handle is open.
        if unsafe { aug_error(raw) } == NO_MEMORY {
            return Error::os_with(Errno(0), format!("{call}: augeas out of memory"));
        }
        let mut message = call.to_string();
        for part in [aug_error_message, aug_error_minor_message, aug_error_details] {
            // SAFETY: the handle is open; each returns null or a string that stays until the next call with the handle.
            if let Some(part) = unsafe { copied(part(raw)) } {
                message.push_str(&format!(": {part}"));
            }
        }
        Error::os_with(Errno(0), message)
    }

    /// A count that a call returned, which is negative where it failed.
    fn counted(&self, returned: c_int, call: fmt::Arguments<'_>) -> Result<i32> {
        if returned < 0 { Err(self.failure(call)) } else { Ok(returned) }
    }

    /// Defines a variable, or forgets it if there is no expression. The number of nodes.
    pub fn defvar(&mut self, name: &BStr, expression: Option<&BStr>) -> Result<i32> {
        let (c_name, c_expression) = (string(name)?, optional(expression)?);
        // SAFETY: the handle is open, the strings live until the call returns; null is no expression.
        let nodes = unsafe { (self.functions.aug_defvar)(self.raw.as_ptr(), c_name.as_ptr(), or_null(&c_expression)) };
        self.counted(nodes, format_args!("aug_defvar: {name}: {}", shown(expression)))
    }

    /// Defines a variable that stands for a node, made with `value` if the expression matches none. The number of nodes, and
    /// whether one was made.
    pub fn defnode(&mut self, name: &BStr, expression: &BStr, value: &BStr) -> Result<(i32, bool)> {
        let (c_name, c_expression, c_value) = (string(name)?, string(expression)?, string(value)?);
        let (raw, mut created) = (self.raw.as_ptr(), 0);
        let strings = (c_name.as_ptr(), c_expression.as_ptr(), c_value.as_ptr());
        // SAFETY: the handle is open, the strings and `created` live until the call returns.
        let nodes = unsafe { (self.functions.aug_defnode)(raw, strings.0, strings.1, strings.2, &mut created) };
        let nodes = self.counted(nodes, format_args!("aug_defnode: {name}: {expression}: {value}"))?;
        Ok((nodes, created != 0))
    }

    /// The value of the one node that `path` matches.
    pub fn get(&self, path: &BStr) -> Result<Text> {
        self.text("aug_get", self.functions.aug_get, path)
    }

    /// The label of the one node that `path` matches: the last part of its path.
    pub fn label(&self, path: &BStr) -> Result<Text> {
        self.text("aug_label", self.functions.aug_label, path)
    }

    fn text(&self, call: &str, function: library::TextOfNode, path: &BStr) -> Result<Text> {
        let c_path = string(path)?;
        let mut text = ptr::null();
        // SAFETY: the handle is open, the string and `text` live until the call returns.
        let nodes = unsafe { function(self.raw.as_ptr(), c_path.as_ptr(), &mut text) };
        match self.counted(nodes, format_args!("{call}: {path}"))? {
            0 => Ok(Text::NoNode),
            // SAFETY: null, or a string that stays until its node changes.
            _ => Ok(unsafe { copied(text) }.map_or(Text::Null, Text::Present)),
        }
    }

    /// Sets the value of a node, made if it isn't there.
    pub fn set(&mut self, path: &BStr, value: &BStr) -> Result<()> {
        let returned = self.set_or_clear(path, Some(value))?;
        self.counted(returned, format_args!("aug_set: {path}: {value}")).map(drop)
    }

    /// Leaves a node without a value; it is made if it isn't there.
    pub fn clear(&mut self, path: &BStr) -> Result<()> {
        let returned = self.set_or_clear(path, None)?;
        self.counted(returned, format_args!("aug_clear: {path}")).map(drop)
    }

    fn set_or_clear(&mut self, path: &BStr, value: Option<&BStr>) -> Result<c_int> {
        let (path, value) = (string(path)?, optional(value)?);
        // SAFETY: the handle is open, the strings live until the call returns; null is no value.
        Ok(unsafe { (self.functions.aug_set)(self.raw.as_ptr(), path.as_ptr(), or_null(&value)) })
    }

    /// Sets the value of the nodes that `sub` matches below each that `base` matches. How many they were.
    pub fn setm(&mut self, base: &BStr, sub: Option<&BStr>, value: &BStr) -> Result<i32> {
        let (c_base, c_sub, c_value) = (string(base)?, optional(sub)?, string(value)?);
        let strings = (c_base.as_ptr(), or_null(&c_sub), c_value.as_ptr());
        // SAFETY: the handle is open, the strings live until the call returns; null is the nodes of `base` themselves.
        let nodes = unsafe { (self.functions.aug_setm)(self.raw.as_ptr(), strings.0, strings.1, strings.2) };
        self.counted(nodes, format_args!("aug_setm: {base}: {}: {value}", shown(sub)))
    }

    /// Inserts a node before or after the one that `path` matches.
    pub fn insert(&mut self, path: &BStr, label: &BStr, before: bool) -> Result<()> {
        let (c_path, c_label, before) = (string(path)?, string(label)?, c_int::from(before));
        // SAFETY: the handle is open, the strings live until the call returns.
        let returned =
            unsafe { (self.functions.aug_insert)(self.raw.as_ptr(), c_path.as_ptr(), c_label.as_ptr(), before) };
        self.counted(returned, format_args!("aug_insert: {path}: {label} [before={before}]")).map(drop)
    }

    /// Removes nodes with all below them. How many they were.
    pub fn rm(&mut self, path: &BStr) -> Result<i32> {
        let c_path = string(path)?;
        // SAFETY: the handle is open, the string lives until the call returns.
        let nodes = unsafe { (self.functions.aug_rm)(self.raw.as_ptr(), c_path.as_ptr()) };
        self.counted(nodes, format_args!("aug_rm: {path}"))
    }

    /// Moves a node with all below it.
    pub fn mv(&mut self, from: &BStr, to: &BStr) -> Result<()> {
        let (c_from, c_to) = (string(from)?, string(to)?);
        // SAFETY: the handle is open, the strings live until the call returns.
        let returned = unsafe { (self.functions.aug_mv)(self.raw.as_ptr(), c_from.as_ptr(), c_to.as_ptr()) };
        self.counted(returned, format_args!("aug_mv: {from}: {to}")).map(drop)
    }

    /// The paths of all nodes that an expression matches.
    pub fn matches(&self, path: &BStr) -> Result<Vec<BString>> {
        let c_path = string(path)?;
        let mut list = ptr::null_mut();
        // SAFETY: the handle is open, the string and `list` live until the call returns.
        let count = unsafe { (self.functions.aug_match)(self.raw.as_ptr(), c_path.as_ptr(), &mut list) };
        let count = self.counted(count, format_args!("aug_match: {path}"))?;
        let mut found = Vec::new();
        for place in 0..count as usize {
            // SAFETY: the list has so many strings, which are the caller's to free, each by itself.
            unsafe {
                let text = *list.add(place);
                found.extend(copied(text));
                libc::free(text.cast::<c_void>());
            }
        }
        // SAFETY: the list is the caller's to free; it is null if nothing was allocated.
        unsafe { libc::free(list.cast::<c_void>()) };
        Ok(found)
    }

    /// Writes what was changed to the files.
    pub fn save(&mut self) -> Result<()> {
        // SAFETY: the handle is open.
        let returned = unsafe { (self.functions.aug_save)(self.raw.as_ptr()) };
        self.counted(returned, format_args!("aug_save")).map(drop)
    }

    /// Reads the files into the tree.
    pub fn load(&mut self) -> Result<()> {
        // SAFETY: the handle is open.
        let returned = unsafe { (self.functions.aug_load)(self.raw.as_ptr()) };
        self.counted(returned, format_args!("aug_load")).map(drop)
    }

    /// Adds files to those that a lens reads, or leaves them out.
    pub fn transform(&mut self, lens: &BStr, file: &BStr, is_excluded: bool) -> Result<()> {
        let (c_lens, c_file, excluded) = (string(lens)?, string(file)?, c_int::from(is_excluded));
        // SAFETY: the handle is open, the strings live until the call returns.
        let returned =
            unsafe { (self.functions.aug_transform)(self.raw.as_ptr(), c_lens.as_ptr(), c_file.as_ptr(), excluded) };
        let list = if is_excluded { "excl" } else { "incl" };
        self.counted(returned, format_args!("aug_transform: {lens}: {file}: {list}")).map(drop)
    }
}

impl Drop for Augeas {
    fn drop(&mut self) {
        // SAFETY: from `aug_init`, and used no more.
        unsafe { (self.functions.aug_close)(self.raw.as_ptr()) }
    }
}

/// As C has it.
fn string(text: &BStr) -> Result<CString> {
    CString::new(text.as_ref() as &[u8]).map_err(|_| Error::usage("a string with a NUL in it"))
}

fn optional(text: Option<&BStr>) -> Result<Option<CString>> {
    text.map(string).transpose()
}

fn or_null(text: &Option<CString>) -> *const c_char {
    text.as_ref().map_or(ptr::null(), |text| text.as_ptr())
}

/// As an error shows it.
fn shown(text: Option<&BStr>) -> &BStr {
    text.unwrap_or("(null)".into())
}

/// A copy of a string of C's, `None` of null.
///
/// # Safety
/// `text` is null or a string.
unsafe fn copied(text: *const c_char) -> Option<BString> {
    // SAFETY: it isn't null, so it is a string.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_bytes().into())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::sync::OnceLock;

    use glassbox_appliance::build::tools::AUGEAS;

    use super::*;

    fn text(text: &str) -> Text {
        Text::Present(text.into())
    }

    /// A handle that knows one lens, on a root with one file; `None` where there is no libaugeas.
    fn hosts(contents: &[u8]) -> Option<(tempfile::TempDir, Augeas)> {
        static FUNCTIONS: OnceLock<Option<Functions>> = OnceLock::new();
        let lenses = Path::new(AUGEAS.data[0]).is_dir();
        let load = || lenses.then(|| library::load([Path::new(AUGEAS.name)]).ok())?;
        let Some(functions) = FUNCTIONS.get_or_init(load) else {
            eprintln!("SKIPPED: {} or its lenses aren't installed", AUGEAS.name);
            return None;
        };
        const NO_LOAD_NO_MODL_AUTOLOAD: i32 = 1 << 5 | 1 << 6;
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("etc")).unwrap();
        fs::write(root.path().join("etc/hosts"), contents).unwrap();
        let path = BString::from(root.path().as_os_str().as_encoded_bytes());
        let mut augeas = Augeas::open_with(functions, path.as_ref(), NO_LOAD_NO_MODL_AUTOLOAD).unwrap();
        augeas.transform("Hosts.lns".into(), "/etc/hosts".into(), false).unwrap();
        augeas.load().unwrap();
        Some((root, augeas))
    }

    #[test]
    fn files_are_read_changed_and_written() {
        let Some((root, mut augeas)) = hosts(b"192.0.2.1 one two\n") else { return };
        assert_eq!(augeas.get("/files/etc/hosts/1/alias".into()).unwrap(), text("two"));
        assert_eq!(augeas.get("/files/etc/hosts/1".into()).unwrap(), Text::Null);
        assert_eq!(augeas.get("/files/none".into()).unwrap(), Text::NoNode);
        assert_eq!(augeas.label("/files/etc/hosts/*[1]".into()).unwrap(), text("1"));
        let paths = augeas.matches("/files/etc/hosts/1/*".into()).unwrap();
        assert_eq!(paths, ["ipaddr", "canonical", "alias"].map(|name| format!("/files/etc/hosts/1/{name}")));
        // A variable that an expression of no nodes defines, and one of a node that was made.
        assert_eq!(augeas.defvar("v".into(), Some("'text'".into())).unwrap(), 0);
        assert_eq!(augeas.defnode("n".into(), "/files/etc/hosts/01".into(), "".into()).unwrap(), (1, true));
        augeas.set("$n/ipaddr".into(), "192.0.2.2".into()).unwrap();
        augeas.set("$n/canonical".into(), BStr::new(b"b\xffytes")).unwrap();
        assert_eq!(augeas.get("$n/canonical".into()).unwrap(), Text::Present(b"b\xffytes".into()));
        augeas.set("$n/canonical".into(), "three".into()).unwrap();
        assert_eq!(augeas.rm("/files/etc/hosts/1/alias".into()).unwrap(), 1);
        augeas.save().unwrap();
        let written = fs::read_to_string(root.path().join("etc/hosts")).unwrap();
        assert_eq!(written, "192.0.2.1 one\n192.0.2.2\tthree\n");
    }

    #[test]
    fn a_failure_says_what_it_is_about() {
        let Some((_root, mut augeas)) = hosts(b"192.0.2.1 one\n") else { return };
        let said = |result: Result<i32>| result.unwrap_err().to_string();
        assert!(said(augeas.rm("[".into())).starts_with("aug_rm: [: Invalid path expression: "));
        assert!(said(augeas.setm("/files".into(), None, "a\0b".into())).contains("NUL"));
        // What was there before such a string goes on.
        assert_eq!(augeas.setm("/files/etc/hosts/*".into(), Some("alias".into()), "x".into()).unwrap(), 1);
        assert!(augeas.mv("/none".into(), "/x".into()).is_err());
    }
}
