//! QMP: qemu's control protocol (docs/interop/qmp-spec.rst), JSON values in lines.

use std::fs::File;
use std::io::{BufRead, BufReader, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use glassbox_io::{Errno, Error, Result, ResultExt};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use serde_json::{Value, json};

/// A qemu that is busy answers in milliseconds; one that opens an image over a slow network may take its time.
const DEADLINE: Duration = Duration::from_secs(60);
/// No answer that we ask for is longer.
const MAX_LINE: u64 = 16 << 20;
/// How often a migration is asked how far it is.
const POLL: Duration = Duration::from_millis(1);

/// A connection to qemu's monitor.
pub(crate) struct Qmp {
    stream: BufReader<UnixStream>,
}

impl Qmp {
    /// Waits for the greeting, and answers it.
    pub fn connect(stream: UnixStream) -> Result<Qmp> {
        stream.set_read_timeout(Some(DEADLINE))?;
        let mut qmp = Qmp { stream: BufReader::new(stream) };
        qmp.receive().during("qemu's greeting")?;
        qmp.execute("qmp_capabilities", json!({}))?;
        Ok(qmp)
    }

    /// Executes a command and returns its answer. Events that come before are passed over.
    pub fn execute(&mut self, command: &'static str, arguments: Value) -> Result<Value> {
        self.stream.get_mut().write_all(line(command, arguments).as_bytes()).during(command)?;
        self.answer(command)
    }

    /// Gives qemu an open file, which it knows by this name from now on.
    pub fn give_file(&mut self, name: &str, file: &File) -> Result<()> {
        const COMMAND: &str = "getfd";
        let line = line(COMMAND, json!({ "fdname": name }));
        let descriptors = [file.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        control.push(SendAncillaryMessage::ScmRights(&descriptors));
        let sent = sendmsg(self.stream.get_ref(), &[IoSlice::new(line.as_bytes())], &mut control, SendFlags::NOSIGNAL);
        // A line is far shorter than a socket's buffer, so it is sent whole.
        sent.map_err(std::io::Error::from).during(COMMAND)?;
        self.answer(COMMAND).map(drop)
    }

    fn answer(&mut self, command: &'static str) -> Result<Value> {
        loop {
            let mut answer = self.receive().during(command)?;
            if let Some(value) = answer.get_mut("return") {
                return Ok(value.take());
            }
            if let Some(error) = answer.get("error") {
                let text = error["desc"].as_str().unwrap_or("an error without a description").to_owned();
                return Err(Error::os_with(Errno::EIO, text).during(command));
            }
        }
    }

    /// Executes `migrate` or `migrate-incoming`, and waits for the migration's end.
    pub fn migrate(&mut self, command: &'static str, uri: &str, deadline: Duration) -> Result<()> {
        let started = Instant::now();
        self.execute(command, json!({ "uri": uri }))?;
        loop {
            let state = self.execute("query-migrate", json!({}))?;
            match state["status"].as_str() {
                Some("completed") => return Ok(()),
                Some("failed" | "cancelled") => {
                    let why = state["error-desc"].as_str().unwrap_or("qemu doesn't say why").to_owned();
                    return Err(Error::os_with(Errno::EIO, why).during(command));
                }
                _ if started.elapsed() > deadline => return Err(Error::os(Errno::ETIMEDOUT).during(command)),
                _ => std::thread::sleep(POLL),
            }
        }
    }

    fn receive(&mut self) -> Result<Value> {
        let mut line = Vec::new();
        let count =
            (&mut self.stream).take(MAX_LINE).read_until(b'\n', &mut line).map_err(|error| match error.kind() {
                std::io::ErrorKind::WouldBlock => Error::os_with(Errno::ETIMEDOUT, "qemu doesn't answer"),
                _ => error.into(),
            })?;
        if count == 0 {
            return Err(Error::os_with(Errno::ECONNRESET, "qemu has ended"));
        }
        serde_json::from_slice(&line).map_err(|error| Error::os(Errno::EPROTO).caused_by(error))
    }
}

fn line(command: &str, arguments: Value) -> String {
    let mut line = json!({ "execute": command, "arguments": arguments }).to_string();
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use std::thread::JoinHandle;

    use super::*;

    /// A monitor that says `greeting`, then each line of `script` after a command came.
    fn monitor(script: &'static [&'static str]) -> (UnixStream, JoinHandle<Vec<String>>) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let served = std::thread::spawn(move || {
            let mut theirs = BufReader::new(theirs);
            theirs.get_mut().write_all(b"{\"QMP\": {}}\n").unwrap();
            let mut commands = Vec::new();
            for answer in [&["{\"return\": {}}"], script].concat() {
                let mut line = String::new();
                theirs.read_line(&mut line).unwrap();
                commands.push(line);
                theirs.get_mut().write_all(format!("{answer}\n").as_bytes()).unwrap();
            }
            commands
        });
        (ours, served)
    }

    #[test]
    fn answers_errors_and_events_are_told_apart() {
        let (stream, served) = monitor(&[
            "{\"event\": \"STOP\", \"timestamp\": {}}\n{\"return\": {\"status\": \"paused\"}}",
            "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such device\"}}",
        ]);
        let mut qmp = Qmp::connect(stream).unwrap();
        assert_eq!(qmp.execute("query-status", json!({})).unwrap()["status"], "paused");
        let error = qmp.execute("device_add", json!({ "id": "x" })).unwrap_err();
        assert_eq!(error.to_string(), "device_add: no such device");
        let commands = served.join().unwrap();
        assert!(commands[2].contains("\"arguments\":{\"id\":\"x\"}"), "{}", commands[2]);
        let error = qmp.execute("quit", json!({})).unwrap_err();
        assert!([Errno::ECONNRESET, Errno::EPIPE].contains(&error.errno()), "{error:?}");
    }

    #[test]
    fn a_migration_is_waited_for() {
        let (stream, served) = monitor(&[
            "{\"return\": {}}",
            "{\"return\": {\"status\": \"active\"}}",
            "{\"return\": {\"status\": \"completed\"}}",
            "{\"return\": {}}",
            "{\"return\": {\"status\": \"failed\", \"error-desc\": \"no room\"}}",
        ]);
        let mut qmp = Qmp::connect(stream).unwrap();
        qmp.migrate("migrate", "file:/x", DEADLINE).unwrap();
        assert_eq!(qmp.migrate("migrate", "file:/x", DEADLINE).unwrap_err().message(), "no room");
        served.join().unwrap();
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        let (stream, served) = monitor(&["hello"]);
        let mut qmp = Qmp::connect(stream).unwrap();
        assert_eq!(qmp.execute("query-status", json!({})).unwrap_err().errno(), Errno::EPROTO);
        served.join().unwrap();
    }
}
