//! Patterns of files to leave out, as `tar --exclude` understands them by default: wildcards match slashes, and a
//! pattern may begin after any slash.

use bstr::{BStr, BString, ByteSlice};

use crate::in_process::files_read::glob::fnmatch;

/// Patterns of files to leave out.
#[derive(Default)]
pub struct Exclude(Vec<BString>);

impl Exclude {
    /// From the patterns, one a string.
    pub fn new(patterns: &[&BStr]) -> Self {
        Exclude(patterns.iter().map(|pattern| BString::from(*pattern)).collect())
    }

    /// Whether the member of this name, without a slash at its end, is left out. What is in a directory that is left
    /// out isn't asked about.
    pub fn matches(&self, name: &BStr) -> bool {
        self.0.iter().any(|pattern| {
            fnmatch(pattern, name)
                || name.find_iter(b"/").any(|slash| {
                    let rest = &name[slash + 1..];
                    !rest.starts_with(b"/") && fnmatch(pattern, rest)
                })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_tars_do() {
        let excluded = |pattern: &str, name: &str| Exclude::new(&[pattern.into()]).matches(name.into());
        assert!(excluded("lib", "./usr/lib"));
        assert!(!excluded("lib", "./usr/lib64"));
        assert!(excluded("usr/l*", "./usr/lib64"));
        assert!(excluded("./usr", "./usr"));
        assert!(excluded("*.o", "./a/.hidden.o"));
        assert!(excluded("u*b", "./usr/lib"), "wildcards match slashes");
        assert!(excluded("*", "."));
        assert!(!excluded("usr/", "./usr"));
        assert!(!Exclude::default().matches("./usr".into()));
    }
}
