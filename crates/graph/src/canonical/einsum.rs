//! Einsum: its letters in order, and MatMul where it is one.

use super::layout::transpose;
use super::net::{Facts, Net, Outputs, only};
use crate::opstring::{Dim, Literal, Op, Operand, TensorType};

/// An equation: the letters of each operand, and of the output.
struct Equation {
    operands: Vec<Vec<u8>>,
    output: Vec<u8>,
}

impl Equation {
    /// Reads an equation with an output and without ellipsis.
    fn read(op: &Op) -> Option<Self> {
        let Literal::Text(text) = op.named("equation")? else { return None };
        let text: Vec<u8> = text.iter().copied().filter(|b| *b != b' ').collect();
        let text = String::from_utf8(text).ok()?;
        let (operands, output) = text.split_once("->")?;
        let letters = |s: &str| -> Option<Vec<u8>> {
            s.bytes().all(|b| b.is_ascii_alphabetic()).then(|| s.bytes().collect())
        };
        let operands = operands.split(',').map(letters).collect::<Option<Vec<_>>>()?;
        Some(Self { operands, output: letters(output)? })
    }
}

/// A product of two operands that sums over one letter, as MatMul of
/// transpositions.
pub fn product(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|_| op.kind == "Einsum" && op.is_plain())?;
    let [x, y] = op.operands.as_slice() else { return None };
    let e = Equation::read(op)?;
    let [a, b] = e.operands.as_slice() else { return None };
    let distinct =
        |v: &[u8]| v.iter().enumerate().all(|(i, l)| !v.iter().skip(i + 1).any(|m| m == l));
    if ![a, b, &e.output].into_iter().all(|v| distinct(v)) {
        return None;
    }
    let only_in = |v: &[u8], other: &[u8], out: bool| -> Vec<u8> {
        v.iter().copied().filter(|l| !other.contains(l) && e.output.contains(l) == out).collect()
    };
    let shared = |out: bool| -> Vec<u8> {
        a.iter().copied().filter(|l| b.contains(l) && e.output.contains(l) == out).collect()
    };
    let (rows, columns) = (only_in(a, b, true), only_in(b, a, true));
    let (batch, inner) = (shared(true), shared(false));
    let complete = only_in(a, b, false).is_empty() && only_in(b, a, false).is_empty();
    let ([row], [column], [inner], true) =
        (rows.as_slice(), columns.as_slice(), inner.as_slice(), complete)
    else {
        return None;
    };
    let in_order: Vec<u8> = e.output.iter().copied().filter(|l| batch.contains(l)).collect();
    let size = |l: u8| -> Option<Dim> {
        let at = |v: &[u8], o: &Operand| {
            let i = v.iter().position(|m| *m == l)?;
            net.dims(o)?.get(i).cloned()
        };
        at(a, x).or_else(|| at(b, y))
    };
    let same = batch.iter().chain([inner]).all(|&l| {
        let of = |v: &[u8], o| v.iter().position(|m| *m == l).and_then(|i| net.dims(o)?.get(i));
        of(a, x) == of(b, y)
    });
    let lettered = |end: [u8; 2]| -> Vec<u8> { in_order.iter().copied().chain(end).collect() };
    let product = lettered([*row, *column]);
    let dims = product.iter().map(|&l| size(l)).collect::<Option<Vec<Dim>>>()?;
    let order = |from: &[u8], to: &[u8]| -> Option<Vec<usize>> {
        to.iter().map(|l| from.iter().position(|m| m == l)).collect()
    };
    let (of_x, of_y) =
        (order(a, &lettered([*row, *inner]))?, order(b, &lettered([*inner, *column]))?);
    let out = order(&product, &e.output)?;
    if !same {
        return None;
    }
    let x = turned(net, x, &of_x)?;
    let y = turned(net, y, &of_y)?;
    let result = TensorType { dims: Some(dims), ..t.clone() };
    let result = net.one("MatMul", Vec::new(), vec![x, y], &result);
    only(turned(net, &result, &out)?)
}

fn turned(net: &mut Net, x: &Operand, order: &[usize]) -> Option<Operand> {
    if order.is_sorted() { Some(x.clone()) } else { transpose(net, x, order) }
}
