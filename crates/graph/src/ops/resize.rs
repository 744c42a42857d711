//! Resize and Upsample.

use super::flops::{Site, Work};
use super::kinds::{Class, CostKind, Demand, WeightRole};
use super::op::{Op, Outputs, one, wrap_all};
use super::operator::{ByInput, CONSTANTS, LAST, Operator, onnx};
use crate::model::Attribute;
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    onnx("Resize", Class::Resize)
        .shape(resize)
        .work(resize_work)
        .cost(CostKind::Resize)
        .defaults(&[
            ("mode", "'nearest'"),
            ("coordinate_transformation_mode", "'half_pixel'"),
            ("nearest_mode", "'round_prefer_floor'"),
            ("cubic_coeff_a", "-0.75"),
            ("exclude_outside", "0"),
            ("extrapolation_value", "0.0"),
            ("antialias", "0"),
            ("keep_aspect_ratio_policy", "'stretch'"),
        ])
        .structural(&[1..=LAST])
        .weights(WEIGHTS)
        .fed(FED),
    onnx("Upsample", Class::Resize)
        .shape(resize)
        .work(resize_work)
        .cost(CostKind::Resize)
        .defaults(&[("mode", "'nearest'")])
        .structural(&[1..=1])
        .weights(CONSTANTS)
        .fed(UPSAMPLE_FED),
];

/// Roles of the inputs of Resize.
pub const WEIGHTS: ByInput<WeightRole> = &[(1..=LAST, WeightRole::Constant)];
/// What Resize asks of its inputs.
pub const FED: &[(usize, Demand)] = &[(2, Demand::Factor), (3, Demand::OutputShape)];
/// What Upsample asks of its inputs.
pub const UPSAMPLE_FED: &[(usize, Demand)] = &[(1, Demand::Factor)];

pub fn resize_work(site: &Site) -> Option<Work> {
    let (x, y) = (site.dims(0)?, site.out_dims(0)?);
    let changed = u32::try_from(x.iter().zip(y).filter(|(a, b)| a != b).count()).ok();
    site.interpolated(site.n.string("mode").unwrap_or("nearest"), changed?)
}

/// Resize-19 (X, roi, scales, sizes), Resize-10 and Upsample-9 (X, scales),
/// Upsample-7 (attribute). Sizes are rounded down in single precision.
pub fn resize(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let axes = match op.n.ints("axes") {
        Some(a) => wrap_all(a, x.len())?,
        None => (0..x.len()).collect(),
    };
    let mut out = x.clone();
    let sizes = op.ints(3).filter(|v| !v.is_empty());
    if op.has(3) && sizes.is_none() && op.sym(3).and_then(Sym::rank).is_some() && !empty(op, 3) {
        for &a in &axes {
            *out.get_mut(a)? = op.fresh();
        }
        return one(out);
    }
    if let Some(sizes) = sizes {
        let policy = op.n.string("keep_aspect_ratio_policy").unwrap_or("stretch");
        let picked: Vec<SymExpr> =
            axes.iter().map(|&a| x.get(a).cloned()).collect::<Option<_>>()?;
        let fitted = match policy {
            "stretch" => Some(sizes),
            p => fit(&picked, &sizes, p == "not_larger"),
        };
        for (i, &a) in axes.iter().enumerate() {
            let size = fitted.as_ref().and_then(|f| f.get(i).cloned());
            *out.get_mut(a)? = op.or_fresh(size);
        }
        return one(out);
    }
    let scales = scales(op);
    for (i, &a) in axes.iter().enumerate() {
        let scale = scales.as_ref().and_then(|v| v.get(i).copied());
        let size = scaled(x.get(a)?, scale);
        *out.get_mut(a)? = op.or_fresh(size);
    }
    one(out)
}

fn empty(op: &Op, input: usize) -> bool {
    op.dims(input).is_some_and(|d| d.first() == Some(&SymExpr::ZERO))
}

fn scales(op: &Op) -> Option<Vec<f64>> {
    match op.n.attribute("scales") {
        Some(Attribute::Floats(v)) => Some(v.iter().map(|&f| f.into()).collect()),
        _ if op.n.op_type == "Upsample" || op.n.inputs.len() == 2 => op.sym(1)?.floats(),
        _ => op.sym(2)?.floats(),
    }
}

fn scaled(d: &SymExpr, scale: Option<f64>) -> Option<SymExpr> {
    let scale = scale.filter(|s| s.is_finite() && *s > 0.0)?;
    match d {
        SymExpr::Value(v) => Some(SymExpr::Value((*v as f32 * scale as f32).floor() as i128)),
        d if scale.fract() == 0.0 && scale < 1e6 => d.times(&SymExpr::Value(scale as i128)),
        d if (1.0 / scale).fract() == 0.0 && scale > 1e-6 => {
            d.over(&SymExpr::Value((1.0 / scale) as i128))
        }
        _ => None,
    }
}

/// Resize-18: one scale for all axes so that the result is not larger (or not
/// smaller) than asked for, rounded half up.
fn fit(x: &[SymExpr], sizes: &[SymExpr], not_larger: bool) -> Option<Vec<SymExpr>> {
    let known = |e: &SymExpr| e.value().map(|v| v as f64);
    let ratios: Vec<f64> =
        x.iter().zip(sizes).map(|(d, s)| Some(known(s)? / known(d)?)).collect::<Option<_>>()?;
    let pick = if not_larger { f64::min } else { f64::max };
    let scale = ratios.into_iter().reduce(pick)?;
    let size = |d: &SymExpr| Some(SymExpr::Value((known(d)? * scale + 0.5).floor() as i128));
    x.iter().map(size).collect()
}
