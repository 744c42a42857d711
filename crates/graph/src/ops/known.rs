//! What shape rules and work rules both see of a node, so that one function
//! finds the sizes that both follow from.

use super::flops::Site;
use super::op::Op;
use crate::model::Node;
use crate::symbolic::SymExpr;

/// A node, and what is known of its inputs.
pub trait Known {
    /// The node.
    fn node(&self) -> &Node;

    /// Dimensions of input `i`.
    fn input(&self, i: usize) -> Option<Vec<SymExpr>>;

    /// Dimensions of output `i`, where these are known by now.
    fn output(&self, i: usize) -> Option<Vec<SymExpr>>;

    /// Elements of input `i`.
    fn elements(&self, i: usize) -> Option<Vec<SymExpr>>;

    /// The one element of input `i`.
    fn number(&self, i: usize) -> Option<SymExpr> {
        match self.elements(i)?.as_slice() {
            [x] => Some(x.clone()),
            _ => None,
        }
    }

    /// True where input `i` is given.
    fn given(&self, i: usize) -> bool {
        self.node().input(i).is_some()
    }

    /// True where an integer attribute is given and not 0.
    fn flag(&self, attribute: &str) -> bool {
        self.node().int(attribute).unwrap_or(0) != 0
    }

    /// A positive integer attribute.
    fn positive(&self, attribute: &str) -> Option<SymExpr> {
        self.node().int(attribute).filter(|&v| v > 0).map(|v| SymExpr::Value(v.into()))
    }
}

impl Known for Op<'_, '_> {
    fn node(&self) -> &Node {
        self.n
    }

    fn input(&self, i: usize) -> Option<Vec<SymExpr>> {
        self.dims(i)
    }

    fn output(&self, _: usize) -> Option<Vec<SymExpr>> {
        None
    }

    fn elements(&self, i: usize) -> Option<Vec<SymExpr>> {
        self.ints(i)
    }
}

impl Known for Site<'_> {
    fn node(&self) -> &Node {
        self.n
    }

    fn input(&self, i: usize) -> Option<Vec<SymExpr>> {
        Some(self.dims(i)?.to_vec())
    }

    fn output(&self, i: usize) -> Option<Vec<SymExpr>> {
        Some(self.out_dims(i)?.to_vec())
    }

    fn elements(&self, i: usize) -> Option<Vec<SymExpr>> {
        let known = self.shapes.get(self.n.input(i)?)?.ints.as_ref()?;
        Some(known.iter().map(|&v| SymExpr::Value(v.into())).collect())
    }
}
