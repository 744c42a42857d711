//! Element types of node outputs.

use super::State;
use crate::graph::types::*;

/// Element type of output `i` of `n`, where the operator determines it.
pub fn infer(s: &State, n: &Node, i: usize) -> Option<DataType> {
    let of = |k: usize| n.input(k).and_then(|v| s.dtype(v));
    let attr = |name| n.int(name).and_then(|t| i32::try_from(t).ok()).map(DataType);
    match (n.op_type.as_str(), i) {
        ("Cast" | "BitCast", _) => attr("to"),
        ("CastLike", _) => of(1),
        (
            "Shape" | "Size" | "NonZero" | "ArgMax" | "ArgMin" | "NonMaxSuppression"
            | "StringSplit",
            0,
        )
        | ("TopK", 1)
        | ("Unique", 1..)
        | ("MaxPool", 1) => Some(DataType::INT64),
        (
            "Equal" | "Less" | "LessOrEqual" | "Greater" | "GreaterOrEqual" | "And" | "Or" | "Not"
            | "Xor" | "IsNaN" | "IsInf" | "OptionalHasElement" | "RegexFullMatch",
            _,
        )
        | ("Dropout", 1) => Some(DataType::BOOL),
        ("Where" | "If" | "Loop" | "Scan", _) => match n.op_type.as_str() {
            "Where" => of(1).or(of(2)),
            _ => subgraph(s, n, i),
        },
        ("ConstantOfShape", _) => match n.attribute("value") {
            Some(Attribute::Tensor(t)) => Some(t.dtype),
            _ => Some(DataType::FLOAT),
        },
        ("OneHot", _) => of(2),
        ("QuantizeLinear", _) => of(2).or(Some(DataType(2))),
        ("DynamicQuantizeLinear", 0 | 2) => Some(DataType(2)),
        ("DequantizeLinear", _) => of(1).or(Some(DataType::FLOAT)),
        ("MatMulInteger" | "ConvInteger", _) => Some(DataType::INT32),
        ("QLinearMatMul" | "QLinearConv", _) => of(7),
        ("EyeLike" | "RandomNormal" | "RandomUniform" | "Multinomial", _) => {
            attr("dtype").or(Some(DataType::FLOAT))
        }
        ("RandomNormalLike" | "RandomUniformLike", _) => attr("dtype").or(of(0)),
        _ if n.domain.is_empty() || n.domain == "com.microsoft" => of(0),
        _ => None,
    }
}

/// Type of output `i` of a control-flow node: that of its body's output.
fn subgraph(s: &State, n: &Node, i: usize) -> Option<DataType> {
    let body = n.subgraphs().next()?;
    let shift = usize::from(n.op_type == "Loop");
    s.dtype(*body.outputs.get(i + shift)?)
}
