//! Quantization and its inverse.

use super::kinds::{Class, CostKind, WeightRole};
use super::op::{Op, Outputs, same};
use super::operator::{Operator, onnx};
use crate::model::DataType;
use crate::symbolic::Sym;

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    onnx("DequantizeLinear", Class::Quantization)
        .shape(same)
        .types(|t, _| t.of(1).or(Some(DataType::F32)))
        .work(|s| s.made_times(2))
        .cost(CostKind::Quantisation)
        .defaults(&[("axis", "1"), ("block_size", "0")])
        .weights(&[(0..=0, WeightRole::Parameter), (1..=2, WeightRole::Buffer)]),
    onnx("DynamicQuantizeLinear", Class::Quantization)
        .shape(computed_scale)
        .types(|_, i| Some(if matches!(i, 0 | 2) { DataType::U8 } else { DataType::F32 }))
        .work(|s| s.made_times(4))
        .cost(CostKind::Quantisation),
    onnx("QuantizeLinear", Class::Quantization)
        .shape(same)
        .types(|t, _| t.of(2).or(t.named("output_dtype")).or(Some(DataType::U8)))
        .work(|s| s.made_times(2))
        .cost(CostKind::Quantisation)
        .defaults(&[("saturate", "1"), ("axis", "1"), ("block_size", "0")])
        .weights(&[(1..=2, WeightRole::Buffer)]),
];

/// DynamicQuantizeLinear-11: then scale and zero point.
fn computed_scale(op: &mut Op) -> Option<Outputs> {
    let scalar = Some(Sym::shape(Vec::new()));
    Some(vec![op.sym(0).map(Sym::without_elems), scalar.clone(), scalar])
}
