//! Signal operators, random draws, quantization with computed scales.

use super::*;

/// Rules of this module.
pub fn infer(op: &mut Op, kind: &str) -> Option<Outputs> {
    match kind {
        "BlackmanWindow" | "HammingWindow" | "HannWindow" => {
            let size = op.int(0);
            let size = op.or_fresh(size);
            one(vec![size])
        }
        "MelWeightMatrix" => {
            let (bins, length) = (op.int(0), op.int(1));
            let spectrum = length.and_then(|n| half(&n));
            let (a, b) = (op.or_fresh(spectrum), op.or_fresh(bins));
            one(vec![a, b])
        }
        "DFT" => dft(op),
        "STFT" => stft(op),
        "DynamicQuantizeLinear" => {
            let scalar = Some(Sym::shape(Vec::new()));
            Some(vec![op.sym(0).map(Sym::without_elems), scalar.clone(), scalar])
        }
        "Multinomial" => {
            let size = op.attr("sample_size", 1);
            one(vec![op.dims(0)?.first()?.clone(), SymExpr::Value(size.into())])
        }
        _ => None,
    }
}

/// Bins of a one-sided spectrum.
fn half(n: &SymExpr) -> Option<SymExpr> {
    n.over(&SymExpr::Value(2))?.plus(&SymExpr::ONE)
}

/// DFT-20 (axis as input) and DFT-17 (axis as attribute): the last dimension
/// holds real and imaginary part.
fn dft(op: &mut Op) -> Option<Outputs> {
    let mut x = op.dims(0)?;
    let last = x.len().checked_sub(1)?;
    let axis = match (op.n.int("axis"), op.has(2)) {
        (Some(a), _) => Some(a),
        (None, false) if op.opset() < 20 => Some(1),
        (None, false) => Some(-2),
        (None, true) => op.sym(2)?.known_ints().and_then(|v| v.first().copied()),
    };
    let Some(axis) = axis.and_then(|a| wrap(a, x.len())).filter(|&a| a < last) else {
        let dims = op.unknown(x.len());
        return one(dims);
    };
    if op.has(1) {
        let length = op.int(1);
        *x.get_mut(axis)? = op.or_fresh(length);
    }
    let (onesided, inverse) = (op.attr("onesided", 0) == 1, op.attr("inverse", 0) == 1);
    if onesided && !inverse {
        let n = x.get(axis)?.clone();
        *x.get_mut(axis)? = half(&n)?;
    }
    *x.get_mut(last)? = SymExpr::Value(if onesided && inverse { 1 } else { 2 });
    one(x)
}

/// STFT-17: frames of the window's (or given) length.
fn stft(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let step = op.int(1);
    let length = match op.has(3) {
        true => op.int(3),
        false => op.dims(2).and_then(|w| w.first().cloned()),
    };
    let frames = match (&step, &length) {
        (Some(step), Some(n)) => x.get(1)?.minus(n)?.over(step)?.plus(&SymExpr::ONE),
        _ => None,
    };
    let bins = match op.attr("onesided", 1) {
        0 => length,
        _ => length.and_then(|n| half(&n)),
    };
    let (frames, bins) = (op.or_fresh(frames), op.or_fresh(bins));
    one(vec![x.first()?.clone(), frames, bins, SymExpr::Value(2)])
}
