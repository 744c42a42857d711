//! Values that are mere copies of others.

use super::functions::Functions;
use crate::model::{Graph, Model, Node, ValueId};
use std::collections::HashMap;

/// Outputs of operations that change nothing, in the graph, all bodies and
/// functions.
pub struct Copies {
    original: HashMap<ValueId, ValueId>,
    copies: HashMap<ValueId, Vec<ValueId>>,
}

impl Copies {
    /// Finds the copies in `model`.
    pub fn new(model: &Model, functions: &Functions) -> Self {
        let mut finder = Finder { model, functions, read: None, original: HashMap::new() };
        finder.graph(&model.graph);
        model.functions.iter().for_each(|f| finder.graph(&f.graph));
        let original = finder.original;
        let mut copies: HashMap<ValueId, Vec<ValueId>> = HashMap::new();
        for (&copy, &of) in &original {
            copies.entry(of).or_default().push(copy);
        }
        copies.values_mut().for_each(|v| v.sort_unstable());
        Self { original, copies }
    }

    /// The value that `v` is a copy of, or `v`.
    pub fn resolve(&self, v: ValueId) -> ValueId {
        self.original.get(&v).copied().unwrap_or(v)
    }

    /// The copies of `v`.
    pub fn of(&self, v: ValueId) -> &[ValueId] {
        self.copies.get(&v).map_or(&[], Vec::as_slice)
    }
}

struct Finder<'a> {
    model: &'a Model,
    functions: &'a Functions<'a>,
    /// For each value whether any node or graph output reads it.
    read: Option<Vec<bool>>,
    original: HashMap<ValueId, ValueId>,
}

impl Finder<'_> {
    /// Nodes come after those whose values they read, so each original is
    /// known before its copies.
    fn graph(&mut self, g: &Graph) {
        for n in &g.nodes {
            if let (Some(from), Some(&Some(to))) = (n.input(0), n.outputs.first())
                && self.is_copy(n)
            {
                let from = self.original.get(&from).copied().unwrap_or(from);
                self.original.insert(to, from);
            }
            n.subgraphs().for_each(|s| self.graph(s));
        }
    }

    /// `Identity`, and `Dropout` that does nothing at inference (since opset 7:
    /// no or a false `training_mode`; before: `is_test`) and whose mask nobody
    /// reads.
    fn is_copy(&mut self, n: &Node) -> bool {
        if !n.domain.is_empty() || self.functions.find(n).is_some() {
            return false;
        }
        match n.op_type.as_str() {
            "Identity" => true,
            "Dropout" => {
                !self.is_training(n) && !n.outputs.iter().skip(1).flatten().any(|&v| self.reads(v))
            }
            _ => false,
        }
    }

    fn is_training(&self, n: &Node) -> bool {
        if n.opset < 7 {
            return n.int("is_test").unwrap_or(0) == 0;
        }
        let Some(mode) = n.input(2) else { return false };
        let mode = self.original.get(&mode).copied().unwrap_or(mode);
        let t = self.model.value(mode).and_then(|v| v.tensor.as_ref());
        t.and_then(|t| t.ints(1)).is_none_or(|v| v != [0])
    }

    fn reads(&mut self, v: ValueId) -> bool {
        let model = self.model;
        let read = self.read.get_or_insert_with(|| {
            let mut read = vec![false; model.values.len()];
            let graphs = model.functions.iter().map(|f| &f.graph).chain([&model.graph]);
            for g in graphs {
                crate::model::order::visit_reads(g, &mut |v| {
                    if let Some(r) = read.get_mut(v as usize) {
                        *r = true;
                    }
                });
            }
            read
        });
        read.get(v as usize).copied().unwrap_or(false)
    }
}
