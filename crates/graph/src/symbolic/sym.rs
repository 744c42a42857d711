//! What inference knows of one value: dimensions, and elements where those
//! are few and can be said.

use super::expr::SymExpr;
use crate::budget;
use crate::model::Tensor;
use std::rc::Rc;

/// Tensors of at most this many elements take part in inference by value.
pub const MAX_VALUES: usize = 1024;

/// One element.
#[derive(Debug, Clone, PartialEq)]
pub enum Num {
    /// An integer or bool, or a float known to be integral.
    Int(SymExpr),
    /// A float.
    Float(f64),
}

impl Num {
    /// The number as a formula, where it is an integer.
    pub fn int(&self) -> Option<SymExpr> {
        match self {
            Self::Int(e) => Some(e.clone()),
            Self::Float(f) if f.fract() == 0.0 && f.abs() < 2f64.powi(53) => {
                Some(SymExpr::Value(*f as i128))
            }
            Self::Float(_) => None,
        }
    }

    /// The number, where it is known.
    pub fn float(&self) -> Option<f64> {
        match self {
            Self::Int(e) => e.value().map(|v| v as f64),
            Self::Float(f) => Some(*f),
        }
    }
}

/// What is known of a tensor, or of the elements of a sequence.
#[derive(Debug, Clone, Default)]
pub struct Sym {
    /// Dimensions, where the rank is known.
    pub dims: Option<Vec<SymExpr>>,
    /// All elements in row-major order; then the dimensions are plain numbers.
    pub elems: Option<Rc<[Num]>>,
}

impl Sym {
    /// A tensor of these dimensions. Nothing is known of one that the budget
    /// does not hold.
    pub fn shape(dims: Vec<SymExpr>) -> Self {
        match charge(&dims) {
            Some(()) => Self { dims: Some(dims), elems: None },
            None => Self::default(),
        }
    }

    /// A tensor of these elements; too many are forgotten.
    pub fn elems(dims: Vec<SymExpr>, elems: Vec<Num>) -> Self {
        let fits = elems.len() <= MAX_VALUES && count(&dims) == Some(elems.len());
        Self::shape(dims).holding(fits.then_some(elems))
    }

    fn holding(self, elems: Option<Vec<Num>>) -> Self {
        let kept = elems.filter(|v| self.dims.is_some() && charge_elems(v).is_some());
        Self { elems: kept.map(Rc::from), ..self }
    }

    /// The same dimensions, and `f` of each element where all are known.
    pub fn map(&self, f: impl Fn(&Num) -> Option<Num>) -> Self {
        let known = self.elems.as_ref().filter(|v| budget::work(v.len()).is_some());
        self.without_elems().holding(known.and_then(|v| v.iter().map(f).collect()))
    }

    /// A vector of integers.
    pub fn vector(v: Vec<SymExpr>) -> Self {
        Self::elems(vec![v.len().into()], v.into_iter().map(Num::Int).collect())
    }

    /// An integer scalar.
    pub fn scalar(v: SymExpr) -> Self {
        Self::elems(Vec::new(), vec![Num::Int(v)])
    }

    /// The constant `t`.
    pub fn constant(t: &Tensor) -> Self {
        let dims: Vec<SymExpr> = t.dims.iter().map(|&d| d.into()).collect();
        let most = MAX_VALUES as u64;
        let ints = t
            .ints(most)
            .map(|v| v.into_iter().map(|x| Num::Int(SymExpr::Value(x.into()))).collect());
        let floats = || t.floats(most).map(|v| v.into_iter().map(Num::Float).collect());
        match ints.or_else(floats) {
            Some(v) => Self::elems(dims, v),
            None => Self::shape(dims),
        }
    }

    /// Dimensions alone.
    pub fn without_elems(&self) -> Self {
        self.dims.as_ref().map_or_else(Self::default, |d| Self::shape(d.clone()))
    }

    /// The elements, where they are known; an empty tensor has none.
    fn listed(&self) -> Option<&[Num]> {
        match &self.elems {
            Some(e) => Some(e),
            None if self.dims.as_ref()?.contains(&SymExpr::ZERO) => Some(&[]),
            None => None,
        }
    }

    /// All elements as integer formulas.
    pub fn ints(&self) -> Option<Vec<SymExpr>> {
        self.listed()?.iter().map(Num::int).collect()
    }

    /// All elements as known integers.
    pub fn known_ints(&self) -> Option<Vec<i64>> {
        let one = |n: &Num| i64::try_from(n.int()?.value()?).ok();
        self.listed()?.iter().map(one).collect()
    }

    /// All elements as known numbers.
    pub fn floats(&self) -> Option<Vec<f64>> {
        self.listed()?.iter().map(Num::float).collect()
    }

    /// Number of dimensions.
    pub fn rank(&self) -> Option<usize> {
        self.dims.as_ref().map(Vec::len)
    }

    /// A tensor of dimensions `dims` whose element at a multi-index is the one
    /// of `self` at the index that `from` gives for it.
    pub fn remap(&self, dims: Vec<SymExpr>, from: impl Fn(&[usize]) -> Option<Vec<usize>>) -> Self {
        let elems = self.remapped(&dims, from);
        match elems {
            Some(e) => Self::elems(dims, e),
            None => Self::shape(dims),
        }
    }

    fn remapped(
        &self,
        dims: &[SymExpr],
        from: impl Fn(&[usize]) -> Option<Vec<usize>>,
    ) -> Option<Vec<Num>> {
        let elems = self.elems.as_ref()?;
        let own = sizes(self.dims.as_ref()?)?;
        let out = sizes(dims)?;
        let n = count(dims).filter(|&n| n <= MAX_VALUES)?;
        budget::work(n.saturating_mul(out.len().saturating_add(1)))?;
        let mut index = vec![0; out.len()];
        let mut v = Vec::with_capacity(n);
        for _ in 0..n {
            let at = from(&index)?;
            v.push(elems.get(flat(&own, &at)?)?.clone());
            advance(&mut index, &out);
        }
        Some(v)
    }
}

/// Charges the memory of dimensions.
fn charge(dims: &[SymExpr]) -> Option<()> {
    budget::work(dims.len())?;
    budget::memory(dims.iter().map(SymExpr::own_bytes).fold(0, usize::saturating_add))
}

/// Charges the memory of elements.
fn charge_elems(elems: &[Num]) -> Option<()> {
    let own = |n: &Num| match n {
        Num::Int(e) => e.own_bytes(),
        Num::Float(_) => 0,
    };
    let all = elems.iter().map(own).fold(0, usize::saturating_add);
    budget::memory(all.saturating_add(size_of_val(elems)))
}

/// Dimensions as plain numbers.
pub fn sizes(dims: &[SymExpr]) -> Option<Vec<usize>> {
    dims.iter().map(|d| usize::try_from(d.value()?).ok()).collect()
}

/// Number of elements, where all dimensions are known.
pub fn count(dims: &[SymExpr]) -> Option<usize> {
    sizes(dims)?.into_iter().try_fold(1usize, usize::checked_mul)
}

/// Place of a multi-index in row-major order; `None` outside the dimensions.
pub fn flat(dims: &[usize], index: &[usize]) -> Option<usize> {
    let mut at = 0usize;
    for (d, i) in dims.iter().zip(index) {
        at = at.checked_mul(*d)?.checked_add(*i).filter(|_| i < d)?;
    }
    Some(at)
}

/// The next multi-index in row-major order.
pub fn advance(index: &mut [usize], dims: &[usize]) {
    for (i, d) in index.iter_mut().zip(dims).rev() {
        *i = i.saturating_add(1);
        if *i < *d {
            return;
        }
        *i = 0;
    }
}

/// The index of a broadcast input that an output index reads.
pub fn broadcast_index(index: &[usize], dims: &[usize]) -> Option<Vec<usize>> {
    let skip = index.len().checked_sub(dims.len())?;
    Some(index.iter().skip(skip).zip(dims).map(|(&i, &d)| if d == 1 { 0 } else { i }).collect())
}
