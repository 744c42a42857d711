//! Operators that work element by element, with numpy broadcasting.

use super::*;
use crate::shape::tensor::{MAX_VALUES, Num, advance, broadcast_index, count, sizes};
use std::rc::Rc;

/// Operators of one tensor whose first output has its shape (further inputs
/// are parameters).
const UNARY: &[&str] = &[
    "Abs",
    "Acos",
    "Acosh",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "BatchNormalization",
    "Bernoulli",
    "BitCast",
    "BitwiseNot",
    "CastLike",
    "Ceil",
    "Celu",
    "Clip",
    "Cos",
    "Cosh",
    "CumProd",
    "CumSum",
    "DequantizeLinear",
    "Dropout",
    "Elu",
    "Erf",
    "Exp",
    "EyeLike",
    "Floor",
    "Gelu",
    "GroupNormalization",
    "HardSigmoid",
    "HardSwish",
    "Hardmax",
    "InstanceNormalization",
    "IsInf",
    "IsNaN",
    "LRN",
    "LayerNormalization",
    "LeakyRelu",
    "Log",
    "LogSoftmax",
    "LpNormalization",
    "MeanVarianceNormalization",
    "Mish",
    "Neg",
    "Not",
    "ParametricSoftplus",
    "QuantizeLinear",
    "RMSNormalization",
    "RandomNormalLike",
    "RandomUniformLike",
    "Reciprocal",
    "RegexFullMatch",
    "Relu",
    "ReverseSequence",
    "RotaryEmbedding",
    "Round",
    "Scale",
    "ScaledTanh",
    "Scatter",
    "ScatterElements",
    "ScatterND",
    "Selu",
    "Shrink",
    "Sigmoid",
    "Sign",
    "SimplifiedLayerNormalization",
    "Sin",
    "Sinh",
    "Softmax",
    "Softplus",
    "Softsign",
    "Sqrt",
    "Swish",
    "Tan",
    "Tanh",
    "TensorScatter",
    "ThresholdedRelu",
    "Trilu",
];

const VARIADIC: &[&str] = &[
    "Add",
    "And",
    "BitShift",
    "BitwiseAnd",
    "BitwiseOr",
    "BitwiseXor",
    "Div",
    "Equal",
    "Greater",
    "GreaterOrEqual",
    "Less",
    "LessOrEqual",
    "Max",
    "Mean",
    "Min",
    "Mod",
    "Mul",
    "Or",
    "PRelu",
    "Pow",
    "StringConcat",
    "Sub",
    "Sum",
    "Where",
    "Xor",
];

/// Rules of this module.
pub fn infer(op: &mut Op, kind: &str) -> Option<Outputs> {
    match kind {
        "Cast" => cast(op),
        "Identity" => Some(vec![op.sym(0).cloned()]),
        k if UNARY.binary_search(&k).is_ok() => unary(op, k),
        k if VARIADIC.binary_search(&k).is_ok() => variadic(op, k),
        _ => None,
    }
}

/// Casts keep integers; floats are cut to integers.
fn cast(op: &Op) -> Option<Outputs> {
    let t = op.sym(0)?;
    let to = op.n.int("to").and_then(|d| i32::try_from(d).ok()).map(DataType)?;
    let one = |n: &Num| match n {
        Num::Float(f) if to.is_integer() && f.is_finite() && f.abs() < 9e15 => {
            Some(Num::Int(SymExpr::Value(f.trunc() as i128)))
        }
        Num::Float(_) if to.is_integer() => None,
        Num::Int(e) if to == DataType::BOOL => truth(e).map(Num::Int),
        n => Some(n.clone()),
    };
    let elems = match to.is_integer() || to.is_float() {
        true => t.elems.as_ref().and_then(|v| v.iter().map(one).collect::<Option<Vec<_>>>()),
        false => None,
    };
    Some(vec![Some(Sym { dims: t.dims.clone(), elems: elems.map(Rc::from) })])
}

fn truth(e: &SymExpr) -> Option<SymExpr> {
    e.value().map(|v| SymExpr::Value((v != 0).into()))
}

fn unary(op: &mut Op, kind: &str) -> Option<Outputs> {
    let t = op.sym(0)?;
    let f: Option<fn(&Num) -> Option<Num>> = match kind {
        "Neg" => Some(|n| match n {
            Num::Int(e) => SymExpr::ZERO.minus(e).map(Num::Int),
            Num::Float(f) => Some(Num::Float(-f)),
        }),
        "Not" => Some(|n| Some(Num::Int(SymExpr::Value((n.int()?.value()? == 0).into())))),
        "Abs" => Some(|n| match n {
            Num::Int(e) if e.is_nonnegative() => Some(n.clone()),
            Num::Int(e) => e.value().map(|v| Num::Int(SymExpr::Value(v.abs()))),
            Num::Float(f) => Some(Num::Float(f.abs())),
        }),
        "Relu" => Some(|n| match n {
            Num::Int(e) if e.is_nonnegative() => Some(n.clone()),
            n => n.float().map(|f| Num::Float(f.max(0.0))),
        }),
        "Floor" => Some(|n| rounded(n, f64::floor)),
        "Ceil" => Some(|n| rounded(n, f64::ceil)),
        "Round" => Some(|n| rounded(n, f64::round_ties_even)),
        "Sqrt" => Some(|n| n.float().map(|f| Num::Float(f.sqrt()))),
        "CastLike"
            if op.n.input(1).and_then(|v| op.s.dtype(v)).is_some_and(DataType::is_integer) =>
        {
            Some(|n| match n {
                Num::Int(_) => Some(n.clone()),
                Num::Float(f) => rounded(&Num::Float(*f), f64::trunc),
            })
        }
        "CastLike" => Some(|n| Some(n.clone())),
        _ => None,
    };
    let elems = f.and_then(|f| t.elems.as_ref()?.iter().map(f).collect::<Option<Vec<_>>>());
    let first = Sym { dims: t.dims.clone(), elems: elems.map(Rc::from) };
    let more = second_outputs(op, kind);
    Some([vec![Some(first)], more].concat())
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

/// Outputs after the first: the mask of Dropout, the statistics of
/// normalizations (BatchNormalization-15, LayerNormalization-17).
fn second_outputs(op: &Op, kind: &str) -> Outputs {
    let Some(x) = op.dims(0) else { return Vec::new() };
    match kind {
        "Dropout" => vec![Some(Sym::shape(x))],
        "BatchNormalization" => vec![op.sym(3).map(Sym::without_elems); 4],
        "LayerNormalization" | "SimplifiedLayerNormalization" | "RMSNormalization" => {
            let Some(axis) = wrap(op.attr("axis", -1), x.len()) else { return Vec::new() };
            let stats = x.into_iter().enumerate();
            let stats = stats.map(|(i, d)| if i < axis { d } else { SymExpr::ONE });
            vec![Some(Sym::shape(stats.collect())); 2]
        }
        _ => Vec::new(),
    }
}

fn variadic(op: &mut Op, kind: &str) -> Option<Outputs> {
    let inputs: Vec<Sym> =
        (0..op.n.inputs.len()).map(|i| op.sym(i).cloned()).collect::<Option<_>>()?;
    let dims: Vec<&Vec<SymExpr>> = inputs.iter().map(|t| t.dims.as_ref()).collect::<Option<_>>()?;
    if kind == "PRelu" || legacy_broadcast(op, kind) {
        return Some(vec![Some(Sym::shape((*dims.first()?).clone()))]);
    }
    let first = (*dims.first()?).clone();
    let out = dims.iter().skip(1).try_fold(first, |a, b| broadcast(&a, b))?;
    let real = op.n.input(0).and_then(|v| op.s.dtype(v)).is_none_or(|d| !d.is_integer());
    match elements(&inputs, &out, kind, real) {
        Some(e) => Some(vec![Some(Sym::elems(out, e))]),
        None => one(out),
    }
}

/// Operator sets before 7 broadcast the second operand into the first.
fn legacy_broadcast(op: &Op, kind: &str) -> bool {
    op.attr("broadcast", 0) == 1
        && matches!(
            kind,
            "Add"
                | "Sub"
                | "Mul"
                | "Div"
                | "Pow"
                | "And"
                | "Or"
                | "Xor"
                | "Equal"
                | "Greater"
                | "Less"
        )
}

fn elements(inputs: &[Sym], out: &[SymExpr], kind: &str, real: bool) -> Option<Vec<Num>> {
    let all: Vec<(&Rc<[Num]>, Vec<usize>)> = inputs
        .iter()
        .map(|t| Some((t.elems.as_ref()?, sizes(t.dims.as_ref()?)?)))
        .collect::<Option<_>>()?;
    let n = count(out).filter(|&n| n <= MAX_VALUES)?;
    let out = sizes(out)?;
    let mut index = vec![0; out.len()];
    let mut v = Vec::with_capacity(n);
    for _ in 0..n {
        let mut args = Vec::with_capacity(all.len());
        for (elems, dims) in &all {
            let at = broadcast_index(&index, dims)?;
            let at = at.iter().zip(dims).fold(0, |f, (i, d)| f * d + i);
            args.push(elems.get(at)?.clone());
        }
        v.push(apply(kind, &args, real)?);
        advance(&mut index, &out);
    }
    Some(v)
}

fn apply(kind: &str, args: &[Num], real: bool) -> Option<Num> {
    match (kind, args) {
        ("Where", [c, a, b]) => Some(if c.int()?.value()? != 0 { a.clone() } else { b.clone() }),
        ("Max" | "Min" | "Sum", [first, rest @ ..]) => {
            let kind = if kind == "Sum" { "Add" } else { kind };
            rest.iter().try_fold(first.clone(), |a, b| binary(kind, &a, b, real))
        }
        (_, [a, b]) => binary(kind, a, b, real),
        _ => None,
    }
}

fn binary(kind: &str, a: &Num, b: &Num, real: bool) -> Option<Num> {
    let bool = |v: bool| Some(Num::Int(SymExpr::Value(v.into())));
    if let (Num::Int(x), Num::Int(y)) = (a, b) {
        let known = x.value().zip(y.value());
        return match kind {
            "Add" => x.plus(y).map(Num::Int),
            "Sub" => x.minus(y).map(Num::Int),
            "Mul" => x.times(y).map(Num::Int),
            "Div" => quotient(x, y, real),
            "Mod" if !real && x.is_nonnegative() && y.value().is_some_and(|v| v > 0) => {
                x.minus(&x.over(y)?.times(y)?).map(Num::Int)
            }
            "Max" => Some(Num::Int(x.larger(y))),
            "Min" => Some(Num::Int(x.smaller(y))),
            "Equal" if x == y => bool(true),
            "Equal" if known.is_none() && differ(x, y) => bool(false),
            "Equal" => known.and_then(|(x, y)| bool(x == y)),
            "Less" => known.and_then(|(x, y)| bool(x < y)),
            "LessOrEqual" => known.and_then(|(x, y)| bool(x <= y)),
            "Greater" => known.and_then(|(x, y)| bool(x > y)),
            "GreaterOrEqual" => known.and_then(|(x, y)| bool(x >= y)),
            "And" => known.and_then(|(x, y)| bool(x != 0 && y != 0)),
            "Or" => known.and_then(|(x, y)| bool(x != 0 || y != 0)),
            "Xor" => known.and_then(|(x, y)| bool((x != 0) != (y != 0))),
            "Pow" => known.and_then(|(x, y)| power(x, y)),
            _ => None,
        };
    }
    let (x, y) = (a.float()?, b.float()?);
    Some(Num::Float(match kind {
        "Add" => x + y,
        "Sub" => x - y,
        "Mul" => x * y,
        "Div" => x / y,
        "Max" => x.max(y),
        "Min" => x.min(y),
        "Pow" => x.powf(y),
        "Less" => return bool(x < y),
        "LessOrEqual" => return bool(x <= y),
        "Greater" => return bool(x > y),
        "GreaterOrEqual" => return bool(x >= y),
        "Equal" => return bool(x == y),
        _ => return None,
    }))
}

/// A size is never equal to a negative number.
fn differ(x: &SymExpr, y: &SymExpr) -> bool {
    let negative = |e: &SymExpr| e.value().is_some_and(|v| v < 0);
    (negative(x) && y.is_nonnegative()) || (negative(y) && x.is_nonnegative())
}

fn power(x: i128, y: i128) -> Option<Num> {
    let y = u32::try_from(y).ok().filter(|&y| y < 128)?;
    x.checked_pow(y).filter(|v| v.abs() < 1 << 62).map(|v| Num::Int(SymExpr::Value(v)))
}

/// Integers divide towards zero, floats exactly.
fn quotient(x: &SymExpr, y: &SymExpr, real: bool) -> Option<Num> {
    match (x.value(), y.value()) {
        (_, Some(0)) => None,
        (Some(a), Some(b)) if real && a % b != 0 => Some(Num::Float(a as f64 / b as f64)),
        (Some(a), Some(b)) => Some(Num::Int(SymExpr::Value(a.checked_div(b)?))),
        _ => {
            let q = x.over(y)?;
            let exact = q.times(y)? == *x;
            (exact || (!real && x.is_nonnegative())).then_some(Num::Int(q))
        }
    }
}
