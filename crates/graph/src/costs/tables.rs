//! Constants that are no parameters by the place they stand in: rotary and sine
//! tables, attention masks, coordinates, filters and scales that exporters write.
//!
//! | constant | how it is told |
//! |---|---|
//! | rotary table | `x·c + rotate(x)·s`, or `a·c − b·s` beside `b·c + a·s` |
//! | sine table, frequencies | it goes into `Sin` or `Cos` |
//! | attention mask | added to the scores of all heads alike, before the softmax |
//! | coordinates | the left operand of a product of constants, of three columns or fewer |
//! | blur filter | convolution of each channel with a stride, after reflecting padding |
//! | scale and bias of ones and zeros | `InstanceNormalization` between two `Reshape` (group normalization), `BatchNormalization` of a constant (weight standardisation) |

use crate::model::{Graph, Model, Node, ValueId};
use crate::ops::{self, CostKind};
use crate::shape::{Shapes, SymExpr};
use std::collections::HashMap;

/// Most nodes that one question looks at.
const MAX_STEPS: usize = 48;
/// Most columns of a table of coordinates.
const MAX_COORDINATES: i128 = 3;

/// Who makes and who reads each value.
pub struct Tables<'m> {
    model: &'m Model,
    shapes: &'m Shapes,
    makers: HashMap<ValueId, &'m Node>,
    readers: HashMap<ValueId, Vec<&'m Node>>,
}

impl<'m> Tables<'m> {
    pub fn new(model: &'m Model, shapes: &'m Shapes) -> Self {
        let (makers, readers) = (HashMap::new(), HashMap::new());
        let mut t = Self { model, shapes, makers, readers };
        t.graph(&model.graph);
        t
    }

    fn graph(&mut self, g: &'m Graph) {
        for n in &g.nodes {
            for &o in n.outputs.iter().flatten() {
                self.makers.insert(o, n);
            }
            for &v in n.inputs.iter().flatten() {
                self.readers.entry(v).or_default().push(n);
            }
            n.subgraphs().for_each(|s| self.graph(s));
        }
    }

    /// True where what goes into input `i` of an operator on constants alone is
    /// no parameter unless it becomes the weight of a product.
    pub fn ends_as_table(&self, n: &Node, i: usize) -> bool {
        match n.op_type.as_str() {
            "Sin" | "Cos" => true,
            _ => i == 0 && is_product(n) && self.columns(n).is_some_and(|k| k <= MAX_COORDINATES),
        }
    }

    /// True where input `i` of an operator on constants alone is ones or zeros
    /// that an exporter fills in.
    pub fn is_filled_in(&self, n: &Node, i: usize) -> bool {
        let stored =
            n.input(i).and_then(|v| self.model.value(v)).is_some_and(|v| v.tensor.is_some());
        n.op_type == "BatchNormalization" && matches!(i, 1 | 2) && stored
    }

    /// True where input `i`, which comes from a constant, of an operator that runs is
    /// no parameter. `is_constant` tells values that are computed at load.
    pub fn is_buffer(&self, n: &Node, i: usize, is_constant: &dyn Fn(ValueId) -> bool) -> bool {
        if !n.domain.is_empty() {
            return false;
        }
        match n.op_type.as_str() {
            "Mul" => {
                self.is_phase(n)
                    || self.is_rotation(n, i, is_constant)
                    || self.is_half_rotation(n, i)
            }
            "MatMul" | "Einsum" | "Gemm" => self.is_phase(n),
            "Add" | "Sum" => self.is_mask(n, i, is_constant),
            "InstanceNormalization" => i > 0 && self.is_group_norm(n),
            "Conv" => i == 1 && self.is_blur(n),
            _ => false,
        }
    }

    fn dims(&self, v: Option<ValueId>) -> Option<&[SymExpr]> {
        self.shapes.get(v?)?.dims.as_deref()
    }

    fn maker(&self, v: Option<ValueId>) -> Option<&'m Node> {
        self.makers.get(&v?).copied()
    }

    fn readers(&self, n: &Node) -> impl Iterator<Item = &'m Node> {
        let outputs = n.outputs.iter().flatten();
        outputs.flat_map(|o| self.readers.get(o).into_iter().flatten().copied())
    }

    /// Size of the axis of the left operand that a product sums over.
    fn columns(&self, n: &Node) -> Option<i128> {
        let dims = self.dims(n.input(0))?;
        match n.op_type.as_str() {
            "Conv" => dims.get(1),
            "Gemm" if n.int("transA") == Some(1) => dims.first(),
            _ => dims.last(),
        }?
        .value()
    }

    /// True where the result goes into `Sin` or `Cos`, and nowhere else.
    fn is_phase(&self, n: &Node) -> bool {
        let (mut open, mut steps, mut found) = (vec![n], 0usize, false);
        while let Some(n) = open.pop() {
            let readers: Vec<&Node> = self.readers(n).take(MAX_STEPS).collect();
            steps = readers.len().saturating_add(1).saturating_add(steps);
            if steps > MAX_STEPS || readers.is_empty() {
                return false;
            }
            for r in readers {
                match r.op_type.as_str() {
                    "Sin" | "Cos" => found = true,
                    _ if rearranges(r) => open.push(r),
                    _ => return false,
                }
            }
        }
        found
    }

    /// `x·c + rotate(x)·s`, where `rotate` moves halves and negates one of them.
    fn is_rotation(&self, n: &Node, i: usize, is_constant: &dyn Fn(ValueId) -> bool) -> bool {
        self.readers(n).take(MAX_STEPS).filter(|r| r.op_type == "Add").any(|sum| {
            let Some([one, two]) = self.other_product(n, sum) else { return false };
            let (y, table) = if self.is_table(two, is_constant) { (one, two) } else { (two, one) };
            let Some(x) = n.input(1usize.saturating_sub(i)) else { return false };
            self.is_table(table, is_constant)
                && self.same_shape(n.input(i), Some(table))
                && (self.is_rotated(y, x) || self.is_rotated(x, y))
        })
    }

    /// The operands of the product that a sum of two adds to the product `n`.
    fn other_product(&self, n: &Node, sum: &Node) -> Option<[ValueId; 2]> {
        let [a, b] = sum.inputs.as_slice() else { return None };
        let other = if n.outputs.contains(a) { b } else { a };
        let product = self.maker(*other).filter(|m| m.op_type == "Mul")?;
        match product.inputs.as_slice() {
            [Some(a), Some(b)] => Some([*a, *b]),
            _ => None,
        }
    }

    /// True where `v` is a constant, or rows that are looked up in one.
    fn is_table(&self, v: ValueId, is_constant: &dyn Fn(ValueId) -> bool) -> bool {
        let mut at = v;
        for _ in 0..MAX_STEPS {
            if is_constant(at) {
                return true;
            }
            let maker = self.makers.get(&at).filter(|m| rearranges(m) && m.op_type != "Concat");
            let Some(before) = maker.and_then(|m| m.input(0)) else { return false };
            at = before;
        }
        false
    }

    fn same_shape(&self, a: Option<ValueId>, b: Option<ValueId>) -> bool {
        self.dims(a).is_some() && self.dims(a) == self.dims(b)
    }

    /// True where `y` is `x` with parts moved and some of them negated.
    fn is_rotated(&self, y: ValueId, x: ValueId) -> bool {
        let (mut open, mut steps, mut negated, mut reached) = (vec![y], 0usize, false, false);
        while let Some(v) = open.pop() {
            if v == x {
                reached = true;
                continue;
            }
            steps = steps.saturating_add(1);
            let Some(m) = self.makers.get(&v).filter(|_| steps <= MAX_STEPS) else { return false };
            match m.op_type.as_str() {
                "Neg" => negated = true,
                "Concat" if m.inputs.len() <= MAX_STEPS => {
                    open.extend(m.inputs.iter().flatten());
                    continue;
                }
                _ if rearranges(m) => {}
                _ => return false,
            }
            open.extend(m.input(0));
        }
        negated && reached
    }

    /// `a·c − b·s` beside `b·c + a·s`: this product is a term of the one, and the
    /// other has the same four operands.
    fn is_half_rotation(&self, n: &Node, i: usize) -> bool {
        let (Some(c), Some(a)) = (n.input(i), n.input(1usize.saturating_sub(i))) else {
            return false;
        };
        let kinds = [("Sub", "Add"), ("Add", "Sub")];
        let sums = self.readers(n).take(MAX_STEPS);
        let found = sums.filter_map(|r| Some((kinds.iter().find(|k| k.0 == r.op_type)?.1, r)));
        found.into_iter().any(|(opposite, r)| {
            let Some([one, two]) = self.other_product(n, r) else { return false };
            let (b, s) = if self.same_shape(Some(two), Some(c)) { (one, two) } else { (two, one) };
            let products = self.readers.get(&b).into_iter().flatten().take(MAX_STEPS);
            self.same_shape(Some(s), Some(c))
                && products.filter(|p| p.op_type == "Mul" && p.inputs.contains(&Some(c))).any(|p| {
                    let sums = self.readers(p).take(MAX_STEPS);
                    sums.filter(|r| r.op_type == opposite)
                        .filter_map(|r| self.other_product(p, r))
                        .any(|o| o == [a, s] || o == [s, a])
                })
        })
    }

    /// True where the input is added to products of two activations before a softmax
    /// and has no axis of heads.
    fn is_mask(&self, n: &Node, i: usize, is_constant: &dyn Fn(ValueId) -> bool) -> bool {
        let scores = n.input(usize::from(i == 0));
        let (Some(s), Some(m)) = (self.dims(scores), self.dims(n.input(i))) else { return false };
        let axis = |d: &[SymExpr]| d.len().checked_sub(3).and_then(|i| d.get(i).cloned());
        // Of three dimensions the first is the batch.
        let several = s.len() > 3 && axis(s).is_some_and(|h| h != SymExpr::ONE);
        let alike = axis(m).is_none_or(|h| h == SymExpr::ONE);
        several && alike && self.are_scores(scores, is_constant) && self.goes_to_softmax(n)
    }

    fn are_scores(&self, v: Option<ValueId>, is_constant: &dyn Fn(ValueId) -> bool) -> bool {
        let Some(mut at) = v else { return false };
        for _ in 0..MAX_STEPS {
            let Some(m) = self.makers.get(&at) else { return false };
            if is_product(m) {
                let operands = m.inputs.iter().flatten().take(2);
                return operands.into_iter().all(|&v| !is_constant(v));
            }
            let scales = matches!(m.op_type.as_str(), "Mul" | "Div" | "Add" | "Where");
            let mut inputs = m.inputs.iter().flatten().take(MAX_STEPS);
            let Some(&v) = inputs.find(|v| !is_constant(**v)) else {
                return false;
            };
            if !scales && !rearranges(m) {
                return false;
            }
            at = v;
        }
        false
    }

    fn goes_to_softmax(&self, n: &Node) -> bool {
        let mut at = n;
        for _ in 0..MAX_STEPS {
            let Some(r) = self.readers(at).next() else { return false };
            match r.op_type.as_str() {
                "Softmax" => return true,
                "Add" | "Where" | "Mul" | "Div" => {}
                _ if rearranges(r) => {}
                _ => return false,
            }
            at = r;
        }
        false
    }

    /// `InstanceNormalization` of groups of channels, the channels' own scale after it.
    fn is_group_norm(&self, n: &Node) -> bool {
        let reshapes = |n: &Node| n.op_type == "Reshape";
        self.maker(n.input(0)).is_some_and(reshapes) && self.readers(n).any(reshapes)
    }

    fn is_blur(&self, n: &Node) -> bool {
        let padding = self.maker(n.input(0)).filter(|p| p.op_type == "Pad");
        let reflects = padding.is_some_and(|p| p.string("mode") == Some("reflect"));
        let weight = self.dims(n.input(1)).unwrap_or_default();
        let one_each = weight.get(1) == Some(&SymExpr::ONE);
        let strided = n.ints("strides").is_some_and(|s| s.iter().any(|&s| s > 1));
        reflects && one_each && strided && n.input(2).is_none() && n.int("group") > Some(1)
    }
}

/// An `ai.onnx` operator that gives the elements of input 0 in another arrangement.
fn rearranges(n: &Node) -> bool {
    let o = ops::find(&n.domain, &n.op_type);
    o.passes_on(0) && n.domain.is_empty() && !matches!(n.op_type.as_str(), "Clip" | "Max" | "Min")
}

fn is_product(n: &Node) -> bool {
    let kind = ops::usage(&n.domain, &n.op_type).cost;
    matches!(kind, CostKind::Product | CostKind::Conv)
}

/// True where input `i` is the weight of a matrix product or convolution.
pub fn is_weight_of_product(n: &Node, i: usize) -> bool {
    i == 1 && is_product(n)
}
