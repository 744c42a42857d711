//! Batches of fixed size: the same networks as those with an open batch.
//!
//! The first dimension of all inputs is followed through the operations. Where
//! it reaches every output, and no operation mixes what it counts, its size is
//! written as a symbol.

use super::net::Facts;
use super::symbols;
use crate::ops::wrap;
use crate::ops::{self, Class};
use crate::opstring::{Dim, Formula, Op, OpGraph, Operand, Operator, TensorType};

/// `g` with an open batch; `None` where it has one, or where the first
/// dimension of its inputs is not known to be one.
pub fn open(g: &OpGraph) -> Option<OpGraph> {
    let size = size(g)?;
    let mut batch = Batch { g, size, axes: Vec::with_capacity(g.ops.len()) };
    for op in &g.ops {
        let axes = batch.of(op)?;
        batch.axes.push(axes);
    }
    let reached = |o: &Operand| batch.axis(o).is_some();
    if g.outputs.is_empty() || !g.outputs.iter().all(reached) {
        return None;
    }
    let symbol = symbols::fresh(g);
    let mut ops = g.ops.clone();
    for (op, axes) in ops.iter_mut().zip(&batch.axes) {
        for (t, axis) in op.outputs.iter_mut().zip(axes) {
            if let (Some(TensorType { dims: Some(dims), .. }), Some(place)) = (t, axis) {
                let d = dims.get_mut(place.axis)?;
                *d = times(d, size, symbol)?;
            }
        }
    }
    Some(OpGraph { ops, outputs: g.outputs.clone() })
}

/// Whether the first dimension of all inputs of two and more is open.
pub fn is_open(g: &OpGraph) -> bool {
    let inputs = || g.ops.iter().filter(|op| op.kind == "Input").filter_map(|op| op.dims());
    let mut firsts = inputs().filter(|d| d.len() > 1).map(<[Dim]>::first);
    inputs().count() > 0 && firsts.all(|d| matches!(d, Some(Dim::Symbol(_))))
}

/// The size of the first dimension, which all inputs of two and more share.
fn size(g: &OpGraph) -> Option<u64> {
    let mut found = None;
    for op in g.ops.iter().filter(|op| op.kind == "Input") {
        let dims = op.dims()?;
        if dims.len() < 2 {
            continue;
        }
        let n = dims.first()?.size().filter(|&n| n > 0)?;
        if found.is_some_and(|f| f != n) {
            return None;
        }
        found = Some(n);
    }
    found
}

/// A dimension of `size` for each element of the batch, in the batch's symbol.
fn times(d: &Dim, size: u64, symbol: usize) -> Option<Dim> {
    let symbol = Formula::Symbol(symbol);
    let product = |f: Formula| {
        let mut operands = match f {
            Formula::Apply(Operator::Multiply, operands) => operands,
            f => vec![f],
        };
        operands.push(symbol.clone());
        Dim::Formula(Box::new(symbols::apply(Operator::Multiply, operands)))
    };
    match d {
        Dim::Size(n) => match (n.checked_rem(size)?, n / size) {
            (0, 1) => match symbol {
                Formula::Symbol(s) => Some(Dim::Symbol(s)),
                _ => None,
            },
            (0, m) => Some(product(Formula::Number(m.into()))),
            _ => None,
        },
        Dim::Symbol(s) if size == 1 => Some(product(Formula::Symbol(*s))),
        Dim::Formula(f) if size == 1 => Some(product((**f).clone())),
        _ => None,
    }
}

/// Where the batch is in a value.
#[derive(Clone, Copy)]
struct Place {
    axis: usize,
    /// What the axis counts around the batch: `lead` times the batch times the rest.
    lead: u64,
}

/// The places of the batch in the outputs so far.
struct Batch<'g> {
    g: &'g OpGraph,
    size: u64,
    axes: Vec<Vec<Option<Place>>>,
}

impl Batch<'_> {
    fn axis(&self, o: &Operand) -> Option<usize> {
        self.place(o).map(|p| p.axis)
    }

    fn place(&self, o: &Operand) -> Option<Place> {
        match o {
            Operand::Value { op, output } => self.axes.get(*op)?.get(*output).copied().flatten(),
            _ => None,
        }
    }

    fn dims<'a>(&'a self, o: &'a Operand) -> Option<&'a [Dim]> {
        match o {
            Operand::Value { op, output } => self.g.output_type(*op, *output)?.dims.as_deref(),
            Operand::Weight(t) => t.dims.as_deref(),
            _ => None,
        }
    }

    /// The places in the outputs of `op`; `None` where that is not known.
    fn of(&self, op: &Op) -> Option<Vec<Option<Place>>> {
        if op.kind == "Input" {
            let counted = op.dims().is_some_and(|d| d.len() > 1);
            return Some(vec![counted.then_some(Place { axis: 0, lead: 1 })]);
        }
        if op.operands.iter().all(|o| self.axis(o).is_none()) {
            return Some(vec![None; op.outputs.len()]);
        }
        if !op.bodies.is_empty() {
            return None;
        }
        if let ("LSTM" | "GRU" | "RNN", 0) = (op.kind.as_str(), op.int("layout").unwrap_or(0)) {
            return self.recurrent(op);
        }
        let place = match op.kind.as_str() {
            "Reshape" | "Flatten" => self.reshaped(op.input(0)?, op.dims()?)?,
            _ => {
                let lead = op.operands.iter().find_map(|o| self.place(o))?.lead;
                Place { axis: self.through(op)?, lead }
            }
        };
        let count = |t: &Option<TensorType>| match t {
            None => Some(None),
            Some(t) => {
                let d = t.dims.as_ref()?.get(place.axis)?;
                times(d, self.size, 0)?;
                Some(Some(place))
            }
        };
        op.outputs.iter().map(count).collect()
    }

    /// The axes after a recurrent layer: of all states, then of the last ones.
    fn recurrent(&self, op: &Op) -> Option<Vec<Option<Place>>> {
        let weights = op.operands.iter().skip(1).all(|o| self.axis(o).is_none());
        if !weights || self.axis(op.input(0)?)? != 1 {
            return None;
        }
        let lead = self.place(op.input(0)?)?.lead;
        let place = |i: usize| Place { axis: if i == 0 { 2 } else { 1 }, lead };
        let outputs = op.outputs.iter().enumerate();
        Some(outputs.map(|(i, t)| t.as_ref().map(|_| place(i))).collect())
    }

    /// The axis in the outputs of an operation that reads the batch.
    fn through(&self, op: &Op) -> Option<usize> {
        let x = op.input(0)?;
        let rank = op.dims()?.len();
        let first = self.axis(x);
        let kept = |axis: usize| (first? == axis).then_some(axis);
        match op.kind.as_str() {
            "Transpose" => {
                let from = first?;
                super::layout::perm(op, rank)?.iter().position(|&i| i == from)
            }
            "Concat" => {
                let axis = self.shared(op, rank)?;
                (wrap(op.axis()?, rank)? != axis).then_some(axis)
            }
            "Slice" => {
                let axis = first?;
                let cut = op.ints("axes", 3)?;
                (!cut.contains(&i64::try_from(axis).ok()?)).then_some(axis)
            }
            "Pad" => {
                let axis = first?;
                let pads = op.ints("pads", 1)?;
                let zero = |i: usize| pads.get(i) == Some(&0);
                (zero(axis) && zero(axis.checked_add(rank)?)).then_some(axis)
            }
            "Tile" => {
                let axis = first?;
                (op.ints("repeats", 1)?.get(axis) == Some(&1)).then_some(axis)
            }
            "Attention" => {
                let mut axes = op.operands.iter().filter_map(|o| self.axis(o));
                axes.all(|a| a == 0).then_some(0)
            }
            "Gather" => self.gathered(op),
            "MatMul" => {
                let y = op.input(1)?;
                match (first, self.axis(y), self.dims(y)?.len()) {
                    (Some(axis), None, 2) => (axis + 1 < rank).then_some(axis),
                    _ => self.shared(op, rank).filter(|axis| axis + 2 < rank),
                }
            }
            "Softmax" | "LogSoftmax" | "Hardmax" | "ArgMax" | "ArgMin" | "TopK" | "CumSum"
            | "LpNormalization" => {
                let axis = first?;
                let along = wrap(op.axis().unwrap_or(-1), self.dims(x)?.len())?;
                let flattens = op.int("flatten").is_some() && axis >= along;
                (along != axis && !flattens && (along > axis || op.int("keepdims").is_none()))
                    .then_some(axis)
            }
            "LayerNormalization" | "RMSNormalization" => {
                let axis = first?;
                let from = wrap(op.axis().unwrap_or(-1), rank)?;
                (axis < from).then_some(axis)
            }
            kind if kind.starts_with("Reduce") => {
                let axis = first?;
                let along = op.ints("axes", 1)?;
                (!along.contains(&i64::try_from(axis).ok()?)).then_some(axis)
            }
            "Gemm" | "GroupNormalization" | "DepthToSpace" | "SpaceToDepth" | "Resize"
            | "Upsample" | "GridSample" | "QLinearConv" | "ConvInteger" => {
                let mut rest = op.operands.iter().skip(1).filter_map(|o| self.axis(o));
                rest.all(|a| a == 0).then(|| kept(0))?
            }
            "Expand" | "Clip" | "Where" | "Not" | "Swish" | "PRelu" => self.shared(op, rank),
            kind => self.by_class(kind, op, rank),
        }
    }

    fn by_class(&self, kind: &str, op: &Op, rank: usize) -> Option<usize> {
        let row = ops::find("", kind);
        match row.class {
            _ if kind.contains('.') => None,
            Class::Arithmetic | Class::Elementwise => self.shared(op, rank),
            Class::Window | Class::Normalization => {
                let windows = op.operands.iter().skip(1).all(|o| self.axis(o).is_none());
                (windows && self.axis(op.input(0)?)? == 0).then_some(0)
            }
            Class::Quantization => {
                let scales = op.operands.iter().skip(1).all(|o| self.axis(o).is_none());
                scales.then(|| self.axis(op.input(0)?))?
            }
            Class::Reduction if kind.starts_with("Global") => {
                (self.axis(op.input(0)?)? == 0).then_some(0)
            }
            _ => None,
        }
    }

    /// The axis that all operands have, aligned at their last dimensions.
    /// Operands without the batch must not count along it.
    fn shared(&self, op: &Op, rank: usize) -> Option<usize> {
        let aligned = |o: &Operand| {
            let (axis, own) = (self.axis(o)?, self.dims(o)?.len());
            axis.checked_add(rank.checked_sub(own)?)
        };
        let mut with = op.operands.iter().filter(|o| self.axis(o).is_some());
        let axis = aligned(with.next()?)?;
        if with.any(|o| aligned(o) != Some(axis)) {
            return None;
        }
        let counts = |o: &&Operand| {
            let at = self.dims(o).and_then(|d| d.get((axis + d.len()).checked_sub(rank)?));
            at.is_some_and(|d| *d != Dim::Size(1))
        };
        let without = op.operands.iter().filter(|o| self.axis(o).is_none());
        (!without.clone().any(|o| counts(&o))).then_some(axis)
    }

    /// The place after a reshape: behind as many elements as before.
    ///
    /// That may be the end of one dimension and the start of the next. A
    /// dimension of the batch alone comes first, then the start of one, but not
    /// of the last, in which layers mix.
    fn reshaped(&self, x: &Operand, to: &[Dim]) -> Option<Place> {
        let Place { axis, lead } = self.place(x)?;
        let known = self.dims(x)?.get(..axis)?.iter();
        let before = known.map(Dim::size).try_fold(lead, |n, d| n.checked_mul(d?))?;
        let mut starts = vec![1u64];
        for d in to.iter().map_while(Dim::size) {
            starts.push(starts.last()?.checked_mul(d)?);
        }
        let counts = |at: &usize| to.get(*at).is_some_and(|d| times(d, self.size, 0).is_some());
        let start = |at: &usize| starts.get(*at) == Some(&before) && counts(at);
        let alone = |at: &usize| start(at) && to.get(*at) == Some(&Dim::Size(self.size));
        let early = |at: &usize| start(at) && (before == 1 || at + 1 < to.len());
        let all = || 0..to.len();
        if let Some(axis) = all().find(alone).or_else(|| all().find(early)) {
            return Some(Place { axis, lead: 1 });
        }
        let inner = |at: usize| {
            let lead = before.checked_div(*starts.get(at)?)?;
            let whole = lead.checked_mul(*starts.get(at)?)? == before && lead > 1;
            let fits = to.get(at)?.size()?.checked_rem(lead.checked_mul(self.size)?)? == 0;
            (whole && fits).then_some(Place { axis: at, lead })
        };
        let last = || all().find(start).map(|axis| Place { axis, lead: 1 });
        all().find_map(inner).or_else(last)
    }

    fn gathered(&self, op: &Op) -> Option<usize> {
        let (x, index) = (op.input(0)?, op.input(1)?);
        let along = wrap(op.axis().unwrap_or(0), self.dims(x).map_or(1, <[Dim]>::len))?;
        match (self.axis(x), self.axis(index)) {
            (None, Some(axis)) => axis.checked_add(along),
            (Some(axis), None) if axis != along => {
                let rank = op.dims()?.len().checked_add(1)?.checked_sub(self.dims(x)?.len())?;
                match axis > along {
                    true => axis.checked_add(rank)?.checked_sub(1),
                    false => Some(axis),
                }
            }
            _ => None,
        }
    }
}
