//! Costs of single operators and of blocks of operators.

use super::blocks::{Part, parts};
use super::tally::{NodeTally, Tally, operator_name};
use super::{Amount, Costs, counted};
use crate::error::Result;
use crate::model::{Model, Node};
use crate::shape::{Bindings, Shapes, Sum, SymExpr};
use serde::Serialize;
use std::ops::Range;

/// Costs of a model, of its operators and of its blocks.
#[derive(Debug, Clone, PartialEq)]
pub struct Breakdown {
    /// The totals.
    pub costs: Costs,
    /// The operators of the graph that run, in the order of the file; bodies of control
    /// flow are part of their operator.
    pub nodes: Vec<NodeCost>,
    /// Blocks that together hold every operator once, in the order of the file.
    pub blocks: Vec<BlockCost>,
}

/// Costs of one operator.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodeCost {
    /// Name in the file, often empty.
    pub name: String,
    /// Type, after its domain and a dot where that is not `ai.onnx`.
    pub operator: String,
    /// Multiply-accumulate operations.
    pub macs: Amount,
    /// Arithmetic operations.
    pub flops: Amount,
    /// Bytes of activations read and written, and of the weights that the operator reads.
    pub bytes: Amount,
    /// False where work or bytes are not known.
    pub known: bool,
}

/// Costs of a block: a stretch of operators, or one that repeats.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BlockCost {
    /// Repetitions, one after the other.
    pub count: u64,
    /// The part of the names in the file that all operators of the first repetition
    /// share, up to a `/` or a dot; empty where there is none.
    pub scope: String,
    /// Operator types of one repetition with their number, in order of appearance.
    pub operators: Vec<(String, u64)>,
    /// Sizes of the last operator's first output.
    pub output: String,
    /// Multiply-accumulate operations of all repetitions.
    pub macs: Amount,
    /// Arithmetic operations of all repetitions.
    pub flops: Amount,
    /// Bytes moved by all repetitions, as [`NodeCost::bytes`].
    pub bytes: Amount,
    /// Operators whose work or bytes are not known.
    pub unknown: u64,
    /// Its operators in [`Breakdown::nodes`].
    #[serde(skip)]
    pub nodes: Range<usize>,
}

impl BlockCost {
    /// The operators of a repetition in words, as `2 Conv, Relu`.
    pub fn content(&self) -> String {
        let kind = |(name, count): &(String, u64)| match count {
            1 => name.clone(),
            n => format!("{n} {name}"),
        };
        self.operators.iter().map(kind).collect::<Vec<_>>().join(", ")
    }
}

/// The costs of `model` with some dimensions bound, by operator and by block.
///
/// A block that repeats stands once. What lies between is cut where one value alone is
/// alive and a branch begins or ends, or sizes change.
///
/// # Errors
/// As [`of_model`](super::of_model).
///
/// ```
/// use nneval_graph::costs;
/// use nneval_graph::model::{Limits, Model};
/// let model = Model::open("../../fixtures/nats_tss_9930.onnx", &Limits::default())?;
/// let all = costs::breakdown(&model, &Default::default())?;
/// assert!(all.blocks.iter().any(|b| b.count == 5));
/// assert_eq!(all.blocks.last().map(|b| b.nodes.end), Some(all.nodes.len()));
/// # Ok::<(), nneval_graph::Error>(())
/// ```
pub fn breakdown(model: &Model, bindings: &Bindings) -> Result<Breakdown> {
    counted(model, bindings, |costs, on| {
        let tallies = Tally::nodes(on.flat, on.shapes, on.stored);
        let nodes = tallies.iter().map(|t| node_cost(t, on.shapes)).collect();
        let parts = parts(&tallies, on.shapes);
        let blocks = parts.iter().filter_map(|p| block_cost(p, &tallies, on.shapes)).collect();
        Breakdown { costs, nodes, blocks }
    })
}

fn name(tally: &NodeTally) -> String {
    operator_name(&tally.node.domain, &tally.node.op_type)
}

fn node_cost(tally: &NodeTally, shapes: &Shapes) -> NodeCost {
    let amount = |s: &Sum| Amount::new(&s.expr(), &shapes.symbols);
    NodeCost {
        name: tally.node.name.clone(),
        operator: name(tally),
        macs: amount(&tally.macs),
        flops: amount(&tally.flops),
        bytes: amount(&tally.bytes),
        known: tally.known,
    }
}

fn block_cost(part: &Part, tallies: &[NodeTally], shapes: &Shapes) -> Option<BlockCost> {
    let all = tallies.get(part.start..part.end())?;
    let first = all.get(..part.period)?;
    let mut sums: [Sum; 3] = Default::default();
    let mut whole = true;
    for tally in all {
        for (sum, part) in sums.iter_mut().zip([&tally.macs, &tally.flops, &tally.bytes]) {
            whole &= sum.merge(part);
        }
    }
    let [macs, flops, bytes] = sums.map(|s| Amount::new(&s.expr(), &shapes.symbols));
    let unknown = all.iter().filter(|t| !t.known).count() as u64;
    Some(BlockCost {
        count: part.count as u64,
        scope: scope(first),
        operators: kinds(first),
        output: all.last().map(|t| output(t.node, shapes)).unwrap_or_default(),
        unknown: unknown.max(u64::from(!whole)),
        macs,
        flops,
        bytes,
        nodes: part.start..part.end(),
    })
}

/// Sizes of the first output, as `1x64x56x56`.
fn output(n: &Node, shapes: &Shapes) -> String {
    let dims = n.outputs.first().copied().flatten().and_then(|o| shapes.get(o)?.dims.as_deref());
    let text = |dims: &[SymExpr]| {
        dims.iter().map(|d| shapes.symbols.text(d)).collect::<Vec<_>>().join("x")
    };
    dims.map(text).unwrap_or_default()
}

fn kinds(tallies: &[NodeTally]) -> Vec<(String, u64)> {
    let mut kinds: Vec<(String, u64)> = Vec::new();
    for name in tallies.iter().map(name) {
        match kinds.iter_mut().find(|k| k.0 == name) {
            Some(kind) => kind.1 = kind.1.saturating_add(1),
            None => kinds.push((name, 1)),
        }
    }
    kinds
}

/// The names' common beginning, cut after its last whole part.
fn scope(tallies: &[NodeTally]) -> String {
    let mut names = tallies.iter().map(|t| t.node.name.as_str()).filter(|n| !n.is_empty());
    let Some(first) = names.next() else { return String::new() };
    let separators = ['/', '.'];
    let whole = |text: &str| text.rfind(separators).unwrap_or(0);
    let mut shared = first.get(..whole(first)).unwrap_or_default();
    for name in names {
        while !(name.starts_with(shared)
            && name
                .get(shared.len()..)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(separators)))
        {
            shared = shared.get(..whole(shared)).unwrap_or_default();
            if shared.is_empty() {
                return String::new();
            }
        }
    }
    shared.trim_start_matches(separators).to_owned()
}
