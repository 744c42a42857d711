//! The Muon step of the training graphs against the formula (Jordan et al.,
//! "Muon: An optimizer for hidden layers in neural networks", 2024), computed
//! here in double precision from the graph's own gradients.

use crate::common;

use nalgebra::DMatrix;
use nneval::runtime::SessionOptions;
use nneval::training::{Batch, ParamInfo, Settings, State, Stepper, TrainingGraphs};
use std::path::Path;

const SETTINGS: Settings = Settings {
    lr: 0.01,
    weight_decay: 0.1,
    beta1: 0.9,
    beta2: 0.98,
    clip_norm: 0.5,
    rank_weight: 0.0,
    average_decay: 0.0,
};

fn matrix(p: &ParamInfo, flat: &[f32]) -> DMatrix<f64> {
    let (rows, cols) = (p.shape[0], p.shape[1]);
    DMatrix::from_fn(rows, cols, |i, j| f64::from(flat[p.offset + i * cols + j]))
}

/// Five Newton-Schulz iterations on x over its norm.
fn orthogonal(x: &DMatrix<f64>) -> DMatrix<f64> {
    if x.nrows() > x.ncols() {
        return orthogonal(&x.transpose()).transpose();
    }
    let mut x = x / x.norm();
    for _ in 0..5 {
        let gram = &x * x.transpose();
        x = &x * 3.4445 + (&gram * -4.7750 + &gram * &gram * 2.0315) * &x;
    }
    x
}

#[test]
fn blocks_step_by_muon() {
    let graphs = TrainingGraphs::open(Path::new("models/graphs/small")).unwrap();
    let info = &graphs.info;
    let mut stepper =
        Stepper::new(&common::runtime(), &graphs, &SessionOptions::default()).unwrap();
    let tokens: Vec<Vec<u32>> = vec![vec![3, 9, 27, 81, 5], vec![7, 49, 100]];
    let cells = tokens.len() * info.max_metrics;
    let batch = Batch {
        tokens: tokens.iter().map(Vec::as_slice).collect(),
        target: (0..cells).map(|i| (i % 7) as f32 - 3.0).collect(),
        present: vec![1.0; cells],
        branch_mask: vec![1.0; tokens.len() * 2 * info.layers * info.d],
    };
    let start = State::new(info.initial(3));
    let (_, grads) = stepper.gradients(&start, &batch, &SETTINGS).unwrap();
    let mut after = start.clone();
    let report = stepper.step(&mut after, &batch, &SETTINGS).unwrap();
    let clip = (f64::from(SETTINGS.clip_norm) / f64::from(report.grad_norm)).min(1.0);
    let beta = f64::from(SETTINGS.beta1);
    let blocks = info.params.iter().filter(|p| p.name.starts_with("block.") && p.shape.len() == 2);
    let mut seen = 0;
    for p in blocks {
        let gradient = matrix(p, &grads) * clip;
        let look = &gradient * ((1.0 - beta) * beta) + &gradient * (1.0 - beta);
        let rms = 0.2 * (p.shape[0].max(p.shape[1]) as f64).sqrt();
        let keep = 1.0 - f64::from(SETTINGS.lr) * f64::from(SETTINGS.weight_decay);
        let expected =
            matrix(p, &start.params) * keep - orthogonal(&look) * (rms * f64::from(SETTINGS.lr));
        let difference = (matrix(p, &after.params) - expected).amax();
        assert!(difference < 1e-5, "{}: {difference}", p.name);
        seen += 1;
    }
    assert_eq!(seen, 6 * info.layers);
}
