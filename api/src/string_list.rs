//! Lists of strings, borrowed from a caller or taken out of a message.

use std::ops::Deref;

use bstr::BStr;

/// A list of byte strings. A caller's list is borrowed as it is; one that comes out of a message has a list of its own
/// whose strings are borrowed from there.
///
/// ```
/// use glassbox_api::{StringList, options::AddDriveOpts};
/// let opts = AddDriveOpts { server: Some(["example.org:10809"].into()), ..Default::default() };
/// assert_eq!(opts.server, Some(StringList::from_iter(["example.org:10809".into()])));
/// ```
// Not a `Cow`, which is invariant in its lifetime: a request couldn't hold one beside other borrowed arguments.
#[derive(Clone, Debug)]
pub enum StringList<'a> {
    /// The caller's list.
    Borrowed(&'a [&'a BStr]),
    /// A list of its own.
    Owned(Vec<&'a BStr>),
}

impl Default for StringList<'_> {
    fn default() -> Self {
        StringList::Borrowed(&[])
    }
}

impl<'a> Deref for StringList<'a> {
    type Target = [&'a BStr];

    fn deref(&self) -> &[&'a BStr] {
        match self {
            StringList::Borrowed(list) => list,
            StringList::Owned(list) => list,
        }
    }
}

impl PartialEq for StringList<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for StringList<'_> {}

impl<'a> From<&'a [&'a BStr]> for StringList<'a> {
    fn from(list: &'a [&'a BStr]) -> Self {
        StringList::Borrowed(list)
    }
}

impl<'a, const N: usize> From<[&'a str; N]> for StringList<'a> {
    fn from(list: [&'a str; N]) -> Self {
        list.into_iter().map(BStr::new).collect()
    }
}

impl<'a> FromIterator<&'a BStr> for StringList<'a> {
    fn from_iter<I: IntoIterator<Item = &'a BStr>>(list: I) -> Self {
        StringList::Owned(list.into_iter().collect())
    }
}
