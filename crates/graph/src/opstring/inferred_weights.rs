//! Inference of weight shapes from an operator and the shapes around it.
//!
//! The string leaves out weights that follow from the shapes. Writer and
//! parser use the same rules, which makes this reversible.

use super::attr::{Attr, Window};
use super::graph::{Op, Operand};
use super::tensor_type::TensorType;

/// Operators whose second input is a convolution weight.
pub fn is_convolution(op_type: &str) -> bool {
    matches!(op_type, "Conv" | "ConvTranspose")
}

/// Operators for which [`of`] has a rule.
pub fn has_rule(kind: &str) -> bool {
    matches!(kind, "Conv" | "BatchNormalization" | "Gemm" | "MatMul" | "LayerNormalization")
}

/// Weights of an operation after its first operand.
pub struct Weights {
    /// Without the optional bias.
    pub plain: Vec<TensorType>,
    /// With it.
    pub biased: Vec<TensorType>,
}

/// The weights that the type of the first operand and that of the output
/// imply. `None` where a size is not known or a type is not f32.
///
/// Rules: Conv-11, BatchNormalization-15, Gemm-13, MatMul-13,
/// LayerNormalization-17.
pub fn of(op: &Op, input: &TensorType) -> Option<Weights> {
    let x = input.f32_dims()?;
    let y = op.outputs.first()?.as_ref()?.f32_dims()?;
    let (plain, bias) = match op.kind.as_str() {
        "Conv" => {
            let (c_in, c_out) = (x.get(1)?.size()?, y.get(1)?.size()?);
            let mut sizes = vec![c_out, c_in.checked_div(groups(op))?];
            sizes.extend(kernel(op, x.len().checked_sub(2)?)?);
            (vec![TensorType::f32(&sizes)], Some([c_out]))
        }
        "BatchNormalization" => (vec![TensorType::f32(&[x.get(1)?.size()?]); 4], None),
        "Gemm" => {
            let (k, n) = (x.get(1)?.size()?, y.get(1)?.size()?);
            let transposed = op.attributes.contains(&Attr::int("transB", 1));
            let sizes = if transposed { [n, k] } else { [k, n] };
            (vec![TensorType::f32(&sizes)], Some([n]))
        }
        "MatMul" => {
            let (k, n) = (x.last()?.size()?, y.last()?.size()?);
            (vec![TensorType::f32(&[k, n])], None)
        }
        "LayerNormalization" => {
            let c = x.last()?.size()?;
            (vec![TensorType::f32(&[c])], Some([c]))
        }
        _ => return None,
    };
    let mut biased = plain.clone();
    biased.extend(bias.map(|sizes| TensorType::f32(&sizes)));
    Some(Weights { plain, biased })
}

fn groups(op: &Op) -> u64 {
    let groups = op.attributes.iter().find_map(|a| match a {
        Attr::Group(n) => u64::try_from(*n).ok(),
        _ => None,
    });
    groups.unwrap_or(1)
}

/// The kernel's sizes, one for each of the `spatial` dimensions where it is
/// spelled by one number.
fn kernel(op: &Op, spatial: usize) -> Option<Vec<u64>> {
    let sizes = op.attributes.iter().find_map(|a| match a {
        Attr::Window(Window::Kernel, sizes) => Some(sizes),
        _ => None,
    });
    let sizes: Vec<u64> = sizes?.iter().map(|&n| u64::try_from(n).ok()).collect::<Option<_>>()?;
    match sizes.as_slice() {
        [one] => Some(vec![*one; spatial]),
        _ => Some(sizes),
    }
}

/// How the operands after the first are said in the string: inferred weights
/// without bias need no word, with bias the word `b`. `None`: they must be
/// spelled.
pub fn shorten(op: &Op, input: &TensorType) -> Option<bool> {
    let rest: Vec<&TensorType> = op.operands.iter().skip(1).map(weight).collect::<Option<_>>()?;
    let weights = of(op, input)?;
    match () {
        () if rest.iter().copied().eq(&weights.plain) => Some(false),
        () if rest.iter().copied().eq(&weights.biased) => Some(true),
        () => None,
    }
}

fn weight(operand: &Operand) -> Option<&TensorType> {
    match operand {
        Operand::Weight(t) => Some(t),
        _ => None,
    }
}
