//! What operators ask of the values of an input: index ranges, shapes, axes.
//!
//! Uses are followed forward through operators that pass elements on unchanged
//! (`Cast`, `Reshape`, `Slice`, …), into subgraphs that read a value from
//! around them. What each operator asks stands in its row of `ops`.

use super::fill::Fill;
use crate::budget;
use crate::model::{Graph, Model, Node, ValueId};
use crate::ops::{self, Demand, Operator};
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
            let readers = self.readers.get(&id).map(Vec::as_slice).unwrap_or_default();
            if budget::work(readers.len().saturating_mul(4).saturating_add(4)).is_none() {
                break;
            }
            for &(node, at) in readers {
                let operator = ops::usage(&node.domain, &node.op_type);
                found.extend(self.demand(node, operator, at));
                if operator.passes_on(at) {
                    open.extend(node.outputs.iter().flatten());
                }
            }
        }
        found
    }

    /// What a node asks of the values of input `at`.
    fn demand(&self, node: &Node, operator: &Operator, at: usize) -> Option<Use> {
        let constant = |n: u64| Some(Use::Fixed(Fill::Constant(i64::try_from(n).ok()?)));
        match operator.demand(at)? {
            Demand::IndexAxis => self.axis(node, node.int("axis").unwrap_or(0)).map(Use::Index),
            Demand::IndexLastAxis => self.axis(node, -1).map(Use::Index),
            Demand::IndexAnyAxis => self.dims(node, 0)?.into_iter().min().map(Use::Index),
            Demand::IndexRowsOf(table) => self.dims(node, table)?.first().copied().map(Use::Index),
            Demand::OutputShape => self.output_shape(node),
            Demand::Factor => Some(Use::Factor),
            Demand::Steps => {
                let axis = usize::from(node.int("layout") == Some(1));
                constant(self.dims(node, 0)?.get(axis).copied()?)
            }
            Demand::AxisLength(attribute) => {
                constant(self.axis(node, node.int(attribute).unwrap_or(0))?)
            }
            Demand::Axes => Some(Use::Fixed(Fill::Positions(u64::MAX))),
            Demand::Zero => Some(Use::Fixed(Fill::Constant(0))),
            Demand::Training => Some(Use::Training),
        }
    }

    /// The dimensions of the first output, as the file declares them.
    fn output_shape(&self, node: &Node) -> Option<Use> {
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
        let axis = if axis < 0 { axis.checked_add(rank)? } else { axis };
        crate::shape::size(dims.get(usize::try_from(axis).ok()?)?)
    }
}
