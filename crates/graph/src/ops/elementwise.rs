//! Operators that work element by element, with numpy broadcasting.

use super::arithmetic::{self, Evaluate};
use super::flops::{self, Site, Work};
use super::kinds::{Class, CostKind, Passes, WeightRole};
use super::op::{Op, Outputs, broadcast, one, same};
use super::operator::{CONSTANTS, LAST, Operator, TENSORS, onnx};
use super::typed::boolean;
use crate::budget;
use crate::model::{Attribute, DataType};
use crate::symbolic::{
    MAX_VALUES, Num, Sym, SymExpr, advance, broadcast_index, count, flat, sizes,
};
use std::rc::Rc;

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    unary("Abs").shape(|op| mapped(op, magnitude)).cost(CostKind::Simple),
    unary("Acos").shape(|op| mapped(op, |n| real(n, f64::acos))),
    unary("Acosh").shape(|op| mapped(op, |n| real(n, f64::acosh))),
    numeric("Add").shape(|op| legacy(op, arithmetic::add)).weights(TENSORS),
    comparison("And").shape(|op| legacy(op, arithmetic::and)),
    unary("Asin").shape(|op| mapped(op, |n| real(n, f64::asin))),
    unary("Asinh").shape(|op| mapped(op, |n| real(n, f64::asinh))),
    unary("Atan").shape(|op| mapped(op, |n| real(n, f64::atan))).cost(CostKind::Slowest),
    unary("Atanh").shape(|op| mapped(op, |n| real(n, f64::atanh))),
    onnx("BitCast", Class::Elementwise).shape(same).types(|t, _| t.named("to")).work(flops::none),
    onnx("BitShift", Class::Arithmetic).shape(shifted).work(flops::once),
    onnx("BitwiseAnd", Class::Arithmetic)
        .shape(|op| broadcast_of(op, arithmetic::bitwise_and))
        .work(flops::once),
    unary("BitwiseNot").shape(|op| mapped(op, complement)),
    onnx("BitwiseOr", Class::Arithmetic)
        .shape(|op| broadcast_of(op, arithmetic::bitwise_or))
        .work(flops::once),
    onnx("BitwiseXor", Class::Arithmetic)
        .shape(|op| broadcast_of(op, arithmetic::bitwise_xor))
        .work(flops::once),
    onnx("Cast", Class::Elementwise)
        .shape(cast)
        .types(|t, _| t.named("to"))
        .work(flops::none)
        .cost(CostKind::Simple)
        .defaults(&[("saturate", "1")])
        .passes(Passes::First),
    onnx("CastLike", Class::Elementwise)
        .shape(cast_like)
        .types(|t, _| t.of(1))
        .work(flops::none)
        .defaults(&[("saturate", "1")]),
    unary("Ceil").shape(|op| mapped(op, |n| rounded(n, f64::ceil))).cost(CostKind::Simple),
    unary("Celu").cost(CostKind::Slowest).defaults(&[("alpha", "1.0")]),
    onnx("Clip", Class::Arithmetic)
        .shape(clip)
        .work(flops::once)
        .cost(CostKind::Simple)
        .fusible()
        .weights(CONSTANTS)
        .passes(Passes::First),
    unary("Cos").shape(|op| mapped(op, |n| real(n, f64::cos))).cost(CostKind::Slowest),
    unary("Cosh").shape(|op| mapped(op, |n| real(n, f64::cosh))).cost(CostKind::Slowest),
    numeric("Div").shape(|op| legacy(op, arithmetic::divide)).weights(TENSORS),
    unary("Elu").cost(CostKind::Slowest).defaults(&[("alpha", "1.0")]),
    comparison("Equal").shape(|op| legacy(op, arithmetic::equal)).weights(CONSTANTS),
    unary("Erf").cost(CostKind::Slow),
    unary("Exp").shape(|op| mapped(op, |n| real(n, f64::exp))).cost(CostKind::Slow),
    unary("Floor").shape(|op| mapped(op, |n| rounded(n, f64::floor))).cost(CostKind::Simple),
    unary("Gelu").cost(CostKind::Slow).defaults(&[("approximate", "'none'")]),
    comparison("Greater").shape(|op| legacy(op, arithmetic::greater)).weights(CONSTANTS),
    comparison("GreaterOrEqual")
        .shape(|op| broadcast_of(op, arithmetic::greater_or_equal))
        .weights(CONSTANTS),
    unary("HardSigmoid")
        .cost(CostKind::Simple)
        .fusible()
        .defaults(&[("alpha", "0.2"), ("beta", "0.5")]),
    unary("HardSwish").cost(CostKind::Simple),
    unary("IsInf").types(boolean).defaults(&[("detect_negative", "1"), ("detect_positive", "1")]),
    unary("IsNaN").shape(|op| mapped(op, |n| test(n, f64::is_nan))).types(boolean),
    unary("LeakyRelu").cost(CostKind::Simple).fusible().defaults(&[("alpha", "0.01")]),
    comparison("Less").shape(|op| legacy(op, arithmetic::less)).weights(CONSTANTS),
    comparison("LessOrEqual")
        .shape(|op| broadcast_of(op, arithmetic::less_or_equal))
        .weights(CONSTANTS),
    unary("Log").shape(|op| mapped(op, |n| real(n, f64::ln))).cost(CostKind::Slow),
    numeric("Max")
        .shape(|op| broadcast_of(op, arithmetic::largest))
        .weights(CONSTANTS)
        .passes(Passes::All),
    numeric("Mean").shape(|op| broadcast_of(op, arithmetic::mean)),
    numeric("Min")
        .shape(|op| broadcast_of(op, arithmetic::smallest))
        .weights(CONSTANTS)
        .passes(Passes::All),
    unary("Mish").cost(CostKind::Slowest),
    onnx("Mod", Class::Arithmetic)
        .shape(|op| match op.attr("fmod", 0) {
            1 => broadcast_of(op, arithmetic::truncated_remainder),
            _ => broadcast_of(op, arithmetic::remainder),
        })
        .work(flops::once)
        .defaults(&[("fmod", "0")])
        .weights(CONSTANTS),
    numeric("Mul").shape(|op| legacy(op, arithmetic::multiply)).weights(TENSORS),
    unary("Neg").shape(|op| mapped(op, negated)).cost(CostKind::Simple),
    unary("Not").shape(|op| mapped(op, inverted)).types(boolean).cost(CostKind::Simple),
    comparison("Or").shape(|op| legacy(op, arithmetic::or)),
    onnx("PRelu", Class::Elementwise)
        .shape(parametric)
        .work(flops::once)
        .cost(CostKind::Slowest)
        .formerly(&[(7, "version", "version=6")]),
    onnx("Pow", Class::Arithmetic)
        .shape(|op| legacy(op, arithmetic::power))
        .work(flops::once)
        .cost(CostKind::Slow)
        .weights(CONSTANTS),
    unary("Reciprocal").shape(|op| mapped(op, |n| real(n, f64::recip))).cost(CostKind::Simple),
    unary("Relu").shape(|op| mapped(op, rectified)).cost(CostKind::Simple).fusible(),
    unary("Round")
        .shape(|op| mapped(op, |n| rounded(n, f64::round_ties_even)))
        .cost(CostKind::Simple),
    unary("Selu")
        .cost(CostKind::Slowest)
        .defaults(&[("alpha", "1.6732632"), ("gamma", "1.050701")])
        .formerly(&[(6, "alpha", "alpha=1.6732"), (6, "gamma", "gamma=1.0507")]),
    unary("Shrink").defaults(&[("bias", "0.0"), ("lambd", "0.5")]),
    unary("Sigmoid")
        .shape(|op| mapped(op, |n| real(n, |x| 1.0 / (1.0 + (-x).exp()))))
        .cost(CostKind::Slow)
        .fusible(),
    unary("Sign").shape(|op| mapped(op, sign)).cost(CostKind::Simple),
    unary("Sin").shape(|op| mapped(op, |n| real(n, f64::sin))).cost(CostKind::Slowest),
    unary("Sinh").shape(|op| mapped(op, |n| real(n, f64::sinh))).cost(CostKind::Slowest),
    unary("Softplus")
        .shape(|op| mapped(op, |n| real(n, |x| x.exp().ln_1p())))
        .cost(CostKind::Slowest),
    unary("Softsign")
        .shape(|op| mapped(op, |n| real(n, |x| x / (1.0 + x.abs()))))
        .cost(CostKind::Slowest),
    unary("Sqrt").shape(|op| mapped(op, root)).cost(CostKind::Simple),
    numeric("Sub").shape(|op| legacy(op, arithmetic::subtract)).weights(TENSORS),
    onnx("Sum", Class::Arithmetic)
        .shape(|op| broadcast_of(op, arithmetic::total))
        .work(|s| between_operands(s, 0))
        .cost(CostKind::Simple)
        .weights(TENSORS),
    onnx("SwiGLU", Class::Elementwise).shape(same).work(|s| s.made_times(2)),
    unary("Swish").cost(CostKind::Slow),
    unary("Tan").shape(|op| mapped(op, |n| real(n, f64::tan))).cost(CostKind::Slowest),
    unary("Tanh").shape(|op| mapped(op, |n| real(n, f64::tanh))).cost(CostKind::Slow).fusible(),
    unary("ThresholdedRelu").cost(CostKind::Simple).defaults(&[("alpha", "1.0")]),
    onnx("Where", Class::Arithmetic)
        .shape(|op| broadcast_of(op, arithmetic::selected))
        .types(|t, _| t.of(1).or(t.of(2)))
        .work(flops::none)
        .cost(CostKind::Simple)
        .weights(&[(0..=0, WeightRole::Constant), (1..=LAST, WeightRole::ParameterUnlessSingle)])
        .passes(Passes::AfterFirst),
    comparison("Xor").shape(|op| legacy(op, arithmetic::exclusive_or)),
];

/// A comparison or logical function of two operands.
const fn comparison(name: &'static str) -> Operator {
    onnx(name, Class::Arithmetic).types(boolean).work(flops::once).cost(CostKind::Simple)
}

/// Arithmetic of one operation for each operand after the first, at least one.
const fn numeric(name: &'static str) -> Operator {
    let operator = onnx(name, Class::Arithmetic).cost(CostKind::Simple);
    operator.work(|s| between_operands(s, 1))
}

/// An operator of one operation an element, whose output has the shape of input 0.
const fn unary(name: &'static str) -> Operator {
    onnx(name, Class::Elementwise).shape(same).work(flops::once)
}

/// One operation for each operand after the first, and at least so many.
fn between_operands(site: &Site, least: i64) -> Option<Work> {
    let operands = i64::try_from(site.n.inputs.iter().flatten().count()).ok()?;
    site.made_times(operands.saturating_sub(1).max(least))
}

/// Casts keep integers; floats are cut to integers.
fn cast(op: &mut Op) -> Option<Outputs> {
    let t = op.sym(0)?;
    let to = op.n.int("to").and_then(|d| i32::try_from(d).ok()).map(DataType::from)?;
    let one = |n: &Num| match n {
        Num::Float(f) if to.is_integer() && f.is_finite() && f.abs() < 9e15 => {
            Some(Num::Int(SymExpr::Value(f.trunc() as i128)))
        }
        Num::Float(_) if to.is_integer() => None,
        Num::Int(e) if to == DataType::Bool => truth(e).map(Num::Int),
        n => Some(n.clone()),
    };
    let cast = match to.is_integer() || to.is_float() {
        true => t.map(one),
        false => t.without_elems(),
    };
    Some(vec![Some(cast)])
}

fn truth(e: &SymExpr) -> Option<SymExpr> {
    e.value().map(|v| SymExpr::Value((v != 0).into()))
}

fn cast_like(op: &mut Op) -> Option<Outputs> {
    let to = op.n.input(1).and_then(|v| op.facts.dtype(v));
    match to.is_some_and(DataType::is_integer) {
        true => mapped(op, |n| rounded(n, f64::trunc)),
        false => mapped(op, |n| Some(n.clone())),
    }
}

/// The shape of input 0, its elements mapped.
fn mapped(op: &mut Op, f: fn(&Num) -> Option<Num>) -> Option<Outputs> {
    Some(vec![Some(op.sym(0)?.map(f))])
}

fn negated(n: &Num) -> Option<Num> {
    match n {
        Num::Int(e) => SymExpr::ZERO.minus(e).map(Num::Int),
        Num::Float(f) => Some(Num::Float(-f)),
    }
}

fn inverted(n: &Num) -> Option<Num> {
    Some(Num::Int(SymExpr::Value((n.int()?.value()? == 0).into())))
}

fn magnitude(n: &Num) -> Option<Num> {
    match n {
        Num::Int(e) if e.is_nonnegative() => Some(n.clone()),
        Num::Int(e) => Some(Num::Int(SymExpr::Value(e.value()?.checked_abs()?))),
        Num::Float(f) => Some(Num::Float(f.abs())),
    }
}

fn rectified(n: &Num) -> Option<Num> {
    match n {
        Num::Int(e) if e.is_nonnegative() => Some(n.clone()),
        n => n.float().map(|f| Num::Float(f.max(0.0))),
    }
}

/// A function of a real number.
fn real(n: &Num, f: fn(f64) -> f64) -> Option<Num> {
    n.float().map(|x| Num::Float(f(x)))
}

fn test(n: &Num, f: fn(f64) -> bool) -> Option<Num> {
    n.float().map(|x| Num::Int(SymExpr::Value(f(x).into())))
}

fn sign(n: &Num) -> Option<Num> {
    let x = n.float().filter(|x| !x.is_nan())?;
    let signum = if x > 0.0 { 1 } else { 0i128.saturating_sub((x < 0.0).into()) };
    Some(Num::Int(SymExpr::Value(signum)))
}

/// Of signed integers; that of unsigned ones depends on their width.
fn complement(n: &Num) -> Option<Num> {
    SymExpr::Value(-1).minus(&n.int()?).map(Num::Int)
}

/// Clip-13: bounds are inputs, before opset 11 attributes.
fn clip(op: &mut Op) -> Option<Outputs> {
    let bound = |op: &Op, i: usize, name: &str| match (op.has(i), op.n.attribute(name)) {
        (true, _) => match op.sym(i)?.elems.as_deref()? {
            [x] => Some(Some(x.clone())),
            _ => None,
        },
        (false, Some(Attribute::Float(x))) => Some(Some(Num::Float((*x).into()))),
        (false, _) => Some(None),
    };
    let bounds = bound(op, 1, "min").zip(bound(op, 2, "max"));
    let t = op.sym(0)?;
    let one = |x: &Num| {
        let (low, high) = bounds.as_ref()?;
        arithmetic::clipped(x, low.as_ref(), high.as_ref())
    };
    let elems = t.elems.as_ref().and_then(|v| v.iter().map(one).collect::<Option<Vec<_>>>());
    Some(vec![Some(Sym { dims: t.dims.clone(), elems: elems.map(Rc::from) })])
}

/// BitShift-11, of unsigned integers; bits that leave the type are lost.
fn shifted(op: &mut Op) -> Option<Outputs> {
    if op.n.string("direction") == Some("RIGHT") {
        return broadcast_of(op, arithmetic::shift_right);
    }
    let width = op.n.input(0).and_then(|v| op.facts.dtype(v)).map_or(0, DataType::bits);
    let mut out = broadcast_of(op, arithmetic::shift_left)?;
    let cut = |n: &Num| {
        let kept = n.int()?.value()? & 1i128.checked_shl(width)?.checked_sub(1)?;
        Some(Num::Int(SymExpr::Value(kept)))
    };
    for t in out.iter_mut().flatten() {
        let cut = t.elems.as_ref().and_then(|v| v.iter().map(cut).collect::<Option<Vec<_>>>());
        t.elems = cut.map(Rc::from);
    }
    Some(out)
}

fn root(n: &Num) -> Option<Num> {
    n.float().map(|f| Num::Float(f.sqrt()))
}

fn rounded(n: &Num, f: fn(f64) -> f64) -> Option<Num> {
    match n {
        Num::Int(_) => Some(n.clone()),
        Num::Float(x) => {
            let r = f(*x);
            Some(if r.is_finite() && r.abs() < 9e15 {
                Num::Int(SymExpr::Value(r as i128))
            } else {
                Num::Float(r)
            })
        }
    }
}

/// PRelu-16: the slope broadcasts into the input.
fn parametric(op: &mut Op) -> Option<Outputs> {
    let dims = operands(op)?.first()?.dims.clone()?;
    one(dims)
}

/// What is known of all operands; `None` where the rank of one is not.
fn operands<'o>(op: &'o Op) -> Option<Vec<&'o Sym>> {
    let known = |i| op.sym(i).filter(|t| t.dims.is_some());
    (0..op.n.inputs.len()).map(known).collect()
}

/// As [`broadcast_of`]; operator sets before 7 broadcast the second operand into
/// the first where the attribute `broadcast` says so.
fn legacy(op: &mut Op, evaluate: Evaluate) -> Option<Outputs> {
    match op.attr("broadcast", 0) {
        1 => parametric(op),
        _ => broadcast_of(op, evaluate),
    }
}

/// The broadcast of all operands, evaluated where these are known.
pub fn broadcast_of(op: &mut Op, evaluate: Evaluate) -> Option<Outputs> {
    let inputs = operands(op)?;
    let mut dims = inputs.iter().filter_map(|t| t.dims.as_ref());
    let first = dims.next()?.clone();
    let out = dims.try_fold(first, |a, b| broadcast(&a, b))?;
    let real = op.n.input(0).and_then(|v| op.facts.dtype(v)).is_none_or(|d| !d.is_integer());
    match elements(&inputs, &out, evaluate, real) {
        Some(e) => Some(vec![Some(Sym::elems(out, e))]),
        None => one(out),
    }
}

fn elements(inputs: &[&Sym], out: &[SymExpr], evaluate: Evaluate, real: bool) -> Option<Vec<Num>> {
    let n = count(out).filter(|&n| n <= MAX_VALUES)?;
    if inputs.iter().any(|t| t.elems.is_none()) {
        return None;
    }
    let each = inputs.len().saturating_mul(out.len().saturating_add(1));
    budget::work(n.saturating_mul(each))?;
    let all: Vec<(&Rc<[Num]>, Vec<usize>)> = inputs
        .iter()
        .map(|t| Some((t.elems.as_ref()?, sizes(t.dims.as_ref()?)?)))
        .collect::<Option<_>>()?;
    let out = sizes(out)?;
    let mut index = vec![0; out.len()];
    let mut v = Vec::with_capacity(n);
    for _ in 0..n {
        let mut args = Vec::with_capacity(all.len());
        for (elems, dims) in &all {
            let at = broadcast_index(&index, dims)?;
            args.push(elems.get(flat(dims, &at)?)?.clone());
        }
        v.push(evaluate(&args, real)?);
        advance(&mut index, &out);
    }
    Some(v)
}
