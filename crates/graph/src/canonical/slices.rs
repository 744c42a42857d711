//! Parts of tensors: Split, Slice and Gather in one spelling.

use super::net::{Facts, Net, Outputs, ints, list, only};
use crate::ops::wrap;
use crate::opstring::{Attr, Constant, Dim, Literal, Op, Operand, TensorType};

/// Ends beyond this mean the end of the dimension.
const FAR: i64 = i32::MAX as i64;

/// A split as a slice for each part.
pub fn split(net: &mut Net, op: &Op) -> Option<Outputs> {
    let x = op.input(0).filter(|_| op.kind == "Split")?.clone();
    let dims = net.dims(&x)?.to_vec();
    let axis = wrap(op.axis().unwrap_or(0), dims.len())?;
    let size = |t: &Option<TensorType>| t.as_ref()?.dims.as_ref()?.get(axis)?.size();
    let given = op.ints("split", 1);
    let mut at = 0i64;
    let mut parts = Vec::with_capacity(op.outputs.len());
    for (i, t) in op.outputs.iter().enumerate() {
        let given = given.as_ref().map(|g| g.get(i).copied());
        let n = match given {
            Some(n) => n?,
            None => i64::try_from(op.outputs.iter().find_map(size)?).ok()?,
        };
        parts.push((at, at.checked_add(n)?, t.clone()));
        at = at.checked_add(n)?;
    }
    let mut out = Vec::with_capacity(parts.len());
    for (start, end, t) in parts {
        out.push(match t {
            None => Operand::Omitted,
            Some(t) => slice(net, &x, &[(axis, start, end, 1)], &t),
        });
    }
    Some(out)
}

/// A part of one dimension: axis, start, end and step.
type Cut = (usize, i64, i64, i64);

/// The operands of a slice of `x`.
fn operands(x: &Operand, cuts: &[Cut]) -> Vec<Operand> {
    let column = |f: fn(&Cut) -> i64| list(&cuts.iter().map(f).collect::<Vec<_>>());
    let axis = |c: &Cut| i64::try_from(c.0).unwrap_or(i64::MAX);
    let mut operands = vec![x.clone(), column(|c| c.1), column(|c| c.2), column(axis)];
    operands.extend(cuts.iter().any(|c| c.3 != 1).then(|| column(|c| c.3)));
    operands
}

fn slice(net: &mut Net, x: &Operand, cuts: &[Cut], t: &TensorType) -> Operand {
    net.one("Slice", Vec::new(), operands(x, cuts), t)
}

/// A slice with axes counted from the front, in order, ends within the sizes,
/// and no word on dimensions that stay whole.
pub fn slices(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|_| op.kind == "Slice" && op.is_plain())?;
    let x = op.input(0)?;
    let dims = net.dims(x)?.to_vec();
    let (starts, ends) = (op.ints("starts", 1)?, op.ints("ends", 2)?);
    let given = op.input(3).is_some() || op.named("axes").is_some();
    let axes = match given {
        true => op.ints("axes", 3)?,
        false => (0..starts.len() as i64).collect(),
    };
    let steps = match op.input(4) {
        Some(_) => op.ints("steps", 4)?,
        None => vec![1; starts.len()],
    };
    if starts.len() != ends.len() || axes.len() != starts.len() || steps.len() != starts.len() {
        return None;
    }
    let mut cuts = Vec::with_capacity(axes.len());
    for (((&a, &start), &end), &step) in axes.iter().zip(&starts).zip(&ends).zip(&steps) {
        let axis = wrap(a, dims.len())?;
        let size = dims.get(axis)?.size().and_then(|n| i64::try_from(n).ok());
        let (start, end) = match (step > 0, size) {
            (true, Some(n)) => (within(start, n), within(end, n)),
            (true, None) if end >= FAR => (start, i64::MAX),
            _ => (start, end),
        };
        let whole = start == 0 && step == 1 && (end == i64::MAX || size == Some(end));
        if !whole {
            cuts.push((axis, start, end, step));
        }
    }
    cuts.sort_unstable();
    if cuts.is_empty() {
        return only(x.clone());
    }
    let done = operands(x, &cuts) == op.operands && op.attributes.is_empty();
    (!done).then(|| only(slice(net, x, &cuts, t)))?
}

fn within(i: i64, n: i64) -> i64 {
    let i = if i < 0 { i.saturating_add(n) } else { i };
    i.clamp(0, n)
}

/// One position of a dimension, which is then dropped: `Gather` at a number.
pub fn position(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|_| op.is_plain())?;
    match op.kind.as_str() {
        "Gather" => {
            let (x, index) = (op.input(0)?, op.input(1)?);
            let dims = net.dims(x)?;
            let axis = wrap(op.axis().unwrap_or(0), dims.len())?;
            let size = dims.get(axis)?.size().and_then(|n| i64::try_from(n).ok());
            let Operand::Constant(c) = index else { return None };
            let v = ints(&c.value)?;
            let [i] = v.as_slice() else { return None };
            let at = if *i < 0 { i.checked_add(size?)? } else { *i };
            if dims.len() == op.dims()?.len() {
                let x = x.clone();
                return only(slice(net, &x, &[(axis, at, at.checked_add(1)?, 1)], t));
            }
            let done = *i == at && op.axis().is_none_or(|a| a > 0) && c.value == Literal::Int(at);
            let x = x.clone();
            (!done).then(|| only(gather(net, x, axis, at, t)))?
        }
        "Reshape" | "Flatten" if op.operands.len() == 1 => {
            let part = net.made_by(op.input(0)?, "Slice")?;
            let (starts, axes) = (part.ints("", 1)?, part.ints("", 3)?);
            let ([start], [axis], None) = (starts.as_slice(), axes.as_slice(), part.input(4))
            else {
                return None;
            };
            let (axis, start) = (wrap(*axis, part.dims()?.len())?, *start);
            let mut dims = part.dims()?.to_vec();
            if dims.get(axis) != Some(&Dim::Size(1)) || start < 0 {
                return None;
            }
            dims.remove(axis);
            let x = part.input(0)?.clone();
            (dims == op.dims()?).then(|| only(gather(net, x, axis, start, t)))?
        }
        _ => None,
    }
}

/// The elements at `at` of a dimension.
fn gather(net: &mut Net, x: Operand, axis: usize, at: i64, t: &TensorType) -> Operand {
    let index = Constant { value: Literal::Int(at), dtype: None };
    let axis = i64::try_from(axis).unwrap_or(i64::MAX);
    let attributes = (axis != 0).then_some(Attr::Axis(axis)).into_iter().collect();
    net.one("Gather", attributes, vec![x, Operand::Constant(index)], t)
}
