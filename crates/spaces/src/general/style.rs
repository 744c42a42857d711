//! How a network spells its computations: exporters write one and the same
//! layer as one operator or as several.

use super::draw::Draw;
use crate::batch::Batch;

/// GELU in full, as x Φ(x) of three spellings (Hendrycks and Gimpel, 2016).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gelu {
    /// With Erf.
    Erf,
    /// The formula with Tanh.
    Tanh,
    /// The operator of opset 20.
    Operator,
}

/// HardSwish (Howard et al., 2019).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HardSwish {
    /// The operator of opset 14.
    Operator,
    /// `x * HardSigmoid(x)`.
    HardSigmoid,
    /// `x * Clip(x + 3, 0, 6) / 6`.
    Parts,
}

/// The target shape of a Reshape whose batch is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reshape {
    /// `[0, ...]`: copied.
    Zero,
    /// `[-1, ...]`: inferred.
    Inferred,
    /// Computed with Shape, Gather, Unsqueeze and Concat.
    Computed,
}

/// How a picture's channels become a vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flatten {
    /// Flatten.
    Operator,
    /// Reshape.
    Reshape,
    /// Squeeze of the last axes.
    Squeeze,
}

/// Networks in floats of 16 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    /// Inputs and outputs are of 16 bits too.
    All,
    /// Inputs and outputs stay of 32 bits: they are cast.
    Inside,
}

/// The spelling of one network.
#[derive(Debug, Clone)]
pub(super) struct Style {
    /// Version of the `ai.onnx` operator set, 11 to 21.
    pub(super) opset: i64,
    /// Batch dimension of inputs and outputs.
    pub(super) batch: Batch,
    /// Small constants are Constant nodes, not initializers.
    pub(super) constant_nodes: bool,
    /// BatchNormalization is folded into the convolution before it.
    pub(super) folded: bool,
    /// Linear layers of matrices are Gemm, not MatMul and Add.
    pub(super) gemm: bool,
    /// Gemm reads its weight transposed.
    pub(super) transposed: bool,
    /// LayerNormalization is one operator (opset 17).
    pub(super) layer_norm: bool,
    /// GlobalAveragePool, not ReduceMean.
    pub(super) global_pool: bool,
    /// Queries, keys and values are one matrix product.
    pub(super) fused_qkv: bool,
    /// Scores are divided, not multiplied.
    pub(super) scale_by_div: bool,
    /// See [`Gelu`].
    pub(super) gelu: Gelu,
    /// See [`HardSwish`].
    pub(super) hard_swish: HardSwish,
    /// See [`Reshape`].
    pub(super) reshape: Reshape,
    /// See [`Flatten`].
    pub(super) flatten: Flatten,
    /// Floats are of 16 bits. Families set it.
    pub(super) half: Option<Half>,
    /// Linear layers are computed in whole numbers, quantized as they come. Families set it.
    pub(super) quantised: bool,
}

impl Style {
    /// A spelling by chance; operators only where the opset has them.
    pub(super) fn draw(d: &mut Draw) -> Self {
        let opset = d.pick([11, 11, 12, 13, 13, 14, 15, 16, 17, 17, 17, 18, 18, 19, 20, 21]);
        let batch = match d.pick([0, 0, 0, 1, 1, 1, 2, 3]) {
            0 => Batch::Named(d.pick(["batch", "batch_size"]).to_owned()),
            1 => Batch::Fixed(1),
            2 => Batch::Fixed(d.pick([2, 3, 4])),
            _ => Batch::Fixed(d.pick([6, 8, 16, 32])),
        };
        let gelu = match d.pick([0, 1, 2]) {
            2 if opset >= 20 => Gelu::Operator,
            1 => Gelu::Tanh,
            _ => Gelu::Erf,
        };
        let hard_swish = match d.pick([0, 1, 2]) {
            0 if opset >= 14 => HardSwish::Operator,
            1 => HardSwish::HardSigmoid,
            _ => HardSwish::Parts,
        };
        Self {
            opset,
            batch,
            constant_nodes: d.chance(0.5),
            folded: d.chance(0.5),
            gemm: d.chance(0.6),
            transposed: d.chance(0.7),
            layer_norm: opset >= 17 && d.chance(0.7),
            global_pool: d.chance(0.65),
            fused_qkv: d.chance(0.4),
            scale_by_div: d.chance(0.5),
            gelu,
            hard_swish,
            reshape: d.pick([Reshape::Zero, Reshape::Inferred, Reshape::Computed]),
            flatten: d.pick([Flatten::Operator, Flatten::Reshape, Flatten::Squeeze]),
            half: None,
            quantised: false,
        }
    }

    /// The batch size when the network runs; 1 where it is open.
    pub(super) fn batch_size(&self) -> i64 {
        match &self.batch {
            Batch::Fixed(n) => i64::from(*n),
            Batch::Named(_) => 1,
        }
    }

    /// The IR version to declare: that of the ONNX release that brought the
    /// opset (ONNX `Versioning.md`).
    pub(super) fn ir_version(&self) -> i64 {
        match self.opset {
            ..=11 => 6,
            12..=14 => 7,
            15..=18 => 8,
            19..=20 => 9,
            _ => 10,
        }
    }
}
