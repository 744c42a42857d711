//! Network of a dataset: operation graph, operation string, static costs.

use nneval_evaluator::{Needs, Network};
use nneval_graph::costs::Terms;
use nneval_graph::opstring::{self, OpGraph};

/// A network of a dataset.
#[derive(Debug, Clone)]
pub struct DatasetNetwork {
    /// Its operations.
    pub graph: OpGraph,
    /// Its canonical operation string.
    pub string: String,
    /// Its static costs, where they were asked for.
    pub costs: Option<Terms>,
    /// Its operation string of version 1, where it may be another one.
    pub filed: Option<String>,
    /// Static costs that evaluators on strings of version 1 read, where they were asked for.
    pub filed_costs: Option<Terms>,
}

impl DatasetNetwork {
    /// The network as an evaluator with these needs reads it.
    pub fn network(&self, needs: &Needs) -> Network {
        Network::of_graph(&self.graph, self.string.clone(), &needs.reductions)
            .with_costs(self.costs)
            .with_filed(self.filed.clone().filter(|_| needs.filed), self.filed_costs)
    }
}

impl From<OpGraph> for DatasetNetwork {
    fn from(graph: OpGraph) -> Self {
        Self { string: opstring::write(&graph), graph, costs: None, filed: None, filed_costs: None }
    }
}

/// Operation graphs of networks.
pub fn graphs<'n>(networks: &[&'n DatasetNetwork]) -> Vec<&'n OpGraph> {
    networks.iter().map(|n| &n.graph).collect()
}
