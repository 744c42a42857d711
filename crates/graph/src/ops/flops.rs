//! MACs and other arithmetic of one operator.
//!
//! | operators | rule (N: elements of the first output) |
//! |---|---|
//! | Conv-22, ConvInteger-10, QLinearConv-10, DeformConv-22 | MACs N · (channels in / group) · kernel; 1 for each bias element |
//! | … in the layouts of saved models (`NhwcConv`, `com.microsoft.nchwc`) | as stored, channels that fill up a block included |
//! | ConvTranspose-22 | MACs (elements in) · (channels out / group) · kernel; bias as above |
//! | MatMul-13, Gemm-13, QLinearMatMul-21, MatMulInteger-10 | MACs N · inner size; Gemm: 1 for each element of C added |
//! | Einsum-12 | MACs product of all index sizes, those of `...` included, after broadcasting (two operands or more); one operand that is summed: FLOPs as many |
//! | RNN-22, GRU-22, LSTM-22 | MACs steps · batch · directions · gates · hidden · (input + hidden); 1, 8, 9 for each hidden element |
//! | Attention-23 | MACs batch · heads · queries · keys · (key size + value size); softmax 5 for each score; masks, windows and sparse blocks lessen nothing; keys are those of the cache and the new ones |
//! | fused attention of `com.microsoft` | as Attention; with a projection also tokens · weight elements; packed sequences by their lengths where these are constant, else padded; selected keys by the room for them |
//! | LinearAttention-27, GatedDeltaNet | MACs tokens · state · (updates, 2 by a delta rule, and queries a head) |
//! | MoE, QMoE | MACs tokens · k · weight elements of one expert |
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

use crate::model::Node;
use crate::symbolic::{Shapes, SymExpr};

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

/// A node, and the inferred shapes around it.
pub struct Site<'a> {
    pub shapes: &'a Shapes,
    pub n: &'a Node,
}

/// A size.
pub fn number(v: i64) -> SymExpr {
    SymExpr::Value(v.into())
}

/// Multiply-accumulate pairs alone.
pub fn macs(macs: SymExpr) -> Option<Work> {
    Some(Work { macs, flops: SymExpr::ZERO })
}

/// Other operations alone.
pub fn flops(flops: SymExpr) -> Option<Work> {
    Some(Work { macs: SymExpr::ZERO, flops })
}

/// No work: data is moved or described.
pub fn none(_: &Site) -> Option<Work> {
    flops(SymExpr::ZERO)
}

/// One operation for each element of the first output.
pub fn once(site: &Site) -> Option<Work> {
    site.made_times(1)
}

/// One operation for each element of input 0.
pub fn read(site: &Site) -> Option<Work> {
    flops(site.read(0)?)
}

impl Site<'_> {
    /// Dimensions of input `i`.
    pub fn dims(&self, i: usize) -> Option<&[SymExpr]> {
        self.shapes.get(self.n.input(i)?)?.dims.as_deref()
    }

    /// Dimensions of output `i`.
    pub fn out_dims(&self, i: usize) -> Option<&[SymExpr]> {
        self.shapes.get((*self.n.outputs.get(i)?)?)?.dims.as_deref()
    }

    /// Elements of input `i`.
    pub fn read(&self, i: usize) -> Option<SymExpr> {
        elements(self.dims(i)?)
    }

    /// So many operations for each element of input 0.
    pub fn read_times(&self, k: i64) -> Option<Work> {
        flops(self.read(0)?.times(&number(k))?)
    }

    /// Elements of the first output.
    pub fn made(&self) -> Option<SymExpr> {
        let first = self.n.outputs.iter().position(Option::is_some)?;
        elements(self.out_dims(first)?)
    }

    /// So many operations for each element of the first output.
    pub fn made_times(&self, k: i64) -> Option<Work> {
        flops(self.made()?.times(&number(k))?)
    }

    /// An integer attribute with its default.
    pub fn attr(&self, name: &str, default: i64) -> i64 {
        self.n.int(name).unwrap_or(default)
    }

    /// One operation for each output element where a bias is given as `input`.
    pub fn bias(&self, input: usize) -> Option<SymExpr> {
        if self.n.input(input).is_some() { self.made() } else { Some(SymExpr::ZERO) }
    }

    /// Interpolation along so many dimensions.
    pub fn interpolated(&self, mode: &str, dims: u32) -> Option<Work> {
        let taps: i64 = match mode {
            "nearest" => return flops(SymExpr::ZERO),
            "cubic" | "bicubic" => 4,
            _ => 2,
        };
        self.made_times(taps.checked_pow(dims.min(16))?.checked_mul(2)?)
    }
}
