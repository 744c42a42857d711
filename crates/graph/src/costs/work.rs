//! MACs and other arithmetic of one operator.
//!
//! | operators | rule (N: elements of the first output) |
//! |---|---|
//! | Conv-22, ConvInteger-10, QLinearConv-10, DeformConv-22 | MACs N · (channels in / group) · kernel; 1 for each bias element |
//! | ConvTranspose-22 | MACs (elements in) · (channels out / group) · kernel; bias as above |
//! | MatMul-13, Gemm-13, QLinearMatMul-21, MatMulInteger-10 | MACs N · inner size; Gemm: 1 for each element of C added |
//! | Einsum-12 | MACs product of all index sizes (two operands or more) |
//! | RNN-22, GRU-22, LSTM-22 | MACs steps · batch · directions · gates · hidden · (input + hidden); 1, 8, 9 for each hidden element |
//! | Attention-23 | MACs batch · heads · queries · keys · (key size + value size); softmax 5 for each score |
//! | arithmetic, comparison, activation | N for each operand after the first, at least N, however the function is computed |
//! | Softmax-13, LogSoftmax-13, Hardmax-13 | 5 N (maximum, difference, exponential, sum, quotient) |
//! | BatchNormalization-15 | 2 N (scale and shift folded) |
//! | LayerNormalization-17, InstanceNormalization-22, GroupNormalization-21, MeanVarianceNormalization-13 | 7 N (mean, difference, square, sum, quotient, scale, shift) |
//! | RMSNormalization-23, LpNormalization-22 | 4 N |
//! | LRN-13 | (2 size + 3) N |
//! | MaxPool-22, AveragePool-22, LpPool-22 | kernel · N; global ones: elements in |
//! | Reduce*, ArgMax-13, CumSum-14, TopK-24 | elements in |
//! | Resize-19, GridSample-22 | nearest 0, linear 2 · 2^d, cubic 2 · 4^d for each output element, d resized dimensions |
//! | QuantizeLinear-28, DequantizeLinear-28 | 2 N; DynamicQuantizeLinear-11: 4 N |
//! | DFT-20, STFT-17 | 5 n log2 n for each transform of n points |
//! | shape, layout, indexing, casts, sequences | 0 |

use crate::model::{Attribute, Node};
use crate::shape::{Shapes, SymExpr};

/// Arithmetic of one operator.
#[derive(Debug, Clone)]
pub struct Work {
    /// Multiply-accumulate pairs.
    pub macs: SymExpr,
    /// Operations beside those.
    pub flops: SymExpr,
}

/// Product of sizes; plain numbers first, which is the usual case.
pub fn elements(dims: &[SymExpr]) -> Option<SymExpr> {
    let mut plain = 1i128;
    let mut rest = None;
    for d in dims {
        match (d.value(), rest.take()) {
            (Some(v), r) => {
                plain = plain.checked_mul(v)?;
                rest = r;
            }
            (None, None) => rest = Some(d.clone()),
            (None, Some(r)) => rest = Some(d.times(&r)?),
        }
    }
    let plain = SymExpr::Value(plain);
    match rest {
        None => Some(plain),
        Some(r) => r.times(&plain),
    }
}

struct Op<'a> {
    shapes: &'a Shapes,
    n: &'a Node,
}

/// The work of `n`; `None` where it depends on data or is not known.
pub fn of(shapes: &Shapes, n: &Node) -> Option<Work> {
    let op = Op { shapes, n };
    let kind = n.op_type.as_str();
    match n.domain.as_str() {
        "" => op
            .free(kind)
            .or_else(|| op.linear(kind))
            .or_else(|| op.pointwise(kind))
            .or_else(|| op.window(kind)),
        "com.microsoft" => op.microsoft(kind),
        "ai.onnx.ml" => op.ml(kind),
        "ai.onnx.preview.training" => op.training(kind),
        _ => None,
    }
}

/// Operators that move or describe data.
const FREE: &[&str] = &[
    "BitCast",
    "Cast",
    "CastLike",
    "CenterCropPad",
    "Compress",
    "Concat",
    "ConcatFromSequence",
    "Constant",
    "ConstantOfShape",
    "DepthToSpace",
    "Dropout",
    "Expand",
    "EyeLike",
    "Flatten",
    "Gather",
    "GatherElements",
    "GatherND",
    "Identity",
    "If",
    "Loop",
    "NonZero",
    "OneHot",
    "Optional",
    "OptionalGetElement",
    "OptionalHasElement",
    "Pad",
    "Range",
    "Reshape",
    "ReverseSequence",
    "Scan",
    "Scatter",
    "ScatterElements",
    "ScatterND",
    "SequenceAt",
    "SequenceConstruct",
    "SequenceEmpty",
    "SequenceErase",
    "SequenceInsert",
    "SequenceLength",
    "SequenceMap",
    "Shape",
    "Size",
    "Slice",
    "SpaceToDepth",
    "Split",
    "SplitToSequence",
    "Squeeze",
    "TensorScatter",
    "Tile",
    "Transpose",
    "Trilu",
    "Unsqueeze",
    "Where",
    "MaxUnpool",
];

/// Operators of one operation for each output element.
const ONCE: &[&str] = &[
    "Abs",
    "Acos",
    "Acosh",
    "AffineGrid",
    "And",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "Bernoulli",
    "BitShift",
    "BitwiseAnd",
    "BitwiseNot",
    "BitwiseOr",
    "BitwiseXor",
    "BlackmanWindow",
    "Ceil",
    "Celu",
    "Clip",
    "Cos",
    "Cosh",
    "Elu",
    "Equal",
    "Erf",
    "Exp",
    "Floor",
    "Gelu",
    "Greater",
    "GreaterOrEqual",
    "HammingWindow",
    "HannWindow",
    "HardSigmoid",
    "HardSwish",
    "IsInf",
    "IsNaN",
    "LeakyRelu",
    "Less",
    "LessOrEqual",
    "Log",
    "MelWeightMatrix",
    "Mish",
    "Mod",
    "Multinomial",
    "Neg",
    "Not",
    "Or",
    "PRelu",
    "Pow",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
    "Reciprocal",
    "Relu",
    "Round",
    "Selu",
    "Shrink",
    "Sigmoid",
    "Sign",
    "Sin",
    "Sinh",
    "Softplus",
    "Softsign",
    "Sqrt",
    "Swish",
    "Tan",
    "Tanh",
    "ThresholdedRelu",
    "Xor",
];

fn number(v: i64) -> SymExpr {
    SymExpr::Value(v.into())
}

fn macs(macs: SymExpr) -> Option<Work> {
    Some(Work { macs, flops: SymExpr::ZERO })
}

fn flops(flops: SymExpr) -> Option<Work> {
    Some(Work { macs: SymExpr::ZERO, flops })
}

impl Op<'_> {
    fn dims(&self, i: usize) -> Option<&[SymExpr]> {
        self.shapes.get(self.n.input(i)?)?.dims.as_deref()
    }

    fn out_dims(&self, i: usize) -> Option<&[SymExpr]> {
        self.shapes.get((*self.n.outputs.get(i)?)?)?.dims.as_deref()
    }

    /// Elements of input `i`.
    fn read(&self, i: usize) -> Option<SymExpr> {
        elements(self.dims(i)?)
    }

    /// Elements of the first output.
    fn made(&self) -> Option<SymExpr> {
        let first = self.n.outputs.iter().position(Option::is_some)?;
        elements(self.out_dims(first)?)
    }

    fn made_times(&self, k: i64) -> Option<Work> {
        flops(self.made()?.times(&number(k))?)
    }

    fn attr(&self, name: &str, default: i64) -> i64 {
        self.n.int(name).unwrap_or(default)
    }

    fn free(&self, kind: &str) -> Option<Work> {
        FREE.contains(&kind).then(|| flops(SymExpr::ZERO)).flatten()
    }

    fn linear(&self, kind: &str) -> Option<Work> {
        match kind {
            "Conv" | "ConvInteger" => self.conv(1, 2),
            "QLinearConv" => self.conv(3, 8),
            "DeformConv" => {
                let conv = self.conv(1, 3)?;
                // Bilinear sampling of each input element that a kernel reads.
                let sampled =
                    elements(self.dims(2)?)?.over(&number(2))?.times(self.dims(0)?.get(1)?)?;
                let groups = number(self.attr("offset_group", 1).max(1));
                let more = sampled.over(&groups)?.times(&number(8))?;
                Some(Work { flops: conv.flops.plus(&more)?, ..conv })
            }
            "CausalConvWithState" => macs(self.made()?.times(self.dims(1)?.last()?)?),
            "ConvTranspose" => {
                let kernel = elements(self.dims(1)?.get(1..)?)?;
                let bias = self.bias(2)?;
                Some(Work { macs: self.read(0)?.times(&kernel)?, flops: bias })
            }
            "MatMul" | "MatMulInteger" | "QLinearMatMul" => self.matmul(),
            "Gemm" => self.gemm(2),
            "Einsum" => self.einsum(),
            "RNN" => self.recurrent(1, 1),
            "GRU" => self.recurrent(3, 8),
            "LSTM" => self.recurrent(4, 9),
            "Attention" => self.attention(),
            "LinearAttention" => self.linear_attention(),
            "Det" => {
                let x = self.dims(0)?;
                let n = x.last()?;
                flops(self.read(0)?.times(n)?)
            }
            _ => None,
        }
    }

    fn bias(&self, input: usize) -> Option<SymExpr> {
        if self.n.input(input).is_some() { self.made() } else { Some(SymExpr::ZERO) }
    }

    fn conv(&self, weight: usize, bias: usize) -> Option<Work> {
        let kernel = elements(self.dims(weight)?.get(1..)?)?;
        Some(Work { macs: self.made()?.times(&kernel)?, flops: self.bias(bias)? })
    }

    fn matmul(&self) -> Option<Work> {
        macs(self.made()?.times(self.dims(0)?.last()?)?)
    }

    fn gemm(&self, bias: usize) -> Option<Work> {
        let a = self.dims(0)?;
        let k = if self.attr("transA", 0) == 1 { a.first()? } else { a.last()? };
        Some(Work { macs: self.made()?.times(k)?, flops: self.bias(bias)? })
    }

    fn einsum(&self) -> Option<Work> {
        let equation = self.n.string("equation")?;
        let left = equation.split("->").next()?;
        let mut seen: Vec<char> = Vec::new();
        let mut total = SymExpr::ONE;
        let terms: Vec<String> =
            left.split(',').map(|t| t.chars().filter(|c| !c.is_whitespace()).collect()).collect();
        for (i, term) in terms.iter().enumerate() {
            let dims = self.dims(i)?;
            if term.contains("...") {
                return None;
            }
            for (c, d) in term.chars().zip(dims) {
                if !seen.contains(&c) {
                    seen.push(c);
                    total = total.times(d)?;
                }
            }
        }
        if terms.len() < 2 { flops(total) } else { macs(total) }
    }

    fn recurrent(&self, gates: i64, each: i64) -> Option<Work> {
        let x = self.dims(0)?;
        let [a, b, width] = x else { return None };
        let hidden = match self.n.int("hidden_size") {
            Some(h) => number(h),
            None => self.dims(2)?.get(2)?.clone(),
        };
        let directions = if self.n.string("direction") == Some("bidirectional") { 2 } else { 1 };
        let cells = a.times(b)?.times(&hidden)?.times(&number(directions))?;
        let macs = cells.times(&number(gates))?.times(&width.plus(&hidden)?)?;
        let bias = if self.n.input(3).is_some() { 2 * gates } else { gates };
        Some(Work { macs, flops: cells.times(&number(each + bias))? })
    }

    /// Scores and weighted sum; softmax on the scores.
    fn attention_of(&self, scores: SymExpr, dk: &SymExpr, dv: &SymExpr) -> Option<Work> {
        Some(Work { macs: scores.times(&dk.plus(dv)?)?, flops: scores.times(&number(5))? })
    }

    fn attention(&self) -> Option<Work> {
        let (q, k, v) = (self.dims(0)?, self.dims(1)?, self.dims(2)?);
        let past = self.dims(4).and_then(|p| p.get(2));
        let keys = |len: &SymExpr| match past {
            Some(p) => len.plus(p),
            None => Some(len.clone()),
        };
        match q {
            [batch, heads, queries, dk] => {
                let scores = batch.times(heads)?.times(queries)?.times(&keys(k.get(2)?)?)?;
                self.attention_of(scores, dk, v.get(3)?)
            }
            [batch, queries, hidden] => {
                let heads = number(self.n.int("q_num_heads").filter(|&h| h > 0)?);
                let kv_heads = number(self.n.int("kv_num_heads").filter(|&h| h > 0)?);
                let scores = batch.times(&heads)?.times(queries)?.times(&keys(k.get(1)?)?)?;
                self.attention_of(scores, &hidden.over(&heads)?, &v.get(2)?.over(&kv_heads)?)
            }
            _ => None,
        }
    }

    /// For each token the state is updated (delta rules also read it) and queried.
    fn linear_attention(&self) -> Option<Work> {
        let (q, k, v) = (self.dims(0)?, self.dims(1)?, self.dims(2)?);
        let heads = |name| self.n.int(name).filter(|&h| h > 0).map(number);
        let (qh, kvh) = (heads("q_num_heads")?, heads("kv_num_heads")?);
        let state = k.get(2)?.over(&kvh)?.times(&v.get(2)?.over(&kvh)?)?;
        let updates =
            if self.n.string("update_rule").is_some_and(|r| r.contains("delta")) { 2 } else { 1 };
        let each = kvh.times(&number(updates))?.plus(&qh)?;
        macs(q.first()?.times(q.get(1)?)?.times(&state)?.times(&each)?)
    }

    fn pointwise(&self, kind: &str) -> Option<Work> {
        match kind {
            "Add" | "Sub" | "Mul" | "Div" | "Max" | "Min" | "Sum" | "Mean" => {
                let operands = i64::try_from(self.n.inputs.iter().flatten().count()).ok()?;
                self.made_times((operands - 1).max(i64::from(kind != "Sum")))
            }
            "Softmax" | "LogSoftmax" | "Hardmax" => self.made_times(5),
            "BatchNormalization" => self.made_times(2),
            "LayerNormalization"
            | "InstanceNormalization"
            | "GroupNormalization"
            | "MeanVarianceNormalization" => self.made_times(7),
            "RMSNormalization" | "SimplifiedLayerNormalization" | "LpNormalization" => {
                self.made_times(4)
            }
            "LRN" => self.made_times(self.attr("size", 1).clamp(0, 1 << 20) * 2 + 3),
            "QuantizeLinear" | "DequantizeLinear" => self.made_times(2),
            "DynamicQuantizeLinear" => self.made_times(4),
            "RotaryEmbedding" => self.made_times(3),
            "SwiGLU" => self.made_times(2),
            "SoftmaxCrossEntropyLoss" => flops(self.read(0)?.times(&number(5))?),
            "NegativeLogLikelihoodLoss" => flops(self.read(1)?),
            "ReduceL2" | "ReduceSumSquare" => flops(self.read(0)?.times(&number(2))?),
            "ReduceLogSumExp" => flops(self.read(0)?.times(&number(3))?),
            "ArgMax" | "ArgMin" | "CumSum" | "CumProd" | "TopK" => flops(self.read(0)?),
            k if k.starts_with("Reduce") => flops(self.read(0)?),
            k if ONCE.contains(&k) => self.made_times(1),
            _ => None,
        }
    }

    fn window(&self, kind: &str) -> Option<Work> {
        match kind {
            "MaxPool" | "AveragePool" | "LpPool" => {
                let area =
                    self.n.ints("kernel_shape")?.iter().try_fold(1i64, |a, &k| a.checked_mul(k))?;
                self.made_times(area)
            }
            "GlobalAveragePool" | "GlobalMaxPool" | "GlobalLpPool" => flops(self.read(0)?),
            "Resize" | "Upsample" => {
                self.interpolated(self.n.string("mode").unwrap_or("nearest"), self.resized()?)
            }
            "GridSample" => {
                let spatial = u32::try_from(self.dims(0)?.len().checked_sub(2)?).ok()?;
                self.interpolated(self.n.string("mode").unwrap_or("linear"), spatial)
            }
            "Col2Im" => flops(self.read(0)?),
            "RoiAlign" => {
                let ratio = self.n.int("sampling_ratio").filter(|&r| (1..1024).contains(&r))?;
                self.made_times(ratio * ratio * 8)
            }
            "DFT" => {
                let (x, y) = (self.dims(0)?, self.out_dims(0)?);
                let lengths: Vec<&SymExpr> =
                    x.iter().zip(y).filter(|(a, b)| a != b).map(|(a, _)| a).collect();
                let last = x.len().checked_sub(2)?;
                let axis = self
                    .shapes
                    .get(self.n.input(2)?)
                    .and_then(|t| t.ints.as_ref()?.first().copied());
                let axis =
                    axis.or(self.n.int("axis")).map(|a| if a < 0 { a + x.len() as i64 } else { a });
                let n = match axis.and_then(|a| usize::try_from(a).ok()) {
                    Some(a) => x.get(a)?,
                    None => *lengths.first().unwrap_or(&x.get(last)?),
                };
                let points = elements(x.get(..x.len() - 1)?)?;
                self.fourier(points.over(n)?, n)
            }
            "STFT" => {
                let y = self.out_dims(0)?;
                let n = match self.n.input(3) {
                    Some(v) => number(*self.shapes.get(v)?.ints.as_ref()?.first()?),
                    None => self.dims(2)?.first()?.clone(),
                };
                self.fourier(y.first()?.times(y.get(1)?)?, &n)
            }
            _ => None,
        }
    }

    /// Dimensions that a Resize changes.
    fn resized(&self) -> Option<u32> {
        let (x, y) = (self.dims(0)?, self.out_dims(0)?);
        u32::try_from(x.iter().zip(y).filter(|(a, b)| a != b).count()).ok()
    }

    fn interpolated(&self, mode: &str, dims: u32) -> Option<Work> {
        let taps: i64 = match mode {
            "nearest" => return flops(SymExpr::ZERO),
            "cubic" | "bicubic" => 4,
            _ => 2,
        };
        self.made_times(taps.checked_pow(dims.min(16))?.checked_mul(2)?)
    }

    fn fourier(&self, transforms: SymExpr, n: &SymExpr) -> Option<Work> {
        let points = n.value()?;
        let each = 5.0 * points as f64 * (points.max(1) as f64).log2();
        flops(transforms.times(&SymExpr::Value(each.round() as i128))?)
    }

    fn microsoft(&self, kind: &str) -> Option<Work> {
        match kind {
            "FusedConv" => self.conv(1, 2),
            "FusedGemm" => self.gemm(2),
            "FusedMatMul" | "TransposeMatMul" => {
                let a = self.dims(0)?;
                let k = if self.attr("transA", 0) == 1 {
                    a.get(a.len().checked_sub(2)?)?
                } else {
                    a.last()?
                };
                macs(self.made()?.times(k)?)
            }
            "MatMulIntegerToFloat" | "DynamicQuantizeMatMul" => self.matmul(),
            "MatMulNBits" | "MatMulBnb4" | "MatMulFpQ4" => {
                macs(self.made()?.times(&number(self.n.int("K")?))?)
            }
            "QGemm" => self.gemm(6),
            "DynamicQuantizeLSTM" => self.recurrent(4, 9),
            "Attention" | "QAttention" => self.packed_attention(),
            "MultiHeadAttention" | "GroupQueryAttention" => {
                let ([batch, queries, hidden], Some([_, _, cache, _])) =
                    (self.dims(0)?, self.out_dims(1))
                else {
                    return None;
                };
                let heads = number(self.n.int("num_heads").filter(|&h| h > 0)?);
                let head = hidden.over(&heads)?;
                self.attention_of(batch.times(&heads)?.times(queries)?.times(cache)?, &head, &head)
            }
            "SkipLayerNormalization" | "EmbedLayerNormalization" => self.made_times(8),
            "SkipSimplifiedLayerNormalization" => self.made_times(5),
            "SimplifiedLayerNormalization" => self.made_times(4),
            "BiasGelu" | "QLinearAdd" | "QLinearMul" | "QuantizeLinear" | "DequantizeLinear" => {
                self.made_times(2)
            }
            "FastGelu" | "Gelu" | "QuickGelu" | "QLinearSigmoid" | "QLinearLeakyRelu" => {
                self.made_times(1)
            }
            "QLinearSoftmax" => self.made_times(5),
            "RotaryEmbedding" => self.made_times(3),
            "QLinearGlobalAveragePool" | "QLinearReduceMean" => flops(self.read(0)?),
            "QLinearAveragePool" => self.window("AveragePool"),
            "QLinearConcat" | "Trilu" => flops(SymExpr::ZERO),
            _ => None,
        }
    }

    fn packed_attention(&self) -> Option<Work> {
        let ([batch, length, _], w) = (self.dims(0)?, self.dims(1)?) else { return None };
        let heads = number(self.n.int("num_heads").filter(|&h| h > 0)?);
        let project = batch.times(length)?.times(&elements(w)?)?;
        let head = self.out_dims(0)?.last()?.over(&heads)?;
        let scores = batch.times(&heads)?.times(length)?.times(length)?;
        let inner = self.attention_of(scores, &head, &head)?;
        Some(Work { macs: inner.macs.plus(&project)?, ..inner })
    }

    fn ml(&self, kind: &str) -> Option<Work> {
        match kind {
            "LinearClassifier" | "LinearRegressor" => {
                let x = self.dims(0)?;
                let rows = if x.len() == 1 { SymExpr::ONE } else { x.first()?.clone() };
                let Some(Attribute::Floats(c)) = self.n.attribute("coefficients") else {
                    return None;
                };
                macs(rows.times(&c.len().into())?)
            }
            "Scaler" => self.made_times(2),
            "Normalizer" => self.made_times(3),
            "Binarizer" => self.made_times(1),
            "ArrayFeatureExtractor"
            | "ZipMap"
            | "FeatureVectorizer"
            | "OneHotEncoder"
            | "Imputer"
            | "LabelEncoder"
            | "CategoryMapper" => flops(SymExpr::ZERO),
            _ => None,
        }
    }

    /// Optimizer steps, operations for each parameter.
    fn training(&self, kind: &str) -> Option<Work> {
        let each = match kind {
            "Adam" => 12,
            "Adagrad" => 6,
            "Momentum" => 4,
            _ => return None,
        };
        let groups = if kind == "Adam" { 4 } else { 3 };
        let n = self.n.inputs.len().checked_sub(2)? / groups;
        let mut total = SymExpr::ZERO;
        for i in 0..n {
            total = total.plus(&self.read(2 + i)?)?;
        }
        flops(total.times(&number(each))?)
    }
}
