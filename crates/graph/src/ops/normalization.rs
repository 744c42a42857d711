//! Normalizations and softmax.

use super::kinds::{Class, CostKind, WeightRole};
use super::op::{Op, Outputs, same, wrap};
use super::operator::{Operator, onnx};
use super::typed::Typed;
use crate::model::DataType;
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    onnx("BatchNormalization", Class::Normalization)
        .shape(batch_norm)
        .types(batch_norm_types)
        .work(|s| s.made_times(2))
        .cost(CostKind::Affine)
        .defaults(&[("epsilon", "1e-5"), ("spatial", "1"), ("momentum", "0.9")])
        .weights(&[(3..=4, WeightRole::Buffer)]),
    onnx("GroupNormalization", Class::Normalization)
        .shape(same)
        .work(|s| s.made_times(7))
        .cost(CostKind::Normalisation)
        .defaults(&[("epsilon", "1e-5"), ("stash_type", "1")])
        .formerly(&[(21, "version", "version=18")]),
    onnx("Hardmax", Class::Softmax)
        .shape(same)
        .work(|s| s.made_times(5))
        .cost(CostKind::Softmax)
        .defaults(&[("axis", "-1")]),
    onnx("InstanceNormalization", Class::Normalization)
        .shape(same)
        .work(|s| s.made_times(7))
        .cost(CostKind::Normalisation)
        .defaults(&[("epsilon", "1e-5")]),
    onnx("LRN", Class::Normalization)
        .shape(same)
        .work(|s| s.made_times(s.attr("size", 1).clamp(0, 1 << 20) * 2 + 3))
        .cost(CostKind::Normalisation)
        .defaults(&[("alpha", "0.0001"), ("beta", "0.75"), ("bias", "1.0")]),
    onnx("LayerNormalization", Class::Normalization)
        .shape(layer_norm)
        .types(layer_norm_types)
        .work(|s| s.made_times(7))
        .cost(CostKind::Normalisation)
        .defaults(&[("epsilon", "1e-5"), ("axis", "-1"), ("stash_type", "1")]),
    onnx("LogSoftmax", Class::Softmax)
        .shape(same)
        .work(|s| s.made_times(5))
        .cost(CostKind::Softmax)
        .defaults(&[("axis", "-1")]),
    onnx("LpNormalization", Class::Normalization)
        .shape(same)
        .work(|s| s.made_times(4))
        .cost(CostKind::Normalisation)
        .defaults(&[("axis", "-1"), ("p", "2")]),
    onnx("MeanVarianceNormalization", Class::Normalization)
        .shape(same)
        .work(|s| s.made_times(7))
        .cost(CostKind::Normalisation),
    onnx("RMSNormalization", Class::Normalization)
        .shape(layer_norm)
        .work(|s| s.made_times(4))
        .cost(CostKind::Normalisation)
        .defaults(&[("epsilon", "1e-5"), ("axis", "-1"), ("stash_type", "1")]),
    onnx("SimplifiedLayerNormalization", Class::Normalization)
        .shape(layer_norm)
        .work(|s| s.made_times(4))
        .cost(CostKind::Normalisation),
    onnx("Softmax", Class::Softmax)
        .shape(same)
        .work(|s| s.made_times(5))
        .cost(CostKind::Softmax)
        .defaults(&[("axis", "-1")]),
];

/// BatchNormalization-15: then means and variances.
fn batch_norm(op: &mut Op) -> Option<Outputs> {
    let first = op.sym(0)?.without_elems();
    let more = match first.dims {
        Some(_) => vec![op.sym(3).map(Sym::without_elems); 4],
        None => Vec::new(),
    };
    Some([vec![Some(first)], more].concat())
}

fn batch_norm_types(t: &Typed, output: usize) -> Option<DataType> {
    if output == 0 { t.of(0) } else { t.of(3) }
}

/// LayerNormalization-17: then mean and inverse deviation of each group.
fn layer_norm(op: &mut Op) -> Option<Outputs> {
    let first = op.sym(0)?.without_elems();
    let more = op.dims(0).and_then(|x| {
        let axis = wrap(op.attr("axis", -1), x.len())?;
        let stats = x.into_iter().enumerate();
        let stats = stats.map(|(i, d)| if i < axis { d } else { SymExpr::ONE });
        Some(vec![Some(Sym::shape(stats.collect())); 2])
    });
    Some([vec![Some(first)], more.unwrap_or_default()].concat())
}

fn layer_norm_types(t: &Typed, output: usize) -> Option<DataType> {
    match output {
        0 => t.of(0),
        _ => t.named("stash_type").or(Some(DataType::F32)),
    }
}
