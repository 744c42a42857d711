//! Damaged models: whatever the bytes, the library answers with a result, soon
//! and without much memory.

use crate::common::{corpus, models_below, shared_path};

use nneval::graph::shape::Bindings;
use nneval::graph::{Limits, Model};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, Stdio};

/// Mutants in a run of the suite; `NNEVAL_MUTANTS` names another number.
const MUTANTS: u64 = 32_768;
const SEED: u64 = 20_261_124;
/// Larger models are left out, so that the test stays short.
const MAX_BYTES: usize = 48 << 10;

/// Small models of the corpus; where it is absent, the fixture and networks of
/// the search space.
fn originals() -> Vec<Vec<u8>> {
    let corpus = shared_path("corpus");
    if corpus.exists() {
        let all = models_below(&corpus).into_iter().map(|p| std::fs::read(p).unwrap());
        let small: Vec<Vec<u8>> = all.filter(|b| b.len() <= MAX_BYTES).collect();
        assert!(small.len() >= 1900, "{} small models", small.len());
        return small;
    }
    let options = nneval::spaces::ModelOptions::default();
    let archs = ["8:8:8:8:8", "16:24:32:40:64", "64:8:56:16:48"];
    archs.iter().map(|a| nneval::spaces::Space::NatsSss.onnx_bytes(a, &options).unwrap()).collect()
}

fn position(rng: &mut ChaCha8Rng, n: usize) -> usize {
    rng.random_range(0..n.max(1))
}

fn mutant(seed: u64, originals: &[Vec<u8>]) -> Vec<u8> {
    let rng = &mut ChaCha8Rng::seed_from_u64(SEED ^ seed);
    let mut b = originals[position(rng, originals.len())].clone();
    for _ in 0..rng.random_range(1..4) {
        if b.is_empty() {
            break;
        }
        match rng.random_range(0..6) {
            0 => b.truncate(position(rng, b.len())),
            1 => {
                for _ in 0..rng.random_range(1..9) {
                    let at = position(rng, b.len());
                    b[at] ^= 1 << rng.random_range(0..8);
                }
            }
            2 => {
                let at = position(rng, b.len());
                b[at] = rng.random();
            }
            3 => {
                let other = &originals[position(rng, originals.len())];
                let from = position(rng, other.len());
                let part = &other[from..other.len().min(from + position(rng, 400))];
                let at = position(rng, b.len());
                let end = b.len().min(at + position(rng, 400));
                b.splice(at..end, part.iter().copied());
            }
            4 => {
                let at = position(rng, b.len());
                let long = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
                let n = rng.random_range(1..=long.len());
                b.splice(at..at, long[..n].iter().copied());
            }
            _ => {
                let (at, n) = (position(rng, b.len()), position(rng, 200));
                let copy: Vec<u8> = b[at..b.len().min(at + n)].to_vec();
                let to = position(rng, b.len());
                b.splice(to..to, copy);
            }
        }
    }
    b
}

/// Places of single-byte integer values: sizes, attributes, types.
fn integers(b: &[u8], base: usize, out: &mut Vec<usize>) -> bool {
    let (mut at, before) = (0, out.len());
    let varint = |at: &mut usize| {
        let mut x = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = *b.get(*at)?;
            *at += 1;
            x |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(x);
            }
        }
        None
    };
    let mut whole = || -> Option<()> {
        while at < b.len() {
            let key = varint(&mut at)?;
            match key & 7 {
                0 => {
                    let start = at;
                    varint(&mut at)?;
                    if at == start + 1 {
                        out.push(base + start);
                    }
                }
                2 => {
                    let n = usize::try_from(varint(&mut at)?).ok()?;
                    let inner = b.get(at..at.checked_add(n)?)?;
                    if n > 1 {
                        integers(inner, base + at, out);
                    }
                    at += n;
                }
                5 => at += 4,
                1 => at += 8,
                _ => return None,
            }
        }
        (key_space(b) && at == b.len()).then_some(())
    };
    let ok = whole().is_some();
    if !ok {
        out.truncate(before);
    }
    ok
}

/// Fields of ONNX messages have small numbers.
fn key_space(b: &[u8]) -> bool {
    b.first().is_some_and(|&k| (0x08..0xd0).contains(&k))
}

/// A model of which some numbers are others; mostly still a model.
fn renumbered(seed: u64, originals: &[Vec<u8>]) -> Vec<u8> {
    let rng = &mut ChaCha8Rng::seed_from_u64(!SEED ^ seed);
    let mut b = originals[position(rng, originals.len())].clone();
    let mut places = Vec::new();
    integers(&b, 0, &mut places);
    for _ in 0..rng.random_range(1..4) {
        if let Some(&at) = places.get(position(rng, places.len())) {
            let usual = [0, 1, 2, 3, 4, 5, 7, 8, 16, 63, 64, 127];
            b[at] = usual[position(rng, usual.len())];
        }
    }
    b
}

/// True where the mutant is still a model.
fn survives(bytes: Vec<u8>) -> bool {
    match Model::from_bytes(bytes.into(), Path::new("mutant"), &Limits::default()) {
        Ok(m) => {
            let _ = nneval::opstring::of_model(&m).map(|g| nneval::opstring::write(&g));
            let _ = nneval::costs::of_model(&m, &Bindings::default());
            true
        }
        Err(e) => {
            assert!(e.to_string().starts_with("mutant: "), "{e}");
            false
        }
    }
}

/// Most CPU time for one mutant, in seconds.
const MAX_SECONDS: f64 = 1.0;
/// Most memory for one mutant above what the process held before, in MiB.
const MAX_MIB: u64 = 256;
/// Address space of a shard in KiB, so that a runaway ends the shard alone.
const ADDRESS_SPACE: &str = "4194304";
/// Names a shard's mutants to it: `first,step`.
const SHARD: &str = "NNEVAL_MUTANT_SHARD";

/// CPU time of this thread in seconds; none where the system does not tell.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/stat").ok()?;
    let ticks: Vec<f64> =
        stat.rsplit_once(')')?.1.split(' ').skip(12).take(2).flat_map(str::parse).collect();
    (ticks.len() == 2).then(|| ticks.iter().sum::<f64>() / 100.0)
}

/// A memory figure of this process in MiB; none where the system does not tell.
fn memory(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix(field))?;
    line.split_whitespace().find_map(|w| w.parse::<u64>().ok()).map(|kib| kib >> 10)
}

/// Mutants of one process: those that panic, and the costliest ones.
#[derive(Default)]
struct Shard {
    alive: usize,
    faults: Vec<String>,
    slowest: (f64, u64),
    largest: (u64, u64),
}

impl Shard {
    fn add(&mut self, seed: u64, originals: &[Vec<u8>], baseline: Option<u64>) {
        let damage = if seed.is_multiple_of(2) { mutant } else { renumbered };
        let bytes = damage(seed, originals);
        // Sets the process's peak back to what it holds now.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let before = cpu_seconds();
        match catch_unwind(AssertUnwindSafe(|| survives(bytes))) {
            Ok(alive) => self.alive += usize::from(alive),
            Err(_) => self.faults.push(format!("seed {seed} panics")),
        }
        if let (Some(before), Some(after)) = (before, cpu_seconds()) {
            let t = after - before;
            if t > self.slowest.0 {
                self.slowest = (t, seed);
            }
            if t > MAX_SECONDS {
                self.faults.push(format!("seed {seed} takes {t} s of CPU time"));
            }
        }
        if let (Some(baseline), Some(peak)) = (baseline, memory("VmHWM:")) {
            let mib = peak.saturating_sub(baseline);
            if mib > self.largest.0 {
                self.largest = (mib, seed);
            }
            if mib > MAX_MIB {
                self.faults.push(format!("seed {seed} takes {mib} MiB"));
            }
        }
    }
}

/// Each mutant is answered with a result, in less than a second of CPU time
/// and 256 MiB. Shards are processes of their own, one mutant at a time, so
/// that the figures are those of the mutant.
#[test]
fn damaged_models_are_answered_within_limits() {
    // Where there is no corpus, a skip is counted; other models are damaged then.
    corpus();
    let shards = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 16);
    let start = |i: usize| {
        let line = format!("ulimit -v {ADDRESS_SPACE}; exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &line]).arg(std::env::current_exe().unwrap());
        command.args([
            "--exact",
            "models::mutants::shard_of_damaged_models",
            "--ignored",
            "--nocapture",
        ]);
        command.args(["--test-threads", "1"]).env(SHARD, format!("{i},{shards}"));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<_> = (0..shards).map(start).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{}\n{stdout}\n{stderr}", output.status);
        let report = stdout.lines().find(|l| l.starts_with("shard "));
        println!("{}", report.expect("the shard ran"));
    }
}

#[test]
#[ignore = "damaged_models_are_answered_within_limits runs it in processes of their own"]
fn shard_of_damaged_models() {
    let shard = std::env::var(SHARD).unwrap_or_else(|_| "0,1".into());
    let (first, step) = shard.split_once(',').unwrap();
    let (first, step): (u64, usize) = (first.parse().unwrap(), step.parse().unwrap());
    let originals = originals();
    let baseline = memory("VmRSS:");
    let mut s = Shard::default();
    let mutants = std::env::var("NNEVAL_MUTANTS").ok().and_then(|n| n.parse().ok());
    let seeds = (first..mutants.unwrap_or(MUTANTS)).step_by(step);
    let count = seeds.clone().count();
    seeds.for_each(|seed| s.add(seed, &originals, baseline));
    println!(
        "\nshard {shard}: {count} mutants of {} models, {} still models; most CPU time {} s (seed {}), most memory {} MiB (seed {})",
        originals.len(),
        s.alive,
        s.slowest.0,
        s.slowest.1,
        s.largest.0,
        s.largest.1
    );
    assert!(s.faults.is_empty(), "{:#?}", s.faults);
}
