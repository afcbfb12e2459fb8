//! What the table says of a call, a struct, an event and an optional group.

use std::borrow::Cow;

pub use crate::generated::table::Group;

/// What a string argument or result names. The difference matters to whoever translates device names, resolves paths
/// or hides secrets; in memory and on the wire all of them are byte strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StringKind {
    /// Any text.
    Plain,
    /// A block device: `/dev/sda1`, `/dev/vg/lv`.
    Device,
    /// A block device, or a btrfs subvolume written `btrfsvol:/dev/device/subvolume`.
    Mountable,
    /// An absolute path in the guest.
    Pathname,
    /// A block device or an absolute path.
    DeviceOrPath,
    /// A mountable or an absolute path.
    MountableOrPath,
    /// A secret, never shown in traces.
    Key,
    /// A GUID, with or without braces and dashes.
    Guid,
    /// A file name without a directory.
    Filename,
}

/// The kind of a required argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArgKind {
    /// True or false.
    Bool,
    /// A signed 32-bit number.
    Int,
    /// A signed 64-bit number.
    Int64,
    /// A byte string without NUL.
    String(StringKind),
    /// A string, or none.
    OptString,
    /// A list of strings.
    StringList(StringKind),
    /// Bytes, NUL included.
    BufferIn,
    /// A pointer of the calling process, of this C type. Never sent.
    Pointer(&'static str),
    /// A file that the call reads. A stream in calls that go to the daemon; in library-side calls, its host name.
    FileIn,
    /// A file that the call writes; as with [`ArgKind::FileIn`].
    FileOut,
}

/// The kind of an optional argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OptKind {
    /// True or false.
    Bool,
    /// A signed 32-bit number.
    Int,
    /// A signed 64-bit number.
    Int64,
    /// A byte string without NUL.
    String,
    /// A list of strings.
    StringList,
}

/// What a call returns. Those that return a value name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Returns {
    /// Nothing but success.
    Unit,
    /// A signed 32-bit number, by custom not negative.
    Int(&'static str),
    /// A signed 64-bit number, by custom not negative.
    Int64(&'static str),
    /// True or false.
    Bool(&'static str),
    /// A string that the C library owns. Library-side only.
    ConstString(&'static str),
    /// A string that the C library owns, or none. Library-side only.
    ConstOptString(&'static str),
    /// A string.
    String(&'static str, StringKind),
    /// A list of strings.
    StringList(&'static str, StringKind),
    /// One struct.
    Struct(&'static str, &'static StructInfo),
    /// A list of structs.
    StructList(&'static str, &'static StructInfo),
    /// Pairs of strings: the kinds of the first and of the second of each.
    Hashtable(&'static str, StringKind, StringKind),
    /// Bytes, NUL included.
    Buffer(&'static str),
}

impl Returns {
    /// What C functions return on error: `"-1"` or `"NULL"`, or nothing if the value can't tell.
    pub fn c_error_value(self) -> Option<&'static str> {
        match self {
            Returns::Unit | Returns::Int(_) | Returns::Int64(_) | Returns::Bool(_) => Some("-1"),
            Returns::ConstOptString(_) => None,
            _ => Some("NULL"),
        }
    }
}

/// A required argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ArgInfo {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: ArgKind,
}

/// An optional argument. Its place in the list is its bit in masks and its code in the variadic C form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OptInfo {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: OptKind,
}

/// Whom a call is for. All are exported from the C library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Visibility {
    /// Everyone.
    Public,
    /// Everyone, but guestfish has a command of its own by that name.
    PublicNoFish,
    /// Whoever wants to know the handle's state; not a guestfish command.
    StateTest,
    /// Tests of language bindings.
    BindTest,
    /// Finding faults. Outside of any promise of stability.
    Debug,
    /// Other calls of the library.
    Internal,
}

/// How guestfish prints a number, where not in decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FishOutput {
    /// `0x1f`
    Hex,
    /// `037`
    Octal,
}

/// Everything known about a call.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct CallInfo {
    /// Its name.
    pub name: &'static str,
    /// The group it belongs to.
    pub group: Group,
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// Required arguments, in order.
    pub args: &'static [ArgInfo],
    /// Optional arguments, in the order of their bits.
    pub optargs: &'static [OptInfo],
    /// What it returns.
    pub returns: Returns,
    /// Its number in the RPC protocol; none for a call that the library answers.
    pub proc_nr: Option<u32>,
    /// Its name in C, and an alias elsewhere, where that differs from `name`.
    pub c_name: &'static str,
    /// Its name in camel case where that isn't what [`CallInfo::camel_name`] makes of `name`.
    pub camel_name_override: Option<&'static str>,
    /// Other names of its guestfish command.
    pub fish_aliases: &'static [&'static str],
    /// How guestfish prints its number.
    pub fish_output: Option<FishOutput>,
    /// Whom it is for.
    pub visibility: Visibility,
    /// The optional group that `available` asks about.
    pub optional_group: Option<&'static str>,
    /// New programs should use something else.
    pub deprecated: bool,
    /// What to use instead.
    pub deprecated_by: Option<&'static str>,
    /// The release of libguestfs that brought it.
    pub since: Option<&'static str>,
    /// May take a while: bindings release their interpreter's lock.
    pub blocking: bool,
    /// `user_cancel` ends it.
    pub cancellable: bool,
    /// Sends progress messages.
    pub progress: bool,
    /// Looks for operating systems, and keeps what it finds.
    pub inspects: bool,
    /// Tells what was found by the last call that `inspects`, without looking at a disk again.
    pub inspected: bool,
    /// May only be called before `launch`.
    pub config_only: bool,
    /// Once had no optional arguments, so that C has a function without them under the plain name.
    pub once_had_no_optargs: bool,
    /// Takes the handle's lock and is traced. False for `user_cancel` alone, which must work from another thread or
    /// a signal handler.
    pub wrapper: bool,
    /// Arguments or reply can exceed what one message holds.
    pub protocol_limit: bool,
}

impl CallInfo {
    /// A call without arguments or peculiarities.
    pub(crate) const fn new(name: &'static str, group: Group, doc: &'static str) -> CallInfo {
        CallInfo {
            name,
            group,
            doc,
            args: &[],
            optargs: &[],
            returns: Returns::Unit,
            proc_nr: None,
            c_name: name,
            camel_name_override: None,
            fish_aliases: &[],
            fish_output: None,
            visibility: Visibility::Public,
            optional_group: None,
            deprecated: false,
            deprecated_by: None,
            since: None,
            blocking: true,
            cancellable: false,
            progress: false,
            inspects: false,
            inspected: false,
            config_only: false,
            once_had_no_optargs: false,
            wrapper: true,
            protocol_limit: false,
        }
    }

    /// The bit of the optional argument called `name`.
    pub fn optional(&self, name: &str) -> Option<usize> {
        self.optargs.iter().position(|optional| optional.name == name)
    }

    /// Whether the daemon answers it; if not, the library does.
    pub fn is_daemon(&self) -> bool {
        self.proc_nr.is_some()
    }

    /// Whether an argument of this kind is a stream in this call. File arguments of library-side calls are names.
    pub fn is_stream(&self, kind: ArgKind) -> bool {
        self.is_daemon() && matches!(kind, ArgKind::FileIn | ArgKind::FileOut)
    }

    /// The name by which bindings know it besides `name`.
    pub fn alias(&self) -> Option<&'static str> {
        (self.c_name != self.name).then_some(self.c_name)
    }

    /// What the C macros of its optional arguments begin with: `GUESTFS_MKFS_OPTS`, followed by `_LABEL`.
    pub fn c_optarg_prefix(&self) -> Option<String> {
        (!self.optargs.is_empty()).then(|| format!("GUESTFS_{}", self.c_name.to_uppercase()))
    }

    /// The name in camel case, as object-oriented bindings use it.
    pub fn camel_name(&self) -> Cow<'static, str> {
        match self.camel_name_override {
            Some(name) => name.into(),
            None => self.name.split('_').map(capitalised).collect::<String>().into(),
        }
    }

    /// Every function that the C library exports for it.
    pub fn c_symbols(&self) -> Vec<String> {
        let mut symbols = vec![format!("guestfs_{}", self.c_name)];
        if !self.optargs.is_empty() {
            symbols.extend(["va", "argv"].map(|form| format!("guestfs_{}_{form}", self.c_name)));
        }
        if self.once_had_no_optargs {
            symbols.push(format!("guestfs_{}", self.name));
        }
        symbols
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// The kind of a struct's field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// One byte, a letter.
    Char,
    /// A string.
    String,
    /// A string that names a device.
    Device,
    /// Bytes, NUL included.
    Buffer,
    /// The 32 letters of an LVM UUID, without its dashes.
    Uuid,
    /// A signed 32-bit number.
    Int32,
    /// An unsigned 32-bit number.
    UInt32,
    /// A signed 64-bit number.
    Int64,
    /// An unsigned 64-bit number.
    UInt64,
    /// A size or position in bytes.
    Bytes,
    /// A percentage, or none.
    OptPercent,
}

impl FieldKind {
    /// The fewest bytes it takes on the wire.
    pub(crate) fn min_wire_size(self) -> usize {
        match self {
            FieldKind::Uuid => 32,
            FieldKind::Int64 | FieldKind::UInt64 | FieldKind::Bytes => 8,
            // A word, or the word with the length of a string.
            _ => 4,
        }
    }
}

/// A field of a struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FieldInfo {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: FieldKind,
    /// What it holds.
    pub doc: &'static str,
}

/// Everything known about a struct.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct StructInfo {
    /// Its name in C, without `guestfs_`.
    pub name: &'static str,
    /// Its name in camel case, as object-oriented bindings use it.
    pub camel_name: &'static str,
    /// What it describes.
    pub doc: &'static str,
    /// Its fields, in order.
    pub fields: &'static [FieldInfo],
    /// Not shown to users.
    pub internal: bool,
}

impl StructInfo {
    /// The fewest bytes it takes on the wire.
    pub(crate) fn min_wire_size(&self) -> usize {
        self.fields.iter().map(|field| field.kind.min_wire_size()).sum()
    }

    /// Every function that the C library exports for it and for lists of it.
    pub fn c_symbols(&self) -> Vec<String> {
        ["compare", "copy", "free"]
            .iter()
            .flat_map(|verb| ["", "_list"].map(|list| format!("guestfs_{verb}_{}{list}", self.name)))
            .collect()
    }
}

/// An event that a handle fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventInfo {
    /// Its name; `GUESTFS_EVENT_` and this in capitals in C.
    pub name: &'static str,
    /// Its bit in masks.
    pub bit: u32,
    /// When it is fired.
    pub doc: &'static str,
}

impl EventInfo {
    /// Its value in C and in masks.
    pub const fn mask(&self) -> u64 {
        1 << self.bit
    }
}

/// An optional group: calls that work only if the appliance has what they need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OptionalGroup {
    /// Its name.
    pub name: &'static str,
    /// What it is about.
    pub doc: &'static str,
    /// Once a group; today always available and empty.
    pub retired: bool,
}
