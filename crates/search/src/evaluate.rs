//! Candidate evaluation: predictions of evaluators and static costs.

use super::space::SearchSpace;
use crate::error::{Error, Result};
use nneval_evaluator::{Evaluator, Needs, Network, Prediction};
use nneval_graph::costs::{self, Costs};
use nneval_graph::model::Model;
use nneval_tables::near_names;
use rayon::prelude::*;
use std::sync::Arc;

/// A static cost that can be an objective or a limit, for one sample (symbolic
/// dimensions are 1).
#[derive(Debug)]
pub struct StaticCost {
    /// Its name.
    pub name: &'static str,
    /// Its unit; empty for a count.
    pub unit: &'static str,
    of: fn(&Costs) -> Option<f64>,
}

const fn cost(name: &'static str, unit: &'static str, of: fn(&Costs) -> Option<f64>) -> StaticCost {
    StaticCost { name, unit, of }
}

fn known(amount: &costs::Amount) -> Option<f64> {
    amount.known().map(|n| n as f64)
}

/// The static costs; `params` is `parameters`.
pub static COSTS: [StaticCost; 12] = [
    cost("parameters", "", |c| Some(c.parameters as f64)),
    cost("params", "", |c| Some(c.parameters as f64)),
    cost("buffers", "", |c| Some(c.buffers as f64)),
    cost("weight_bytes", "B", |c| Some(c.weight_bytes as f64)),
    cost("macs", "", |c| known(&c.macs)),
    cost("flops", "", |c| known(&c.flops)),
    cost("activation_bytes_read", "B", |c| known(&c.activation_bytes_read)),
    cost("activation_bytes_written", "B", |c| known(&c.activation_bytes_written)),
    cost("weight_bytes_read", "B", |c| known(&c.weight_bytes_read)),
    cost("peak_activation_bytes", "B", |c| known(&c.peak_activation_bytes)),
    cost("arithmetic_intensity", "FLOP/B", |c| c.arithmetic_intensity),
    cost("depth", "", |c| Some(c.depth as f64)),
];

/// Where a value comes from.
#[derive(Debug, Clone, Copy)]
enum Source {
    Cost(&'static StaticCost),
    Metric { evaluator: usize, metric: usize },
    Told,
}

/// What is known of a candidate, an entry a column.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CandidateValues {
    /// Values; `None` where unknown.
    pub values: Vec<Option<f64>>,
    /// Ends of the intervals of predicted values; may be shorter than `values`.
    pub intervals: Vec<Option<[f64; 2]>>,
    /// Whether an evaluator that is asked has seen no networks like it.
    pub flagged: bool,
}

impl From<Vec<Option<f64>>> for CandidateValues {
    /// Values without intervals.
    fn from(values: Vec<Option<f64>>) -> Self {
        Self { values, intervals: Vec::new(), flagged: false }
    }
}

/// Gives candidates their values.
#[derive(Debug)]
pub struct CandidateEvaluator {
    evaluators: Arc<[Evaluator]>,
    columns: Vec<(String, Source)>,
    takes_outside: bool,
}

impl CandidateEvaluator {
    /// Finds each column among the evaluators' metrics and [`COSTS`]. A metric
    /// of several evaluators is named `EVALUATOR:METRIC`. With `told`, columns
    /// that nothing here knows stay unknown until they are told.
    ///
    /// # Errors
    /// [`Error::Metric`] for a name that nothing knows, or several evaluators.
    pub fn new(evaluators: Vec<Evaluator>, columns: &[String], told: bool) -> Result<Self> {
        let find = |name: &String| Ok((name.clone(), source(&evaluators, name, told)?));
        let columns = columns.iter().map(find).collect::<Result<Vec<_>>>()?;
        Ok(Self { evaluators: evaluators.into(), columns, takes_outside: false })
    }

    /// Takes predictions of networks that an evaluator flags as well. Without it their
    /// predicted values are unknown.
    #[must_use]
    pub fn with_outside(self, takes_outside: bool) -> Self {
        Self { takes_outside, ..self }
    }

    /// All metrics of the same evaluators and all static costs, of flagged networks as well.
    ///
    /// # Errors
    /// [`Error::Metric`] where two evaluators have one name and one metric.
    pub fn everything(&self) -> Result<Self> {
        let mut names: Vec<String> = Vec::new();
        for e in self.evaluators.iter() {
            let own = e.manifest().metrics.iter().map(|m| m.spec.name.clone());
            let named = own.map(|m| match self.evaluators.len() {
                1 => m,
                _ => format!("{}:{m}", e.manifest().name),
            });
            names.extend(named);
        }
        names.extend(COSTS.iter().filter(|c| c.name != "params").map(|c| c.name.to_owned()));
        let find = |name: &String| Ok((name.clone(), source(&self.evaluators, name, false)?));
        let columns = names.iter().map(find).collect::<Result<Vec<_>>>()?;
        Ok(Self { evaluators: Arc::clone(&self.evaluators), columns, takes_outside: true })
    }

    /// Names of the columns.
    pub fn columns(&self) -> Vec<String> {
        self.columns.iter().map(|c| c.0.clone()).collect()
    }

    /// The evaluators.
    pub fn evaluators(&self) -> &[Evaluator] {
        &self.evaluators
    }

    /// Unit of a column; empty where it is unknown or a count.
    pub fn unit(&self, column: &str) -> &str {
        match self.columns.iter().find(|(name, _)| name == column) {
            Some((_, Source::Cost(c))) => c.unit,
            Some((_, Source::Metric { evaluator, metric })) => {
                let e = self.evaluators.get(*evaluator);
                let m = e.and_then(|e| e.manifest().metrics.get(*metric));
                m.map_or("", |m| m.spec.unit.as_str())
            }
            _ => "",
        }
    }

    /// Whether the values of a column come with intervals.
    pub fn has_intervals(&self, column: &str) -> bool {
        match self.columns.iter().find(|(name, _)| name == column) {
            Some((_, Source::Metric { evaluator, metric })) => {
                let e = self.evaluators.get(*evaluator);
                let m = e.and_then(|e| e.manifest().metrics.get(*metric));
                m.is_some_and(|m| m.interval.is_some())
            }
            _ => false,
        }
    }

    /// Values of architectures of a space, one for each column; one that cannot
    /// be measured fails alone.
    pub fn values<S: SearchSpace>(
        &self,
        space: &S,
        keys: &[String],
    ) -> Vec<Result<CandidateValues>> {
        self.of_models(keys, |key| space.model(&space.parse(key)?))
    }

    /// Values of the models that `model` makes of keys.
    pub fn of_models(
        &self,
        keys: &[String],
        model: impl Fn(&String) -> Result<Model> + Sync,
    ) -> Vec<Result<CandidateValues>> {
        let wants = |f: fn(&Source) -> bool| self.columns.iter().any(|(_, s)| f(s));
        let costs = wants(|s| matches!(s, Source::Cost(_)));
        let strings = wants(|s| matches!(s, Source::Metric { .. }));
        if !costs && !strings {
            return keys.iter().map(|_| Ok(vec![None; self.columns.len()].into())).collect();
        }
        let needs = self.evaluators.iter().map(|e| e.needs().clone());
        let needs = needs.reduce(Needs::and).unwrap_or_default();
        let read = |key: &String| -> Result<(Network, Option<Costs>)> {
            let model = model(key)?;
            let network = match strings {
                true => Network::of_model(&model, &needs)?,
                false => Network::from_string(String::new()),
            };
            Ok((network, costs.then(|| costs::of_one_sample(&model)).transpose()?))
        };
        let facts: Vec<Result<(Network, Option<Costs>)>> = keys.par_iter().map(read).collect();
        let good: Vec<Network> = facts.iter().flatten().map(|f| f.0.clone()).collect();
        let mut predictions = self.predictions(&good);
        let mut join = |fact: Result<(Network, Option<Costs>)>| -> Result<CandidateValues> {
            let (_, costs) = fact?;
            let mut own = Vec::with_capacity(predictions.len());
            for p in &mut predictions {
                own.push(p.next().transpose()?);
            }
            Ok(self.row(costs.as_ref(), &own))
        };
        facts.into_iter().map(&mut join).collect()
    }

    /// For each evaluator what it predicts; nothing where no column reads it.
    fn predictions(
        &self,
        networks: &[Network],
    ) -> Vec<std::vec::IntoIter<nneval_evaluator::Result<Prediction>>> {
        let used = |i: usize| {
            let reads =
                |s: &Source| matches!(s, Source::Metric { evaluator, .. } if *evaluator == i);
            self.columns.iter().any(|(_, s)| reads(s))
        };
        let predict = |(i, e): (usize, &Evaluator)| match used(i) {
            true => e.evaluate_networks(networks).into_iter(),
            false => Vec::new().into_iter(),
        };
        self.evaluators.iter().enumerate().map(predict).collect()
    }

    fn row(&self, costs: Option<&Costs>, predictions: &[Option<Prediction>]) -> CandidateValues {
        let is_flagged = |p: &&Prediction| p.flagged() == Some(true);
        let estimate = |evaluator: usize, metric: usize| {
            let prediction = predictions.get(evaluator)?.as_ref();
            let taken = prediction.filter(|p| self.takes_outside || !is_flagged(p));
            taken?.estimates().get(metric)
        };
        let value = |(_, source): &(String, Source)| match *source {
            Source::Told => None,
            Source::Cost(cost) => costs.and_then(cost.of),
            Source::Metric { evaluator, metric } => estimate(evaluator, metric).map(|e| e.value),
        };
        let interval = |(_, source): &(String, Source)| match *source {
            Source::Metric { evaluator, metric } => estimate(evaluator, metric)?.interval,
            _ => None,
        };
        CandidateValues {
            values: self.columns.iter().map(value).collect(),
            intervals: self.columns.iter().map(interval).collect(),
            flagged: predictions.iter().flatten().any(|p| is_flagged(&p)),
        }
    }
}

fn source(evaluators: &[Evaluator], name: &str, told: bool) -> Result<Source> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (i, e) in evaluators.iter().enumerate() {
        let manifest = e.manifest();
        let plain =
            |m: &str| m == name || name.strip_prefix(&manifest.name) == Some(&format!(":{m}"));
        let at = manifest.metrics.iter().position(|m| plain(&m.spec.name));
        found.extend(at.map(|at| (i, at)));
    }
    let costs = COSTS.iter().find(|c| c.name == name);
    match (found.as_slice(), costs) {
        ([(evaluator, metric)], _) => Ok(Source::Metric { evaluator: *evaluator, metric: *metric }),
        ([], Some(cost)) => Ok(Source::Cost(cost)),
        ([], None) if told => Ok(Source::Told),
        ([], None) => {
            let of = |e: &Evaluator| -> Vec<String> {
                e.manifest().metrics.iter().map(|m| m.spec.name.clone()).collect()
            };
            let names: Vec<String> = evaluators
                .iter()
                .flat_map(of)
                .chain(COSTS.iter().map(|c| c.name.to_owned()))
                .collect();
            let hint = near_names(name, &names);
            let reason = format!("no evaluator predicts {name:?}, and it is no static cost{hint}");
            Err(Error::Metric { name: name.to_owned(), reason })
        }
        _ => {
            let reason =
                format!("several evaluators predict {name}; name one of them: EVALUATOR:{name}");
            Err(Error::Metric { name: name.to_owned(), reason })
        }
    }
}
