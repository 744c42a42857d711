//! Attribute defaults, which the string leaves out, and differences between
//! operator versions that operands and attributes do not show.
//!
//! Source: the ONNX operator specifications up to opset 28.

const CONV: &[&str] = &["Conv", "ConvTranspose", "ConvInteger", "QLinearConv", "DeformConv"];
const POOL: &[&str] = &["MaxPool", "AveragePool", "LpPool"];
const OTHER_WINDOWS: &[&str] = &["MaxUnpool", "Col2Im"];
const RECURRENT: &[&str] = &["RNN", "GRU", "LSTM"];
const REDUCE: &[&str] = &[
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSum",
    "ReduceSumSquare",
];
const ARG: &[&str] = &["ArgMax", "ArgMin"];
/// Operators over one axis, before opset 13 over all axes from one on.
pub const SOFTMAX: &[&str] = &["Softmax", "LogSoftmax", "Hardmax"];
const NORMALIZATION: &[&str] = &[
    "BatchNormalization",
    "InstanceNormalization",
    "LayerNormalization",
    "GroupNormalization",
    "RMSNormalization",
];
const SCATTER: &[&str] = &["ScatterElements", "ScatterND", "TensorScatter"];
const QUANTIZE: &[&str] = &["QuantizeLinear", "DequantizeLinear"];

/// Operators, attribute, and its default as spelled.
const DEFAULTS: &[(&[&str], &str, &str)] = &[
    (CONV, "auto_pad", "'NOTSET'"),
    (POOL, "auto_pad", "'NOTSET'"),
    (CONV, "group", "1"),
    (&["DeformConv"], "offset_group", "1"),
    (POOL, "ceil_mode", "0"),
    (POOL, "count_include_pad", "0"),
    (POOL, "storage_order", "0"),
    (&["Gemm"], "transA", "0"),
    (&["Gemm"], "transB", "0"),
    (&["Gemm"], "alpha", "1.0"),
    (&["Gemm"], "beta", "1.0"),
    (REDUCE, "keepdims", "1"),
    (ARG, "keepdims", "1"),
    (REDUCE, "noop_with_empty_axes", "0"),
    (&["Reshape"], "allowzero", "0"),
    (ARG, "select_last_index", "0"),
    (NORMALIZATION, "epsilon", "1e-5"),
    (&["BatchNormalization"], "spatial", "1"),
    (&["BatchNormalization"], "momentum", "0.9"),
    (RECURRENT, "direction", "'forward'"),
    (RECURRENT, "layout", "0"),
    (&["GRU"], "linear_before_reset", "0"),
    (&["LSTM"], "input_forget", "0"),
    (&["LeakyRelu"], "alpha", "0.01"),
    (&["Elu"], "alpha", "1.0"),
    (&["Selu"], "alpha", "1.6732632"),
    (&["Selu"], "gamma", "1.050701"),
    (&["Celu"], "alpha", "1.0"),
    (&["HardSigmoid"], "alpha", "0.2"),
    (&["HardSigmoid"], "beta", "0.5"),
    (&["ThresholdedRelu"], "alpha", "1.0"),
    (SOFTMAX, "axis", "-1"),
    (&["LayerNormalization", "RMSNormalization"], "axis", "-1"),
    (&["LayerNormalization", "RMSNormalization", "GroupNormalization"], "stash_type", "1"),
    (&["Gather", "GatherElements", "Scatter", "ScatterElements", "Split"], "axis", "0"),
    (&["GatherND"], "batch_dims", "0"),
    (SCATTER, "reduction", "'none'"),
    (&["Flatten"], "axis", "1"),
    (ARG, "axis", "0"),
    (&["TopK"], "axis", "-1"),
    (&["TopK"], "largest", "1"),
    (&["TopK"], "sorted", "1"),
    (&["CumSum", "CumProd"], "exclusive", "0"),
    (&["CumSum", "CumProd"], "reverse", "0"),
    (&["OneHot"], "axis", "-1"),
    (&["Pad"], "mode", "'constant'"),
    (&["Pad"], "value", "0.0"),
    (&["Resize", "Upsample"], "mode", "'nearest'"),
    (&["Resize"], "coordinate_transformation_mode", "'half_pixel'"),
    (&["Resize"], "nearest_mode", "'round_prefer_floor'"),
    (&["Resize"], "cubic_coeff_a", "-0.75"),
    (&["Resize"], "exclude_outside", "0"),
    (&["Resize"], "extrapolation_value", "0.0"),
    (&["Resize"], "antialias", "0"),
    (&["Resize"], "keep_aspect_ratio_policy", "'stretch'"),
    (&["RoiAlign"], "coordinate_transformation_mode", "'half_pixel'"),
    (&["RoiAlign"], "mode", "'avg'"),
    (&["Mod"], "fmod", "0"),
    (&["Trilu"], "upper", "1"),
    (&["Shape"], "start", "0"),
    (&["EyeLike"], "k", "0"),
    (&["Gelu"], "approximate", "'none'"),
    (&["LRN"], "alpha", "0.0001"),
    (&["LRN"], "beta", "0.75"),
    (&["LRN"], "bias", "1.0"),
    (&["LpNormalization"], "axis", "-1"),
    (&["LpNormalization", "LpPool", "GlobalLpPool"], "p", "2"),
    (&["Shrink"], "bias", "0.0"),
    (&["Shrink"], "lambd", "0.5"),
    (&["IsInf"], "detect_negative", "1"),
    (&["IsInf"], "detect_positive", "1"),
    (&["DepthToSpace"], "mode", "'DCR'"),
    (&["Cast", "CastLike", "QuantizeLinear"], "saturate", "1"),
    (QUANTIZE, "axis", "1"),
    (QUANTIZE, "block_size", "0"),
    (&["ReverseSequence"], "batch_axis", "1"),
    (&["ReverseSequence"], "time_axis", "0"),
    (&["GridSample"], "align_corners", "0"),
    (&["GridSample"], "mode", "'linear'"),
    (&["GridSample"], "mode", "'bilinear'"),
    (&["GridSample"], "padding_mode", "'zeros'"),
    (&["MaxRoiPool"], "spatial_scale", "1.0"),
    (&["NonMaxSuppression"], "center_point_box", "0"),
    (&["Unique"], "sorted", "1"),
];

/// True where `text` is what the `ai.onnx` operator takes when the attribute
/// is left out.
pub fn is_default(op: &str, attribute: &str, text: &str) -> bool {
    DEFAULTS.iter().any(|d| d.1 == attribute && d.2 == text && d.0.contains(&op))
}

/// True for an `ai.onnx` operator whose windows default to stride 1,
/// dilation 1 and no padding.
pub fn has_windows(op: &str) -> bool {
    [CONV, POOL, OTHER_WINDOWS].iter().any(|l| l.contains(&op))
}

/// What operators before the given opset did where the attribute is absent,
/// if that differs from today's default: operator, opset, attribute, spelling.
/// `version` stands for a difference that no attribute expresses: Scan-8 has a
/// batch axis, the slope of PRelu-6 is per channel, the scale of
/// GroupNormalization-18 is per group.
const FORMER: &[(&str, i64, &str, &str)] = &[
    ("Selu", 6, "alpha", "alpha=1.6732"),
    ("Selu", 6, "gamma", "gamma=1.0507"),
    ("RoiAlign", 16, "coordinate_transformation_mode", FORMER_ROI),
    ("DFT", 20, "axis", "a1"),
    ("Scan", 9, "version", "version=8"),
    ("PRelu", 7, "version", "version=6"),
    ("GroupNormalization", 21, "version", "version=18"),
];
const FORMER_ROI: &str = "coordinate_transformation_mode='output_half_pixel'";

/// Spellings that an operator of an earlier opset gets in addition.
pub fn former(op: &str, opset: i64, has: impl Fn(&str) -> bool) -> impl Iterator<Item = String> {
    FORMER.iter().filter(move |f| f.0 == op && opset < f.1 && !has(f.2)).map(|f| f.3.into())
}

/// What operand a constant is, which decides how much of it is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It says what the operation does.
    Structural,
    /// A number in elementwise arithmetic, where a single one is no weight.
    Arithmetic,
    /// Anything else.
    Data,
}

/// Elementwise operators of `ai.onnx` with several operands.
const ARITHMETIC: &[&str] = &[
    "Add",
    "And",
    "BitShift",
    "BitwiseAnd",
    "BitwiseOr",
    "BitwiseXor",
    "Clip",
    "Div",
    "Equal",
    "Greater",
    "GreaterOrEqual",
    "Less",
    "LessOrEqual",
    "Max",
    "Mean",
    "Min",
    "Mod",
    "Mul",
    "Or",
    "Pow",
    "Sub",
    "Sum",
    "Where",
    "Xor",
];

/// What operand `position` of an operator is.
pub fn part(domain: &str, op: &str, position: usize) -> Part {
    match domain {
        "" if is_structural(op, position) => Part::Structural,
        "" if ARITHMETIC.contains(&op) => Part::Arithmetic,
        _ => Part::Data,
    }
}

/// True where operand `position` of an `ai.onnx` operator says what the
/// operation does rather than being data, so that its values are spelled.
fn is_structural(op: &str, position: usize) -> bool {
    match op {
        "Reshape" | "Expand" | "Tile" | "Squeeze" | "Unsqueeze" | "Split" | "TopK" | "OneHot"
        | "CenterCropPad" | "AffineGrid" | "Upsample" => position == 1,
        "Slice" | "Resize" => position >= 1,
        "Pad" => position == 1 || position == 3,
        "Col2Im" => position == 1 || position == 2,
        "MaxUnpool" => position == 2,
        "ConstantOfShape" | "Range" => true,
        op => position == 1 && REDUCE.contains(&op),
    }
}
