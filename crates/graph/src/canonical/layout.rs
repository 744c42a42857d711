//! Changes of layout: one spelling for all ways to reshape, compositions as one.

use super::net::{Facts, Net, Outputs, ints, only};
use crate::ops::wrap;
use crate::opstring::{Attr, Dim, Literal, Op, Operand, TensorType};

/// Operators that change dimensions and keep the elements in order.
const RESHAPES: &[&str] = &["Reshape", "Flatten", "Squeeze", "Unsqueeze"];

/// Whether the dimensions tell what a reshape does: one may be unknown.
fn is_told(dims: &[Dim]) -> bool {
    let unknown = |d: &&Dim| matches!(d, Dim::Unknown | Dim::Other(_));
    dims.iter().filter(unknown).count() <= 1
}

/// A reshape by its output alone. `Flatten` where all but the first of several
/// dimensions become one, else `Reshape`.
///
/// A reshape of a reshape is one.
pub fn reshape(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|_| RESHAPES.contains(&op.kind.as_str()) && op.is_plain())?;
    let x = op.input(0)?;
    let dims = op.dims().filter(|d| is_told(d))?;
    let mut from = x.clone();
    while let Some(before) = net.maker(&from).filter(|b| is_canonical_reshape(b)) {
        from = before.input(0)?.clone();
    }
    let own = net.of(&from)?.clone();
    if own == *t {
        return only(from);
    }
    let before = net.dims(&from)?;
    let flattens = before.len() > 2 && dims.len() == 2 && before.first() == dims.first();
    let kind = if flattens { "Flatten" } else { "Reshape" };
    let done = op.kind == kind && op.operands.len() == 1 && op.attributes.is_empty();
    if done && from == *x {
        return None;
    }
    only(net.one(kind, Vec::new(), vec![from], t))
}

fn is_canonical_reshape(op: &Op) -> bool {
    let reshapes = op.kind == "Reshape" || op.kind == "Flatten";
    reshapes && op.operands.len() == 1 && op.attributes.is_empty() && op.is_plain()
}

/// The order of dimensions that a transposition gives.
pub fn perm(op: &Op, rank: usize) -> Option<Vec<usize>> {
    match op.named("perm") {
        None => Some((0..rank).rev().collect()),
        Some(v) => ints(v)?.into_iter().map(|i| wrap(i, rank)).collect(),
    }
}

/// A transposition with this order of dimensions.
pub fn transpose(net: &mut Net, x: &Operand, perm: &[usize]) -> Option<Operand> {
    let t = net.of(x)?;
    let dims = t.dims.as_ref()?;
    let dims = perm.iter().map(|&i| dims.get(i).cloned()).collect::<Option<Vec<Dim>>>()?;
    let t = TensorType { dims: Some(dims), ..t.clone() };
    Some(net.one("Transpose", vec![order(perm)], vec![x.clone()], &t))
}

fn order(perm: &[usize]) -> Attr {
    let items = perm.iter().map(|&i| Literal::Int(i64::try_from(i).unwrap_or(i64::MAX)));
    Attr::Named("perm".into(), Literal::List(items.collect()))
}

/// A transposition of a transposition is one; the order is always spelled.
pub fn transpositions(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|_| op.kind == "Transpose" && op.is_plain())?;
    let x = op.input(0)?;
    let rank = op.dims()?.len();
    let own = perm(op, rank)?;
    if own.len() != rank {
        return None;
    }
    if let Some(before) = net.made_by(x, "Transpose") {
        let first = perm(before, rank)?;
        let both = own.iter().map(|&i| first.get(i).copied()).collect::<Option<Vec<usize>>>()?;
        let source = before.input(0)?.clone();
        return match both.is_sorted() {
            true => only(source),
            false => only(net.one("Transpose", vec![order(&both)], vec![source], t)),
        };
    }
    let spelled = op.named("perm").is_some();
    (!spelled).then(|| only(net.one("Transpose", vec![order(&own)], vec![x.clone()], t)))?
}

/// A transposition of the last two dimensions between reshapes that join and
/// part the dimensions before them.
pub fn joined_transposition(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|_| is_canonical_reshape(op))?;
    let swap = net.made_by(op.input(0)?, "Transpose")?;
    let rank = swap.dims()?.len();
    if rank != 3 || perm(swap, rank)? != [0, 2, 1] {
        return None;
    }
    let join = net.maker(swap.input(0)?).filter(|j| is_canonical_reshape(j))?;
    let source = join.input(0)?.clone();
    let (from, to) = (net.dims(&source)?, op.dims()?);
    let n = from.len();
    let joined = join.dims()?;
    if n < 4 || to.len() != n || from.get(..n - 2) != to.get(..n - 2) {
        return None;
    }
    if from.get(n - 2..) != joined.get(1..) {
        return None;
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.swap(n - 2, n - 1);
    let swapped = transpose(net, &source, &order)?;
    (net.of(&swapped) == Some(t)).then(|| vec![swapped])
}

/// A concatenation along an axis counted from the front.
pub fn concatenation(net: &mut Net, op: &Op) -> Option<Outputs> {
    let axis = op.axis().filter(|&a| a < 0 && op.kind == "Concat" && op.is_plain())?;
    let axis = i64::try_from(wrap(axis, op.dims()?.len())?).ok()?;
    Some(net.emit(Op { attributes: vec![Attr::Axis(axis)], ..op.clone() }))
}

/// A resampling by its output's sizes: no word on scales, nor on what its mode
/// does not use.
pub fn resampling(net: &mut Net, op: &Op) -> Option<Outputs> {
    let told = op.dims().is_some_and(super::net::all_known);
    if op.kind != "Resize" || !op.is_plain() || !told {
        return None;
    }
    let is =
        |name: &str, text: &[u8]| matches!(op.named(name), Some(Literal::Text(t)) if **t == *text);
    let (cubic, linear) = (is("mode", b"cubic"), is("mode", b"linear"));
    let crops = is("coordinate_transformation_mode", b"tf_crop_and_resize");
    let idle = |a: &&Attr| match a {
        Attr::Named(name, value) => match &**name {
            "cubic_coeff_a" => !cubic,
            "exclude_outside" => !cubic && !linear,
            "nearest_mode" => cubic || linear,
            "extrapolation_value" => !crops,
            "keep_aspect_ratio_policy" => true,
            "antialias" => *value == Literal::Int(0),
            _ => false,
        },
        _ => false,
    };
    let attributes: Vec<Attr> = op.attributes.iter().filter(|a| !idle(a)).cloned().collect();
    let operands = match crops {
        true => op.operands.clone(),
        false => op.operands.iter().take(1).cloned().collect(),
    };
    let done = attributes == op.attributes && operands == op.operands;
    (!done).then(|| net.emit(Op { attributes, operands, ..op.clone() }))
}

/// A product of matrices between reshapes that join and part the dimensions
/// before the last two.
pub fn joined_product(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|_| is_canonical_reshape(op))?;
    let product = net.made_by(op.input(0)?, "MatMul").filter(|p| p.is_plain())?;
    let [a, b] = product.operands.as_slice() else { return None };
    if product.dims()?.len() != 3 {
        return None;
    }
    let whole = |o: &Operand| {
        let join = net.maker(o).filter(|j| is_canonical_reshape(j))?;
        let source = join.input(0)?;
        let (from, joined) = (net.dims(source)?, join.dims()?);
        let same = from.get(from.len().checked_sub(2)?..)? == joined.get(1..)?;
        (from.len() > 3 && same && joined.len() == 3).then(|| source.clone())
    };
    let (a, b) = (whole(a)?, whole(b)?);
    let (from, other, to) = (net.dims(&a)?, net.dims(&b)?, op.dims()?);
    let before = to.len().checked_sub(2)?;
    let leads = to.get(..before)?;
    let fits = from.len() == to.len()
        && other.len() == to.len()
        && from.get(..before)? == leads
        && other.get(..before)? == leads
        && product.dims()?.get(1..)? == to.get(before..)?;
    fits.then(|| only(net.one("MatMul", Vec::new(), vec![a, b], t)))?
}

/// An expansion by its output alone; none at all where what reads it broadcasts.
pub fn expand(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|_| op.is_plain())?;
    let x = op.input(0)?;
    if op.kind == "Expand" {
        if is_weight_for_all(net, x, op) {
            return only(x.clone());
        }
        let told = op.operands.len() > 1 && super::net::all_known(op.dims()?);
        return told.then(|| only(net.one("Expand", Vec::new(), vec![x.clone()], t)))?;
    }
    if !matches!(op.kind.as_str(), "Add" | "Sub" | "Mul" | "Div" | "Max" | "Min" | "Pow") {
        return None;
    }
    let [a, b] = op.operands.as_slice() else { return None };
    let source = |net: &Net, o: &Operand, other: &Operand| {
        let from = net.made_by(o, "Expand").filter(|e| e.operands.len() == 1)?.input(0)?.clone();
        let whole = net.dims(other)? == op.dims()?;
        let fits = net.dims(&from)?.len() <= op.dims()?.len();
        (whole && fits).then_some(from)
    };
    let operands = match (source(net, a, b), source(net, b, a)) {
        (Some(a), _) => vec![a, b.clone()],
        (None, Some(b)) => vec![a.clone(), b],
        _ => return None,
    };
    Some(net.emit(Op { operands, ..op.clone() }))
}

/// Whether an expansion repeats a weight for each element of an open batch.
fn is_weight_for_all(net: &Net, x: &Operand, op: &Op) -> bool {
    let (Operand::Weight(_), Some(from), Some(to)) = (x, net.dims(x), op.dims()) else {
        return false;
    };
    let repeated = |(a, b): (&Dim, &Dim)| a == b || (*a == Dim::Size(1) && is_open(b));
    from.len() == to.len() && from.iter().zip(to).all(repeated)
}

fn is_open(d: &Dim) -> bool {
    matches!(d, Dim::Symbol(_) | Dim::Formula(_))
}
