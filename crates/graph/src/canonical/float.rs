//! Networks of reduced precision as the float networks that they stand for.
//!
//! Half precision becomes f32. Quantized values become the floats that they
//! encode: quantization and its inverse go, and operators on integers become
//! those on floats.

use super::net::{Facts, Net, Outputs, Rule, is_constant, only, weight_sizes};
use super::{canonicalize, constants};
use crate::model::DataType;
use crate::opstring::{
    Attr, Constant, Dim, Literal, Op, OpGraph, Operand, TensorType, Window, reorder,
};

/// Rules in the order in which they are tried.
const RULES: &[Rule] = &[quantization, operator, carried, scaled, constants::fold];

/// Operators on quantized operands: operator, operator on floats, the operands
/// that stay.
const OPERATORS: &[(&str, &str, &[usize])] = &[
    ("QLinearConv", "Conv", &[0, 3, 8]),
    ("QLinearMatMul", "MatMul", &[0, 3]),
    ("ConvInteger", "Conv", &[0, 1]),
    ("MatMulInteger", "MatMul", &[0, 1]),
    ("com.microsoft.QLinearAdd", "Add", &[0, 3]),
    ("com.microsoft.QLinearMul", "Mul", &[0, 3]),
    ("com.microsoft.QLinearSigmoid", "Sigmoid", &[0]),
    ("com.microsoft.QLinearLeakyRelu", "LeakyRelu", &[0]),
    ("com.microsoft.QLinearGlobalAveragePool", "GlobalAveragePool", &[0]),
    ("com.microsoft.QLinearAveragePool", "AveragePool", &[0]),
    ("com.microsoft.QGemm", "Gemm", &[0, 3, 6]),
];

/// What the spelling of a network of reduced precision has.
const MARKS: &[&str] = &[":f16", ":bf16", ":f64", "uantizeLinear", "QLinear", "Integer", "QGemm"];

/// Whether the network of an operation string may be of reduced precision.
pub fn may_change(string: &str) -> bool {
    MARKS.iter().any(|mark| string.contains(mark))
}

/// The float network of `g`; `None` where that is `g` itself.
pub fn of(g: &OpGraph) -> Option<OpGraph> {
    let half = g.ops.iter().any(|op| op.outputs.iter().flatten().any(is_reduced));
    let quantized =
        |op: &Op| op.kind.ends_with("uantizeLinear") || OPERATORS.iter().any(|o| o.0 == op.kind);
    if !half && !g.ops.iter().any(quantized) {
        return None;
    }
    let ops = g.ops.iter().map(|op| Op {
        operands: op.operands.iter().map(single_precision).collect(),
        attributes: op.attributes.iter().map(cast).collect(),
        outputs: op.outputs.iter().map(|t| t.as_ref().map(float)).collect(),
        ..op.clone()
    });
    let single =
        OpGraph { ops: ops.collect(), outputs: g.outputs.iter().map(single_precision).collect() };
    let (rewritten, _) = Net::rewrite(&single, RULES);
    let float = canonicalize(reorder(&rewritten));
    (float != *g).then_some(float)
}

fn is_half(dtype: DataType) -> bool {
    matches!(dtype, DataType::F16 | DataType::Bf16 | DataType::F64)
}

fn is_reduced(t: &TensorType) -> bool {
    t.dtype.is_some_and(is_half)
}

fn float(t: &TensorType) -> TensorType {
    let dtype = if is_reduced(t) { Some(DataType::F32) } else { t.dtype };
    TensorType { dtype, ..t.clone() }
}

fn single_precision(o: &Operand) -> Operand {
    match o {
        Operand::Weight(t) => Operand::Weight(float(t)),
        Operand::Constant(c) if c.dtype.is_some_and(is_half) => {
            Operand::Constant(Constant { value: c.value.clone(), dtype: None })
        }
        other => other.clone(),
    }
}

/// A cast to half precision as one to f32.
fn cast(a: &Attr) -> Attr {
    const HALF: [i64; 3] = [10, 11, 16];
    match a {
        Attr::Named(name, Literal::Int(to)) if &**name == "to" && HALF.contains(to) => {
            Attr::int("to", 1)
        }
        other => other.clone(),
    }
}

/// What quantized values, weights and constants encode.
fn decoded(o: &Operand) -> Operand {
    let of =
        |dims| Operand::Weight(TensorType { dims, dtype: Some(DataType::F32), container: None });
    match o {
        Operand::Weight(t) => of(t.dims.clone()),
        Operand::Constant(c) => match &c.value {
            Literal::List(items) => of(Some(vec![Dim::Size(items.len() as u64)])),
            _ => of(Some(Vec::new())),
        },
        other => other.clone(),
    }
}

/// A type of the same dimensions, f32.
fn as_float(t: &TensorType) -> TensorType {
    TensorType { dtype: Some(DataType::F32), ..t.clone() }
}

/// Quantization and its inverse.
fn quantization(_: &mut Net, op: &Op) -> Option<Outputs> {
    let x = op.input(0)?;
    let scalar = || Operand::Weight(TensorType::f32(&[]));
    match op.kind.trim_start_matches("com.microsoft.") {
        "QuantizeLinear" => only(x.clone()),
        "DequantizeLinear" if is_constant(x) => only(decoded(x)),
        "DequantizeLinear" => only(x.clone()),
        "DynamicQuantizeLinear" => Some(vec![x.clone(), scalar(), scalar()]),
        _ => None,
    }
}

/// An operator on quantized operands.
fn operator(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = as_float(op.output()?);
    if op.kind == "com.microsoft.QLinearConcat" {
        let parts: Vec<Operand> = op.operands.iter().skip(2).step_by(3).map(decoded).collect();
        return only(net.one("Concat", op.attributes.clone(), parts, &t));
    }
    let (_, kind, places) = OPERATORS.iter().find(|o| o.0 == op.kind)?;
    let mut operands: Vec<Operand> =
        places.iter().filter_map(|&i| op.operands.get(i)).map(decoded).collect();
    while operands.last() == Some(&Operand::Omitted) {
        operands.pop();
    }
    let mut attributes: Vec<Attr> = op.attributes.iter().filter(|a| !is_idle(a)).cloned().collect();
    let kernel = |a: &Attr| matches!(a, Attr::Window(Window::Kernel, _));
    if *kind == "Conv" && !attributes.iter().any(kernel) {
        let sizes = weight_sizes(operands.get(1)?)?;
        let k: Vec<i64> =
            sizes.get(2..)?.iter().map(|&k| i64::try_from(k).unwrap_or(i64::MAX)).collect();
        let equal = k.windows(2).all(|w| w.first() == w.last());
        let k = if equal { k.get(..1)?.to_vec() } else { k };
        attributes.push(Attr::Window(Window::Kernel, k));
    }
    only(net.one(kind, attributes, operands, &t))
}

/// Attributes that say what operators on floats take for granted.
fn is_idle(a: &Attr) -> bool {
    match a {
        Attr::Window(Window::Strides | Window::Dilations, v) => v.iter().all(|&x| x == 1),
        Attr::Window(Window::Pads, v) => v.iter().all(|&x| x == 0),
        Attr::Named(name, Literal::Int(0)) => &**name == "channels_last",
        _ => false,
    }
}

/// An operation that passes on quantized values.
fn carried(net: &mut Net, op: &Op) -> Option<Outputs> {
    let integer = |t: &TensorType| {
        matches!(
            t.dtype,
            Some(DataType::I8 | DataType::U8 | DataType::I32 | DataType::I16 | DataType::U16)
        )
    };
    let t = op.output().filter(|t| op.is_plain() && integer(t))?;
    let of = net.of(op.input(0)?)?.dtype;
    let passes = !matches!(op.kind.as_str(), "Cast" | "ArgMax" | "ArgMin" | "Shape" | "Size");
    let outputs = vec![Some(as_float(t))];
    (of == Some(DataType::F32) && passes).then(|| net.emit(Op { outputs, ..op.clone() }))
}

/// A scale of a whole product by a weight: part of the weight of the product.
fn scaled(net: &mut Net, op: &Op) -> Option<Outputs> {
    let [x, scale] = op.operands.as_slice() else { return None };
    let (x, scale) = if is_constant(x) { (scale, x) } else { (x, scale) };
    let single = weight_sizes(scale)?.iter().all(|&n| n == 1);
    let product = net.maker(x).filter(|m| matches!(m.kind.as_str(), "MatMul" | "Conv" | "Cast"))?;
    let weighted = product.kind == "Cast" || product.input(1).is_some_and(is_constant);
    (op.kind == "Mul" && single && weighted).then(|| vec![x.clone()])
}
