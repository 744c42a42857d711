//! What operators ask of the values of an input: index ranges, shapes, axes.
//!
//! Uses are followed forward through operators that pass elements on unchanged
//! (`Cast`, `Reshape`, `Slice`, …), into subgraphs that read a value from
//! around them. Operators are those of ONNX operator set 21 and
//! `EmbedLayerNormalization` of `com.microsoft`.

use super::fill::Fill;
use crate::model::{Graph, Model, Node, ValueId};
use crate::shape::Shapes;
use std::collections::{HashMap, HashSet};

/// One demand on an input's values.
#[derive(Debug, Clone, PartialEq)]
pub enum Use {
    /// They index an axis of this size.
    Index(u64),
    /// They must be these.
    Fixed(Fill),
    /// Floats by which sizes are multiplied.
    Factor,
    /// A flag that switches training on.
    Training,
}

/// Values that are followed from one input.
const MAX_FOLLOWED: usize = 10_000;

/// Readers of every value.
pub struct Uses<'m> {
    readers: HashMap<ValueId, Vec<(&'m Node, usize)>>,
    shapes: &'m Shapes,
}

impl<'m> Uses<'m> {
    /// Reads the graph and its subgraphs.
    pub fn new(model: &'m Model, shapes: &'m Shapes) -> Self {
        let mut uses = Self { readers: HashMap::new(), shapes };
        uses.graph(&model.graph);
        uses
    }

    fn graph(&mut self, graph: &'m Graph) {
        for node in &graph.nodes {
            for (at, id) in node.inputs.iter().enumerate() {
                if let Some(id) = id {
                    self.readers.entry(*id).or_default().push((node, at));
                }
            }
            node.subgraphs().for_each(|g| self.graph(g));
        }
    }

    /// All demands on the value `id`.
    pub fn of(&self, id: ValueId) -> Vec<Use> {
        let (mut found, mut seen, mut open) = (Vec::new(), HashSet::new(), vec![id]);
        while let Some(id) = open.pop() {
            if seen.len() >= MAX_FOLLOWED || !seen.insert(id) {
                continue;
            }
            for &(node, at) in self.readers.get(&id).map(Vec::as_slice).unwrap_or_default() {
                found.extend(self.demand(node, at));
                if passes_on(&node.op_type, at) {
                    open.extend(node.outputs.iter().flatten());
                }
            }
        }
        found
    }

    fn demand(&self, node: &Node, at: usize) -> Option<Use> {
        let fixed = |fill| Some(Use::Fixed(fill));
        match (node.op_type.as_str(), at) {
            ("Gather" | "GatherElements" | "Scatter" | "ScatterElements", 1) => {
                self.axis(node, node.int("axis").unwrap_or(0)).map(Use::Index)
            }
            ("GatherND" | "ScatterND", 1) => self.dims(node, 0)?.into_iter().min().map(Use::Index),
            ("ArrayFeatureExtractor", 1) => self.axis(node, -1).map(Use::Index),
            ("EmbedLayerNormalization", 0) => self.dims(node, 2)?.first().copied().map(Use::Index),
            ("EmbedLayerNormalization", 1) => self.dims(node, 4)?.first().copied().map(Use::Index),
            ("Reshape" | "Expand" | "ConstantOfShape" | "Resize", _) => self.shape(node, at),
            ("Upsample", 1) => Some(Use::Factor),
            ("RNN" | "LSTM" | "GRU", 4) => {
                let steps = if node.int("layout") == Some(1) { 1 } else { 0 };
                let length = self.dims(node, 0)?.get(steps).copied()?;
                fixed(Fill::Constant(i64::try_from(length).ok()?))
            }
            ("ReverseSequence", 1) => {
                let length = self.axis(node, node.int("time_axis").unwrap_or(0))?;
                fixed(Fill::Constant(i64::try_from(length).ok()?))
            }
            ("Squeeze" | "Unsqueeze", 1) | ("Slice", 3) => fixed(Fill::Positions(u64::MAX)),
            ("CumSum", 1) | ("Pad" | "Slice", 1) => fixed(Fill::Constant(0)),
            (op, 1) if op.starts_with("Reduce") => fixed(Fill::Positions(u64::MAX)),
            ("Dropout", 2) => Some(Use::Training),
            _ => None,
        }
    }

    /// Inputs that say the output's shape: what the file declares of it.
    fn shape(&self, node: &Node, at: usize) -> Option<Use> {
        let is_shape = matches!(
            (node.op_type.as_str(), at),
            ("Reshape" | "Expand", 1) | ("ConstantOfShape", 0) | ("Resize", 3)
        );
        if !is_shape {
            return (node.op_type == "Resize" && at == 2).then_some(Use::Factor);
        }
        let output = node.outputs.first().copied().flatten()?;
        let dims = self.shapes.known(output)?;
        let dims: Option<Vec<i64>> = dims.into_iter().map(|d| i64::try_from(d).ok()).collect();
        dims.map(|d| Use::Fixed(Fill::Values(d)))
    }

    fn dims(&self, node: &Node, input: usize) -> Option<Vec<u64>> {
        self.shapes.known(node.input(input)?)
    }

    /// Size of an axis of the first input; negative axes count from the end.
    fn axis(&self, node: &Node, axis: i64) -> Option<u64> {
        let dims = self.shapes.get(node.input(0)?)?.dims.as_ref()?;
        let rank = i64::try_from(dims.len()).ok()?;
        let axis = if axis < 0 { axis + rank } else { axis };
        crate::shape::size(dims.get(usize::try_from(axis).ok()?)?)
    }
}

/// Operators whose output has the elements of input `at`.
fn passes_on(op: &str, at: usize) -> bool {
    match op {
        "Identity" | "Cast" | "Reshape" | "Squeeze" | "Unsqueeze" | "Flatten" | "Transpose"
        | "Expand" | "Tile" | "Slice" | "Split" | "Gather" | "Pad" | "Clip" => at == 0,
        "Concat" | "Min" | "Max" => true,
        "Where" => at > 0,
        _ => false,
    }
}
