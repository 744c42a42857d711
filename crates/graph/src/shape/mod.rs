//! Symbolic shapes and element types of every value.
//!
//! Dimensions are formulas over the file's symbolic dimensions. Small integer
//! tensors are followed by value, since shapes are computed from them. Where
//! inference cannot tell, the types declared in the file (`value_info`) are
//! taken. Inference never fails: what it cannot tell is unknown.

mod dtype;
mod expr;
mod rules;
mod symbols;
mod tensor;

use crate::error::{Error, Result};
use crate::model::*;
pub(crate) use expr::Sum;
pub use expr::{SymExpr, Symbol};
use rules::Op;
use std::collections::HashMap;
use std::rc::Rc;
pub use symbols::{Symbols, is_synthetic as is_unknown, number};
use tensor::{Num, Sym};

/// Dimensions whose formulas have more parts than this become unknown.
const MAX_PARTS: usize = 96;

/// Elements of all tensors together that are followed by value.
const MAX_ELEMENTS: usize = 2 << 20;

/// Sizes given to symbolic dimensions and input shapes from outside.
#[derive(Debug, Clone, Default)]
pub struct Bindings {
    /// Symbol name → size.
    pub dims: HashMap<String, u64>,
    /// Graph input name → full shape.
    pub inputs: HashMap<String, Vec<u64>>,
}

impl Bindings {
    /// Checks that the bindings name inputs of `model` and fit their ranks and
    /// fixed sizes, and symbols that its inputs have.
    ///
    /// # Errors
    /// [`Error::Model`] naming the binding.
    pub fn check(&self, model: &Model) -> Result<()> {
        let error = |what: String| Err(Error::model(&model.file, what));
        for (name, dims) in &self.inputs {
            let inputs = model.graph.inputs.iter().filter_map(|&i| model.value(i));
            let Some(v) = inputs.clone().find(|v| v.name == *name) else {
                let names: Vec<&str> = inputs.map(|v| v.name.as_str()).collect();
                return error(format!("no input is called {name:?}; inputs: {}", names.join(", ")));
            };
            let Some(shape) = &v.ty.shape else { continue };
            if shape.len() != dims.len() {
                return error(format!(
                    "input {name:?} has {} dimensions, not {}",
                    shape.len(),
                    dims.len()
                ));
            }
            for (i, (have, want)) in shape.iter().zip(dims).enumerate() {
                if let Dim::Known(n) = have
                    && n != want
                {
                    return error(format!("dimension {i} of input {name:?} is {n}, not {want}"));
                }
            }
        }
        self.check_symbols(model)
    }

    fn check_symbols(&self, model: &Model) -> Result<()> {
        let mut symbols = Symbols::default();
        let none = HashMap::new();
        let mut whole = Vec::new();
        let dims = model.values.iter().filter_map(|v| v.ty.shape.as_ref()).flatten();
        for d in dims.filter(|_| !self.dims.is_empty()) {
            if let Dim::Symbol(s) = d {
                symbols.parse(s, &none);
                whole.push(s.as_str());
            }
        }
        for name in self.dims.keys() {
            if !symbols.names().any(|n| n == name) && !whole.contains(&name.as_str()) {
                let names: Vec<&str> = symbols.names().collect();
                let what =
                    format!("no dimension is called {name:?}; named ones: {}", names.join(", "));
                return Err(Error::model(&model.file, what));
            }
        }
        Ok(())
    }
}

/// Inferred type of one value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inferred {
    /// Element type, where known.
    pub dtype: Option<DataType>,
    /// Dimensions, where the rank is known. Sizes are integers, formulas over
    /// symbols, or synthetic (unknown) variables.
    pub dims: Option<Vec<SymExpr>>,
    /// What the value is where it is no dense tensor; then the other fields
    /// describe what it holds.
    pub container: Option<Container>,
    /// The elements, where they are a few known integers.
    pub ints: Option<Vec<i64>>,
}

/// Inferred types of all values of a model, by [`ValueId`].
#[derive(Debug, Clone, Default)]
pub struct Shapes {
    values: Vec<Inferred>,
    /// Names the file gives to the symbols in the formulas.
    pub symbols: Symbols,
}

impl Shapes {
    /// Infers the types of all values of `model`. Calls of model-local functions
    /// are followed; values of a function's body have the types of its first call.
    pub fn infer(model: &Model, bindings: &Bindings) -> Self {
        if model.functions.is_empty() {
            return Self::of_flat(model, bindings);
        }
        let Ok((flat, origin)) = model.expanded() else { return Self::of_flat(model, bindings) };
        let mut shapes = Self::of_flat(&flat, bindings);
        for (new, body) in origin.into_iter().rev() {
            let found = shapes.values.get(new as usize).cloned();
            if let (Some(f), Some(slot)) = (found, shapes.values.get_mut(body as usize)) {
                *slot = f;
            }
        }
        shapes
    }

    fn of_flat(model: &Model, bindings: &Bindings) -> Self {
        let mut s = State::new(model, bindings);
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
    u64::try_from(e.value()?).ok()
}

/// Inference under way.
pub(super) struct State<'m> {
    model: &'m Model,
    bindings: &'m Bindings,
    next_unknown: usize,
    symbols: Symbols,
    values: Vec<Option<Sym>>,
    dtypes: Vec<Option<DataType>>,
    containers: Vec<Option<Container>>,
    /// Node visits left; bodies of loops are looked at more than once.
    budget: usize,
    /// Elements that may still be followed by value.
    elements_left: usize,
}

impl<'m> State<'m> {
    fn new(model: &'m Model, bindings: &'m Bindings) -> Self {
        let constant = |v: &Value| v.tensor.as_ref().map(Sym::constant);
        Self {
            model,
            bindings,
            next_unknown: 0,
            symbols: Symbols::default(),
            values: model.values.iter().map(constant).collect(),
            dtypes: model.values.iter().map(|v| v.ty.dtype).collect(),
            containers: model.values.iter().map(|v| v.ty.container.clone()).collect(),
            budget: 4 * model.values.len() + 10_000,
            elements_left: MAX_ELEMENTS,
        }
    }

    fn declare_inputs(&mut self, g: &Graph, outermost: bool) {
        for &id in &g.inputs {
            let Some(v) = self.model.value(id) else { continue };
            let bound = self.bindings.inputs.get(&v.name).filter(|_| outermost);
            let t = match (bound, &v.ty.shape) {
                (Some(dims), _) => Some(Sym::shape(dims.iter().map(|&d| d.into()).collect())),
                (None, Some(dims)) => Some(self.declared(dims)),
                (None, None) => None,
            };
            if let Some(dims) = t.as_ref().and_then(|t| t.dims.as_ref()).filter(|_| outermost) {
                for (axis, d) in dims.iter().enumerate() {
                    self.symbols.label_if_unknown(d, &v.name, axis);
                }
            }
            self.set(id, t);
        }
    }

    fn fresh(&mut self) -> SymExpr {
        self.next_unknown += 1;
        let name = format!("unknown_{}", self.next_unknown);
        SymExpr::Var(Symbol { name, synthetic: true }.into())
    }

    fn declared(&mut self, dims: &[Dim]) -> Sym {
        let mut v = Vec::with_capacity(dims.len());
        for d in dims {
            v.push(match d {
                Dim::Known(n) => (*n).into(),
                Dim::Unknown => self.fresh(),
                Dim::Symbol(s) => self.symbols.parse(s, &self.bindings.dims),
            });
        }
        Sym::shape(v)
    }

    fn set(&mut self, id: ValueId, t: Option<Sym>) {
        if let Some(slot) = self.values.get_mut(id as usize) {
            *slot = t;
        }
    }

    fn set_dtype(&mut self, id: ValueId, d: Option<DataType>) {
        if let (Some(slot), Some(_)) = (self.dtypes.get_mut(id as usize), d) {
            *slot = d;
        }
    }

    /// The declared type of a value, where it has one.
    fn value_shape(&mut self, id: ValueId) -> Option<Sym> {
        let model = self.model;
        let shape = model.value(id)?.ty.shape.as_deref()?;
        Some(self.declared(shape))
    }

    fn set_container(&mut self, id: ValueId, c: Option<Container>) {
        if let (Some(slot), true) = (self.containers.get_mut(id as usize), c.is_some()) {
            *slot = c;
        }
    }

    pub(super) fn sym(&self, id: ValueId) -> Option<&Sym> {
        self.values.get(id as usize)?.as_ref()
    }

    pub(super) fn dtype(&self, id: ValueId) -> Option<DataType> {
        self.dtypes.get(id as usize).copied().flatten()
    }

    pub(super) fn container(&self, id: ValueId) -> Option<&Container> {
        self.containers.get(id as usize)?.as_ref()
    }

    fn graph(&mut self, g: &'m Graph) {
        for n in &g.nodes {
            self.budget = self.budget.saturating_sub(1);
            let mut inferred = rules::infer(&mut Op { s: self, n });
            inferred.resize(n.outputs.len(), None);
            for (i, (&out, t)) in n.outputs.iter().zip(inferred).enumerate() {
                if let Some(out) = out {
                    self.output(n, i, out, t);
                }
            }
        }
    }

    /// Records an output: inferred dimensions, with the declared ones where
    /// inference knows nothing.
    fn output(&mut self, n: &Node, i: usize, id: ValueId, t: Option<Sym>) {
        let container = rules::container(self, n, i);
        self.set_container(id, container);
        if self.dtype(id).is_none() {
            let d = dtype::infer(self, n, i);
            self.set_dtype(id, d);
        }
        let model = self.model;
        let shape = model.value(id).and_then(|v| v.ty.shape.as_deref());
        let known =
            |t: &Sym| t.dims.as_ref().is_some_and(|d| d.iter().all(|d| d.value().is_some()));
        let t = match (t, shape) {
            (Some(t), None) => Some(t),
            (Some(t), Some(_)) if known(&t) => Some(t),
            (Some(t), Some(shape)) => {
                let declared = self.declared(shape);
                Some(prefer(t, declared))
            }
            (None, shape) => shape.map(|s| self.declared(s)),
        };
        let t = t.map(|t| self.tame(t));
        self.set(id, t);
    }

    /// Replaces sizes that are negative, formulas that are too long, and ranks
    /// and elements beyond the limits.
    fn tame(&mut self, mut t: Sym) -> Sym {
        if t.rank().is_some_and(|r| r > self.model.limits.dims.max(1)) {
            return Sym::default();
        }
        let followed = t.elems.as_ref().filter(|e| Rc::strong_count(e) == 1).map_or(0, |e| e.len());
        match self.elements_left.checked_sub(followed) {
            Some(left) => self.elements_left = left,
            None => t.elems = None,
        }
        let wild = |e: &SymExpr| match e {
            SymExpr::Value(v) => *v < 0,
            e => e.exceeds(MAX_PARTS),
        };
        for d in t.dims.iter_mut().flatten() {
            if wild(d) {
                *d = self.fresh();
                t.elems = None;
            }
        }
        let long = |n: &Num| matches!(n, Num::Int(e) if e.exceeds(MAX_PARTS));
        if t.elems.as_ref().is_some_and(|v| v.iter().any(long)) {
            t.elems = None;
        }
        t
    }

    fn finish(self) -> Shapes {
        let types = self.dtypes.into_iter().zip(self.containers);
        let one = |(t, (dtype, container)): (Option<Sym>, (_, _))| {
            let t = t.unwrap_or_default();
            let ints = t.known_ints();
            Inferred { dtype, dims: t.dims, container, ints }
        };
        Shapes {
            values: self.values.into_iter().zip(types).map(one).collect(),
            symbols: self.symbols,
        }
    }
}

/// `t`, with declared sizes in place of its unknown (synthetic) ones.
fn prefer(t: Sym, declared: Sym) -> Sym {
    let Some(dims) = &t.dims else { return declared };
    let Some(other) = declared.dims.filter(|d| d.len() == dims.len()) else { return t };
    let pick =
        |(a, b): (&SymExpr, SymExpr)| if is_unknown(a) && !is_unknown(&b) { b } else { a.clone() };
    Sym { dims: Some(dims.iter().zip(other).map(pick).collect()), elems: t.elems }
}
