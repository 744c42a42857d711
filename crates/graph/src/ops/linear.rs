//! Matrix products.

use super::einsum::{einsum, einsum_work};
use super::flops::{self, Site, Work};
use super::kinds::{Class, CostKind, WeightRole};
use super::op::{Op, Outputs, broadcast, one};
use super::operator::{Operator, onnx};
use super::typed::int32;
use crate::symbolic::SymExpr;

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    onnx("Det", Class::Linear).shape(det).work(det_work),
    onnx("Einsum", Class::Linear).shape(einsum).work(einsum_work).cost(CostKind::Product),
    onnx("Gemm", Class::Linear)
        .shape(gemm)
        .work(|s| gemm_work(s, 2))
        .cost(CostKind::Product)
        .defaults(&[("transA", "0"), ("transB", "0"), ("alpha", "1.0"), ("beta", "1.0")]),
    onnx("MatMul", Class::Linear)
        .shape(|op| matmul(op, 0, 1))
        .work(matmul_work)
        .cost(CostKind::Product),
    onnx("MatMulInteger", Class::Linear)
        .shape(|op| matmul(op, 0, 1))
        .types(int32)
        .work(matmul_work)
        .cost(CostKind::QuantisedProduct)
        .weights(&[(0..=1, WeightRole::Parameter), (2..=3, WeightRole::Buffer)]),
    onnx("QLinearMatMul", Class::Linear)
        .shape(|op| matmul(op, 0, 3))
        .types(|t, _| t.of(7))
        .work(matmul_work)
        .cost(CostKind::QuantisedProduct)
        .weights(&[
            (0..=0, WeightRole::Parameter),
            (1..=2, WeightRole::Buffer),
            (3..=3, WeightRole::Parameter),
            (4..=7, WeightRole::Buffer),
        ]),
];

/// N · inner size.
pub fn matmul_work(site: &Site) -> Option<Work> {
    flops::macs(site.made()?.times(site.dims(0)?.last()?)?)
}

/// N · inner size, and 1 for each element that is added.
pub fn gemm_work(site: &Site, bias: usize) -> Option<Work> {
    let a = site.dims(0)?;
    let k = if site.attr("transA", 0) == 1 { a.first()? } else { a.last()? };
    Some(Work { macs: site.made()?.times(k)?, flops: site.bias(bias)? })
}

fn det_work(site: &Site) -> Option<Work> {
    let n = site.dims(0)?.last()?;
    flops::flops(site.read(0)?.times(n)?)
}

fn det(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    one(x.get(..x.len().checked_sub(2)?)?.to_vec())
}

/// Numpy's product of arrays `a` and `b`.
pub fn matmul(op: &mut Op, a: usize, b: usize) -> Option<Outputs> {
    one(product_dims(&op.dims(a)?, &op.dims(b)?)?)
}

/// Dimensions of a matrix product (MatMul-13).
pub fn product_dims(a: &[SymExpr], b: &[SymExpr]) -> Option<Vec<SymExpr>> {
    let (ka, lead_a) = a.split_last()?;
    let (row, batch_a) = match lead_a.split_last() {
        Some((m, batch)) => (Some(m), batch),
        None => (None, lead_a),
    };
    let (col, kb, batch_b) = match b {
        [k] => (None, k, &[][..]),
        [batch @ .., k, n] => (Some(n), k, batch),
        [] => return None,
    };
    ka.broadcast(kb)
        .filter(|_| ka.value() == kb.value() || ka.value().is_none() || kb.value().is_none())?;
    let mut out = broadcast(batch_a, batch_b)?;
    out.extend(row.into_iter().chain(col).cloned());
    Some(out)
}

/// Gemm-13.
pub fn gemm(op: &mut Op) -> Option<Outputs> {
    let (a, b) = (op.dims(0)?, op.dims(1)?);
    let ([a0, a1], [b0, b1]) = (a.as_slice(), b.as_slice()) else { return None };
    let m = if op.attr("transA", 0) == 1 { a1 } else { a0 };
    let n = if op.attr("transB", 0) == 1 { b0 } else { b1 };
    one(vec![m.clone(), n.clone()])
}
