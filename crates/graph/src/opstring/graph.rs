//! Operation graph: the typed form of an operation string.
//!
//! Types, weights, constants and attributes are values here. Text is made of
//! them by [`write`](super::write()) alone and read by
//! [`parse`](super::parse()) alone.

use super::attr::Attr;
use super::literal::Constant;
use super::tensor_type::TensorType;
use std::sync::Arc;

/// Where an operation's input comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Operand {
    /// Output `output` of operation `op` of the same graph.
    Value {
        /// Index in [`OpGraph::ops`].
        op: usize,
        /// Output number of that operation.
        output: usize,
    },
    /// A weight: its sizes and element type.
    Weight(TensorType),
    /// A small constant by value.
    Constant(Constant),
    /// An omitted optional input.
    Omitted,
}

impl Operand {
    /// The operation whose output this is.
    pub fn producer(&self) -> Option<usize> {
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
    /// Attributes that change the computation, sorted by their spelling.
    /// Defaults are left out.
    pub attributes: Vec<Attr>,
    /// Inputs in order, without trailing omitted ones.
    pub operands: Vec<Operand>,
    /// Types of the outputs up to the last used one; `None` for an unused one.
    pub outputs: Vec<Option<TensorType>>,
    /// Subgraphs by attribute name, in attribute order. The body of the
    /// model-local function that the operation calls comes last, named `=`.
    /// Inputs of a body have [`Attr::Formal`]. Values that it captures from
    /// around it are further inputs, with [`Attr::Captured`], and operands of
    /// this operation, after its own ones.
    pub bodies: Vec<(String, Arc<OpGraph>)>,
}

impl Op {
    /// The operations whose outputs this one reads, in order.
    pub fn producers(&self) -> impl Iterator<Item = usize> + '_ {
        self.operands.iter().filter_map(Operand::producer)
    }

    /// Whether it multiplies by a constant zero.
    pub fn multiplies_by_zero(&self) -> bool {
        let zero = |o: &Operand| matches!(o, Operand::Constant(c) if c.is_zero());
        self.kind == "Mul" && self.operands.iter().any(zero)
    }
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

    /// Type of an output of an operation; `None` where it is unused or there
    /// is no such output.
    pub fn output_type(&self, op: usize, output: usize) -> Option<&TensorType> {
        self.ops.get(op)?.outputs.get(output)?.as_ref()
    }
}
