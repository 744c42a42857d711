//! What a new evaluator learns from beside labels: other evaluators, and
//! classical models on the networks' structural facts.

use super::mixture::{best_shares, mix};
use anyhow::{Context, bail};
use nneval::evaluator::{Bundle, Evaluator, Metric, Network, Options};
use nneval::labels::LabelTable;
use nneval::opstring::{self, OpGraph};
use nneval::regression::{Facts, GaussianProcess};
use nneval::runtime::Runtime;
use nneval::training::{Effort, Examples, Pairs, Trees};
use rayon::prelude::*;
use std::collections::HashSet;
use std::path::PathBuf;

/// Teachers of a new evaluator.
#[derive(Debug, Clone, serde::Serialize, clap::Args)]
#[command(next_help_heading = "Distillation")]
pub struct TeacherArgs {
    /// Evaluator whose predictions are learnt beside the labels, and alone where
    /// a network has none; may be repeated, predictions are averaged. Must not
    /// have been trained on classes held out here
    #[arg(long = "teacher", value_name = "DIR")]
    pub teachers: Vec<PathBuf>,
    /// Learn also from a Gaussian process on the networks' structural facts,
    /// fitted to the labels (at most 2,000 rows)
    #[arg(long)]
    kernel_teacher: bool,
    /// Learn also from gradient-boosted trees on the networks' structural
    /// facts, fitted to the labels (at least 50 rows a metric). Kinds of
    /// teachers are mixed, metric by metric, as fits the validation rows best
    #[arg(long)]
    tree_teacher: bool,
    /// Learn also from ridge regression on which kinds of operations stand in the
    /// segments of the networks, one by one and two at a time, fitted to the
    /// labels (at least 50 rows a metric); with --tree-teacher also from trees on
    /// what that leaves
    #[arg(long)]
    pair_teacher: bool,
    /// Share of the teachers' prediction in the target of a labelled network
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    teacher_share: f64,
}

/// Networks that teachers predict for.
pub struct Parts<'a> {
    /// Those with labels to train on.
    pub train: &'a [OpGraph],
    /// Those without.
    pub unlabelled: &'a [OpGraph],
    /// Validation networks.
    pub valid: &'a [OpGraph],
}

impl<'a> Parts<'a> {
    fn list(&self) -> [&'a [OpGraph]; 3] {
        [self.train, self.unlabelled, self.valid]
    }
}

/// One value in model units for each network, metric by metric.
type Columns = Vec<Vec<f64>>;
/// Labels in model units, metric by metric.
pub type Labels = [Vec<Option<f64>>];

impl TeacherArgs {
    /// What the teachers, mixed, predict for the training and the unlabelled
    /// networks; `None` where there is no teacher.
    pub fn taught(
        &self,
        evaluators: &[Evaluator],
        metrics: &[Metric],
        parts: &Parts,
        [labels, reported]: [&Labels; 2],
    ) -> anyhow::Result<Option<[Columns; 2]>> {
        let mut kinds: Vec<[Columns; 3]> = Vec::new();
        if !evaluators.is_empty() {
            let of = |graphs| by_evaluators(evaluators, metrics, graphs);
            let [a, b, c] = parts.list();
            kinds.push([of(a)?, of(b)?, of(c)?]);
        }
        if self.kernel_teacher || self.tree_teacher || self.pair_teacher {
            kinds.extend(self.by_facts(labels, parts)?);
        }
        if kinds.is_empty() {
            return Ok(None);
        }
        let shares = |m: usize| {
            let predicted: Vec<&[f64]> = kinds.iter().map(|k| column(&k[2], m)).collect();
            best_shares(&predicted, reported.get(m).map_or(&[], Vec::as_slice))
        };
        let shares: Vec<Vec<f64>> = (0..metrics.len()).map(shares).collect();
        let mixed = |part: usize| -> Columns {
            let one = |(m, shares): (usize, &Vec<f64>)| {
                let predicted: Vec<&[f64]> = kinds.iter().map(|k| column(&k[part], m)).collect();
                mix(&predicted, shares)
            };
            shares.iter().enumerate().map(one).collect()
        };
        Ok(Some([mixed(0), mixed(1)]))
    }

    /// Models on structural facts, fitted to `labels` of the training networks.
    fn by_facts(&self, labels: &Labels, parts: &Parts) -> anyhow::Result<Vec<[Columns; 3]>> {
        let mut kinds = Vec::new();
        if self.kernel_teacher {
            let facts = three(Facts::of(&parts.list()))?;
            let fits = labels.iter().map(|l| GaussianProcess::fit(&facts[0], l));
            let fits = fits.collect::<nneval::files::Result<Vec<_>>>()?;
            kinds.push(columns(&facts, &fits, GaussianProcess::predict));
        }
        if !(self.tree_teacher || self.pair_teacher) {
            return Ok(kinds);
        }
        let facts = three(Facts::with_segments(&parts.list()))?;
        let trees = |labels: &Labels| {
            by_fits(&facts, labels, |f, l| Trees::fit(f, l, Effort::Full), Trees::predict)
        };
        if self.tree_teacher {
            kinds.push(trees(labels)?);
        }
        if self.pair_teacher {
            let pairs = by_fits(&facts, labels, Pairs::fit, Pairs::predict)?;
            let rest = self.tree_teacher.then(|| trees(&left(labels, &pairs[0]))).transpose()?;
            let both = rest.map(|rest| added(&pairs, &rest));
            kinds.push(pairs);
            kinds.extend(both);
        }
        Ok(kinds)
    }

    /// Brings what was taught into the targets of `examples`, which are labels
    /// times the roots of `weights` so far.
    pub fn teach(&self, taught: &[Vec<f64>], weights: &[f32], examples: &mut Examples) {
        for (m, (column, w)) in taught.iter().zip(weights).enumerate() {
            for (targets, z) in examples.targets.iter_mut().zip(column) {
                if let Some(target) = targets.get_mut(m) {
                    *target = self.mixed(*target, (*z as f32) * w.sqrt());
                }
            }
        }
    }

    fn mixed(&self, label: Option<f32>, taught: f32) -> Option<f32> {
        let share = self.teacher_share as f32;
        match label {
            _ if !taught.is_finite() => label,
            Some(own) => Some(own * (1.0 - share) + taught * share),
            None => Some(taught),
        }
    }

    /// Opens the teachers; none may know a class of `held_out` rows.
    pub fn open(
        &self,
        runtime: &Runtime,
        table: &LabelTable,
        held_out: &[usize],
    ) -> anyhow::Result<Vec<Evaluator>> {
        if !(0.0..=1.0).contains(&self.teacher_share) {
            bail!("--teacher-share {}: must lie between 0 and 1", self.teacher_share);
        }
        let held: HashSet<u64> = held_out.iter().filter_map(|&r| table.class(r)).collect();
        let open = |dir: &PathBuf| -> anyhow::Result<Evaluator> {
            let bundle = Bundle::open(dir)?;
            if bundle.manifest.metrics.iter().any(|m| m.cost_model.is_some()) {
                bail!("{}: multiples of formulas of costs cannot be taught", dir.display());
            }
            if bundle.manifest.training.classes.iter().any(|c| held.contains(c)) {
                bail!("{}: was trained on classes that this run holds out", dir.display());
            }
            Ok(Evaluator::from_bundle(bundle, runtime, Options::default())?)
        };
        self.teachers.iter().map(open).collect()
    }
}

/// What each of `fits` predicts for the networks of each part.
fn columns<T>(
    facts: &[Facts; 3],
    fits: &[T],
    predict: impl Fn(&T, &Facts) -> Vec<f64>,
) -> [Columns; 3] {
    facts.each_ref().map(|f| fits.iter().map(|fit| predict(fit, f)).collect())
}

/// What models predict that are fitted, side by side, to `labels` of the first
/// part's networks.
fn by_fits<T: Send>(
    facts: &[Facts; 3],
    labels: &Labels,
    fit: impl Fn(&Facts, &[Option<f64>]) -> nneval::files::Result<T> + Sync,
    predict: impl Fn(&T, &Facts) -> Vec<f64>,
) -> anyhow::Result<[Columns; 3]> {
    let fits = labels.par_iter().map(|l| fit(&facts[0], l));
    let fits = fits.collect::<nneval::files::Result<Vec<_>>>()?;
    Ok(columns(facts, &fits, predict))
}

/// What `predicted` leaves of `labels`.
fn left(labels: &Labels, predicted: &Columns) -> Vec<Vec<Option<f64>>> {
    let one = |(l, p): (&Option<f64>, &f64)| l.map(|l| l - p);
    let metric = |(l, p): (&Vec<Option<f64>>, &Vec<f64>)| l.iter().zip(p).map(one).collect();
    labels.iter().zip(predicted).map(metric).collect()
}

/// Sums, part by part.
fn added(a: &[Columns; 3], b: &[Columns; 3]) -> [Columns; 3] {
    let metric = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| a + b).collect();
    let part = |i: usize| a[i].iter().zip(&b[i]).map(metric).collect();
    [part(0), part(1), part(2)]
}

fn three(facts: Vec<Facts>) -> anyhow::Result<[Facts; 3]> {
    facts.try_into().map_err(|_| anyhow::anyhow!("teachers have no networks"))
}

/// The mean of what evaluators predict.
fn by_evaluators(
    evaluators: &[Evaluator],
    metrics: &[Metric],
    graphs: &[OpGraph],
) -> anyhow::Result<Columns> {
    let networks: Vec<Network> =
        graphs.par_iter().map(|g| Network::of_string(opstring::write(g))).collect();
    let mut sums = vec![vec![0.0; graphs.len()]; metrics.len()];
    for evaluator in evaluators {
        let encoded = evaluator.encode(&networks)?;
        for (sum, m) in sums.iter_mut().zip(metrics) {
            let (at, theirs) = find(evaluator, m)?;
            for (s, e) in sum.iter_mut().zip(&encoded) {
                let value = e.outputs.get(at).map_or(f64::NAN, |o| theirs.smooth(*o));
                let z = m.transform.apply(value).unwrap_or(f64::NAN);
                *s += z / evaluators.len() as f64;
            }
        }
    }
    Ok(sums)
}

/// A metric of the evaluator by name, and its position.
fn find<'e>(evaluator: &'e Evaluator, wanted: &Metric) -> anyhow::Result<(usize, &'e Metric)> {
    let manifest = evaluator.manifest();
    let mut metrics = manifest.metrics.iter().enumerate();
    metrics
        .find(|(_, m)| m.spec.name == wanted.spec.name)
        .with_context(|| format!("teacher {} does not predict {}", manifest.name, wanted.spec.name))
}

fn column(columns: &[Vec<f64>], m: usize) -> &[f64] {
    columns.get(m).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_and_what_predicted_it_add_up_to_the_labels() {
        let labels = [vec![Some(3.0), None], vec![Some(-1.0), Some(2.0)]];
        let predicted = vec![vec![2.5, 1.0], vec![0.0, 0.0]];
        let left = left(&labels, &predicted);
        assert_eq!(left, [vec![Some(0.5), None], vec![Some(-1.0), Some(2.0)]]);
        let part = |v: f64| vec![vec![v, v]];
        let sums = added(&[part(1.0), part(2.0), part(3.0)], &[part(0.5), part(0.5), part(-3.0)]);
        assert_eq!(sums, [part(1.5), part(2.5), part(0.0)]);
    }
}
