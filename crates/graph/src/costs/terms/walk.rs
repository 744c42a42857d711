//! The walk over a graph that adds up terms.

use super::{Term, Terms, peak};
use crate::budget;
use crate::model::{DataType, Graph, Model, Node, ValueId};
use crate::ops::{self, Class, CostKind, Operator};
use crate::shape::Shapes;
use std::collections::{HashMap, HashSet};

/// Channels in below which a convolution does not fill a vector register.
const THIN: u64 = 8;
/// Rows below which a product reads its weights faster than it computes.
const FEW_ROWS: u64 = 8;
/// Bytes above which a value does not stay in a core's cache.
pub const CACHE: f64 = 1048576.0;

struct Walk<'m> {
    model: &'m Model,
    shapes: &'m Shapes,
    /// By value: computed from constants alone.
    constant: &'m [bool],
    /// See [`On`].
    is_first: bool,
    /// How many operators read a value.
    reads: HashMap<ValueId, u32>,
    /// Values that a convolution, with what is fused into it, gives.
    convolved: HashSet<ValueId>,
    /// Values that come from integers.
    dequantised: HashSet<ValueId>,
    /// Values that are made within another operator.
    inner: HashSet<ValueId>,
    /// Bodies of control flow.
    bodies: usize,
    terms: Terms,
}

/// A model without functions, the types of its values, and which of them are constant.
#[derive(Clone, Copy)]
pub struct On<'m> {
    pub model: &'m Model,
    pub shapes: &'m Shapes,
    pub constant: &'m [bool],
    /// Terms are those that evaluators on strings of version 1 weigh: no floats of 16 bits are
    /// widened, recurrent layers and attention are not parted.
    pub is_first: bool,
}

/// Bytes of all computed values where 16-bit floats are f32, as a multiple of the bytes that
/// they are declared with.
pub fn widened(on: &On) -> f64 {
    let values = on.shapes.values.iter().enumerate();
    let computed = values.filter(|(i, _)| on.constant.get(*i) == Some(&false));
    let (mut declared, mut wide) = (1.0, 1.0);
    for (i, v) in computed {
        let sizes = ValueId::try_from(i).ok().and_then(|id| on.shapes.known(id));
        let elements: f64 = sizes.iter().flatten().map(|&d| d as f64).product();
        let bits = f64::from(v.dtype.map_or(32, |t| t.bits()));
        if sizes.is_some() {
            declared += elements * bits;
            wide += elements * if is_half(v.dtype) { 32.0 } else { bits };
        }
    }
    wide / declared
}

/// Bytes of a value.
pub fn declared(on: &On, v: ValueId) -> f64 {
    let bits = on.shapes.get(v).and_then(|t| t.dtype).map_or(32, |t| t.bits());
    let sizes = on.shapes.known(v).unwrap_or_default();
    let elements: f64 = sizes.iter().map(|&d| d as f64).product();
    elements * f64::from(bits) / 8.0
}

fn is_half(dtype: Option<DataType>) -> bool {
    matches!(dtype, Some(DataType::F16 | DataType::Bf16))
}

/// Terms of all operators of a model without functions.
pub fn graph(on: &On) -> Terms {
    let On { model, shapes, constant, is_first } = *on;
    let mut walk = Walk {
        model,
        shapes,
        constant,
        is_first,
        reads: HashMap::new(),
        convolved: HashSet::new(),
        dequantised: HashSet::new(),
        inner: HashSet::new(),
        bodies: 0,
        terms: Terms::zero(),
    };
    walk.graph(&model.graph);
    if !is_first && walk.bodies == 0 {
        walk.peak();
    }
    walk.terms
}

impl<'m> Walk<'m> {
    fn graph(&mut self, g: &'m Graph) {
        for v in g.nodes.iter().flat_map(|n| n.inputs.iter().flatten()).chain(&g.outputs) {
            let reads = self.reads.entry(*v).or_default();
            *reads = reads.saturating_add(1);
        }
        for n in &g.nodes {
            let ends = n.inputs.len().saturating_add(n.outputs.len());
            if budget::work(ends.saturating_mul(4).saturating_add(8)).is_none() {
                return;
            }
            let outputs = || n.outputs.iter().flatten();
            if outputs().next().is_some() && outputs().all(|&o| self.is_constant(o)) {
                if n.op_type == "DequantizeLinear" {
                    self.dequantised.extend(outputs());
                }
                continue;
            }
            self.node(n);
            for body in n.subgraphs() {
                self.bodies = self.bodies.saturating_add(1);
                self.graph(body);
            }
        }
    }

    fn is_constant(&self, v: ValueId) -> bool {
        self.constant.get(v as usize).copied().unwrap_or(false)
    }

    fn dims(&self, v: Option<ValueId>) -> Vec<u64> {
        v.and_then(|v| self.shapes.known(v)).unwrap_or_default()
    }

    fn elements(&self, v: Option<ValueId>) -> f64 {
        match v.and_then(|v| self.shapes.known(v)) {
            Some(dims) => dims.iter().map(|&d| d as f64).product(),
            None => 0.0,
        }
    }

    /// Whether a value of 16-bit floats counts as f32.
    fn is_wide(&self, dtype: Option<DataType>) -> bool {
        is_half(dtype) && !self.is_first
    }

    fn bytes(&self, v: Option<ValueId>) -> f64 {
        let Some(v) = v else { return 0.0 };
        if let Some(t) = self.model.value(v).and_then(|v| v.tensor.as_ref()) {
            let wide = if self.is_wide(Some(t.dtype)) { 2.0 } else { 1.0 };
            return wide * t.bytes().unwrap_or(0) as f64;
        }
        let dtype = self.shapes.get(v).and_then(|t| t.dtype);
        let bits = if self.is_wide(dtype) { 32 } else { dtype.map_or(32, |t| t.bits()) };
        self.elements(Some(v)) * f64::from(bits) / 8.0
    }

    /// Bytes of the activations that an operator reads and writes.
    fn moved(&self, n: &Node) -> f64 {
        let inputs = n.inputs.iter().flatten().filter(|&&v| !self.is_constant(v));
        inputs.chain(n.outputs.iter().flatten()).map(|&v| self.bytes(Some(v))).sum()
    }

    /// Bytes of the constants that an operator reads.
    fn weights(&self, n: &Node) -> f64 {
        let constants = n.inputs.iter().flatten().filter(|&&v| self.is_constant(v));
        // Integers are read where a constant is made of them.
        let share = |v: &ValueId| match self.dequantised.contains(v) && !self.is_first {
            true => 0.25,
            false => 1.0,
        };
        constants.map(|v| share(v) * self.bytes(Some(*v))).sum()
    }

    fn work(&self, n: &Node) -> (f64, f64) {
        let Some(work) = ops::work(self.shapes, n) else { return (0.0, 0.0) };
        let number = |e: &crate::shape::SymExpr| e.value().map_or(0.0, |v| v as f64);
        (number(&work.macs), number(&work.flops))
    }

    /// Whether an operator becomes a part of the convolution before it.
    fn fused(&self, n: &Node, operator: &Operator) -> bool {
        let into = n
            .input(0)
            .is_some_and(|v| self.convolved.contains(&v) && self.reads.get(&v).copied() == Some(1));
        into && (operator.cost == CostKind::Affine || operator.is_fusible)
    }

    fn node(&mut self, n: &Node) {
        let operator = ops::usage(&n.domain, &n.op_type);
        let kind = operator.cost;
        if kind == CostKind::Free {
            return;
        }
        if self.fused(n, operator) {
            self.inner.extend(n.outputs.iter().flatten());
            if kind == CostKind::Affine {
                self.convolves(n);
            }
            return;
        }
        if n.op_type == "DequantizeLinear" {
            self.dequantised.extend(n.outputs.iter().flatten());
        }
        self.terms.add(Term::Operators, 1.0);
        let outputs = n.outputs.iter().flatten();
        let largest = outputs.map(|&o| self.bytes(Some(o))).fold(0.0, f64::max);
        self.terms.raise(Term::LargestActivationBytes, largest);
        let halves = n
            .outputs
            .iter()
            .flatten()
            .filter(|v| self.is_wide(self.shapes.get(**v).and_then(|t| t.dtype)));
        let halves = halves.map(|v| self.elements(Some(*v))).sum();
        self.terms.add(Term::HalfElements, halves);
        let moved = self.moved(n);
        if moved > CACHE {
            self.terms.add(Term::LargeActivationBytes, moved - CACHE);
        }
        let weights = self.weights(n);
        if weights > CACHE && kind != CostKind::Move {
            self.terms.add(Term::LargeWeightBytes, weights - CACHE);
        }
        if !self.is_first {
            // Of a table the rows are read that are looked up.
            let read = if kind == CostKind::Move { weights.min(largest) } else { weights };
            self.terms.add(Term::WeightBytesRead, read);
        }
        self.by_kind(n, kind, moved);
    }

    fn by_kind(&mut self, n: &Node, kind: CostKind, moved: f64) {
        let (macs, flops) = self.work(n);
        let out = self.elements(n.outputs.first().copied().flatten());
        let elements = self.elements(n.input(0)).max(out);
        match kind {
            CostKind::Conv if self.of_integers(n) => {
                self.convolves(n);
                self.terms.add(Term::QuantisedConvMacs, macs);
            }
            CostKind::Product if self.of_integers(n) => {
                self.terms.add(Term::QuantisedProductMacs, macs)
            }
            CostKind::QuantisedConv if !self.is_first && n.op_type == "ConvInteger" => {
                self.terms.add(Term::IntegerConvMacs, macs);
            }
            CostKind::QuantisedConv => {
                self.terms.add(Term::QuantisedConvMacs, macs);
            }
            CostKind::Conv => self.conv(n, macs, moved),
            CostKind::TransposedConv => {
                self.terms.add(Term::TransposedConvMacs, macs);
                self.terms.add(Term::ConvWeightBytes, self.bytes(n.input(1)));
                // What the product gives before its columns are added up.
                let columns = macs / self.dims(n.input(0)).get(1).map_or(1.0, |&c| c as f64);
                self.terms.add(Term::TransposedConvBytes, moved + 4.0 * columns);
                self.convolves(n);
            }
            CostKind::QuantisedProduct => self.terms.add(Term::QuantisedProductMacs, macs),
            CostKind::Product => self.product(n, macs),
            CostKind::Recurrent => self.recurrent(n, macs),
            CostKind::Other if ops::find(&n.domain, &n.op_type).class == Class::Classical => {
                self.terms.add(Term::ClassicalOperators, 1.0);
                self.terms.add(Term::OtherFlops, flops + 2.0 * macs);
            }
            _ if !self.is_first && n.op_type == "Softplus" => {
                self.terms.add(Term::SoftplusElements, elements);
            }
            // Run as softplus, tanh and a product.
            _ if !self.is_first && n.op_type == "Mish" => {
                self.terms.add(Term::SoftplusElements, elements);
                self.terms.add(Term::SlowElements, elements);
                self.terms.add(Term::SimpleElements, elements);
                self.terms.add(Term::Operators, 2.0);
            }
            CostKind::Affine | CostKind::Simple => self.terms.add(Term::SimpleElements, elements),
            CostKind::Normalisation => self.terms.add(Term::NormalisedElements, elements),
            CostKind::Softmax => self.terms.add(Term::SoftmaxElements, elements),
            CostKind::Slow => self.terms.add(Term::SlowElements, elements),
            CostKind::Slowest => self.terms.add(Term::SlowestElements, elements),
            CostKind::Quantisation => self.terms.add(Term::QuantisedElements, elements),
            CostKind::Pool => self.terms.add(Term::PoolFlops, flops),
            CostKind::Reduction => self.terms.add(Term::ReducedElements, elements),
            CostKind::Resize if n.string("mode").unwrap_or("nearest") == "nearest" => {
                self.terms.add(Term::RepeatedElements, out);
            }
            CostKind::Resize => self.terms.add(Term::ResizedElements, out),
            CostKind::Move => self.terms.add(Term::MovedBytes, moved),
            CostKind::Free => {}
            CostKind::Other => self.terms.add(Term::OtherFlops, flops + 2.0 * macs),
        }
    }

    /// Whether the operands come from integers, so that ONNX Runtime computes with
    /// those.
    fn of_integers(&self, n: &Node) -> bool {
        n.inputs.iter().take(2).flatten().any(|v| self.dequantised.contains(v))
    }

    /// Notes that the first output is that of a convolution.
    fn convolves(&mut self, n: &Node) {
        if let Some(&Some(out)) = n.outputs.first() {
            self.convolved.insert(out);
        }
    }

    fn conv(&mut self, n: &Node, macs: f64, moved: f64) {
        self.convolves(n);
        self.terms.add(Term::ConvBytes, moved);
        self.terms.add(Term::ConvWeightBytes, self.bytes(n.input(1)));
        let weights = self.dims(n.input(1));
        let (group, channels) = (n.int("group").unwrap_or(1), weights.get(1).copied().unwrap_or(1));
        let window = weights.iter().skip(2).any(|&k| k > 1);
        let term = match () {
            () if weights.len() != 4 && group > 1 && channels == 1 => {
                Term::OtherRankDepthwiseConvMacs
            }
            () if weights.len() == 3 => Term::FlatConvMacs,
            () if weights.len() != 4 => Term::OtherRankConvMacs,
            () if group > 1 && channels == 1 => Term::DepthwiseConvMacs,
            () if group > 1 => Term::GroupedConvMacs,
            () if channels < THIN => Term::ThinConvMacs,
            () if window => Term::WindowConvMacs,
            () => Term::PointwiseConvMacs,
        };
        self.terms.add(term, macs);
        if matches!(term, Term::ThinConvMacs | Term::WindowConvMacs | Term::PointwiseConvMacs) {
            self.padding(weights.first().copied().unwrap_or(1).max(1), macs);
        }
        if n.ints("dilations").is_some_and(|d| d.iter().any(|&d| d > 1)) {
            self.terms.add(Term::DilatedConvMacs, macs);
        }
        if weights.len() != 4 || term == Term::GroupedConvMacs {
            self.columns(n, &weights, group, window);
        }
    }

    /// What a convolution that is computed as a matrix product writes first: a
    /// column of the input for each position; without a window that is the input.
    fn columns(&mut self, n: &Node, weights: &[u64], groups: i64, window: bool) {
        let column: f64 = weights.iter().skip(1).map(|&d| d as f64).product();
        let out = self.dims(n.outputs.first().copied().flatten());
        let positions: f64 = out.iter().skip(2).map(|&d| d as f64).product();
        let bytes = 4.0 * column * positions;
        self.terms.raise(Term::ScratchBytes, bytes);
        // Each sample is a product of its own, which reads the weights.
        let batch = out.first().copied().unwrap_or(1) as f64;
        self.terms.add(Term::ColumnWeightBytes, self.bytes(n.input(1)) * batch);
        if window {
            self.terms.add(Term::ColumnBytes, bytes * batch * groups as f64);
        }
    }

    /// MACs of channels that fill up a block of 8 or 16.
    fn padding(&mut self, channels: u64, macs: f64) {
        for (term, block) in [(Term::PaddingTo8Macs, 8), (Term::PaddingTo16Macs, 16)] {
            let padded = channels.div_ceil(block).saturating_mul(block);
            self.terms.add(term, macs * (padded as f64 / channels as f64 - 1.0));
        }
    }

    fn product(&mut self, n: &Node, macs: f64) {
        let weights = self.weights(n);
        if !self.is_first && ops::find(&n.domain, &n.op_type).class == Class::Attention {
            self.attention(n, macs);
            return;
        }
        if weights == 0.0 {
            let out = self.dims(n.outputs.first().copied().flatten());
            let rows = out.iter().rev().nth(1).copied().unwrap_or(1);
            self.product_of_activations(macs, rows);
            let matrices = out.iter().rev().skip(2).map(|&d| d as f64).product();
            self.terms.add(Term::ProductsOfActivations, matrices);
            return;
        }
        self.terms.add(Term::ProductWeightBytes, weights);
        let out = self.dims(n.outputs.first().copied().flatten());
        let columns = out.last().copied().unwrap_or(1).max(1) as f64;
        let rows = out.iter().map(|&d| d as f64).product::<f64>() / columns;
        if rows < FEW_ROWS as f64 {
            self.terms.add(Term::VectorProductBytes, 4.0 * macs);
        } else {
            self.terms.add(Term::ProductMacs, macs);
        }
    }

    /// The most bytes of activations alive.
    fn peak(&mut self) {
        let kind = |n: &Node| ops::usage(&n.domain, &n.op_type).cost;
        let elementwise = |n: &Node| {
            matches!(
                kind(n),
                CostKind::Simple | CostKind::Slow | CostKind::Slowest | CostKind::Affine
            )
        };
        let inner = |n: &Node| n.outputs.iter().flatten().any(|o| self.inner.contains(o));
        let bytes = |v: ValueId| if self.is_constant(v) { 0.0 } else { self.bytes(Some(v)) };
        let workspace = |n: &Node| match ops::find(&n.domain, &n.op_type).class {
            Class::Attention => 2.0 * self.scores(n) * 4.0,
            _ => 0.0,
        };
        let needs = peak::Needs {
            graph: &self.model.graph,
            bytes: &bytes,
            in_place: &elementwise,
            is_view: &|n| kind(n) == CostKind::Free || inner(n),
            workspace: &workspace,
        };
        let most = needs.most();
        self.terms.add(Term::PeakActivationBytes, most);
    }

    /// Scores of attention: products of queries and keys.
    fn scores(&self, n: &Node) -> f64 {
        let (macs, _) = self.work(n);
        let [width, values, _] = self.widths(n);
        macs / (width + values).max(1.0)
    }

    /// Widths of a head of queries and of values, and the number of heads of all samples. Heads
    /// are the second axis of four, else those of the attribute.
    fn widths(&self, n: &Node) -> [f64; 3] {
        let query = self.dims(n.input(0));
        let heads = n.int("num_heads").or_else(|| n.int("q_num_heads")).unwrap_or(1).max(1) as f64;
        let last = |dims: &[u64]| dims.last().copied().unwrap_or(1).max(1) as f64;
        let (width, heads) = match query.as_slice() {
            [batch, heads, _, width] => (*width as f64, *batch as f64 * *heads as f64),
            dims => (last(dims) / heads, heads * dims.first().map_or(1.0, |&b| b as f64)),
        };
        let values = match self.dims(n.input(2)).as_slice() {
            [_, _, _, width] => *width as f64,
            _ => width,
        };
        [width, values, heads]
    }

    /// Two products of activations and a softmax between them, with what is added to it.
    fn attention(&mut self, n: &Node, macs: f64) {
        let rows = self.dims(n.input(0)).iter().rev().nth(1).copied().unwrap_or(1);
        self.product_of_activations(macs, rows);
        let [width, values, heads] = self.widths(n);
        let scores = macs / (width + values).max(1.0);
        self.terms.add(Term::ProductsOfActivations, 2.0 * heads);
        self.terms.add(Term::SoftmaxElements, scores);
        // Two products and a softmax are three operators.
        self.terms.add(Term::Operators, 2.0);
        if n.input(3).is_some() {
            self.terms.add(Term::MaskedScores, scores);
            self.terms.add(Term::Operators, 1.0);
        }
        if scores * 4.0 > CACHE {
            self.terms.add(Term::LargeActivationBytes, 4.0 * (scores * 4.0 - CACHE));
        }
        self.terms.raise(Term::LargestActivationBytes, 4.0 * scores);
    }

    fn product_of_activations(&mut self, macs: f64, rows: u64) {
        if rows < FEW_ROWS && !self.is_first {
            let bytes = 4.0 * macs / rows.max(1) as f64;
            self.terms.add(Term::VectorProductOfActivationsBytes, bytes);
        } else {
            self.terms.add(Term::ProductOfActivationsMacs, macs);
        }
    }

    /// Products of all steps' inputs at once, then a product a step.
    fn recurrent(&mut self, n: &Node, macs: f64) {
        let x = self.dims(n.input(0));
        let at = |i: usize| x.get(i).copied().unwrap_or(1) as f64;
        let (steps, batch) = (at(0), at(1));
        let w = self.dims(n.input(2));
        let directions = w.first().copied().unwrap_or(1) as f64;
        let state: f64 = w.iter().map(|&d| d as f64).product();
        let own = if self.is_first { macs } else { steps * batch * state };
        let hidden = n.int("hidden_size").map_or(1.0, |h| h.max(1) as f64);
        let input = (macs - own).max(0.0);
        let integers = n.op_type.contains("Quantize") && !self.is_first;
        match integers {
            true => self.terms.add(Term::QuantisedRecurrentMacs, own),
            false if batch < FEW_ROWS as f64 => self.terms.add(Term::RecurrentVectorMacs, own),
            false => self.terms.add(Term::RecurrentMacs, own),
        }
        let of_inputs =
            if integers { Term::QuantisedProductMacs } else { Term::RecurrentInputMacs };
        self.terms.add(of_inputs, input);
        self.terms.add(Term::RecurrentSteps, steps * directions);
        self.terms.add(Term::GateElements, steps * batch * state / hidden);
        let of_state = self.bytes(n.input(2)) / directions.max(1.0);
        let large = (of_state - CACHE).max(0.0) * directions;
        self.terms.add(Term::RecurrentLargeBytes, large * steps);
        let weights = self.bytes(n.input(1)) + self.bytes(n.input(2));
        match self.is_first {
            true => self.terms.add(Term::ProductWeightBytes, weights),
            false => self.terms.add(Term::RecurrentWeightBytes, weights),
        }
    }
}
