//! The seed's spelling of an operation graph, for comparison.

use super::opgraph::*;
use std::fmt::Write;

/// Spells `g` as `|1_Input:(shape=ax3x32x32)|2_Convolution:(inputs=1,
/// num_filters=16, kernel_size=3)|…`: every operation with its number, in
/// words, nothing left out but default attributes, nothing folded. This style
/// is for people and comparisons and does not parse back.
pub fn write_seed_style(g: &OpGraph) -> String {
    let mut s = String::new();
    for (i, op) in g.ops.iter().enumerate() {
        write!(s, "|{}_{}:({})", i + 1, kind(op), fields(op).join(", ")).unwrap_or_default();
    }
    let last = Operand::Value { op: g.ops.len().wrapping_sub(1), output: 0 };
    if g.outputs.as_slice() != [last] {
        let outputs: Vec<String> = g.outputs.iter().map(operand).collect();
        write!(s, "|Output:(inputs={})", outputs.join("/")).unwrap_or_default();
    }
    s
}

fn kind(op: &Op) -> &str {
    match op.kind.as_str() {
        "Conv" => "Convolution",
        "ConvTranspose" => "TransposedConvolution",
        "Gemm" => "Dense",
        "Relu" => "ReLU",
        "GlobalAveragePool" => "GlobalAveragePooling",
        "AveragePool" => "AveragePooling",
        "MaxPool" => "MaxPooling",
        "Add" => "Addition",
        k => k,
    }
}

fn operand(o: &Operand) -> String {
    match o {
        Operand::Value { op, output: 0 } => (op + 1).to_string(),
        Operand::Value { op, output } => format!("{}.{output}", op + 1),
        Operand::Weight(w) => w.clone(),
        Operand::Constant(c) => c.clone(),
        Operand::Omitted => "none".into(),
    }
}

fn fields(op: &Op) -> Vec<String> {
    let mut out = Vec::new();
    let inputs: Vec<String> =
        op.operands.iter().filter(|o| !matches!(o, Operand::Weight(_))).map(operand).collect();
    if !inputs.is_empty() {
        out.push(format!("inputs={}", inputs.join("/")));
    }
    if let Some(n) = filters(op) {
        out.push(format!("num_filters={n}"));
    }
    out.extend(op.attributes.iter().map(|a| attribute(a)));
    let others = op.operands.iter().filter_map(|o| match o {
        Operand::Weight(w) if filters(op).is_none() => {
            Some(format!("weight={}", w.trim_start_matches('w')))
        }
        _ => None,
    });
    out.extend(others);
    out.push(format!("shape={}", op.outputs.join("/")));
    for (name, body) in &op.bodies {
        let name = if name == "=" { "body" } else { name };
        out.push(format!("{name}=[{}]", write_seed_style(body)));
    }
    out
}

/// Filters of a convolution or units of a dense layer: channels of the output.
fn filters(op: &Op) -> Option<&str> {
    if !matches!(op.kind.as_str(), "Conv" | "ConvTranspose" | "Gemm") {
        return None;
    }
    super::implied::split_dims(op.outputs.first()?).get(1).copied()
}

fn attribute(word: &str) -> String {
    let long = match word.as_bytes().first() {
        _ if word.contains('=') => return word.to_owned(),
        Some(b'k') => "kernel_size",
        Some(b's') => "strides",
        Some(b'p') => "padding",
        Some(b'd') => "dilations",
        Some(b'g') => "groups",
        Some(b'a') => "axis",
        _ => return word.to_owned(),
    };
    format!("{long}={}", word.get(1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::{parse, write_seed_style};

    #[test]
    fn operations_are_numbered_and_named_in_full() {
        let g = parse("|1:Input@ax3x32x32+Conv k3 p1@ax16x32x32|2<1:Relu|3<1<2:Add").unwrap();
        let s = write_seed_style(&g);
        let conv =
            "|2_Convolution:(inputs=1, num_filters=16, kernel_size=3, padding=1, shape=ax16x32x32)";
        assert!(s.contains(conv), "{s}");
        assert!(s.ends_with("|4_Addition:(inputs=2/3, shape=ax16x32x32)"), "{s}");
    }
}
