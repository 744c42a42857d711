//! Attributes of a node that change its computation, defaults left out.

use super::constants::{MAX_LIST, MAX_STRUCTURAL};
use super::constants::{constant, digest, float, list, name, text, texts};
use crate::model::{Attribute, Node, Tensor, ValueType};
use crate::ops::{self, Class, Operator};
use crate::opstring::attr::{Attr, Window};
use crate::opstring::literal::Literal;
use crate::opstring::tensor_type::TensorType;

/// A node, and what the meaning of its attributes depends on.
pub struct Site<'a> {
    /// The node.
    pub node: &'a Node,
    /// Its attributes, references to those of a function resolved.
    pub attributes: &'a [(&'a str, &'a Attribute)],
    /// Kernel of a convolution as its weight gives it.
    pub kernel: Option<&'a [u64]>,
    /// Rank of the first input, where known.
    pub input_rank: Option<usize>,
    /// Rank of the first output, where known.
    pub output_rank: Option<usize>,
}

/// Attributes of any operator that change nothing. Random seeds count as values;
/// `consumed_inputs` (before opset 6) was a hint.
const IGNORED: &[&str] = &["consumed_inputs", "seed"];
/// Attributes of normalization and Dropout that [`Site::is_training`] replaces.
const MODE: &[&str] = &["is_test", "training_mode"];

impl Site<'_> {
    fn get(&self, attribute: &str) -> Option<&Attribute> {
        let i = self.attributes.binary_search_by(|a| a.0.cmp(attribute)).ok()?;
        self.attributes.get(i).map(|a| a.1)
    }

    fn int(&self, attribute: &str) -> Option<i64> {
        match self.get(attribute)? {
            Attribute::Int(i) => Some(*i),
            _ => None,
        }
    }

    /// The row of the `ai.onnx` operator of the node's type.
    fn operator(&self) -> &'static Operator {
        ops::find("", &self.node.op_type)
    }

    fn is_softmax(&self) -> bool {
        self.operator().class == Class::Softmax
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

    /// The attributes, sorted by their spelling.
    pub fn attrs(&self) -> Vec<Attr> {
        let mut out = Vec::new();
        if let Some(k) = self.kernel.filter(|k| !k.is_empty()) {
            let k: Vec<i64> = k.iter().map(|&k| i64::try_from(k).unwrap_or(i64::MAX)).collect();
            out.push(self.window("kernel_shape", Window::Kernel, &k, k.len()));
        }
        for &(attribute, value) in self.attributes {
            if !self.is_idle(attribute) {
                out.extend(self.attr(attribute, value));
            }
        }
        if self.node.domain.is_empty() {
            out.extend(self.former().map(Attr::from));
            if self.is_onnx("BatchNormalization") && self.is_training() {
                out.push(Attr::int("training_mode", 1));
            }
            self.flattening(&mut out);
        }
        out.sort_by_cached_key(Attr::to_string);
        out
    }

    /// Spellings that an operator of an earlier opset gets in addition: what it did
    /// where the attribute is absent, if that differs from today's default.
    fn former(&self) -> impl Iterator<Item = &'static str> {
        let absent = |f: &&(i64, &str, &str)| self.node.opset < f.0 && self.get(f.1).is_none();
        self.operator().former.iter().filter(absent).map(|f| f.2)
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
            "axis" => self.is_softmax(),
            a if MODE.contains(&a) => self.is_onnx("BatchNormalization") || self.is_onnx("Dropout"),
            a => IGNORED.contains(&a),
        }
    }

    /// The axis of the Softmax family. Before opset 13 the operator flattens
    /// its input to two dimensions at `axis`; at the last axis that is the same.
    fn flattening(&self, out: &mut Vec<Attr>) {
        if !self.is_softmax() {
            return;
        }
        let flattens = self.node.opset < 13;
        let axis = self.int("axis").unwrap_or(if flattens { 1 } else { -1 });
        let rank = self.input_rank.and_then(|r| i64::try_from(r).ok());
        let last = axis == -1 || rank.is_some_and(|r| axis == r - 1);
        if !last {
            out.push(Attr::Axis(axis));
            out.extend(flattens.then(|| Attr::int("flatten", 1)));
        }
    }

    /// One attribute; `None` where it has its default.
    fn attr(&self, attribute: &str, value: &Attribute) -> Option<Attr> {
        let (operator, onnx) = (self.operator(), self.node.domain.is_empty());
        let idle = |v: &[i64], default: i64| {
            onnx && operator.has_windows() && v.iter().all(|&x| x == default)
        };
        match (attribute, value) {
            ("kernel_shape", Attribute::Ints(v)) => {
                Some(self.window(attribute, Window::Kernel, v, v.len()))
            }
            ("strides", Attribute::Ints(v)) => {
                (!idle(v, 1)).then(|| self.window(attribute, Window::Strides, v, v.len()))
            }
            ("dilations", Attribute::Ints(v)) => {
                (!idle(v, 1)).then(|| self.window(attribute, Window::Dilations, v, v.len()))
            }
            ("pads", Attribute::Ints(v)) => (!idle(v, 0)).then(|| self.pads(v)),
            _ => {
                let literal = self.value(value)?;
                if onnx && operator.is_default(attribute, &literal.to_string()) {
                    return None;
                }
                Some(match (attribute, value) {
                    ("group", Attribute::Int(n)) => Attr::Group(*n),
                    ("axis", Attribute::Int(n)) => Attr::Axis(*n),
                    _ => Attr::Named(name(attribute).into(), literal),
                })
            }
        }
    }

    /// Sizes along the spatial dimensions; in full where the rank of the output
    /// does not tell how many there are.
    fn window(&self, attribute: &str, window: Window, v: &[i64], spatial: usize) -> Attr {
        if v.is_empty() || self.output_rank != Some(spatial + 2) {
            return Attr::Named(attribute.into(), ints(v, MAX_STRUCTURAL));
        }
        Attr::Window(window, equal(v).to_vec())
    }

    /// Padding: the first half where both halves are equal.
    fn pads(&self, v: &[i64]) -> Attr {
        let half = v.len() / 2;
        let (begin, end) = v.split_at(half);
        let symmetric = begin == end && self.output_rank == Some(half + 2);
        match v.len() % 2 {
            0 if symmetric => self.window("pads", Window::Pads, begin, half),
            0 => self.window("pads", Window::Pads, v, half),
            _ => Attr::Named("pads".into(), ints(v, MAX_STRUCTURAL)),
        }
    }

    /// The value of an attribute; `None` for graphs.
    fn value(&self, value: &Attribute) -> Option<Literal> {
        let structural = self.node.domain.is_empty();
        Some(match value {
            Attribute::Int(i) => Literal::Int(*i),
            Attribute::Float(f) => float((*f).into()),
            Attribute::String(s) => text(s),
            Attribute::Ints(v) if structural && v.len() > MAX_STRUCTURAL => digest(v),
            Attribute::Ints(v) if structural => ints(v, MAX_STRUCTURAL),
            Attribute::Ints(v) => ints(v, MAX_LIST),
            Attribute::Floats(v) => list(v, MAX_LIST, |&f| float(f.into())),
            Attribute::Strings(v) => texts(v),
            Attribute::Tensor(t) => {
                constant(t, false).map_or_else(|| weight(t), |c| Literal::Constant(Box::new(c)))
            }
            Attribute::Tensors(v) => list(v, MAX_LIST, weight),
            Attribute::Types(v) => list(v, MAX_LIST, value_type),
            Attribute::Reference(r) => Literal::Reference(name(r).into()),
            Attribute::Graph(_) | Attribute::Graphs(_) => return None,
        })
    }
}

fn ints(v: &[i64], max: usize) -> Literal {
    list(v, max, |&i| Literal::Int(i))
}

fn weight(t: &Tensor) -> Literal {
    Literal::Weight(Box::new(TensorType::of_tensor(t)))
}

/// The first number alone where all are equal.
fn equal(v: &[i64]) -> &[i64] {
    let all_equal = v.windows(2).all(|w| w.first() == w.last());
    if all_equal { v.get(..1).unwrap_or(v) } else { v }
}

fn value_type(t: &ValueType) -> Literal {
    Literal::Type { dtype: t.dtype, container: t.container.clone() }
}
