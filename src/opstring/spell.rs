//! Short fixed spellings of attributes, constants, shapes and types.

use crate::graph::shape::{Inferred, SymExpr, number};
use crate::graph::{Attribute, DataType, Node, Tensor};
use std::collections::HashMap;
use std::fmt::Write;

/// Lists and constants up to this length are spelled by value, longer ones by length.
const MAX_LIST: usize = 16;

/// Letters for symbolic dimensions, in order of first appearance.
#[derive(Debug, Default)]
pub struct Letters {
    seen: HashMap<usize, usize>,
}

impl Letters {
    fn letter(&mut self, symbol: usize) -> String {
        let n = self.seen.len();
        let i = *self.seen.entry(symbol).or_insert(n);
        let c = char::from(b'a' + (i % 26) as u8);
        if i < 26 { c.to_string() } else { format!("{c}{}", i / 26) }
    }

    /// One dimension: a size, a letter, a formula in parentheses, or `?`.
    pub fn dim(&mut self, e: &SymExpr) -> String {
        match e {
            _ if crate::graph::shape::is_unknown(e) => "?".into(),
            SymExpr::Value(_) | SymExpr::Var(_) => self.formula(e),
            _ => format!("({})", self.formula(e)),
        }
    }

    fn formula(&mut self, e: &SymExpr) -> String {
        let (op, a, b) = match e {
            SymExpr::Value(v) => return v.to_string(),
            SymExpr::Var(s) => {
                return match number(&s.name) {
                    Some(i) => self.letter(i),
                    None => "?".into(),
                };
            }
            SymExpr::Neg(x) => return format!("-({})", self.formula(x)),
            SymExpr::Add(a, b) => ('+', a, b),
            SymExpr::Sub(a, b) => ('-', a, b),
            SymExpr::Mul(a, b) => ('*', a, b),
            SymExpr::Div(a, b) => ('/', a, b),
            SymExpr::DivCeil(a, b) => ('\\', a, b),
            SymExpr::Max(a, b) => ('^', a, b),
            SymExpr::Min(a, b) => ('_', a, b),
            SymExpr::Broadcast(a, b) => ('&', a, b),
        };
        let part = |s: &mut Self, x: &SymExpr| match x {
            SymExpr::Value(_) | SymExpr::Var(_) => s.formula(x),
            _ => format!("({})", s.formula(x)),
        };
        let a = part(self, a);
        format!("{a}{op}{}", part(self, b))
    }

    /// Shape and type of an output: `ax16x32x32`, `.` for a scalar, `*` where
    /// the rank is unknown; `:type` where the type is not f32.
    pub fn output(&mut self, t: &Inferred, container: Option<&str>) -> String {
        let mut s = match &t.dims {
            None => "*".into(),
            Some(d) if d.is_empty() => ".".into(),
            Some(d) => d.iter().map(|d| self.dim(d)).collect::<Vec<_>>().join("x"),
        };
        match t.dtype {
            Some(DataType::FLOAT) => {}
            Some(d) => write!(s, ":{d}").unwrap_or_default(),
            None => s.push_str(":?"),
        }
        if let Some(c) = container {
            write!(s, ":{c}").unwrap_or_default();
        }
        s
    }
}

/// Shape (and type, where not f32) of a weight: `w16x3x3x3`, `w.` for a scalar.
pub fn weight(t: &Tensor) -> String {
    let dims: Vec<String> = t.dims.iter().map(u64::to_string).collect();
    let shape = if dims.is_empty() { ".".into() } else { dims.join("x") };
    match t.dtype {
        DataType::FLOAT => format!("w{shape}"),
        d => format!("w{shape}:{d}"),
    }
}

/// A small constant by value: integers up to [`MAX_LIST`] elements and rank 1,
/// single floats. `None` for anything that counts as a weight.
pub fn constant(t: &Tensor) -> Option<String> {
    if t.dims.len() > 1 {
        return None;
    }
    let vector = t.dims.len() == 1;
    let list = |v: Vec<String>| match vector {
        true => format!("c[{}]", v.join(",")),
        false => format!("c{}", v.concat()),
    };
    if let Some(v) = t.ints(MAX_LIST as u64) {
        let text = list(v.iter().map(i64::to_string).collect());
        return Some(if t.dtype == DataType::INT64 { text } else { format!("{text}:{}", t.dtype) });
    }
    let v = t.floats(1)?;
    let text = list(v.iter().map(|x| float(*x)).collect());
    // A float constant always carries a point, an exponent or a type, so it is not an integer.
    Some(if t.dtype == DataType::FLOAT { text } else { format!("{text}:{}", t.dtype) })
}

/// Shortest decimal that reads back as the same f32 (or f64), never without a
/// point or an exponent.
pub fn float(x: f64) -> String {
    let single = x as f32;
    if f64::from(single) == x { format!("{single:?}") } else { format!("{x:?}") }
}

/// Text in single quotes; anything but plain printable ASCII is escaped.
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

/// An operator or attribute name: letters, digits, `_` and `.`; the rest escaped.
pub fn name(s: &str) -> String {
    let mut out = String::new();
    for b in s.bytes() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' => out.push(b.into()),
            _ => write!(out, "%{b:02x}").unwrap_or_default(),
        }
    }
    out
}

/// Attributes that do not change what an inference run computes.
const IGNORED: &[&str] = &["momentum", "consumed_inputs", "is_test", "training_mode", "seed"];

/// Defaults by operator (empty: any operator) and attribute, as spelled.
const DEFAULTS: &[(&str, &str, &str)] = &[
    ("", "auto_pad", "'NOTSET'"),
    ("", "group", "1"),
    ("", "ceil_mode", "0"),
    ("", "count_include_pad", "0"),
    ("", "storage_order", "0"),
    ("", "transA", "0"),
    ("", "transB", "0"),
    ("Gemm", "alpha", "1.0"),
    ("Gemm", "beta", "1.0"),
    ("", "keepdims", "1"),
    ("", "noop_with_empty_axes", "0"),
    ("", "allowzero", "0"),
    ("", "select_last_index", "0"),
    ("", "epsilon", "1e-5"),
    ("", "spatial", "1"),
    ("", "direction", "'forward'"),
    ("", "layout", "0"),
    ("GRU", "linear_before_reset", "0"),
    ("LSTM", "input_forget", "0"),
    ("LeakyRelu", "alpha", "0.01"),
    ("Elu", "alpha", "1.0"),
    ("Selu", "alpha", "1.6732632"),
    ("Selu", "gamma", "1.050701"),
    ("Celu", "alpha", "1.0"),
    ("HardSigmoid", "alpha", "0.2"),
    ("HardSigmoid", "beta", "0.5"),
    ("ThresholdedRelu", "alpha", "1.0"),
    ("Softmax", "axis", "-1"),
    ("LogSoftmax", "axis", "-1"),
    ("Hardmax", "axis", "-1"),
    ("LayerNormalization", "axis", "-1"),
    ("RMSNormalization", "axis", "-1"),
    ("LayerNormalization", "stash_type", "1"),
    ("RMSNormalization", "stash_type", "1"),
    ("GroupNormalization", "stash_type", "1"),
    ("Gather", "axis", "0"),
    ("GatherElements", "axis", "0"),
    ("GatherND", "batch_dims", "0"),
    ("Scatter", "axis", "0"),
    ("ScatterElements", "axis", "0"),
    ("", "reduction", "'none'"),
    ("Split", "axis", "0"),
    ("Flatten", "axis", "1"),
    ("ArgMax", "axis", "0"),
    ("ArgMin", "axis", "0"),
    ("TopK", "axis", "-1"),
    ("TopK", "largest", "1"),
    ("TopK", "sorted", "1"),
    ("CumSum", "exclusive", "0"),
    ("CumSum", "reverse", "0"),
    ("OneHot", "axis", "-1"),
    ("Pad", "mode", "'constant'"),
    ("Pad", "value", "0.0"),
    ("Resize", "mode", "'nearest'"),
    ("Resize", "coordinate_transformation_mode", "'half_pixel'"),
    ("Resize", "nearest_mode", "'round_prefer_floor'"),
    ("Resize", "cubic_coeff_a", "-0.75"),
    ("Resize", "exclude_outside", "0"),
    ("Resize", "extrapolation_value", "0.0"),
    ("Resize", "antialias", "0"),
    ("Resize", "keep_aspect_ratio_policy", "'stretch'"),
    ("Upsample", "mode", "'nearest'"),
    ("Mod", "fmod", "0"),
    ("Trilu", "upper", "1"),
    ("Shape", "start", "0"),
    ("EyeLike", "k", "0"),
    ("Gelu", "approximate", "'none'"),
    ("LRN", "alpha", "0.0001"),
    ("LRN", "beta", "0.75"),
    ("LRN", "bias", "1.0"),
    ("LpNormalization", "axis", "-1"),
    ("LpNormalization", "p", "2"),
    ("LpPool", "p", "2"),
    ("GlobalLpPool", "p", "2"),
    ("Shrink", "bias", "0.0"),
    ("Shrink", "lambd", "0.5"),
    ("IsInf", "detect_negative", "1"),
    ("IsInf", "detect_positive", "1"),
    ("DepthToSpace", "mode", "'DCR'"),
    ("Cast", "saturate", "1"),
    ("CastLike", "saturate", "1"),
    ("QuantizeLinear", "axis", "1"),
    ("DequantizeLinear", "axis", "1"),
    ("QuantizeLinear", "saturate", "1"),
    ("QuantizeLinear", "block_size", "0"),
    ("DequantizeLinear", "block_size", "0"),
    ("ReverseSequence", "batch_axis", "1"),
    ("ReverseSequence", "time_axis", "0"),
    ("GridSample", "align_corners", "0"),
    ("GridSample", "mode", "'linear'"),
    ("GridSample", "padding_mode", "'zeros'"),
    ("MaxRoiPool", "spatial_scale", "1.0"),
    ("NonMaxSuppression", "center_point_box", "0"),
    ("Unique", "sorted", "1"),
    ("Einsum", "", ""),
];

/// Attributes of a window, with their one-letter spellings.
fn short(attribute: &str) -> Option<&'static str> {
    Some(match attribute {
        "kernel_shape" => "k",
        "strides" => "s",
        "pads" => "p",
        "dilations" => "d",
        "group" => "g",
        "axis" => "a",
        _ => return None,
    })
}

/// The attributes of `n` that change its computation, spelled, sorted.
/// `kernel` is the kernel of a convolution as its weight gives it.
pub fn attributes(n: &Node, kernel: Option<&[u64]>) -> Vec<String> {
    let mut out = Vec::new();
    let unpadded = n.ints("pads").is_none_or(|p| p.iter().all(|&p| p == 0));
    if let Some(k) = kernel {
        let k: Vec<i64> = k.iter().map(|&k| i64::try_from(k).unwrap_or(i64::MAX)).collect();
        out.push(format!("k{}", window(&k, false)));
    }
    for (attr, value) in &n.attributes {
        let given_by_weight = attr == "kernel_shape" && kernel.is_some();
        let idle = attr == "count_include_pad" && unpadded && n.string("auto_pad").is_none();
        if given_by_weight || idle || IGNORED.contains(&attr.as_str()) {
            continue;
        }
        out.extend(attribute(&n.op_type, attr, value));
    }
    out.sort();
    out
}

fn attribute(op: &str, attr: &str, value: &Attribute) -> Option<String> {
    if let (Some(s), Attribute::Ints(v)) = (short(attr), value) {
        let neutral = match attr {
            "pads" => v.iter().all(|&x| x == 0),
            "strides" | "dilations" => v.iter().all(|&x| x == 1),
            _ => false,
        };
        return (!neutral).then(|| format!("{s}{}", window(v, attr == "pads")));
    }
    let text = value_text(value)?;
    let default =
        DEFAULTS.iter().any(|d| d.1 == attr && d.2 == text && (d.0 == op || d.0.is_empty()));
    match (default, short(attr)) {
        (true, _) => None,
        (_, Some(s)) => Some(format!("{s}{text}")),
        _ => Some(format!("{}={text}", name(attr))),
    }
}

/// A list along spatial dimensions; one number where all are equal, the first
/// half where pads are symmetric.
fn window(v: &[i64], pads: bool) -> String {
    let half = v.len() / 2;
    let v = match pads && v.get(..half) == v.get(half..) {
        true => v.get(..half).unwrap_or(v),
        false => v,
    };
    let all_equal = v.windows(2).all(|w| w.first() == w.last());
    let shown = if all_equal { v.get(..1).unwrap_or(v) } else { v };
    shown.iter().map(i64::to_string).collect::<Vec<_>>().join("x")
}

fn value_text(value: &Attribute) -> Option<String> {
    let list = |n: usize, items: Vec<String>| match n > MAX_LIST {
        true => format!("[{n}]"),
        false => format!("[{}]", items.join(",")),
    };
    Some(match value {
        Attribute::Int(i) => i.to_string(),
        Attribute::Float(f) => float((*f).into()),
        Attribute::String(s) => quoted(s),
        Attribute::Ints(v) => list(v.len(), v.iter().take(MAX_LIST).map(i64::to_string).collect()),
        Attribute::Floats(v) => {
            list(v.len(), v.iter().take(MAX_LIST).map(|&f| float(f.into())).collect())
        }
        Attribute::Strings(v) => {
            list(v.len(), v.iter().take(MAX_LIST).map(|s| quoted(s)).collect())
        }
        Attribute::Tensor(t) => constant(t).unwrap_or_else(|| weight(t)),
        Attribute::Tensors(v) => list(v.len(), v.iter().take(MAX_LIST).map(weight).collect()),
        Attribute::Types(v) => {
            let one = |t: &crate::graph::ValueType| {
                let dtype = t.dtype.map_or("?".into(), |d| d.to_string());
                format!("{dtype}{}", t.container.map(|c| format!(":{c}")).unwrap_or_default())
            };
            list(v.len(), v.iter().map(one).collect())
        }
        Attribute::Reference(r) => format!("&{}", name(r)),
        Attribute::Graph(_) | Attribute::Graphs(_) => return None,
    })
}
