//! The state of shape inference: what is known of every value.

use super::bindings::Bindings;
use super::expr::{SymExpr, Symbol};
use super::shapes::{Inferred, Shapes};
use super::sym::{Num, Sym};
use super::symbols::{Symbols, is_synthetic};
use crate::budget;
use crate::model::{Container, DataType, Dim, Graph, Model, Node, Value, ValueId};

/// Dimensions whose formulas have more parts than this become unknown.
const MAX_PARTS: usize = 96;

/// Steps of a visit to a node, beside those of its inputs and formulas.
const STEPS_A_VISIT: usize = 8;

/// Steps of naming a symbol.
const STEPS_A_SYMBOL: usize = 3;

/// What inference has found so far of the values of a model.
pub struct Facts<'m> {
    model: &'m Model,
    bindings: &'m Bindings,
    next_unknown: usize,
    symbols: Symbols,
    values: Vec<Option<Sym>>,
    dtypes: Vec<Option<DataType>>,
    containers: Vec<Option<Container>>,
    /// Node visits left; bodies of loops are looked at more than once.
    visits: usize,
}

impl<'m> Facts<'m> {
    /// The constants and declared types of `model`; of other values nothing.
    pub fn new(model: &'m Model, bindings: &'m Bindings) -> Self {
        let constant = |v: &Value| v.tensor.as_ref().map(Sym::constant);
        Self {
            model,
            bindings,
            next_unknown: 0,
            symbols: Symbols::default(),
            values: model.values.iter().map(constant).collect(),
            dtypes: model.values.iter().map(|v| v.ty.dtype).collect(),
            containers: model.values.iter().map(|v| v.ty.container.clone()).collect(),
            visits: model.values.len().saturating_mul(4).saturating_add(10_000),
        }
    }

    /// Gives the inputs of a graph their declared types; those of the
    /// `outermost` one the sizes that the caller bound.
    pub fn declare_inputs(&mut self, g: &Graph, outermost: bool) {
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

    /// A new unknown size.
    pub fn fresh(&mut self) -> SymExpr {
        if budget::work(STEPS_A_SYMBOL).is_none() {
            return SymExpr::ONE;
        }
        self.next_unknown = self.next_unknown.saturating_add(1);
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

    /// Sets what is known of a value.
    pub fn set(&mut self, id: ValueId, t: Option<Sym>) {
        if let Some(slot) = self.values.get_mut(id as usize) {
            *slot = t;
        }
    }

    /// Sets the element type of a value, where `d` is one.
    pub fn set_dtype(&mut self, id: ValueId, d: Option<DataType>) {
        if let (Some(slot), Some(_)) = (self.dtypes.get_mut(id as usize), d) {
            *slot = d;
        }
    }

    /// The declared type of a value, where it has one.
    pub fn value_shape(&mut self, id: ValueId) -> Option<Sym> {
        let model = self.model;
        let shape = model.value(id)?.ty.shape.as_deref()?;
        Some(self.declared(shape))
    }

    /// Sets the container of a value, where `c` is one.
    pub fn set_container(&mut self, id: ValueId, c: Option<Container>) {
        if let (Some(slot), true) = (self.containers.get_mut(id as usize), c.is_some()) {
            *slot = c;
        }
    }

    /// What is known of a value.
    pub fn sym(&self, id: ValueId) -> Option<&Sym> {
        self.values.get(id as usize)?.as_ref()
    }

    /// The element type of a value, where known.
    pub fn dtype(&self, id: ValueId) -> Option<DataType> {
        self.dtypes.get(id as usize).copied().flatten()
    }

    /// The container of a value, where it is no dense tensor.
    pub fn container(&self, id: ValueId) -> Option<&Container> {
        self.containers.get(id as usize)?.as_ref()
    }

    /// Counts a visit to a node and what it reads; `None` where the budget of the
    /// file does not hold it.
    pub fn visit(&mut self, n: &Node) -> Option<()> {
        self.visits = self.visits.saturating_sub(1);
        let rank = |v: &ValueId| self.sym(*v).and_then(Sym::rank).unwrap_or(0);
        let read = n.inputs.iter().flatten().map(rank).fold(0, usize::saturating_add);
        budget::work(read.saturating_add(n.inputs.len()).saturating_add(n.outputs.len()))?;
        budget::work(STEPS_A_VISIT)
    }

    /// True where no more node may be visited again.
    pub fn is_exhausted(&self) -> bool {
        self.visits == 0 || budget::is_exhausted()
    }

    /// Records a node's output: inferred dimensions and elements, with declared
    /// sizes where inference knows nothing.
    pub fn record(&mut self, id: ValueId, t: Option<Sym>) {
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
    /// beyond the limit.
    fn tame(&mut self, mut t: Sym) -> Sym {
        if t.rank().is_some_and(|r| r > self.model.limits.dims.max(1)) {
            return Sym::default();
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

    /// What was found.
    pub fn finish(self) -> Shapes {
        let types = self.dtypes.into_iter().zip(self.containers);
        let one = |(t, (dtype, container)): (Option<Sym>, (_, _))| {
            let t = t.unwrap_or_default();
            let ints = t.known_ints();
            Inferred { dtype, dims: t.dims, container, ints }
        };
        Shapes {
            values: self.values.into_iter().zip(types).map(one).collect(),
            symbols: self.symbols,
            refused: None,
        }
    }
}

/// `t`, with declared sizes in place of its unknown (synthetic) ones.
fn prefer(t: Sym, declared: Sym) -> Sym {
    let Some(dims) = &t.dims else { return declared };
    let Some(other) = declared.dims.filter(|d| d.len() == dims.len()) else { return t };
    let pick = |(a, b): (&SymExpr, SymExpr)| {
        if is_synthetic(a) && !is_synthetic(&b) { b } else { a.clone() }
    };
    Sym { dims: Some(dims.iter().zip(other).map(pick).collect()), elems: t.elems }
}
