//! Linear layers: Gemm with a bias for matrices, MatMul and Add for others.

use super::net::{Facts, Net, Outputs, is_float, only, weight, weight_sizes};
use crate::opstring::{Attr, Dim, Op, Operand, TensorType};

/// A layer of a matrix: `Gemm` by a weight, with `transB` and a bias.
///
/// A weight stands for any of its size, so scales and transposition of a weight
/// leave no trace, and a missing bias is one of zeros.
pub fn gemm(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|_| op.kind == "Gemm" && op.is_plain())?;
    if op.int("transA").unwrap_or(0) != 0 || !is_float(t) {
        return None;
    }
    let b = weight_sizes(op.input(1)?)?;
    let [k, n] = match (b.as_slice(), op.int("transB").unwrap_or(0)) {
        ([n, k], 1) | ([k, n], 0) => [*k, *n],
        _ => return None,
    };
    if let Some(c) = op.input(2) {
        is_vector(c, n).then_some(())?;
    }
    layer(net, op, op.input(0)?.clone(), [k, n], t)
}

fn layer(net: &mut Net, op: &Op, x: Operand, [k, n]: [u64; 2], t: &TensorType) -> Option<Outputs> {
    let operands = vec![x, weight(&[n, k], t), weight(&[n], t)];
    let attributes = vec![Attr::int("transB", 1)];
    let same = op.kind == "Gemm" && operands == op.operands && attributes == op.attributes;
    (!same).then(|| only(net.one("Gemm", attributes, operands, t)))?
}

/// Whether a constant is a vector of `n` numbers, or one number.
fn is_vector(o: &Operand, n: u64) -> bool {
    match o {
        Operand::Constant(_) => super::net::number(o).is_some(),
        o => weight_sizes(o).is_some_and(|s| match s.split_last() {
            Some((last, ones)) => (*last == n || *last == 1) && ones.iter().all(|&d| d == 1),
            None => true,
        }),
    }
}

/// A product of a matrix and a weight.
pub fn matrix_product(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|_| op.kind == "MatMul" && op.is_plain())?;
    let x = op.input(0)?;
    let sizes = weight_sizes(op.input(1)?)?;
    let ([k, n], 2, true) = (sizes.as_slice(), net.dims(x)?.len(), is_float(t)) else {
        return None;
    };
    layer(net, op, x.clone(), [*k, *n], t)
}

/// A bias added to a layer of a matrix, and BatchNormalization after one.
pub fn after(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|_| op.is_plain())?;
    let x = op.input(0)?;
    let n = net.dims(x)?.get(1)?.size()?;
    net.made_by(x, "Gemm").filter(|g| is_layer(g) && g.output() == Some(t))?;
    let absorbed = match op.kind.as_str() {
        "Add" => is_vector(op.input(1)?, n) && super::net::is_constant(op.input(1)?),
        "BatchNormalization" => super::folded::is_inference(op),
        _ => false,
    };
    absorbed.then(|| vec![x.clone()])
}

fn is_layer(op: &Op) -> bool {
    op.attributes == [Attr::int("transB", 1)] && op.operands.len() == 3
}

/// A layer of a matrix between reshapes that join and part all dimensions but
/// the last.
pub fn joined(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|_| op.kind == "Reshape" && op.operands.len() == 1)?;
    let layer = net.made_by(op.input(0)?, "Gemm").filter(|g| is_layer(g))?;
    let join = net.maker(layer.input(0)?)?;
    if !matches!(join.kind.as_str(), "Reshape" | "Flatten") || join.operands.len() != 1 {
        return None;
    }
    let x = join.input(0)?.clone();
    let sizes = weight_sizes(layer.input(1)?)?;
    let [n, k] = sizes.as_slice() else { return None };
    let (from, to) = (net.dims(&x)?, op.dims()?);
    let fits = from.len() > 2
        && from.len() == to.len()
        && from.split_last()?.1 == to.split_last()?.1
        && *from.last()? == Dim::Size(*k)
        && *to.last()? == Dim::Size(*n);
    if !fits {
        return None;
    }
    let product = net.one("MatMul", Vec::new(), vec![x, weight(&[*k, *n], t)], t);
    only(net.one("Add", Vec::new(), vec![product, weight(&[*n], t)], t))
}

/// A convolution by one point of a picture of one point, flattened: a layer of a matrix.
pub fn point(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|_| op.kind == "Flatten" && op.operands.len() == 1)?;
    let conv = net.made_by(op.input(0)?, "Conv").filter(|c| c.is_plain())?;
    let sizes = weight_sizes(conv.input(1)?)?;
    let (n, k) = (*sizes.first()?, *sizes.get(1)?);
    let x = conv.input(0)?.clone();
    let dims = net.dims(&x)?.to_vec();
    let grouped = conv.attributes.iter().any(|a| matches!(a, Attr::Group(_)));
    let single = |d: &Dim| *d == Dim::Size(1);
    let fits = dims.get(1) == Some(&Dim::Size(k)) && dims.get(2..)?.iter().all(single);
    let out = conv.dims()?.get(2..)?.iter().all(single);
    if grouped || !fits || !out || !sizes.get(2..)?.iter().all(|&s| s == 1) {
        return None;
    }
    let flat = TensorType { dims: Some(dims.get(..2)?.to_vec()), ..net.of(&x)?.clone() };
    let x = net.one("Flatten", Vec::new(), vec![x], &flat);
    only(net.one(
        "Gemm",
        vec![Attr::int("transB", 1)],
        vec![x, weight(&[n, k], t), weight(&[n], t)],
        t,
    ))
}
