//! Design facts of an image network: what tells apart how good and how fast networks are.
//!
//! Each operation has a role, such as depthwise convolution, attention, or squeeze and excitation.
//! Facts are logarithms of sizes, shares of roles in work and weights, numbers of operations, and
//! where in the network work and weights are. Terms are counts that a formula of time weighs.
//!
//! Everything is a function of the operation graph, so exports of one network agree. Open
//! dimensions count as one. Bodies of operations are left out.

mod facts;
mod role;
mod sizes;
mod table;
mod terms;

use crate::opstring::{OpGraph, Operand, TensorType};
use table::Table;

/// Version of names and meaning; evaluators store it.
pub const DESIGN_VERSION: u32 = 1;

/// Facts and terms of a network, with their names.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// For regressions.
    pub facts: Vec<(String, f64)>,
    /// For formulas of time.
    pub terms: Vec<(String, f64)>,
    /// Ranks of inputs, with the channels of images, and of outputs: `4x3>2` for a classifier of
    /// colour images.
    pub form: String,
}

impl Design {
    /// Those of `g`.
    ///
    /// ```
    /// use nneval_graph::features::Design;
    /// use nneval_graph::opstring;
    /// let s = "|1:Input@ax3x32x32+Conv k3 p1@ax16x32x32+BatchNormalization+Relu";
    /// let design = Design::of(&opstring::parse(s)?);
    /// let term = |name: &str| design.terms.iter().find(|t| t.0 == name).map(|t| t.1);
    /// assert_eq!(term("thin_macs"), Some(3.0 * 9.0 * 16.0 * 32.0 * 32.0));
    /// # Ok::<(), nneval_graph::Error>(())
    /// ```
    pub fn of(g: &OpGraph) -> Self {
        let table = Table::of(g);
        Self { facts: facts::facts(&table), terms: terms::terms(&table), form: form(g) }
    }
}

/// What a graph reads and returns.
fn form(g: &OpGraph) -> String {
    let input = |t: &TensorType| match sizes::dims(t).as_slice() {
        [_, channels, _, _] => format!("4x{channels}"),
        other => other.len().to_string(),
    };
    let inputs = g.ops.iter().filter(|op| op.kind == "Input");
    let inputs = inputs.map(|op| op.outputs.first().and_then(|t| t.as_ref().map(input)));
    let output = |o: &Operand| match o {
        Operand::Value { op, output } => {
            g.output_type(*op, *output).map(|t| sizes::dims(t).len().to_string())
        }
        _ => None,
    };
    let joined = |all: Vec<Option<String>>| {
        let all = all.into_iter().map(Option::unwrap_or_default);
        all.collect::<Vec<String>>().join(",")
    };
    format!("{}>{}", joined(inputs.collect()), joined(g.outputs.iter().map(output).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opstring::parse;

    fn of(s: &str) -> Design {
        Design::of(&parse(s).unwrap())
    }

    fn value(list: &[(String, f64)], name: &str) -> f64 {
        list.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no {name}")).1
    }

    #[test]
    fn roles_of_a_small_network() {
        let d = of("|1:Input@ax3x32x32+Conv k3 p1@ax16x32x32+BatchNormalization+Relu\
            +Conv g16 k3 p1|2<1:GlobalAveragePool@ax16x1x1+Sigmoid|3<1<2:Mul\
            |4<3<1:Add+GlobalAveragePool@ax16x1x1+Flatten@ax16+Gemm transB=1 b@ax10");
        for (name, expected) in [
            ("thin_count", 2f64.ln()),
            ("depthwise_count", 2f64.ln()),
            ("excite_any", 1.0),
            ("gate_any", 0.0),
            ("residual_count", 2f64.ln()),
            ("resolution", 33f64.ln()),
            ("weighted_depth", 4f64.ln()),
            ("features", 17f64.ln()),
            ("batch_norm_share", 16384.0 / 16385.0),
        ] {
            assert!((value(&d.facts, name) - expected).abs() < 1e-9, "{name}: {d:?}");
        }
        assert_eq!(value(&d.terms, "depthwise_macs"), 9.0 * 16.0 * 1024.0);
        assert_eq!(value(&d.terms, "vector_macs"), 160.0);
        assert_eq!(d.form, "4x3>2");
    }

    #[test]
    fn names_do_not_depend_on_the_network_and_values_are_finite() {
        let small = of("|1:Input@ax8+Relu");
        let names = |list: &[(String, f64)]| list.iter().map(|f| f.0.clone()).collect::<Vec<_>>();
        let large = of("|1:Input@ax3x224x224+Conv k16 s16 b@ax192x14x14+Reshape@ax192x196\
            +Transpose perm=[0,2,1]@ax196x192+LayerNormalization b+MatMul+Gelu");
        assert_eq!(names(&small.facts), names(&large.facts));
        assert_eq!(names(&small.terms), names(&large.terms));
        let distinct: std::collections::BTreeSet<_> = names(&small.facts).into_iter().collect();
        assert_eq!(distinct.len(), small.facts.len());
        for (name, x) in small.facts.iter().chain(&large.facts).chain(&large.terms) {
            assert!(x.is_finite(), "{name}");
        }
        assert_eq!((small.form.as_str(), large.form.as_str()), ("2>2", "4x3>3"));
        assert_eq!(value(&large.terms, "product_macs"), 196.0 * 192.0 * 192.0);
    }
}
