//! The most that a measuring process has in use at one time, exact to the page.
//!
//! The kernel's own high-water mark (`VmHWM`) is brought up to date now and then,
//! from counters of which each processor keeps some pages to itself: a peak of a
//! millisecond, such as the creation of a session has, can be missing from it by
//! half. What a process has only shrinks in a few system calls, so its peak is
//! what it has at the entry of one of them: this process starts the measuring
//! process, stops it at these entries (`ptrace`), and reads its memory.

use super::memory::{Private, Resident};
use super::process::Role;
use super::protocol::{Memory, Reply};
use crate::error::{Error, Result};
use nix::libc::{self, c_long};
use nix::sys::ptrace;
use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::process::Command;

/// System calls that may take memory from a process.
const SHRINKING: [c_long; 5] =
    [libc::SYS_munmap, libc::SYS_madvise, libc::SYS_mremap, libc::SYS_brk, libc::SYS_mmap];

/// Lets the process that started this one watch it, and waits until it does.
/// `false` where the system forbids that.
pub fn be_watched() -> bool {
    ptrace::traceme().is_ok() && raise(Signal::SIGSTOP).is_ok()
}

/// Runs another process like this one, to be watched, on this process's stdin and
/// stdout until it ends, and then replies with its peak from its first reply (the
/// library is loaded) to its third (the model has run). Ends as that one does.
///
/// # Errors
/// [`Error::Measure`] where the process cannot be started or its end is lost.
pub fn watch() -> Result<()> {
    let fail = |e: std::io::Error| Error::Measure(format!("a process to be watched: {e}"));
    let mut command = Command::new(std::env::current_exe().map_err(fail)?);
    command.args(std::env::args_os().skip(1));
    let child = Role::Watched.give(&mut command).spawn().map_err(fail)?;
    let pid = i32::try_from(child.id()).map_err(|e| Error::Measure(e.to_string()))?;
    let mut watch = Watch { pid: Pid::from_raw(pid), replies: 0, seen: Seen::default() };
    match watch.follow().map_err(|e| Error::Measure(format!("watching a process: {e}")))? {
        WaitStatus::Exited(_, 0) => super::child::reply(&Reply::Peak(watch.seen.memory)),
        WaitStatus::Exited(_, code) => std::process::exit(code),
        WaitStatus::Signaled(_, signal, _) => {
            raise(signal).map_err(|e| Error::Measure(e.to_string()))
        }
        _ => Err(Error::Measure("a watched process is lost".to_owned())),
    }
}

struct Watch {
    pid: Pid,
    /// Replies that the process has begun to write.
    replies: u32,
    seen: Seen,
}

impl Watch {
    /// Follows all threads of the process to its end.
    fn follow(&mut self) -> nix::Result<WaitStatus> {
        let mut first = true;
        loop {
            let status = waitpid(None, Some(WaitPidFlag::__WALL))?;
            let (thread, signal) = match status {
                WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, ..) if pid == self.pid => {
                    return Ok(status);
                }
                WaitStatus::Stopped(thread, signal) => {
                    if std::mem::take(&mut first) {
                        ptrace::setoptions(thread, options())?;
                    }
                    (thread, Some(signal).filter(|s| *s != Signal::SIGSTOP))
                }
                WaitStatus::PtraceSyscall(thread) => {
                    self.look(thread);
                    (thread, None)
                }
                WaitStatus::PtraceEvent(thread, ..) => (thread, None),
                _ => continue,
            };
            // A thread that has just been killed can no longer be let go.
            let _ = ptrace::syscall(thread, signal);
        }
    }

    /// Looks at a thread that stands before or behind a system call.
    fn look(&mut self, thread: Pid) {
        let Some(call) = Call::entered(thread) else { return };
        if call.number == libc::SYS_write && call.first == libc::STDOUT_FILENO as u64 {
            self.replies += 1;
            match self.replies {
                1 => self.seen.start(self.pid),
                3 => self.seen.finish(self.pid),
                _ => {}
            }
        } else if matches!(self.replies, 1 | 2) && SHRINKING.contains(&call.number) {
            self.seen.look(self.pid);
        }
    }
}

fn options() -> ptrace::Options {
    use ptrace::Options;
    Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACECLONE | Options::PTRACE_O_EXITKILL
}

/// What was seen so far.
#[derive(Debug, Default)]
struct Seen {
    before: Option<(Private, Resident)>,
    most: Option<Private>,
    memory: Memory,
}

impl Seen {
    fn start(&mut self, pid: Pid) {
        self.before = Private::of(pid.as_raw()).zip(Resident::of_process(pid.as_raw()));
    }

    fn look(&mut self, pid: Pid) {
        self.most = self.most.max(Private::of(pid.as_raw()));
    }

    /// Files that were mapped since count as they are now.
    fn finish(&mut self, pid: Pid) {
        let now = Private::of(pid.as_raw()).zip(Resident::of_process(pid.as_raw()));
        let Some(((before, files), (now, mapped))) = self.before.as_ref().zip(now.as_ref()) else {
            return;
        };
        let files = mapped.files_above(files);
        let most = self.most.max(Some(*now)).unwrap_or(*now);
        self.memory.peak = Some(most.above(*before).saturating_add(files));
        self.memory.now = Some(now.above(*before).saturating_add(files));
    }
}

/// A system call that is about to be made.
struct Call {
    number: c_long,
    first: u64,
}

impl Call {
    #[cfg(target_arch = "x86_64")]
    fn entered(thread: Pid) -> Option<Self> {
        let registers = ptrace::getregs(thread).ok()?;
        // Before a call the kernel has put ENOSYS where its result will be.
        let entered = registers.rax.cast_signed() == -i64::from(libc::ENOSYS);
        let number = registers.orig_rax.cast_signed();
        entered.then_some(Self { number, first: registers.rdi })
    }

    #[cfg(target_arch = "aarch64")]
    fn entered(thread: Pid) -> Option<Self> {
        let registers = ptrace::getregs(thread).ok()?.regs;
        // The kernel shows 0 in x7 before a call and 1 behind it.
        let number = i64::try_from(registers[8]).ok()?;
        (registers[7] == 0).then_some(Self { number, first: registers[0] })
    }
}
