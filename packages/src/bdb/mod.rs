//! Berkeley DB, as much of it as RPM's databases use: a hash table whose values may lie on overflow pages
//! (`dbinc/db_page.h` of Berkeley DB names the structures). Numbers are in the byte order of the machine that made it.

mod hash;
mod meta;
mod page;

pub(crate) use hash::Hash;
