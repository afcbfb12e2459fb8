//! The user's terminal, lent to a shell in the appliance.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread;

use bstr::BString;
use glassbox_api::own_calls::Terminal;
use glassbox_engine::Handle;
use glassbox_io::Result;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

/// Where programs think they are if nobody says.
const UNKNOWN: &str = "vt100";

/// Runs a shell of the appliance at the terminal that stdin and stdout are.
pub fn run_shell(handle: &mut Handle) -> Result<()> {
    let size = tcgetwinsize(io::stdout()).map_err(io::Error::from)?;
    let kind = std::env::var_os("TERM").map_or_else(|| UNKNOWN.into(), |kind| BString::from(kind.into_encoded_bytes()));
    let terminal = Terminal { rows: size.ws_row.into(), columns: size.ws_col.into(), kind };
    let mut lent = None;
    let ran = handle.run_shell(&terminal, |stream| {
        lent = Some(Lent::new(stream)?);
        Ok(())
    });
    drop(lent);
    ran
}

/// Every key goes to the appliance as it is, until this is dropped.
struct Lent {
    settings: Termios,
    stream: UnixStream,
    screen: Option<thread::JoinHandle<()>>,
}

impl Lent {
    fn new(stream: UnixStream) -> Result<Lent> {
        let settings = tcgetattr(io::stdin()).map_err(io::Error::from)?;
        let (mut keys, mut shown) = (stream.try_clone()?, stream.try_clone()?);
        let mut raw = settings.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Drain, &raw).map_err(io::Error::from)?;
        // Waits for a key that may never be pressed: nobody waits for it.
        thread::spawn(move || carry(&mut io::stdin(), &mut keys));
        let screen = thread::spawn(move || {
            carry(&mut shown, &mut io::stdout());
        });
        Ok(Lent { settings, stream, screen: Some(screen) })
    }
}

/// Until one of both ends.
fn carry(from: &mut dyn Read, to: &mut dyn Write) {
    let mut buf = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buf) {
        if to.write_all(&buf[..count]).and_then(|()| to.flush()).is_err() {
            return;
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // What has come is shown before the end is seen.
        let _ = self.stream.shutdown(Shutdown::Both);
        let _ = self.screen.take().map(thread::JoinHandle::join);
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.settings);
    }
}
