//! Weights that an operator and its shapes imply, so that the string need not
//! say them. Writer and parser use the same rule, which makes it reversible.

use super::opgraph::{Op, Operand};

/// Operators whose second input is a convolution weight.
pub fn is_convolution(op_type: &str) -> bool {
    matches!(op_type, "Conv" | "ConvTranspose")
}

/// Operators for which [`weights`] has a rule.
pub fn may_imply(kind: &str) -> bool {
    matches!(kind, "Conv" | "BatchNormalization" | "Gemm" | "MatMul" | "LayerNormalization")
}

/// Dimensions of a spelled f32 shape; `None` where the type is another or the rank unknown.
fn dims(shape: &str) -> Option<Vec<&str>> {
    match shape {
        "*" | "" => None,
        "." => Some(Vec::new()),
        s if s.contains(':') => None,
        s => Some(split_dims(s)),
    }
}

/// Splits at `x` outside parentheses.
pub fn split_dims(s: &str) -> Vec<&str> {
    let (mut out, mut depth, mut start) = (Vec::new(), 0i32, 0);
    for (i, c) in s.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            'x' if depth == 0 => {
                out.push(s.get(start..i).unwrap_or_default());
                start = i + 1;
            }
            _ => {}
        }
    }
    out.push(s.get(start..).unwrap_or_default());
    out
}

fn number(s: &str) -> Option<u64> {
    s.parse().ok()
}

fn attribute<'a>(op: &'a Op, short: &str) -> Option<&'a str> {
    op.attributes
        .iter()
        .find_map(|a| a.strip_prefix(short).filter(|v| v.starts_with(|c: char| c.is_ascii_digit())))
}

/// The weights of `op` after its first operand, where the shape of that
/// operand (`input`) and the output imply them, without (`.0`) and with (`.1`)
/// the optional bias. Rules: Conv-11, BatchNormalization-15, Gemm-13,
/// MatMul-13, LayerNormalization-17.
pub fn weights(op: &Op, input: &str) -> Option<(Vec<String>, Vec<String>)> {
    let x = dims(input)?;
    let y = dims(op.outputs.first()?)?;
    let spell = |d: &[u64]| {
        let d: Vec<String> = d.iter().map(u64::to_string).collect();
        format!("w{}", d.join("x"))
    };
    let base = match op.kind.as_str() {
        "Conv" => {
            let group = attribute(op, "g").map_or(Some(1), number)?;
            let (c_in, c_out) = (number(x.get(1)?)?, number(y.get(1)?)?);
            let k: Vec<u64> =
                split_dims(attribute(op, "k")?).into_iter().map(number).collect::<Option<_>>()?;
            let spatial = x.len().checked_sub(2)?;
            let k = if k.len() == 1 { vec![*k.first()?; spatial] } else { k };
            let mut w = vec![c_out, c_in.checked_div(group)?];
            w.extend(k);
            (vec![spell(&w)], Some(spell(&[c_out])))
        }
        "BatchNormalization" => (vec![spell(&[number(x.get(1)?)?]); 4], None),
        "Gemm" => {
            let (k, n) = (number(x.get(1)?)?, number(y.get(1)?)?);
            let transposed = op.attributes.iter().any(|a| a == "transB=1");
            let w = if transposed { [n, k] } else { [k, n] };
            (vec![spell(&w)], Some(spell(&[n])))
        }
        "MatMul" => {
            let (k, n) = (number(x.last()?)?, number(y.last()?)?);
            (vec![spell(&[k, n])], None)
        }
        "LayerNormalization" => {
            let c = spell(&[number(x.last()?)?]);
            (vec![c.clone()], Some(c))
        }
        _ => return None,
    };
    let mut with = base.0.clone();
    with.extend(base.1);
    Some((base.0, with))
}

/// How the operands after the first are said in the string: implied weights
/// without bias say nothing, with bias `b`; `None`: they must be spelled.
pub fn shorten(op: &Op, input: &str) -> Option<bool> {
    let rest: Vec<&str> = op
        .operands
        .iter()
        .skip(1)
        .map(|o| match o {
            Operand::Weight(w) => Some(w.as_str()),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let (without, with) = weights(op, input)?;
    match (rest == without, rest == with) {
        (true, _) => Some(false),
        (_, true) => Some(true),
        _ => None,
    }
}
