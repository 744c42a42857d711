//! Verbose spelling of an operation graph: every operation in words.

use super::attr::{Attr, Window};
use super::graph::{Op, OpGraph, Operand};
use super::tensor_type::TensorType;
use super::write::output_words;
use std::fmt::Write;

/// Spells `g` as `|1_Input:(shape=ax3x32x32)|2_Convolution:(inputs=1,
/// num_filters=16, kernel_size=3)|…`.
///
/// Every operation stands there with its number and in words. Only default
/// attributes are left out, and nothing is folded. This style is for people
/// and for comparison; it does not parse back.
pub fn write_verbose(g: &OpGraph) -> String {
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
        Operand::Weight(t) => format!("w{t}"),
        Operand::Constant(c) => c.to_string(),
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
    out.extend(op.attributes.iter().map(attribute));
    let others = op.operands.iter().filter_map(|o| match o {
        Operand::Weight(t) if filters(op).is_none() => Some(format!("weight={t}")),
        _ => None,
    });
    out.extend(others);
    out.push(format!("shape={}", output_words(op)));
    for (name, body) in &op.bodies {
        let name = if name == "=" { "body" } else { name };
        out.push(format!("{name}=[{}]", write_verbose(body)));
    }
    out
}

/// Filters of a convolution or units of a dense layer: channels of the output.
/// Where they are the last dimension, the type stands behind them.
fn filters(op: &Op) -> Option<String> {
    if !matches!(op.kind.as_str(), "Conv" | "ConvTranspose" | "Gemm") {
        return None;
    }
    let output: &TensorType = op.outputs.first()?.as_ref()?;
    match output.dims.as_deref()? {
        [_, channels] => Some(format!("{channels}{}", output.suffix())),
        [_, channels, ..] => Some(channels.to_string()),
        _ => None,
    }
}

fn attribute(a: &Attr) -> String {
    let long = match a {
        Attr::Window(Window::Kernel, _) => "kernel_size",
        Attr::Window(Window::Strides, _) => "strides",
        Attr::Window(Window::Pads, _) => "padding",
        Attr::Window(Window::Dilations, _) => "dilations",
        Attr::Group(_) => "groups",
        Attr::Axis(_) => "axis",
        a => return a.to_string(),
    };
    let word = a.to_string();
    format!("{long}={}", word.get(1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::{parse, write_verbose};

    #[test]
    fn operations_are_numbered_and_named_in_full() {
        let g = parse("|1:Input@ax3x32x32+Conv k3 p1@ax16x32x32|2<1:Relu|3<1<2:Add").unwrap();
        let s = write_verbose(&g);
        let conv =
            "|2_Convolution:(inputs=1, num_filters=16, kernel_size=3, padding=1, shape=ax16x32x32)";
        assert!(s.contains(conv), "{s}");
        assert!(s.ends_with("|4_Addition:(inputs=2/3, shape=ax16x32x32)"), "{s}");
    }
}
