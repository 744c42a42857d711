//! The training loop.

use super::checkpoint::{self, Progress};
use super::config::Config;
use super::environment::Environment;
use super::graphs::TrainingGraphs;
use super::log::Log;
use super::schedule::Schedule;
use super::step::{Batch, Report, Settings, State, Stepper};
use super::{Examples, batches};
use crate::error::{CheckpointFault, Error, Result};
use nneval_evaluator::{Encoder, Options, weights};
use nneval_files::sha256;
use nneval_runtime::{Runtime, SessionOptions};
use nneval_tables::statistics as stats;
use std::path::Path;
use std::time::Instant;

/// What a run tells its observer.
#[derive(Debug, Clone)]
pub enum Event {
    /// A step was taken: its number, the number of all steps, the report.
    Step(u64, u64, Report),
    /// An epoch ended: its number from 1, mean loss, validation τ by metric, seconds.
    Epoch(usize, f64, Vec<Option<f64>>, f64),
}

/// Result of a run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The parameters to ship: those of the best epoch, flat.
    pub params: Vec<f32>,
    /// The epoch they come from, from 1.
    pub epoch: usize,
    /// Mean validation τ at that epoch; the negative loss without validation rows.
    pub score: f64,
}

/// A training run: what to train on, with what, and where its files go.
///
/// ```no_run
/// use nneval_runtime::{self as runtime, Runtime, SessionOptions};
/// use nneval_train::{Config, Examples, Run, TrainingGraphs};
/// # fn main() -> nneval_train::Result<()> {
/// let located = runtime::locate(None)?.expect("`nneval runtime --install` was run");
/// let runtime = Runtime::load(&located)?;
/// let graphs = TrainingGraphs::open("models/graphs/tiny".as_ref())?;
/// let train = Examples {
///     names: vec!["my_lat_ms".into()],
///     tokens: vec![vec![vec![5, 6, 1]], vec![vec![5, 7, 1]]],
///     targets: vec![vec![Some(-1.0)], vec![Some(1.0)]],
///     ..Examples::default()
/// };
/// let (config, none) = (Config { epochs: 3, ..Config::default() }, Examples::default());
/// let run = Run {
///     runtime: &runtime,
///     session: SessionOptions::default(),
///     graphs: &graphs,
///     config: &config,
///     train: &train,
///     unlabelled: &none,
///     valid: &none,
///     initial: None,
///     dir: "runs/mine".as_ref(),
/// };
/// let outcome = run.execute(false, &mut |event| println!("{event:?}"))?;
/// println!("parameters of epoch {}", outcome.epoch);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Run<'a> {
    /// ONNX Runtime.
    pub runtime: &'a Runtime,
    /// Provider and threads of the training session.
    pub session: SessionOptions,
    /// Training graphs.
    pub graphs: &'a TrainingGraphs,
    /// Settings.
    pub config: &'a Config,
    /// Training rows.
    pub train: &'a Examples,
    /// Networks without labels of their own that join the batches: auxiliary
    /// targets, or metrics that other evaluators predicted; may be empty.
    pub unlabelled: &'a Examples,
    /// Validation rows; may be empty.
    pub valid: &'a Examples,
    /// Parameters to start from instead of random ones.
    pub initial: Option<Vec<f32>>,
    /// Folder for checkpoints and logs.
    pub dir: &'a Path,
}

impl<'a> Run<'a> {
    /// Trains, from the last checkpoint where `resume` is set and there is one.
    /// A resumed run takes the very steps that an uninterrupted one takes.
    ///
    /// # Errors
    /// [`Error::Setting`], [`Error::Data`], [`Error::Checkpoint`] for one of another run,
    /// [`Error::NotFinite`], [`Error::Runtime`]. The last good checkpoint stays.
    pub fn execute(&self, resume: bool, observe: &mut dyn FnMut(&Event)) -> Result<Outcome> {
        self.consistent()?;
        let (mut progress, mut state) = self.start(resume)?;
        let mut stepper = Stepper::new(self.runtime, self.graphs, &self.session)?;
        let mut steps = Log::open(
            &self.dir.join("steps.csv"),
            "step,lr,loss,mse,rank,grad_norm",
            progress.step,
        )?;
        let mut epochs =
            Log::open(&self.dir.join("epochs.csv"), &self.epoch_header(), progress.epoch as u64)?;
        let lengths: Vec<usize> =
            self.train.tokens.iter().map(|t| t.first().map_or(0, Vec::len)).collect();
        let per_epoch = lengths.len().div_ceil(self.config.batch.max(1)) as u64;
        let schedule = self.schedule(per_epoch);
        while progress.epoch < self.config.epochs && !self.stalled(&progress) {
            let started = Instant::now();
            let batches = batches::epoch(
                &lengths,
                self.config.batch,
                self.config.seed,
                progress.epoch as u64,
            );
            let done = usize::try_from(state.step - progress.epoch as u64 * per_epoch).unwrap_or(0);
            for rows in batches.iter().skip(done) {
                let settings = self.settings(schedule.at(state.step));
                let joined = self.joined(state.step);
                let batch = self.batch(rows, &joined, state.step, progress.epoch as u64);
                let report = stepper.step(&mut state, &batch, &settings)?;
                progress.step = state.step;
                progress.loss = (progress.loss.0 + f64::from(report.loss), progress.loss.1 + 1);
                let Report { loss, mse, rank, grad_norm } = report;
                steps.row(&format!(
                    "{},{},{loss},{mse},{rank},{grad_norm}",
                    state.step, settings.lr
                ))?;
                observe(&Event::Step(state.step, schedule.total, report));
                if self.config.checkpoint_steps > 0
                    && state.step % self.config.checkpoint_steps == 0
                {
                    checkpoint::save(&self.dir.join("last.ckpt"), &progress, &state)?;
                }
            }
            self.end_epoch(&mut progress, &state, &mut epochs, started, observe)?;
        }
        let (progress, best) = checkpoint::load(&self.dir.join("best.ckpt"))?;
        let (score, epoch) = progress.best.unwrap_or((f64::NAN, progress.epoch));
        Ok(Outcome { params: self.shipped(&best).to_vec(), epoch, score })
    }

    /// Whether [`Run::execute`] can start; nothing is written.
    ///
    /// # Errors
    /// As [`Run::execute`] before its first step.
    pub fn check(&self, resume: bool) -> Result<()> {
        self.consistent()?;
        self.start(resume).map(drop)
    }

    fn consistent(&self) -> Result<()> {
        if let Some(fault) = self.config.fault() {
            return Err(Error::Setting(fault.into()));
        }
        if self.train.tokens.is_empty() {
            return Err(Error::Data("there are no training rows".into()));
        }
        let (metrics, max) = (self.train.names.len(), self.graphs.info.max_metrics);
        if metrics == 0 || metrics > max {
            let name = &self.graphs.info.name;
            return Err(Error::Data(format!(
                "{metrics} metrics; graphs {name:?} train 1 to {max}"
            )));
        }
        let vocab = self.graphs.info.vocab;
        let rows = self.train.tokens.iter().chain(&self.valid.tokens);
        let all = rows.chain(&self.unlabelled.tokens).flatten().flatten();
        match all.max().is_some_and(|&t| t as usize >= vocab) {
            true => {
                Err(Error::Data(format!("the tokenizer has more than the graphs' {vocab} tokens")))
            }
            false => Ok(()),
        }
    }

    fn fingerprint(&self) -> String {
        let mut bytes = serde_json::to_vec(&self.config).unwrap_or_default();
        for e in [self.train, self.valid, self.unlabelled] {
            bytes.extend(e.tokens.iter().flatten().flatten().flat_map(|t| t.to_le_bytes()));
            let targets = e.targets.iter().flatten().map(|t| t.unwrap_or(f32::NAN));
            bytes.extend(targets.flat_map(f32::to_le_bytes));
        }
        bytes.extend(sha256(&self.graphs.train).into_bytes());
        sha256(&bytes)
    }

    fn start(&self, resume: bool) -> Result<(Progress, State)> {
        let last = self.dir.join("last.ckpt");
        let fingerprint = self.fingerprint();
        let environment = Environment::new(self.runtime, &self.session);
        let refuse = |fault| Error::Checkpoint { path: last.clone(), fault };
        if resume && last.exists() {
            let (progress, state) = checkpoint::load(&last)?;
            if progress.fingerprint != fingerprint
                || state.params.len() != self.graphs.info.n_params
            {
                return Err(refuse(CheckpointFault::OtherRun));
            }
            if progress.environment != environment {
                return Err(refuse(CheckpointFault::OtherEnvironment {
                    was: Box::new(progress.environment),
                    here: Box::new(environment),
                }));
            }
            return Ok((progress, state));
        }
        if last.exists() {
            return Err(refuse(CheckpointFault::RunStands));
        }
        let params = match &self.initial {
            Some(p) if p.len() == self.graphs.info.n_params => p.clone(),
            Some(_) => {
                return Err(Error::Start("training: initial parameters of another size".into()));
            }
            None => self.graphs.info.initial(self.config.seed),
        };
        let progress =
            Progress { fingerprint, environment, epoch: 0, step: 0, best: None, loss: (0.0, 0) };
        Ok((progress, State::new(params)))
    }

    fn schedule(&self, per_epoch: u64) -> Schedule {
        let total = per_epoch * self.config.epochs as u64;
        let warmup = (total as f64 * f64::from(self.config.warmup)) as u64;
        Schedule { peak: self.config.lr, warmup, total }
    }

    fn settings(&self, lr: f32) -> Settings {
        let c = self.config;
        Settings {
            lr,
            weight_decay: c.weight_decay,
            beta1: c.beta1,
            beta2: c.beta2,
            clip_norm: c.clip_norm,
            rank_weight: c.rank_weight,
            average_decay: c.average_decay,
        }
    }

    fn joined(&self, step: u64) -> Vec<usize> {
        let k = (self.config.unlabelled * self.config.batch as f32).round() as usize;
        batches::joined(self.unlabelled.tokens.len(), k, self.config.seed, step)
    }

    /// The labelled `rows` and after them the unlabelled rows `joined`.
    fn batch(&self, rows: &[usize], joined: &[usize], step: u64, epoch: u64) -> Batch<'a> {
        let info = &self.graphs.info;
        let columns = info.max_metrics;
        let all = || {
            let labelled = rows.iter().map(|&row| (self.train, row));
            labelled.chain(joined.iter().map(|&row| (self.unlabelled, row)))
        };
        let count = rows.len() + joined.len();
        let mut target = vec![0.0; count * columns];
        let mut present = vec![0.0; count * columns];
        let slots = target.chunks_mut(columns).zip(present.chunks_mut(columns));
        for ((of, row), (target, present)) in all().zip(slots) {
            let labels = of.targets.get(row).map_or(&[][..], Vec::as_slice);
            for (i, label) in labels.iter().enumerate() {
                let Some(x) = label else { continue };
                let at = of.column(i, columns);
                if let (Some(t), Some(p)) = (target.get_mut(at), present.get_mut(at)) {
                    (*t, *p) = (*x, 1.0);
                }
            }
        }
        let spelling = |pair: (&'a Examples, usize)| {
            let (of, row) = pair;
            let spellings = of.tokens.get(row)?;
            let i = batches::spelling(spellings.len(), row as u64, self.config.seed, epoch);
            Some(spellings.get(i)?.as_slice())
        };
        let tokens = all().filter_map(spelling).collect();
        let len = count * 2 * info.layers * info.d;
        let branch_mask = batches::branch_mask(len, self.config.dropout, self.config.seed, step);
        Batch { tokens, target, present, branch_mask }
    }

    /// The parameters that are validated and shipped.
    fn shipped<'s>(&self, state: &'s State) -> &'s [f32] {
        if self.config.average_decay > 0.0 { &state.average } else { &state.params }
    }

    fn end_epoch(
        &self,
        progress: &mut Progress,
        state: &State,
        log: &mut Log,
        started: Instant,
        observe: &mut dyn FnMut(&Event),
    ) -> Result<()> {
        let loss = progress.loss.0 / progress.loss.1.max(1) as f64;
        let taus = self.validate(self.shipped(state))?;
        let known: Vec<f64> = taus.iter().flatten().copied().collect();
        let score = match known.len() {
            0 => -loss,
            n => known.iter().sum::<f64>() / n as f64,
        };
        progress.epoch += 1;
        progress.loss = (0.0, 0);
        let seconds = started.elapsed().as_secs_f64();
        let cells = taus.iter().map(|t| t.map_or(String::new(), |t| format!("{t:.5}")));
        let row: Vec<String> = cells.collect();
        log.row(&format!(
            "{},{},{loss:.6},{score:.6},{seconds:.2},{}",
            progress.epoch,
            state.step,
            row.join(",")
        ))?;
        observe(&Event::Epoch(progress.epoch, loss, taus, seconds));
        if progress.best.is_none_or(|(b, _)| score > b) {
            progress.best = Some((score, progress.epoch));
            checkpoint::save(&self.dir.join("best.ckpt"), progress, state)?;
        }
        checkpoint::save(&self.dir.join("last.ckpt"), progress, state)
    }

    fn epoch_header(&self) -> String {
        let names: Vec<String> = self
            .train
            .names
            .iter()
            .take(self.train.metrics())
            .map(|n| format!("tau_{n}"))
            .collect();
        format!("epoch,step,loss,score,seconds,{}", names.join(","))
    }

    /// Kendall's τ-b on the validation rows, by metric.
    fn validate(&self, params: &[f32]) -> Result<Vec<Option<f64>>> {
        let metrics = self.train.metrics();
        if self.valid.tokens.is_empty() {
            return Ok(vec![None; metrics]);
        }
        let tokens = self.valid.canonical();
        let rows = predict(self.runtime, self.graphs, params, metrics, &tokens)?;
        let tau =
            |m: usize| {
                let pairs =
                    self.valid.targets.iter().zip(&rows).filter_map(|(t, p)| {
                        Some((f64::from((*t.get(m)?)?), f64::from(*p.get(m)?)))
                    });
                let (reported, predicted): (Vec<f64>, Vec<f64>) = pairs.unzip();
                stats::kendall_tau(&predicted, &reported)
            };
        Ok((0..metrics).map(tau).collect())
    }

    /// True once patience is exhausted.
    fn stalled(&self, progress: &Progress) -> bool {
        let since = progress.best.map_or(0, |(_, e)| progress.epoch - e);
        self.config.patience > 0 && since >= self.config.patience
    }
}

/// Model outputs of `params` for token sequences.
fn predict(
    runtime: &Runtime,
    graphs: &TrainingGraphs,
    params: &[f32],
    metrics: usize,
    tokens: &[Vec<u32>],
) -> Result<Vec<Vec<f32>>> {
    let parameters = graphs.info.parameters(params, metrics);
    let model = weights::embed(&graphs.encoder, parameters, &["metrics"])?;
    let longest = tokens.iter().map(Vec::len).max().unwrap_or(0);
    let encoder = Encoder::new(runtime, &model, Options::default(), longest)?;
    let outputs = encoder.run(tokens, &["metrics"])?.pop().unwrap_or_default();
    Ok(outputs.outer_iter().map(|row| row.to_vec()).collect())
}
