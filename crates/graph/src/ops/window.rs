//! Convolutions and poolings.

use super::flops::{self, Site, Work, elements, number};
use super::kinds::{Class, CostKind, WeightRole};
use super::op::{Op, Outputs, one, product};
use super::operator::{ByInput, Operator, onnx};
use super::transposed::{conv_transpose, conv_transpose_work, max_unpool};
use super::typed::{int32, with_indices};
use crate::model::Node;
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    pooling("AveragePool").defaults(POOL),
    onnx("CausalConvWithState", Class::Other)
        .shape(causal_conv)
        .work(|s| flops::macs(s.made()?.times(s.dims(1)?.last()?)?)),
    onnx("Col2Im", Class::Window).shape(col2im).work(flops::read).structural(&[1..=2]),
    onnx("Conv", Class::Window)
        .shape(|op| conv(op, 1))
        .work(|s| conv_work(s, 1, 2))
        .cost(CostKind::Conv)
        .defaults(CONV),
    onnx("ConvInteger", Class::Window)
        .shape(|op| conv(op, 1))
        .types(int32)
        .work(|s| conv_work(s, 1, 2))
        .cost(CostKind::QuantisedConv)
        .defaults(CONV)
        .weights(&[(0..=1, WeightRole::Parameter), (2..=3, WeightRole::Buffer)]),
    onnx("ConvTranspose", Class::Window)
        .shape(conv_transpose)
        .work(|s| conv_transpose_work(s, 1, 2))
        .cost(CostKind::TransposedConv)
        .defaults(CONV),
    onnx("DeformConv", Class::Window)
        .shape(|op| conv(op, 1))
        .work(deform_conv_work)
        .cost(CostKind::Conv)
        .defaults(&[("auto_pad", "'NOTSET'"), ("group", "1"), ("offset_group", "1")]),
    // Of `com.microsoft`; written without its domain, the shape alone is taken for known.
    onnx("FusedConv", Class::Other).shape(|op| conv(op, 1)).cost(CostKind::Conv),
    global("GlobalAveragePool"),
    global("GlobalLpPool").defaults(&[("p", "2")]),
    global("GlobalMaxPool"),
    pooling("LpPool").defaults(&[
        ("auto_pad", "'NOTSET'"),
        ("ceil_mode", "0"),
        ("count_include_pad", "0"),
        ("storage_order", "0"),
        ("p", "2"),
    ]),
    pooling("MaxPool").types(with_indices).defaults(POOL),
    onnx("MaxRoiPool", Class::Vision).shape(max_roi_pool).defaults(&[("spatial_scale", "1.0")]),
    onnx("MaxUnpool", Class::Window).shape(max_unpool).work(flops::none).structural(&[2..=2]),
    onnx("QLinearConv", Class::Window)
        .shape(|op| conv(op, 3))
        .types(|t, _| t.of(7))
        .work(|s| conv_work(s, 3, 8))
        .cost(CostKind::QuantisedConv)
        .defaults(CONV)
        .weights(QUANTIZED),
    onnx("RoiAlign", Class::Vision)
        .shape(roi_align)
        .work(roi_align_work)
        .defaults(&[("coordinate_transformation_mode", "'half_pixel'"), ("mode", "'avg'")])
        .formerly(&[(
            16,
            "coordinate_transformation_mode",
            "coordinate_transformation_mode='output_half_pixel'",
        )]),
];

/// Roles of the inputs of QLinearConv.
pub const QUANTIZED: ByInput<WeightRole> = &[
    (1..=2, WeightRole::Buffer),
    (3..=3, WeightRole::Parameter),
    (4..=7, WeightRole::Buffer),
    (8..=8, WeightRole::Parameter),
];
const CONV: &[(&str, &str)] = &[("auto_pad", "'NOTSET'"), ("group", "1")];
const POOL: &[(&str, &str)] = &[
    ("auto_pad", "'NOTSET'"),
    ("ceil_mode", "0"),
    ("count_include_pad", "0"),
    ("storage_order", "0"),
];

/// Pooling by a window.
const fn pooling(name: &'static str) -> Operator {
    onnx(name, Class::Window).shape(pool).work(pool_work).cost(CostKind::Pool)
}

/// Pooling of all positions.
const fn global(name: &'static str) -> Operator {
    let operator = onnx(name, Class::Reduction).shape(global_pool).work(flops::read);
    operator.cost(CostKind::Reduction)
}

/// N · (channels in / group) · kernel, and 1 for each bias element.
pub fn conv_work(site: &Site, weight: usize, bias: usize) -> Option<Work> {
    let kernel = elements(site.dims(weight)?.get(1..)?)?;
    Some(Work { macs: site.made()?.times(&kernel)?, flops: site.bias(bias)? })
}

fn deform_conv_work(site: &Site) -> Option<Work> {
    let conv = conv_work(site, 1, 3)?;
    // Bilinear sampling of each input element that a kernel reads.
    let sampled = elements(site.dims(2)?)?.over(&number(2))?.times(site.dims(0)?.get(1)?)?;
    let groups = number(site.attr("offset_group", 1).max(1));
    let more = sampled.over(&groups)?.times(&number(8))?;
    Some(Work { flops: conv.flops.plus(&more)?, ..conv })
}

/// Kernel · N.
pub fn pool_work(site: &Site) -> Option<Work> {
    let kernel = site.n.ints("kernel_shape")?;
    site.made_times(kernel.iter().try_fold(1i64, |a, &k| a.checked_mul(k))?)
}

fn roi_align_work(site: &Site) -> Option<Work> {
    let ratio = site.n.int("sampling_ratio").filter(|&r| (1..1024).contains(&r))?;
    site.made_times(ratio.checked_mul(ratio)?.checked_mul(8)?)
}

/// The window of a convolution or pooling along one spatial dimension.
pub struct Window {
    kernel: SymExpr,
    pub stride: SymExpr,
    dilation: SymExpr,
    pub pads: (SymExpr, SymExpr),
}

pub enum AutoPad {
    None,
    Same,
    Valid,
}

pub fn auto_pad(n: &Node) -> AutoPad {
    match n.string("auto_pad") {
        Some("SAME_UPPER" | "SAME_LOWER") => AutoPad::Same,
        Some("VALID") => AutoPad::Valid,
        _ => AutoPad::None,
    }
}

/// The windows along the spatial dimensions, from the attributes `strides`,
/// `dilations` and `pads`; `None` where these are malformed.
pub fn windows(n: &Node, kernel: &[SymExpr]) -> Option<Vec<Window>> {
    windows_with(n, kernel, n.ints("pads"))
}

pub fn windows_with(n: &Node, kernel: &[SymExpr], pads: Option<&[i64]>) -> Option<Vec<Window>> {
    let d = kernel.len();
    let per_dim = |name| match n.ints(name) {
        Some(v) => (v.len() == d && v.iter().all(|&x| x > 0)).then(|| v.to_vec()),
        None => Some(vec![1; d]),
    };
    let (strides, dilations) = (per_dim("strides")?, per_dim("dilations")?);
    let both = d.checked_mul(2)?;
    let pads = match pads {
        Some(v) => (v.len() == both).then(|| v.to_vec())?,
        None => vec![0; both],
    };
    let (begin, end) = pads.split_at_checked(d)?;
    let window = |i: usize| {
        Some(Window {
            kernel: kernel.get(i)?.clone(),
            stride: number(*strides.get(i)?),
            dilation: number(*dilations.get(i)?),
            pads: (number(*begin.get(i)?), number(*end.get(i)?)),
        })
    };
    (0..d).map(window).collect()
}

impl Window {
    /// Elements that the kernel covers.
    pub fn span(&self) -> Option<SymExpr> {
        self.kernel.minus(&SymExpr::ONE)?.times(&self.dilation)?.plus(&SymExpr::ONE)
    }

    /// Output size, by the formulas of Conv-11 and AveragePool-19.
    fn output(&self, input: &SymExpr, auto: &AutoPad, ceil: bool) -> Option<SymExpr> {
        let padded = match auto {
            AutoPad::Same => return input.over_up(&self.stride),
            AutoPad::Valid => input.clone(),
            AutoPad::None => input.plus(&self.pads.0)?.plus(&self.pads.1)?,
        };
        let free = padded.minus(&self.span()?)?;
        // A window larger than its input: engines divide towards zero.
        if let (Some(f), Some(s)) = (free.value().filter(|f| *f < 0), self.stride.value()) {
            return Some(SymExpr::Value(f.checked_div(s)?.checked_add(1)?));
        }
        if !ceil {
            return free.over(&self.stride)?.plus(&SymExpr::ONE);
        }
        // The last window must start inside the input or its left padding.
        let up = free.over_up(&self.stride)?.plus(&SymExpr::ONE)?;
        let begin = if let AutoPad::None = auto { &self.pads.0 } else { &SymExpr::ZERO };
        let last = input.plus(begin)?.minus(&SymExpr::ONE)?;
        up.smaller(&last.over(&self.stride)?.plus(&SymExpr::ONE)?)
    }
}

fn spatial(n: &Node, x: &[SymExpr], kernel: &[SymExpr], ceil: bool) -> Option<Vec<SymExpr>> {
    let auto = auto_pad(n);
    let windows = windows(n, kernel)?;
    x.iter().zip(&windows).map(|(d, w)| w.output(d, &auto, ceil)).collect()
}

/// Sizes of a convolution of a tensor of sizes `x` by a weight of sizes `w`.
pub fn conv_dims(n: &Node, x: &[SymExpr], w: &[SymExpr]) -> Option<Vec<SymExpr>> {
    if x.len() < 3 || x.len() != w.len() {
        return None;
    }
    let mut out = vec![x.first()?.clone(), w.first()?.clone()];
    out.extend(spatial(n, x.get(2..)?, w.get(2..)?, false)?);
    Some(out)
}

/// A convolution by the weight that input `weight` is.
pub fn conv(op: &mut Op, weight: usize) -> Option<Outputs> {
    one(conv_dims(op.n, &op.dims(0)?, &op.dims(weight)?)?)
}

/// CausalConvWithState-27: the state holds the last positions of the kernel.
fn causal_conv(op: &mut Op) -> Option<Outputs> {
    let (x, w) = (op.dims(0)?, op.dims(1)?);
    let [n, c, _] = x.as_slice() else { return None };
    let state = vec![n.clone(), c.clone(), w.last()?.minus(&SymExpr::ONE)?];
    Some(vec![Some(Sym::shape(x)), Some(Sym::shape(state))])
}

pub fn kernel_shape(n: &Node) -> Option<Vec<SymExpr>> {
    Some(n.ints("kernel_shape")?.iter().map(|&k| number(k)).collect())
}

/// Sizes of a pooling of a tensor of sizes `x`.
pub fn pool_dims(n: &Node, x: &[SymExpr]) -> Option<Vec<SymExpr>> {
    let kernel = kernel_shape(n)?;
    if x.len().checked_sub(2) != Some(kernel.len()) {
        return None;
    }
    let mut out = x.get(..2)?.to_vec();
    out.extend(spatial(n, x.get(2..)?, &kernel, n.int("ceil_mode") == Some(1))?);
    Some(out)
}

pub fn pool(op: &mut Op) -> Option<Outputs> {
    let out = pool_dims(op.n, &op.dims(0)?)?;
    Some(vec![Some(Sym::shape(out)); 2])
}

/// Sizes of a pooling of all positions of a tensor of sizes `x`.
pub fn global_dims(x: &[SymExpr]) -> Vec<SymExpr> {
    let keep = x.iter().enumerate();
    keep.map(|(i, d)| if i < 2 { d.clone() } else { SymExpr::ONE }).collect()
}

pub fn global_pool(op: &mut Op) -> Option<Outputs> {
    one(global_dims(&op.dims(0)?))
}

fn max_roi_pool(op: &mut Op) -> Option<Outputs> {
    let (x, rois) = (op.dims(0)?, op.dims(1)?);
    let mut out = vec![rois.first()?.clone(), x.get(1)?.clone()];
    out.extend(op.n.ints("pooled_shape")?.iter().map(|&d| number(d)));
    one(out)
}

fn roi_align(op: &mut Op) -> Option<Outputs> {
    let (x, rois) = (op.dims(0)?, op.dims(1)?);
    let size = |name| number(op.attr(name, 1));
    one(vec![rois.first()?.clone(), x.get(1)?.clone(), size("output_height"), size("output_width")])
}

fn col2im(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let block = op.ints(2)?;
    let channels = x.get(1)?.over(&product(&block)?)?;
    let mut out = vec![x.first()?.clone(), channels];
    out.extend(op.ints(1)?);
    one(out)
}
