//! Measuring process: one model, one session, as many rounds as the parent asks
//! for. It ends when its parent closes its stdin or dies.

use super::memory::{ArenaLog, Level, limit};
use super::protocol::{Job, Opened, Reply, Request, Round};
use super::reply::reply;
use super::watch::be_watched;
use super::{timing, values};
use crate::error::{Error, Result};
use nneval_runtime::{LibraryOrigin, Located, Provider, Runtime, SessionOptions};
use ort::session::{Session, SessionInputValue};
use ort::value::{DynSequenceValueType, DynValue, DynValueTypeMarker, ValueType};
use std::borrow::Cow;
use std::io::BufRead;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

/// Answers the requests. The memory of this process is its own business, or that
/// of the one that `watches`.
///
/// # Errors
/// As [`serve`](super::serve).
pub fn answer(watches: bool) -> Result<()> {
    let requests = requests();
    let Some(Request::Open(job)) = next(&requests)? else {
        return Err(Error::process("the first request must be to open a model"));
    };
    let mut model = match Loaded::open(&job, watches) {
        Ok(model) => model,
        Err(e) => return reply(&Reply::Failed(e.to_string())),
    };
    while let Some(request) = next(&requests)? {
        let Request::Round(bounds) = request else { continue };
        match timing::measure(&bounds, || model.run()) {
            Ok(round) => reply(&Reply::Round(Round { memory: model.level.memory(), ..round }))?,
            Err(e) => return reply(&Reply::Failed(e.to_string())),
        }
    }
    Ok(())
}

/// Lines of stdin. A thread reads them, so that a parent that dies while a
/// model runs ends this process too.
fn requests() -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(std::io::Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
        std::process::exit(0);
    });
    receiver
}

fn next(requests: &Receiver<String>) -> Result<Option<Request>> {
    let Ok(line) = requests.recv() else { return Ok(None) };
    let request = serde_json::from_str(&line);
    request.map(Some).map_err(|e| Error::process_fails("a request cannot be read", e))
}

/// An open model with its inputs.
struct Loaded {
    session: Session,
    names: Vec<String>,
    inputs: Vec<DynValue>,
    level: Level,
}

impl Loaded {
    /// Opens the model and runs it once, telling the parent of each step.
    fn open(job: &Job, watches: bool) -> Result<Self> {
        let arena = ArenaLog::default();
        let log = arena.clone();
        let located = Located { path: job.library.clone(), source: LibraryOrigin::Explicit };
        let runtime = Runtime::load_observed(&located, Box::new(move |text| log.read(text)))?;
        let options = SessionOptions::default()
            .with_provider(job.provider.parse().map_err(nneval_runtime::Error::from)?);
        let options = options.with_threads(job.threads);
        limit(job.memory_limit)?;
        let watched = watches && be_watched();
        reply(&Reply::Loaded)?;
        let level = if watched { Level::watched(arena) } else { Level::now(arena) };
        let inputs = values::make(&job.inputs, job.seed)?;
        level.restart_mark();
        let start = Instant::now();
        let session = runtime.session_from_file(&job.model, &options)?.into_ort();
        let session_ms = milliseconds(start);
        reply(&Reply::Session)?;
        let names = job.inputs.iter().map(|i| i.name.clone()).collect();
        let mut model = Self { session, names, inputs, level };
        let start = Instant::now();
        let output_shapes = model.run_with(shapes)?;
        let first_run_ms = milliseconds(start);
        let memory = model.level.memory();
        let provider = provider(&runtime, job, &options)?;
        let opened = Opened { session_ms, first_run_ms, output_shapes, provider, memory };
        reply(&Reply::Opened(opened))?;
        Ok(model)
    }

    fn run(&mut self) -> Result<()> {
        self.run_with(|_| ())
    }

    /// Runs the model and looks at its outputs.
    fn run_with<T>(&mut self, look: impl FnOnce(&ort::session::SessionOutputs) -> T) -> Result<T> {
        let feed = |(name, value): (_, _)| -> (Cow<str>, SessionInputValue) {
            let (name, value): (&String, &DynValue) = (name, value);
            (Cow::from(name.as_str()), value.into())
        };
        let feeds: Vec<_> = self.names.iter().zip(&self.inputs).map(feed).collect();
        let outputs = self.session.run(feeds);
        outputs.map(|o| look(&o)).map_err(|e| {
            let words = e.to_string();
            Error::model(format!(
                "a run fails: {}",
                words.split_whitespace().collect::<Vec<_>>().join(" ")
            ))
        })
    }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// `NAME=1x10;NAME=seq(3)`.
fn shapes(outputs: &ort::session::SessionOutputs) -> String {
    let one = |(name, value): (&str, ort::value::ValueRef<'_, DynValueTypeMarker>)| {
        format!("{name}={}", shape(&value))
    };
    outputs.iter().map(one).collect::<Vec<_>>().join(";")
}

fn shape(value: &ort::value::ValueRef<'_, DynValueTypeMarker>) -> String {
    match value.dtype() {
        ValueType::Tensor { shape, .. } => {
            let dims: Vec<u64> = shape.iter().map(|&d| u64::try_from(d).unwrap_or(0)).collect();
            nneval_graph::inputs::shape_text(&dims)
        }
        ValueType::Sequence(_) => match value.view().downcast::<DynSequenceValueType>() {
            Ok(sequence) => match sequence.try_extract_sequence::<DynValueTypeMarker>() {
                Ok(items) => format!("seq({})", items.len()),
                Err(_) => "seq".to_owned(),
            },
            Err(_) => "seq".to_owned(),
        },
        ValueType::Map { .. } => "map".to_owned(),
        ValueType::Optional(_) => "opt".to_owned(),
    }
}

/// The provider in use; where nodes run on others as well, the share of each.
fn provider(runtime: &Runtime, job: &Job, options: &SessionOptions) -> Result<String> {
    if options.provider == Provider::Cpu {
        return Ok(options.provider.to_string());
    }
    let placement = runtime.placement_in_file(&job.model, options)?;
    placement.check()?;
    Ok(placement.shares())
}
