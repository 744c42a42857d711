//! One optimisation step: the training graph, and the state it carries on.

use super::graphs::TrainingGraphs;
use crate::error::{Error, Result};
use nneval_evaluator::padded;
use nneval_runtime::{Runtime, SessionOptions};
use ort::session::{Session, SessionInputValue};
use ort::value::{Tensor, TensorRef};

/// Everything that training carries from step to step.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// All parameters, flat.
    pub params: Vec<f32>,
    /// First moments of AdamW.
    pub adam_m: Vec<f32>,
    /// Second moments of AdamW.
    pub adam_v: Vec<f32>,
    /// Exponential moving average of the parameters.
    pub average: Vec<f32>,
    /// Steps taken.
    pub step: u64,
}

impl State {
    /// The state before the first step.
    pub fn new(params: Vec<f32>) -> Self {
        let zeros = vec![0.0; params.len()];
        Self { average: params.clone(), adam_m: zeros.clone(), adam_v: zeros, params, step: 0 }
    }
}

/// Input of one step. `rows` = number of sequences, `m` = columns of the head.
#[derive(Debug, Clone)]
pub struct Batch<'a> {
    /// Token sequences.
    pub tokens: Vec<&'a [u32]>,
    /// Targets, [rows, m].
    pub target: Vec<f32>,
    /// 1 where there is a target, 0 where it is missing, [rows, m].
    pub present: Vec<f32>,
    /// Factors on the outputs of the residual branches, [rows, 2·layers, d].
    pub branch_mask: Vec<f32>,
}

/// Settings of one step.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Learning rate.
    pub lr: f32,
    /// Decoupled weight decay (Loshchilov & Hutter 2019).
    pub weight_decay: f32,
    /// AdamW's β₁.
    pub beta1: f32,
    /// AdamW's β₂.
    pub beta2: f32,
    /// Largest global L2 norm of the gradient.
    pub clip_norm: f32,
    /// Weight of the pairwise ranking loss beside the squared error.
    pub rank_weight: f32,
    /// Decay of the parameters' moving average; 0 turns it off.
    pub average_decay: f32,
}

/// What a step reports.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Report {
    /// Total loss before the step.
    pub loss: f32,
    /// Its squared-error part.
    pub mse: f32,
    /// Its ranking part.
    pub rank: f32,
    /// Global L2 norm of the gradient before clipping.
    pub grad_norm: f32,
}

/// The training graph in a session.
#[derive(Debug)]
pub struct Stepper {
    session: Session,
    columns: usize,
    branches: [usize; 2],
}

fn failed(e: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Step(e.into())
}

impl Stepper {
    /// Opens the training graph.
    ///
    /// # Errors
    /// [`Error::Runtime`].
    pub fn new(
        runtime: &Runtime,
        graphs: &TrainingGraphs,
        options: &SessionOptions,
    ) -> Result<Self> {
        let session = runtime.session_from_memory(&graphs.train, options)?.into_ort();
        let info = &graphs.info;
        Ok(Self { session, columns: info.max_metrics, branches: [2 * info.layers, info.d] })
    }

    /// Takes one step: `state` moves on, the report is of the loss before it.
    ///
    /// # Errors
    /// [`Error::Step`] or [`Error::NotFinite`]; `state` is then unchanged.
    pub fn step(&mut self, state: &mut State, batch: &Batch, s: &Settings) -> Result<Report> {
        let inputs = self.inputs(state, batch, s)?;
        let out = self.session.run(inputs).map_err(failed)?;
        let get = |name: &str| -> Result<&[f32]> {
            let v = out.get(name).ok_or_else(|| failed(format!("no output {name:?}")))?;
            Ok(v.try_extract_tensor::<f32>().map_err(failed)?.1)
        };
        let scalar =
            |name: &str| -> Result<f32> { Ok(get(name)?.first().copied().unwrap_or(f32::NAN)) };
        let report = Report {
            loss: scalar("loss")?,
            mse: scalar("mse_loss")?,
            rank: scalar("rank_loss")?,
            grad_norm: scalar("grad_norm")?,
        };
        if !report.loss.is_finite() || !report.grad_norm.is_finite() {
            return Err(Error::NotFinite { step: state.step + 1 });
        }
        replace(&mut state.params, get("params_out")?)?;
        replace(&mut state.adam_m, get("adam_m_out")?)?;
        replace(&mut state.adam_v, get("adam_v_out")?)?;
        state.step += 1;
        average(state, s.average_decay);
        Ok(report)
    }

    /// Loss and unclipped gradients at `state`, which stays as it is.
    ///
    /// # Errors
    /// [`Error::Step`].
    pub fn gradients(
        &mut self,
        state: &State,
        batch: &Batch,
        s: &Settings,
    ) -> Result<(f32, Vec<f32>)> {
        let inputs = self.inputs(state, batch, s)?;
        let out = self.session.run(inputs).map_err(failed)?;
        let get = |name: &str| -> Result<Vec<f32>> {
            let v = out.get(name).ok_or_else(|| failed(format!("no output {name:?}")))?;
            Ok(v.try_extract_tensor::<f32>().map_err(failed)?.1.to_vec())
        };
        Ok((get("loss")?.first().copied().unwrap_or(f32::NAN), get("grads")?))
    }

    fn inputs<'v>(
        &self,
        state: &'v State,
        batch: &'v Batch,
        s: &Settings,
    ) -> Result<Vec<(&'static str, SessionInputValue<'v>)>> {
        let inputs = padded(&batch.tokens, 0);
        let rows = batch.tokens.len();
        let n = state.params.len();
        let view = |shape: &[usize], data: &'v [f32]| -> Result<SessionInputValue<'v>> {
            let t = TensorRef::from_array_view((shape.to_vec(), data)).map_err(failed)?;
            Ok(t.into())
        };
        let scalar = |x: f32| -> Result<SessionInputValue<'v>> {
            Ok(Tensor::from_array((Vec::<usize>::new(), vec![x])).map_err(failed)?.into())
        };
        let ints = |data: ndarray::Array2<i64>| -> Result<SessionInputValue<'v>> {
            Ok(Tensor::from_array(data).map_err(failed)?.into())
        };
        let [branches, d] = self.branches;
        Ok(vec![
            ("input_ids", ints(inputs.ids)?),
            ("attention_mask", ints(inputs.mask)?),
            ("target", view(&[rows, self.columns], &batch.target)?),
            ("target_mask", view(&[rows, self.columns], &batch.present)?),
            ("branch_mask", view(&[rows, branches, d], &batch.branch_mask)?),
            ("params", view(&[n], &state.params)?),
            ("adam_m", view(&[n], &state.adam_m)?),
            ("adam_v", view(&[n], &state.adam_v)?),
            ("lr", scalar(s.lr)?),
            ("weight_decay", scalar(s.weight_decay)?),
            ("beta1", scalar(s.beta1)?),
            ("beta2", scalar(s.beta2)?),
            ("step", scalar((state.step + 1) as f32)?),
            ("clip_norm", scalar(s.clip_norm)?),
            ("rank_weight", scalar(s.rank_weight)?),
        ])
    }
}

fn replace(old: &mut [f32], new: &[f32]) -> Result<()> {
    if old.len() != new.len() {
        return Err(failed(format!("the graph returned {} values, not {}", new.len(), old.len())));
    }
    old.copy_from_slice(new);
    Ok(())
}

/// Moves the average towards the parameters; early steps weigh more, so that
/// the start is forgotten (as in Adam's bias correction).
fn average(state: &mut State, decay: f32) {
    let t = state.step as f32;
    let decay = decay.min((1.0 + t) / (10.0 + t));
    for (a, p) in state.average.iter_mut().zip(&state.params) {
        *a += (1.0 - decay) * (p - *a);
    }
}
