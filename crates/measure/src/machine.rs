//! Description of the measuring machine: processor, memory, versions.

use serde::{Deserialize, Serialize};
use std::path::Path;

/// What a table's header says of the machine. Texts are empty where the system
/// does not tell.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Machine {
    /// Name of the processor.
    pub cpu: String,
    /// Logical processors that this process may use.
    pub cores: usize,
    /// Memory, megabytes (10⁶ bytes).
    pub memory_mb: u64,
    /// Names of NVIDIA GPUs.
    pub gpu: String,
    /// Operating system, kernel and architecture.
    pub os: String,
    /// Version of ONNX Runtime.
    pub onnxruntime: String,
    /// Version of nneval.
    pub nneval: String,
}

impl Machine {
    /// This machine, with the version of the ONNX Runtime in use.
    pub fn this(onnxruntime: &str) -> Self {
        Self {
            cpu: processor(),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_mb: meminfo("MemTotal").unwrap_or(0) / 1_000_000,
            gpu: gpus(Path::new("/proc/driver/nvidia/gpus")),
            os: os(),
            onnxruntime: onnxruntime.to_owned(),
            nneval: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// Memory that can be had without swapping, in bytes.
pub fn available_memory() -> Option<u64> {
    meminfo("MemAvailable")
}

/// Load averages over 1, 5 and 15 minutes, as the system writes them.
pub fn load_average() -> String {
    let text = read("/proc/loadavg");
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// A line `NAME: VALUE` of a file of such lines.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let named = |line: &'a str| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then_some(value.trim())
    };
    text.lines().find_map(named)
}

/// Name of the processor; empty where the system does not tell it.
pub fn processor() -> String {
    let info = read("/proc/cpuinfo");
    let name = field(&info, "model name").or_else(|| field(&info, "Processor"));
    name.unwrap_or_default().to_owned()
}

fn meminfo(name: &str) -> Option<u64> {
    kilobytes(field(&read("/proc/meminfo"), name)?)
}

/// `123 kB` in bytes.
pub(super) fn kilobytes(text: &str) -> Option<u64> {
    text.strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

fn gpus(folder: &Path) -> String {
    let Ok(entries) = std::fs::read_dir(folder) else { return String::new() };
    let model = |dir: std::fs::DirEntry| {
        Some(field(&read(dir.path().join("information")), "Model")?.to_owned())
    };
    entries.flatten().filter_map(model).collect::<Vec<_>>().join(", ")
}

fn os() -> String {
    let release = read("/etc/os-release");
    let pretty = release.lines().find_map(|l| l.strip_prefix("PRETTY_NAME="));
    let name = pretty.map_or(std::env::consts::OS, |p| p.trim_matches('"'));
    let kernel = read("/proc/sys/kernel/osrelease");
    let parts = [name, kernel.trim(), std::env::consts::ARCH];
    parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_sizes() {
        let text = "MemTotal:       16 kB\nMemFree: 3 kB\n";
        assert_eq!(field(text, "MemFree"), Some("3 kB"));
        assert_eq!(field(text, "Mem"), None);
        assert_eq!(kilobytes("16 kB"), Some(16 * 1024));
        assert_eq!(kilobytes("16 MB"), None);
    }

    #[test]
    fn gpus_are_named_as_the_driver_names_them() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("0000:01:00.0")).unwrap();
        let information = "Model: \t\t NVIDIA H100\nIRQ: 7\n";
        std::fs::write(dir.path().join("0000:01:00.0/information"), information).unwrap();
        assert_eq!(gpus(dir.path()), "NVIDIA H100");
        assert_eq!(gpus(&dir.path().join("none")), "");
    }

    #[test]
    fn this_machine_has_processors_and_versions() {
        let machine = Machine::this("1.32.0");
        assert!(machine.cores > 0 && machine.onnxruntime == "1.32.0" && !machine.os.is_empty());
    }
}
