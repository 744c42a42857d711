//! Image operators: sampling grids, detection, decoding.

use super::flops::{self, Site, Work};
use super::kinds::{Class, CostKind};
use super::op::{Op, Outputs, one};
use super::operator::{CONSTANTS, Operator, onnx};
use super::typed::int64;
use crate::model::DataType;
use crate::symbolic::SymExpr;

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    onnx("AffineGrid", Class::Vision).shape(affine_grid).work(flops::once).structural(&[1..=1]),
    onnx("GridSample", Class::Vision)
        .shape(grid_sample)
        .work(grid_sample_work)
        .cost(CostKind::Resize)
        .defaults(&[
            ("align_corners", "0"),
            ("mode", "'linear'"),
            ("mode", "'bilinear'"),
            ("padding_mode", "'zeros'"),
        ]),
    onnx("ImageDecoder", Class::Vision).shape(decoded).types(|_, _| Some(DataType::U8)),
    onnx("NonMaxSuppression", Class::Vision)
        .shape(selected)
        .types(int64)
        .defaults(&[("center_point_box", "0")])
        .weights(CONSTANTS),
];

fn affine_grid(op: &mut Op) -> Option<Outputs> {
    let size = op.ints(1)?;
    let (n, spatial) = (size.first()?.clone(), size.get(2..)?.to_vec());
    let rank: SymExpr = spatial.len().into();
    one([vec![n], spatial, vec![rank]].concat())
}

pub fn grid_sample(op: &mut Op) -> Option<Outputs> {
    one(grid_sample_dims(&op.dims(0)?, &op.dims(1)?)?)
}

/// Sizes of what a grid picks of a tensor of sizes `x`.
pub fn grid_sample_dims(x: &[SymExpr], grid: &[SymExpr]) -> Option<Vec<SymExpr>> {
    let spatial = grid.get(1..grid.len().checked_sub(1)?)?;
    Some([x.get(..2)?, spatial].concat())
}

pub fn grid_sample_work(site: &Site) -> Option<Work> {
    let spatial = u32::try_from(site.dims(0)?.len().checked_sub(2)?).ok()?;
    site.interpolated(site.n.string("mode").unwrap_or("linear"), spatial)
}

fn decoded(op: &mut Op) -> Option<Outputs> {
    let channels = if op.n.string("pixel_format") == Some("Grayscale") { 1 } else { 3 };
    let (h, w) = (op.fresh(), op.fresh());
    one(vec![h, w, SymExpr::Value(channels)])
}

/// Batch, class and box of each box that is kept.
fn selected(op: &mut Op) -> Option<Outputs> {
    let n = op.fresh();
    one(vec![n, SymExpr::Value(3)])
}
