//! What an appliance is told when it takes over: the calls that made the session what it is.

use glassbox_api::AnyCall;
use glassbox_api::xdr::EncodedArguments;
use glassbox_io::{Result, ResultExt};

/// What a call has changed of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// What is mounted. Of no interest once nothing is mounted any more.
    Mounts,
    /// Something that lasts: the umask, an active volume group, an open hive.
    Lasting,
}

/// Calls that changed the session, in their order.
#[derive(Debug, Default)]
pub struct Replay {
    calls: Vec<Recorded>,
}

#[derive(Debug)]
struct Recorded {
    name: &'static str,
    procedure: u32,
    arguments: EncodedArguments,
    change: Change,
}

impl Replay {
    /// Keeps a call that has succeeded.
    pub fn record(&mut self, call: &dyn AnyCall, change: Change) -> Result<()> {
        let info = call.info();
        if let Some(procedure) = info.proc_nr {
            self.calls.push(Recorded { name: info.name, procedure, arguments: call.encode_arguments()?, change });
        }
        Ok(())
    }

    /// Forgets how things came to be mounted: nothing is any more.
    pub fn forget_mounts(&mut self) {
        self.calls.retain(|call| call.change != Change::Mounts);
    }

    /// Makes the calls again through `repeat`, which takes a procedure's number and its arguments.
    pub fn run(&self, mut repeat: impl FnMut(u32, &EncodedArguments) -> Result<()>) -> Result<()> {
        for call in &self.calls {
            repeat(call.procedure, &call.arguments).during(call.name)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use glassbox_api::{Pending, requests};

    use super::*;

    #[test]
    fn what_was_undone_is_not_done_again() {
        let mut replay = Replay::default();
        let umask = Pending::new(requests::Umask { mask: 0o77 });
        let mount = Pending::new(requests::Mount { mountable: "/dev/sda1".into(), mountpoint: "/".into() });
        replay.record(&mount, Change::Mounts).unwrap();
        replay.record(&umask, Change::Lasting).unwrap();
        replay.record(&mount, Change::Mounts).unwrap();
        let procedures = |replay: &Replay| {
            let mut made = Vec::new();
            let repeated = replay.run(|procedure, arguments| {
                made.push((procedure, arguments.body.len()));
                Ok(())
            });
            repeated.unwrap();
            made
        };
        assert_eq!(procedures(&replay), [(1, 24), (137, 4), (1, 24)]);
        replay.forget_mounts();
        assert_eq!(procedures(&replay), [(137, 4)]);
    }
}
