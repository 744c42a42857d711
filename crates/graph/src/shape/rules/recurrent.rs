//! RNN, GRU, LSTM.

use super::*;

/// Rules of this module: RNN-22, GRU-22, LSTM-22.
pub fn infer(op: &mut Op, kind: &str) -> Option<Outputs> {
    matches!(kind, "RNN" | "GRU" | "LSTM").then(|| recurrent(op)).flatten()
}

/// Sequence output, last hidden state, last cell state.
pub fn recurrent(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let [a, b, _] = x.as_slice() else { return None };
    let directions = if op.n.string("direction") == Some("bidirectional") { 2u64 } else { 1 };
    let directions: SymExpr = directions.into();
    let hidden = match op.n.int("hidden_size") {
        Some(h) => SymExpr::Value(h.into()),
        None => op.dims(2)?.get(2)?.clone(),
    };
    let (y, last) = match op.attr("layout", 0) {
        0 => (
            vec![a.clone(), directions.clone(), b.clone(), hidden.clone()],
            vec![directions, b.clone(), hidden],
        ),
        _ => (
            vec![a.clone(), b.clone(), directions.clone(), hidden.clone()],
            vec![a.clone(), directions, hidden],
        ),
    };
    let last = Some(Sym::shape(last));
    Some(vec![Some(Sym::shape(y)), last.clone(), last])
}
