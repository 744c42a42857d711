//! Processor time and memory of what a test does with one file after the other.

use std::fmt;

/// Most processor time for one file, in seconds.
const MAX_SECONDS: f64 = 2.0;
/// Most memory for one file, and for each of its bytes.
const MAX_BYTES: u64 = 256 << 20;
const BYTES_A_BYTE: u64 = 150;

/// What was used at most, and by which seed. Linux tells; elsewhere all is 0.
pub struct Meter {
    /// Memory of the process before the first file.
    held: u64,
    files: u64,
    seconds: (f64, u64),
    memory: (u64, u64),
    /// Files beyond the bounds.
    pub faults: Vec<String>,
}

impl Meter {
    pub fn new() -> Self {
        let held = memory("VmRSS:");
        Self { held, files: 0, seconds: (0.0, 0), memory: (0, 0), faults: Vec::new() }
    }

    /// Runs `f` for the file of a seed, which has so many bytes. Time is that of this
    /// thread, memory that of the process.
    pub fn measure<T>(&mut self, seed: u64, bytes: usize, f: impl FnOnce() -> T) -> T {
        // Sets the peak back to what the process holds now.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let before = seconds();
        let result = f();
        let took = seconds() - before;
        let most = memory("VmHWM:").saturating_sub(self.held);
        self.files += 1;
        if took > self.seconds.0 {
            self.seconds = (took, seed);
        }
        self.memory = self.memory.max((most, seed));
        if took > MAX_SECONDS || most > MAX_BYTES + BYTES_A_BYTE * bytes as u64 {
            self.faults.push(format!("seed {seed}: {took:.2} s, {} MiB", most >> 20));
        }
        result
    }
}

impl fmt::Display for Meter {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { files, seconds, memory, faults, .. } = self;
        write!(f, "{files} files; at most {:.3} s (seed {}), ", seconds.0, seconds.1)?;
        write!(f, "{} MiB (seed {}); {} beyond", memory.0 >> 20, memory.1, faults.len())
    }
}

/// Processor time of this thread.
fn seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = stat.split(' ').next().and_then(|n| n.parse::<f64>().ok());
    nanoseconds.unwrap_or(0.0) * 1e-9
}

/// A figure of this process's memory in bytes.
fn memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix(field)).unwrap_or_default();
    let kib = line.split_whitespace().next().and_then(|n| n.parse::<u64>().ok());
    kib.unwrap_or(0) << 10
}
