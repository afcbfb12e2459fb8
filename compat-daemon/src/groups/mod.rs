//! The calls that are done by hand, one file per group. A group that isn't here has none: the engine answers, or nobody.

mod launch;
mod mount;
mod sync;
mod unanswered;
