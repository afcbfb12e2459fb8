//! The appliance: a small virtual machine that answers what the parsers can't.

pub mod remote;
