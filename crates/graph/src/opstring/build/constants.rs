//! Constants, weights and names, from tensors and texts of a model.

use crate::budget;
use crate::model::{Blob, DataType, Tensor, TensorData, Texts};
use crate::opstring::graph::Operand;
use crate::opstring::literal::{Constant, Float, Literal};
use crate::opstring::tensor_type::TensorType;
use crate::shape::{Inferred, size};
use std::fmt::Write;

/// Lists and constants up to this length are spelled by value.
pub const MAX_LIST: usize = 16;
/// The same for operands and attributes that say what an operation does, such
/// as the target of a Reshape; longer ones are spelled by length and digest.
pub const MAX_STRUCTURAL: usize = 512;
/// Integers that are read for a digest.
const MAX_DIGEST: u64 = 1 << 20;

/// An attribute's or domain's name: letters, digits, `_` and `.`; the rest
/// escaped as `%` and two hexadecimal digits.
pub fn name(s: &str) -> String {
    escape(s, true)
}

fn escape(s: &str, dots: bool) -> String {
    let mut out = String::with_capacity(s.len());
    for b in s.bytes() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => out.push(b.into()),
            b'.' if dots => out.push('.'),
            _ => write!(out, "%{b:02x}").unwrap_or_default(),
        }
    }
    out
}

/// The name of an operator: its type, after its domain and a dot where that is
/// not `ai.onnx`. An operator that is called like the mark of a graph input has
/// its first letter escaped.
pub fn kind(domain: &str, op_type: &str) -> String {
    match (domain, op_type) {
        ("", "Input") => "%49nput".into(),
        ("", t) => escape(t, false),
        (d, t) => format!("{}.{}", name(d), escape(t, false)),
    }
}

/// The element type, where it is not `usual`.
fn unusual(dtype: DataType, usual: DataType) -> Option<DataType> {
    (dtype != usual).then_some(dtype)
}

/// A tensor as an operand: a constant where it is one, else a weight. A single
/// number of any rank is a constant in `arithmetic`.
pub fn operand(t: &Tensor, structural: bool, arithmetic: bool) -> Operand {
    let constant = constant(t, structural);
    let constant = constant.or_else(|| arithmetic.then(|| single(t)).flatten());
    constant.map_or_else(|| Operand::Weight(TensorType::of_tensor(t)), Operand::Constant)
}

/// The constant that a value is whose elements are known.
pub fn known(of: &Inferred) -> Option<Tensor> {
    let v = of.ints.as_ref().filter(|v| v.len() <= MAX_STRUCTURAL && of.container.is_none())?;
    let dims = of.dims.as_ref()?.iter().map(size).collect::<Option<Vec<u64>>>()?;
    let dtype = of.dtype?;
    let data = match dtype {
        DataType::F32 => TensorData::Floats(v.iter().map(|&x| x as f32).collect()),
        t if t.is_integer() => TensorData::Ints(v.clone()),
        _ => return None,
    };
    Some(Tensor { dtype, dims, data })
}

/// A constant of rank 0 or 1 by value: integers up to [`MAX_LIST`] elements,
/// single floats, and empty lists of any type.
///
/// `structural` operands say what the operation does; of these longer lists are
/// constants as well. Strings are never weights: a few short ones are constants
/// by value, others by a digest, in any rank. `None` for anything that counts as
/// a weight.
pub fn constant(t: &Tensor, structural: bool) -> Option<Constant> {
    if let (TensorData::Strings(s), DataType::String, false) = (&t.data, t.dtype, t.is_empty()) {
        return Some(strings(t, s));
    }
    if t.dims.len() > 1 {
        return None;
    }
    if t.dims.first() == Some(&0) {
        let dtype = unusual(t.dtype, DataType::I64);
        return Some(Constant { value: Literal::List(Vec::new()), dtype });
    }
    let (ints, floats) = if structural { (MAX_STRUCTURAL, MAX_LIST) } else { (MAX_LIST, 1) };
    if let Some(v) = t.ints(ints as u64) {
        let value = nested(&t.dims, v.into_iter().map(Literal::Int).collect());
        return Some(Constant { value, dtype: unusual(t.dtype, DataType::I64) });
    }
    if structural && let Some(v) = digestible(t) {
        return Some(Constant { value: digest(&v), dtype: unusual(t.dtype, DataType::I64) });
    }
    // A float always has a point, an exponent or a type, so it is not an integer.
    let v = t.floats(floats as u64)?;
    let value = nested(&t.dims, v.into_iter().map(float).collect());
    Some(Constant { value, dtype: unusual(t.dtype, DataType::F32) })
}

/// Integers that are read for a digest.
fn digestible(t: &Tensor) -> Option<Vec<i64>> {
    let n = t.len().filter(|&n| n <= MAX_DIGEST)?;
    budget::work(usize::try_from(n).ok()?)?;
    t.ints(MAX_DIGEST)
}

/// A single number of any rank by value, in a list for each dimension.
fn single(t: &Tensor) -> Option<Constant> {
    if t.len() != Some(1) {
        return None;
    }
    let scalar = Tensor { dims: Vec::new(), ..t.clone() };
    let Constant { value, dtype } = constant(&scalar, false)?;
    Some(Constant { value: nested(&t.dims, vec![value]), dtype })
}

/// A float.
pub fn float(x: f64) -> Literal {
    Literal::Float(Float::new(x))
}

/// A text.
pub fn text(bytes: &[u8]) -> Literal {
    Literal::Text(bytes.into())
}

/// A string constant.
fn strings(t: &Tensor, s: &Texts) -> Constant {
    let complete = t.len() == Some(s.len());
    match s.items().filter(|v| complete && !v.is_empty()) {
        Some(v) => {
            let items = v.iter().map(|s| text(s)).collect();
            Constant { value: nested(&t.dims, items), dtype: None }
        }
        // The sizes are part of the digest: lists of one length may differ in them.
        None => {
            let sizes = t.dims.iter().flat_map(|d| d.to_le_bytes());
            let digest = Some(fnv(s.digest(), sizes));
            Constant { value: Literal::Elided { len: s.len(), digest }, dtype: Some(t.dtype) }
        }
    }
}

/// Items in row-major order, in lists for each dimension.
fn nested(dims: &[u64], mut items: Vec<Literal>) -> Literal {
    for &d in dims.iter().rev() {
        let n = usize::try_from(d).unwrap_or(usize::MAX).max(1);
        items = items.chunks(n).map(|c| Literal::List(c.to_vec())).collect();
    }
    let one = items.pop().unwrap_or(Literal::Unknown);
    match dims.len() > Literal::MAX_DEPTH {
        true => Literal::Other(one.to_string().into()),
        false => one,
    }
}

/// A list of strings; of a long one the length and digest.
pub fn texts(v: &[Blob]) -> Literal {
    match v.len() > MAX_LIST {
        true => {
            let all: Texts = v.iter().cloned().collect();
            Literal::Elided { len: v.len() as u64, digest: Some(all.digest()) }
        }
        false => list(v, MAX_LIST, |s| text(s)),
    }
}

/// Continues the FNV-1a hash `h`.
fn fnv(h: u64, bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(h, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// Length and digest of a list of integers.
pub fn digest(v: &[i64]) -> Literal {
    let h = fnv(0xcbf2_9ce4_8422_2325, v.iter().flat_map(|x| x.to_le_bytes()));
    Literal::Elided { len: v.len() as u64, digest: Some(h) }
}

/// A list, or its length where there are more than `max` items.
pub fn list<T>(v: &[T], max: usize, item: impl Fn(&T) -> Literal) -> Literal {
    match v.len() > max {
        true => Literal::Elided { len: v.len() as u64, digest: None },
        false => Literal::List(v.iter().map(item).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(t: &Tensor, structural: bool) -> Option<String> {
        constant(t, structural).map(|c| c.to_string())
    }

    fn ints(dims: &[u64], v: Vec<i64>) -> Tensor {
        Tensor { dtype: DataType::I64, dims: dims.to_vec(), data: TensorData::Ints(v) }
    }

    #[test]
    fn constants_tell_scalars_vectors_types_and_lengths_apart() {
        assert_eq!(spelled(&ints(&[], vec![7]), false).unwrap(), "c7");
        assert_eq!(spelled(&ints(&[1], vec![7]), false).unwrap(), "c[7]");
        assert_eq!(spelled(&ints(&[1, 1], vec![7]), false), None);
        let float = |dims: &[u64], v| Tensor {
            dtype: DataType::F32,
            dims: dims.to_vec(),
            data: TensorData::Floats(v),
        };
        assert_eq!(spelled(&float(&[], vec![7.0]), false).unwrap(), "c7.0");
        assert_eq!(spelled(&float(&[2], vec![1.0, 2.0]), false), None);
        assert_eq!(spelled(&float(&[2], vec![1.0, 2.0]), true).unwrap(), "c[1.0,2.0]");
        assert_eq!(spelled(&float(&[0], vec![]), false).unwrap(), "c[]:f32");
        let absent = Tensor { data: TensorData::Absent, ..ints(&[0], vec![]) };
        assert_eq!(spelled(&absent, false), spelled(&ints(&[0], vec![]), false));
    }

    fn strings_of(dims: &[u64], v: &[&'static str]) -> Tensor {
        let data =
            TensorData::Strings(v.iter().map(|s| Blob::from(s.as_bytes().to_vec())).collect());
        Tensor { dtype: DataType::String, dims: dims.to_vec(), data }
    }

    #[test]
    fn strings_are_spelled_or_digested() {
        let spell =
            |dims: &[u64], v: &[&'static str]| spelled(&strings_of(dims, v), false).unwrap();
        assert_eq!(spell(&[], &["a b"]), "c'a%20b'");
        assert_eq!(spell(&[1], &["a"]), "c['a']");
        assert_eq!(spell(&[2, 2], &["a", "b", "", "d"]), "c[['a','b'],['','d']]");
        assert_eq!(spell(&[0], &[]), "c[]:str");
        let many = ["x"; 20];
        assert!(spell(&[20], &many).starts_with("c[#20:"));
        assert_ne!(spell(&[20], &many), spell(&[4, 5], &many));
        let mut other = many;
        other[19] = "y";
        assert_ne!(spell(&[20], &many), spell(&[20], &other));
    }

    #[test]
    fn single_numbers_have_a_bracket_for_each_dimension() {
        let t =
            Tensor { data: TensorData::Floats(vec![0.5]), dtype: DataType::F32, dims: vec![1, 1] };
        assert_eq!(single(&t).unwrap().to_string(), "c[[0.5]]");
        assert_eq!(single(&ints(&[1, 1, 1], vec![7])).unwrap().to_string(), "c[[[7]]]");
        let half = Tensor { dtype: DataType::Bool, ..ints(&[1, 1], vec![1]) };
        assert_eq!(single(&half).unwrap().to_string(), "c[[1]]:bool");
        assert_eq!(single(&ints(&[1, 2], vec![7, 8])), None);
    }

    #[test]
    fn long_lists_are_digests_where_they_say_what_an_operation_does() {
        let long = ints(&[600], (0..600).collect());
        assert_eq!(spelled(&long, false), None);
        let a = spelled(&long, true).unwrap();
        let b = spelled(&ints(&[600], (1..601).collect()), true).unwrap();
        assert!(a.starts_with("c[#600:") && a != b, "{a} {b}");
        let list = |v: &[i64]| list(v, 16, |&i| Literal::Int(i)).to_string();
        assert_eq!(list(&[1165]), "[1165]");
        assert_eq!(list(&[0; 1165]), "[#1165]");
    }

    #[test]
    fn names_hold_no_marks() {
        assert_eq!(kind("", "Conv"), "Conv");
        assert_eq!(kind("ai.onnx.ml", "Scaler"), "ai.onnx.ml.Scaler");
        assert_ne!(kind("a", "b.c"), kind("a.b", "c"));
        assert_eq!(kind("", "Input"), "%49nput");
    }
}
