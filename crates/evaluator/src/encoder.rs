//! Token sequences → model outputs, in batches of one length bucket over a pool
//! of sessions.

use super::Options;
use super::batches::{Batch, Budget, batches, bucket, padded};
use super::pool::Pool;
use crate::error::{Error, Result};
use nneval_runtime::{Placement, Profile, Provider, Runtime, SessionOptions, TensorRt};
use ort::session::Session;
use ort::value::Tensor;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// A model with inputs `input_ids`, `attention_mask` [batch, seq] and float
/// outputs [batch, n], opened once for each thread. What a sequence is encoded to
/// does not depend on the others of a call, to the bit on the CPU: its padded
/// length is a function of its own ([`bucket`](super::bucket)), and ONNX Runtime's kernels sum a
/// row in the same order whatever the number of rows.
#[derive(Debug)]
pub struct Encoder {
    pool: Pool,
    budget: Budget,
    placement: Option<Placement>,
}

/// The length that engines are tuned for: operation strings of search spaces are
/// a few dozen tokens.
const USUAL_LENGTH: usize = 64;

/// Rows of one output.
pub type Rows = Vec<Vec<f32>>;

fn failed(e: impl std::fmt::Display) -> Error {
    Error::Runtime(e.to_string())
}

impl Encoder {
    /// Opens `model` (ONNX bytes) for sequences of up to `window` tokens. On the
    /// CPU as many sessions of one thread each work side by side as `options` has
    /// threads; other providers get one session.
    ///
    /// # Errors
    /// [`Error::Runtime`].
    pub fn new(runtime: &Runtime, model: &[u8], options: Options, window: usize) -> Result<Self> {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let (budget, count) = match (options.provider, options.threads) {
            (Provider::Cpu, 0) => (Budget::CPU, cores()),
            (Provider::Cpu, n) => (Budget::CPU, n),
            _ => (Budget::GPU, 1),
        };
        let profile = Some(profile(budget, window));
        let options = SessionOptions {
            provider: options.provider,
            intra_threads: 1,
            tensorrt: TensorRt { fp16: options.fp16, profile, keep_engines: true },
            ..Default::default()
        };
        let (first, placement) = runtime.placed_session(model, &options)?;
        let others = (1..count).map(|_| runtime.session_from_memory(model, &options));
        let sessions = std::iter::once(Ok(first)).chain(others).collect::<Result<_>>()?;
        Ok(Self { pool: Pool::new(sessions)?, budget, placement })
    }

    /// The share of the model's nodes that the provider took; `None` for the CPU,
    /// which takes all.
    pub fn placement(&self) -> Option<&Placement> {
        self.placement.as_ref()
    }

    /// Runs all sequences; the result has one row for each, in their order,
    /// for each output name asked for. Calls from several threads share the
    /// sessions; no lock is held while a model runs.
    ///
    /// # Errors
    /// [`Error::Runtime`].
    pub fn run<S: AsRef<[u32]> + Sync>(
        &self,
        sequences: &[S],
        outputs: &[&str],
    ) -> Result<Vec<Rows>> {
        let batches = batches(sequences, self.budget);
        let next = AtomicUsize::new(0);
        let results: Mutex<Vec<Rows>> =
            Mutex::new(vec![vec![Vec::new(); sequences.len()]; outputs.len()]);
        let work = || -> Result<()> {
            while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                let rows = run_batch(self.pool.borrow().session()?, sequences, batch, outputs)
                    .inspect_err(|_| next.store(batches.len(), Ordering::Relaxed))?;
                let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                for (all, of_batch) in results.iter_mut().zip(rows) {
                    for (&i, row) in batch.rows.iter().zip(of_batch) {
                        if let Some(slot) = all.get_mut(i) {
                            *slot = row;
                        }
                    }
                }
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let others = self.pool.size().min(batches.len()).saturating_sub(1);
            let others: Vec<_> = (0..others).map(|_| scope.spawn(work)).collect();
            let own = work();
            let joined = others
                .into_iter()
                .map(|t| t.join().unwrap_or_else(|_| Err(failed("a worker thread died"))));
            joined.chain([own]).collect::<Result<Vec<()>>>()
        })?;
        Ok(results.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The shapes of all buckets and batches: \[1, 8\] up to the budget's rows and the window.
fn profile(budget: Budget, window: usize) -> Profile {
    let (shortest, longest) = (bucket(1), bucket(window));
    let usual = bucket(USUAL_LENGTH).min(longest);
    Profile {
        inputs: &["input_ids", "attention_mask"],
        least: [1, shortest],
        usual: [budget.most_rows(usual), usual],
        most: [budget.most_rows(shortest), longest],
    }
}

fn run_batch<S: AsRef<[u32]>>(
    session: &mut Session,
    sequences: &[S],
    batch: &Batch,
    outputs: &[&str],
) -> Result<Vec<Rows>> {
    let rows: Vec<&[u32]> =
        batch.rows.iter().filter_map(|&i| sequences.get(i)).map(AsRef::as_ref).collect();
    let (ids, mask, width) = padded(&rows, batch.width);
    let shape = [rows.len(), width];
    let ids = Tensor::from_array((shape, ids)).map_err(failed)?;
    let mask = Tensor::from_array((shape, mask)).map_err(failed)?;
    let inputs = ort::inputs!["input_ids" => ids, "attention_mask" => mask];
    let result = session.run(inputs).map_err(failed)?;
    let mut all = Vec::with_capacity(outputs.len());
    for name in outputs {
        let value = result.get(*name).ok_or_else(|| failed(format!("no output {name:?}")))?;
        let (shape, data) = value.try_extract_tensor::<f32>().map_err(failed)?;
        let n = match **shape {
            [b, n] if usize::try_from(b).ok() == Some(rows.len()) => {
                usize::try_from(n).unwrap_or(0)
            }
            _ => return Err(failed(format!("output {name:?} has shape {shape}"))),
        };
        all.push(data.chunks_exact(n.max(1)).map(<[f32]>::to_vec).collect());
    }
    Ok(all)
}
