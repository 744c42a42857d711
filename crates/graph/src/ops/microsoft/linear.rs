//! Matrix products of `com.microsoft`: batched transposes, packed and quantized
//! weights, mixtures of experts.

use crate::model::DataType;
use crate::ops::flops::{self, Site, Work, elements};
use crate::ops::kinds::{Class, CostKind, WeightRole};
use crate::ops::known::Known;
use crate::ops::linear;
use crate::ops::op::{Op, Outputs, one};
use crate::ops::operator::{LAST, Operator, PACKED, microsoft};
use crate::ops::typed::{float, int32};
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    microsoft("FusedMatMul", Class::Linear)
        .shape(fused_matmul)
        .work(fused_matmul_work)
        .cost(CostKind::Product),
    microsoft("FusedMatMulActivation", Class::Linear)
        .shape(fused_matmul)
        .work(|s| activated(s, fused_matmul_work))
        .cost(CostKind::Product),
    microsoft("GemmFastGelu", Class::Linear)
        .shape(|op| linear::matmul(op, 0, 1))
        .work(|s| activated(s, linear::matmul_work))
        .cost(CostKind::Product),
    microsoft("GemmFloat8", Class::Linear)
        .shape(linear::gemm)
        .types(|t, _| t.named("dtype").or(Some(DataType::F32)))
        .work(|s| linear::gemm_work(s, 2))
        .cost(CostKind::Product)
        .weights(&[(0..=1, WeightRole::Parameter), (3..=5, WeightRole::Buffer)]),
    weighted("MatMulBlockQuantizedFp4Weight")
        .shape(|op| rows(op, 0, op.dims(1)?.first()?.clone()))
        .work(|s| inner(s, s.dims(0)?.last()?)),
    weighted("MatMulBlockQuantizedFp8Weight")
        .shape(|op| rows(op, 0, op.dims(1)?.first()?.clone()))
        .work(|s| inner(s, s.dims(0)?.last()?)),
    weighted("MatMulBnb4").shape(|op| rows(op, 0, bnb4(op)?.1)).work(|s| inner(s, &bnb4(s)?.0)),
    weighted("MatMulFpQ4")
        .shape(|op| rows(op, 0, op.ints(2)?.get(1)?.clone()))
        .work(|s| inner(s, s.dims(0)?.last()?))
        .weights(&[(1..=1, WeightRole::Parameter), (2..=2, WeightRole::Constant)]),
    microsoft("MatMulInteger16", Class::Linear)
        .shape(|op| linear::matmul(op, 0, 1))
        .types(int32)
        .work(linear::matmul_work)
        .cost(CostKind::QuantisedProduct)
        .weights(&[(0..=1, WeightRole::Parameter)]),
    microsoft("MatMulIntegerToFloat", Class::Linear)
        .shape(|op| linear::matmul(op, 0, 1))
        .types(float)
        .work(linear::matmul_work)
        .cost(CostKind::QuantisedProduct)
        .weights(&[(1..=1, WeightRole::Parameter), (2..=5, WeightRole::Buffer)]),
    microsoft("MatMulNBits", Class::Linear)
        .shape(|op| rows(op, 0, op.positive("N")?))
        .work(|s| Some(Work { flops: s.bias(5)?, ..inner(s, &s.positive("K")?)? }))
        .cost(CostKind::QuantisedProduct)
        .weights(&[(1..=1, WeightRole::Parameter), (2..=4, WeightRole::Buffer)]),
    microsoft("MatMulNBitsMlp", Class::Linear)
        .shape(gated)
        .work(gated_work)
        .cost(CostKind::QuantisedProduct)
        .weights(&[
            (3..=3, WeightRole::Parameter),
            (4..=4, WeightRole::Buffer),
            (6..=6, WeightRole::Parameter),
            (7..=7, WeightRole::Buffer),
        ]),
    microsoft("MatMulNBitsQLoRA", Class::Linear)
        .shape(|op| rows(op, 0, op.positive("N")?))
        .work(adapted_work)
        .cost(CostKind::QuantisedProduct)
        .weights(&[
            (1..=1, WeightRole::Parameter),
            (2..=2, WeightRole::Buffer),
            (3..=3, WeightRole::Parameter),
            (4..=4, WeightRole::Buffer),
            (5..=5, WeightRole::Parameter),
            (6..=6, WeightRole::Buffer),
        ]),
    microsoft("MatMulNBitsQkv", Class::Linear)
        .shape(three)
        .work(three_work)
        .cost(CostKind::QuantisedProduct)
        .weights(&[
            (3..=3, WeightRole::Parameter),
            (4..=4, WeightRole::Buffer),
            (6..=6, WeightRole::Parameter),
            (7..=7, WeightRole::Buffer),
            (9..=9, WeightRole::Parameter),
            (10..=10, WeightRole::Buffer),
        ]),
    weighted("MatMulPacked")
        .shape(|op| rows(op, 0, op.positive("N")?))
        .work(|s| inner(s, &s.positive("K")?)),
    microsoft("MoE", Class::Linear)
        .shape(|op| op.same(0))
        .work(experts_work)
        .cost(CostKind::Product),
    microsoft("MoEGroupRouter", Class::Linear)
        .shape(router)
        .types(|t, i| if i == 0 { t.of(0) } else { Some(DataType::F32) })
        .work(router_work),
    microsoft("MoEPacked", Class::Linear)
        .shape(|op| op.same(0))
        .work(packed_experts_work)
        .cost(CostKind::QuantisedProduct)
        .weights(&[(2..=4, WeightRole::Parameter)]),
    microsoft("QMoE", Class::Linear)
        .shape(|op| op.same(0))
        .work(quantized_experts_work)
        .cost(CostKind::QuantisedProduct)
        .weights(&[
            (2..=2, WeightRole::Parameter),
            (3..=3, WeightRole::Buffer),
            (5..=5, WeightRole::Parameter),
            (6..=6, WeightRole::Buffer),
            (8..=8, WeightRole::Parameter),
            (9..=9, WeightRole::Buffer),
            (11..=13, WeightRole::Buffer),
            (15..=LAST, WeightRole::Buffer),
        ]),
    microsoft("QOrderedMatMul", Class::Linear)
        .shape(|op| linear::matmul(op, 0, 2))
        .work(linear::matmul_work)
        .cost(CostKind::QuantisedProduct)
        .weights(&[
            (1..=1, WeightRole::Buffer),
            (2..=2, WeightRole::Parameter),
            (3..=4, WeightRole::Buffer),
            (7..=7, WeightRole::Buffer),
        ]),
    microsoft("RouterGateUpProj", Class::Linear)
        .shape(router_gate)
        .work(|s| flops::macs(s.read(0)?.times(s.dims(1)?.get(1)?)?))
        .cost(CostKind::Product),
    microsoft("SparseToDenseMatMul", Class::Linear).shape(sparse_product).types(|t, _| t.of(1)),
    microsoft("TransposeMatMul", Class::Linear).shape(fused_matmul).work(fused_matmul_work),
];

/// A product of floats with a weight in a format of its own.
const fn weighted(name: &'static str) -> Operator {
    microsoft(name, Class::Linear).cost(CostKind::QuantisedProduct).weights(PACKED)
}

/// Input `i` with so many columns.
fn rows(op: &Op, i: usize, columns: SymExpr) -> Option<Outputs> {
    let mut x = op.dims(i)?;
    *x.last_mut()? = columns;
    one(x)
}

/// N · inner size.
fn inner(site: &Site, size: &SymExpr) -> Option<Work> {
    flops::macs(site.made()?.times(size)?)
}

/// A product, and one operation for each element of it.
fn activated(site: &Site, product: fn(&Site) -> Option<Work>) -> Option<Work> {
    let work = product(site)?;
    Some(Work { flops: work.flops.plus(&site.made()?)?, ..work })
}

/// Axes of an operand in the order in which the product reads them: batch axes
/// may follow the first matrix axis, and the matrix may be transposed.
fn operand(s: &impl Known, i: usize, matrix: &str, batch: &str) -> Option<Vec<SymExpr>> {
    let mut d = s.input(i)?;
    if s.flag(batch)
        && let [before @ .., _] = d.as_mut_slice()
        && before.len() > 1
    {
        before.rotate_left(1);
    }
    if s.flag(matrix)
        && let [.., row, column] = d.as_mut_slice()
    {
        std::mem::swap(row, column);
    }
    Some(d)
}

fn fused_matmul(op: &mut Op) -> Option<Outputs> {
    let a = operand(op, 0, "transA", "transBatchA")?;
    let b = operand(op, 1, "transB", "transBatchB")?;
    one(linear::product_dims(&a, &b)?)
}

fn fused_matmul_work(site: &Site) -> Option<Work> {
    inner(site, operand(site, 0, "transA", "transBatchA")?.last()?)
}

/// MatMulBnb4: inner size and columns.
fn bnb4(s: &impl Known) -> Option<(SymExpr, SymExpr)> {
    let (k, n) = (s.positive("K")?, s.positive("N")?);
    Some(if s.node().int("transB") == Some(0) { (n, k) } else { (k, n) })
}

/// Two products of one input, then the residual sum.
fn gated(op: &mut Op) -> Option<Outputs> {
    let sum = op.sym(0)?.without_elems();
    let y = rows(op, 0, op.positive("N")?)?;
    Some([y, vec![Some(sum)]].concat())
}

fn gated_work(site: &Site) -> Option<Work> {
    let product = site.made()?.times(&site.positive("K")?)?;
    flops::macs(product.times(&SymExpr::Value(2))?)
}

/// Queries, keys, values, then the residual sum.
fn three(op: &mut Op) -> Option<Outputs> {
    let sum = op.sym(0)?.without_elems();
    let mut out = Vec::new();
    for columns in ["Nq", "Nkv", "Nkv"] {
        out.extend(rows(op, 0, op.positive(columns)?)?);
    }
    out.push(Some(sum));
    Some(out)
}

fn three_work(site: &Site) -> Option<Work> {
    let columns = site.positive("Nkv")?.times(&SymExpr::Value(2))?.plus(&site.positive("Nq")?)?;
    flops::macs(site.read(0)?.times(&columns)?)
}

/// A product, and one through a narrow adapter.
fn adapted_work(site: &Site) -> Option<Work> {
    let (x, n) = (site.read(0)?, site.positive("N")?);
    let width = site.dims(0)?.last()?;
    let rank = site.dims(3)?.first()?;
    let down = x.times(rank)?;
    let up = x.over(width)?.times(rank)?.times(&n)?;
    flops::macs(x.times(&n)?.plus(&down)?.plus(&up)?)
}

/// Rows that experts see: each token goes to `k` of them.
fn visits(site: &Site) -> Option<(SymExpr, SymExpr)> {
    let width = site.dims(0)?.last()?.clone();
    let rows = site.read(0)?.over(&width)?;
    let k = site.positive("k").unwrap_or(SymExpr::ONE);
    Some((rows.times(&k)?, width))
}

fn experts_work(site: &Site) -> Option<Work> {
    let mut each = SymExpr::ZERO;
    for i in [2, 4, 6].into_iter().filter(|&i| site.given(i)) {
        each = each.plus(&elements(site.dims(i)?.get(1..)?)?)?;
    }
    flops::macs(visits(site)?.0.times(&each)?)
}

/// The weights hold several numbers a byte along their last axis: the hidden
/// size for the first, the inner one for the second.
fn quantized_experts_work(site: &Site) -> Option<Work> {
    let (rows, width) = visits(site)?;
    let bits = site.positive("fc2_expert_weight_bits").or(site.positive("expert_weight_bits"));
    let bits = bits.unwrap_or(SymExpr::Value(4));
    let inner = site.dims(5)?.get(2)?.times(&SymExpr::Value(8))?.over(&bits)?;
    let mut each = site.dims(2)?.get(1)?.plus(&inner)?;
    if site.given(8) {
        each = each.plus(site.dims(8)?.get(1)?)?;
    }
    flops::macs(rows.times(&width)?.times(&each)?)
}

fn packed_experts_work(site: &Site) -> Option<Work> {
    let (rows, width) = visits(site)?;
    let inner = site.dims(2)?.get(1)?;
    let products = SymExpr::Value(if site.given(3) { 3 } else { 2 });
    flops::macs(rows.times(&width)?.times(inner)?.times(&products)?)
}

/// A score of each expert.
fn router(op: &mut Op) -> Option<Outputs> {
    let (x, experts) = (op.dims(0)?, op.dims(1)?.first()?.clone());
    let rows = crate::ops::op::product(x.get(..x.len().checked_sub(1)?)?)?;
    Some(vec![Some(Sym::shape(vec![rows, experts])); 3])
}

fn router_work(site: &Site) -> Option<Work> {
    match site.given(2) {
        true => flops::macs(site.read(0)?.times(site.dims(1)?.first()?)?),
        false => site.read_times(4),
    }
}

/// Scores of the router, then a gated half of what is left.
fn router_gate(op: &mut Op) -> Option<Outputs> {
    let scores = op.positive("router_size")?;
    let inner = op.dims(1)?.get(1)?.minus(&scores)?.over(&SymExpr::Value(2))?;
    Some([rows(op, 0, scores)?, rows(op, 0, inner)?].concat())
}

/// A sparse matrix, whose sizes may be open, by a dense one.
fn sparse_product(op: &mut Op) -> Option<Outputs> {
    let b = operand(op, 1, "transB", "")?;
    match operand(op, 0, "transA", "") {
        Some(a) => one(linear::product_dims(&a, &b)?),
        None => {
            let rows = op.fresh();
            one(vec![rows, b.last()?.clone()])
        }
    }
}
