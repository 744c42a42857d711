//! What an evaluator is trained on: tokens and targets of labelled and
//! unlabelled networks.

use super::encoding;
use super::shipped;
use super::source_args::SourceArgs;
use anyhow::Context;
use clap::builder::{PossibleValuesParser, RangedU64ValueParser, TypedValueParser};
use nneval::costs::Terms;
use nneval::evaluator::{Bundle, Metric};
use nneval::labels::{LabelTable, TransformKind, class_means};
use nneval::opstring::{OpGraph, Style};
use nneval::regression::Facts;
use nneval::tokenizer::Tokenizer;
use nneval::training::{Examples, Source, StructureScale, spellings, without_drift};
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// How networks become tokens and targets.
#[derive(Debug, Clone, serde::Serialize, clap::Args)]
#[command(next_help_heading = "Data")]
pub struct DataArgs {
    /// Vocabulary [default: models/tokenizer.json]
    #[arg(long, value_name = "FILE")]
    tokenizer: Option<PathBuf>,
    /// Other spellings of each network to train on beside the canonical one
    #[arg(long, value_name = "N", default_value_t = 0)]
    spellings: usize,
    /// Train accuracies on the mean over the training rows of their class:
    /// isomorphic networks differ in accuracy by training noise alone
    #[arg(long)]
    pub class_mean: bool,
    /// Predict metrics other than accuracies as multiples of a formula of static
    /// costs (MACs by kind of operator, bytes moved, ...), which is fitted first:
    /// for latency and memory of networks of many kinds. Evaluating then needs
    /// the model, a string is not enough
    #[arg(long)]
    pub cost_formula: bool,
    /// The table's rows were measured one after another, in its order: free the
    /// labels to train on from what that shows of the device's drift, metric by
    /// metric (at least 75 rows)
    #[arg(long)]
    drift: bool,
    /// Weight of exact structural facts of the networks (path counts, depths)
    /// as auxiliary targets; 0: none
    #[arg(long, default_value_t = 1.0)]
    structure_weight: f32,
    /// Spelling of the strings
    #[arg(long, default_value_t = Style::V1,
          value_parser = PossibleValuesParser::new(Style::NAMES).try_map(|s| s.parse::<Style>()))]
    style: Style,
    /// Longest token sequence that is encoded in one piece [default: 512]
    #[arg(long, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    window: Option<usize>,
}

/// Longest token sequence where nothing else is said.
const WINDOW: usize = 512;

/// How graphs become tokens.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Vocabulary.
    pub tokenizer: Tokenizer,
    /// Spelling of the strings.
    pub style: Style,
    /// Longest token sequence that is encoded in one piece.
    pub window: usize,
}

impl DataArgs {
    /// How graphs become tokens: as for the evaluator `from`, else as the options say.
    pub fn reading(&self, from: Option<&Bundle>) -> anyhow::Result<Reading> {
        let manifest = from.map(|b| &b.manifest);
        let tokenizer = match (from, &self.tokenizer) {
            (Some(bundle), _) => bundle.tokenizer.clone(),
            (None, Some(path)) => Tokenizer::open(path)?,
            (None, None) => shipped::vocabulary()
                .context("models/tokenizer.json is not there; name one by --tokenizer")?,
        };
        let style = manifest.map_or(self.style, |m| m.string_style);
        let window = self.window.or(manifest.map(|m| m.window)).unwrap_or(WINDOW);
        Ok(Reading { tokenizer, style, window })
    }

    /// Tokens of `graphs`, without targets.
    pub fn tokens(&self, reading: &Reading, graphs: &[OpGraph]) -> anyhow::Result<Examples> {
        let cut = AtomicUsize::new(0);
        let encode = |(i, g): (usize, &OpGraph)| -> nneval::files::Result<Vec<Vec<u32>>> {
            let seed = (i * self.spellings) as u64;
            let spelled = spellings(g, reading.style, self.spellings, seed);
            let encoded = spelled.iter().map(|s| {
                let mut t = reading.tokenizer.encode(s)?;
                if t.len() > reading.window {
                    cut.fetch_add(1, Ordering::Relaxed);
                    t.truncate(reading.window);
                }
                Ok(t)
            });
            encoded.collect()
        };
        let tokens =
            graphs.par_iter().enumerate().map(encode).collect::<nneval::files::Result<Vec<_>>>()?;
        match cut.into_inner() {
            0 => {}
            n => super::note(format_args!(
                "{n} strings are longer than --window {}: trained on their start",
                reading.window
            )),
        }
        let targets = vec![Vec::new(); graphs.len()];
        Ok(Examples { tokens, targets, ..Examples::default() })
    }

    /// `labels`, in model units, of the networks `graphs` in `rows` of a table;
    /// free of drift where that is asked for. Latencies and the like drift by a
    /// factor.
    pub fn steady(
        &self,
        labels: Vec<Vec<Option<f64>>>,
        metrics: &[Metric],
        graphs: &[OpGraph],
        rows: &[usize],
    ) -> anyhow::Result<Vec<Vec<Option<f64>>>> {
        if !self.drift {
            return Ok(labels);
        }
        let facts = Facts::with_segments(&[graphs]);
        let facts = facts.first().context("no networks")?;
        let one = |(m, column): (&Metric, &Vec<Option<f64>>)| {
            let t = &m.transform;
            let factor = t.kind() == TransformKind::Identity
                && column.iter().flatten().all(|z| t.invert(*z) > 0.0);
            if !factor {
                return without_drift(facts, rows, column);
            }
            let log = |z: f64| t.invert(z).ln();
            let logs: Vec<Option<f64>> = column.iter().map(|z| z.map(log)).collect();
            let steady = without_drift(facts, rows, &logs)?;
            Ok(steady.into_iter().map(|l| t.apply(l?.exp())).collect())
        };
        let steady = metrics.par_iter().zip(&labels).map(one);
        Ok(steady.collect::<nneval::files::Result<_>>()?)
    }

    /// Adds structural facts to each part, scaled over all `parts`.
    pub fn add_structure(&self, parts: &mut [(&[OpGraph], &mut Examples)]) {
        if self.structure_weight <= 0.0 {
            return;
        }
        let all: Vec<&OpGraph> = parts.iter().flat_map(|(graphs, _)| graphs.iter()).collect();
        let scale = StructureScale::fit(all.into_par_iter());
        for (graphs, examples) in parts {
            scale.add(graphs, self.structure_weight, examples);
        }
    }
}

/// Adds labels in model units, a column a metric, each times the root of its
/// weight.
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

/// Static costs by row of a table.
pub struct RowCosts(HashMap<usize, Terms>);

impl RowCosts {
    /// The costs of `rows`.
    pub fn new(source: &Source, table: &LabelTable, rows: &[usize]) -> anyhow::Result<Self> {
        let networks = source.networks(table, rows, true)?;
        let costs =
            rows.iter().zip(networks).filter_map(|(row, n)| Some((*row, n.costs().copied()?)));
        Ok(Self(costs.collect()))
    }

    /// The costs of those of `rows` that are there.
    pub fn of(&self, rows: &[usize]) -> Vec<Terms> {
        rows.iter().filter_map(|row| self.0.get(row).copied()).collect()
    }

    /// What `metric` is a multiple of, for a row: 1 where it has no formula.
    fn scale(costs: Option<&Self>, metric: &Metric, row: usize) -> Option<f64> {
        let Some(formula) = &metric.cost_model else { return Some(1.0) };
        Some(formula.value(costs?.0.get(&row)?))
    }
}

/// The labels of `rows` in model units, a column a metric. With `class_mean`
/// accuracies are the mean over those of `rows` that are of the row's class.
pub fn labels(
    table: &LabelTable,
    rows: &[usize],
    metrics: &[Metric],
    class_mean: bool,
    costs: Option<&RowCosts>,
) -> anyhow::Result<Vec<Vec<Option<f64>>>> {
    let column = |m: &Metric| -> anyhow::Result<Vec<Option<f64>>> {
        let mut values = table.gather(&m.spec.name, rows)?;
        if class_mean && m.spec.is_accuracy() {
            let classes: Vec<u64> = rows.iter().filter_map(|&r| table.class(r)).collect();
            values = class_means(&classes, &values);
        }
        let target = |(value, row): (Option<f64>, &usize)| {
            m.transform.apply(value? / RowCosts::scale(costs, m, *row)?)
        };
        Ok(values.into_iter().zip(rows).map(target).collect())
    };
    metrics.iter().map(column).collect()
}

/// Metrics without labels.
pub fn add_unknown(metrics: &[Metric], examples: &mut Examples) {
    examples.targets.iter_mut().for_each(|t| t.resize(metrics.len(), None));
    examples.names.extend(metrics.iter().map(|m| m.spec.name.clone()));
}

/// The networks of the space or folder that are none of `rows`.
pub fn unlabelled(
    source: &SourceArgs,
    table: &LabelTable,
    rows: &[usize],
) -> anyhow::Result<Vec<OpGraph>> {
    let labelled: HashSet<&str> = rows.iter().filter_map(|&r| table.key(r)).collect();
    let source = source.source()?;
    let keys = source.keys()?;
    let rest: Vec<&String> = keys.iter().filter(|k| !labelled.contains(k.as_str())).collect();
    encoding::networks(&source, &rest)
}

/// The parameters that a run or pretraining arrived at.
pub fn initial(path: Option<&Path>) -> anyhow::Result<Option<Vec<f32>>> {
    path.map(|p| Ok(nneval::training::checkpoint_parameters(p)?)).transpose()
}
