//! What a row of the registry can say of an operator: class, cost, roles, demands.

/// Family of an operator. Some of them decide how a node is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Element by element on several operands; see `Operator::is_arithmetic`.
    Arithmetic,
    /// Element by element on one operand.
    Elementwise,
    /// Slides a window; see `Operator::has_windows`.
    Window,
    /// Matrix product.
    Linear,
    /// Attention.
    Attention,
    /// Recurrent layer.
    Recurrent,
    /// Normalization by stored or computed statistics.
    Normalization,
    /// Softmax and its kin, which flattened their input before opset 13.
    Softmax,
    /// To integers or back.
    Quantization,
    /// Reduction along axes.
    Reduction,
    /// Reads only the elements that its indices name.
    LookUp,
    /// Picks, finds or replaces elements.
    Index,
    /// Rearranges elements, or describes their arrangement.
    Layout,
    /// Resampling.
    Resize,
    /// Image operator.
    Vision,
    /// Signal operator.
    Signal,
    /// Makes a tensor from sizes.
    Generator,
    /// Draws numbers, so that it is not computed when a model is loaded.
    Random,
    /// Runs its bodies. Bodies of other operators have their declared inputs.
    Control,
    /// Sequences and optionals.
    Sequence,
    /// Text.
    Text,
    /// Loss.
    Loss,
    /// Classical models of `ai.onnx.ml`.
    Classical,
    /// Step of an optimizer.
    Optimizer,
    /// Anything else.
    Other,
}

/// What an element or multiplication of an operator costs on a CPU; decides
/// which cost term it is counted under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CostKind {
    /// Convolution.
    Conv,
    /// Transposed convolution.
    TransposedConv,
    /// Convolution of integers.
    QuantisedConv,
    /// Matrix product of integers.
    QuantisedProduct,
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

/// What a constant is as an input of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightRole {
    /// A parameter where it holds floats, else a constant.
    ParameterIfFloat,
    /// As [`ParameterIfFloat`](Self::ParameterIfFloat); small integers are
    /// quantized weights on their way to the operator that uses them.
    CarriedParameter,
    /// As [`ParameterIfFloat`](Self::ParameterIfFloat), but a single number is
    /// a constant.
    ParameterUnlessSingle,
    /// As [`CarriedParameter`](Self::CarriedParameter), but a single number is a
    /// constant.
    CarriedUnlessSingle,
    /// A parameter of any type.
    Parameter,
    /// A buffer: statistics, scales, zero points.
    Buffer,
    /// A constant: bounds, sizes, masks.
    Constant,
}

/// What an operator asks of the values of an input when a model is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Demand {
    /// Indices along the axis of input 0 that the attribute `axis` names (0).
    IndexAxis,
    /// Indices along the last axis of input 0.
    IndexLastAxis,
    /// Indices along any axis of input 0.
    IndexAnyAxis,
    /// Indices of the rows of that input.
    IndexRowsOf(usize),
    /// The dimensions of the output.
    OutputShape,
    /// Factors by which sizes are multiplied.
    Factor,
    /// The number of steps of a recurrent layer, by its `layout`.
    Steps,
    /// The size of the axis of input 0 that this attribute names (0).
    AxisLength(&'static str),
    /// Different axes.
    Axes,
    /// Zeros.
    Zero,
    /// A flag that switches training on.
    Training,
}

/// Which inputs' elements an operator passes on to its outputs unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passes {
    /// Those of none.
    None,
    /// Those of input 0.
    First,
    /// Those of all inputs.
    All,
    /// Those of all inputs but input 0.
    AfterFirst,
}
