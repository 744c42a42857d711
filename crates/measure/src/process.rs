//! A measuring process as its parent sees it: it replies, or it has failed, and
//! why.

use super::protocol::{Memory, Reply, Request};
use crate::error::{Error, Result};
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// Most bytes of a dead child's stderr that are looked at.
const STDERR_BYTES: u64 = 4096;

/// Options of glibc's allocator; other systems pass them over.
const TUNABLES: &str = "GLIBC_TUNABLES";

/// Blocks from a page on come from the system and go back to it when freed, all
/// others from one heap, whose free end goes back as well: what is resident is
/// then what is in use, but for gaps between small blocks.
const IN_USE: &str = "glibc.malloc.mmap_threshold=4096:glibc.malloc.arena_max=1:\
                      glibc.malloc.top_pad=0:glibc.malloc.trim_threshold=0";

/// [`IN_USE`] and the user's tunables.
fn tunables(own: Option<String>) -> String {
    match own.filter(|o| !o.is_empty()) {
        Some(own) => format!("{IN_USE}:{own}"),
        None => IN_USE.to_owned(),
    }
}

/// What a measuring process is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Run times: the system's allocator is as the user has it.
    Latency,
    /// Peak memory.
    Memory,
}

/// The environment variable that tells a process its [`Role`].
const ROLE: &str = "NNEVAL_MEASURE";

/// What a process for peak memory does; others have no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It starts and watches another.
    Watcher,
    /// It opens the model and is watched.
    Watched,
}

impl Role {
    /// As the one that started this process said.
    pub fn of_this_process() -> Option<Self> {
        let named = std::env::var(ROLE).ok()?;
        [Self::Watcher, Self::Watched].into_iter().find(|r| r.name() == named)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Watcher => "watcher",
            Self::Watched => "watched",
        }
    }

    /// Gives a process that is about to start this role.
    pub fn give(self, command: &mut Command) -> &mut Command {
        command.env(ROLE, self.name())
    }
}

/// How a measuring process is started: a program that calls
/// [`super::serve`] with these arguments.
#[derive(Debug, Clone)]
pub struct Launcher {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// A running child. Dropping it ends it.
pub struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    replies: Receiver<String>,
    stderr: File,
}

impl Process {
    /// Starts a child.
    ///
    /// # Errors
    /// [`Error::Measure`] where the program cannot be started.
    pub fn start(launcher: &Launcher, purpose: Purpose) -> Result<Self> {
        let fail = |e: std::io::Error| {
            Error::Measure(format!("{} cannot be started: {e}", launcher.program.display()))
        };
        let stderr = tempfile::tempfile().map_err(fail)?;
        let mut command = Command::new(&launcher.program);
        if purpose == Purpose::Memory {
            command.env(TUNABLES, tunables(std::env::var(TUNABLES).ok()));
            Role::Watcher.give(&mut command);
        }
        let mut child = command
            .args(&launcher.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr.try_clone().map_err(fail)?)
            .spawn()
            .map_err(fail)?;
        let (sender, replies) = channel();
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(std::io::Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        let stdin = child.stdin.take();
        Ok(Self { child, stdin, replies, stderr })
    }

    /// Sends a request. A child that no longer reads is found out by
    /// [`receive`](Self::receive).
    pub fn send(&mut self, request: &Request) -> Result<()> {
        let line = serde_json::to_string(request).map_err(|e| Error::Measure(e.to_string()))?;
        if let Some(stdin) = self.stdin.as_mut() {
            let _ = writeln!(stdin, "{line}").and_then(|()| stdin.flush());
        }
        Ok(())
    }

    /// Ends a process that was opened for its memory: what was seen of it, or
    /// where nothing was, what it said `itself`.
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    pub fn peak(&mut self, itself: Memory, timeout: Duration) -> Result<Memory, String> {
        self.stdin = None;
        match self.receive(timeout, "ending")? {
            Reply::Peak(seen) if seen.peak.is_some() => Ok(Memory { arena: itself.arena, ..seen }),
            Reply::Peak(_) => Ok(itself),
            _ => Err("the measuring process replies out of turn".to_owned()),
        }
    }

    /// The next reply, within `timeout`. `doing` says in errors what the child
    /// was doing.
    ///
    /// # Errors
    /// What became of the child: it took too long (and is ended), crashed,
    /// was killed, or replied that the model cannot be run.
    pub fn receive(&mut self, timeout: Duration, doing: &str) -> Result<Reply, String> {
        match self.replies.recv_timeout(timeout) {
            Ok(line) => match serde_json::from_str(&line) {
                Ok(Reply::Failed(reason)) => Err(reason),
                Ok(reply) => Ok(reply),
                Err(_) => Err(format!("the measuring process says {line:?} while {doing}")),
            },
            Err(RecvTimeoutError::Timeout) => {
                self.end();
                Err(format!("takes longer than {} s: ended while {doing}", timeout.as_secs_f64()))
            }
            Err(RecvTimeoutError::Disconnected) => Err(self.post_mortem(doing)),
        }
    }

    fn post_mortem(&mut self, doing: &str) -> String {
        let Ok(status) = self.child.wait() else { return format!("is lost while {doing}") };
        let words = match self.last_words() {
            Some(words) => format!(": {words}"),
            None => String::new(),
        };
        format!("{} while {doing}{words}", fate(status))
    }

    /// The last line of the child's stderr.
    fn last_words(&mut self) -> Option<String> {
        let end = self.stderr.seek(SeekFrom::End(0)).ok()?;
        self.stderr.seek(SeekFrom::Start(end.saturating_sub(STDERR_BYTES))).ok()?;
        let mut bytes = Vec::new();
        (&mut self.stderr).take(STDERR_BYTES).read_to_end(&mut bytes).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        let last = text.lines().rfind(|l| !l.trim().is_empty())?;
        Some(last.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    fn end(&mut self) {
        self.stdin = None;
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(unix)]
fn fate(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match status.signal() {
        Some(9) => "is killed (signal 9), most likely for want of memory,".to_owned(),
        Some(n) => format!("crashes (signal {n}{})", signal_name(n)),
        None => format!("ends with {status}"),
    }
}

#[cfg(not(unix))]
fn fate(status: ExitStatus) -> String {
    format!("ends with {status}")
}

#[cfg(unix)]
fn signal_name(n: i32) -> &'static str {
    match n {
        4 => ", SIGILL",
        6 => ", SIGABRT",
        7 => ", SIGBUS",
        8 => ", SIGFPE",
        11 => ", SIGSEGV",
        _ => "",
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Process {
        let arguments = vec!["-c".into(), script.into()];
        Process::start(&Launcher { program: "/bin/sh".into(), arguments }, Purpose::Latency)
            .unwrap()
    }

    #[test]
    fn replies_and_refusals() {
        let mut process = shell(r#"read x; echo '"Loaded"'; echo '{"Failed":"no such operator"}'"#);
        process.send(&Request::Round(super::super::Settings::default().bounds)).unwrap();
        let wait = Duration::from_secs(60);
        assert!(matches!(process.receive(wait, "opening"), Ok(Reply::Loaded)));
        assert_eq!(process.receive(wait, "opening").unwrap_err(), "no such operator");
    }

    #[test]
    fn crashes_and_hangs_are_told_apart() {
        let wait = Duration::from_secs(60);
        let crash = shell("echo first >&2; echo 'what():  bad' >&2; kill -ABRT $$");
        let message = { crash }.receive(wait, "running").unwrap_err();
        assert_eq!(message, "crashes (signal 6, SIGABRT) while running: what(): bad");
        let exit = shell("exit 3").receive(wait, "running").unwrap_err();
        assert!(exit.contains("exit status: 3"), "{exit}");
        let hang = shell("exec sleep 1000").receive(Duration::from_millis(50), "running");
        assert_eq!(hang.unwrap_err(), "takes longer than 0.05 s: ended while running");
        let noise = shell("echo hello").receive(wait, "running").unwrap_err();
        assert!(noise.contains("hello"), "{noise}");
    }

    #[test]
    fn tunables_of_the_user_come_last_and_win() {
        assert_eq!(tunables(None), IN_USE);
        assert_eq!(tunables(Some("a=1".to_owned())), format!("{IN_USE}:a=1"));
    }

    #[test]
    fn a_missing_program_is_an_error() {
        let launcher = Launcher { program: "/no/such".into(), arguments: vec![] };
        let e = Process::start(&launcher, Purpose::Memory).err().unwrap().to_string();
        assert!(e.contains("/no/such"), "{e}");
    }
}
