//! Symbolic shapes and element types of every value.
//!
//! The rules come from the crate rten-shape-inference where it has them, and
//! from `rules` where it lacks an operator or a case. Where inference cannot
//! tell, the types declared in the file (`value_info`) are taken.

mod dtype;
mod rules;
mod symbols;

use super::types::*;
pub use rten_shape_inference::SymExpr;
use rten_shape_inference::{SymTensor, SymbolGen};
use std::collections::HashMap;
pub use symbols::{Symbols, is_synthetic as is_unknown, number};

/// Integer tensors of at most this many elements take part in inference by value.
const MAX_VALUES: u64 = 512;
/// Formulas deeper than this become unknown dimensions.
const MAX_DEPTH: u32 = 24;

/// Sizes given to symbolic dimensions and input shapes from outside.
#[derive(Debug, Clone, Default)]
pub struct Bindings {
    /// Symbol name → size.
    pub dims: HashMap<String, u64>,
    /// Graph input name → full shape.
    pub inputs: HashMap<String, Vec<u64>>,
}

/// Inferred type of one value.
#[derive(Debug, Clone, Default)]
pub struct Inferred {
    /// Element type, where known.
    pub dtype: Option<DataType>,
    /// Dimensions, where the rank is known. Sizes are integers, formulas over
    /// symbols, or synthetic (unknown) variables.
    pub dims: Option<Vec<SymExpr>>,
}

/// Inferred types of all values of a model, by [`ValueId`].
#[derive(Debug, Clone, Default)]
pub struct Shapes {
    values: Vec<Inferred>,
    /// Names the file gives to the symbols in the formulas.
    pub symbols: Symbols,
}

impl Shapes {
    /// Infers the types of all values of `model`.
    pub fn infer(model: &Model, bindings: &Bindings) -> Self {
        let mut s = State {
            model,
            bindings,
            generator: SymbolGen::new(),
            symbols: Symbols::default(),
            tensors: vec![None; model.values.len()],
            dtypes: model.values.iter().map(|v| v.ty.dtype).collect(),
        };
        for (i, v) in model.values.iter().enumerate() {
            if let (Some(t), Some(slot)) = (&v.tensor, s.tensors.get_mut(i)) {
                *slot = Some(constant(t));
            }
        }
        s.declare_inputs(&model.graph, true);
        s.graph(&model.graph);
        s.finish()
    }

    /// What is known of a value.
    pub fn get(&self, id: ValueId) -> Option<&Inferred> {
        self.values.get(id as usize)
    }

    /// The dimensions of a value as plain sizes, where all are known.
    pub fn known(&self, id: ValueId) -> Option<Vec<u64>> {
        self.get(id)?.dims.as_ref()?.iter().map(size).collect()
    }
}

/// The size, where the expression is a plain one.
pub fn size(e: &SymExpr) -> Option<u64> {
    match e {
        SymExpr::Value(v) => u64::try_from(*v).ok(),
        _ => None,
    }
}

/// A constant as a symbolic tensor: by value where it is a small integer
/// scalar or vector, else by shape.
fn constant(t: &Tensor) -> SymTensor {
    if t.dims.len() <= 1
        && let Some(v) = t.ints(MAX_VALUES)
        && let Ok(v) = v.iter().map(|&x| clamp(x)).collect::<Result<Vec<_>, ()>>()
    {
        return match (t.dims.len(), v.first()) {
            (0, Some(x)) => SymTensor::from_scalar(x.clone()),
            _ => SymTensor::from_vec(v),
        };
    }
    let dims: Option<Vec<SymExpr>> =
        t.dims.iter().map(|&d| i32::try_from(d).ok().map(SymExpr::Value)).collect();
    match dims {
        Some(d) => SymTensor::from_shape(d),
        None => SymTensor::unknown("a dimension over 2^31"),
    }
}

/// Shape constants beyond 32 bits are used as "to the end" marks only, so they
/// saturate.
fn clamp(x: i64) -> Result<SymExpr, ()> {
    let x = x.clamp(i32::MIN.into(), i32::MAX.into());
    i32::try_from(x).map(SymExpr::Value).map_err(|_| ())
}

pub(super) struct State<'a> {
    model: &'a Model,
    bindings: &'a Bindings,
    pub(super) generator: SymbolGen,
    symbols: Symbols,
    tensors: Vec<Option<SymTensor>>,
    dtypes: Vec<Option<DataType>>,
}

impl State<'_> {
    fn declare_inputs(&mut self, g: &Graph, outermost: bool) {
        for &id in &g.inputs {
            let Some(v) = self.model.value(id) else { continue };
            let bound = self.bindings.inputs.get(&v.name).filter(|_| outermost);
            let t = match (bound, &v.ty.shape) {
                (Some(dims), _) => {
                    let d = dims.iter().map(|&d| symbols::value(d).unwrap_or(self.fresh()));
                    Some(SymTensor::from_shape(d.collect()))
                }
                (None, Some(dims)) => Some(self.declared(dims)),
                (None, None) => None,
            };
            self.set(id, t);
        }
    }

    fn fresh(&mut self) -> SymExpr {
        self.generator.gen_positive()
    }

    fn declared(&mut self, dims: &[Dim]) -> SymTensor {
        let mut v = Vec::with_capacity(dims.len());
        for d in dims {
            v.push(match d {
                Dim::Known(n) => symbols::value(*n).unwrap_or_else(|| self.fresh()),
                Dim::Unknown => self.fresh(),
                Dim::Symbol(s) => self.symbols.parse(s, &self.bindings.dims),
            });
        }
        SymTensor::from_shape(v)
    }

    fn set(&mut self, id: ValueId, t: Option<SymTensor>) {
        if let Some(slot) = self.tensors.get_mut(id as usize) {
            *slot = t;
        }
    }

    pub(super) fn tensor(&self, id: ValueId) -> Option<&SymTensor> {
        self.tensors.get(id as usize)?.as_ref()
    }

    pub(super) fn value(&self, id: ValueId) -> Option<&Value> {
        self.model.value(id)
    }

    pub(super) fn dtype(&self, id: ValueId) -> Option<DataType> {
        self.dtypes.get(id as usize).copied().flatten()
    }

    fn graph(&mut self, g: &Graph) {
        for n in &g.nodes {
            for sub in n.subgraphs() {
                self.declare_inputs(sub, false);
                self.graph(sub);
            }
            let inferred = rules::infer(self, n);
            for (i, &out) in n.outputs.iter().enumerate() {
                if let Some(out) = out {
                    let t = inferred.get(i).cloned().flatten();
                    self.output(n, i, out, t);
                }
            }
        }
    }

    /// Records an output: inferred dimensions, with the declared ones where
    /// inference knows nothing.
    fn output(&mut self, n: &Node, i: usize, id: ValueId, t: Option<SymTensor>) {
        if self.dtype(id).is_none()
            && let Some(d) = dtype::infer(self, n, i)
            && let Some(slot) = self.dtypes.get_mut(id as usize)
        {
            *slot = Some(d);
        }
        let shape = self.model.value(id).and_then(|v| v.ty.shape.as_deref());
        let declared = shape.map(|s| self.declared(s));
        let mut t = match (t.map(SymTensor::simplify), declared) {
            (Some(t), Some(d)) if t.ndim().is_none() => Some(d),
            (Some(t), Some(d)) => Some(prefer(t, &d)),
            (t, d) => t.or(d),
        };
        if let Some(t) = &mut t {
            t.replace_complex_expressions(MAX_DEPTH, &mut self.generator);
        }
        self.set(id, t);
    }

    fn finish(self) -> Shapes {
        let values = self.tensors.into_iter().zip(self.dtypes);
        let values = values.map(|(t, dtype)| Inferred {
            dtype,
            dims: t.and_then(|t| t.shape().map(|s| s.collect())),
        });
        Shapes { values: values.collect(), symbols: self.symbols }
    }
}

/// `t`, with declared sizes in place of its unknown (synthetic) ones.
fn prefer(t: SymTensor, declared: &SymTensor) -> SymTensor {
    if t.values().is_some() || t.ndim() != declared.ndim() {
        return t;
    }
    let (Some(a), Some(b)) = (t.shape(), declared.shape()) else { return t };
    let dims = a.zip(b).map(|(a, b)| if symbols::is_synthetic(&a) { b } else { a });
    SymTensor::from_shape(dims.collect())
}
