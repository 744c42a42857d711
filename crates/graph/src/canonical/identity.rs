//! Operations that change nothing, and those that do what a plainer one does.

use super::constants::single;
use super::net::{Facts, Net, Outputs, all_known, is_constant, is_float, is_number, number, only};
use crate::opstring::{Attr, Constant, Dim, Literal, Op, Operand, TensorType, Window};

/// An operation whose result is its first operand.
pub fn nothing(net: &mut Net, op: &Op) -> Option<Outputs> {
    if !op.is_plain() {
        return None;
    }
    let x = op.input(0)?;
    let (own, t) = (net.of(x)?, op.output()?);
    let same = own == t && own.dims.as_deref().is_some_and(all_known);
    let nothing = match op.kind.as_str() {
        "Cast" | "CastLike" => t.dtype.is_some() && own == t,
        "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" | "Expand" => same,
        "Identity" => true,
        "Slice" => same && forward(op),
        "Pad" => op.ints("pads", 1).is_some_and(|p| p.iter().all(|&p| p == 0)),
        "Tile" => op.ints("repeats", 1).is_some_and(|r| r.iter().all(|&r| r == 1)),
        "Transpose" => op.ints("perm", usize::MAX).is_some_and(|p| p.is_sorted()),
        "Concat" | "Sum" | "Max" | "Min" | "Mean" => op.operands.len() == 1,
        "Clip" => op.operands.len() == 1 && op.float("min").is_none() && op.float("max").is_none(),
        "AveragePool" | "MaxPool" => same && unit_window(op),
        "Add" | "Sub" => own == t && is(op, 0.0),
        "Mul" | "Div" | "Pow" => own == t && is(op, 1.0),
        _ => false,
    };
    nothing.then(|| vec![x.clone()])
}

fn is(op: &Op, x: f64) -> bool {
    op.operands.len() == 2 && op.operands.get(1).and_then(number) == Some(x)
}

/// Whether a slice keeps the order of elements.
fn forward(op: &Op) -> bool {
    let steps = op.operands.get(4).filter(|o| **o != Operand::Omitted);
    steps.is_none() || op.ints("steps", 4).is_some_and(|s| s.iter().all(|&s| s > 0))
}

fn unit_window(op: &Op) -> bool {
    let one = |a: &Attr| match a {
        Attr::Window(Window::Kernel, v) => v.iter().all(|&k| k == 1),
        Attr::Window(Window::Strides | Window::Pads, _) => false,
        _ => true,
    };
    op.attributes.iter().all(one)
        && op.attributes.iter().any(|a| matches!(a, Attr::Window(Window::Kernel, _)))
}

/// Elementwise arithmetic: the value before the constant, subtraction and
/// division of a float constant as addition and multiplication, constants
/// without leading dimensions of 1.
pub fn arithmetic(net: &mut Net, op: &Op) -> Option<Outputs> {
    let (t, [a, b]) = (op.output()?, op.operands.as_slice()) else { return None };
    let kind = op.kind.as_str();
    let commutes = matches!(kind, "Add" | "Mul" | "Max" | "Min" | "And" | "Or" | "Equal");
    let known = commutes || matches!(kind, "Sub" | "Div" | "Pow" | "Greater" | "Less");
    if !known || !op.is_plain() || !op.attributes.is_empty() {
        return None;
    }
    if let Some(leaner) = lean(net, b, a) {
        return Some(net.emit(Op { operands: vec![leaner, b.clone()], ..op.clone() }));
    }
    if let Some(leaner) = lean(net, a, b) {
        return Some(net.emit(Op { operands: vec![a.clone(), leaner], ..op.clone() }));
    }
    if commutes && is_constant(a) && !is_constant(b) {
        let operands = vec![b.clone(), a.clone()];
        return Some(net.emit(Op { operands, ..op.clone() }));
    }
    let x = number(b).filter(|x| is_float(t) && !is_constant(a) && *x != 0.0)?;
    let (kind, x) = match kind {
        "Sub" => ("Add", -x),
        "Div" => ("Mul", 1.0 / x),
        _ => return None,
    };
    let b = Operand::Constant(single(x, 0, t.dtype));
    only(net.one(kind, Vec::new(), vec![a.clone(), b], t))
}

/// The constant without leading dimensions of 1, where the value `beside` it has
/// as many dimensions; `None` where it has none of these.
fn lean(net: &Net, beside: &Operand, constant: &Operand) -> Option<Operand> {
    let rank = net.dims(beside).filter(|_| !is_constant(beside))?.len();
    match constant {
        Operand::Weight(t) => {
            let dims = t.dims.as_ref().filter(|d| d.len() <= rank)?;
            let ones = dims.iter().take_while(|d| **d == Dim::Size(1)).count();
            let ones = ones.min(dims.len().saturating_sub(1));
            let dims = (ones > 0).then(|| dims.get(ones..).unwrap_or_default().to_vec())?;
            Some(Operand::Weight(TensorType { dims: Some(dims), ..t.clone() }))
        }
        Operand::Constant(c) => {
            let (mut value, mut depth) = (&c.value, 0);
            while let Literal::List(items) = value
                && let [one] = items.as_slice()
            {
                (value, depth) = (one, depth + 1);
            }
            let scalar = !matches!(value, Literal::List(_)) && (1..=rank).contains(&depth);
            let constant = Constant { value: value.clone(), dtype: c.dtype };
            scalar.then_some(Operand::Constant(constant))
        }
        _ => None,
    }
}

/// Sums and extrema of two operands, and bounds that are said by other operators.
pub fn plainer(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|_| op.is_plain())?;
    let (first, rest) = op.operands.split_first()?;
    match op.kind.as_str() {
        "Sum" if !rest.is_empty() => {
            let mut sum = first.clone();
            for (i, o) in rest.iter().enumerate() {
                let last = i + 1 == rest.len();
                let same = net.of(&sum) == Some(t) && net.of(o) == Some(t);
                (last || same).then_some(())?;
                sum = net.one("Add", Vec::new(), vec![sum, o.clone()], t);
            }
            only(sum)
        }
        "Max" if rest.len() == 1 && is_zero(rest.first()?) && net.of(first) == Some(t) => {
            only(net.one("Relu", Vec::new(), vec![first.clone()], t))
        }
        "Clip" => clip(net, op, t),
        "Sub"
            if is_float(t)
                && is_constant(first)
                && is_zero(first)
                && net.of(rest.first()?) == Some(t) =>
        {
            only(net.one("Neg", Vec::new(), rest.to_vec(), t))
        }
        "Div" if number(first) == Some(1.0) && net.of(rest.first()?) == Some(t) && is_float(t) => {
            only(net.one("Reciprocal", Vec::new(), rest.to_vec(), t))
        }
        "Pow" if is_number(rest.first()?, 0.5) && net.of(first) == Some(t) => {
            only(net.one("Sqrt", Vec::new(), vec![first.clone()], t))
        }
        _ => None,
    }
}

fn is_zero(o: &Operand) -> bool {
    number(o) == Some(0.0)
}

/// Bounds as operands; none below or above where they bound nothing.
fn clip(net: &mut Net, op: &Op, t: &TensorType) -> Option<Outputs> {
    let x = op.input(0)?;
    let bound = |name: &str, at: usize| match (op.float(name), op.operands.get(at)) {
        (Some(v), _) => Some(Operand::Constant(single(v, 0, t.dtype))),
        (None, Some(o)) if *o != Operand::Omitted => Some(o.clone()),
        _ => None,
    };
    let open = |o: &Operand| number(o).is_some_and(|v| v.abs() > 1e38);
    let low = bound("min", 1).filter(|o| !open(o));
    let high = bound("max", 2).filter(|o| !open(o));
    if low.as_ref().is_some_and(is_zero) && high.is_none() {
        return only(net.one("Relu", Vec::new(), vec![x.clone()], t));
    }
    let mut operands = vec![x.clone(), low.unwrap_or(Operand::Omitted)];
    operands.extend(high);
    while operands.last() == Some(&Operand::Omitted) {
        operands.pop();
    }
    let same = operands == op.operands && op.attributes.is_empty();
    (!same).then(|| net.emit(Op { operands, attributes: Vec::new(), ..op.clone() }))
}
