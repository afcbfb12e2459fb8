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
/// What hangs up, behind the escape key.
const QUIT: u8 = b'q';

/// Runs a shell of the appliance at the terminal that stdin and stdout are. Behind the key `escape`, `q` hangs up; twice,
/// the program ends at once, whatever the appliance does.
pub fn run_shell(handle: &mut Handle, escape: Option<u8>) -> Result<()> {
    let size = tcgetwinsize(io::stdout()).map_err(io::Error::from)?;
    let kind = std::env::var_os("TERM").map_or_else(|| UNKNOWN.into(), |kind| BString::from(kind.into_encoded_bytes()));
    let terminal = Terminal { rows: size.ws_row.into(), columns: size.ws_col.into(), kind };
    let mut lent = None;
    let ran = handle.run_shell(&terminal, |stream| {
        lent = Some(Lent::new(stream, escape)?);
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
    fn new(stream: UnixStream, escape: Option<u8>) -> Result<Lent> {
        let settings = tcgetattr(io::stdin()).map_err(io::Error::from)?;
        let (typed, mut shown) = (stream.try_clone()?, stream.try_clone()?);
        let mut raw = settings.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Drain, &raw).map_err(io::Error::from)?;
        let keys = Keys { to: typed, escape, is_escaped: false, has_hung_up: false, settings: settings.clone() };
        // Waits for a key that may never be pressed: nobody waits for it.
        thread::spawn(move || keys.run());
        let screen = thread::spawn(move || {
            let mut buf = [0; 4096];
            while let Ok(count @ 1..) = shown.read(&mut buf) {
                let mut out = io::stdout();
                if out.write_all(&buf[..count]).and_then(|()| out.flush()).is_err() {
                    return;
                }
            }
        });
        Ok(Lent { settings, stream, screen: Some(screen) })
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

/// What is typed.
struct Keys {
    to: UnixStream,
    escape: Option<u8>,
    /// The escape key was pressed.
    is_escaped: bool,
    has_hung_up: bool,
    /// The terminal's, for the end.
    settings: Termios,
}

impl Keys {
    fn run(mut self) {
        let mut buf = [0; 4096];
        while let Ok(count @ 1..) = io::stdin().read(&mut buf) {
            let meant = self.meant(&buf[..count]);
            if self.to.write_all(&meant).is_err() && !self.has_hung_up {
                return;
            }
        }
        let _ = self.to.shutdown(Shutdown::Both);
    }

    /// What of these keys is meant for the shell.
    fn meant(&mut self, keys: &[u8]) -> Vec<u8> {
        let mut meant = Vec::new();
        for key in keys {
            match (self.is_escaped, Some(*key) == self.escape) {
                (false, true) => self.is_escaped = true,
                (false, false) => meant.push(*key),
                (true, is_again) => {
                    self.is_escaped = false;
                    match *key {
                        QUIT => self.quit(),
                        key if is_again => meant.push(key),
                        // Nothing else has a meaning.
                        _ => {}
                    }
                }
            }
        }
        meant
    }

    fn quit(&mut self) {
        if self.has_hung_up {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.settings);
            std::process::exit(1);
        }
        self.has_hung_up = true;
        let _ = self.to.shutdown(Shutdown::Both);
    }
}
