//! Targets of the training rows: labels in model units.

use crate::Examples;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::recipe::ChosenMetric;
use crate::structure::StructureScale;
use nneval_evaluator::Metric;
use nneval_graph::costs::Terms;
use nneval_graph::opstring::OpGraph;
use nneval_tables::labels::{MetricSpec, class_means};
use rayon::prelude::*;

/// Specifications of metrics, transforms and cost models fitted to the training rows. With
/// `cost_model` metrics other than accuracies are multiples of a model of the networks' static
/// costs, which must have been read.
///
/// # Errors
/// [`Error::Data`] for a metric without a label in any row, or as [`Metric::fit_as`] and
/// [`Metric::fit_ratio`].
pub fn fit_metrics(
    dataset: &Dataset,
    rows: &[usize],
    chosen: &[ChosenMetric],
    cost_model: bool,
) -> Result<Vec<Metric>> {
    let fit = |wanted: &ChosenMetric| {
        let spec = MetricSpec::from_column(&wanted.name);
        let cells = dataset.labels(&wanted.name, rows)?;
        let labelled = rows.iter().zip(&cells).filter_map(|(row, v)| Some((*row, (*v)?)));
        let (rows, values): (Vec<usize>, Vec<f64>) = labelled.unzip();
        if values.is_empty() {
            let file = dataset.table().file().display();
            return Err(Error::Data(format!(
                "{file}: column {} has no value in any training row",
                wanted.name
            )));
        }
        let metric = match cost_model && !spec.is_accuracy() {
            true => {
                let costs: Vec<Terms> =
                    dataset.slice(&rows).iter().filter_map(|n| n.costs).collect();
                Metric::fit_ratio(spec, &costs, &values)?
            }
            false => Metric::fit_as(spec, wanted.transform.into(), &values)?,
        };
        let mut metric = metric;
        metric.reduction = wanted.reduce;
        Ok(metric)
    };
    chosen.iter().map(fit).collect()
}

/// The labels of `rows` in model units, a column a metric; of metrics with a cost model the ratio
/// to it. With `average_duplicates` accuracies are the mean over those of `rows` that are of the
/// row's class.
///
/// # Errors
/// As [`Dataset::labels`].
pub fn labels(
    dataset: &Dataset,
    rows: &[usize],
    metrics: &[Metric],
    average_duplicates: bool,
) -> Result<Vec<Vec<Option<f64>>>> {
    let networks = dataset.slice(rows);
    let column = |m: &Metric| -> Result<Vec<Option<f64>>> {
        let mut values = dataset.labels(&m.spec.name, rows)?;
        if average_duplicates && m.spec.is_accuracy() {
            values = class_means(&dataset.classes(rows), &values);
        }
        let target = |(i, value): (usize, Option<f64>)| {
            let scale = match &m.cost_model {
                None => 1.0,
                Some(formula) => formula.value(networks.get(i)?.costs.as_ref()?),
            };
            m.transform.apply(value? / scale)
        };
        Ok(values.into_iter().enumerate().map(target).collect())
    };
    metrics.iter().map(column).collect()
}

/// Adds labels in model units, a column a metric, each times the root of its weight.
pub fn add_labels(
    columns: &[Vec<Option<f64>>],
    metrics: &[Metric],
    weights: &[f32],
    examples: &mut Examples,
) {
    for ((m, weight), column) in metrics.iter().zip(weights).zip(columns) {
        for (target, z) in examples.targets.iter_mut().zip(column) {
            target.push(z.map(|z| z as f32 * weight.sqrt()));
        }
        examples.names.push(m.spec.name.clone());
    }
}

/// Adds metrics without labels.
pub fn add_unknown(metrics: &[Metric], examples: &mut Examples) {
    examples.targets.iter_mut().for_each(|t| t.resize(metrics.len(), None));
    examples.names.extend(metrics.iter().map(|m| m.spec.name.clone()));
}

/// Adds the structural facts of the networks of each part as auxiliary targets, scaled over all
/// `parts`; none where the weight is 0.
pub fn add_structure(weight: f32, parts: &mut [(&[&OpGraph], &mut Examples)]) {
    if weight <= 0.0 {
        return;
    }
    let all: Vec<&OpGraph> = parts.iter().flat_map(|(graphs, _)| graphs.iter().copied()).collect();
    let scale = StructureScale::fit(all.into_par_iter());
    for (graphs, examples) in parts {
        scale.add(graphs, weight, examples);
    }
}
