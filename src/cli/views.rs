//! Metrics that are predicted from a view of the networks, and their examples.

use super::train_data::{DataArgs, Reading};
use anyhow::Context;
use nneval::evaluator::{Metric, views};
use nneval::opstring::{self, OpGraph};
use nneval::reduce::Reduction;
use nneval::training::Examples;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Views that metrics are predicted from.
#[derive(Debug, Clone, serde::Serialize, clap::Args)]
#[command(next_help_heading = "Data")]
pub struct ViewArgs {
    /// Predict a metric from a view of the networks: accuracies from what is live,
    /// latencies on devices with a compiler from what is compiled (`nneval string
    /// --view`); may be repeated. Of networks that are the same in the view the mean
    /// is learnt, and predictions are equal
    #[arg(long = "view", value_name = "METRIC=VIEW", value_parser = view)]
    views: Vec<(String, Reduction)>,
}

impl ViewArgs {
    /// Sets the views of `metrics`.
    pub fn set(&self, metrics: &mut [Metric]) -> anyhow::Result<()> {
        for (name, view) in &self.views {
            let metric = metrics.iter_mut().find(|m| m.spec.name == *name);
            metric.with_context(|| format!("--view {name}={view}: no such --metric"))?.view = *view;
        }
        Ok(())
    }
}

fn view(s: &str) -> Result<(String, Reduction), String> {
    let (name, view) = s.split_once('=').ok_or("has the form METRIC=VIEW")?;
    Ok((name.to_owned(), view.parse()?))
}

/// A view, and the metrics that are predicted from it.
pub struct Seen<'a> {
    view: Reduction,
    columns: Vec<usize>,
    data: &'a DataArgs,
    reading: &'a Reading,
}

/// A target for each metric of a view.
type Targets = Vec<Option<f32>>;

/// What a network looks like in a view.
struct Look {
    string: String,
    /// The graph, where it is another than the network's own.
    other: Option<OpGraph>,
}

/// What networks have in common that are the same in a view.
struct Common<'a> {
    graph: &'a OpGraph,
    /// Whether it is one of the networks.
    plain: bool,
    /// For each metric of the view the sum of the networks' targets, and how many.
    sums: Vec<(f32, f32)>,
}

impl Common<'_> {
    fn add(&mut self, targets: &[Option<f32>]) {
        for (sum, target) in self.sums.iter_mut().zip(targets) {
            *sum = target.map_or(*sum, |t| (sum.0 + t, sum.1 + 1.0));
        }
    }

    fn means(&self) -> Targets {
        self.sums.iter().map(|(sum, n)| (*n > 0.0).then(|| sum / n)).collect()
    }
}

impl<'a> Seen<'a> {
    /// The views of `metrics` other than the whole networks.
    pub fn all(metrics: &[Metric], data: &'a DataArgs, reading: &'a Reading) -> Vec<Self> {
        let of = |view: Reduction| {
            let own = metrics.iter().enumerate().filter(|(_, m)| m.view == view);
            Self { view, columns: own.map(|(i, _)| i).collect(), data, reading }
        };
        views(metrics).into_iter().map(of).collect()
    }

    /// Gives networks the mean target of all that are the same in the view: these
    /// differ by noise. What others look like that are no network of either part is
    /// added to the first.
    pub fn share(&self, parts: &mut [(&[OpGraph], &mut Examples); 2]) -> anyhow::Result<()> {
        let looks = [self.look(parts[0].0), self.look(parts[1].0)];
        let mut all: BTreeMap<&str, Common> = BTreeMap::new();
        for ((graphs, examples), looks) in parts.iter().zip(&looks) {
            self.gather(graphs, &examples.targets, looks, &mut all);
        }
        for ((_, examples), looks) in parts.iter_mut().zip(&looks) {
            for (targets, look) in examples.targets.iter_mut().zip(looks) {
                let common = all.get(look.string.as_str()).filter(|_| look.other.is_none());
                self.set(targets, common.map(Common::means).unwrap_or_default());
            }
        }
        let others = all.into_values().filter(|c| !c.plain);
        let others = others.map(|c| (c.graph.clone(), c.means())).collect();
        let [(_, first), _] = parts;
        self.add(others, first)
    }

    /// Adds networks to what those have in common that look the same.
    fn gather<'g>(
        &self,
        graphs: &'g [OpGraph],
        targets: &[Targets],
        looks: &'g [Look],
        all: &mut BTreeMap<&'g str, Common<'g>>,
    ) {
        for ((graph, targets), look) in graphs.iter().zip(targets).zip(looks) {
            let common = all.entry(&look.string).or_insert_with(|| Common {
                graph: look.other.as_ref().unwrap_or(graph),
                plain: false,
                sums: vec![(0.0, 0.0); self.columns.len()],
            });
            common.plain |= look.other.is_none();
            common.add(&self.of(targets));
        }
    }

    /// Gives what networks look like that are others in the view examples of their own.
    pub fn split(&self, graphs: &[OpGraph], examples: &mut Examples) -> anyhow::Result<()> {
        let mut others = Vec::new();
        for (targets, look) in examples.targets.iter_mut().zip(self.look(graphs)) {
            if let Some(graph) = look.other {
                others.push((graph, self.of(targets)));
                self.set(targets, Vec::new());
            }
        }
        self.add(others, examples)
    }

    fn look(&self, graphs: &[OpGraph]) -> Vec<Look> {
        let one = |g: &OpGraph| {
            let other = self.view.reduce(g);
            Look { string: opstring::write(other.as_ref().unwrap_or(g)), other }
        };
        graphs.par_iter().map(one).collect()
    }

    /// The targets of the view's metrics.
    fn of(&self, targets: &[Option<f32>]) -> Targets {
        self.columns.iter().map(|&c| targets.get(c).copied().flatten()).collect()
    }

    /// Sets the targets of the view's metrics; those that are not given are unknown.
    fn set(&self, targets: &mut [Option<f32>], values: Targets) {
        let values = values.into_iter().chain(std::iter::repeat(None));
        for (&column, value) in self.columns.iter().zip(values) {
            if let Some(target) = targets.get_mut(column) {
                *target = value;
            }
        }
    }

    fn add(&self, others: Vec<(OpGraph, Targets)>, examples: &mut Examples) -> anyhow::Result<()> {
        let (graphs, values): (Vec<OpGraph>, Vec<Targets>) = others.into_iter().unzip();
        examples.tokens.extend(self.data.tokens(self.reading, &graphs)?.tokens);
        for values in values {
            let mut targets = vec![None; examples.names.len()];
            self.set(&mut targets, values);
            examples.targets.push(targets);
        }
        Ok(())
    }
}
