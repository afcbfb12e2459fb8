//! The client against a daemon that is played, message by message.

use std::thread::{self, JoinHandle};

use bstr::BStr;
use glassbox_api::{Archive, Debugging, FilesRead, FilesWrite, Mounting};

use super::*;

/// The daemon's end.
struct Played(UnixStream);

impl Played {
    fn frame(&mut self) -> Frame {
        Frame::read(&mut self.0).unwrap()
    }

    /// The next request.
    fn request(&mut self, name: &str) -> (Header, Vec<u8>) {
        let Frame::Message(message) = self.frame() else { panic!("a request") };
        let header = Header::decode(&mut Decoder::new(&message).unwrap()).unwrap();
        assert_eq!(Some(header.proc_nr), glassbox_api::table::find(name).unwrap().proc_nr);
        (header, message[Header::SIZE..].to_vec())
    }

    fn chunk(&mut self) -> Option<Vec<u8>> {
        let Frame::Message(message) = self.frame() else { panic!("a chunk") };
        match Chunk::decode(&mut Decoder::of_stream(&message)).unwrap() {
            Chunk::Data(data) => Some(data.to_vec()),
            Chunk::End => None,
            Chunk::Cancelled => Some(Vec::new()),
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    fn reply(&mut self, header: &Header, body: &[u8]) {
        self.send(&protocol::message(&header.reply(Status::Ok), body).unwrap());
    }

    fn fail(&mut self, header: &Header, error: &Error) {
        let body = ErrorReply::from(error).to_bytes().unwrap();
        self.send(&protocol::message(&header.reply(Status::Error), &body).unwrap());
    }
}

fn play<T: Send + 'static>(part: impl FnOnce(&mut Played) -> T + Send + 'static) -> (Remote, JoinHandle<T>) {
    let (ours, daemons) = UnixStream::pair().unwrap();
    let played = thread::spawn(move || part(&mut Played(daemons)));
    (Remote::new(ours).unwrap(), played)
}

#[test]
fn a_call_is_sent_as_the_contract_says_and_its_reply_comes_back() {
    let (mut remote, played) = play(|daemon| {
        daemon.send(&protocol::LAUNCH_FLAG.to_be_bytes());
        let (header, body) = daemon.request("mount");
        assert_eq!((header.serial, body.len()), (protocol::FIRST_SERIAL, 4 + 12 + 4 + 4));
        daemon.reply(&header, b"");
        let (header, _) = daemon.request("mounts");
        daemon.reply(&header, b"\0\0\0\x01\0\0\0\x09/dev/sda1\0\0\0");
        let (header, _) = daemon.request("umount_all");
        daemon.fail(&header, &Error::os_with(Errno::EBUSY, "target is busy"));
    });
    remote.wait_until_launched(Duration::from_secs(10)).unwrap();
    remote.mount("/dev/sda1".into(), "/".into()).unwrap();
    assert_eq!(remote.mounts().unwrap(), ["/dev/sda1"]);
    let error = remote.umount_all().unwrap_err();
    assert_eq!((error.errno(), error.to_string().as_str()), (Errno::EBUSY, "target is busy"));
    played.join().unwrap();
    assert!(!remote.is_lost());
}

#[test]
fn files_go_both_ways_with_progress_between() {
    let contents: Vec<u8> = (0..700_000u32).map(|number| number as u8).collect();
    let expected = contents.clone();
    let (mut remote, played) = play(move |daemon| {
        let (header, _) = daemon.request("internal_upload");
        let mut received = Vec::new();
        while let Some(data) = daemon.chunk() {
            received.extend(data);
        }
        let mut progress = Encoder::default();
        progress.u32(protocol::PROGRESS_FLAG);
        Progress { proc_nr: header.proc_nr, serial: header.serial, position: 1, total: 2 }.encode(&mut progress);
        daemon.send(&progress.finish().unwrap());
        daemon.reply(&header, b"");
        let (header, _) = daemon.request("download");
        daemon.reply(&header, b"");
        for piece in received.chunks(5000) {
            daemon.send(&protocol::chunk(Chunk::Data(piece)).unwrap());
        }
        daemon.send(&protocol::chunk(Chunk::End).unwrap());
        received
    });
    let reported = Arc::new(AtomicBool::new(false));
    let heard = reported.clone();
    remote.watch(Watch {
        progress: Arc::new(move |progress| heard.store(progress.total == 2, Ordering::Relaxed)),
        ..Watch::default()
    });
    remote.internal_upload(&mut contents.as_slice(), BStr::new("tmp"), 0o644).unwrap();
    let mut back = Vec::new();
    remote.download("/tmp".into(), &mut back).unwrap();
    assert!(played.join().unwrap() == expected && back == expected && reported.load(Ordering::Relaxed));
}

#[test]
fn a_daemon_that_wants_no_more_of_a_file_tells_why() {
    let (mut remote, played) = play(|daemon| {
        let (header, _) = daemon.request("tar_in");
        daemon.chunk();
        daemon.send(&protocol::CANCEL_FLAG.to_be_bytes());
        while daemon.chunk().is_some_and(|data| !data.is_empty()) {}
        daemon.fail(&header, &Error::os(Errno::ENOSPC));
    });
    // Without end: only the daemon's word ends it.
    let error = remote.tar_in(&mut io::repeat(0), "/".into(), Default::default()).unwrap_err();
    assert_eq!(error.errno(), Errno::ENOSPC);
    played.join().unwrap();
}

#[test]
fn what_cant_be_written_here_is_refused_and_the_next_call_works() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from_raw_os_error(Errno::ENOSPC.0))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (mut remote, played) = play(|daemon| {
        let (header, _) = daemon.request("download");
        daemon.reply(&header, b"");
        daemon.send(&protocol::chunk(Chunk::Data(b"more than fits")).unwrap());
        assert_eq!(daemon.frame(), Frame::Cancel);
        daemon.send(&protocol::chunk(Chunk::Data(b"on its way")).unwrap());
        daemon.send(&protocol::chunk(Chunk::Cancelled).unwrap());
        let (header, _) = daemon.request("ping_daemon");
        daemon.reply(&header, b"");
    });
    assert_eq!(remote.download("/f".into(), &mut Full).unwrap_err().errno(), Errno::ENOSPC);
    remote.ping_daemon().unwrap();
    played.join().unwrap();
}

#[test]
fn a_user_ends_a_transfer() {
    let (mut remote, played) = play(|daemon| {
        let (header, _) = daemon.request("tar_in");
        while daemon.chunk().is_some_and(|data| !data.is_empty()) {}
        daemon.fail(&header, &Error::os_with(Errno::EINTR, "cancelled"));
    });
    let watch = Watch::default();
    let canceller = watch.cancelled.clone();
    remote.watch(watch);
    struct Endless(Arc<AtomicBool>, u32);
    impl Read for Endless {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            self.0.store(self.1 == 100, Ordering::Relaxed);
            Ok(buf.len())
        }
    }
    let error = remote.tar_in(&mut Endless(canceller, 0), "/".into(), Default::default()).unwrap_err();
    assert_eq!(error.errno(), Errno::EINTR);
    played.join().unwrap();
}

#[test]
fn a_daemon_that_ends_or_hangs_is_noticed() {
    let (mut remote, played) = play(|daemon| drop(daemon.request("ping_daemon")));
    let error = remote.ping_daemon().unwrap_err();
    assert!(error.errno() == Errno::EPIPE && remote.is_lost());
    played.join().unwrap();

    let (silent, _held) = UnixStream::pair().unwrap();
    let mut remote = Remote::new(silent).unwrap();
    let error = remote.resume(Duration::from_millis(20)).unwrap_err();
    assert_eq!(error.errno(), Errno::ETIMEDOUT);

    let (mut remote, played) = play(|daemon| {
        let (header, _) = daemon.request("ping_daemon");
        daemon.reply(&Header { serial: header.serial + 1, ..header }, b"");
    });
    assert!(remote.ping_daemon().unwrap_err().errno() == Errno::EPROTO && remote.is_lost());
    played.join().unwrap();
}
