//! Operators by what they cost an element.

/// What an operator is, as costs go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Convolution.
    Conv,
    /// Transposed convolution.
    Transposed,
    /// Convolution or product of integers.
    Quantised,
    /// Matrix product.
    Product,
    /// Recurrent layer.
    Recurrent,
    /// Normalisation by stored statistics: scale and shift.
    Affine,
    /// Normalisation by statistics of the values.
    Normalisation,
    /// Softmax and the like.
    Softmax,
    /// An addition or comparison an element.
    Simple,
    /// An exponential or division an element.
    Slow,
    /// Several of them, or a loop that is not vectorised.
    Slowest,
    /// To integers or back.
    Quantisation,
    /// Pooling.
    Pool,
    /// Reduction.
    Reduction,
    /// Resampling.
    Resize,
    /// Data is moved.
    Move,
    /// Only the description of the data changes.
    Free,
    /// Anything else.
    Other,
}

/// The kind of an operator type, in any domain.
pub fn kind(operator: &str) -> Kind {
    match operator {
        "Conv" | "FusedConv" | "DeformConv" => Kind::Conv,
        "ConvTranspose" => Kind::Transposed,
        "ConvInteger"
        | "QLinearConv"
        | "MatMulInteger"
        | "QLinearMatMul"
        | "QGemm"
        | "MatMulIntegerToFloat"
        | "MatMulNBits"
        | "DynamicQuantizeMatMul" => Kind::Quantised,
        "MatMul"
        | "Gemm"
        | "Einsum"
        | "FusedMatMul"
        | "FusedGemm"
        | "Attention"
        | "MultiHeadAttention"
        | "GroupQueryAttention" => Kind::Product,
        "RNN" | "GRU" | "LSTM" | "DynamicQuantizeLSTM" => Kind::Recurrent,
        "BatchNormalization" => Kind::Affine,
        "LayerNormalization"
        | "InstanceNormalization"
        | "GroupNormalization"
        | "RMSNormalization"
        | "LpNormalization"
        | "MeanVarianceNormalization"
        | "LRN"
        | "SimplifiedLayerNormalization"
        | "SkipLayerNormalization"
        | "SkipSimplifiedLayerNormalization" => Kind::Normalisation,
        "Softmax" | "LogSoftmax" | "Hardmax" => Kind::Softmax,
        "Add" | "Sub" | "Mul" | "Min" | "Max" | "Sum" | "Mean" | "Neg" | "Abs" | "Relu"
        | "LeakyRelu" | "ThresholdedRelu" | "Clip" | "Where" | "Equal" | "Greater"
        | "GreaterOrEqual" | "Less" | "LessOrEqual" | "Not" | "And" | "Or" | "Xor" | "Floor"
        | "Ceil" | "Round" | "Sign" | "HardSigmoid" | "HardSwish" | "Reciprocal" | "Div"
        | "Sqrt" | "Cast" => Kind::Simple,
        "Exp" | "Log" | "Sigmoid" | "Tanh" | "Erf" | "Pow" | "Gelu" | "FastGelu" | "BiasGelu"
        | "QuickGelu" | "Swish" => Kind::Slow,
        "PRelu" | "Elu" | "Selu" | "Celu" | "Mish" | "Softplus" | "Softsign" | "Sin" | "Cos"
        | "Tan" | "Atan" | "Sinh" | "Cosh" => Kind::Slowest,
        "QuantizeLinear" | "DequantizeLinear" | "DynamicQuantizeLinear" => Kind::Quantisation,
        "MaxPool" | "AveragePool" | "LpPool" => Kind::Pool,
        "Resize" | "Upsample" | "GridSample" => Kind::Resize,
        "Transpose" | "Concat" | "Slice" | "Gather" | "GatherElements" | "GatherND" | "Pad"
        | "Expand" | "Split" | "DepthToSpace" | "SpaceToDepth" | "Tile" | "ScatterND"
        | "ScatterElements" | "Trilu" | "OneHot" | "ReverseSequence" | "Compress"
        | "RotaryEmbedding" => Kind::Move,
        "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" | "Identity" | "Dropout" | "Shape"
        | "Size" | "Constant" | "ConstantOfShape" | "Range" => Kind::Free,
        o if o.starts_with("Global") => Kind::Reduction,
        o if o.starts_with("Reduce") || o.starts_with("Arg") || o == "CumSum" || o == "TopK" => {
            Kind::Reduction
        }
        _ => Kind::Other,
    }
}

/// Activations that ONNX Runtime fuses into a convolution.
pub fn fuses(operator: &str) -> bool {
    matches!(operator, "Relu" | "LeakyRelu" | "Clip" | "Sigmoid" | "Tanh" | "HardSigmoid")
}
