//! Normalization layers under their names, from the operations they are made of.

use super::net::{
    Facts, Net, Outputs, close, is_constant, is_float, is_number, number, only, weight,
    weight_sizes,
};
use crate::opstring::{Attr, Dim, Float, Literal, Op, Operand, TensorType};

fn epsilon(x: f64, default: f64) -> Option<Attr> {
    let value = Literal::Float(Float::new(f64::from(x as f32)));
    (!close(x, default)).then(|| Attr::Named("epsilon".into(), value))
}

/// The mean of `op` over the last dimension.
fn last_mean<'n>(net: &'n Net, o: &Operand) -> Option<&'n Operand> {
    let mean = net.made_by(o, "ReduceMean").filter(|m| m.is_plain())?;
    let x = mean.input(0)?;
    let last = i64::try_from(net.dims(x)?.len().checked_sub(1)?).ok()?;
    (mean.ints("axes", 1)? == [last]).then_some(x)
}

/// The square of a value.
fn square<'n>(net: &'n Net, o: &Operand) -> Option<&'n Operand> {
    let op = net.maker(o)?;
    match op.kind.as_str() {
        "Pow" => op.input(0).filter(|_| op.input(1).is_some_and(|n| is_number(n, 2.0))),
        "Mul" => op.input(0).filter(|a| op.input(1) == Some(*a)),
        _ => None,
    }
}

/// The value and `epsilon` where `o` is √(mean of its squares + epsilon).
fn root_mean_square(net: &Net, o: &Operand) -> Option<(Operand, f64)> {
    let root = net.made_by(o, "Sqrt")?;
    let add = net.made_by(root.input(0)?, "Add")?;
    let epsilon = number(add.input(1)?)?;
    let x = square(net, last_mean(net, add.input(0)?)?)?;
    Some((x.clone(), epsilon))
}

/// A value divided by its root mean square over the last dimension: RMS
/// normalization, and layer normalization where its mean is subtracted first.
pub fn divided(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|t| op.is_plain() && is_float(t))?;
    let [a, b] = op.operands.as_slice() else { return None };
    let (x, root) = match op.kind.as_str() {
        "Div" => (a, b.clone()),
        "Mul" => {
            let inverse = |o: &Operand| {
                let r = net.made_by(o, "Reciprocal")?;
                r.input(0).cloned()
            };
            match (inverse(a), inverse(b)) {
                (_, Some(root)) => (a, root),
                (Some(root), None) => (b, root),
                _ => return None,
            }
        }
        _ => return None,
    };
    let (d, eps) = root_mean_square(net, &root).filter(|(d, _)| d == x)?;
    let c = net.dims(&d)?.last()?.size()?;
    let centred = || {
        let sub = net.made_by(&d, "Sub")?;
        let source = sub.input(0)?;
        (last_mean(net, sub.input(1)?)? == source).then(|| source.clone())
    };
    let scale = weight(&[c], t);
    match centred() {
        Some(source) => {
            let attributes = epsilon(eps, 1e-5).into_iter().collect();
            only(net.one("LayerNormalization", attributes, vec![source, scale], t))
        }
        None => {
            let attributes = epsilon(eps, 1e-5).into_iter().collect();
            only(net.one("RMSNormalization", attributes, vec![d, scale], t))
        }
    }
}

/// BatchNormalization by weights: its `epsilon` is part of the variance.
pub fn batch(net: &mut Net, op: &Op) -> Option<Outputs> {
    let idle = |a: &Attr| matches!(a, Attr::Named(n, _) if &**n == "epsilon");
    let drops = super::folded::is_inference(op) && op.attributes.iter().any(idle);
    let attributes = op.attributes.iter().filter(|a| !idle(a)).cloned().collect();
    drops.then(|| net.emit(Op { attributes, ..op.clone() }))
}

/// Layer normalization: the last axis by default, no word on its precision.
pub fn layer(net: &mut Net, op: &Op) -> Option<Outputs> {
    let named = matches!(op.kind.as_str(), "LayerNormalization" | "RMSNormalization");
    if !named || !op.is_plain() {
        return None;
    }
    let rank = i64::try_from(net.dims(op.input(0)?)?.len()).ok()?;
    let keep = |a: &&Attr| match a {
        Attr::Axis(n) => *n != rank - 1 && *n != -1,
        Attr::Named(name, _) => &**name != "stash_type",
        _ => true,
    };
    let attributes: Vec<Attr> = op.attributes.iter().filter(keep).cloned().collect();
    let changes = attributes.len() != op.attributes.len();
    changes.then(|| net.emit(Op { attributes, ..op.clone() }))
}

/// Scales and biases after a normalization: they become its own.
pub fn affine(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|_| op.is_plain() && matches!(op.kind.as_str(), "Mul" | "Add"))?;
    let [x, w] = op.operands.as_slice() else { return None };
    let norm = net.maker(x).filter(|n| n.is_plain() && n.output() == Some(t))?;
    let scales = op.kind == "Mul";
    let sizes = weight_sizes(w)?;
    let (channels, fits) = match norm.kind.as_str() {
        "LayerNormalization" | "RMSNormalization" if norm.axis().is_none() => {
            let c = op.dims()?.last()?.size()?;
            (c, sizes == [c])
        }
        "GroupNormalization" => {
            let c = op.dims()?.get(1)?.size()?;
            let (first, ones) = sizes.split_first()?;
            let spatial = op.dims()?.len().checked_sub(2)?;
            (c, *first == c && ones.len() == spatial && ones.iter().all(|&d| d == 1))
        }
        _ => return None,
    };
    let free = norm.operands.iter().skip(1).all(is_constant);
    let rms = norm.kind == "RMSNormalization";
    if !fits || !free || (rms && !scales) {
        return None;
    }
    // A scale after a bias scales the bias as well: both are free weights.
    if scales || norm.operands.len() > 2 {
        return only(x.clone());
    }
    let mut norm = norm.clone();
    norm.operands.push(weight(&[channels], t));
    Some(net.emit(norm))
}

/// Instance normalization of groups of channels between reshapes: group
/// normalization.
pub fn groups(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|_| op.kind == "Reshape" && op.operands.len() == 1)?;
    let norm = net.made_by(op.input(0)?, "InstanceNormalization").filter(|n| n.is_plain())?;
    let join =
        net.maker(norm.input(0)?).filter(|j| j.kind == "Reshape" && j.operands.len() == 1)?;
    let x = join.input(0)?.clone();
    let (whole, grouped) = (net.dims(&x)?, join.dims()?);
    let same = net.of(&x) == Some(t) && whole.len() > 2 && grouped.len() >= 3;
    let n = grouped.get(1)?.size()?;
    let c = whole.get(1)?.size()?;
    if !same || whole.first() != grouped.first() || n == 0 || !c.is_multiple_of(n) {
        return None;
    }
    if !norm.operands.iter().skip(1).all(is_constant) {
        return None;
    }
    let eps = norm.float("epsilon").unwrap_or(1e-5);
    let count = Attr::int("num_groups", i64::try_from(n).ok()?);
    let attributes = epsilon(eps, 1e-5).into_iter().chain([count]).collect();
    let operands = vec![x, weight(&[c], t), weight(&[c], t)];
    only(net.one("GroupNormalization", attributes, operands, t))
}

/// Group normalization with a scale and a bias for each channel.
pub fn group(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|_| op.kind == "GroupNormalization" && op.is_plain())?;
    let c = op.dims()?.get(1)?.size()?;
    if !op.operands.iter().skip(1).all(is_constant) || op.operands.len() != 3 {
        return None;
    }
    let keep =
        |a: &&Attr| !matches!(a, Attr::Named(n, _) if matches!(&**n, "version" | "stash_type"));
    let attributes: Vec<Attr> = op.attributes.iter().filter(keep).cloned().collect();
    let operands = vec![op.input(0)?.clone(), weight(&[c], t), weight(&[c], t)];
    let same = attributes == op.attributes && operands == op.operands;
    (!same).then(|| only(net.one("GroupNormalization", attributes, operands, t)))?
}

/// The root of a sum of squares: the L2 norm.
pub fn norm(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t: &TensorType =
        op.output().filter(|t| op.kind == "Sqrt" && op.is_plain() && is_float(t))?;
    let sum = net.maker(op.input(0)?).filter(|s| s.is_plain())?;
    let (x, axes) = match sum.kind.as_str() {
        "ReduceSumSquare" => (sum.input(0)?.clone(), sum.operands.get(1)?.clone()),
        "ReduceSum" => (square(net, sum.input(0)?)?.clone(), sum.operands.get(1)?.clone()),
        _ => return None,
    };
    let known = net.dims(&x)?.iter().all(|d| !matches!(d, Dim::Unknown));
    known.then(|| only(net.one("ReduceL2", Vec::new(), vec![x, axes], t)))?
}
