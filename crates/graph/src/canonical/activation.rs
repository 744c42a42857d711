//! Activation functions under their names, from the operations they are made of.

use super::net::{Facts, Net, Outputs, close, is_float, is_number, number, only};
use crate::opstring::{Attr, Float, Literal, Op, Operand, TensorType};
use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// Products within products that are looked through.
const MAX_FACTORS: usize = 6;

/// An activation that is a number times a value times a gate of that value.
struct Gate {
    kind: &'static str,
    attributes: Vec<Attr>,
    x: Operand,
    /// The number.
    scale: f64,
}

/// An activation that ends in a product.
pub fn product(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|_| op.kind == "Mul" && op.is_plain())?;
    if !is_float(t) {
        return None;
    }
    let (leaves, _) = factors(net, op, None)?;
    let all = op.operands.iter().chain(&leaves);
    let found =
        all.flat_map(|o| gates(net, o, t).into_iter().map(move |g| (g, o))).find(|(g, o)| {
            let Some((values, scale)) = factors(net, op, Some(&g.x)) else { return false };
            let [a, b] = values.as_slice() else { return false };
            let both = (*a == g.x && b == *o) || (a == *o && *b == g.x);
            both && close(scale, g.scale) && net.of(&g.x) == Some(t)
        });
    let (gate, _) = found?;
    only(net.one(gate.kind, gate.attributes, vec![gate.x], t))
}

/// The values of a product of products, and the product of its numbers. The
/// value `whole` is not taken apart.
fn factors(net: &Net, op: &Op, whole: Option<&Operand>) -> Option<(Vec<Operand>, f64)> {
    let (mut values, mut scale) = (Vec::new(), 1.0);
    let mut left: Vec<&Operand> = op.operands.iter().rev().collect();
    let mut seen = 0;
    while let Some(o) = left.pop() {
        seen += 1;
        if seen > MAX_FACTORS {
            return None;
        }
        match (number(o), net.made_by(o, "Mul")) {
            (Some(x), _) => scale *= x,
            (None, Some(m)) if Some(o) != whole && m.is_plain() && m.output() == op.output() => {
                left.extend(m.operands.iter().rev());
            }
            _ => values.push(o.clone()),
        }
    }
    Some((values, scale))
}

/// The activations whose gate `o` can be.
fn gates(net: &Net, o: &Operand, t: &TensorType) -> Vec<Gate> {
    let Some(gate) = net.maker(o).filter(|g| g.is_plain() && g.output() == Some(t)) else {
        return Vec::new();
    };
    match gate.kind.as_str() {
        "Sigmoid" => sigmoid(net, gate),
        _ => other_gate(net, gate).into_iter().collect(),
    }
}

/// The attributes of a Swish: `x` times the sigmoid of `alpha` times `x`.
fn swish(alpha: f64) -> Vec<Attr> {
    let value = Literal::Float(Float::new(f64::from(alpha as f32)));
    let usual = close(alpha, 1.0);
    (!usual).then(|| Attr::Named("alpha".into(), value)).into_iter().collect()
}

fn sigmoid(net: &Net, op: &Op) -> Vec<Gate> {
    let Some(z) = op.input(0) else { return Vec::new() };
    let gate =
        |attributes, x: &Operand| Gate { kind: "Swish", attributes, x: x.clone(), scale: 1.0 };
    let scaled = || {
        let m = net.made_by(z, "Mul")?;
        let [x, c] = m.operands.as_slice() else { return None };
        Some(gate(swish(number(c)?), x))
    };
    [Some(gate(Vec::new(), z)), scaled()].into_iter().flatten().collect()
}

fn other_gate(net: &Net, gate: &Op) -> Option<Gate> {
    let plain =
        |kind, x: &Operand, scale| Some(Gate { kind, attributes: Vec::new(), x: x.clone(), scale });
    let z = gate.input(0)?;
    match gate.kind.as_str() {
        "HardSigmoid" => {
            let sixth = close(gate.float("alpha").unwrap_or(0.2), 1.0 / 6.0);
            let half = gate.float("beta").is_none_or(|b| close(b, 0.5));
            (sixth && half).then(|| plain("HardSwish", z, 1.0))?
        }
        "Clip" => plain("HardSwish", &six(net, gate)?, 1.0 / 6.0),
        "Tanh" => plain("Mish", net.made_by(z, "Softplus")?.input(0)?, 1.0),
        "Add" if is_number(gate.input(1)?, 1.0) => {
            let f = net.maker(z)?;
            let inner = net.made_by(f.input(0)?, "Mul")?;
            match f.kind.as_str() {
                "Erf" => {
                    is_number(inner.input(1)?, FRAC_1_SQRT_2).then_some(())?;
                    plain("Gelu", inner.input(0)?, 0.5)
                }
                "Tanh" => {
                    let x = cubic(net, inner)?;
                    let mode = Literal::Text((*b"tanh").into());
                    let attributes = vec![Attr::Named("approximate".into(), mode)];
                    Some(Gate { kind: "Gelu", attributes, x, scale: 0.5 })
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// The value to which 3 is added between bounds of 0 and 6.
fn six(net: &Net, clip: &Op) -> Option<Operand> {
    let bounds = number(clip.input(1)?) == Some(0.0) && is_number(clip.input(2)?, 6.0);
    let add = net.made_by(clip.input(0)?, "Add").filter(|_| bounds)?;
    is_number(add.input(1)?, 3.0).then(|| add.input(0).cloned())?
}

/// `x` where the product `op` is √(2/π) (x + 0.044715 x³), in either form.
fn cubic(net: &Net, op: &Op) -> Option<Operand> {
    let root = (2.0 / PI).sqrt();
    let (values, scale) = factors(net, op, None)?;
    close(scale, root).then_some(())?;
    if let [sum] = values.as_slice() {
        let sum = net.made_by(sum, "Add")?;
        let [a, b] = sum.operands.as_slice() else { return None };
        let of = |x: &Operand, c: &Operand| {
            let m = net.made_by(c, "Mul")?;
            (powers(net, m, x)? == 3).then(|| x.clone())
        };
        return of(a, b).or_else(|| of(b, a));
    }
    // √(2/π) x (1 + 0.044715 x²); x may be a product itself.
    let sums =
        op.operands.iter().chain(&values).filter_map(|o| net.made_by(o, "Add").map(|s| (o, s)));
    for (o, sum) in sums {
        let [c, one] = sum.operands.as_slice() else { continue };
        let Some(m) = net.made_by(c, "Mul").filter(|_| is_number(one, 1.0)) else { continue };
        let x = base(net, m)?;
        let (values, _) = factors(net, op, Some(&x))?;
        let both = values.len() == 2 && values.contains(&x) && values.contains(o);
        if both && powers(net, m, &x) == Some(2) {
            return Some(x);
        }
    }
    None
}

/// The value whose powers a product is of.
fn base(net: &Net, op: &Op) -> Option<Operand> {
    let (values, _) = factors(net, op, None)?;
    let first = values.first()?;
    match net.made_by(first, "Pow") {
        Some(p) => p.input(0).cloned(),
        None => Some(first.clone()),
    }
}

/// `n` where the product `op` is 0.044715 xⁿ.
fn powers(net: &Net, op: &Op, x: &Operand) -> Option<u32> {
    let (values, scale) = factors(net, op, Some(x))?;
    close(scale, 0.044715).then_some(())?;
    let of = |v: &Operand| match net.made_by(v, "Pow") {
        Some(p) if v != x && p.input(0) == Some(x) => {
            [2, 3].into_iter().find(|&n| p.input(1).is_some_and(|o| is_number(o, n.into())))
        }
        _ => (v == x).then_some(1),
    };
    values.iter().try_fold(0, |n, v| Some(n + of(v)?))
}

/// An activation that ends in another operation.
pub fn other(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|t| op.is_plain() && is_float(t))?;
    match op.kind.as_str() {
        // Clip(x + 3, 0, 6) / 6
        "Mul" if is_number(op.input(1)?, 1.0 / 6.0) => {
            let clip = net.made_by(op.input(0)?, "Clip")?;
            let x = six(net, clip)?;
            let attributes = vec![Attr::Named("alpha".into(), sixth())];
            (net.of(&x) == Some(t)).then(|| only(net.one("HardSigmoid", attributes, vec![x], t)))?
        }
        "HardSigmoid" => {
            let alpha = op.float("alpha")?;
            let spelled = op.named("alpha") == Some(&sixth());
            if !close(alpha, 1.0 / 6.0) || spelled {
                return None;
            }
            let rest =
                op.attributes.iter().filter(|a| !matches!(a, Attr::Named(n, _) if &**n == "alpha"));
            let attributes = rest.cloned().chain([Attr::Named("alpha".into(), sixth())]).collect();
            only(net.one("HardSigmoid", attributes, op.operands.clone(), t))
        }
        "Log" => {
            let add = net.made_by(op.input(0)?, "Add")?;
            let exp = net
                .made_by(add.input(0)?, "Exp")
                .filter(|_| is_number(add.input(1).unwrap_or(&Operand::Omitted), 1.0))?;
            let x = exp.input(0)?.clone();
            (net.of(&x) == Some(t)).then(|| only(net.one("Softplus", Vec::new(), vec![x], t)))?
        }
        "com.microsoft.Gelu" => only(net.one("Gelu", Vec::new(), op.operands.clone(), t)),
        "com.microsoft.FastGelu" if op.operands.len() == 1 => {
            let mode = Attr::Named("approximate".into(), Literal::Text((*b"tanh").into()));
            only(net.one("Gelu", vec![mode], op.operands.clone(), t))
        }
        "com.microsoft.QuickGelu" => {
            let alpha = op.float("alpha").unwrap_or(1.702);
            only(net.one("Swish", swish(alpha), op.operands.clone(), t))
        }
        "Swish" if close(op.float("alpha")?, 1.0) => {
            only(net.one("Swish", Vec::new(), op.operands.clone(), t))
        }
        _ => None,
    }
}

fn sixth() -> Literal {
    Literal::Float(Float::new(f64::from((1.0f64 / 6.0) as f32)))
}
