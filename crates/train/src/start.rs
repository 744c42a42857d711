//! Parameters to start from: those of a finished evaluator.

use super::graphs::GraphInfo;
use crate::error::{Error, Result};
use nneval_evaluator::weights::{self, HeadColumn, Parameter};
use nneval_evaluator::{Bundle, Metric};
use nneval_tables::labels::TargetTransform;
use std::collections::HashMap;

/// A metric that a run trains: the head's column at its place in the list.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The metric, its transform fitted to the run's labels.
    pub metric: &'a Metric,
    /// Labels of the training rows.
    pub labels: &'a [f64],
    /// Factor on the metric's targets.
    pub scale: f32,
}

/// The flat parameters of an evaluator, as the start of a run on graphs of the
/// same shape. Metrics that the evaluator predicts keep their column of the head,
/// brought to the new targets by the line that fits best on the labels (exact
/// where both transforms are of one kind, but for rank-normal ones); the other
/// columns are drawn with `seed`.
///
/// # Errors
/// [`Error::Training`] naming the first parameter that the evaluator lacks or has
/// in other dimensions.
pub fn from_bundle(
    info: &GraphInfo,
    bundle: &Bundle,
    wanted: &[Wanted],
    seed: u64,
) -> Result<Vec<f32>> {
    let own = weights::parameters(&bundle.model)?;
    let own: HashMap<&str, &Parameter> = own.iter().map(|p| (p.name.as_str(), p)).collect();
    let mut flat = info.initial(seed);
    let name = &bundle.manifest.name;
    for p in info.params.iter().filter(|p| p.name != info.head.weight && p.name != info.head.bias) {
        let (graphs, shape) = (&info.name, &p.shape);
        let found = own.get(p.name.as_str()).ok_or_else(|| {
            Error::Training(format!(
                "evaluator {name}: has no parameter {} of graphs {graphs}",
                p.name
            ))
        })?;
        let place = flat.get_mut(p.offset..p.offset + found.values.len());
        match place.filter(|_| found.dims == *shape) {
            Some(place) => place.copy_from_slice(&found.values),
            None => {
                let dims = &found.dims;
                return Err(Error::Training(format!(
                    "evaluator {name}: {} has dimensions {dims:?}, in graphs {graphs} {shape:?}",
                    p.name
                )));
            }
        }
    }
    let columns = weights::head(&bundle.model)?;
    for (at, w) in wanted.iter().enumerate() {
        let known = bundle.manifest.metrics.iter().zip(&columns);
        let mut trained = known.filter(|(m, _)| !m.untrained);
        let same = trained.find(|(m, _)| m.spec.name == w.metric.spec.name);
        if let Some((old, column)) = same {
            let line = line(&old.transform, &w.metric.transform, w.labels);
            set_column(info, &mut flat, at, &carried(column, line, w.scale));
        }
    }
    Ok(flat)
}

/// Slope and constant that bring targets of one transform to those of another,
/// by least squares on the labels; 1 and 0 where these do not tell.
fn line(old: &TargetTransform, new: &TargetTransform, labels: &[f64]) -> (f64, f64) {
    let pairs = labels.iter().filter_map(|v| Some((old.apply(*v)?, new.apply(*v)?)));
    let pairs: Vec<(f64, f64)> = pairs.collect();
    let n = pairs.len().max(1) as f64;
    let (mx, my) = pairs.iter().fold((0.0, 0.0), |(a, b), (x, y)| (a + x / n, b + y / n));
    let (xx, xy) = pairs
        .iter()
        .fold((0.0, 0.0), |(a, b), (x, y)| (a + (x - mx).powi(2), b + (x - mx) * (y - my)));
    let slope = xy / xx;
    if slope.is_finite() { (slope, my - slope * mx) } else { (1.0, 0.0) }
}

fn carried(column: &HeadColumn, (slope, constant): (f64, f64), scale: f32) -> HeadColumn {
    let scaled = |x: f32| (f64::from(x) * slope) as f32 * scale;
    HeadColumn {
        weights: column.weights.iter().map(|w| scaled(*w)).collect(),
        bias: scaled(column.bias) + constant as f32 * scale,
    }
}

fn set_column(info: &GraphInfo, flat: &mut [f32], at: usize, column: &HeadColumn) {
    for p in &info.params {
        let values: &[f32] = match &p.name {
            n if *n == info.head.weight => &column.weights,
            n if *n == info.head.bias => std::slice::from_ref(&column.bias),
            _ => continue,
        };
        for (row, value) in values.iter().enumerate() {
            if let Some(slot) = flat.get_mut(p.offset + row * info.max_metrics + at) {
                *slot = *value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nneval_tables::labels::TransformKind;

    #[test]
    fn a_column_predicts_the_same_under_another_transform() {
        let labels = [3.0, 5.0, 9.0, 11.0];
        let old = TargetTransform::fit(TransformKind::Identity, &[0.0, 1.0]).unwrap();
        let new = TargetTransform::fit(TransformKind::Identity, &labels).unwrap();
        let column = HeadColumn { weights: vec![2.0, -1.0], bias: 0.5 };
        let moved = carried(&column, line(&old, &new, &labels), 2.0);
        let output = |c: &HeadColumn| f64::from(c.weights[0] * 7.0 + c.weights[1] * 3.0 + c.bias);
        let predicted = new.invert(output(&moved) / 2.0);
        assert!((predicted - old.invert(output(&column))).abs() < 1e-5, "{predicted}");
        assert_eq!(line(&old, &new, &[4.0]), (1.0, 0.0));
    }
}
