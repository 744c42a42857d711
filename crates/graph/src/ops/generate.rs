//! Operators that make tensors: constants, ranges, random draws.

use super::flops;
use super::kinds::{Class, CostKind, Demand};
use super::op::{Op, Outputs, one, same};
use super::operator::{CONSTANTS, LAST, Operator, onnx};
use super::typed::Typed;
use crate::model::{Attribute, DataType};
use crate::symbolic::{MAX_VALUES, Num, Sym, SymExpr, count};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    onnx("Bernoulli", Class::Random)
        .shape(same)
        .types(|t, _| t.named("dtype").or(t.of(0)))
        .work(flops::once),
    onnx("Constant", Class::Generator).work(flops::none).cost(CostKind::Free),
    onnx("ConstantOfShape", Class::Generator)
        .shape(constant_of_shape)
        .types(filled_type)
        .work(flops::none)
        .cost(CostKind::Free)
        .structural(&[0..=LAST])
        .weights(CONSTANTS)
        .fed(&[(0, Demand::OutputShape)]),
    onnx("EyeLike", Class::Generator)
        .shape(same)
        .types(|t, _| t.named("dtype").or(t.of(0)))
        .work(flops::none)
        .defaults(&[("k", "0")]),
    onnx("Multinomial", Class::Random)
        .shape(multinomial)
        .types(|t, _| t.named("dtype").or(Some(DataType::I32)))
        .work(flops::once),
    onnx("RandomNormal", Class::Random)
        .shape(|op| one(op.exprs("shape", usize::MAX)?))
        .types(|t, _| t.named("dtype").or(Some(DataType::F32)))
        .work(flops::once),
    onnx("RandomNormalLike", Class::Random)
        .shape(same)
        .types(|t, _| t.named("dtype").or(t.of(0)))
        .work(flops::once),
    onnx("RandomUniform", Class::Random)
        .shape(|op| one(op.exprs("shape", usize::MAX)?))
        .types(|t, _| t.named("dtype").or(Some(DataType::F32)))
        .work(flops::once),
    onnx("RandomUniformLike", Class::Random)
        .shape(same)
        .types(|t, _| t.named("dtype").or(t.of(0)))
        .work(flops::once),
    onnx("Range", Class::Generator)
        .shape(range)
        .work(flops::none)
        .cost(CostKind::Free)
        .structural(&[0..=LAST])
        .weights(CONSTANTS),
];

fn filled_type(t: &Typed, _: usize) -> Option<DataType> {
    match t.n.attribute("value") {
        Some(Attribute::Tensor(t)) => Some(t.dtype),
        _ => Some(DataType::F32),
    }
}

fn constant_of_shape(op: &mut Op) -> Option<Outputs> {
    let Some(dims) = op.ints(0) else {
        let rank = usize::try_from(op.dims(0)?.first()?.value()?).ok()?;
        let dims = op.unknown(rank);
        return one(dims);
    };
    let value = match op.n.attribute("value") {
        Some(Attribute::Tensor(t)) => Sym::constant(t).elems.and_then(|e| e.first().cloned()),
        _ => Some(Num::Int(SymExpr::ZERO)),
    };
    match (value, count(&dims).filter(|&n| n <= MAX_VALUES)) {
        (Some(v), Some(n)) => Some(vec![Some(Sym::elems(dims, vec![v; n]))]),
        _ => one(dims),
    }
}

/// Range-11; that of `com.microsoft` may lack the step, which is 1 then.
pub fn range(op: &mut Op) -> Option<Outputs> {
    let number = |i: usize| op.sym(i).and_then(|t| t.floats()).and_then(|v| v.first().copied());
    let step = if op.has(2) { number(2) } else { Some(1.0) };
    if let (Some(a), Some(b), Some(d)) = (number(0), number(1), step) {
        if d == 0.0 {
            return None;
        }
        let n = ((b - a) / d).ceil().max(0.0);
        if n > 9e15 || !n.is_finite() {
            return None;
        }
        let integral = [a, b, d].iter().all(|x| x.fract() == 0.0 && x.abs() < 9e15);
        if integral && n <= MAX_VALUES as f64 {
            let at = |i: usize| Num::Int(SymExpr::Value((a + i as f64 * d) as i128));
            let v: Vec<Num> = (0..n as usize).map(at).collect();
            return Some(vec![Some(Sym::elems(vec![v.len().into()], v))]);
        }
        return one(vec![SymExpr::Value(n as i128)]);
    }
    let step = if op.has(2) { op.int(2) } else { Some(SymExpr::ONE) };
    let length = match (op.int(0), op.int(1), step) {
        (Some(a), Some(b), Some(SymExpr::Value(d))) if d > 0 => {
            b.minus(&a).and_then(|span| span.over_up(&SymExpr::Value(d)))
        }
        _ => None,
    };
    let length = op.or_fresh(length);
    one(vec![length])
}

fn multinomial(op: &mut Op) -> Option<Outputs> {
    let size = op.attr("sample_size", 1);
    one(vec![op.dims(0)?.first()?.clone(), SymExpr::Value(size.into())])
}
