//! The encoder: token sequences to model outputs, in batches of one length bucket over a pool of
//! sessions.

use super::batches::{Batch, Budget, batches, bucket, padded};
use super::options::Options;
use super::pool::Pool;
use crate::error::{Error, Result};
use ndarray::{Array2, Ix2, s};
use nneval_runtime::{Placement, Profile, Provider, Runtime, Session, SessionOptions, TensorRt};
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
        let tensorrt = TensorRt { fp16: options.fp16, profile, keep_engines: true };
        let options = SessionOptions::default()
            .with_provider(options.provider)
            .with_threads(1)
            .with_tensorrt(tensorrt);
        let (first, placement) = runtime.placed_session(model, &options)?;
        let others = (1..count).map(|_| runtime.session_from_memory(model, &options));
        let sessions = std::iter::once(Ok(first)).chain(others).collect::<Result<_, _>>()?;
        Ok(Self { pool: Pool::new(sessions)?, budget, placement })
    }

    /// The share of the model's nodes that the provider took; `None` for the CPU,
    /// which takes all.
    pub fn placement(&self) -> Option<&Placement> {
        self.placement.as_ref()
    }

    /// Runs all sequences. The result has an array \[sequences, n\] for each output name asked
    /// for. Calls from several threads share the sessions; no lock is held while a model runs.
    ///
    /// # Errors
    /// [`Error::Runtime`].
    pub fn run<S: AsRef<[u32]> + Sync>(
        &self,
        sequences: &[S],
        outputs: &[&str],
    ) -> Result<Vec<Array2<f32>>> {
        let batches = batches(sequences, self.budget);
        let next = AtomicUsize::new(0);
        let empty = Array2::zeros((sequences.len(), 0));
        let results = Mutex::new(vec![empty; outputs.len()]);
        let work = || -> Result<()> {
            while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                let arrays = run_batch(self.pool.borrow().session()?, sequences, batch, outputs)
                    .inspect_err(|_| next.store(batches.len(), Ordering::Relaxed))?;
                let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                for (all, part) in results.iter_mut().zip(arrays) {
                    place(all, &batch.rows, &part)?;
                }
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let others = self.pool.size().min(batches.len()).saturating_sub(1);
            let others: Vec<_> = (0..others).map(|_| scope.spawn(work)).collect();
            let own = work();
            let died = || Err(Error::internal("a worker thread died"));
            let joined = others.into_iter().map(|t| t.join().unwrap_or_else(|_| died()));
            joined.chain([own]).collect::<Result<Vec<()>>>()
        })?;
        Ok(results.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Puts the rows of `part` to the places `rows` of `all`, which gets its width from the first.
fn place(all: &mut Array2<f32>, rows: &[usize], part: &Array2<f32>) -> Result<()> {
    if all.ncols() == 0 {
        *all = Array2::zeros((all.nrows(), part.ncols()));
    }
    if all.ncols() != part.ncols() || rows.iter().any(|&i| i >= all.nrows()) {
        return Err(Error::internal("rows of one output differ in length"));
    }
    for (&i, row) in rows.iter().zip(part.outer_iter()) {
        all.slice_mut(s![i, ..]).assign(&row);
    }
    Ok(())
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
) -> Result<Vec<Array2<f32>>> {
    let rows: Vec<&[u32]> =
        batch.rows.iter().filter_map(|&i| sequences.get(i)).map(AsRef::as_ref).collect();
    let inputs = padded(&rows, batch.width);
    let (ids, mask) = (inputs.ids.view().into_dyn(), inputs.mask.view().into_dyn());
    let arrays = session.run(&[("input_ids", ids), ("attention_mask", mask)], outputs)?;
    let matrix = |(array, name): (ndarray::ArrayD<f32>, &&str)| {
        let shape = array.shape().to_vec();
        let wrong = || nneval_runtime::Error::Run {
            reason: format!("output {name:?} has shape {shape:?}"),
            cause: None,
        };
        let array = array.into_dimensionality::<Ix2>().ok();
        Ok(array.filter(|a| a.nrows() == rows.len()).ok_or_else(wrong)?)
    };
    arrays.into_iter().zip(outputs).map(matrix).collect()
}
