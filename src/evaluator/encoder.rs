//! Token sequences → model outputs, in length-sorted batches over a pool of
//! sessions.

use crate::error::{Error, Result};
use crate::runtime::{Provider, Runtime, SessionOptions};
use crate::tokenizer::PAD;
use ort::session::Session;
use ort::value::Tensor;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Padded tokens in one batch, at most (unless a single sequence is longer).
const BATCH_TOKENS: usize = 4096;
/// Sequences in one batch, at most.
const BATCH_ROWS: usize = 64;

/// A model with inputs `input_ids`, `attention_mask` [batch, seq] and float
/// outputs [batch, n], opened once for each thread.
#[derive(Debug)]
pub struct Encoder {
    sessions: Vec<Mutex<Session>>,
}

/// Rows of one output.
pub type Rows = Vec<Vec<f32>>;

fn failed(e: impl std::fmt::Display) -> Error {
    Error::Runtime(e.to_string())
}

impl Encoder {
    /// Opens `model` (ONNX bytes). On the CPU `threads` sessions of one thread
    /// each work side by side; other providers get one session.
    ///
    /// # Errors
    /// [`Error::Runtime`].
    pub fn new(
        runtime: &Runtime,
        model: &[u8],
        provider: Provider,
        threads: usize,
    ) -> Result<Self> {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let count = match (provider, threads) {
            (Provider::Cpu, 0) => cores(),
            (Provider::Cpu, n) => n,
            _ => 1,
        };
        let options = SessionOptions { provider, intra_threads: 1, ..Default::default() };
        let open = |_| runtime.session_from_memory(model, &options).map(Mutex::new);
        Ok(Self { sessions: (0..count).map(open).collect::<Result<_>>()? })
    }

    /// Runs all sequences; the result has one row for each, in their order,
    /// for each output name asked for.
    ///
    /// # Errors
    /// [`Error::Runtime`].
    pub fn run(&self, sequences: &[Vec<u32>], outputs: &[&str]) -> Result<Vec<Rows>> {
        let batches = batches(sequences);
        let next = AtomicUsize::new(0);
        let results: Mutex<Vec<Rows>> =
            Mutex::new(vec![vec![Vec::new(); sequences.len()]; outputs.len()]);
        let work = |session: &Mutex<Session>| -> Result<()> {
            let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
            while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                let rows = run_batch(&mut session, sequences, batch, outputs)?;
                let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                for (all, of_batch) in results.iter_mut().zip(rows) {
                    for (&i, row) in batch.iter().zip(of_batch) {
                        if let Some(slot) = all.get_mut(i) {
                            *slot = row;
                        }
                    }
                }
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = self
                .sessions
                .iter()
                .take(batches.len())
                .map(|session| scope.spawn(|| work(session)))
                .collect();
            threads
                .into_iter()
                .map(|t| t.join().unwrap_or_else(|_| Err(failed("a worker thread died"))))
                .collect::<Result<Vec<()>>>()
        })?;
        Ok(results.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Indices of the sequences, shortest first, cut into batches.
fn batches(sequences: &[Vec<u32>]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..sequences.len()).collect();
    let length = |i: usize| sequences.get(i).map_or(0, Vec::len);
    order.sort_by_key(|&i| (length(i), i));
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for i in order {
        match batches.last_mut() {
            Some(b) if b.len() < BATCH_ROWS && (b.len() + 1) * length(i) <= BATCH_TOKENS => {
                b.push(i);
            }
            _ => batches.push(vec![i]),
        }
    }
    batches
}

/// `input_ids` and `attention_mask` of some sequences, padded to the longest.
pub fn padded(sequences: &[&[u32]]) -> (Vec<i64>, Vec<i64>, usize) {
    let width = sequences.iter().map(|s| s.len()).max().unwrap_or(0).max(1);
    let mut ids = Vec::with_capacity(sequences.len() * width);
    let mut mask = Vec::with_capacity(sequences.len() * width);
    for s in sequences {
        ids.extend(s.iter().map(|&t| i64::from(t)));
        mask.extend(s.iter().map(|_| 1i64));
        ids.extend((s.len()..width).map(|_| i64::from(PAD)));
        mask.extend((s.len()..width).map(|_| 0i64));
    }
    (ids, mask, width)
}

fn run_batch(
    session: &mut Session,
    sequences: &[Vec<u32>],
    batch: &[usize],
    outputs: &[&str],
) -> Result<Vec<Rows>> {
    let rows: Vec<&[u32]> =
        batch.iter().filter_map(|&i| sequences.get(i)).map(Vec::as_slice).collect();
    let (ids, mask, width) = padded(&rows);
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
