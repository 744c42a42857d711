//! Attacks on the reader, shapes, operation string and costs, aimed at their
//! budgets: known kinds of hostile files, seeded models of random structure, and
//! seeded models of each operator.
//! `tools/attack.sh` runs more of both.
//!
//! | variable | means | default |
//! |---|---|---|
//! | `NNEVAL_ATTACK_SCALE` | how much larger known kinds are | 1 |
//! | `NNEVAL_ATTACK_MODELS` | random models | 4096 |
//! | `NNEVAL_ATTACK_SEED` | the first of their seeds | 0 |
//! | `NNEVAL_ATTACK_SECONDS` | time for them, where it ends before they do | none |
//! | `NNEVAL_ATTACK_KEEP` | folder where all known kinds are left | none |

mod kinds;
mod lines;
#[path = "../../../../tests/it/common/proto.rs"]
#[allow(dead_code)]
mod proto;
mod random;
mod rewritten;

use nix::sys::resource::{Resource, UsageWho, getrusage, setrlimit};
use nneval_graph::shape::{Bindings, Shapes};
use nneval_graph::{Limits, Model, budget, costs, features, opstring, reduce};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most processor time for one file, in seconds.
const MAX_SECONDS: f64 = 2.0;
/// Most memory for one file, and for each of its bytes.
const MAX_BYTES: u64 = 256 << 20;
const BYTES_A_BYTE: u64 = 150;
/// Stack of the thread that reads a file.
const STACK: usize = 256 << 10;
/// Address space of a process, so that a runaway ends it alone.
const ADDRESS_SPACE: u64 = 6 << 30;

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

/// How a file is read anew.
type Read<'r> = &'r dyn Fn(&Limits) -> nneval_graph::Result<Model>;

/// What `nneval string` does.
fn string(read: Read, limits: &Limits) -> nneval_graph::Result<opstring::OpGraph> {
    let graph = opstring::of_model(&read(limits)?)?;
    opstring::write(&graph);
    Ok(graph)
}

/// What `nneval inspect` does.
fn inspect(read: Read, limits: &Limits) -> nneval_graph::Result<()> {
    let model = read(limits)?;
    costs::of_model(&model, &Bindings::default())?;
    Shapes::infer(&model, &Bindings::default()).check(&model)?;
    costs::Terms::at_default_sizes(&model, &Bindings::default()).map(|_| ())
}

/// What `nneval evaluate` does before the encoder runs.
fn evaluate(read: Read, limits: &Limits) -> nneval_graph::Result<opstring::OpGraph> {
    let model = read(limits)?;
    let graph = opstring::of_model(&model)?;
    opstring::write(&graph);
    for reduction in [reduce::Reduction::DeadCode, reduce::Reduction::Reachable] {
        reduction.reduce(&graph).iter().for_each(|g| drop(opstring::write(g)));
    }
    costs::Terms::at_default_sizes(&model, &Bindings::default())?;
    let filed = opstring::as_filed(&model)?;
    opstring::write(&filed);
    Ok(filed)
}

/// What can be done with a graph that was made within the budget.
fn used(graph: &opstring::OpGraph, name: &Path) {
    let text = opstring::write(graph);
    match opstring::parse(&text) {
        Ok(again) => assert!(again == *graph, "{}: does not parse back", name.display()),
        // Limits of the parser bound what is evaluated.
        Err(e) => assert!(e.to_string().contains("when written out"), "{}: {e}", name.display()),
    }
    let _ = (features::structure(graph), features::width_profile(graph));
}

/// Whatever the program does with a model. True where all of it works, and the
/// longest processor time of one of it.
fn everything(read: Read, name: &Path) -> (bool, f64) {
    let (limits, longest) = (Limits::default(), std::cell::Cell::new(0.0f64));
    fn timed<T>(longest: &std::cell::Cell<f64>, f: impl FnOnce() -> T) -> T {
        let before = seconds(UsageWho::RUSAGE_THREAD);
        let result = f();
        longest.set(longest.get().max(seconds(UsageWho::RUSAGE_THREAD) - before));
        result
    }
    let string = timed(&longest, || budget::within(name, &limits, || string(read, &limits)));
    let inspected = timed(&longest, || budget::within(name, &limits, || inspect(read, &limits)));
    let filed = timed(&longest, || budget::within(name, &limits, || evaluate(read, &limits)));
    for graph in [&string, &filed].into_iter().flatten() {
        timed(&longest, || used(graph, name));
    }
    for e in [string.as_ref().err(), inspected.as_ref().err(), filed.as_ref().err()] {
        let line = e.map_or(name.display().to_string(), ToString::to_string);
        assert!(line.starts_with(&name.display().to_string()), "{line}");
    }
    (string.is_ok() && inspected.is_ok() && filed.is_ok(), longest.get())
}

/// Processor time in seconds.
fn seconds(who: UsageWho) -> f64 {
    let usage = getrusage(who).unwrap();
    let seconds = |t: nix::sys::time::TimeVal| t.tv_sec() as f64 + t.tv_usec() as f64 * 1e-6;
    seconds(usage.user_time()) + seconds(usage.system_time())
}

/// A figure of this process's memory in bytes, where the system tells.
fn memory(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix(field))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? << 10)
}

/// The most memory of this process in bytes.
fn peak() -> u64 {
    // `getrusage` counts what the process was before it ran this program as well.
    memory("VmHWM:").unwrap_or_else(|| {
        u64::try_from(getrusage(UsageWho::RUSAGE_SELF).unwrap().max_rss()).unwrap() << 10
    })
}

fn on_small_stack<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|s| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(s, f);
        thread.unwrap().join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Runs the ignored test `name` of this program, with one setting more.
fn child(name: &str, key: &str, value: &str) -> Result<String, String> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--ignored", "--nocapture", "--test-threads", "1"]);
    let output = command.env(key, value).stdout(Stdio::piped()).stderr(Stdio::piped()).output();
    let output = output.unwrap();
    let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    let report =
        text(&output.stdout).lines().find_map(|l| Some(l.split_once("report: ")?.1.to_owned()));
    match (output.status.success(), report) {
        (true, Some(report)) => Ok(report),
        _ => Err(format!("{}\n{}", output.status, text(&output.stderr))),
    }
}

fn workers() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).clamp(1, 16)
}

/// Calls `f` with every item, on all cores, and gathers what it complains of.
fn on_all<T: Sync>(items: &[T], f: impl Fn(&T) -> Option<String> + Sync) {
    let (next, faults) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|s| {
        for _ in 0..workers() {
            s.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    faults.lock().unwrap().extend(f(item));
                }
            });
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// Each known kind of hostile file, in a process of its own.
#[test]
fn known_kinds_stay_within_bounds() {
    let scale = setting("NNEVAL_ATTACK_SCALE", 1);
    let all: Vec<kinds::Case> = [kinds::all(scale), rewritten::all(scale)].concat();
    let kept = std::env::var_os("NNEVAL_ATTACK_KEEP").map(PathBuf::from);
    let folder = kept.unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("attack"));
    std::fs::create_dir_all(&folder).unwrap();
    on_all(&all, |(name, bytes)| {
        let path = folder.join(format!("{name}.onnx"));
        std::fs::write(&path, bytes).unwrap();
        let report = child("one_file", "NNEVAL_ATTACK_FILE", path.to_str().unwrap());
        if std::env::var_os("NNEVAL_ATTACK_KEEP").is_none() {
            std::fs::remove_file(&path).unwrap();
        }
        println!("{name}: {} bytes, {}", bytes.len(), report.as_deref().unwrap_or("failed"));
        report.err().map(|e| format!("{name}: {e}"))
    });
}

#[test]
#[ignore = "known_kinds_stay_within_bounds runs it in a process of its own"]
fn one_file() {
    let path = PathBuf::from(std::env::var_os("NNEVAL_ATTACK_FILE").unwrap());
    setrlimit(Resource::RLIMIT_AS, ADDRESS_SPACE, ADDRESS_SPACE).unwrap();
    let size = std::fs::metadata(&path).unwrap().len();
    let (works, seconds) =
        on_small_stack(|| everything(&|limits| Model::open(&path, limits), &path));
    let memory = peak();
    println!("report: {seconds:.2} s, {} MiB, works: {works}", memory >> 20);
    assert!(seconds < MAX_SECONDS, "{seconds} s for one command");
    assert!(memory < MAX_BYTES + BYTES_A_BYTE * size, "{} MiB", memory >> 20);
}

/// Random models, in a process for each core.
#[test]
fn random_models_stay_within_bounds() {
    let shards: Vec<String> = (0..workers()).map(|i| format!("{i},{}", workers())).collect();
    on_all(&shards, |shard| {
        let report = child("random_models", "NNEVAL_ATTACK_SHARD", shard);
        println!("{}", report.as_deref().unwrap_or("failed"));
        report.err()
    });
}

#[test]
#[ignore = "random_models_stay_within_bounds runs it in processes of its own"]
fn random_models() {
    let shard = std::env::var("NNEVAL_ATTACK_SHARD").unwrap_or_else(|_| "0,1".into());
    let (first, step) = shard.split_once(',').unwrap();
    let (first, step): (usize, usize) = (first.parse().unwrap(), step.parse().unwrap());
    let (count, base) = (setting("NNEVAL_ATTACK_MODELS", 4096), setting("NNEVAL_ATTACK_SEED", 0));
    setrlimit(Resource::RLIMIT_AS, ADDRESS_SPACE, ADDRESS_SPACE).unwrap();
    let operators: Vec<(&str, &str)> = nneval_graph::operators().collect();
    let lines = lines::Lines::new();
    let held = memory("VmRSS:").unwrap_or(0);
    let (mut worst, begun) = (Worst::default(), std::time::Instant::now());
    let most = setting("NNEVAL_ATTACK_SECONDS", usize::MAX);
    for seed in (base + first..base + count).step_by(step) {
        if begun.elapsed().as_secs() >= most as u64 {
            break;
        }
        // Any operators in any structure, and one operator at its limits.
        let bytes = match seed % 2 {
            0 => random::model_of(seed as u64 / 2, &operators),
            _ => lines.model_of(seed as u64 / 2),
        };
        worst.add(seed, &bytes, held);
    }
    println!("report: shard {shard}: {worst}");
    assert!(worst.faults.is_empty(), "{}", worst.faults.join("\n"));
}

/// What was seen of a number of files.
#[derive(Default)]
struct Worst {
    files: usize,
    works: usize,
    seconds: (f64, usize),
    /// Bytes of memory, and those of them beyond what the file's own bytes allow.
    memory: (u64, usize),
    share: (f64, usize),
    faults: Vec<String>,
}

impl Worst {
    /// Does everything with the file of a seed, in a process that held `held` bytes before.
    fn add(&mut self, seed: usize, bytes: &[u8], held: u64) {
        let name = PathBuf::from(format!("seed {seed}"));
        let read = |limits: &Limits| Model::from_bytes(bytes.to_vec().into(), &name, limits);
        // Sets the peak back to what the process holds now.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let result = on_small_stack(|| {
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| everything(&read, &name)))
        });
        let took = result.as_ref().map_or(0.0, |r| r.1);
        let most = peak().saturating_sub(held);
        let allowed = MAX_BYTES + BYTES_A_BYTE * bytes.len() as u64;
        self.files += 1;
        self.works += usize::from(matches!(result, Ok((true, _))));
        let larger = |now: (f64, usize), then: f64| if then > now.0 { (then, seed) } else { now };
        self.seconds = larger(self.seconds, took);
        self.share = larger(self.share, most as f64 / allowed as f64);
        self.memory = self.memory.max((most, seed));
        if result.is_err() || took > MAX_SECONDS || most > allowed {
            let panics = result.is_err();
            let line = format!("seed {seed}: {took:.2} s, {} MiB, panics: {panics}", most >> 20);
            self.faults.push(line);
        }
    }
}

impl std::fmt::Display for Worst {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let Self { files, works, seconds, memory, share, faults } = self;
        write!(f, "{files} models, {works} work, {} faults; ", faults.len())?;
        write!(f, "at most {:.3} s (seed {}), ", seconds.0, seconds.1)?;
        write!(f, "{} MiB (seed {}), ", memory.0 >> 20, memory.1)?;
        write!(f, "{:.2} of the memory allowed (seed {})", share.0, share.1)
    }
}
