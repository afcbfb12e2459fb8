//! The libguestfs API, described once.
//!
//! `calls/*.toml` describes every call: its arguments with their kinds, what it returns, its procedure number and its
//! flags. `cargo run -p glassbox-api-generate` turns that into `src/generated`, whose files are committed, so that
//! building needs nothing but this repository. From one description come
//!
//! - one trait per group of calls ([`Partitions`], [`Lvm`], …), each method answering *unsupported* unless it is
//!   implemented, and [`Calls`], the sum of all groups;
//! - one type per call in [`requests`], its optional arguments in [`options`], and the [`structs`] that calls return;
//! - the wire form of all of them ([`xdr`], [`protocol`]);
//! - the [`table`] of names, kinds, flags and documentation, for command lines, bindings and documentation;
//! - calls by name with [`Value`]s ([`dispatch`]) and by procedure number with bytes ([`serve()`]).
//!
//! A type answers calls in one of two styles. By hand, group by group:
//!
//! ```
//! use glassbox_api::bstr::BStr;
//! use glassbox_api::{Partitions, structs::Partition};
//!
//! struct OnePartition;
//! impl Partitions for OnePartition {
//!     fn part_list(&mut self, _device: &BStr) -> glassbox_io::Result<Vec<Partition>> {
//!         Ok(vec![Partition { part_num: 1, part_start: 512, part_end: 1023, part_size: 512 }])
//!     }
//! }
//! assert_eq!(OnePartition.part_list("/dev/sda".into()).unwrap().len(), 1);
//! assert!(OnePartition.part_get_parttype("/dev/sda".into()).unwrap_err().is_unsupported());
//! ```
//!
//! Or through one [`Door`] that every call passes as a value; all group traits then follow. That is how a handle
//! checks, traces and routes each call in one place, and how an RPC client is written without naming a single call.

mod arguments;
mod call;
mod generated;
mod info;
pub mod own_calls;
pub mod protocol;
mod record;
mod reply;
mod serve;
mod string_list;
pub mod table;
mod value;
pub mod xdr;

pub use arguments::{Arguments, Collected, Sink, Source, Streams};
pub use bstr;
pub use call::{AnyCall, Call, Door, FromArguments, Pending, unsupported_call};
pub use generated::traits::*;
pub use generated::{options, requests, structs};
pub use info::{
    ArgInfo, ArgKind, CallInfo, EventInfo, FieldInfo, FieldKind, FishOutput, OptInfo, OptKind, OptionalGroup, Returns,
    StringKind, StructInfo, Visibility,
};
pub use record::Record;
pub use reply::Reply;
pub use serve::{dispatch, request, serve};
pub use string_list::StringList;
pub use value::{FieldValue, StructValue, Value};
