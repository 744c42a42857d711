//! Shape rules by operator. A rule returns what it knows of each output, or
//! `None` where it knows nothing.

mod control;
mod elementwise;
mod index;
mod layout;
mod linear;
mod microsoft;
mod ml;
mod recurrent;
mod reduce;
mod resize;
mod sequence;
mod signal;
mod vision;
mod window;

use super::State;
use super::expr::SymExpr;
use super::tensor::Sym;
use crate::model::*;
pub use sequence::container;

/// What is known of each output.
pub type Outputs = Vec<Option<Sym>>;

/// A node, and what is known of its inputs.
pub struct Op<'s, 'm> {
    pub s: &'s mut State<'m>,
    pub n: &'m Node,
}

/// What is known of the outputs of a node.
pub fn infer(op: &mut Op) -> Outputs {
    let kind = op.n.op_type.as_str();
    let found = match op.n.domain.as_str() {
        "" => control::infer(op, kind)
            .or_else(|| elementwise::infer(op, kind))
            .or_else(|| layout::infer(op, kind))
            .or_else(|| index::infer(op, kind))
            .or_else(|| window::infer(op, kind))
            .or_else(|| linear::infer(op, kind))
            .or_else(|| reduce::infer(op, kind))
            .or_else(|| resize::infer(op, kind))
            .or_else(|| recurrent::infer(op, kind))
            .or_else(|| vision::infer(op, kind))
            .or_else(|| signal::infer(op, kind))
            .or_else(|| sequence::infer(op, kind))
            .or_else(|| ml::text(op, kind)),
        "ai.onnx.ml" => ml::infer(op, kind),
        "com.microsoft" => microsoft::infer(op, kind),
        "ai.onnx.preview.training" => ml::training(op, kind),
        _ => None,
    };
    found.unwrap_or_default()
}

/// One output of these dimensions.
pub fn one(dims: Vec<SymExpr>) -> Option<Outputs> {
    Some(vec![Some(Sym::shape(dims))])
}

/// Index of an axis that may count from the end.
pub fn wrap(axis: i64, rank: usize) -> Option<usize> {
    let rank = i64::try_from(rank).ok()?;
    let a = if axis < 0 { axis.checked_add(rank)? } else { axis };
    usize::try_from(a).ok().filter(|_| a < rank)
}

/// Indices of several axes.
pub fn wrap_all(axes: &[i64], rank: usize) -> Option<Vec<usize>> {
    axes.iter().map(|&a| wrap(a, rank)).collect()
}

/// Broadcast of two shapes (numpy rules).
pub fn broadcast(a: &[SymExpr], b: &[SymExpr]) -> Option<Vec<SymExpr>> {
    let rank = a.len().max(b.len());
    let one = SymExpr::ONE;
    let at = |d: &[SymExpr], i: usize| match (i + d.len()).checked_sub(rank) {
        Some(i) => d.get(i).cloned().unwrap_or(SymExpr::ONE),
        None => one.clone(),
    };
    (0..rank).map(|i| at(a, i).broadcast(&at(b, i))).collect()
}

/// Product of sizes.
pub fn product<'a>(dims: impl IntoIterator<Item = &'a SymExpr>) -> Option<SymExpr> {
    dims.into_iter().try_fold(SymExpr::ONE, |p, d| p.times(d))
}

impl<'m> Op<'_, 'm> {
    /// What is known of input `i`.
    pub fn sym(&self, i: usize) -> Option<&Sym> {
        self.s.sym(self.n.input(i)?)
    }

    /// Dimensions of input `i`.
    pub fn dims(&self, i: usize) -> Option<Vec<SymExpr>> {
        self.sym(i)?.dims.clone()
    }

    /// True where input `i` is given.
    pub fn has(&self, i: usize) -> bool {
        self.n.input(i).is_some()
    }

    /// Elements of input `i` as formulas.
    pub fn ints(&self, i: usize) -> Option<Vec<SymExpr>> {
        self.sym(i)?.ints()
    }

    /// The one element of input `i`.
    pub fn int(&self, i: usize) -> Option<SymExpr> {
        match self.ints(i)?.as_slice() {
            [x] => Some(x.clone()),
            _ => None,
        }
    }

    /// Known integers of an attribute (older operator sets) or else of an input.
    pub fn known_ints(&self, attribute: &str, input: usize) -> Option<Vec<i64>> {
        match self.n.ints(attribute) {
            Some(v) => Some(v.to_vec()),
            None => self.sym(input)?.known_ints(),
        }
    }

    /// Integers of an attribute or else of an input, as formulas.
    pub fn exprs(&self, attribute: &str, input: usize) -> Option<Vec<SymExpr>> {
        match self.n.ints(attribute) {
            Some(v) => Some(v.iter().map(|&x| SymExpr::Value(x.into())).collect()),
            None => self.ints(input),
        }
    }

    /// An integer attribute with its default.
    pub fn attr(&self, name: &str, default: i64) -> i64 {
        self.n.int(name).unwrap_or(default)
    }

    /// An unknown size.
    pub fn fresh(&mut self) -> SymExpr {
        self.s.fresh()
    }

    /// Unknown sizes.
    pub fn unknown(&mut self, rank: usize) -> Vec<SymExpr> {
        (0..rank.min(64)).map(|_| self.fresh()).collect()
    }

    /// A size where it is known, else an unknown one.
    pub fn or_fresh(&mut self, e: Option<SymExpr>) -> SymExpr {
        match e {
            Some(e) => e,
            None => self.fresh(),
        }
    }

    /// Shape of input `i` as the only output.
    pub fn same(&self, i: usize) -> Option<Outputs> {
        Some(vec![Some(self.sym(i)?.without_elems())])
    }

    /// Version of the operator set that the node is of.
    pub fn opset(&self) -> i64 {
        self.n.opset
    }
}
