//! Image operators: sampling grids, detection, decoding.

use super::*;

/// Rules of this module.
pub fn infer(op: &mut Op, kind: &str) -> Option<Outputs> {
    match kind {
        "AffineGrid" => {
            let size = op.ints(1)?;
            let (n, spatial) = (size.first()?.clone(), size.get(2..)?.to_vec());
            let rank: SymExpr = spatial.len().into();
            one([vec![n], spatial, vec![rank]].concat())
        }
        "GridSample" => {
            let (x, grid) = (op.dims(0)?, op.dims(1)?);
            let spatial = grid.get(1..grid.len().checked_sub(1)?)?;
            one([x.get(..2)?, spatial].concat())
        }
        "NonMaxSuppression" => {
            let n = op.fresh();
            one(vec![n, SymExpr::Value(3)])
        }
        "ImageDecoder" => {
            let channels = if op.n.string("pixel_format") == Some("Grayscale") { 1 } else { 3 };
            let (h, w) = (op.fresh(), op.fresh());
            one(vec![h, w, SymExpr::Value(channels)])
        }
        _ => None,
    }
}
