//! A new metric's weights from a few labels.

use super::prior::Prior;
use crate::error::{Error, Result};
use nalgebra::{DMatrix, DVector};
use nneval_tables::labels::{TargetTransform, TransformKind};

/// Fewest labels that anything is learnt from.
pub const FEWEST_LABELS: usize = 3;
/// Most labels: time grows with the cube of their number.
pub const MOST_LABELS: usize = 2000;
/// Variance of the labels' noise, in units of the standardised labels.
const NOISES: [f64; 6] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3];
/// Factors on the prior variances of the components.
const WIDTHS: [f64; 3] = [0.3, 1.0, 3.0];
/// The first features, whose prior variances are left as they are.
const COMMON: usize = 2;

/// A metric as a weighted sum of the prior's features.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// From label units to the sum and back.
    pub transform: TargetTransform,
    /// Weights of the features.
    pub weights: Vec<f64>,
    /// For each label the sum that the other labels predict.
    pub left_out: Vec<f64>,
}

/// One choice of noise and width.
struct Candidate {
    evidence: f64,
    weights: DVector<f64>,
    left_out: DVector<f64>,
}

impl Fitted {
    /// Fits the labels of networks with the given features.
    ///
    /// Labels are standardised as they are or as logarithms, whichever has the
    /// larger marginal likelihood with the density carried over to the labels'
    /// unit. Within that, noise and the width of the prior are averaged over a
    /// grid by marginal likelihood (Rasmussen & Williams 2006, sections 2.1, 5.4),
    /// and what each label would be without itself follows from the inverse of
    /// the covariance (eq. 5.12 there).
    ///
    /// # Errors
    /// [`Error::Training`]: fewer than 3 or more than 2,000 labels, or all equal.
    pub fn fit(prior: &Prior, features: &[Vec<f64>], labels: &[f64]) -> Result<Self> {
        let n = labels.len();
        if !(FEWEST_LABELS..=MOST_LABELS).contains(&n) || features.len() != n {
            return Err(Error::Training(format!(
                "adapting takes {FEWEST_LABELS} to {MOST_LABELS} labels a metric, not {n}"
            )));
        }
        if labels.iter().all(|v| Some(v) == labels.first()) {
            return Err(Error::Training("adapting: all labels are equal".into()));
        }
        let width = prior.variance.len();
        let at = |i: usize, j: usize| features.get(i).and_then(|r| r.get(j)).copied();
        let x = DMatrix::from_fn(n, width, |i, j| at(i, j).unwrap_or(0.0));
        let best = [TransformKind::Identity, TransformKind::Log]
            .into_iter()
            .filter_map(|kind| in_space(prior, &x, kind, labels))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        best.map(|b| b.1).ok_or_else(|| Error::Training("adapting: the labels admit no fit".into()))
    }
}

/// Log marginal likelihood and fit under one transform.
fn in_space(
    prior: &Prior,
    x: &DMatrix<f64>,
    kind: TransformKind,
    labels: &[f64],
) -> Option<(f64, Fitted)> {
    let transform = TargetTransform::fit(kind, labels).ok()?;
    let targets: Option<Vec<f64>> = labels.iter().map(|v| transform.apply(*v)).collect();
    let y = DVector::from_vec(targets?);
    let grid = WIDTHS.iter().flat_map(|w| NOISES.map(|noise| (*w, noise)));
    let all: Vec<Candidate> =
        grid.filter_map(|(width, noise)| candidate(prior, x, &y, width, noise)).collect();
    let top = all.iter().map(|c| c.evidence).fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = all.iter().map(|c| (c.evidence - top).exp()).sum();
    if !top.is_finite() || total <= 0.0 {
        return None;
    }
    let mean = |of: &dyn Fn(&Candidate) -> &DVector<f64>, len: usize| -> Vec<f64> {
        let sum = all.iter().fold(DVector::zeros(len), |sum: DVector<f64>, c| {
            sum + of(c) * ((c.evidence - top).exp() / total)
        });
        sum.iter().copied().collect()
    };
    let weights = mean(&|c| &c.weights, x.ncols());
    let left_out = mean(&|c| &c.left_out, x.nrows());
    let evidence = top + total.ln() + log_density_of(&transform, labels);
    Some((evidence, Fitted { transform, weights, left_out }))
}

/// Σ ln |dt/dv| of the transform t at the labels v.
fn log_density_of(transform: &TargetTransform, labels: &[f64]) -> f64 {
    let logarithm = transform.kind() == TransformKind::Log;
    let unit = transform.invert(1.0) - transform.invert(0.0);
    let spread = match logarithm {
        true => (transform.invert(1.0) / transform.invert(0.0)).ln(),
        false => unit,
    };
    let slope = |v: &f64| if logarithm { -v.ln() } else { 0.0 };
    labels.iter().map(slope).sum::<f64>() - labels.len() as f64 * spread.abs().ln()
}

fn candidate(
    prior: &Prior,
    x: &DMatrix<f64>,
    y: &DVector<f64>,
    width: f64,
    noise: f64,
) -> Option<Candidate> {
    let n = y.len();
    let mut variance = prior.variance.clone();
    variance.iter_mut().skip(COMMON).for_each(|v| *v *= width);
    let mut scaled = x.clone();
    for (mut column, v) in scaled.column_iter_mut().zip(&variance) {
        column *= *v;
    }
    let covariance = &scaled * x.transpose() + DMatrix::identity(n, n) * noise;
    let residual = y - x * &prior.expected;
    let cholesky = covariance.cholesky()?;
    let alpha = cholesky.solve(&residual);
    let half_log_det: f64 = cholesky.l_dirty().diagonal().iter().map(|d| d.ln()).sum();
    let precision = cholesky.inverse().diagonal();
    let left_out = y - alpha.component_div(&precision);
    let weights = &prior.expected + scaled.tr_mul(&alpha);
    let evidence = -0.5 * residual.dot(&alpha) - half_log_det;
    let finite = evidence.is_finite() && left_out.iter().all(|v| v.is_finite());
    finite.then_some(Candidate { evidence, weights, left_out })
}

#[cfg(test)]
mod tests {
    use super::super::prior::tests::outputs;
    use super::*;

    fn latency(outputs: &[f64]) -> f64 {
        (1.0 + 0.3 * outputs[0] + 0.2 * outputs[2]).exp()
    }

    #[test]
    fn a_mix_of_known_metrics_is_found_from_few_labels() {
        let reference = outputs(300, 1);
        let prior = Prior::fit(&reference).unwrap();
        let rows: Vec<Vec<f64>> = reference.iter().map(|r| prior.features(r)).collect();
        let labels: Vec<f64> = reference.iter().map(|r| latency(r)).collect();
        let fitted = Fitted::fit(&prior, &rows[..10], &labels[..10]).unwrap();
        assert_eq!(fitted.transform.kind(), TransformKind::Log);
        for (row, label) in rows.iter().zip(&labels).skip(10) {
            let sum: f64 = row.iter().zip(&fitted.weights).map(|(f, w)| f * w).sum();
            let predicted = fitted.transform.invert(sum);
            assert!((predicted / label).ln().abs() < 0.1, "{predicted} {label}");
        }
    }

    #[test]
    fn what_is_predicted_without_a_label_is_what_a_fit_without_it_predicts() {
        let reference = outputs(30, 4);
        let prior = Prior::fit(&reference).unwrap();
        let rows: Vec<Vec<f64>> = reference.iter().map(|r| prior.features(r)).collect();
        let x = DMatrix::from_fn(8, rows[0].len(), |i, j| rows[i][j]);
        let y = DVector::from_fn(8, |i, _| reference[i][0] + 0.1 * (i as f64).sin());
        let all = candidate(&prior, &x, &y, 1.0, 0.03).unwrap();
        let rest = candidate(&prior, &x.clone().remove_row(2), &y.clone().remove_row(2), 1.0, 0.03);
        let predicted = (x.row(2) * rest.unwrap().weights)[0];
        assert!((all.left_out[2] - predicted).abs() < 1e-9);
    }

    #[test]
    fn too_few_and_equal_labels_are_refused() {
        let reference = outputs(30, 5);
        let prior = Prior::fit(&reference).unwrap();
        let rows: Vec<Vec<f64>> = reference.iter().map(|r| prior.features(r)).collect();
        let reason = |n: usize, labels: &[f64]| {
            Fitted::fit(&prior, &rows[..n], labels).unwrap_err().to_string()
        };
        assert!(reason(2, &[1.0, 2.0]).contains("not 2"));
        assert!(reason(4, &[1.0; 4]).contains("equal"));
        let negative = Fitted::fit(&prior, &rows[..4], &[-1.0, 2.0, 0.0, 1.0]).unwrap();
        assert_eq!(negative.transform.kind(), TransformKind::Identity);
    }
}
