//! Signals that end the program: its temporary files go first.

/// Lets SIGINT, SIGTERM and SIGHUP remove the temporary files and folders of this
/// process before they end it as they would anyway. To be called while the process
/// has one thread: those that start later leave the signals to the one that waits.
#[cfg(target_os = "linux")]
pub fn remove_temporaries_first() {
    use nix::sys::signal::{SigSet, Signal, raise};
    let ignored = ignored_signals();
    let mut set = SigSet::empty();
    let ends = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];
    // An ignored signal, as that of nohup, would be delivered once it is blocked.
    ends.into_iter().filter(|s| ignored >> (*s as u64 - 1) & 1 == 0).for_each(|s| set.add(s));
    if set.thread_block().is_err() {
        return;
    }
    let wait = move || {
        let Ok(signal) = set.wait() else { return };
        nneval::files::remove_temporaries();
        let _ = set.thread_unblock();
        let _ = raise(signal);
    };
    let waiting = std::thread::Builder::new().name("signals".to_owned()).spawn(wait);
    if waiting.is_err() {
        let _ = set.thread_unblock();
    }
}

/// Bits of the signals that this process ignores, from signal 1 on.
#[cfg(target_os = "linux")]
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(u64::MAX)
}

/// Does nothing: the next start removes what a signal has left.
#[cfg(not(target_os = "linux"))]
pub fn remove_temporaries_first() {}
