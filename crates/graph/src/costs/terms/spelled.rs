//! Canonical graph as a model of numbered values, so that operators are counted in it.

use crate::model::{Attribute, Graph, Model, Node, Tensor, TensorData, Value, ValueId};
use crate::opstring::{Attr, Constant, Dim, Literal, Op, OpGraph, Operand, TensorType, Window};
use crate::shape::{Inferred, Shapes, SymExpr};

/// Version of `ai.onnx` that canonical operators are of.
const OPSET: i64 = 26;

/// A model with the types of its values.
pub struct Spelled {
    /// Operations as nodes, weights without data.
    pub model: Model,
    /// Types of all values.
    pub shapes: Shapes,
    /// By value: computed from constants alone.
    pub constant: Vec<bool>,
}

impl Spelled {
    /// The operations of `g`; `None` where some have bodies.
    pub fn of(g: &OpGraph) -> Option<Self> {
        let mut spelled =
            Self { model: Model::default(), shapes: Shapes::default(), constant: Vec::new() };
        let mut values: Vec<Vec<ValueId>> = Vec::with_capacity(g.ops.len());
        for op in &g.ops {
            if !op.bodies.is_empty() {
                return None;
            }
            let node = spelled.node(op, &values)?;
            values.push(node.outputs.iter().map(|o| o.unwrap_or(0)).collect());
            match op.kind == "Input" {
                true => spelled.model.graph.inputs.extend(node.outputs.iter().flatten()),
                false => spelled.model.graph.nodes.push(node),
            }
        }
        let outputs = g.outputs.iter().map(|o| spelled.operand(o, &values));
        let outputs: Vec<ValueId> =
            outputs.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
        spelled.model.graph = Graph { outputs, ..spelled.model.graph };
        Some(spelled)
    }

    fn node(&mut self, op: &Op, values: &[Vec<ValueId>]) -> Option<Node> {
        let inputs: Vec<Option<ValueId>> =
            op.operands.iter().map(|o| self.operand(o, values)).collect::<Option<_>>()?;
        let constant = !inputs.is_empty()
            && inputs.iter().flatten().all(|&v| self.constant.get(v as usize) == Some(&true));
        let outputs = op.outputs.iter();
        let outputs = outputs
            .map(|t| self.value(inferred(t.as_ref()), None, constant))
            .collect::<Option<Vec<_>>>()?;
        let (domain, name) = op.kind.rsplit_once('.').unwrap_or(("", &op.kind));
        let rank = op.outputs.first().and_then(|t| Some(t.as_ref()?.dims.as_ref()?.len()));
        let mut attributes: Vec<(String, Attribute)> =
            op.attributes.iter().filter_map(|a| attribute(a, rank.unwrap_or(0))).collect();
        attributes.sort_by(|a, b| a.0.cmp(&b.0));
        Some(Node {
            name: String::new(),
            op_type: name.to_owned(),
            domain: domain.to_owned(),
            opset: OPSET,
            inputs,
            outputs: outputs.into_iter().map(Some).collect(),
            attributes,
        })
    }

    /// The value of an operand, `None` inside where it is left out.
    fn operand(&mut self, o: &Operand, values: &[Vec<ValueId>]) -> Option<Option<ValueId>> {
        match o {
            Operand::Value { op, output } => values.get(*op)?.get(*output).copied().map(Some),
            Operand::Weight(t) => self.stored(t, None).map(Some),
            Operand::Constant(c) => self.stored(&constant_type(c), ints(&c.value)).map(Some),
            Operand::Omitted => Some(None),
        }
    }

    fn stored(&mut self, t: &TensorType, ints: Option<Vec<i64>>) -> Option<ValueId> {
        let sizes =
            t.dims.as_ref().and_then(|d| d.iter().map(Dim::size).collect::<Option<Vec<_>>>());
        let tensor = t.dtype.zip(sizes).map(|(dtype, dims)| {
            let data = ints.clone().map_or(TensorData::Absent, TensorData::Ints);
            Tensor { dtype, dims, data }
        });
        self.value(Inferred { ints, ..inferred(Some(t)) }, tensor, true)
    }

    fn value(
        &mut self,
        inferred: Inferred,
        tensor: Option<Tensor>,
        constant: bool,
    ) -> Option<ValueId> {
        let id = ValueId::try_from(self.constant.len()).ok()?;
        self.model.values.push(Value { tensor, ..Value::default() });
        self.shapes.values.push(inferred);
        self.constant.push(constant);
        Some(id)
    }
}

/// What a type says, where all of its sizes are known.
fn inferred(t: Option<&TensorType>) -> Inferred {
    let Some(t) = t else { return Inferred::default() };
    let sizes = |d: &[Dim]| d.iter().map(|d| d.size().map(SymExpr::from)).collect::<Option<_>>();
    Inferred {
        dtype: t.dtype,
        dims: t.dims.as_deref().and_then(sizes),
        container: t.container.clone(),
        ints: None,
    }
}

/// The type of a constant: lists are its dimensions.
fn constant_type(c: &Constant) -> TensorType {
    use crate::model::DataType;
    let (mut dims, mut value) = (Vec::new(), &c.value);
    while let Literal::List(items) = value {
        dims.push(Dim::Size(items.len() as u64));
        match items.first() {
            Some(first) => value = first,
            None => break,
        }
    }
    let usual = match value {
        Literal::Float(_) => DataType::F32,
        Literal::Text(_) => DataType::String,
        _ => DataType::I64,
    };
    if let Literal::Elided { len, .. } = value {
        dims.push(Dim::Size(*len));
    }
    TensorType { dims: Some(dims), dtype: Some(c.dtype.unwrap_or(usual)), container: None }
}

/// Integers of a literal of rank 0 or 1.
fn ints(value: &Literal) -> Option<Vec<i64>> {
    let int = |v: &Literal| match v {
        Literal::Int(i) => Some(*i),
        _ => None,
    };
    match value {
        Literal::List(items) => items.iter().map(int).collect(),
        v => int(v).map(|i| vec![i]),
    }
}

/// An attribute of an operation with an output of that rank; `None` where it is elided.
fn attribute(a: &Attr, rank: usize) -> Option<(String, Attribute)> {
    let spatial = rank.saturating_sub(2);
    let (name, value): (&str, Attribute) = match a {
        Attr::Window(window, v) => window_attribute(*window, v, spatial),
        Attr::Group(n) => ("group", Attribute::Int(*n)),
        Attr::Axis(n) => ("axis", Attribute::Int(*n)),
        Attr::Named(name, value) => (name, named(value)?),
        Attr::Formal(_) | Attr::Captured(_) | Attr::Other(_) => return None,
    };
    Some((name.to_owned(), value))
}

fn window_attribute(window: Window, v: &[i64], spatial: usize) -> (&'static str, Attribute) {
    let each = |v: &[i64], n: usize| match v {
        [one] => vec![*one; n],
        v => v.to_vec(),
    };
    let (name, full) = match window {
        Window::Kernel => ("kernel_shape", each(v, spatial)),
        Window::Strides => ("strides", each(v, spatial)),
        Window::Dilations => ("dilations", each(v, spatial)),
        Window::Pads => {
            let half = each(v, spatial);
            let both = if half.len() == spatial { [half.clone(), half].concat() } else { half };
            ("pads", both)
        }
    };
    (name, Attribute::Ints(full))
}

fn named(value: &Literal) -> Option<Attribute> {
    Some(match value {
        Literal::Int(i) => Attribute::Int(*i),
        Literal::Float(x) => Attribute::Float(x.value() as f32),
        Literal::Text(t) => Attribute::String(t.to_vec().into()),
        Literal::List(items) if items.iter().all(|i| matches!(i, Literal::Int(_))) => {
            Attribute::Ints(ints(value)?)
        }
        _ => return None,
    })
}
