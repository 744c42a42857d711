//! Memory of this process: the most that was resident above a level, a limit
//! on it, and what ONNX Runtime's arena says of itself.
//!
//! Where no other process watches it (`watch.rs`), the most is the kernel's
//! high-water mark (`VmHWM` of `/proc/self/status`, Linux); it is set back to the
//! present level before the model is opened (`5` to `/proc/self/clear_refs`, Linux
//! 4.0), so that what loading the library took in passing does not count. Since
//! Linux 6.2 the mark is read from counters of which each processor keeps up to 32
//! pages to itself. What is resident now is summed exactly from `/proc/self/smaps`,
//! and counts where it is more. Pages of the program and its libraries that are
//! touched for the first time are taken off: how many there are depends on what
//! the system has in its page cache.
//! Elsewhere there is no figure.

use super::machine::kilobytes;
use super::protocol::Memory;
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The level that a model's memory is counted from.
#[derive(Debug, Clone)]
pub struct Level {
    before: Option<Resident>,
    arena: ArenaLog,
}

impl Level {
    /// The level now.
    pub fn now(arena: ArenaLog) -> Self {
        Self { before: Resident::now(), arena }
    }

    /// None: another process watches this one.
    pub fn watched(arena: ArenaLog) -> Self {
        Self { before: None, arena }
    }

    /// Lets the high-water mark start again from what is resident now.
    pub fn restart_mark(&self) {
        if self.before.is_some() {
            // Where it cannot be set back, the mark may lie above the level.
            let _ = std::fs::write("/proc/self/clear_refs", "5");
        }
    }

    /// Memory above the level, in bytes, without pages of the program and its
    /// libraries that have been touched since.
    pub fn memory(&self) -> Memory {
        let arena = self.arena.peak();
        let Some(before) = &self.before else { return Memory { arena, ..Memory::default() } };
        // The mark first: reading `smaps` takes memory too.
        let mark = status("VmHWM");
        let now = Resident::now();
        let above = now.as_ref().map(|now| now.above(before));
        let peak = now.as_ref().and_then(|now| Some(now.peak_above(before, mark?)));
        Memory { peak: peak.max(above), now: above, arena }
    }
}

/// What is resident of this process, in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resident {
    total: u64,
    by_file: HashMap<String, u64>,
}

impl Resident {
    fn now() -> Option<Self> {
        Self::of_process("self")
    }

    /// That of a process, by its name below `/proc`.
    pub fn of_process(process: impl std::fmt::Display) -> Option<Self> {
        Some(Self::of(&std::fs::read_to_string(format!("/proc/{process}/smaps")).ok()?))
    }

    /// From the text of `smaps`: a line of each mapping that may end in a path,
    /// then lines `Rss: N kB` and others.
    fn of(smaps: &str) -> Self {
        let (mut found, mut path) = (Self::default(), None);
        for line in smaps.lines() {
            if let Some(size) = line.strip_prefix("Rss:") {
                found.add(path.take(), kilobytes(size.trim()).unwrap_or(0));
            } else if line.starts_with(|c: char| c.is_ascii_digit() || ('a'..='f').contains(&c)) {
                path = line.split_once('/').map(|(_, rest)| rest.to_owned());
            }
        }
        found
    }

    fn add(&mut self, path: Option<String>, bytes: u64) {
        self.total = self.total.saturating_add(bytes);
        if let Some(path) = path {
            let file = self.by_file.entry(path).or_insert(0);
            *file = file.saturating_add(bytes);
        }
    }

    /// What is resident of files that were not mapped before.
    #[cfg(target_os = "linux")]
    pub fn files_above(&self, before: &Self) -> u64 {
        let new = self.by_file.iter().filter(|(path, _)| !before.by_file.contains_key(*path));
        new.map(|(_, bytes)| bytes).sum()
    }

    /// Growth of what was mapped from files before: the program and libraries.
    fn code_above(&self, before: &Self) -> u64 {
        let growth = before.by_file.iter().map(|(path, bytes)| {
            self.by_file.get(path).copied().unwrap_or(0).saturating_sub(*bytes)
        });
        growth.sum()
    }

    fn above(&self, before: &Self) -> u64 {
        self.total.saturating_sub(before.total).saturating_sub(self.code_above(before))
    }

    /// The same of the most that was resident.
    fn peak_above(&self, before: &Self, mark: u64) -> u64 {
        mark.saturating_sub(before.total).saturating_sub(self.code_above(before))
    }
}

/// Resident memory of a process that is no file's, in bytes, exact.
#[cfg(target_os = "linux")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Private(u64);

#[cfg(target_os = "linux")]
impl Private {
    /// That of the process: from its `status`, which is exact since Linux 6.17, else
    /// from `smaps_rollup` (Linux 4.14), which takes a millisecond and more.
    pub fn of(pid: i32) -> Option<Self> {
        static EXACT: std::sync::LazyLock<bool> = std::sync::LazyLock::new(|| {
            let release = std::fs::read_to_string("/proc/sys/kernel/osrelease");
            release.is_ok_and(|r| version(&r) >= Some((6, 17)))
        });
        let (file, name) = match *EXACT {
            true => ("status", "RssAnon"),
            false => ("smaps_rollup", "Anonymous"),
        };
        field(&format!("/proc/{pid}/{file}"), name).map(Self)
    }

    /// Bytes above another figure.
    pub fn above(self, before: Self) -> u64 {
        self.0.saturating_sub(before.0)
    }
}

/// The first two numbers of a kernel's release.
#[cfg(target_os = "linux")]
fn version(release: &str) -> Option<(u32, u32)> {
    let mut parts = release.trim().split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn status(name: &str) -> Option<u64> {
    field("/proc/self/status", name)
}

/// The figure of the line `NAME: N kB` of a file, in bytes.
fn field(file: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':'))?;
    kilobytes(line.trim())
}

/// Lets this process take at most `bytes` more of private memory than it has
/// (`RLIMIT_DATA`; thread stacks and memory asked for but never touched count),
/// and has the kernel end it first where memory runs out.
///
/// # Errors
/// [`Error::Measure`]: the system has no such limit.
pub fn limit(bytes: Option<u64>) -> Result<()> {
    // A process may always make itself a likelier victim; where the file is
    // absent there is no such choice.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    bytes.map_or(Ok(()), limit_data)
}

#[cfg(target_os = "linux")]
fn limit_data(bytes: u64) -> Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let now = status("VmData").unwrap_or(0);
    let most = Some(now.saturating_add(bytes));
    setrlimit(Resource::Data, Rlimit { current: most, maximum: most })
        .map_err(|e| Error::Measure(format!("the memory limit cannot be set: {e}")))
}

#[cfg(not(target_os = "linux"))]
fn limit_data(_bytes: u64) -> Result<()> {
    Err(Error::Measure("a memory limit can be set on Linux only".to_owned()))
}

/// Reads arena sizes from ONNX Runtime's log.
///
/// The C API tells them only from version 1.23 on (`AllocatorGetStats`), the log
/// at level INFO in every version that nneval takes: `Total allocated bytes: N`
/// whenever an arena has taken memory from the system, after `Extending BFCArena
/// for NAME`, and `Reserving memory in BFCArena for NAME size: N`. The figure is
/// the largest sum over the arenas. With the default options of a session it is
/// what tensors, packed weights and scratch memory were ever given, not their
/// sum at one time.
#[derive(Debug, Clone, Default)]
pub struct ArenaLog(Arc<Mutex<Arenas>>);

#[derive(Debug, Default)]
struct Arenas {
    current: String,
    totals: Vec<(String, u64)>,
    peak: Option<u64>,
}

impl ArenaLog {
    /// Takes in one log message.
    pub fn read(&self, message: &str) {
        let mut arenas = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rest) = message.strip_prefix("Extending BFCArena for ") {
            arenas.current = name_of(rest);
        } else if let Some(rest) = message.strip_prefix("Total allocated bytes: ") {
            arenas.extended(number(rest));
        } else if let Some(rest) = message.strip_prefix("Reserving memory in BFCArena for ") {
            let size = rest.split_once(" size: ").and_then(|(_, size)| number(size));
            arenas.reserved(&name_of(rest), size);
        }
    }

    /// The most that all arenas had taken, in bytes.
    pub fn peak(&self) -> Option<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).peak
    }
}

impl Arenas {
    fn total(&mut self, name: &str) -> Option<&mut u64> {
        if !self.totals.iter().any(|t| t.0 == name) {
            self.totals.push((name.to_owned(), 0));
        }
        self.totals.iter_mut().find(|t| t.0 == name).map(|t| &mut t.1)
    }

    fn extended(&mut self, bytes: Option<u64>) {
        let name = self.current.clone();
        if let (Some(bytes), Some(total)) = (bytes, self.total(&name)) {
            *total = bytes;
        }
        self.update();
    }

    fn reserved(&mut self, name: &str, bytes: Option<u64>) {
        if let (Some(bytes), Some(total)) = (bytes, self.total(name)) {
            *total = total.saturating_add(bytes);
        }
        self.update();
    }

    fn update(&mut self) {
        let sum = self.totals.iter().map(|t| t.1).sum();
        self.peak = self.peak.max(Some(sum));
    }
}

/// The word at the start, without a full stop.
fn name_of(rest: &str) -> String {
    rest.split_whitespace().next().unwrap_or_default().trim_end_matches('.').to_owned()
}

fn number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arena_sizes_come_from_the_log() {
        let log = ArenaLog::default();
        assert_eq!(log.peak(), None);
        for message in [
            "Creating BFCArena for Cpu with following configs: initial_chunk_size_bytes: 1048576",
            "Extending BFCArena for Cpu. bin_num:8 (requested) num_bytes: 65536",
            "Total allocated bytes: 1048576",
            "Reserving memory in BFCArena for Cuda size: 1000",
            "Extending BFCArena for Cpu. bin_num:9 (requested) num_bytes: 65536",
            "Total allocated bytes: 3145728",
            "anything else: 9",
        ] {
            log.read(message);
        }
        assert_eq!(log.peak(), Some(3_145_728 + 1000));
    }

    #[test]
    fn mapped_files_are_summed_by_name() {
        let smaps = "7f00-7f01 r--p 00000000 08:01 12 /lib/a b.so\nSize: 8 kB\nRss: 4 kB\n\
                     7f01-7f02 rw-p 00000000 00:00 0 \nRss: 100 kB\n\
                     7f02-7f03 r-xp 00001000 08:01 12 /lib/a b.so\nRss: 2 kB\n\
                     7ffd-7ffe rw-p 00000000 00:00 0 [stack]\nRss: 9 kB\n";
        let found = Resident::of(smaps);
        assert_eq!(found.by_file, HashMap::from([("lib/a b.so".to_owned(), 6 * 1024)]));
        assert_eq!(found.total, 115 * 1024);
    }

    #[test]
    fn code_that_is_touched_later_does_not_count() {
        let of = |total, code| Resident {
            total,
            by_file: HashMap::from([("lib/a.so".to_owned(), code)]),
        };
        let (before, now) = (of(10 << 20, 1 << 20), of(30 << 20, 3 << 20));
        assert_eq!(now.above(&before), 18 << 20);
        assert_eq!(now.peak_above(&before, 5 << 20), 0);
        assert_eq!(now.peak_above(&before, 1 << 30), (1 << 30) - (12 << 20));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn versions_of_kernels() {
        assert_eq!(version("6.18.44-fc-v669\n"), Some((6, 18)));
        assert_eq!(version("5.4\n"), Some((5, 4)));
        assert_eq!(version("x"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_high_water_mark_sees_memory_that_is_given_back() {
        let level = Level::now(ArenaLog::default());
        level.restart_mark();
        let block = vec![1u8; 64 << 20];
        assert!(block.iter().map(|&b| u64::from(b)).sum::<u64>() > 0);
        drop(block);
        let memory = level.memory();
        assert!(memory.peak.unwrap() >= 60 << 20, "{memory:?}");
    }
}
