//! Attention: products, scale and softmax as one operation.

use super::layout::{perm, transpose};
use super::net::{Facts, Net, Outputs, close, is_float, number, only};
use crate::opstring::{Attr, Float, Literal, Op, Operand};

/// Scales of one value that are looked through.
const MAX_SCALES: usize = 4;

/// `MatMul(Softmax(MatMul(q, kᵀ) · scale + mask), v)` of four dimensions:
/// `Attention` of queries, keys, values and mask.
///
/// The scale is that of the queries, of the keys and of the product together;
/// one over the root of the width is the default.
pub fn attention(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|t| op.kind == "MatMul" && op.is_plain() && is_float(t))?;
    let [weights, v] = op.operands.as_slice() else { return None };
    let softmax = net.made_by(weights, "Softmax").filter(|s| s.attributes.is_empty())?;
    let mut scores = softmax.input(0)?.clone();
    let mut mask = None;
    if let Some(add) = net.made_by(&scores, "Add")
        && let [a, b] = add.operands.as_slice()
    {
        mask = Some(b.clone());
        scores = a.clone();
    }
    let (scores, outer) = unscaled(net, &scores);
    let product = net.made_by(&scores, "MatMul").filter(|p| p.is_plain())?;
    let (q, k) = (product.input(0)?.clone(), product.input(1)?.clone());
    let (q, of_q) = unscaled(net, &q);
    let (k, of_k) = unscaled(net, &k);
    let turn = net.made_by(&k, "Transpose").filter(|k| k.is_plain())?;
    let source = turn.input(0)?.clone();
    let dims = net.dims(&q)?;
    if dims.len() != 4
        || op.dims()?.len() != 4
        || turn.dims()?.len() != 4
        || net.dims(v)?.len() != 4
    {
        return None;
    }
    let width = dims.last()?.size()?;
    let same_heads = |o: &Operand| net.dims(o).is_some_and(|d| d.get(1) == dims.get(1));
    if !same_heads(&k) || !same_heads(v) || net.dims(v)?.first() != dims.first() {
        return None;
    }
    let mut order = perm(turn, 4)?;
    order.swap(2, 3);
    let k = if order.is_sorted() { source } else { transpose(net, &source, &order)? };
    let scale = outer * of_q * of_k;
    let usual = 1.0 / (width as f64).sqrt();
    let value = Literal::Float(Float::new(f64::from(round(scale) as f32)));
    let attributes =
        (!close(scale, usual)).then(|| Attr::Named("scale".into(), value)).into_iter().collect();
    let mut operands = vec![q, k, v.clone()];
    operands.extend(mask);
    only(net.one("Attention", attributes, operands, t))
}

/// A number by four digits.
fn round(x: f64) -> f64 {
    format!("{x:.3e}").parse().unwrap_or(x)
}

/// The value that `o` is a multiple of, and by which number.
fn unscaled(net: &Net, o: &Operand) -> (Operand, f64) {
    let (mut o, mut scale) = (o.clone(), 1.0);
    for _ in 0..MAX_SCALES {
        let Some(m) = net.made_by(&o, "Mul") else { break };
        let [x, c] = m.operands.as_slice() else { break };
        let Some(c) = number(c).filter(|_| net.of(x) == m.output()) else { break };
        scale *= c;
        o = x.clone();
    }
    (o, scale)
}
