//! Adaptation of an evaluator: few labels of new metrics in, an evaluator that predicts them
//! out.

use super::few_labels::FewLabels;
use super::known::{common_reduction, kept_metrics, known_metrics, known_outputs};
use super::new_metrics::new_metrics;
use super::sample::sample_keys;
use super::suggest::check_adaptable;
use super::{Adapted, Prior};
use crate::encode::encode_keys;
use crate::error::{Error, Result};
use crate::progress::Observer;
use crate::source::NetworkSource;
use nneval_evaluator::weights::{self, HeadColumn};
use nneval_evaluator::{Bundle, Evaluator, Manifest, Training};
use nneval_tables::labels::{KeyKind, LabelTable, MetricSpec};
use std::path::Path;

/// How an evaluator is adapted.
#[derive(Debug, Clone, Default)]
pub struct AdaptOptions {
    /// Columns to learn; none: all columns of numbers.
    pub metrics: Vec<String>,
    /// Metrics of the evaluator to ignore, and to leave out of the result.
    pub without: Vec<String>,
    /// Leaves all metrics that the evaluator knows out of the result.
    pub only_new: bool,
    /// Seed of the draw of the networks that known metrics are compared over.
    pub seed: u64,
    /// Name of the adapted evaluator.
    pub name: String,
    /// The command that adapts, as it is written into the evaluator.
    pub command: String,
}

/// An adapted evaluator.
#[derive(Debug)]
pub struct AdaptedEvaluator {
    /// The evaluator. Checksums are made when it is saved.
    pub bundle: Bundle,
    /// Its new metrics.
    pub metrics: Vec<Adapted>,
}

/// Adds the new metrics of `table` to an evaluator. `source` has the networks of the table,
/// and those that known metrics are compared over.
///
/// # Errors
/// [`Error::Request`] where table, options and evaluator do not fit together;
/// [`Error::Column`] for labels that admit no fit; or as [`encode_keys`].
pub fn adapt(
    evaluator: &Evaluator,
    source: &NetworkSource,
    table: &LabelTable,
    options: &AdaptOptions,
    observer: Observer,
) -> Result<AdaptedEvaluator> {
    check_adaptable(evaluator)?;
    let manifest = evaluator.manifest();
    let specs = new_metrics(manifest, table, &options.metrics, &options.without)?;
    let kept = kept_metrics(manifest, &options.without)?;
    let few = FewLabels::encode(evaluator, source, table, &specs, observer)?;
    let sample = sample_keys(&source.keys()?, options.seed);
    let (_, reference) = encode_keys(evaluator, source, &sample, observer)?;
    let head = weights::head(&evaluator.bundle().model)?;
    let (mut columns, mut metrics) = (Vec::new(), Vec::new());
    for (spec, reported) in specs.into_iter().zip(&few.reported) {
        let known = known_metrics(manifest, &options.without, spec.is_accuracy())?;
        let reduction = common_reduction(&manifest.metrics, &known);
        let own = known_outputs(&few.encoded, &known, reduction);
        let all = [known_outputs(&reference, &known, reduction), own.clone()].concat();
        let metric = fit(table, spec, &all, &few.labelled(own, reported), reduction)?;
        let known: Vec<&HeadColumn> = known.iter().filter_map(|&i| head.get(i)).collect();
        columns.push(metric.column(&known));
        metrics.push(metric);
    }
    let kept = if options.only_new { Vec::new() } else { kept };
    let old = kept.iter().filter_map(|&i| head.get(i).cloned());
    let mut bundle = evaluator.bundle().clone();
    bundle.model = weights::with_head(&bundle.model, &old.chain(columns).collect::<Vec<_>>())?;
    describe(&mut bundle.manifest, options, &kept, &metrics, &few.classes);
    Ok(AdaptedEvaluator { bundle, metrics })
}

/// Where the networks of a table of paths are: in the table's own folder.
pub fn networks_beside(table: &LabelTable) -> Option<NetworkSource> {
    let folder = table.file().parent().filter(|folder| !folder.as_os_str().is_empty());
    (table.key_kind() == KeyKind::Path)
        .then(|| NetworkSource::Folder(folder.unwrap_or(Path::new(".")).to_owned()))
}

/// As [`Adapted::fit`], the column named in errors.
fn fit(
    table: &LabelTable,
    spec: MetricSpec,
    reference: &[Vec<f64>],
    labelled: &[super::Labelled],
    reduction: nneval_graph::reduce::Reduction,
) -> Result<Adapted> {
    let column = spec.name.clone();
    let prior = Prior::fit(reference);
    let fitted = prior.and_then(|p| Adapted::fit(spec, &p, reference, labelled, reduction));
    fitted.map_err(|cause| Error::Column {
        file: table.file().to_owned(),
        column,
        cause: Box::new(cause),
    })
}

/// Describes the adapted evaluator: the metrics that are `kept`, then the new ones, which
/// were learnt from labels of `classes`.
fn describe(
    manifest: &mut Manifest,
    options: &AdaptOptions,
    kept: &[usize],
    adapted: &[Adapted],
    classes: &[u64],
) {
    let old = kept.iter().filter_map(|&i| manifest.metrics.get(i).cloned());
    manifest.metrics = old.chain(adapted.iter().map(|a| a.metric.clone())).collect();
    manifest.name.clone_from(&options.name);
    let training = &mut manifest.training;
    let before = (!training.command.is_empty()).then(|| format!("{} && ", training.command));
    training.command = before.unwrap_or_default() + &options.command;
    add_seen_classes(training, classes);
}

/// Adds classes to those trained on: scores leave them out.
fn add_seen_classes(training: &mut Training, classes: &[u64]) {
    training.classes.extend(classes);
    training.classes.sort_unstable();
    training.classes.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{manifest, metrics, table, training};

    fn adapted(name: &str) -> Adapted {
        let metric = metrics(&[name]).remove(0);
        Adapted { metric, constant: 0.0, factors: vec![], labels: 3, rho: None, error: None }
    }

    #[test]
    fn classes_of_few_labels_count_as_seen() {
        let mut training = training(&[2, 5], &[]);
        add_seen_classes(&mut training, &[7, 5, 1, 7]);
        assert_eq!(training.classes, [1, 2, 5, 7]);
    }

    #[test]
    fn the_manifest_has_kept_metrics_then_new_ones() {
        let mut manifest = manifest(&["a_ms", "b_ms"]);
        let new = |name: &str, command: &str| AdaptOptions {
            name: name.into(),
            command: command.into(),
            ..Default::default()
        };
        describe(&mut manifest, &new("first", "one"), &[1], &[adapted("c_ms")], &[4]);
        let names: Vec<&str> = manifest.metrics.iter().map(|m| m.spec.name.as_str()).collect();
        assert_eq!(names, ["b_ms", "c_ms"]);
        assert_eq!((manifest.name.as_str(), manifest.training.command.as_str()), ("first", "one"));
        describe(&mut manifest, &new("second", "two"), &[], &[adapted("d_ms")], &[3]);
        assert_eq!(manifest.metrics.len(), 1);
        assert_eq!(manifest.training.command, "one && two");
        assert_eq!(manifest.training.classes, [3, 4]);
    }

    #[test]
    fn networks_of_paths_are_beside_the_table() {
        let paths = networks_beside(&table("path,x\na.onnx,1\n"));
        assert!(matches!(paths, Some(NetworkSource::Folder(dir)) if dir == Path::new(".")));
        assert!(networks_beside(&table("arch_str,x\na,1\n")).is_none());
    }

    #[test]
    fn an_error_of_a_fit_names_file_and_column() {
        let spec = MetricSpec::from_column("x");
        let table = table("path,x\na.onnx,1\n");
        let error = fit(&table, spec, &[], &[], Default::default()).unwrap_err().to_string();
        assert!(error.starts_with("labels.csv: column x: training: adapting needs 3"), "{error}");
    }
}
