//! Spelling of attributes: what changes the computation, sorted, defaults left out.

use super::defaults::{self, SOFTMAX};
use super::literal::{MAX_LIST, MAX_STRUCTURAL, by_x, constant, digest, float, list, name};
use super::literal::{quoted, texts, weight};
use crate::model::{Attribute, Node, ValueType};

/// A node with what its attributes mean depends on.
pub struct Site<'a> {
    /// The node.
    pub node: &'a Node,
    /// Its attributes, references to those of a function resolved.
    pub attributes: &'a [(String, Attribute)],
    /// Kernel of a convolution as its weight gives it.
    pub kernel: Option<&'a [u64]>,
    /// Rank of the first input, where known.
    pub input_rank: Option<usize>,
    /// Rank of the first output, where known.
    pub output_rank: Option<usize>,
}

/// Attributes of any operator that change nothing: random seeds count as
/// values, and `consumed_inputs` (before opset 6) was a hint.
const IGNORED: &[&str] = &["consumed_inputs", "seed"];
/// Attributes of normalization and Dropout that [`Site::is_training`] replaces.
const MODE: &[&str] = &["is_test", "training_mode"];

impl Site<'_> {
    fn get(&self, attribute: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|a| a.0 == attribute).map(|a| &a.1)
    }

    fn int(&self, attribute: &str) -> Option<i64> {
        match self.get(attribute)? {
            Attribute::Int(i) => Some(*i),
            _ => None,
        }
    }

    fn is_onnx(&self, op: &str) -> bool {
        self.node.domain.is_empty() && self.node.op_type == op
    }

    /// True for a BatchNormalization that computes its statistics: by the
    /// attribute since opset 14, before that by its outputs.
    fn is_training(&self) -> bool {
        let several = self.node.outputs.iter().flatten().count() > 1;
        match self.node.opset {
            14.. => self.int("training_mode") == Some(1),
            _ => several && self.int("is_test").unwrap_or(0) == 0,
        }
    }

    /// The attributes as words of the string, sorted.
    pub fn words(&self) -> Vec<String> {
        let mut out = Vec::new();
        if let Some(k) = self.kernel.filter(|k| !k.is_empty()) {
            let k: Vec<i64> = k.iter().map(|&k| i64::try_from(k).unwrap_or(i64::MAX)).collect();
            out.push(self.window("kernel_shape", "k", &k, k.len()));
        }
        for (attribute, value) in self.attributes {
            if !self.is_idle(attribute) {
                out.extend(self.word(attribute, value));
            }
        }
        if self.node.domain.is_empty() {
            let has = |a: &str| self.get(a).is_some();
            out.extend(defaults::former(&self.node.op_type, self.node.opset, has));
            if self.is_onnx("BatchNormalization") && self.is_training() {
                out.push("training_mode=1".into());
            }
            self.flattening(&mut out);
        }
        out.sort();
        out
    }

    /// True for an attribute that does not change what this node computes, or
    /// that is spelled elsewhere.
    fn is_idle(&self, attribute: &str) -> bool {
        if !self.node.domain.is_empty() {
            return false;
        }
        match attribute {
            "kernel_shape" => self.kernel.is_some_and(|k| !k.is_empty()),
            "count_include_pad" => {
                let unpadded = match self.get("pads") {
                    Some(Attribute::Ints(p)) => p.iter().all(|&p| p == 0),
                    _ => true,
                };
                unpadded && self.get("auto_pad").is_none() && self.int("ceil_mode") != Some(1)
            }
            "momentum" => self.is_onnx("BatchNormalization") && !self.is_training(),
            "axis" => SOFTMAX.contains(&self.node.op_type.as_str()),
            a if MODE.contains(&a) => self.is_onnx("BatchNormalization") || self.is_onnx("Dropout"),
            a => IGNORED.contains(&a),
        }
    }

    /// The axis of the Softmax family. Before opset 13 the operator flattens
    /// its input to two dimensions at `axis`; at the last axis that is the same.
    fn flattening(&self, out: &mut Vec<String>) {
        if !SOFTMAX.contains(&self.node.op_type.as_str()) {
            return;
        }
        let flattens = self.node.opset < 13;
        let axis = self.int("axis").unwrap_or(if flattens { 1 } else { -1 });
        let rank = self.input_rank.and_then(|r| i64::try_from(r).ok());
        let last = axis == -1 || rank.is_some_and(|r| axis == r - 1);
        if !last {
            out.push(format!("a{axis}"));
            out.extend(flattens.then(|| "flatten=1".into()));
        }
    }

    /// One attribute; `None` where it has its default.
    fn word(&self, attribute: &str, value: &Attribute) -> Option<String> {
        let op = self.node.op_type.as_str();
        let onnx = self.node.domain.is_empty();
        match (attribute, value) {
            ("kernel_shape", Attribute::Ints(v)) => Some(self.window(attribute, "k", v, v.len())),
            ("strides" | "dilations", Attribute::Ints(v)) => {
                let idle = onnx && defaults::has_windows(op) && v.iter().all(|&x| x == 1);
                let short = if attribute == "strides" { "s" } else { "d" };
                (!idle).then(|| self.window(attribute, short, v, v.len()))
            }
            ("pads", Attribute::Ints(v)) => {
                let idle = onnx && defaults::has_windows(op) && v.iter().all(|&x| x == 0);
                (!idle).then(|| self.pads(v))
            }
            _ => {
                let text = self.value(value)?;
                if onnx && defaults::is_default(op, attribute, &text) {
                    return None;
                }
                Some(match (attribute, value) {
                    ("group", Attribute::Int(_)) => format!("g{text}"),
                    ("axis", Attribute::Int(_)) => format!("a{text}"),
                    _ => format!("{}={text}", name(attribute)),
                })
            }
        }
    }

    /// A list along the spatial dimensions: one number where all are equal. In
    /// full where the shape does not tell how many there are.
    fn window(&self, attribute: &str, short: &str, v: &[i64], spatial: usize) -> String {
        if v.is_empty() || self.output_rank != Some(spatial + 2) {
            return format!("{attribute}={}", list(v, MAX_STRUCTURAL, i64::to_string));
        }
        format!("{short}{}", by_x(equal(v)))
    }

    /// Padding: the first half where both halves are equal, in one number
    /// where all are.
    fn pads(&self, v: &[i64]) -> String {
        let half = v.len() / 2;
        let (begin, end) = v.split_at(half);
        let symmetric = begin == end && self.output_rank == Some(half + 2);
        match v.len() % 2 {
            0 if symmetric => self.window("pads", "p", begin, half),
            0 => self.window("pads", "p", v, half),
            _ => format!("pads={}", list(v, MAX_STRUCTURAL, i64::to_string)),
        }
    }

    fn value(&self, value: &Attribute) -> Option<String> {
        let structural = self.node.domain.is_empty();
        Some(match value {
            Attribute::Int(i) => i.to_string(),
            Attribute::Float(f) => float((*f).into()),
            Attribute::String(s) => quoted(s),
            Attribute::Ints(v) if structural && v.len() > MAX_STRUCTURAL => digest(v),
            Attribute::Ints(v) if structural => list(v, MAX_STRUCTURAL, i64::to_string),
            Attribute::Ints(v) => list(v, MAX_LIST, i64::to_string),
            Attribute::Floats(v) => list(v, MAX_LIST, |&f| float(f.into())),
            Attribute::Strings(v) => texts(v),
            Attribute::Tensor(t) => constant(t, false).unwrap_or_else(|| weight(t)),
            Attribute::Tensors(v) => list(v, MAX_LIST, weight),
            Attribute::Types(v) => list(v, MAX_LIST, value_type),
            Attribute::Reference(r) => format!("&{}", name(r)),
            Attribute::Graph(_) | Attribute::Graphs(_) => return None,
        })
    }
}

fn equal(v: &[i64]) -> &[i64] {
    let all_equal = v.windows(2).all(|w| w.first() == w.last());
    if all_equal { v.get(..1).unwrap_or(v) } else { v }
}

fn value_type(t: &ValueType) -> String {
    let dtype = t.dtype.map_or("?".into(), |d| d.to_string());
    format!("{dtype}{}", t.container.as_ref().map(|c| format!(":{c}")).unwrap_or_default())
}
