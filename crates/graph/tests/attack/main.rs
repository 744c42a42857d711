//! Attacks on the reader, shapes, operation string and costs, aimed at their
//! budgets: known kinds of hostile files, and seeded models of random structure.
//! `tools/attack.sh` runs more of both.
//!
//! | variable | means | default |
//! |---|---|---|
//! | `NNEVAL_ATTACK_SCALE` | how much larger known kinds are | 1 |
//! | `NNEVAL_ATTACK_MODELS` | random models | 4096 |
//! | `NNEVAL_ATTACK_SEED` | the first of their seeds | 0 |
//! | `NNEVAL_ATTACK_KEEP` | folder where all known kinds are left | none |

mod kinds;
#[path = "../../../../tests/it/common/proto.rs"]
#[allow(dead_code)]
mod proto;
mod random;

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

/// Whatever the program does with a model, as `string`, `inspect` and
/// `evaluate` do. True where all of it works.
fn everything(read: &dyn Fn(&Limits) -> nneval_graph::Result<Model>, name: &Path) -> bool {
    let limits = Limits::default();
    let string = budget::within(name, &limits, || {
        let model = read(&limits)?;
        opstring::build(&model, &Shapes::infer(&model, &Bindings::default()))
    });
    if let Ok(graph) = &string {
        let text = opstring::write(graph);
        match opstring::parse(&text) {
            Ok(again) => assert!(again == *graph, "{}: does not parse back", name.display()),
            // Limits of the parser bound what is evaluated.
            Err(e) => {
                assert!(e.to_string().contains("when written out"), "{}: {e}", name.display())
            }
        }
        let _ = reduce::Reduction::Reachable.reduce(graph);
        let _ = (features::structure(graph), features::width_profile(graph));
    }
    let inspected = budget::within(name, &limits, || {
        let model = read(&limits)?;
        costs::of_model(&model, &Bindings::default())?;
        let _ = Shapes::infer(&model, &Bindings::default());
        costs::Terms::at_default_sizes(&model, &Bindings::default())
    });
    for e in [string.as_ref().err(), inspected.as_ref().err()].into_iter().flatten() {
        let line = e.to_string();
        assert!(line.starts_with(&name.display().to_string()), "{line}");
    }
    string.is_ok() && inspected.is_ok()
}

/// Processor time in seconds and most memory in bytes.
fn usage(who: UsageWho) -> (f64, u64) {
    let usage = getrusage(who).unwrap();
    let seconds = |t: nix::sys::time::TimeVal| t.tv_sec() as f64 + t.tv_usec() as f64 * 1e-6;
    let cpu = seconds(usage.user_time()) + seconds(usage.system_time());
    // Linux counts what the process was before it ran this program as well.
    let own = peak_kibibytes().unwrap_or(u64::try_from(usage.max_rss()).unwrap());
    (cpu, own << 10)
}

/// The most memory of this process, where the system tells.
fn peak_kibibytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
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
    let all = kinds::all(setting("NNEVAL_ATTACK_SCALE", 1));
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
    let works = on_small_stack(|| everything(&|limits| Model::open(&path, limits), &path));
    let (seconds, memory) = usage(UsageWho::RUSAGE_SELF);
    println!("report: {seconds:.2} s, {} MiB, works: {works}", memory >> 20);
    assert!(seconds < 2.0 * MAX_SECONDS, "{seconds} s for string and inspect");
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
    let (mut works, mut slowest, mut faults) = (0, (0.0, 0), Vec::new());
    for seed in (base + first..base + count).step_by(step) {
        let bytes = random::model_of(seed as u64, &operators);
        let name = PathBuf::from(format!("seed {seed}"));
        let read = |limits: &Limits| Model::from_bytes(bytes.clone().into(), &name, limits);
        let (seconds, result) = on_small_stack(|| {
            let result =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| everything(&read, &name)));
            (usage(UsageWho::RUSAGE_THREAD).0, result)
        });
        works += usize::from(matches!(result, Ok(true)));
        slowest = if seconds > slowest.0 { (seconds, seed) } else { slowest };
        if result.is_err() || seconds > MAX_SECONDS {
            faults.push(format!("seed {seed}: {seconds:.2} s, panics: {}", result.is_err()));
        }
    }
    let memory = usage(UsageWho::RUSAGE_SELF).1;
    println!(
        "report: shard {shard}: {works} models work; slowest {:.3} s (seed {}); {} MiB",
        slowest.0,
        slowest.1,
        memory >> 20
    );
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(memory < MAX_BYTES + (64 << 20), "{} MiB", memory >> 20);
}
