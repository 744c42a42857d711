//! Spelling of numbers, text, names, constants and weights.

use crate::model::{DataType, Tensor, TensorData, Texts};
use prost::bytes::Bytes;
use std::fmt::{Display, Write};

/// Lists and constants up to this length are spelled by value.
pub const MAX_LIST: usize = 16;
/// The same for operands and attributes that say what an operation does, such
/// as the target of a Reshape; longer ones are spelled by length and digest.
pub const MAX_STRUCTURAL: usize = 512;
/// Integers that are read for a digest.
const MAX_DIGEST: u64 = 1 << 20;

/// A float as its shortest decimal form that reads back, always with a point,
/// an exponent, or as `inf` or `NaN`.
pub fn float(x: f64) -> String {
    let single = x as f32;
    if f64::from(single) == x { format!("{single:?}") } else { format!("{x:?}") }
}

/// Text in single quotes; anything but letters, digits and `_-.,` is escaped
/// as `%` and two hexadecimal digits.
pub fn quoted(bytes: &[u8]) -> String {
    let mut s = String::from("'");
    for &b in bytes {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b',' => {
                s.push(b.into());
            }
            _ => write!(s, "%{b:02x}").unwrap_or_default(),
        }
    }
    s.push('\'');
    s
}

/// An attribute's or domain's name: letters, digits, `_` and `.`; the rest
/// escaped as in [`quoted`].
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

/// What an operator is called: its type, after its domain and a dot where that
/// is not `ai.onnx`. An operator that is called like the mark of a graph input
/// has its first letter escaped.
pub fn kind(domain: &str, op_type: &str) -> String {
    match (domain, op_type) {
        ("", "Input") => "%49nput".into(),
        ("", t) => escape(t, false),
        (d, t) => format!("{}.{}", name(d), escape(t, false)),
    }
}

/// Shape (and type, where not f32) of a weight: `w16x3x3x3`, `w.` for a scalar.
pub fn weight(t: &Tensor) -> String {
    let dims: Vec<String> = t.dims.iter().map(u64::to_string).collect();
    let shape = if dims.is_empty() { ".".into() } else { dims.join("x") };
    typed(format!("w{shape}"), t.dtype, DataType::FLOAT)
}

fn typed(text: String, dtype: DataType, default: DataType) -> String {
    if dtype == default { text } else { format!("{text}:{dtype}") }
}

/// A constant of rank 0 or 1 by value: integers up to [`MAX_LIST`] elements,
/// single floats, and empty lists of any type. `structural` operands say what
/// the operation does: of these, longer lists as well. Strings are never
/// weights: a few short ones by value, others as a digest, of any rank. `None`
/// for anything that counts as a weight.
pub fn constant(t: &Tensor, structural: bool) -> Option<String> {
    if let (TensorData::Strings(s), DataType::STRING, false) = (&t.data, t.dtype, t.is_empty()) {
        return Some(strings(t, s));
    }
    if t.dims.len() > 1 {
        return None;
    }
    if t.dims.first() == Some(&0) {
        return Some(typed("c[]".into(), t.dtype, DataType::INT64));
    }
    let vector = t.dims.len() == 1;
    let list = |v: Vec<String>| match vector {
        true => format!("c[{}]", v.join(",")),
        false => format!("c{}", v.concat()),
    };
    let (ints, floats) = if structural { (MAX_STRUCTURAL, MAX_LIST) } else { (MAX_LIST, 1) };
    if let Some(v) = t.ints(ints as u64) {
        let text = list(v.iter().map(i64::to_string).collect());
        return Some(typed(text, t.dtype, DataType::INT64));
    }
    if structural && let Some(v) = t.ints(MAX_DIGEST) {
        return Some(typed(format!("c{}", digest(&v)), t.dtype, DataType::INT64));
    }
    // A float constant always carries a point, an exponent or a type, so it is not an integer.
    let v = t.floats(floats as u64)?;
    let text = list(v.iter().map(|x| float(*x)).collect());
    Some(typed(text, t.dtype, DataType::FLOAT))
}

/// A single number of rank 2 and above by value, a bracket for each dimension.
pub fn single(t: &Tensor) -> Option<String> {
    if t.len() != Some(1) {
        return None;
    }
    let scalar = Tensor { dims: Vec::new(), ..t.clone() };
    let text = constant(&scalar, false)?;
    let (value, dtype) = match text.split_once(':') {
        Some((v, d)) => (v, format!(":{d}")),
        None => (text.as_str(), String::new()),
    };
    let value = value.strip_prefix('c')?;
    Some(format!("c{}{value}{}{dtype}", "[".repeat(t.dims.len()), "]".repeat(t.dims.len())))
}

/// A string constant.
fn strings(t: &Tensor, s: &Texts) -> String {
    let whole = t.len() == Some(s.len());
    match s.items().filter(|v| whole && !v.is_empty()) {
        Some(v) => {
            let items: Vec<String> = v.iter().map(|s| quoted(s)).collect();
            format!("c{}", nested(&t.dims, items))
        }
        // The sizes are part of the digest: lists of one length may differ in them.
        None => {
            let sizes = t.dims.iter().flat_map(|d| d.to_le_bytes());
            let h = fnv(s.digest(), sizes);
            format!("c[#{}:{h:016x}]:{}", s.len(), t.dtype)
        }
    }
}

/// Items in row-major order, a bracket for each dimension.
fn nested(dims: &[u64], mut items: Vec<String>) -> String {
    for &d in dims.iter().rev() {
        let n = usize::try_from(d).unwrap_or(usize::MAX).max(1);
        items = items.chunks(n).map(|c| format!("[{}]", c.join(","))).collect();
    }
    items.concat()
}

/// `[#length:digest]` of a long list of strings, all of them where they are few.
pub fn texts(v: &[Bytes]) -> String {
    match v.len() > MAX_LIST {
        true => {
            let all: Texts = v.iter().cloned().collect();
            format!("[#{}:{:016x}]", v.len(), all.digest())
        }
        false => list(v, MAX_LIST, |s| quoted(s)),
    }
}

/// Continues the FNV-1a hash `h`.
fn fnv(h: u64, bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(h, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// `[#length:digest]` of a long list of integers.
pub fn digest(v: &[i64]) -> String {
    let h = fnv(0xcbf2_9ce4_8422_2325, v.iter().flat_map(|x| x.to_le_bytes()));
    format!("[#{}:{h:016x}]", v.len())
}

/// `[a,b]`, or `[#length]` where there are more than `max`.
pub fn list<T>(v: &[T], max: usize, spell: impl Fn(&T) -> String) -> String {
    match v.len() > max {
        true => format!("[#{}]", v.len()),
        false => format!("[{}]", v.iter().map(spell).collect::<Vec<_>>().join(",")),
    }
}

/// A list with `x` between the items.
pub fn by_x<T: Display>(v: &[T]) -> String {
    v.iter().map(T::to_string).collect::<Vec<_>>().join("x")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ints(dims: &[u64], v: Vec<i64>) -> Tensor {
        Tensor { dtype: DataType::INT64, dims: dims.to_vec(), data: TensorData::Ints(v) }
    }

    #[test]
    fn constants_tell_scalars_vectors_types_and_lengths_apart() {
        assert_eq!(constant(&ints(&[], vec![7]), false).unwrap(), "c7");
        assert_eq!(constant(&ints(&[1], vec![7]), false).unwrap(), "c[7]");
        assert_eq!(constant(&ints(&[1, 1], vec![7]), false), None);
        let float = |dims: &[u64], v| Tensor {
            dtype: DataType::FLOAT,
            dims: dims.to_vec(),
            data: TensorData::Floats(v),
        };
        assert_eq!(constant(&float(&[], vec![7.0]), false).unwrap(), "c7.0");
        assert_eq!(constant(&float(&[2], vec![1.0, 2.0]), false), None);
        assert_eq!(constant(&float(&[2], vec![1.0, 2.0]), true).unwrap(), "c[1.0,2.0]");
        assert_eq!(constant(&float(&[0], vec![]), false).unwrap(), "c[]:f32");
        let absent = Tensor { data: TensorData::Absent, ..ints(&[0], vec![]) };
        assert_eq!(constant(&absent, false), constant(&ints(&[0], vec![]), false));
    }

    fn strings_of(dims: &[u64], v: &[&'static str]) -> Tensor {
        let data =
            TensorData::Strings(v.iter().map(|s| Bytes::from_static(s.as_bytes())).collect());
        Tensor { dtype: DataType::STRING, dims: dims.to_vec(), data }
    }

    #[test]
    fn strings_are_spelled_or_digested() {
        let spell =
            |dims: &[u64], v: &[&'static str]| constant(&strings_of(dims, v), false).unwrap();
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
        let t = Tensor {
            data: TensorData::Floats(vec![0.5]),
            dtype: DataType::FLOAT,
            dims: vec![1, 1],
        };
        assert_eq!(single(&t).unwrap(), "c[[0.5]]");
        assert_eq!(single(&ints(&[1, 1, 1], vec![7])).unwrap(), "c[[[7]]]");
        let half = Tensor { dtype: DataType::BOOL, ..ints(&[1, 1], vec![1]) };
        assert_eq!(single(&half).unwrap(), "c[[1]]:bool");
        assert_eq!(single(&ints(&[1, 2], vec![7, 8])), None);
    }

    #[test]
    fn long_lists_are_digests_where_they_say_what_an_operation_does() {
        let long = ints(&[600], (0..600).collect());
        assert_eq!(constant(&long, false), None);
        let a = constant(&long, true).unwrap();
        let b = constant(&ints(&[600], (1..601).collect()), true).unwrap();
        assert!(a.starts_with("c[#600:") && a != b, "{a} {b}");
        assert_eq!(list(&[1165], 16, i64::to_string), "[1165]");
        assert_eq!(list(&[0; 1165], 16, i64::to_string), "[#1165]");
    }

    #[test]
    fn names_and_text_hold_no_marks() {
        assert_eq!(kind("", "Conv"), "Conv");
        assert_eq!(kind("ai.onnx.ml", "Scaler"), "ai.onnx.ml.Scaler");
        assert_ne!(kind("a", "b.c"), kind("a.b", "c"));
        assert_eq!(kind("", "Input"), "%49nput");
        assert_eq!(quoted(b"a]' |+\xff"), "'a%5d%27%20%7c%2b%ff'");
    }
}
