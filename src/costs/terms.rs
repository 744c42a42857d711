//! Static costs as a row of numbers that a formula of latency or memory weighs.

use super::work;
use super::{Costs, OperatorCost, of_model};
use crate::error::Result;
use crate::graph::Model;
use crate::graph::shape::{Bindings, Shapes};

/// Names of the terms, in the order of [`Terms`]. Counts are of operators,
/// bytes of activations are those read and written.
pub const NAMES: [&str; 12] = [
    "constant",
    "operators",
    "conv_macs",
    "grouped_conv_macs",
    "product_macs",
    "recurrent_macs",
    "other_flops",
    "conv_bytes",
    "other_bytes",
    "weight_bytes_read",
    "weight_bytes",
    "peak_activation_bytes",
];

/// One number for each of [`NAMES`]; what depends on data is not in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms(pub [f64; NAMES.len()]);

/// Operators by what they do, as efficiency goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Conv,
    Product,
    Recurrent,
    Other,
}

fn kind(operator: &str) -> Kind {
    match operator.rsplit('.').next().unwrap_or(operator) {
        "Conv" | "ConvTranspose" | "ConvInteger" | "QLinearConv" | "DeformConv" | "FusedConv" => {
            Kind::Conv
        }
        "RNN" | "GRU" | "LSTM" => Kind::Recurrent,
        "MatMul"
        | "Gemm"
        | "Einsum"
        | "MatMulInteger"
        | "QLinearMatMul"
        | "Attention"
        | "MultiHeadAttention"
        | "GroupQueryAttention"
        | "FusedMatMul"
        | "FusedGemm"
        | "MatMulNBits" => Kind::Product,
        _ => Kind::Other,
    }
}

impl Terms {
    /// The terms of `model` with dimensions bound.
    ///
    /// # Errors
    /// As [`of_model`].
    pub fn of_model(model: &Model, bindings: &Bindings) -> Result<Self> {
        let costs = of_model(model, bindings)?;
        Ok(Self::of(&costs, grouped_macs(model, bindings)))
    }

    fn of(costs: &Costs, grouped: f64) -> Self {
        let sum = |wanted: Kind, of: fn(&OperatorCost) -> f64| -> f64 {
            costs.operators.iter().filter(|o| kind(&o.operator) == wanted).map(of).sum()
        };
        let known = |a: &super::Amount| a.known().unwrap_or(0) as f64;
        let macs = |o: &OperatorCost| o.macs.known().unwrap_or(0) as f64;
        let other = |o: &OperatorCost| {
            let flops = o.flops.known().unwrap_or(0) as f64;
            (flops - 2.0 * o.macs.known().unwrap_or(0) as f64).max(0.0)
        };
        let bytes = |o: &OperatorCost| {
            let [r, w] = [&o.activation_bytes_read, &o.activation_bytes_written];
            r.known().unwrap_or(0) as f64 + w.known().unwrap_or(0) as f64
        };
        let kinds = [Kind::Conv, Kind::Product, Kind::Recurrent, Kind::Other];
        let all = |of: fn(&OperatorCost) -> f64| kinds.iter().map(|&k| sum(k, of)).sum::<f64>();
        Self([
            1.0,
            costs.operators.iter().map(|o| o.count as f64).sum(),
            (sum(Kind::Conv, macs) - grouped).max(0.0),
            grouped,
            sum(Kind::Product, macs),
            sum(Kind::Recurrent, macs),
            all(other),
            sum(Kind::Conv, bytes),
            all(bytes) - sum(Kind::Conv, bytes),
            known(&costs.weight_bytes_read),
            costs.weight_bytes as f64,
            known(&costs.peak_activation_bytes),
        ])
    }
}

/// MACs of convolutions with groups in the main graph.
fn grouped_macs(model: &Model, bindings: &Bindings) -> f64 {
    let grouped = |n: &&crate::graph::Node| {
        n.op_type.starts_with("Conv") && n.int("group").is_some_and(|g| g > 1)
    };
    if !model.graph.nodes.iter().any(|n| grouped(&n)) {
        return 0.0;
    }
    let shapes = Shapes::infer(model, bindings);
    let macs = |n| work::of(&shapes, n).and_then(|w| w.macs.value()).unwrap_or(0) as f64;
    model.graph.nodes.iter().filter(grouped).map(macs).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Limits;
    use crate::spaces::{ModelOptions, Space};
    use std::path::Path;

    #[test]
    fn terms_are_those_of_the_costs() {
        let space: Space = "nats-sss".parse().unwrap();
        let bytes = space.onnx_bytes("8:16:8:24:64", &ModelOptions::default()).unwrap();
        let model = Model::from_bytes(bytes.into(), Path::new("net"), &Limits::default()).unwrap();
        let costs = super::super::of_one_sample(&model).unwrap();
        let bindings = Bindings { dims: [("batch".into(), 1)].into(), ..Bindings::default() };
        let Terms(t) = Terms::of_model(&model, &bindings).unwrap();
        let macs: f64 = t[2..6].iter().sum();
        assert_eq!(Some(macs as u64), costs.macs.known());
        let moved = costs.activation_bytes_read.known().unwrap()
            + costs.activation_bytes_written.known().unwrap();
        assert_eq!((t[7] + t[8]) as u64, moved);
        assert_eq!(Some((t[6] + 2.0 * macs) as u64), costs.flops.known());
        assert_eq!((t[0], t[3], t[5]), (1.0, 0.0, 0.0));
        assert!(t[2] > t[4] && t[4] > 0.0);
    }
}
