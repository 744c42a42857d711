//! Measuring schedule: blocks of models, rounds over a block, and the control
//! model before each round and at the end.
//!
//! The processes of a block stay open together. The order within a round is
//! random, so that no model always follows the same other one.

use super::log::{Entry, Log, Record};
use super::machine::available_memory;
use super::process::{Launcher, Process, Purpose};
use super::protocol::{Bounds, Job, Opened, Reply, Request, Round};
use super::settings::Settings;
use super::target::Target;
use crate::error::{Error, Result};
use nneval_files::TemporaryFolder;
use nneval_graph::budget;
use nneval_graph::inputs::{self, InputPlan};
use nneval_graph::model::{Limits, Model};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Share of the available memory that the open models of a block may take.
const MEMORY_SHARE: u64 = 2;

/// Where the time went, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Times {
    /// From the first model to the last.
    pub total: f64,
    /// Inside ONNX Runtime: sessions created and first runs.
    pub opening: f64,
    /// Inside ONNX Runtime: warm-up and timed runs.
    pub running: f64,
    /// The control model, its opening included.
    pub control: f64,
    /// Processes that models were opened in for their peak memory.
    pub memory: f64,
    /// Models that failed, until they did.
    pub failed: f64,
}

impl Times {
    /// Time inside ONNX Runtime on behalf of the models.
    pub fn models(&self) -> f64 {
        self.opening + self.running
    }

    /// Everything else but processes for memory, the control model and failures: starting processes,
    /// loading the library, reading graphs, making inputs, writing.
    pub fn overhead(&self) -> f64 {
        (self.total - self.models() - self.memory - self.control - self.failed).max(0.0)
    }
}

/// What happens while measuring.
#[derive(Debug)]
pub enum Event<'a> {
    /// One of the rounds of a model is done.
    Step,
    /// A model is done, well or not.
    Done(&'a Record),
}

/// Measures models one after another.
#[derive(Debug)]
pub struct Schedule<'a> {
    settings: &'a Settings,
    launcher: &'a Launcher,
    library: &'a Path,
    limits: Limits,
}

/// An open model with what is known of it.
struct Open {
    process: Process,
    record: Record,
}

impl<'a> Schedule<'a> {
    /// A schedule of these settings; children load `library`.
    pub fn new(settings: &'a Settings, launcher: &'a Launcher, library: &'a Path) -> Self {
        Self { settings, launcher, library, limits: Limits::default() }
    }

    /// The same, models read within other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Measures all `targets`, and logs each as soon as its block is done.
    ///
    /// # Errors
    /// [`Error::Process`] where the control model cannot be measured,
    /// [`Error::File`] where the log cannot be written. What is wrong with a
    /// target is in its record.
    pub fn run(
        &self,
        targets: &[Target],
        log: &mut Log,
        on: &mut dyn FnMut(Event),
    ) -> Result<Times> {
        let parent = std::env::temp_dir();
        let folder = TemporaryFolder::new(&parent, "nneval-measure-");
        let folder = folder.map_err(|e| Error::io(&parent, e))?;
        let mut run = Run {
            schedule: self,
            log,
            on,
            times: Times::default(),
            folder: folder.path().to_owned(),
            control: None,
            rng: ChaCha8Rng::seed_from_u64(self.settings.seed),
            budget: available_memory().map_or(u64::MAX, |m| m / MEMORY_SHARE),
        };
        let start = Instant::now();
        run.all(targets)?;
        run.times.total = start.elapsed().as_secs_f64();
        Ok(run.times)
    }
}

struct Run<'r, 'a> {
    schedule: &'r Schedule<'a>,
    log: &'r mut Log,
    on: &'r mut dyn FnMut(Event),
    times: Times,
    folder: PathBuf,
    control: Option<Process>,
    rng: ChaCha8Rng,
    budget: u64,
}

impl Run<'_, '_> {
    fn all(&mut self, targets: &[Target]) -> Result<()> {
        if targets.is_empty() {
            return Ok(());
        }
        self.open_control()?;
        let mut left = targets.iter();
        while !left.as_slice().is_empty() {
            let block = self.open_block(&mut left)?;
            self.rounds(block)?;
        }
        self.measure_control()
    }

    fn open_control(&mut self) -> Result<()> {
        let start = Instant::now();
        let settings = self.schedule.settings;
        if settings.rounds == 0 {
            return Ok(());
        }
        let Some(file) = settings.control.file(&self.folder)? else { return Ok(()) };
        let fail = |e: String| Error::process(format!("control model {}: {e}", file.display()));
        let plans = plan(&file, settings, &Limits::default()).map_err(|e| fail(e.to_string()))?;
        let mut process = Process::start(self.schedule.launcher, Purpose::Latency)?;
        self.open(&mut process, file.clone(), plans).map_err(fail)?;
        self.control = Some(process);
        self.times.control += start.elapsed().as_secs_f64();
        Ok(())
    }

    fn measure_control(&mut self) -> Result<()> {
        let start = Instant::now();
        let settings = self.schedule.settings;
        let Some(mut process) = self.control.take() else { return Ok(()) };
        let least = settings.bounds.least_seconds / 2.0;
        let bounds = Bounds { least_seconds: least, ..settings.bounds };
        let (time, round) = self
            .round(&mut process, &bounds)
            .map_err(|e| Error::process(format!("control model: {e}")))?;
        self.control = Some(process);
        let session = self.log.session();
        let (ms, cpu_ms) = (round.median_ms, round.cpu_ms);
        self.log.push(Entry::Control { session, time, ms, cpu_ms })?;
        self.times.control += start.elapsed().as_secs_f64();
        Ok(())
    }

    /// Opens models until the block is full, or memory.
    fn open_block(&mut self, left: &mut std::slice::Iter<Target>) -> Result<Vec<Open>> {
        let (mut block, mut held) = (Vec::new(), 0u64);
        while block.len() < self.schedule.settings.control_every.max(1) && held < self.budget {
            let Some(target) = left.next() else { break };
            let start = Instant::now();
            let scratch = self.folder.join(format!("{}.onnx", block.len()));
            let mut record = Record {
                path: target.path.clone(),
                carried: target.carried.clone(),
                session: self.log.session(),
                ..Record::default()
            };
            match self.open_target(target, &scratch, &mut record) {
                Ok(None) => self.done(record)?,
                Ok(Some(process)) => {
                    let opened = record.opened.clone().unwrap_or_default();
                    held = held.saturating_add(opened.memory.now.unwrap_or(0));
                    block.push(Open { process, record });
                }
                Err(e) => {
                    record.error = e;
                    self.times.failed += start.elapsed().as_secs_f64();
                    self.done(record)?;
                }
            }
        }
        Ok(block)
    }

    /// Measures the memory of a model, and opens it for its rounds, where there
    /// are any.
    fn open_target(
        &mut self,
        target: &Target,
        scratch: &Path,
        record: &mut Record,
    ) -> Result<Option<Process>, String> {
        let file = target.open(scratch).map_err(|e| e.to_string())?;
        let plans = plan(&file, self.schedule.settings, &self.schedule.limits)
            .map_err(|e| e.to_string())?;
        let shapes: Vec<String> = plans.iter().map(InputPlan::setting).collect();
        record.input_shapes = shapes.join(";");
        let start = Instant::now();
        for _ in 0..self.schedule.settings.memory_runs {
            let (mut process, opened) = self.open_new(&file, &plans, Purpose::Memory)?;
            record.memory.push(process.peak(opened.memory, self.timeout())?);
            record.opened = Some(opened);
        }
        self.times.memory += start.elapsed().as_secs_f64();
        if self.schedule.settings.rounds == 0 {
            return Ok(None);
        }
        let (process, opened) = self.open_new(&file, &plans, Purpose::Latency)?;
        self.times.opening += opened.seconds();
        record.opened = Some(opened);
        Ok(Some(process))
    }

    /// Opens a model in a new process.
    fn open_new(
        &self,
        file: &Path,
        plans: &[InputPlan],
        purpose: Purpose,
    ) -> Result<(Process, Opened), String> {
        let mut process =
            Process::start(self.schedule.launcher, purpose).map_err(|e| e.to_string())?;
        let opened = self.open(&mut process, file.to_owned(), plans.to_vec())?;
        Ok((process, opened))
    }

    fn open(
        &self,
        process: &mut Process,
        model: PathBuf,
        plans: Vec<InputPlan>,
    ) -> Result<Opened, String> {
        let settings = self.schedule.settings;
        let job = Job {
            library: self.schedule.library.to_owned(),
            model,
            provider: settings.provider.clone(),
            threads: settings.threads,
            inputs: plans,
            seed: settings.seed,
            memory_limit: settings.memory_limit,
        };
        process.send(&Request::Open(Box::new(job))).map_err(|e| e.to_string())?;
        let timeout = self.timeout();
        let mut doing = "loading ONNX Runtime";
        loop {
            match process.receive(timeout, doing).map_err(|e| self.explain(e))? {
                Reply::Loaded => doing = "opening the model",
                Reply::Session => doing = "running it for the first time",
                Reply::Opened(opened) => return Ok(opened),
                _ => return Err("the measuring process replies out of turn".to_owned()),
            }
        }
    }

    fn timeout(&self) -> Duration {
        let seconds = self.schedule.settings.timeout_seconds;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }

    /// Adds the limit to what is said of memory.
    fn explain(&self, reason: String) -> String {
        let short =
            ["bad_alloc", "Failed to allocate memory", "bad allocation", "memory allocation of"];
        match self.schedule.settings.memory_limit {
            Some(limit) if short.iter().any(|s| reason.contains(s)) => {
                format!("needs more than the memory limit of {} MB: {reason}", limit / 1_000_000)
            }
            _ => reason,
        }
    }

    /// All rounds of a block.
    fn rounds(&mut self, mut block: Vec<Open>) -> Result<()> {
        let bounds = self.schedule.settings.bounds;
        for _ in 0..self.schedule.settings.rounds {
            if block.is_empty() {
                break;
            }
            self.measure_control()?;
            let mut order: Vec<usize> = (0..block.len()).collect();
            order.shuffle(&mut self.rng);
            for i in order {
                let Some(open) = block.get_mut(i) else { continue };
                if !open.record.error.is_empty() {
                    continue;
                }
                let start = Instant::now();
                match self.round(&mut open.process, &bounds) {
                    Ok((time, round)) => {
                        self.times.running += round.seconds;
                        open.record.rounds.push((time, round));
                        (self.on)(Event::Step);
                    }
                    Err(e) => {
                        open.record.error = self.explain(e);
                        self.times.failed += start.elapsed().as_secs_f64();
                    }
                }
            }
        }
        for open in block {
            drop(open.process);
            self.done(open.record)?;
        }
        Ok(())
    }

    /// One round: the time of its middle, and what it gave.
    fn round(&self, process: &mut Process, bounds: &Bounds) -> Result<(f64, Round), String> {
        let start = now();
        process.send(&Request::Round(*bounds)).map_err(|e| e.to_string())?;
        let longest = bounds.warm_up_seconds + bounds.most_seconds;
        let timeout = longest + self.schedule.settings.timeout_seconds;
        let timeout = Duration::try_from_secs_f64(timeout).unwrap_or(Duration::MAX);
        match process.receive(timeout, "measuring its latency")? {
            Reply::Round(round) => Ok(((start + now()) / 2.0, round)),
            _ => Err("the measuring process replies out of turn".to_owned()),
        }
    }

    fn done(&mut self, record: Record) -> Result<()> {
        (self.on)(Event::Done(&record));
        self.log.push(Entry::Model(Box::new(record)))
    }
}

/// What a model is fed; its graph is read on one budget.
fn plan(file: &Path, settings: &Settings, limits: &Limits) -> Result<Vec<InputPlan>> {
    budget::within(file, limits, || {
        let model = Model::open(file, limits)?;
        Ok(inputs::plan(&model, &settings.bindings())?)
    })
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}
