//! A network as evaluators read it: operation string, strings of its reductions, static costs.

use super::manifest::{Manifest, reductions};
use crate::error::Result;
use nneval_graph::budget;
use nneval_graph::costs::Terms;
use nneval_graph::model::{Limits, Model};
use nneval_graph::opstring::{self, OpGraph};
use nneval_graph::reduce::Reduction;
use nneval_graph::shape::Bindings;
use std::borrow::Cow;
use std::path::Path;

/// Version of operation strings that spell a graph as it stands in the file.
const FILED: u32 = 1;

/// Memory that the network of an operation string from elsewhere may take, beside 96 bytes for
/// each of the string's. Repetitions are written out, so that a short string may stand for much.
const MOST_STRING_BYTES: u64 = 64 << 20;

/// What an evaluator reads of a network beside its operation string.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Needs {
    /// Static costs at default input sizes.
    pub costs: bool,
    /// Reductions that metrics are predicted from.
    pub reductions: Vec<Reduction>,
    /// The operation string of version 1, which spells a graph as it stands in the file.
    pub filed: bool,
}

impl Needs {
    /// What the evaluator of a description reads.
    pub fn of(manifest: &Manifest) -> Self {
        let metrics = &manifest.metrics;
        let costs = metrics.iter().any(|m| m.cost_model.is_some());
        let filed = manifest.string_version == FILED;
        Self { costs, reductions: reductions(metrics), filed }
    }

    /// What this and `other` need.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.costs |= other.costs;
        self.filed |= other.filed;
        self.reductions.extend(other.reductions);
        self.reductions.sort_unstable();
        self.reductions.dedup();
        self
    }
}

/// An operation string with strings of the network's reductions and, for evaluators with cost
/// models, static costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    string: String,
    /// The string in each reduction that is known; `None` where it is the network's own.
    reduced: Vec<(Reduction, Option<String>)>,
    costs: Option<Terms>,
    /// Operation string and costs of version 1, where these are known.
    filed: Option<Filed>,
}

/// What evaluators on strings of version 1 read.
#[derive(Debug, Clone, PartialEq)]
struct Filed {
    string: String,
    costs: Option<Terms>,
}

impl Network {
    /// The network of an operation graph and its operation string, without costs.
    pub fn of_graph(graph: &OpGraph, string: String, reductions: &[Reduction]) -> Self {
        let reduced = match Reduction::may_change(&string) {
            true => reduced(graph, reductions),
            false => Vec::new(),
        };
        Self { string, reduced, costs: None, filed: None }
    }

    /// The network of `model`, with what an evaluator needs.
    ///
    /// # Errors
    /// As [`opstring::of_model`] and [`Terms::at_default_sizes`].
    pub fn of_model(model: &Model, needs: &Needs) -> Result<Self> {
        Self::of_model_at(model, needs, &Bindings::default())
    }

    /// As [`Network::of_model`], with costs at those sizes of open dimensions and else the usual
    /// ones.
    ///
    /// # Errors
    /// As [`Network::of_model`], and for sizes that do not fit the model.
    pub fn of_model_at(model: &Model, needs: &Needs, sizes: &Bindings) -> Result<Self> {
        let graph = opstring::of_model(model)?;
        let network = Self::of_graph(&graph, opstring::write(&graph), &needs.reductions);
        let terms = || Terms::at_default_sizes(model, sizes);
        let network = network.with_costs(needs.costs.then(terms).transpose()?);
        match needs.filed {
            false => Ok(network),
            true => {
                let string = opstring::write(&opstring::as_filed(model)?);
                let terms = || Terms::as_filed(model, sizes);
                let costs = needs.costs.then(terms).transpose()?;
                Ok(Self { filed: Some(Filed { string, costs }), ..network })
            }
        }
    }

    /// The network of a model file, read within `limits`; costs as in [`Network::of_model_at`].
    ///
    /// # Errors
    /// As [`Model::open`] and [`Network::of_model_at`].
    pub fn of_file(path: &Path, limits: &Limits, needs: &Needs, sizes: &Bindings) -> Result<Self> {
        budget::within(path, limits, || {
            Self::of_model_at(&Model::open(path, limits)?, needs, sizes)
        })
    }

    /// The network of an operation string that nneval has written. The string is parsed only where
    /// a metric is predicted from a reduction of it.
    pub fn from_string(string: impl Into<String>) -> Self {
        Self { string: string.into(), reduced: Vec::new(), costs: None, filed: None }
    }

    /// The network of an operation string from elsewhere, which is parsed.
    ///
    /// # Errors
    /// As [`opstring::parse()`].
    pub fn from_untrusted_string(string: impl Into<String>, needs: &Needs) -> Result<Self> {
        let string = string.into();
        let limits = Limits { memory: MOST_STRING_BYTES, ..Limits::default() };
        budget::of_string(&string, &limits, || {
            let graph = opstring::parse(&string)?;
            Ok(Self::of_graph(&graph, string.clone(), &needs.reductions))
        })
    }

    /// The same network with static costs.
    #[must_use]
    pub fn with_costs(self, costs: Option<Terms>) -> Self {
        Self { costs, ..self }
    }

    /// The same network with operation string and costs of version 1.
    #[must_use]
    pub fn with_filed(self, string: Option<String>, costs: Option<Terms>) -> Self {
        let filed = string.map(|string| Filed { string, costs });
        Self { filed, ..self }
    }

    /// As [`Network::read_by`], by value.
    pub(crate) fn into_read_by(self, needs: &Needs) -> Self {
        match (self.filed, needs.filed) {
            (Some(filed), true) if filed.string == self.string => {
                Self { costs: filed.costs, filed: None, ..self }
            }
            (Some(filed), true) => Self::from_string(filed.string).with_costs(filed.costs),
            (filed, _) => Self { filed, ..self },
        }
    }

    /// The network as an evaluator with those needs reads it.
    pub(crate) fn read_by(&self, needs: &Needs) -> Cow<'_, Self> {
        match (&self.filed, needs.filed) {
            (Some(_), true) => Cow::Owned(self.clone().into_read_by(needs)),
            _ => Cow::Borrowed(self),
        }
    }

    /// The operation string.
    pub fn string(&self) -> &str {
        &self.string
    }

    /// Static costs at default input sizes; `None` where they are not known.
    pub fn costs(&self) -> Option<&Terms> {
        self.costs.as_ref()
    }

    /// The strings of those reductions, of the ones `needed`, in which the network is another.
    ///
    /// # Errors
    /// As [`opstring::parse()`], where one of them is not known yet.
    pub(crate) fn reductions(&self, needed: &[Reduction]) -> Result<Vec<(Reduction, String)>> {
        if !Reduction::may_change(&self.string) {
            return Ok(Vec::new());
        }
        let known = |r: &Reduction| self.reduced.iter().any(|(known, _)| known == r);
        let missing: Vec<Reduction> = needed.iter().copied().filter(|r| !known(r)).collect();
        let more = match missing.is_empty() {
            true => Vec::new(),
            false => reduced(&opstring::parse(&self.string)?, &missing),
        };
        let all = self.reduced.iter().chain(&more).filter(|(r, _)| needed.contains(r));
        Ok(all.filter_map(|(r, string)| Some((*r, string.clone()?))).collect())
    }
}

/// The strings of reductions of `graph`; `None` where a reduction is the graph itself.
fn reduced(graph: &OpGraph, reductions: &[Reduction]) -> Vec<(Reduction, Option<String>)> {
    let string = |r: &Reduction| r.reduce(graph).map(|g| opstring::write(&g));
    reductions.iter().map(|r| (*r, string(r))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nneval_spaces::{Space, graph_of_arch};

    const REDUCTIONS: [Reduction; 2] = [Reduction::DeadCode, Reduction::Reachable];

    #[test]
    fn reductions_are_the_same_from_the_graph_and_from_its_string() {
        let mut differ = 0;
        for arch in Space::NatsTss.all().step_by(97) {
            let arch = arch.to_string();
            let graph = graph_of_arch(Space::NatsTss, &arch, &Default::default()).unwrap();
            let network = Network::of_graph(&graph, opstring::write(&graph), &REDUCTIONS);
            let needs = Needs { reductions: REDUCTIONS.to_vec(), ..Needs::default() };
            let parsed = Network::from_untrusted_string(network.string(), &needs).unwrap();
            assert_eq!(parsed, network, "{arch}");
            let later = Network::from_string(network.string());
            for needed in [&[][..], &[Reduction::DeadCode], &[Reduction::Reachable], &REDUCTIONS] {
                assert_eq!(later.reductions(needed).unwrap(), network.reductions(needed).unwrap());
            }
            let of_string = |reduction: Reduction| {
                reduction.reduce_string(network.string()).unwrap().into_owned()
            };
            for (reduction, string) in network.reductions(&REDUCTIONS).unwrap() {
                assert_eq!(of_string(reduction), string);
                differ += 1;
            }
        }
        assert!(differ > 50, "{differ}");
    }

    #[test]
    fn a_string_from_elsewhere_is_parsed() {
        for bad in ["|", "no string", "|1:Input@ax3x8x8|2<9:Relu"] {
            assert!(Network::from_untrusted_string(bad, &Needs::default()).is_err(), "{bad}");
        }
    }
}
