//! Weights that a file declares as inputs.

use super::net::{Facts, is_float};
use crate::opstring::{Dim, Op, OpGraph, Operand, TensorType, reorder};

/// How an operation reads an input.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Where convolutions, Gemm and normalization have weights.
    Weight,
    /// Where MatMul and arithmetic may have one.
    Perhaps,
    /// As data.
    Data,
}

/// `g` with a weight in place of each input that only serves as one; `None`
/// where there is none.
///
/// Its sizes are known. Where some input has the place of a weight, those of
/// MatMul and arithmetic that are by no batch are weights as well.
pub fn as_weights(g: &OpGraph) -> Option<OpGraph> {
    let mut uses: Vec<Option<Use>> = vec![None; g.ops.len()];
    let mut note = |o: &Operand, how: Use| {
        if let Some(u) = o.producer().and_then(|i| uses.get_mut(i)) {
            *u = Some(match (*u, how) {
                (None, how) => how,
                (Some(Use::Data), _) | (_, Use::Data) => Use::Data,
                (Some(Use::Weight), Use::Weight) => Use::Weight,
                _ => Use::Perhaps,
            });
        }
    };
    for op in &g.ops {
        op.operands.iter().enumerate().for_each(|(i, o)| note(o, place(op, i, g)));
    }
    g.outputs.iter().for_each(|o| note(o, Use::Data));
    let inputs = || g.ops.iter().zip(&uses).filter(|(op, _)| op.kind == "Input");
    let sized = |op: &Op| op.output().is_some_and(is_sized);
    let some = inputs().any(|(op, u)| *u == Some(Use::Weight) && sized(op));
    let data = inputs().any(|(op, u)| *u == Some(Use::Data) || !sized(op));
    if !some || !data {
        return None;
    }
    let weight = |o: &Operand| {
        let i = o.producer()?;
        let op = g.ops.get(i).filter(|op| op.kind == "Input" && sized(op))?;
        let serves = matches!(uses.get(i), Some(Some(Use::Weight | Use::Perhaps)));
        serves.then(|| op.output().cloned().map(Operand::Weight))?
    };
    let ops = g.ops.iter().map(|op| Op {
        operands: op.operands.iter().map(|o| weight(o).unwrap_or_else(|| o.clone())).collect(),
        ..op.clone()
    });
    Some(reorder(&OpGraph { ops: ops.collect(), outputs: g.outputs.clone() }))
}

/// What the operand at `position` is to `op`.
fn place(op: &Op, position: usize, g: &OpGraph) -> Use {
    let rank = |o: &Operand| match o {
        Operand::Value { op, output } => g.output_type(*op, *output)?.dims.as_ref().map(Vec::len),
        _ => None,
    };
    match (op.kind.as_str(), position) {
        ("Conv" | "ConvTranspose" | "Gemm" | "LSTM" | "GRU" | "RNN", 1..=2) => Use::Weight,
        ("LSTM" | "GRU" | "RNN", 3) => Use::Weight,
        ("PRelu", 1) => Use::Weight,
        (kind, 1..) if kind.ends_with("Normalization") => Use::Weight,
        ("MatMul", 1) | ("Add" | "Mul", _) => {
            let own = op.operands.get(position).and_then(rank);
            let whole = op.dims().map(<[Dim]>::len);
            if own < whole || (op.kind == "MatMul" && own == Some(2)) {
                Use::Perhaps
            } else {
                Use::Data
            }
        }
        _ => Use::Data,
    }
}

fn is_sized(t: &TensorType) -> bool {
    let sized = |dims: &Vec<Dim>| dims.iter().all(|d| d.size().is_some());
    is_float(t) && t.dims.as_ref().is_some_and(sized)
}
