//! Constant subgraphs: operations on constants and weights become one of them.

use super::net::{Facts, Net, Outputs, is_constant, is_float, number};
use crate::model::DataType;
use crate::ops::{self, Class};
use crate::opstring::MAX_STRUCTURAL;
use crate::opstring::{Constant, Dim, Float, Literal, Op, Operand, TensorType};

/// Operators of `ai.onnx` that stay on constants: they tell how weights are
/// stored, or what they give is not a function of their operands.
const STAY: &[&str] =
    &["QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "Dropout", "Bernoulli"];

/// An operation all of whose operands are constants.
///
/// Single numbers are computed. Other results of known size are weights: the
/// string leaves out the values of both.
pub fn fold(_: &mut Net, op: &Op) -> Option<Outputs> {
    let known = |o: &Operand| is_constant(o) || *o == Operand::Omitted;
    let folds = !op.operands.is_empty() && op.operands.iter().all(known) && op.bodies.is_empty();
    let random = || ops::find("", &op.kind).class == Class::Random;
    if !folds || op.kind.contains('.') || STAY.contains(&op.kind.as_str()) || random() {
        return None;
    }
    let [Some(t)] = op.outputs.as_slice() else { return weights(op) };
    match evaluate(op, t) {
        Some(c) => Some(vec![Operand::Constant(c)]),
        None => weights(op),
    }
}

fn weights(op: &Op) -> Option<Outputs> {
    let one = |t: &Option<TensorType>| match t {
        None => Some(Operand::Omitted),
        Some(t) => {
            let sized = t.dims.as_ref()?.iter().all(|d| matches!(d, Dim::Size(_)));
            let plain = sized && t.container.is_none() && (is_float(t) || is_table(t));
            plain.then(|| Operand::Weight(t.clone()))
        }
    };
    op.outputs.iter().map(one).collect()
}

/// Whether a type is that of integers which are too many to say what an
/// operation does. Fewer are known by value or not folded.
fn is_table(t: &TensorType) -> bool {
    let sizes = t.dims.iter().flatten().map(|d| d.size().unwrap_or(0));
    t.dtype.is_some() && sizes.fold(1u64, u64::saturating_mul) > MAX_STRUCTURAL as u64
}

/// The single float that an operation on single numbers gives.
fn evaluate(op: &Op, t: &TensorType) -> Option<Constant> {
    let dims = t.dims.as_ref()?;
    if !is_float(t) || dims.iter().any(|d| d.size() != Some(1)) {
        return None;
    }
    let v: Vec<f64> = op.operands.iter().map(number).collect::<Option<_>>()?;
    let x = match (op.kind.as_str(), v.as_slice()) {
        ("Cast", [a]) if op.int("to").is_some() => *a,
        ("Sqrt", [a]) => a.sqrt(),
        ("Reciprocal", [a]) => 1.0 / a,
        ("Neg", [a]) => -a,
        ("Exp", [a]) => a.exp(),
        ("Log", [a]) => a.ln(),
        ("Floor", [a]) => a.floor(),
        ("Ceil", [a]) => a.ceil(),
        ("Abs", [a]) => a.abs(),
        ("Add", [a, b]) => a + b,
        ("Sub", [a, b]) => a - b,
        ("Mul", [a, b]) => a * b,
        ("Div", [a, b]) => a / b,
        ("Pow", [a, b]) => a.powf(*b),
        ("Reshape" | "Squeeze" | "Unsqueeze", [a, ..]) => *a,
        _ => return None,
    };
    Some(single(x, dims.len(), t.dtype))
}

/// A single float, in a list for each dimension.
pub fn single(x: f64, rank: usize, dtype: Option<DataType>) -> Constant {
    let x = match dtype {
        Some(DataType::F64) => x,
        _ => f64::from(x as f32),
    };
    let mut value = Literal::Float(Float::new(x));
    for _ in 0..rank {
        value = Literal::List(vec![value]);
    }
    Constant { value, dtype: dtype.filter(|d| *d != DataType::F32) }
}
