//! Roles of operations in an image network.

use super::sizes::Sizes;
use crate::opstring::{Literal, Op, Operand};

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident $text:literal),* $(,)?) => {
        /// What an operation is for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Role { $($(#[$doc])* $name),* }

        impl Role {
            /// All roles, in the order of their numbers.
            pub const ALL: [Self; [$($text),*].len()] = [$(Self::$name),*];
            /// Names, in that order.
            pub const NAMES: [&'static str; [$($text),*].len()] = [$($text),*];
        }
    };
}

roles! {
    /// Convolution of kernel 1 over 8 channels and more.
    Pointwise "pointwise",
    /// Convolution with a window over 8 channels and more.
    Window "window",
    /// Convolution over fewer than 8 channels.
    Thin "thin",
    /// Convolution in groups of several channels.
    Grouped "grouped",
    /// Depthwise convolution.
    Depthwise "depthwise",
    /// Product with weights of several rows.
    Product "product",
    /// Product with weights of one row: a classifier.
    Vector "vector",
    /// Attention.
    Attention "attention",
    /// Product of two values.
    ValueProduct "value_product",
    /// Recurrent layer.
    Recurrent "recurrent",
    /// Batch normalisation.
    BatchNorm "batch_norm",
    /// Layer normalisation.
    LayerNorm "layer_norm",
    /// Normalisation of groups of channels, or of single ones.
    GroupNorm "group_norm",
    /// Normalisation by the root mean square.
    RmsNorm "rms_norm",
    /// ReLU.
    Relu "relu",
    /// ReLU with a bound.
    Clip "clip",
    /// Piecewise linear form of swish.
    HardSwish "hard_swish",
    /// Piecewise linear form of sigmoid.
    HardSigmoid "hard_sigmoid",
    /// Sigmoid.
    Sigmoid "sigmoid",
    /// Swish, or SiLU.
    Swish "swish",
    /// GELU.
    Gelu "gelu",
    /// Hyperbolic tangent.
    Tanh "tanh",
    /// Any other function of single elements that is trained with.
    Function "function",
    /// Softmax outside of attention.
    Softmax "softmax",
    /// Sum of values.
    Residual "residual",
    /// Sum with a constant or a weight.
    Shift "shift",
    /// Product with a constant or a weight, element by element.
    Scale "scale",
    /// Product of two values of one size.
    Gate "gate",
    /// Product of a value with a much smaller one: squeeze and excitation.
    Excite "excite",
    /// Reduction over dimensions.
    Reduce "reduce",
    /// Maximum over windows.
    MaxPool "max_pool",
    /// Mean over windows.
    AveragePool "average_pool",
    /// Movement of data.
    Move "move",
    /// Anything else.
    Other "other",
}

/// Channels below which a convolution is thin.
const THIN: f64 = 8.0;
/// How many times smaller the factor of an excitation is at least.
const SMALLER: f64 = 4.0;

/// The role of an operation; `None` for inputs and what only describes data.
pub fn role(op: &Op, sizes: &Sizes) -> Option<Role> {
    let values = op.producers().count();
    Some(match op.kind.as_str() {
        "Input" | "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" | "Identity" | "Dropout"
        | "Shape" | "Constant" | "ConstantOfShape" => return None,
        "Conv" => convolution(sizes),
        "Gemm" | "MatMul" if values > 1 => Role::ValueProduct,
        "Gemm" | "MatMul" if sizes.rows() == 1.0 => Role::Vector,
        "Gemm" | "MatMul" => Role::Product,
        "Attention" => Role::Attention,
        "LSTM" | "GRU" | "RNN" => Role::Recurrent,
        "BatchNormalization" => Role::BatchNorm,
        "LayerNormalization" => Role::LayerNorm,
        "GroupNormalization" | "InstanceNormalization" => Role::GroupNorm,
        "RMSNormalization" | "SimplifiedLayerNormalization" => Role::RmsNorm,
        "Relu" => Role::Relu,
        "Clip" => Role::Clip,
        "HardSwish" => Role::HardSwish,
        "HardSigmoid" => Role::HardSigmoid,
        "Sigmoid" => Role::Sigmoid,
        "Swish" => Role::Swish,
        "Gelu" => Role::Gelu,
        "Tanh" => Role::Tanh,
        "Mish" | "LeakyRelu" | "Elu" | "Selu" | "Celu" | "PRelu" | "Erf" | "Softplus" => {
            Role::Function
        }
        "Softmax" => Role::Softmax,
        "Add" | "Sub" | "Div" | "Sum" if values > 1 => Role::Residual,
        "Add" | "Sub" | "Div" | "Sum" => Role::Shift,
        "Mul" if values > 1 => match sizes.smaller_input() * SMALLER < sizes.larger_input() {
            true => Role::Excite,
            false => Role::Gate,
        },
        "Mul" => Role::Scale,
        "GlobalAveragePool" | "GlobalMaxPool" | "ReduceMean" | "ReduceSum" | "ReduceMax" => {
            Role::Reduce
        }
        "MaxPool" => Role::MaxPool,
        "AveragePool" => Role::AveragePool,
        "Transpose" | "Concat" | "Slice" | "Gather" | "Pad" | "Tile" | "Expand" | "Split"
        | "Resize" | "DepthToSpace" | "SpaceToDepth" => Role::Move,
        _ => Role::Other,
    })
}

fn convolution(sizes: &Sizes) -> Role {
    let (channels, a_group) = (sizes.channels_in(), sizes.weight(1));
    match () {
        () if a_group < channels && a_group <= 1.0 => Role::Depthwise,
        () if a_group < channels => Role::Grouped,
        () if channels < THIN => Role::Thin,
        () if sizes.window() > 1.0 => Role::Window,
        () => Role::Pointwise,
    }
}

/// Whether attention has a mask or a bias.
pub fn is_masked(op: &Op) -> bool {
    op.kind == "Attention" && op.operands.iter().skip(3).any(|o| *o != Operand::Omitted)
}

/// The first stride of a convolution.
pub fn stride(op: &Op) -> f64 {
    use crate::opstring::{Attr, Window};
    let of = |a: &Attr| match a {
        Attr::Window(Window::Strides, s) => s.first().map(|&s| s as f64),
        Attr::Named(name, Literal::List(l)) if **name == *"strides" => match l.first() {
            Some(Literal::Int(s)) => Some(*s as f64),
            _ => None,
        },
        _ => None,
    };
    op.attributes.iter().find_map(of).unwrap_or(1.0)
}
