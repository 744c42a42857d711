//! Fit of a cost model's coefficients: reweighted non-negative least squares.

use nneval_graph::costs::{Terms, terms};

/// Rounds of reweighting.
const ROUNDS: usize = 9;
/// Logarithm of the ratio below which errors count by their square.
const NEAR: f64 = 0.05;
/// Sweeps of the descent, at most.
const SWEEPS: usize = 20_000;
/// It ends when no coefficient changes by more than this share of the largest.
const PRECISION: f64 = 1e-9;
/// Turns of fitting two sums.
const TURNS: usize = 15;

/// One coefficient a term.
type Coefficients = [f64; terms::NAMES.len()];

/// Coefficients of the terms that are `allowed`, by name; 0 for the others.
pub fn sum(rows: &[Terms], labels: &[f64], allowed: impl Fn(&str) -> bool) -> Coefficients {
    let allowed: Vec<bool> = terms::NAMES.iter().map(|n| allowed(n)).collect();
    let mut weights = vec![1.0; rows.len()];
    let mut found = [0.0; terms::NAMES.len()];
    for _ in 0..ROUNDS {
        let weighted = rows.iter().zip(labels).zip(&weights).map(|((Terms(t), y), w)| {
            let scaled = |(x, allowed): (&f64, &bool)| if *allowed { w * x / y } else { 0.0 };
            let mut row = [0.0; terms::NAMES.len()];
            row.iter_mut().zip(t.iter().zip(&allowed)).for_each(|(r, x)| *r = scaled(x));
            (row, *w)
        });
        found = non_negative(&weighted.collect::<Vec<_>>());
        for ((w, row), label) in weights.iter_mut().zip(rows).zip(labels) {
            *w = off(value(&found, row), *label).max(NEAR).recip().sqrt();
        }
    }
    found
}

/// The sums of everything and of weights whose larger one fits best.
pub fn two_sums(rows: &[Terms], labels: &[f64]) -> [Coefficients; 2] {
    let stored = ["constant", "operators", "tree_nodes"];
    let of_weights = |n: &str| n.contains("weight") || stored.contains(&n);
    let alone = sum(rows, labels, |_| true);
    let error = |[a, b]: &[Coefficients; 2]| -> f64 {
        let larger = rows.iter().map(|r| value(a, r).max(value(b, r)));
        larger.zip(labels).map(|(v, y)| off(v, *y)).sum()
    };
    let mut both = [alone, sum(rows, labels, of_weights)];
    let mut best = [alone, [0.0; terms::NAMES.len()]];
    for _ in 0..TURNS {
        let creation: Vec<bool> =
            rows.iter().map(|r| value(&both[1], r) >= value(&both[0], r)).collect();
        let of = |phase: bool| -> (Vec<Terms>, Vec<f64>) {
            let mine = rows.iter().zip(labels).zip(&creation).filter(|(_, c)| **c == phase);
            mine.map(|((r, y), _)| (*r, *y)).unzip()
        };
        let ((running, a), (creating, b)) = (of(false), of(true));
        // Fewer rows than terms determine nothing.
        if a.len().min(b.len()) < terms::NAMES.len() {
            break;
        }
        both = [sum(&running, &a, |_| true), sum(&creating, &b, of_weights)];
        if error(&both) < error(&best) {
            best = both;
        }
    }
    best
}

fn value(coefficients: &Coefficients, Terms(t): &Terms) -> f64 {
    coefficients.iter().zip(t).map(|(c, x)| c * x).sum()
}

/// The logarithm of the ratio, by its absolute.
fn off(value: f64, label: f64) -> f64 {
    (value.max(f64::MIN_POSITIVE) / label).ln().abs()
}

/// Coefficients c ≥ 0 with the least Σ (c · row − target)².
fn non_negative<const N: usize>(rows: &[([f64; N], f64)]) -> [f64; N] {
    let norm: [f64; N] = std::array::from_fn(|j| {
        let sum: f64 = rows.iter().map(|(r, _)| r[j] * r[j]).sum();
        if sum > 0.0 { sum.sqrt() } else { 1.0 }
    });
    let dot = |i: usize, j: usize| -> f64 {
        rows.iter().map(|(r, _)| r[i] * r[j]).sum::<f64>() / (norm[i] * norm[j])
    };
    let gram: [[f64; N]; N] = std::array::from_fn(|i| std::array::from_fn(|j| dot(i, j)));
    let target: [f64; N] =
        std::array::from_fn(|j| rows.iter().map(|(r, y)| r[j] * y).sum::<f64>() / norm[j]);
    let mut c = [0.0; N];
    for _ in 0..SWEEPS {
        let mut most = 0.0f64;
        for j in 0..N {
            if gram[j][j] > 0.0 {
                let product: f64 = (0..N).map(|k| gram[j][k] * c[k]).sum();
                let next = (c[j] + (target[j] - product) / gram[j][j]).max(0.0);
                most = most.max((next - c[j]).abs());
                c[j] = next;
            }
        }
        if most <= PRECISION * c.iter().fold(0.0, |a: f64, x| a.max(*x)) {
            break;
        }
    }
    std::array::from_fn(|j| c[j] / norm[j])
}
