//! Domain `com.microsoft`: the fused operators that ONNX Runtime's optimizers
//! and quantizers write.

use super::*;

const SAME: &[&str] = &[
    "BiasGelu",
    "BiasSoftmax",
    "BiasSplitGelu",
    "DequantizeLinear",
    "FastGelu",
    "GatedRelativePositionBias",
    "Gelu",
    "GroupNorm",
    "Inverse",
    "NhwcFusedConv",
    "QLinearLeakyRelu",
    "QLinearSigmoid",
    "QLinearSoftmax",
    "QuantizeLinear",
    "QuickGelu",
    "RemovePadding",
    "RestorePadding",
    "RotaryEmbedding",
    "SimplifiedLayerNormalization",
    "Trilu",
];

/// Rules of domain `com.microsoft`.
pub fn infer(op: &mut Op, kind: &str) -> Option<Outputs> {
    match kind {
        "FusedMatMul" | "TransposeMatMul" => fused_matmul(op),
        "FusedGemm" => linear::gemm(op),
        "MatMulIntegerToFloat" | "DynamicQuantizeMatMul" => linear::matmul(op, 0, 1),
        "QGemm" => {
            let (a, b) = (op.dims(0)?, op.dims(3)?);
            let (m, n) = (op.attr("transA", 0) == 1, op.attr("transB", 0) == 1);
            one(vec![a.get(usize::from(m))?.clone(), b.get(usize::from(!n))?.clone()])
        }
        "FusedConv" => window::infer(op, "Conv"),
        "QLinearAdd" | "QLinearMul" => one(broadcast(&op.dims(0)?, &op.dims(3)?)?),
        "QLinearGlobalAveragePool" if op.attr("channels_last", 0) == 0 => {
            window::infer(op, "GlobalAveragePool")
        }
        "QLinearAveragePool" if op.attr("channels_last", 0) == 0 => {
            window::infer(op, "AveragePool")
        }
        "QLinearConcat" => qlinear_concat(op),
        "QLinearReduceMean" => reduce::infer(op, "ReduceMean"),
        "MatMulNBits" | "MatMulBnb4" | "MatMulFpQ4" => {
            let mut x = op.dims(0)?;
            *x.last_mut()? = SymExpr::Value(op.n.int("N")?.into());
            one(x)
        }
        "Attention" | "QAttention" => packed_attention(op),
        "MultiHeadAttention" | "GroupQueryAttention" => attention(op),
        "SkipLayerNormalization" | "SkipSimplifiedLayerNormalization" => {
            let x = op.sym(0)?.without_elems();
            Some(vec![Some(x.clone()), None, None, Some(x)])
        }
        "EmbedLayerNormalization" => {
            let (ids, table) = (op.dims(0)?, op.dims(2)?);
            let out = [ids.clone(), vec![table.last()?.clone()]].concat();
            let mask = vec![ids.first()?.clone()];
            Some(vec![Some(Sym::shape(out.clone())), Some(Sym::shape(mask)), Some(Sym::shape(out))])
        }
        "DynamicQuantizeLSTM" => recurrent::recurrent(op),
        k if SAME.contains(&k) => op.same(0),
        _ => None,
    }
}

fn fused_matmul(op: &mut Op) -> Option<Outputs> {
    let swapped = |op: &Op, i: usize, name: &str| {
        let mut d = op.dims(i)?;
        let n = d.len();
        if op.attr(name, 0) == 1 && n > 1 {
            d.swap(n - 1, n - 2);
        }
        Some(d)
    };
    let (a, b) = (swapped(op, 0, "transA")?, swapped(op, 1, "transB")?);
    one(linear::product_dims(&a, &b)?)
}

/// Output scale and zero point first, then groups of tensor, scale, zero point.
fn qlinear_concat(op: &mut Op) -> Option<Outputs> {
    let parts: Vec<Vec<SymExpr>> =
        (2..op.n.inputs.len()).step_by(3).map(|i| op.dims(i)).collect::<Option<_>>()?;
    let mut out = parts.first()?.clone();
    let axis = wrap(op.attr("axis", 0), out.len())?;
    *out.get_mut(axis)? = parts.iter().try_fold(SymExpr::ZERO, |s, d| s.plus(d.get(axis)?))?;
    one(out)
}

/// Attention with query, key and value in one weight.
fn packed_attention(op: &mut Op) -> Option<Outputs> {
    let (mut x, w) = (op.dims(0)?, op.dims(1)?);
    let hidden = match op.n.ints("qkv_hidden_sizes") {
        Some([.., v]) => SymExpr::Value((*v).into()),
        _ => w.get(1)?.over(&SymExpr::Value(3))?,
    };
    *x.last_mut()? = hidden;
    one(x)
}

fn attention(op: &mut Op) -> Option<Outputs> {
    let q = op.dims(0)?;
    let [batch, length, hidden] = q.as_slice() else { return None };
    let heads = SymExpr::Value(op.n.int("num_heads")?.into());
    let kv_heads = SymExpr::Value(op.attr("kv_num_heads", op.attr("num_heads", 1)).into());
    let (head, out) = match (op.has(1), op.n.op_type.as_str()) {
        (false, "GroupQueryAttention") => {
            let parts = heads.plus(&kv_heads.times(&SymExpr::Value(2))?)?;
            let head = hidden.over(&parts)?;
            (head.clone(), heads.times(&head)?)
        }
        _ => (hidden.over(&heads)?, hidden.clone()),
    };
    let value = op.dims(2).filter(|v| v.len() == 3 && op.n.op_type == "MultiHeadAttention");
    let out = value.and_then(|v| v.last().cloned()).unwrap_or(out);
    let past = if op.n.op_type == "GroupQueryAttention" { 3 } else { 6 };
    let total = match op.dims(past).and_then(|p| p.get(2).cloned()) {
        Some(p) if op.n.op_type == "MultiHeadAttention" => p.plus(length)?,
        None if !op.has(past) => length.clone(),
        _ => op.fresh(),
    };
    let cache = Some(Sym::shape(vec![batch.clone(), kv_heads, total, head]));
    let y = Sym::shape(vec![batch.clone(), length.clone(), out]);
    Some(vec![Some(y), cache.clone(), cache])
}
