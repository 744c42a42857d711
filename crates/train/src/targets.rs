//! Targets of the training rows: labels in model units.

use crate::Examples;
use crate::dataset::Dataset;
use crate::design_fit::DesignFit;
use crate::error::{Error, Result};
use crate::recipe::ChosenMetric;
use crate::structure::StructureScale;
use nneval_evaluator::{DesignModel, Metric, design_of};
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

/// Metrics fitted to training rows.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FittedMetrics {
    /// Specifications and transforms.
    pub metrics: Vec<Metric>,
    /// What design models of the metrics share.
    pub design: Option<DesignModel>,
    /// For each metric and training row what the targets are multiples of.
    pub scales: Vec<Vec<f64>>,
}

impl FittedMetrics {
    /// As [`fit_metrics`].
    ///
    /// # Errors
    /// As [`fit_metrics`] and [`scales`].
    pub fn new(
        dataset: &Dataset,
        rows: &[usize],
        chosen: &[ChosenMetric],
        cost_model: bool,
    ) -> Result<Self> {
        let metrics = fit_metrics(dataset, rows, chosen, cost_model)?;
        let scales = scales(dataset, rows, &metrics, None)?;
        Ok(Self { metrics, design: None, scales })
    }

    /// Metrics that are multiples of design models. The targets of the training rows are those
    /// of models that leave out the row's class.
    ///
    /// # Errors
    /// As [`DesignFit::metric`].
    pub fn by_design(dataset: &Dataset, rows: &[usize], chosen: &[ChosenMetric]) -> Result<Self> {
        let graphs = crate::network::graphs(&dataset.slice(rows));
        let fit = DesignFit::new(&graphs, dataset.classes(rows));
        let metric = |wanted: &ChosenMetric| {
            let labels = dataset.labels(&wanted.name, rows)?;
            let (mut metric, scales) =
                fit.metric(MetricSpec::from_column(&wanted.name), &labels)?;
            metric.reduction = wanted.reduce;
            Ok((metric, scales))
        };
        let both = chosen.par_iter().map(metric).collect::<Result<Vec<_>>>()?;
        let (metrics, scales) = both.into_iter().unzip();
        Ok(Self { metrics, design: Some(fit.shared), scales })
    }
}

/// For each metric and row what the metric is a multiple of: 1, or the value of its cost model or
/// design model.
///
/// # Errors
/// [`Error::Data`] where costs have not been read.
pub fn scales(
    dataset: &Dataset,
    rows: &[usize],
    metrics: &[Metric],
    design: Option<&DesignModel>,
) -> Result<Vec<Vec<f64>>> {
    let networks = dataset.slice(rows);
    let read = |d: &DesignModel| networks.par_iter().map(|n| d.read(design_of(&n.graph))).collect();
    let readings: Option<Vec<_>> = design.map(read);
    let unread = || Error::Data("static costs of the networks have not been read".into());
    let column = |m: &Metric| match (&m.cost_model, &m.design, &readings) {
        (Some(model), ..) => {
            let value = |n: &&crate::DatasetNetwork| n.costs.as_ref().map(|c| model.value(c));
            networks.iter().map(value).collect::<Option<Vec<f64>>>().ok_or_else(unread)
        }
        (None, Some(model), Some(readings)) => {
            Ok(readings.iter().map(|r| model.value(r)).collect())
        }
        _ => Ok(vec![1.0; networks.len()]),
    };
    metrics.iter().map(column).collect()
}

/// The labels of `rows` in model units, a column a metric, after division by `scales`
/// ([`scales`]). With `average_duplicates` accuracies are the mean over those of `rows` that are of the
/// row's class.
///
/// # Errors
/// As [`Dataset::labels`].
pub fn labels(
    dataset: &Dataset,
    rows: &[usize],
    metrics: &[Metric],
    scales: &[Vec<f64>],
    average_duplicates: bool,
) -> Result<Vec<Vec<Option<f64>>>> {
    let column = |(m, scales): (&Metric, &Vec<f64>)| -> Result<Vec<Option<f64>>> {
        let mut values = dataset.labels(&m.spec.name, rows)?;
        if average_duplicates && m.spec.is_accuracy() {
            values = class_means(&dataset.classes(rows), &values);
        }
        let target = |(i, value): (usize, Option<f64>)| m.transform.apply(value? / scales.get(i)?);
        Ok(values.into_iter().enumerate().map(target).collect())
    };
    metrics.iter().zip(scales).map(column).collect()
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
