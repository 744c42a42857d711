//! Convolutions and poolings.

use super::*;

/// Rules of this module.
pub fn infer(op: &mut Op, kind: &str) -> Option<Outputs> {
    match kind {
        "Conv" | "ConvInteger" | "FusedConv" => conv(op, 1),
        "DeformConv" => conv(op, 1),
        "QLinearConv" => conv(op, 3),
        "CausalConvWithState" => causal_conv(op),
        "MaxPool" | "AveragePool" | "LpPool" => pool(op),
        "GlobalAveragePool" | "GlobalMaxPool" | "GlobalLpPool" => global_pool(op),
        "ConvTranspose" => conv_transpose(op),
        "MaxUnpool" => max_unpool(op),
        "MaxRoiPool" => max_roi_pool(op),
        "RoiAlign" => roi_align(op),
        "Col2Im" => col2im(op),
        _ => None,
    }
}

/// The window of a convolution or pooling along one spatial dimension.
struct Window {
    kernel: SymExpr,
    stride: SymExpr,
    dilation: SymExpr,
    pads: (SymExpr, SymExpr),
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

fn number(v: i64) -> SymExpr {
    SymExpr::Value(v.into())
}

/// The windows along the spatial dimensions, from the attributes `strides`,
/// `dilations` and `pads`; `None` where these are malformed.
fn windows(n: &Node, kernel: &[SymExpr]) -> Option<Vec<Window>> {
    let d = kernel.len();
    let per_dim = |name| match n.ints(name) {
        Some(v) => (v.len() == d && v.iter().all(|&x| x > 0)).then(|| v.to_vec()),
        None => Some(vec![1; d]),
    };
    let (strides, dilations) = (per_dim("strides")?, per_dim("dilations")?);
    let pads = match n.ints("pads") {
        Some(v) => (v.len() == 2 * d).then(|| v.to_vec())?,
        None => vec![0; 2 * d],
    };
    let window = |i: usize| {
        Some(Window {
            kernel: kernel.get(i)?.clone(),
            stride: number(*strides.get(i)?),
            dilation: number(*dilations.get(i)?),
            pads: (number(*pads.get(i)?), number(*pads.get(d + i)?)),
        })
    };
    (0..d).map(window).collect()
}

impl Window {
    /// Elements that the kernel covers.
    fn span(&self) -> Option<SymExpr> {
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
            return Some(SymExpr::Value(f.checked_div(s)? + 1));
        }
        if !ceil {
            return free.over(&self.stride)?.plus(&SymExpr::ONE);
        }
        // The last window must start inside the input or its left padding.
        let up = free.over_up(&self.stride)?.plus(&SymExpr::ONE)?;
        let begin = if let AutoPad::None = auto { &self.pads.0 } else { &SymExpr::ZERO };
        let last = input.plus(begin)?.minus(&SymExpr::ONE)?;
        Some(up.smaller(&last.over(&self.stride)?.plus(&SymExpr::ONE)?))
    }
}

fn spatial(op: &Op, x: &[SymExpr], kernel: &[SymExpr], ceil: bool) -> Option<Vec<SymExpr>> {
    let auto = auto_pad(op.n);
    let windows = windows(op.n, kernel)?;
    x.iter().zip(&windows).map(|(d, w)| w.output(d, &auto, ceil)).collect()
}

fn conv(op: &mut Op, weight: usize) -> Option<Outputs> {
    let (x, w) = (op.dims(0)?, op.dims(weight)?);
    if x.len() < 3 || x.len() != w.len() {
        return None;
    }
    let mut out = vec![x.first()?.clone(), w.first()?.clone()];
    out.extend(spatial(op, x.get(2..)?, w.get(2..)?, false)?);
    one(out)
}

/// CausalConvWithState-27: the state holds the last positions of the kernel.
fn causal_conv(op: &mut Op) -> Option<Outputs> {
    let (x, w) = (op.dims(0)?, op.dims(1)?);
    let [n, c, _] = x.as_slice() else { return None };
    let state = vec![n.clone(), c.clone(), w.last()?.minus(&SymExpr::ONE)?];
    Some(vec![Some(Sym::shape(x)), Some(Sym::shape(state))])
}

fn kernel_shape(op: &Op) -> Option<Vec<SymExpr>> {
    Some(op.n.ints("kernel_shape")?.iter().map(|&k| number(k)).collect())
}

fn pool(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let kernel = kernel_shape(op)?;
    if x.len() != kernel.len() + 2 {
        return None;
    }
    let mut out = x.get(..2)?.to_vec();
    out.extend(spatial(op, x.get(2..)?, &kernel, op.attr("ceil_mode", 0) == 1)?);
    Some(vec![Some(Sym::shape(out)); 2])
}

fn global_pool(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let keep = x.iter().enumerate();
    one(keep.map(|(i, d)| if i < 2 { d.clone() } else { SymExpr::ONE }).collect())
}

/// ConvTranspose-22, `output_shape` included.
fn conv_transpose(op: &mut Op) -> Option<Outputs> {
    let (x, w) = (op.dims(0)?, op.dims(1)?);
    if x.len() < 3 || x.len() != w.len() {
        return None;
    }
    let mut out = vec![x.first()?.clone(), w.get(1)?.times(&number(op.attr("group", 1)))?];
    if let Some(shape) = op.n.ints("output_shape") {
        let skip = shape.len().checked_sub(x.len() - 2)?;
        out.extend(shape.iter().skip(skip).map(|&d| number(d)));
        return one(out);
    }
    let extra = op.n.ints("output_padding").unwrap_or_default();
    let auto = auto_pad(op.n);
    for (i, (d, win)) in x.iter().skip(2).zip(windows(op.n, w.get(2..)?)?).enumerate() {
        let extra = number(extra.get(i).copied().unwrap_or(0));
        if let AutoPad::Same = auto {
            out.push(d.times(&win.stride)?);
            continue;
        }
        let full = d.minus(&SymExpr::ONE)?.times(&win.stride)?.plus(&win.span()?)?.plus(&extra)?;
        out.push(match auto {
            AutoPad::Valid => full,
            _ => full.minus(&win.pads.0)?.minus(&win.pads.1)?,
        });
    }
    one(out)
}

fn max_unpool(op: &mut Op) -> Option<Outputs> {
    if op.has(2) {
        let target = op.ints(2);
        return match (target, op.sym(0).and_then(Sym::rank)) {
            (Some(t), _) => one(t),
            (None, Some(r)) => {
                let dims = op.unknown(r);
                one(dims)
            }
            _ => None,
        };
    }
    let x = op.dims(0)?;
    let mut out = x.get(..2)?.to_vec();
    for (d, w) in x.iter().skip(2).zip(windows(op.n, &kernel_shape(op)?)?) {
        let full = d.minus(&SymExpr::ONE)?.times(&w.stride)?.plus(&w.span()?)?;
        out.push(full.minus(&w.pads.0)?.minus(&w.pads.1)?);
    }
    one(out)
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
