//! The resolved graph: values by number, nodes that read and write them.

use prost::bytes::Bytes;
use std::fmt;

/// Index of a value in [`Model::values`].
pub type ValueId = u32;

/// Element type of a tensor, by its `TensorProto.DataType` number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DataType(pub i32);

/// Short names and sizes in bits of the element types, in the order of their
/// numbers in `onnx.proto` (IR version 14).
const DATA_TYPES: [(&str, u32); 27] = [
    ("undef", 0),
    ("f32", 32),
    ("u8", 8),
    ("i8", 8),
    ("u16", 16),
    ("i16", 16),
    ("i32", 32),
    ("i64", 64),
    ("str", 0),
    ("bool", 8),
    ("f16", 16),
    ("f64", 64),
    ("u32", 32),
    ("u64", 64),
    ("c64", 64),
    ("c128", 128),
    ("bf16", 16),
    ("f8e4m3fn", 8),
    ("f8e4m3fnuz", 8),
    ("f8e5m2", 8),
    ("f8e5m2fnuz", 8),
    ("u4", 4),
    ("i4", 4),
    ("f4e2m1", 4),
    ("f8e8m0", 8),
    ("u2", 2),
    ("i2", 2),
];

impl DataType {
    /// 32-bit float, the type that the operation string leaves out.
    pub const FLOAT: Self = Self(1);
    /// 32-bit signed integer.
    pub const INT32: Self = Self(6);
    /// 64-bit signed integer.
    pub const INT64: Self = Self(7);
    /// Boolean.
    pub const BOOL: Self = Self(9);

    /// Size of one element in bits; 0 for strings and unknown types.
    pub fn bits(self) -> u32 {
        usize::try_from(self.0).ok().and_then(|i| DATA_TYPES.get(i)).map_or(0, |t| t.1)
    }

    /// The type whose [`Display`](fmt::Display) form is `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        if let Some(n) = name.strip_prefix("type") {
            return n.parse().ok().map(Self);
        }
        let i = DATA_TYPES.iter().position(|t| t.0 == name)?;
        i32::try_from(i).ok().map(Self)
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match usize::try_from(self.0).ok().and_then(|i| DATA_TYPES.get(i)) {
            Some((name, _)) => f.write_str(name),
            None => write!(f, "type{}", self.0),
        }
    }
}

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

/// Constant content of a value, as far as the graph's structure needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Element type.
    pub dtype: DataType,
    /// Dimensions; all known.
    pub dims: Vec<u64>,
    /// Where the elements are, undecoded.
    pub data: TensorData,
}

/// Undecoded elements of a [`Tensor`].
#[derive(Debug, Clone, PartialEq)]
pub enum TensorData {
    /// Not in the file, not needed, or of a kind that is never read.
    Absent,
    /// Little-endian elements, as in `TensorProto.raw_data`.
    Raw(Bytes),
    /// Packed varints, as in `int32_data` and `int64_data`.
    Varints(Bytes),
    /// In an external file.
    External,
    /// Integers given in an attribute (`value_ints`).
    Ints(Vec<i64>),
    /// Floats given in an attribute (`value_floats`).
    Floats(Vec<f32>),
}

impl Tensor {
    /// Number of elements; `None` on overflow.
    pub fn len(&self) -> Option<u64> {
        self.dims.iter().try_fold(1u64, |n, &d| n.checked_mul(d))
    }

    /// True where some dimension is zero.
    pub fn is_empty(&self) -> bool {
        self.dims.contains(&0)
    }

    /// Integer elements, where the type is an integer or bool and there are at
    /// most `max` of them.
    pub fn ints(&self, max: u64) -> Option<Vec<i64>> {
        let n = usize::try_from(self.len().filter(|&n| n <= max)?).ok()?;
        let v: Vec<i64> = match &self.data {
            TensorData::Ints(v) => v.clone(),
            TensorData::Varints(b) => varints(b, n)?,
            TensorData::Raw(b) => match self.dtype.0 {
                2 => b.iter().take(n).map(|&x| x.into()).collect(),
                9 => b.iter().take(n).map(|&x| (x != 0).into()).collect(),
                3 => b.iter().take(n).map(|&x| i64::from(x as i8)).collect(),
                5 => chunks(b, |c| i16::from_le_bytes(c).into()),
                6 => chunks(b, |c| i32::from_le_bytes(c).into()),
                12 => chunks(b, |c| u32::from_le_bytes(c).into()),
                7 => chunks(b, i64::from_le_bytes),
                _ => return None,
            },
            _ => return None,
        };
        (v.len() == n).then_some(v)
    }

    /// Float elements, where the type is f32 or f64 and there are at most
    /// `max` of them.
    pub fn floats(&self, max: u64) -> Option<Vec<f64>> {
        let n = usize::try_from(self.len().filter(|&n| n <= max)?).ok()?;
        let v: Vec<f64> = match (&self.data, self.dtype.0) {
            (TensorData::Floats(v), _) => v.iter().map(|&x| x.into()).collect(),
            (TensorData::Raw(b), 1) => chunks(b, |c| f32::from_le_bytes(c).into()),
            (TensorData::Raw(b), 11) => chunks(b, f64::from_le_bytes),
            _ => return None,
        };
        (v.len() == n).then_some(v)
    }
}

fn chunks<const N: usize, T>(b: &[u8], f: impl Fn([u8; N]) -> T) -> Vec<T> {
    b.as_chunks::<N>().0.iter().map(|&c| f(c)).collect()
}

fn varints(mut b: &[u8], n: usize) -> Option<Vec<i64>> {
    let mut v = Vec::new();
    while !b.is_empty() && v.len() < n {
        let x = prost::encoding::decode_varint(&mut b).ok()?;
        v.push(x.cast_signed());
    }
    Some(v)
}

/// Type of a value.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ValueType {
    /// Element type of a tensor, `None` where unknown.
    pub dtype: Option<DataType>,
    /// Tensor shape.
    pub shape: Shape,
    /// `seq`, `map`, `opt` or `sparse` for values that are not dense tensors.
    pub container: Option<&'static str>,
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

/// An attribute's value.
#[derive(Debug, Clone)]
pub enum Attribute {
    /// `FLOAT`
    Float(f32),
    /// `INT`
    Int(i64),
    /// `STRING`, any bytes
    String(Bytes),
    /// `TENSOR` or `SPARSE_TENSOR`
    Tensor(Tensor),
    /// `GRAPH`
    Graph(Box<Graph>),
    /// `FLOATS`
    Floats(Vec<f32>),
    /// `INTS`
    Ints(Vec<i64>),
    /// `STRINGS`
    Strings(Vec<Bytes>),
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
    /// Attribute parameters with their defaults, where any.
    pub attributes: Vec<(String, Option<Attribute>)>,
}

/// A model: the graph, the values, the functions, the versions.
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
}

impl Model {
    /// Version of the `ai.onnx` operator set; the newest of duplicates, 1 where none is imported.
    pub fn opset(&self) -> i64 {
        self.opsets.iter().filter(|o| o.0.is_empty()).map(|o| o.1).max().unwrap_or(1)
    }

    /// The value with this number. Numbers come from the model itself.
    pub fn value(&self, id: ValueId) -> Option<&Value> {
        self.values.get(id as usize)
    }
}
