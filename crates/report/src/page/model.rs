//! Model as content of the report page: facts, predictions, costs by block, graph.

use crate::drawing::Drawing;
use crate::layout::layout;
use nneval_graph::model::Model;
use nneval_graph::{costs, features, opstring};
use serde::Serialize;

/// Blocks that are listed, at most.
const MOST_BLOCKS: usize = 200;

/// What a page says of a model.
#[derive(Debug, Clone, Serialize, Default)]
pub struct PageModel {
    /// Names and values that describe it.
    pub facts: Vec<(String, String)>,
    /// Predictions of the evaluators that know such networks.
    pub predictions: Vec<PagePrediction>,
    /// Why others predict nothing; empty where there are none.
    pub unanswered: String,
    /// Its blocks, in the order of the file.
    pub blocks: Vec<PageBlock>,
    /// Blocks that are not listed.
    pub left_out: usize,
    /// Its graph; absent where it cannot be drawn.
    pub graph: Option<Drawing>,
}

/// A predicted metric, as text.
#[derive(Debug, Clone, Serialize, Default)]
pub struct PagePrediction {
    /// Name of the metric.
    pub metric: String,
    /// Value with its unit.
    pub value: String,
    /// Interval with its level; empty where there is none.
    pub interval: String,
    /// Agreement with labels of networks kept back.
    pub error: String,
    /// Who predicts.
    pub evaluator: String,
}

/// Costs of a block.
#[derive(Debug, Clone, Serialize, Default)]
pub struct PageBlock {
    /// Its place in the file's order, from 1 on.
    pub place: usize,
    /// Repetitions.
    pub count: u64,
    /// What the names of its operators share.
    pub scope: String,
    /// Operators of a repetition.
    pub operators: String,
    /// Sizes of the output.
    pub output: String,
    /// MACs of all repetitions; absent where not known.
    pub macs: Option<u64>,
    /// Their share in the network's MACs, between 0 and 1.
    pub share: Option<f64>,
}

impl PageModel {
    /// Blocks and graph of a model; `all` are its costs at the sizes that are shown.
    pub fn new(model: &Model, all: &costs::Breakdown) -> Self {
        let macs = all.costs.macs.known().filter(|&n| n > 0);
        let block = |(at, b): (usize, &costs::BlockCost)| {
            let own = b.macs.known();
            PageBlock {
                place: at + 1,
                count: b.count,
                scope: b.scope.clone(),
                operators: b.content(),
                output: b.output.clone(),
                macs: own,
                share: own.zip(macs).map(|(own, all)| own as f64 / all as f64),
            }
        };
        let graph = opstring::of_model(model).ok().map(|g| layout(&features::outline(&g)));
        Self {
            blocks: all.blocks.iter().enumerate().take(MOST_BLOCKS).map(block).collect(),
            left_out: all.blocks.len().saturating_sub(MOST_BLOCKS),
            graph,
            ..Self::default()
        }
    }
}
