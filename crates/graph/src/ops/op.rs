//! What shape rules see: a node, and what is known of its inputs.

use crate::budget;
use crate::model::{Graph, Node};
use crate::symbolic::{Facts, Sum, Sym, SymExpr};

/// What is known of each output.
pub type Outputs = Vec<Option<Sym>>;

/// A node, and what is known of its inputs.
pub struct Op<'s, 'm> {
    pub facts: &'s mut Facts<'m>,
    pub n: &'m Node,
    /// Infers the nodes of a body.
    pub walk: fn(&mut Facts<'m>, &'m Graph),
}

/// Shape of input 0 as the only output.
pub fn same(op: &mut Op) -> Option<Outputs> {
    op.same(0)
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

/// Indices of several axes, each once, in order.
pub fn distinct(axes: &[i64], rank: usize) -> Option<Vec<usize>> {
    let mut all = wrap_all(axes, rank)?;
    all.sort_unstable();
    all.dedup();
    Some(all)
}

/// Broadcast of two shapes (numpy rules).
pub fn broadcast(a: &[SymExpr], b: &[SymExpr]) -> Option<Vec<SymExpr>> {
    let rank = a.len().max(b.len());
    let one = SymExpr::ONE;
    let padded = |d: &'_ [SymExpr]| rank.saturating_sub(d.len());
    let (skip_a, skip_b) = (padded(a), padded(b));
    let at = |d: &'_ [SymExpr], i: usize, skip: usize| {
        i.checked_sub(skip).and_then(|i| d.get(i)).unwrap_or(&one).clone()
    };
    (0..rank).map(|i| at(a, i, skip_a).broadcast(&at(b, i, skip_b))).collect()
}

/// Sum of sizes; `None` where one of them is not known.
pub fn sum<'a>(sizes: impl IntoIterator<Item = Option<&'a SymExpr>>) -> Option<SymExpr> {
    let mut sum = Sum::default();
    for size in sizes {
        if !sum.add(size?) {
            return None;
        }
    }
    sum.formula()
}

/// Product of sizes.
pub fn product<'a>(dims: impl IntoIterator<Item = &'a SymExpr>) -> Option<SymExpr> {
    dims.into_iter().try_fold(SymExpr::ONE, |p, d| p.times(d))
}

/// What two possible values have in common.
pub fn join(op: &mut Op, a: Option<&Sym>, b: Option<&Sym>) -> Option<Sym> {
    let (a, b) = (a?, b?);
    let (x, y) = (a.dims.as_ref()?, b.dims.as_ref()?);
    if x.len() != y.len() {
        return None;
    }
    let dims = x.iter().zip(y).map(|(p, q)| if p == q { p.clone() } else { op.fresh() }).collect();
    budget::work(a.elems.as_ref().map_or(0, |e| e.len()))?;
    let elems = a.elems.clone().filter(|_| a.elems == b.elems);
    Some(Sym { elems, ..Sym::shape(dims) })
}

impl<'m> Op<'_, 'm> {
    /// Infers the nodes of a body.
    pub fn run(&mut self, body: &'m Graph) {
        (self.walk)(self.facts, body);
    }

    /// Infers all bodies with the types that their inputs declare.
    pub fn declared_bodies(&mut self) {
        for g in self.n.subgraphs() {
            self.facts.declare_inputs(g, false);
            self.run(g);
        }
    }

    /// What is known of input `i`.
    pub fn sym(&self, i: usize) -> Option<&Sym> {
        self.facts.sym(self.n.input(i)?)
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
        self.facts.fresh()
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
