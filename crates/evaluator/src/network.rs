//! A network as evaluators read it: operation string, strings of its reductions, static costs.

use crate::error::Result;
use nneval_graph::costs::Terms;
use nneval_graph::inputs::all_sizes;
use nneval_graph::model::Model;
use nneval_graph::opstring::{self, OpGraph};
use nneval_graph::reduce::Reduction;
use nneval_graph::shape::Bindings;

/// The reductions that metrics can be predicted from.
const REDUCTIONS: [Reduction; 2] = [Reduction::DeadCode, Reduction::Reachable];

/// An operation string with the strings of the network's reductions and, for evaluators with cost
/// models, static costs. It is made once; nothing in it is read again.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    string: String,
    /// `None`: not known yet.
    reductions: Option<Vec<(Reduction, String)>>,
    costs: Option<Terms>,
}

impl Network {
    /// The network of an operation graph, without costs.
    pub fn of_graph(graph: &OpGraph) -> Self {
        let string = opstring::write(graph);
        let reductions = Some(reductions(graph, &string));
        Self { string, reductions, costs: None }
    }

    /// The network of `model`; with `costs` its static costs at default input sizes as well.
    ///
    /// # Errors
    /// As [`opstring::of_model`] and [`Terms::of_model`].
    pub fn of_model(model: &Model, costs: bool) -> Result<Self> {
        let network = Self::of_graph(&opstring::of_model(model)?);
        let terms = || Terms::of_model(model, &all_sizes(model, &Bindings::default()));
        Ok(Self { costs: costs.then(terms).transpose()?, ..network })
    }

    /// The network of an operation string that nneval has written. The string is parsed only where
    /// a metric is predicted from a reduction of it.
    pub fn from_string(string: impl Into<String>) -> Self {
        Self { string: string.into(), reductions: None, costs: None }
    }

    /// The network of an operation string from elsewhere, which is parsed.
    ///
    /// # Errors
    /// As [`opstring::parse()`].
    pub fn from_untrusted_string(string: impl Into<String>) -> Result<Self> {
        let string = string.into();
        let graph = opstring::parse(&string)?;
        let reductions = Some(reductions(&graph, &string));
        Ok(Self { string, reductions, costs: None })
    }

    /// The same network with static costs.
    #[must_use]
    pub fn with_costs(self, costs: Option<Terms>) -> Self {
        Self { costs, ..self }
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
    /// As [`opstring::parse()`], where the reductions are not known yet.
    pub(crate) fn reductions(&self, needed: &[Reduction]) -> Result<Vec<(Reduction, String)>> {
        let of = |all: &[(Reduction, String)]| {
            all.iter().filter(|(reduction, _)| needed.contains(reduction)).cloned().collect()
        };
        match &self.reductions {
            Some(known) => Ok(of(known)),
            None if needed.is_empty() || !Reduction::may_change(&self.string) => Ok(Vec::new()),
            None => Ok(of(&reductions(&opstring::parse(&self.string)?, &self.string))),
        }
    }
}

/// The reductions in which a graph is another, with their strings. `string` is the graph's own.
fn reductions(graph: &OpGraph, string: &str) -> Vec<(Reduction, String)> {
    if !Reduction::may_change(string) {
        return Vec::new();
    }
    let reduced =
        REDUCTIONS.into_iter().filter_map(|reduction| Some((reduction, reduction.reduce(graph)?)));
    reduced.map(|(reduction, graph)| (reduction, opstring::write(&graph))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nneval_spaces::{Space, graph_of_arch};

    #[test]
    fn reductions_are_the_same_from_the_graph_and_from_its_string() {
        let mut differ = 0;
        for arch in Space::NatsTss.all().step_by(97) {
            let arch = arch.to_string();
            let graph = graph_of_arch(Space::NatsTss, &arch, &Default::default()).unwrap();
            let network = Network::of_graph(&graph);
            let parsed = Network::from_untrusted_string(network.string()).unwrap();
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
            assert!(Network::from_untrusted_string(bad).is_err(), "{bad}");
        }
    }
}
