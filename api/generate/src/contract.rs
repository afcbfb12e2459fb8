//! The description of the API, as it stands in `api/calls`.
//!
//! `GROUP.toml` holds a group's calls, `structs.toml` the structs that they return, `events.toml`,
//! `optional_groups.toml` and `handle.toml` the rest. Arguments and results are written `name: Kind`, where a kind that
//! begins with a small letter is a struct, and `Kind[]` is a list.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use crate::Result;

/// Everything that is described.
pub struct Contract {
    /// The groups, by name.
    pub groups: Vec<Group>,
    /// The structs, by name.
    pub structs: BTreeMap<String, Struct>,
    /// The events, in the order of their bits.
    pub events: Vec<Event>,
    /// The optional groups, by name.
    pub optional_groups: BTreeMap<String, OptionalGroup>,
    /// Functions of the C library that aren't calls.
    pub handle_functions: Vec<String>,
}

/// A group of calls.
pub struct Group {
    /// Its name, which is its file's: `files-read`.
    pub name: String,
    /// What its calls are about.
    pub title: String,
    /// The name of its trait.
    pub trait_name: String,
    /// Its calls, by name.
    pub calls: Vec<Call>,
}

impl Group {
    /// The name of its module.
    pub fn module(&self) -> String {
        self.name.replace('-', "_")
    }
}

/// A call.
pub struct Call {
    /// Its name.
    pub name: String,
    /// Required arguments.
    pub args: Vec<Arg>,
    /// Optional arguments, in the order of their bits.
    pub optargs: Vec<Arg>,
    /// What it returns, if anything.
    pub returns: Option<Arg>,
    /// Everything else.
    pub entry: CallEntry,
}

impl Call {
    /// Whether the call has this flag.
    pub fn has(&self, flag: Flag) -> bool {
        self.entry.flags.contains(&flag)
    }
}

/// `name: Kind`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arg {
    /// The name.
    pub name: String,
    /// The kind, or the name of a struct.
    pub kind: String,
}

impl Arg {
    fn parse(text: &str) -> Result<Arg> {
        let (name, kind) = text.split_once(": ").ok_or_else(|| format!("{text:?} isn't \"name: Kind\""))?;
        Ok(Arg { name: name.into(), kind: kind.into() })
    }
}

/// What a call's table in a group's file holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallEntry {
    /// What it does, in a sentence.
    pub doc: String,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    optargs: Vec<String>,
    returns: Option<String>,
    /// The procedure number; none for library-side calls.
    pub proc_nr: Option<u32>,
    /// The release that brought it.
    pub since: Option<String>,
    /// The optional group it belongs to.
    pub optional_group: Option<String>,
    /// Whom it is for; `public` where nothing is said.
    pub visibility: Option<Visibility>,
    /// Peculiarities.
    #[serde(default)]
    pub flags: BTreeSet<Flag>,
    /// What to use instead. A call that has this is deprecated.
    pub deprecated_by: Option<String>,
    /// Other names of its guestfish command.
    #[serde(default)]
    pub fish_aliases: Vec<String>,
    /// How guestfish prints its number.
    pub fish_output: Option<FishOutput>,
    /// Its name in camel case, where that can't be derived.
    pub camel_name: Option<String>,
}

/// Peculiarities of calls.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// `user_cancel` ends it.
    Cancellable,
    /// Only before `launch`.
    ConfigOnly,
    /// Deprecated, with no replacement or the one in `deprecated_by`.
    Deprecated,
    /// Tells what the last call that `Inspects` has found.
    Inspected,
    /// Looks for operating systems, and keeps what it finds for others to tell.
    Inspects,
    /// Never takes long.
    Nonblocking,
    /// Takes no lock and isn't traced.
    NoWrapper,
    /// Once had no optional arguments. In C it is called `NAME_opts`, and the plain name remains without them.
    OnceHadNoOptargs,
    /// Sends progress messages.
    Progress,
    /// Limited by the size of messages.
    ProtocolLimit,
}

/// Whom a call is for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everyone, but guestfish has its own command.
    PublicNoFish,
    /// Tests of the handle's state.
    StateTest,
    /// Tests of bindings.
    BindTest,
    /// Debugging.
    Debug,
    /// The library itself.
    Internal,
}

/// How guestfish prints a number.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum FishOutput {
    /// In hexadecimal.
    Hex,
    /// In octal.
    Octal,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupFile {
    title: String,
    #[serde(rename = "trait")]
    trait_name: Option<String>,
    call: BTreeMap<String, CallEntry>,
}

/// A struct.
pub struct Struct {
    /// The name of its Rust type.
    pub type_name: String,
    /// Its name in camel case in other bindings.
    pub camel_name: String,
    /// What it describes.
    pub doc: String,
    /// Whether it is hidden from users.
    pub internal: bool,
    /// Its fields, with what each holds.
    pub fields: Vec<(Arg, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StructEntry {
    #[serde(rename = "type")]
    type_name: String,
    camel_name: Option<String>,
    doc: String,
    #[serde(default)]
    internal: bool,
    fields: Vec<String>,
}

/// An event.
pub struct Event {
    /// Its name.
    pub name: String,
    /// Its bit.
    pub bit: u32,
    /// When it is fired.
    pub doc: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventEntry {
    bit: u32,
    doc: String,
}

/// An optional group.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionalGroup {
    /// What it is about.
    pub doc: String,
    /// Whether it is empty today, and always available.
    #[serde(default)]
    pub retired: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandleFile {
    functions: Vec<String>,
}

/// The files of `api/calls` that aren't groups.
const OTHER_FILES: [&str; 4] = ["structs", "events", "optional_groups", "handle"];

impl Contract {
    /// Reads and checks all files of `directory`.
    pub fn read(directory: &Path) -> Result<Contract> {
        let mut names: Vec<String> = std::fs::read_dir(directory)
            .map_err(|error| format!("{}: {error}", directory.display()))?
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".toml").map(str::to_owned))
            .filter(|name| !OTHER_FILES.contains(&name.as_str()))
            .collect();
        names.sort();
        let groups = names
            .into_iter()
            .map(|name| Group::new(load(directory, &name)?, name.clone()).map_err(|error| format!("{name}: {error}")))
            .collect::<Result<_>>()?;
        let structs: BTreeMap<String, StructEntry> = load(directory, "structs")?;
        let events: BTreeMap<String, EventEntry> = load(directory, "events")?;
        let mut events: Vec<Event> =
            events.into_iter().map(|(name, entry)| Event { name, bit: entry.bit, doc: entry.doc }).collect();
        events.sort_by_key(|event| event.bit);
        let handle: HandleFile = load(directory, "handle")?;
        let contract = Contract {
            groups,
            structs: structs
                .into_iter()
                .map(|(name, entry)| Ok((name, Struct::new(entry)?)))
                .collect::<Result<BTreeMap<_, _>>>()?,
            events,
            optional_groups: load(directory, "optional_groups")?,
            handle_functions: handle.functions,
        };
        contract.check()?;
        Ok(contract)
    }

    /// Every call, by name.
    pub fn calls(&self) -> BTreeMap<&str, (&Group, &Call)> {
        self.groups.iter().flat_map(|group| group.calls.iter().map(move |call| (&*call.name, (group, call)))).collect()
    }

    fn check(&self) -> Result<()> {
        let calls = self.calls();
        let mut procedures = BTreeSet::new();
        for (group, call) in self.groups.iter().flat_map(|group| group.calls.iter().map(move |call| (group, call))) {
            let name = &call.name;
            let fail = |what: &str| Err(format!("{name}: {what}"));
            if !std::ptr::eq(calls[&**name].0, group) {
                return fail("described in two groups");
            }
            if call.entry.proc_nr.is_some_and(|proc_nr| !procedures.insert(proc_nr)) {
                return fail("its procedure number is taken");
            }
            if call.entry.doc.is_empty() || !call.entry.doc.ends_with('.') {
                return fail("its documentation isn't a sentence");
            }
            // The mask that says which are given has 64 bits, and the last is kept free.
            if call.optargs.len() > 63 {
                return fail("too many optional arguments");
            }
            if call.has(Flag::OnceHadNoOptargs) && call.optargs.is_empty() {
                return fail("has no optional arguments today");
            }
            if call.entry.deprecated_by.as_ref().is_some_and(|other| !calls.contains_key(&**other)) {
                return fail("what deprecates it is unknown");
            }
            if call.entry.optional_group.as_ref().is_some_and(|group| !self.optional_groups.contains_key(group)) {
                return fail("its optional group is unknown");
            }
        }
        Ok(())
    }
}

impl Group {
    fn new(file: GroupFile, name: String) -> Result<Group> {
        let calls = file
            .call
            .into_iter()
            .map(|(name, entry)| Call::new(entry, name.clone()).map_err(|error| format!("{name}: {error}")))
            .collect::<Result<_>>()?;
        let trait_name = file.trait_name.unwrap_or_else(|| camel(&name));
        Ok(Group { name, title: file.title, trait_name, calls })
    }
}

impl Call {
    fn new(entry: CallEntry, name: String) -> Result<Call> {
        let parse = |texts: &[String]| texts.iter().map(|text| Arg::parse(text)).collect::<Result<Vec<_>>>();
        Ok(Call {
            name,
            args: parse(&entry.args)?,
            optargs: parse(&entry.optargs)?,
            returns: entry.returns.as_deref().map(Arg::parse).transpose()?,
            entry,
        })
    }
}

impl Struct {
    fn new(entry: StructEntry) -> Result<Struct> {
        let fields = entry
            .fields
            .iter()
            .map(|text| {
                let (arg, doc) = text.split_once(" | ").ok_or_else(|| format!("{text:?} has no documentation"))?;
                Ok((Arg::parse(arg)?, doc.to_owned()))
            })
            .collect::<Result<_>>()?;
        Ok(Struct {
            camel_name: entry.camel_name.unwrap_or_else(|| entry.type_name.clone()),
            type_name: entry.type_name,
            doc: entry.doc,
            internal: entry.internal,
            fields,
        })
    }
}

/// `files-read` and `part_list` in camel case.
pub fn camel(name: &str) -> String {
    name.split(['-', '_'])
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters)
        })
        .collect()
}

fn load<T: serde::de::DeserializeOwned>(directory: &Path, name: &str) -> Result<T> {
    let path = directory.join(format!("{name}.toml"));
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}
