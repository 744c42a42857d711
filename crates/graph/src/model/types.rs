//! The resolved graph: values by number, nodes that read and write them.

use super::blob::Blob;
use super::data_type::DataType;
use super::limits::Limits;
use super::tensor::{Tensor, TensorData};
use std::path::PathBuf;
use std::sync::Arc;

/// Index of a value in [`Model::values`].
pub type ValueId = u32;

/// One dimension of a shape.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Dim {
    /// A fixed size.
    Known(u64),
    /// A named symbol or a formula in such symbols.
    Symbol(String),
    /// Nothing is known.
    Unknown,
}

/// A declared or inferred tensor shape; `None` where not even the rank is known.
pub type Shape = Option<Vec<Dim>>;

/// Containers around a tensor, from outside in, with colons between: `seq`,
/// `opt`, `sparse`, and `map.` with the type of its keys (`seq:map.i64`).
pub type Container = Arc<str>;

/// `outer` around what `inner` says.
pub(crate) fn within(outer: &str, inner: Option<&str>) -> Container {
    match inner {
        Some(inner) => format!("{outer}:{inner}").into(),
        None => outer.into(),
    }
}

/// A map with keys of that type.
pub(crate) fn map_of(key: DataType) -> String {
    format!("map.{key}")
}

/// Type of a value.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ValueType {
    /// Element type of a tensor, `None` where unknown.
    pub dtype: Option<DataType>,
    /// Tensor shape.
    pub shape: Shape,
    /// What it is, where not a dense tensor; then the other fields describe
    /// the tensors in it.
    pub container: Option<Container>,
}

/// A named value: graph input, initializer, constant or node output.
#[derive(Debug, Clone, Default)]
pub struct Value {
    /// Name in the file.
    pub name: String,
    /// Declared type (graph inputs, outputs, `value_info`, initializers).
    pub ty: ValueType,
    /// Constant content, for initializers and outputs of `Constant` nodes.
    pub tensor: Option<Tensor>,
}

impl Value {
    /// Makes this value a constant.
    pub(super) fn set_constant(&mut self, t: Tensor) {
        let dims = t.dims.iter().map(|&d| Dim::Known(d)).collect();
        self.ty = ValueType { dtype: Some(t.dtype), shape: Some(dims), container: None };
        self.tensor = Some(t);
    }
}

/// The tensor that a `Constant` node with this attribute makes (Constant-13);
/// `None` where it makes none.
pub(crate) fn constant_tensor(value: &Attribute) -> Option<Tensor> {
    let scalar = |dtype, data| Tensor { dtype, dims: vec![], data };
    let vector = |dtype, n: usize, data| Tensor { dtype, dims: vec![n as u64], data };
    Some(match value {
        Attribute::Tensor(t) => t.clone(),
        Attribute::Int(i) => scalar(DataType::I64, TensorData::Ints(vec![*i])),
        Attribute::Float(f) => scalar(DataType::F32, TensorData::Floats(vec![*f])),
        Attribute::Ints(v) => vector(DataType::I64, v.len(), TensorData::Ints(v.clone())),
        Attribute::Floats(v) => vector(DataType::F32, v.len(), TensorData::Floats(v.clone())),
        Attribute::String(s) => scalar(DataType::String, texts(std::slice::from_ref(s))),
        Attribute::Strings(v) => vector(DataType::String, v.len(), texts(v)),
        _ => return None,
    })
}

fn texts(v: &[Blob]) -> TensorData {
    TensorData::Strings(v.iter().cloned().collect())
}

/// An attribute's value.
#[derive(Debug, Clone)]
pub enum Attribute {
    /// `FLOAT`
    Float(f32),
    /// `INT`
    Int(i64),
    /// `STRING`, any bytes
    String(Blob),
    /// `TENSOR` or `SPARSE_TENSOR`
    Tensor(Tensor),
    /// `GRAPH`
    Graph(Box<Graph>),
    /// `FLOATS`
    Floats(Vec<f32>),
    /// `INTS`
    Ints(Vec<i64>),
    /// `STRINGS`
    Strings(Vec<Blob>),
    /// `TENSORS` or `SPARSE_TENSORS`
    Tensors(Vec<Tensor>),
    /// `GRAPHS`
    Graphs(Vec<Graph>),
    /// `TYPE_PROTO` or `TYPE_PROTOS`
    Types(Vec<ValueType>),
    /// Reference to an attribute of the enclosing function.
    Reference(String),
}

/// One operation of a graph.
#[derive(Debug, Clone)]
pub struct Node {
    /// Name in the file, often empty.
    pub name: String,
    /// Operator type.
    pub op_type: String,
    /// Operator domain; empty for `ai.onnx`.
    pub domain: String,
    /// Version of the `ai.onnx` operator set that decides what the node means:
    /// that of the function it stands in, else of the model.
    pub opset: i64,
    /// Inputs; `None` for an omitted optional input.
    pub inputs: Vec<Option<ValueId>>,
    /// Outputs; `None` for an omitted optional output.
    pub outputs: Vec<Option<ValueId>>,
    /// Attributes, sorted by name.
    pub attributes: Vec<(String, Attribute)>,
}

impl Node {
    /// The attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        let i = self.attributes.binary_search_by(|a| a.0.as_str().cmp(name)).ok()?;
        self.attributes.get(i).map(|a| &a.1)
    }

    /// An `INT` attribute.
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.attribute(name)? {
            Attribute::Int(i) => Some(*i),
            _ => None,
        }
    }

    /// An `INTS` attribute.
    pub fn ints(&self, name: &str) -> Option<&[i64]> {
        match self.attribute(name)? {
            Attribute::Ints(v) => Some(v),
            _ => None,
        }
    }

    /// A `STRING` attribute that is UTF-8.
    pub fn string(&self, name: &str) -> Option<&str> {
        match self.attribute(name)? {
            Attribute::String(b) => std::str::from_utf8(b).ok(),
            _ => None,
        }
    }

    /// Graphs held by attributes, in attribute order.
    pub fn subgraphs(&self) -> impl Iterator<Item = &Graph> {
        self.attributes.iter().flat_map(|(_, a)| match a {
            Attribute::Graph(g) => std::slice::from_ref(&**g),
            Attribute::Graphs(gs) => gs.as_slice(),
            _ => &[],
        })
    }

    /// The input at position `i`, where given.
    pub fn input(&self, i: usize) -> Option<ValueId> {
        self.inputs.get(i).copied().flatten()
    }
}

/// A graph or subgraph. Its values live in the model's arena, so a subgraph
/// names values of the graphs around it directly.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// Name in the file.
    pub name: String,
    /// Inputs that are not initializers, in order.
    pub inputs: Vec<ValueId>,
    /// Outputs, in order.
    pub outputs: Vec<ValueId>,
    /// Nodes in file order.
    pub nodes: Vec<Node>,
}

/// A model-local function.
#[derive(Debug, Clone)]
pub struct Function {
    /// Domain, name and overload, which call sites use.
    pub key: (String, String, String),
    /// Body; inputs and outputs are the function's formal parameters.
    pub graph: Graph,
    /// Attribute parameters with their defaults, where any; sorted by name.
    pub attributes: Vec<(String, Option<Attribute>)>,
}

/// A model: the graph, the values, the functions, the versions.
///
/// ```
/// use nneval_graph::model::{Limits, Model};
/// let model = Model::open("../../fixtures/nats_tss_9930.onnx", &Limits::default())?;
/// let convolutions = model.graph.nodes.iter().filter(|n| n.op_type == "Conv").count();
/// assert_eq!((model.opset(), convolutions), (17, 82));
/// # Ok::<(), nneval_graph::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// `ModelProto.ir_version`.
    pub ir_version: i64,
    /// Producer name and version, as the file gives them.
    pub producer: String,
    /// Imported operator sets: domain (empty for `ai.onnx`) and version.
    pub opsets: Vec<(String, i64)>,
    /// The main graph.
    pub graph: Graph,
    /// All values of the graph, its subgraphs and functions.
    pub values: Vec<Value>,
    /// Model-local functions.
    pub functions: Vec<Function>,
    /// The file that was read, for errors.
    pub file: PathBuf,
    /// Size of that file.
    pub file_bytes: u64,
    /// The limits that it was read under.
    pub limits: Limits,
}

impl Model {
    /// Version of the `ai.onnx` operator set; the newest of duplicates, 1 where none is imported.
    pub fn opset(&self) -> i64 {
        onnx_version(&self.opsets).unwrap_or(1)
    }

    /// The value with this number. Numbers come from the model itself.
    pub fn value(&self, id: ValueId) -> Option<&Value> {
        self.values.get(id as usize)
    }
}

/// The newest version of `ai.onnx` among imported operator sets.
pub(super) fn onnx_version(opsets: &[(String, i64)]) -> Option<i64> {
    opsets.iter().filter(|o| o.0.is_empty()).map(|o| o.1).max()
}
