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
//!
//! Operators are those of the canonical graph at the given sizes, whichever exporter wrote
//! the file; where control flow is left, those of the file. Floats of 16 bits are computed as
//! f32. Stored bytes and the peak of activations are the file's.

mod peak;
mod spelled;
mod trees;
mod walk;

use super::{Amount, Costs, Counted, counted};
use crate::canonical;
use crate::error::Result;
use crate::inputs::all_sizes;
use crate::model::{DataType, Model};
use crate::shape::Bindings;
use spelled::Spelled;
use walk::On;

macro_rules! terms {
    ($($(#[$doc:meta])* $name:ident $text:literal),* $(,)?) => {
        /// One of the terms.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum Term { $($(#[$doc])* $name),* }

        /// Names of the terms, in the order of [`Terms`]. Bundles store them, so they stay
        /// as they are.
        ///
        $(#[doc = concat!("- `", $text, "`:")] $(#[$doc])*)*
        pub const NAMES: [&str; [$($text),*].len()] = [$($text),*];
    };
}

terms! {
    /// 1, so that a formula has a constant part.
    Constant "constant",
    /// Operators that run, those that are fused or only describe data left out.
    Operators "operators",
    /// MACs of two-dimensional convolutions of kernel 1 by 1 over 8 channels and more.
    PointwiseConvMacs "pointwise_conv_macs",
    /// MACs of two-dimensional convolutions with a window over 8 channels and more.
    WindowConvMacs "window_conv_macs",
    /// MACs of two-dimensional convolutions over fewer than 8 channels.
    ThinConvMacs "thin_conv_macs",
    /// MACs of two-dimensional convolutions in groups of several channels.
    GroupedConvMacs "grouped_conv_macs",
    /// MACs of two-dimensional depthwise convolutions.
    DepthwiseConvMacs "depthwise_conv_macs",
    /// MACs of one-dimensional convolutions.
    FlatConvMacs "flat_conv_macs",
    /// MACs of convolutions over three axes and more.
    OtherRankConvMacs "other_rank_conv_macs",
    /// MACs of depthwise convolutions over one axis, or three and more.
    OtherRankDepthwiseConvMacs "other_rank_depthwise_conv_macs",
    /// Bytes of the columns (im2col) that convolutions with a window write first.
    ColumnBytes "column_bytes",
    /// Bytes of the weights that convolutions by columns read, once a sample.
    ColumnWeightBytes "column_weight_bytes",
    /// MACs of dilated convolutions, which count under their kind as well.
    DilatedConvMacs "dilated_conv_macs",
    /// MACs of the output channels that fill up a block of 8.
    PaddingTo8Macs "padding_to_8_macs",
    /// MACs of the output channels that fill up a block of 16.
    PaddingTo16Macs "padding_to_16_macs",
    /// MACs of transposed convolutions.
    TransposedConvMacs "transposed_conv_macs",
    /// Bytes that transposed convolutions read and write, columns included.
    TransposedConvBytes "transposed_conv_bytes",
    /// MACs of convolutions of integers.
    QuantisedConvMacs "quantised_conv_macs",
    /// MACs of matrix products of integers.
    QuantisedProductMacs "quantised_product_macs",
    /// Elements that are turned into integers or back.
    QuantisedElements "quantised_elements",
    /// Bytes of activations that convolutions read and write.
    ConvBytes "conv_bytes",
    /// MACs of matrix products with weights, of 8 rows and more.
    ProductMacs "product_macs",
    /// MACs of matrix products without weights.
    ProductOfActivationsMacs "product_of_activations_macs",
    /// Bytes of weights that matrix products of fewer than 8 rows read.
    VectorProductBytes "vector_product_bytes",
    /// MACs of recurrent layers on batches of 8 and more.
    RecurrentMacs "recurrent_macs",
    /// MACs of recurrent layers on smaller batches.
    RecurrentVectorMacs "recurrent_vector_macs",
    /// Steps of recurrent layers, those of both directions.
    RecurrentSteps "recurrent_steps",
    /// Elements that cost an addition or comparison.
    SimpleElements "simple_elements",
    /// Elements that cost an exponential or division.
    SlowElements "slow_elements",
    /// Elements that cost several of these.
    SlowestElements "slowest_elements",
    /// Elements of softmax and the like.
    SoftmaxElements "softmax_elements",
    /// Elements normalised by statistics of their own.
    NormalisedElements "normalised_elements",
    /// Operations of poolings with a window.
    PoolFlops "pool_flops",
    /// Elements that reductions read.
    ReducedElements "reduced_elements",
    /// Elements that interpolation makes.
    ResizedElements "resized_elements",
    /// Elements that nearest-neighbour resampling makes.
    RepeatedElements "repeated_elements",
    /// Bytes that operators read and write which only move data.
    MovedBytes "moved_bytes",
    /// Operations of all other operators.
    OtherFlops "other_flops",
    /// Bytes of activations beyond 1 MiB an operator.
    LargeActivationBytes "large_activation_bytes",
    /// Bytes of weights that operators read.
    WeightBytesRead "weight_bytes_read",
    /// Bytes of weights beyond 1 MiB an operator.
    LargeWeightBytes "large_weight_bytes",
    /// Bytes of all constants.
    WeightBytes "weight_bytes",
    /// Bytes of the weights of convolutions.
    ConvWeightBytes "conv_weight_bytes",
    /// Bytes of the weights of matrix products and recurrent layers.
    ProductWeightBytes "product_weight_bytes",
    /// Most bytes of activations alive at one time.
    PeakActivationBytes "peak_activation_bytes",
    /// Bytes of the largest output of an operator.
    LargestActivationBytes "largest_activation_bytes",
    /// Workspace: most bytes of columns that one convolution writes first.
    ScratchBytes "scratch_bytes",
    /// MACs of recurrent layers between steps, one matrix product for all of them.
    RecurrentInputMacs "recurrent_input_macs",
    /// Bytes of recurrent weights beyond 1 MiB a layer, once a step.
    RecurrentLargeBytes "recurrent_large_bytes",
    /// Elements of the gates of recurrent layers.
    GateElements "gate_elements",
    /// MACs of recurrent layers of integers.
    QuantisedRecurrentMacs "quantised_recurrent_macs",
    /// Matrices that products without weights are made of.
    ProductsOfActivations "products_of_activations",
    /// Bytes of weights of 16-bit floats, which are stored once more as f32.
    HalfWeightBytes "half_weight_bytes",
    /// Bytes of weights of integers.
    IntegerWeightBytes "integer_weight_bytes",
    /// Nodes of decision trees.
    TreeNodes "tree_nodes",
    /// Decisions of trees: rows by trees by the logarithm of their size.
    TreeSteps "tree_steps",
    /// Values that the leaves of trees add up, for all rows.
    TreeVotes "tree_votes",
    /// Elements of softplus, alone or in other functions.
    SoftplusElements "softplus_elements",
    /// MACs of ConvInteger, which computes by columns.
    IntegerConvMacs "integer_conv_macs",
    /// Bytes of outputs beyond 64 KiB each, which are allocated anew in each run.
    LargeOutputBytes "large_output_bytes",
    /// Bytes of activations that products of fewer than 8 rows without weights read.
    VectorProductOfActivationsBytes "vector_product_of_activations_bytes",
    /// Scores of attention that a mask is added to.
    MaskedScores "masked_scores",
    /// Elements that operators on floats of 16 bits make.
    HalfElements "half_elements",
    /// Bytes of the weights of recurrent layers.
    RecurrentWeightBytes "recurrent_weight_bytes",
    /// Bytes of weights that a run reads from beyond the core's own cache, which holds weights and
    /// activations of 1 MiB, and none of those of 2 MiB.
    UncachedWeightBytes "uncached_weight_bytes",
    /// Operators of classical models.
    ClassicalOperators "classical_operators",
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
        let graph = canonical::at_sizes(model, bindings);
        let spelled = graph.ok().as_ref().and_then(Spelled::of);
        counted(model, bindings, |costs, on| {
            let filed = filed(&on, false);
            let walked = spelled.as_ref().map_or(filed, |s| On {
                model: &s.model,
                shapes: &s.shapes,
                constant: &s.constant,
                ..filed
            });
            let mut terms = walk::graph(&walked);
            terms.add_stored(&costs, &filed);
            if terms.get("peak_activation_bytes") == 0.0 {
                let peak = known(&costs.peak_activation_bytes) * walk::widened(&filed);
                terms.add(Term::PeakActivationBytes, peak);
            }
            let read = terms.get("weight_bytes_read");
            let beyond = read + terms.get("peak_activation_bytes") - walk::CACHE;
            terms.add(Term::UncachedWeightBytes, (read * beyond / walk::CACHE).clamp(0.0, read));
            terms
        })
    }

    /// The terms of `model` as evaluators on strings of version 1 read them: operators are
    /// those of the file.
    ///
    /// # Errors
    /// As [`super::of_model`].
    pub fn as_filed(model: &Model, given: &Bindings) -> Result<Self> {
        counted(model, &all_sizes(model, given), |costs, on| {
            let filed = filed(&on, true);
            let mut terms = walk::graph(&filed);
            terms.add_stored(&costs, &filed);
            terms.add(Term::PeakActivationBytes, known(&costs.peak_activation_bytes));
            terms
        })
    }

    /// What is stored: bytes of weights, and trees.
    fn add_stored(&mut self, costs: &Costs, filed: &On) {
        self.add(Term::Constant, 1.0);
        if filed.is_first {
            self.add(Term::WeightBytesRead, known(&costs.weight_bytes_read));
        }
        self.add(Term::WeightBytes, costs.weight_bytes as f64);
        for n in &filed.model.graph.nodes {
            let rows = n.input(0).and_then(|x| filed.shapes.known(x)?.first().copied());
            trees::count(n, rows, self);
        }
        for &output in &filed.model.graph.outputs {
            let bytes = walk::declared(filed, output) - ALLOCATED;
            self.add(Term::LargeOutputBytes, bytes.max(0.0));
        }
        for tensor in filed.model.values.iter().filter_map(|v| v.tensor.as_ref()) {
            let term = match tensor.dtype {
                DataType::F16 | DataType::Bf16 => Term::HalfWeightBytes,
                DataType::I8 | DataType::U8 => Term::IntegerWeightBytes,
                _ => continue,
            };
            self.add(term, tensor.bytes().unwrap_or(0) as f64);
        }
    }

    /// As [`Terms::of_model`], with default input sizes for dimensions that are not given.
    ///
    /// # Errors
    /// As [`Terms::of_model`].
    pub fn at_default_sizes(model: &Model, given: &Bindings) -> Result<Self> {
        Self::of_model(model, &all_sizes(model, given))
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

/// Bytes below which memory is kept between runs.
const ALLOCATED: f64 = 65536.0;

/// The model that costs are counted on.
fn filed<'m>(on: &Counted<'m>, is_first: bool) -> On<'m> {
    On { model: on.flat, shapes: on.shapes, constant: &on.stored.constant, is_first }
}

fn known(a: &Amount) -> f64 {
    a.known().unwrap_or(0) as f64
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
