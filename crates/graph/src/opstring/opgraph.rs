//! The operation graph: what an operation string says, and nothing more.

use std::sync::Arc;

/// Where an operation's input comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operand {
    /// Output `output` of operation `op` of the same graph.
    Value {
        /// Index in [`OpGraph::ops`].
        op: usize,
        /// Output number of that operation.
        output: usize,
    },
    /// A weight: shape and, where not `f32`, element type, as spelled.
    Weight(String),
    /// A small constant by value, as spelled.
    Constant(String),
    /// An omitted optional input.
    Omitted,
}

impl Operand {
    /// The operation that it is a value of.
    pub(super) fn producer(&self) -> Option<usize> {
        match self {
            Self::Value { op, .. } => Some(*op),
            _ => None,
        }
    }
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Op {
    /// Operator type, after its domain and a dot where that is not `ai.onnx`.
    /// `Input` stands for an input of the graph.
    pub kind: String,
    /// Attributes that change the computation, spelled, sorted; defaults left out.
    pub attributes: Vec<String>,
    /// Inputs in order, without trailing omitted ones.
    pub operands: Vec<Operand>,
    /// For each output up to the last used one: shape and element type as
    /// spelled (`ax16x32x32`, `4:i64`), empty where the output is not used.
    pub outputs: Vec<String>,
    /// Bodies: subgraphs by attribute name, in attribute order, and then, named
    /// `=`, the body of the model-local function that this operation calls.
    /// Inputs of a body have the attribute `i0`, `i1`, …; values that it
    /// captures from around it are further inputs, `o0`, `o1`, …, and operands
    /// of this operation, after its own ones.
    pub bodies: Vec<(String, Arc<OpGraph>)>,
}

/// Operations in canonical order; each reads only operations before it.
///
/// ```
/// use nneval_graph::opstring::{self, Operand};
/// let graph = opstring::parse("|1:Input@ax8+Relu|2<1:Sigmoid|3<1<2:Mul")?;
/// let product = &graph.ops[3];
/// assert_eq!(product.kind, "Mul");
/// assert_eq!(product.operands[0], Operand::Value { op: 1, output: 0 });
/// # Ok::<(), nneval_graph::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct OpGraph {
    /// The operations.
    pub ops: Vec<Op>,
    /// What the graph returns, in order.
    pub outputs: Vec<Operand>,
}

impl OpGraph {
    /// Number of operations, those of bodies included, graph inputs not.
    pub fn operations(&self) -> usize {
        let of = |op: &Op| {
            usize::from(op.kind != "Input")
                + op.bodies.iter().map(|b| b.1.operations()).sum::<usize>()
        };
        self.ops.iter().map(of).sum()
    }
}
