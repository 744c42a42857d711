//! Static costs as a row of numbers that a formula of latency or memory weighs:
//! work and traffic by how efficiently a processor does them.
//!
//! Operators are told apart by what decides their efficiency on a CPU: whether a
//! convolution has a window, groups, few channels; whether a matrix product has
//! many rows or is a matrix by a vector, which reads all weights for little work;
//! whether an element costs an addition or an exponential. Processors compute
//! convolutions in blocks of 8 or 16 output channels: MACs of the channels that
//! fill up a block stand apart. Those over one or three axes, and those in groups, are
//! matrix products of columns that are written first. Normalisations and
//! activations that ONNX Runtime fuses into the convolution before them are not
//! counted.

mod kind;
mod walk;

use super::{Amount, counted};
use crate::error::Result;
use crate::model::Model;
use crate::shape::Bindings;

macro_rules! terms {
    ($($name:ident $text:literal),* $(,)?) => {
        /// One of the terms.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum Term { $($name),* }

        /// Names of the terms, in the order of [`Terms`].
        pub const NAMES: [&str; [$($text),*].len()] = [$($text),*];
    };
}

terms! {
    Constant "constant",
    Operators "operators",
    PointwiseConvMacs "pointwise_conv_macs",
    WindowConvMacs "window_conv_macs",
    ThinConvMacs "thin_conv_macs",
    GroupedConvMacs "grouped_conv_macs",
    DepthwiseConvMacs "depthwise_conv_macs",
    FlatConvMacs "flat_conv_macs",
    OtherRankConvMacs "other_rank_conv_macs",
    OtherRankDepthwiseConvMacs "other_rank_depthwise_conv_macs",
    ColumnBytes "column_bytes",
    ColumnWeightBytes "column_weight_bytes",
    DilatedConvMacs "dilated_conv_macs",
    PaddingTo8Macs "padding_to_8_macs",
    PaddingTo16Macs "padding_to_16_macs",
    TransposedConvMacs "transposed_conv_macs",
    TransposedConvBytes "transposed_conv_bytes",
    QuantisedConvMacs "quantised_conv_macs",
    QuantisedProductMacs "quantised_product_macs",
    QuantisedElements "quantised_elements",
    ConvBytes "conv_bytes",
    ProductMacs "product_macs",
    ProductOfActivationsMacs "product_of_activations_macs",
    VectorProductBytes "vector_product_bytes",
    RecurrentMacs "recurrent_macs",
    RecurrentVectorMacs "recurrent_vector_macs",
    RecurrentSteps "recurrent_steps",
    SimpleElements "simple_elements",
    SlowElements "slow_elements",
    SlowestElements "slowest_elements",
    SoftmaxElements "softmax_elements",
    NormalisedElements "normalised_elements",
    PoolFlops "pool_flops",
    ReducedElements "reduced_elements",
    ResizedElements "resized_elements",
    RepeatedElements "repeated_elements",
    MovedBytes "moved_bytes",
    OtherFlops "other_flops",
    LargeActivationBytes "large_activation_bytes",
    WeightBytesRead "weight_bytes_read",
    LargeWeightBytes "large_weight_bytes",
    WeightBytes "weight_bytes",
    ConvWeightBytes "conv_weight_bytes",
    ProductWeightBytes "product_weight_bytes",
    PeakActivationBytes "peak_activation_bytes",
    LargestActivationBytes "largest_activation_bytes",
    ScratchBytes "scratch_bytes",
}

/// One number for each of [`NAMES`]; what depends on data is not in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms(pub [f64; NAMES.len()]);

impl Terms {
    /// The terms of `model` with dimensions bound.
    ///
    /// # Errors
    /// As [`super::of_model`].
    pub fn of_model(model: &Model, bindings: &Bindings) -> Result<Self> {
        counted(model, bindings, |costs, on| {
            let mut terms = walk::graph(on.flat, on.shapes, &on.stored.constant);
            let known = |a: &Amount| a.known().unwrap_or(0) as f64;
            terms.add(Term::Constant, 1.0);
            terms.add(Term::WeightBytesRead, known(&costs.weight_bytes_read));
            terms.add(Term::WeightBytes, costs.weight_bytes as f64);
            terms.add(Term::PeakActivationBytes, known(&costs.peak_activation_bytes));
            terms
        })
    }

    const fn zero() -> Self {
        Self([0.0; NAMES.len()])
    }

    fn add(&mut self, term: Term, value: f64) {
        if let Some(t) = self.0.get_mut(term as usize) {
            *t += value;
        }
    }

    fn raise(&mut self, term: Term, value: f64) {
        if let Some(t) = self.0.get_mut(term as usize) {
            *t = t.max(value);
        }
    }

    /// The term called `name`; 0 where there is none.
    pub fn get(&self, name: &str) -> f64 {
        let at = NAMES.iter().position(|n| *n == name);
        at.and_then(|at| self.0.get(at)).copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Limits;
    use nneval_spaces::{ModelOptions, Space};
    use std::path::Path;

    #[test]
    fn every_mac_is_in_one_term() {
        for (space, arch) in [
            ("nats-sss", "8:16:8:24:64"),
            (
                "nats-tss",
                "|nor_conv_3x3~0|+|nor_conv_1x1~0|avg_pool_3x3~1|+|none~0|skip_connect~1|nor_conv_3x3~2|",
            ),
        ] {
            let space: Space = space.parse().unwrap();
            let bytes = space.onnx_bytes(arch, &ModelOptions::default()).unwrap();
            let model =
                Model::from_bytes(bytes.into(), Path::new("net"), &Limits::default()).unwrap();
            let costs = super::super::of_one_sample(&model).unwrap();
            let inputs = [("input".to_owned(), vec![1, 3, 32, 32])].into();
            let terms =
                Terms::of_model(&model, &Bindings { inputs, ..Bindings::default() }).unwrap();
            let macs = NAMES
                .iter()
                .filter(|n| n.ends_with("_macs") && !n.contains("padding"))
                .map(|n| terms.get(n));
            let of_vectors = terms.get("vector_product_bytes") / 4.0;
            assert_eq!(Some((macs.sum::<f64>() + of_vectors) as u64), costs.macs.known());
            assert!(terms.get("thin_conv_macs") > 0.0 && terms.get("vector_product_bytes") > 0.0);
            assert_eq!((terms.get("constant"), terms.get("recurrent_macs")), (1.0, 0.0));
            assert_eq!(terms.get("wheels"), 0.0);
        }
    }
}
