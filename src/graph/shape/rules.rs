//! Shape rules by operator.

use super::State;
use crate::graph::types::*;
use rten_shape_inference::ops::{self, *};
use rten_shape_inference::{
    BinaryOp, InferShapes, InferShapesContext, ReductionOp, SymExpr, SymTensor, UnaryOp, VariadicOp,
};

/// Shapes of the outputs of `n`, `None` where unknown.
pub fn infer(s: &mut State, n: &Node) -> Vec<Option<SymTensor>> {
    if !matches!(n.domain.as_str(), "" | "com.microsoft") {
        return Vec::new();
    }
    if let Some(out) = own(s, n) {
        return out;
    }
    by_crate(s, n).unwrap_or_default().into_iter().map(Some).collect()
}

fn inputs(s: &State, n: &Node) -> Vec<Option<SymTensor>> {
    let get = |v: &Option<ValueId>| {
        v.map(|v| s.tensor(v).cloned().unwrap_or_else(|| SymTensor::unknown("no type")))
    };
    n.inputs.iter().map(get).collect()
}

fn run(s: &mut State, n: &Node, op: &dyn InferShapes) -> Option<Vec<SymTensor>> {
    let inputs = inputs(s, n);
    op.infer_shapes(InferShapesContext::new(&inputs), &mut s.generator).ok()
}

fn usizes(v: Option<&[i64]>) -> Option<Vec<usize>> {
    v?.iter().map(|&x| usize::try_from(x).ok()).collect()
}

fn int32s(v: Option<&[i64]>) -> Option<Vec<i32>> {
    v?.iter().map(|&x| i32::try_from(x).ok()).collect()
}

fn axis(n: &Node, default: i32) -> i32 {
    n.int("axis").and_then(|a| i32::try_from(a).ok()).unwrap_or(default)
}

/// Rules that the crate has.
fn by_crate(s: &mut State, n: &Node) -> Option<Vec<SymTensor>> {
    match n.op_type.as_str() {
        "Add" => run(s, n, &Add),
        "Sub" => run(s, n, &Sub),
        "Mul" => run(s, n, &Mul),
        "Div" => run(s, n, &Div),
        "Equal" => run(s, n, &Equal),
        "Where" => run(s, n, &Where),
        "Neg" => run(s, n, &Neg),
        "Pow" | "Less" | "LessOrEqual" | "Greater" | "GreaterOrEqual" | "And" | "Or" | "Xor"
        | "Mod" | "PRelu" | "BitShift" | "BitwiseAnd" | "BitwiseOr" | "BitwiseXor" => {
            run(s, n, &BinaryOp)
        }
        "Max" | "Min" | "Sum" | "Mean" => run(s, n, &VariadicOp),
        "Concat" => run(s, n, &Concat { axis: axis(n, 1) }),
        "Tile" => run(s, n, &Tile),
        "Gather" => run(s, n, &Gather { axis: axis(n, 0) }),
        "GatherElements" => run(s, n, &GatherElements),
        "GatherND" => {
            let batch_dims = usize::try_from(n.int("batch_dims").unwrap_or(0)).ok()?;
            run(s, n, &GatherND { batch_dims })
        }
        "ConstantOfShape" => {
            let value = match n.attribute("value") {
                Some(Attribute::Tensor(t)) => {
                    t.ints(1).and_then(|v| i32::try_from(*v.first()?).ok())
                }
                _ => None,
            };
            run(s, n, &ConstantOfShape { value })
        }
        "OneHot" => run(s, n, &OneHot { axis: axis(n, -1) }),
        "Range" => run(s, n, &Range),
        "Expand" => run(s, n, &Expand),
        "Flatten" => run(s, n, &Flatten { axis: axis(n, 1) }),
        "Reshape" => run(s, n, &Reshape { allow_zero: n.int("allowzero") == Some(1) }),
        "Shape" => {
            let get = |k| n.int(k).and_then(|x| i32::try_from(x).ok());
            run(s, n, &ops::Shape { start: get("start"), end: get("end") })
        }
        "Size" => run(s, n, &Size),
        "Transpose" => {
            let perm = usizes(n.ints("perm"));
            run(s, n, &Transpose { perm: perm.as_deref() })
        }
        "Gemm" => run(
            s,
            n,
            &Gemm {
                transpose_a: n.int("transA") == Some(1),
                transpose_b: n.int("transB") == Some(1),
            },
        ),
        "MatMul" | "MatMulInteger" => run(s, n, &MatMul),
        "Einsum" => run(s, n, &Einsum { equation: n.string("equation")? }),
        "GlobalAveragePool" | "GlobalMaxPool" | "GlobalLpPool" => run(s, n, &GlobalPool),
        "GridSample" => run(s, n, &GridSample),
        "Pad" if n.inputs.len() > 1 => run(s, n, &Pad),
        "NonZero" => run(s, n, &NonZero),
        "NonMaxSuppression" => run(s, n, &NonMaxSuppression),
        "DynamicQuantizeLinear" => run(s, n, &DynamicQuantizeLinear),
        "DepthToSpace" => {
            let block_size = u32::try_from(n.int("blocksize")?).ok().filter(|&b| b > 0)?;
            run(s, n, &DepthToSpace { block_size })
        }
        "TopK" => run(s, n, &TopK { axis: Some(axis(n, -1)) }),
        "GRU" | "LSTM" | "RNN" if n.int("layout").unwrap_or(0) == 0 => {
            let direction = match n.string("direction") {
                Some("bidirectional") => Direction::Bidirectional,
                _ => Direction::Unidirectional,
            };
            match n.op_type.as_str() {
                "LSTM" => run(s, n, &LSTM { direction }),
                _ => run(s, n, &GRU { direction }),
            }
        }
        "Slice" if n.inputs.len() > 1 => run(s, n, &Slice),
        op if op.starts_with("Reduce") || matches!(op, "ArgMax" | "ArgMin") => reduce(s, n),
        op if ELEMENTWISE.contains(&op) => run(s, n, &UnaryOp),
        _ => None,
    }
}

/// Operators whose first output has the shape of the first input.
const ELEMENTWISE: &[&str] = &[
    "Abs",
    "Acos",
    "Acosh",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "BatchNormalization",
    "Bernoulli",
    "BiasGelu",
    "BitwiseNot",
    "Cast",
    "CastLike",
    "Ceil",
    "Celu",
    "Clip",
    "Cos",
    "Cosh",
    "CumSum",
    "DequantizeLinear",
    "Dropout",
    "Elu",
    "Erf",
    "Exp",
    "EyeLike",
    "FastGelu",
    "Floor",
    "Gelu",
    "GroupNormalization",
    "HardSigmoid",
    "HardSwish",
    "Hardmax",
    "Identity",
    "InstanceNormalization",
    "IsInf",
    "IsNaN",
    "LRN",
    "LayerNormalization",
    "LeakyRelu",
    "Log",
    "LogSoftmax",
    "LpNormalization",
    "MeanVarianceNormalization",
    "Mish",
    "Not",
    "QuantizeLinear",
    "QuickGelu",
    "RMSNormalization",
    "RandomNormalLike",
    "RandomUniformLike",
    "Reciprocal",
    "Relu",
    "ReverseSequence",
    "RotaryEmbedding",
    "Round",
    "ScatterElements",
    "ScatterND",
    "Scatter",
    "Selu",
    "Shrink",
    "Sigmoid",
    "Sign",
    "SimplifiedLayerNormalization",
    "Sin",
    "Sinh",
    "SkipLayerNormalization",
    "Softmax",
    "Softplus",
    "Softsign",
    "Sqrt",
    "Swish",
    "Tan",
    "Tanh",
    "ThresholdedRelu",
    "Trilu",
];

fn reduce(s: &mut State, n: &Node) -> Option<Vec<SymTensor>> {
    let keep_dims = n.int("keepdims").unwrap_or(1) != 0;
    if n.op_type.starts_with("Arg") {
        let axes = [axis(n, 0)];
        return run(s, n, &ReductionOp { axes: Some(&axes), keep_dims });
    }
    let axes = int32s(n.ints("axes"));
    let empty = axes.is_none() && n.input(1).is_none();
    if empty && n.int("noop_with_empty_axes") == Some(1) {
        return run(s, n, &UnaryOp);
    }
    run(s, n, &ReductionOp { axes: axes.as_deref(), keep_dims })
}

/// Rules that the crate lacks or has only for some cases; `None` passes the
/// node on to the crate.
fn own(s: &mut State, n: &Node) -> Option<Vec<Option<SymTensor>>> {
    match n.op_type.as_str() {
        "Conv" | "ConvInteger" | "QLinearConv" | "FusedConv" => Some(vec![conv(s, n)]),
        "MaxPool" | "AveragePool" | "LpPool" => {
            let shape = pool(s, n);
            Some(vec![shape.clone(), shape])
        }
        "ConvTranspose" => Some(vec![conv_transpose(s, n)]),
        "Identity" => Some(vec![s.tensor(n.input(0)?).cloned()]),
        "Cast" => Some(vec![cast(s, n)]),
        "Squeeze" | "Unsqueeze" => Some(vec![squeeze(s, n)]),
        "Split" => Some(split(s, n)),
        "Resize" | "Upsample" => Some(vec![resize(s, n)]),
        "If" => Some(branches(s, n)),
        _ => None,
    }
}

fn dims(s: &State, v: ValueId) -> Option<Vec<SymExpr>> {
    s.tensor(v)?.shape().map(|d| d.collect())
}

/// Casts between integer types keep values; other casts keep the shape.
fn cast(s: &State, n: &Node) -> Option<SymTensor> {
    let t = s.tensor(n.input(0)?)?;
    let integer = |d: i64| matches!(d, 2..=7 | 12 | 13);
    match n.int("to").is_some_and(integer) {
        true => Some(t.clone()),
        false => t.shape().map(|d| SymTensor::from_shape(d.collect())),
    }
}

/// The window of a convolution or pooling along one spatial dimension.
struct Window {
    kernel: SymExpr,
    stride: usize,
    dilation: usize,
    pads: (usize, usize),
}

enum AutoPad {
    None,
    Same,
    Valid,
}

fn auto_pad(n: &Node) -> AutoPad {
    match n.string("auto_pad") {
        Some("SAME_UPPER" | "SAME_LOWER") => AutoPad::Same,
        Some("VALID") => AutoPad::Valid,
        _ => AutoPad::None,
    }
}

/// The windows along the spatial dimensions, from the attributes `strides`,
/// `dilations` and `pads`; `None` where these are malformed.
fn windows(n: &Node, kernel: &[SymExpr]) -> Option<Vec<Window>> {
    let d = kernel.len();
    let per_dim = |name| match n.ints(name) {
        Some(v) => usizes(Some(v)).filter(|v| v.len() == d && !v.contains(&0)),
        None => Some(vec![1; d]),
    };
    let (strides, dilations) = (per_dim("strides")?, per_dim("dilations")?);
    let pads = match n.ints("pads") {
        Some(v) => usizes(Some(v)).filter(|v| v.len() == 2 * d)?,
        None => vec![0; 2 * d],
    };
    let window = |i: usize| {
        Some(Window {
            kernel: kernel.get(i)?.clone(),
            stride: *strides.get(i)?,
            dilation: *dilations.get(i)?,
            pads: (*pads.get(i)?, *pads.get(d + i)?),
        })
    };
    (0..d).map(window).collect()
}

fn expr(n: usize) -> SymExpr {
    SymExpr::Value(i32::try_from(n).unwrap_or(i32::MAX))
}

impl Window {
    /// Output size, by the formulas of Conv-11 and AveragePool-19.
    fn output(&self, input: &SymExpr, auto: &AutoPad, ceil: bool) -> SymExpr {
        let (one, stride) = (SymExpr::Value(1), expr(self.stride));
        let (begin, end) = match auto {
            AutoPad::Same => return input.div_ceil(&stride).simplify(),
            AutoPad::Valid => (0, 0),
            AutoPad::None => self.pads,
        };
        let span = expr(self.dilation) * (self.kernel.clone() - one.clone()) + one.clone();
        let free = (input.clone() + expr(begin) + expr(end) - span).simplify();
        if !ceil {
            return (free / stride + one).simplify();
        }
        let most = (input.clone() + expr(begin) - one.clone()) / stride.clone() + one.clone();
        (free.div_ceil(&stride) + one).min(&most).simplify()
    }
}

fn conv(s: &State, n: &Node) -> Option<SymTensor> {
    let at = if n.op_type == "QLinearConv" { 3 } else { 1 };
    let (x, w) = (dims(s, n.input(0)?)?, dims(s, n.input(at)?)?);
    if x.len() < 3 || x.len() != w.len() {
        return None;
    }
    let auto = auto_pad(n);
    let mut out = vec![x.first()?.clone(), w.first()?.clone()];
    for (d, win) in x.iter().skip(2).zip(windows(n, w.get(2..)?)?) {
        out.push(win.output(d, &auto, false));
    }
    Some(SymTensor::from_shape(out))
}

fn pool(s: &State, n: &Node) -> Option<SymTensor> {
    let x = dims(s, n.input(0)?)?;
    let kernel: Vec<SymExpr> = usizes(n.ints("kernel_shape"))?.into_iter().map(expr).collect();
    if x.len() != kernel.len() + 2 {
        return None;
    }
    let (auto, ceil) = (auto_pad(n), n.int("ceil_mode") == Some(1));
    let mut out = x.get(..2)?.to_vec();
    for (d, win) in x.iter().skip(2).zip(windows(n, &kernel)?) {
        out.push(win.output(d, &auto, ceil));
    }
    Some(SymTensor::from_shape(out))
}

/// ConvTranspose-11, `output_shape` included.
fn conv_transpose(s: &State, n: &Node) -> Option<SymTensor> {
    let (x, w) = (dims(s, n.input(0)?)?, dims(s, n.input(1)?)?);
    if x.len() < 3 || x.len() != w.len() {
        return None;
    }
    let group = expr(usize::try_from(n.int("group").unwrap_or(1)).ok()?);
    let mut out = vec![x.first()?.clone(), (w.get(1)?.clone() * group).simplify()];
    if let Some(shape) = usizes(n.ints("output_shape")) {
        let spatial = shape.len().checked_sub(x.len() - 2)?;
        out.extend(shape.into_iter().skip(spatial).map(expr));
        return Some(SymTensor::from_shape(out));
    }
    let extra = usizes(n.ints("output_padding")).unwrap_or_default();
    let (auto, one) = (auto_pad(n), SymExpr::Value(1));
    for (i, (d, win)) in x.iter().skip(2).zip(windows(n, w.get(2..)?)?).enumerate() {
        let stride = expr(win.stride);
        if let AutoPad::Same = auto {
            out.push((d.clone() * stride).simplify());
            continue;
        }
        let pads = if let AutoPad::Valid = auto { 0 } else { win.pads.0 + win.pads.1 };
        let span = expr(win.dilation) * (win.kernel - one.clone()) + one.clone();
        let extra = expr(extra.get(i).copied().unwrap_or(0));
        out.push(((d.clone() - one.clone()) * stride + extra + span - expr(pads)).simplify());
    }
    Some(SymTensor::from_shape(out))
}

/// Integer elements of an attribute (older opsets) or of a constant input.
fn ints_at(s: &State, n: &Node, name: &str, input: usize) -> Option<Vec<i64>> {
    if let Some(v) = n.ints(name) {
        return Some(v.to_vec());
    }
    let t = s.tensor(n.input(input)?)?.to_constant()?;
    Some(t.values().iter().map(|&v| v.into()).collect())
}

fn wrap(axis: i64, rank: usize) -> Option<usize> {
    let rank = i64::try_from(rank).ok()?;
    let a = if axis < 0 { axis + rank } else { axis };
    usize::try_from(a).ok().filter(|_| a < rank)
}

fn squeeze(s: &State, n: &Node) -> Option<SymTensor> {
    let id = n.input(0)?;
    let (x, t) = (dims(s, id)?, s.tensor(id)?);
    let axes = ints_at(s, n, "axes", 1);
    if n.op_type == "Unsqueeze" {
        let axes = axes?;
        let rank = x.len() + axes.len();
        let at: Vec<usize> = axes.iter().map(|&a| wrap(a, rank)).collect::<Option<_>>()?;
        if let (Some(v), [0]) = (t.as_scalar(), at.as_slice()) {
            return Some(SymTensor::from_vec(vec![v.clone()]));
        }
        let mut rest = x.into_iter();
        let out = (0..rank).map(|i| match at.contains(&i) {
            true => Some(SymExpr::Value(1)),
            false => rest.next(),
        });
        return out.collect::<Option<_>>().map(SymTensor::from_shape);
    }
    let at: Vec<usize> = match axes {
        Some(a) => a.iter().map(|&a| wrap(a, x.len())).collect::<Option<_>>()?,
        None if x.iter().all(|d| super::size(d).is_some()) => {
            (0..x.len()).filter(|&i| x.get(i) == Some(&SymExpr::Value(1))).collect()
        }
        None => return None,
    };
    if let (Some([v]), [0]) = (t.as_vector(), at.as_slice()) {
        return Some(SymTensor::from_scalar(v.clone()));
    }
    let keep = x.into_iter().enumerate().filter(|(i, _)| !at.contains(i)).map(|(_, d)| d);
    Some(SymTensor::from_shape(keep.collect()))
}

/// Split-18: sizes from the attribute or input, else equal parts, the last smaller.
fn split(s: &mut State, n: &Node) -> Vec<Option<SymTensor>> {
    let count = n.outputs.len();
    split_sizes(s, n, count).unwrap_or_else(|| vec![None; count])
}

fn split_sizes(s: &State, n: &Node, count: usize) -> Option<Vec<Option<SymTensor>>> {
    let x = dims(s, n.input(0)?)?;
    let axis = wrap(n.int("axis").unwrap_or(0), x.len())?;
    let whole = x.get(axis)?.clone();
    let sizes: Vec<SymExpr> = match ints_at(s, n, "split", 1) {
        Some(v) => v.iter().map(|&d| usize::try_from(d).ok().map(expr)).collect::<Option<_>>()?,
        None if n.input(1).is_some() => return None,
        None => {
            let part = whole.div_ceil(&expr(count)).simplify();
            let last = match super::size(&whole) {
                Some(_) => whole - part.clone() * expr(count - 1),
                None => part.clone(),
            };
            let mut v = vec![part; count - 1];
            v.push(last.simplify());
            v
        }
    };
    let out = sizes.into_iter().map(|d| {
        let mut x = x.clone();
        *x.get_mut(axis)? = d;
        Some(SymTensor::from_shape(x))
    });
    Some(out.collect())
}

/// Resize-19 and Upsample-9: `sizes`, else `scales` (floats; floor of the product).
fn resize(s: &mut State, n: &Node) -> Option<SymTensor> {
    let x = dims(s, n.input(0)?)?;
    let axes: Vec<usize> = match n.ints("axes") {
        Some(a) => a.iter().map(|&a| wrap(a, x.len())).collect::<Option<_>>()?,
        None => (0..x.len()).collect(),
    };
    let upsample = n.op_type == "Upsample" || n.inputs.len() == 2;
    let mut out = x.clone();
    if let Some(sizes) = n.input(3).and_then(|v| s.tensor(v)).and_then(|t| t.as_vector()) {
        for (&a, d) in axes.iter().zip(sizes) {
            *out.get_mut(a)? = d.clone();
        }
        return Some(SymTensor::from_shape(out));
    }
    let scales = match n.attribute("scales") {
        Some(Attribute::Floats(v)) => Some(v.iter().map(|&f| f.into()).collect()),
        _ => n
            .input(if upsample { 1 } else { 2 })
            .and_then(|v| s.value(v))
            .and_then(|v| v.tensor.as_ref()?.floats(64)),
    };
    for (i, &a) in axes.iter().enumerate() {
        let scale: Option<f64> = scales.as_ref().and_then(|v: &Vec<f64>| v.get(i).copied());
        *out.get_mut(a)? = scaled(x.get(a)?, scale).unwrap_or_else(|| s.generator.gen_positive());
    }
    Some(SymTensor::from_shape(out))
}

fn scaled(d: &SymExpr, scale: Option<f64>) -> Option<SymExpr> {
    let scale = scale.filter(|s| s.is_finite() && *s > 0.0)?;
    match d {
        SymExpr::Value(v) => Some(SymExpr::Value((f64::from(*v) * scale).floor() as i32)),
        d if scale.fract() == 0.0 && scale < 1e6 => {
            Some((d.clone() * SymExpr::Value(scale as i32)).simplify())
        }
        _ => None,
    }
}

/// Outputs of `If`: what both branches agree on.
fn branches(s: &State, n: &Node) -> Vec<Option<SymTensor>> {
    let bodies: Vec<&Graph> = n.subgraphs().collect();
    let shape = |g: &Graph, i: usize| g.outputs.get(i).and_then(|&v| dims(s, v));
    let both = |i: usize| match bodies.as_slice() {
        [a, b] => {
            shape(a, i).filter(|d| shape(b, i).as_ref() == Some(d)).map(SymTensor::from_shape)
        }
        _ => None,
    };
    (0..n.outputs.len()).map(both).collect()
}
