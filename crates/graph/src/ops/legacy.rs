//! Operators that ONNX Runtime keeps in `ai.onnx` beside the standard: withdrawn
//! experiments of its first operator set, copies between devices, and plugins of
//! TensorRT.

use super::flops;
use super::index::slice;
use super::kinds::{Class, CostKind};
use super::known::Known;
use super::op::{Op, Outputs, one, same};
use super::operator::{Operator, onnx};
use crate::model::DataType;
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    onnx("Affine", Class::Elementwise).shape(same).work(|s| s.made_times(2)),
    onnx("Crop", Class::Layout).shape(crop).work(flops::none),
    onnx("DisentangledAttention_TRT", Class::Attention).shape(same).work(|s| s.made_times(3)),
    onnx("DynamicSlice", Class::Index).shape(slice).work(flops::none),
    onnx("EfficientNMS_TRT", Class::Vision)
        .shape(detections)
        .types(|t, i| if matches!(i, 0 | 3) { Some(DataType::I32) } else { t.of(0) }),
    onnx("GRUUnit", Class::Recurrent).shape(same).work(|s| s.made_times(8)),
    onnx("GivenTensorFill", Class::Generator)
        .shape(filled)
        .types(|_, _| Some(DataType::F32))
        .work(flops::none),
    onnx("ImageScaler", Class::Elementwise).shape(same).work(|s| s.made_times(2)),
    copy("MemcpyFromHost"),
    copy("MemcpyToHost"),
    onnx("MultilevelCropAndResize_TRT", Class::Vision).shape(patches).work(|s| s.made_times(8)),
    onnx("ParametricSoftplus", Class::Elementwise).shape(same).work(|s| s.made_times(3)),
    onnx("PyramidROIAlign_TRT", Class::Vision).shape(patches).work(|s| s.made_times(8)),
    onnx("Scale", Class::Elementwise).shape(same).work(flops::once),
    onnx("ScaledTanh", Class::Elementwise).shape(same).work(|s| s.made_times(3)),
];

const fn copy(name: &'static str) -> Operator {
    onnx(name, Class::Layout)
        .shape(|op| Some(vec![op.sym(0).cloned()]))
        .work(flops::none)
        .cost(CostKind::Move)
}

/// Crop-1: the attribute `scale` is the size of what stays, `border` the corner;
/// without it `border` is what goes on the left, top, right and bottom.
fn crop(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let [n, c, h, w] = x.as_slice() else { return None };
    let (h, w) = match (op.n.ints("scale"), op.n.ints("border")) {
        (Some([h, w]), _) => (SymExpr::Value((*h).into()), SymExpr::Value((*w).into())),
        (_, Some([left, top, right, bottom])) => {
            let cut = |d: &SymExpr, a: i64, b: i64| {
                d.minus(&SymExpr::Value(a.into()))?.minus(&SymExpr::Value(b.into()))
            };
            (cut(h, *top, *bottom)?, cut(w, *left, *right)?)
        }
        _ => return None,
    };
    one(vec![n.clone(), c.clone(), h, w])
}

/// Count, boxes, scores and classes of the boxes that are kept.
fn detections(op: &mut Op) -> Option<Outputs> {
    let batch = op.dims(0)?.first()?.clone();
    let most = op.positive("max_output_boxes")?;
    let of = |more: Vec<SymExpr>| Some(Sym::shape([vec![batch.clone()], more].concat()));
    let each = of(vec![most.clone()]);
    Some(vec![of(vec![SymExpr::ONE]), of(vec![most, SymExpr::Value(4)]), each.clone(), each])
}

fn filled(op: &mut Op) -> Option<Outputs> {
    if op.attr("input_as_shape", 0) == 1 {
        return one(op.ints(0)?);
    }
    let shape = op.n.ints("shape")?.iter().map(|&d| SymExpr::Value(d.into())).collect();
    one(shape)
}

/// A square patch of each box, `[batch, boxes, channels, side, side]`.
fn patches(op: &mut Op) -> Option<Outputs> {
    let (boxes, map) = (op.dims(0)?, op.dims(1)?);
    let side = op.positive("pooled_size")?;
    let lead = vec![boxes.first()?.clone(), boxes.get(1)?.clone(), map.get(1)?.clone()];
    one([lead, vec![side.clone(), side]].concat())
}
