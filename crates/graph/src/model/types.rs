//! The resolved graph: values by number, nodes that read and write them.

use super::limits::Limits;
use super::texts::Texts;
use prost::bytes::Bytes;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

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
    /// String.
    pub const STRING: Self = Self(8);
    /// Boolean.
    pub const BOOL: Self = Self(9);

    /// Size of one element in bits; 0 for strings and unknown types.
    pub fn bits(self) -> u32 {
        usize::try_from(self.0).ok().and_then(|i| DATA_TYPES.get(i)).map_or(0, |t| t.1)
    }

    /// True for signed and unsigned integers and `bool`.
    pub fn is_integer(self) -> bool {
        matches!(self.0, 2..=7 | 9 | 12 | 13 | 21 | 22 | 25 | 26)
    }

    /// True for real floating-point types, those of 8 and 4 bits included.
    pub fn is_float(self) -> bool {
        matches!(self.0, 1 | 10 | 11 | 16..=20 | 23 | 24)
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
    /// A sparse tensor of so many stored elements; they are not read.
    Sparse(u64),
    /// In an external file.
    External,
    /// Integers given in an attribute (`value_ints`).
    Ints(Vec<i64>),
    /// Floats given in an attribute (`value_floats`).
    Floats(Vec<f32>),
    /// Strings (`string_data`, `value_strings`).
    Strings(Texts),
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

    /// Bytes that the elements take, those below a byte packed; `None` on overflow.
    pub fn bytes(&self) -> Option<u64> {
        let stored = match self.data {
            TensorData::Sparse(n) => n,
            _ => self.len()?,
        };
        stored.checked_mul(self.dtype.bits().into()).map(|b| b.div_ceil(8))
    }

    /// Integer elements, where the type is an integer or bool and there are at
    /// most `max` of them. Unsigned 64-bit values beyond `i64` saturate.
    pub fn ints(&self, max: u64) -> Option<Vec<i64>> {
        let n = usize::try_from(self.len().filter(|&n| n <= max)?).ok()?;
        let small = self.dtype.bits();
        let v: Vec<i64> = match (&self.data, self.dtype.0) {
            (TensorData::Ints(v), _) => v.clone(),
            (TensorData::Varints(b), 21 | 22 | 25 | 26) => {
                let per = usize::try_from(8u32.checked_div(small)?).ok()?;
                let packed: Vec<u8> =
                    varints(b, n.div_ceil(per))?.iter().map(|&x| x as u8).collect();
                packed_ints(&packed, n, self.dtype)
            }
            (TensorData::Varints(b), d) => {
                varints(b, n)?.into_iter().map(|x| narrow(x, d)).collect()
            }
            (TensorData::Raw(b), 21 | 22 | 25 | 26) => packed_ints(b, n, self.dtype),
            (TensorData::Raw(b), 2) => b.iter().take(n).map(|&x| x.into()).collect(),
            (TensorData::Raw(b), 9) => b.iter().take(n).map(|&x| (x != 0).into()).collect(),
            (TensorData::Raw(b), 3) => b.iter().take(n).map(|&x| i64::from(x as i8)).collect(),
            (TensorData::Raw(b), 4) => chunks(b, n, |c| u16::from_le_bytes(c).into()),
            (TensorData::Raw(b), 5) => chunks(b, n, |c| i16::from_le_bytes(c).into()),
            (TensorData::Raw(b), 6) => chunks(b, n, |c| i32::from_le_bytes(c).into()),
            (TensorData::Raw(b), 12) => chunks(b, n, |c| u32::from_le_bytes(c).into()),
            (TensorData::Raw(b), 7) => chunks(b, n, i64::from_le_bytes),
            (TensorData::Raw(b), 13) => {
                chunks(b, n, |c| i64::try_from(u64::from_le_bytes(c)).unwrap_or(i64::MAX))
            }
            _ => return None,
        };
        (v.len() == n && self.dtype.is_integer()).then_some(v)
    }

    /// Float elements, where the type is f16, bf16, f32 or f64 and there are at
    /// most `max` of them.
    pub fn floats(&self, max: u64) -> Option<Vec<f64>> {
        let n = usize::try_from(self.len().filter(|&n| n <= max)?).ok()?;
        let half = |bits: u16| if self.dtype.0 == 10 { f16(bits) } else { bf16(bits) };
        let v: Vec<f64> = match (&self.data, self.dtype.0) {
            (TensorData::Floats(v), _) => v.iter().map(|&x| x.into()).collect(),
            (TensorData::Raw(b), 1) => chunks(b, n, |c| f32::from_le_bytes(c).into()),
            (TensorData::Raw(b), 11) => chunks(b, n, f64::from_le_bytes),
            (TensorData::Raw(b), 10 | 16) => chunks(b, n, |c| half(u16::from_le_bytes(c))),
            (TensorData::Varints(b), 10 | 16) => {
                varints(b, n)?.into_iter().map(|x| half(x as u16)).collect()
            }
            _ => return None,
        };
        (v.len() == n).then_some(v)
    }
}

fn chunks<const N: usize, T>(b: &[u8], n: usize, f: impl Fn([u8; N]) -> T) -> Vec<T> {
    b.as_chunks::<N>().0.iter().take(n).map(|&c| f(c)).collect()
}

fn varints(mut b: &[u8], n: usize) -> Option<Vec<i64>> {
    let mut v = Vec::new();
    while !b.is_empty() && v.len() < n {
        let x = prost::encoding::decode_varint(&mut b).ok()?;
        v.push(x.cast_signed());
    }
    Some(v)
}

/// An element of `int32_data`, `int64_data` or `uint64_data` as its type.
fn narrow(x: i64, dtype: i32) -> i64 {
    match dtype {
        2 => i64::from(x as u8),
        3 => i64::from(x as i8),
        4 => i64::from(x as u16),
        5 => i64::from(x as i16),
        6 => i64::from(x as i32),
        9 => i64::from(x != 0),
        12 => i64::from(x as u32),
        13 => i64::try_from(x.cast_unsigned()).unwrap_or(i64::MAX),
        _ => x,
    }
}

/// Elements of 4 or 2 bits, lowest bits first (`onnx.proto`, IR version 10 and 13).
fn packed_ints(b: &[u8], n: usize, dtype: DataType) -> Vec<i64> {
    let bits = dtype.bits().clamp(1, 8);
    let signed = matches!(dtype.0, 22 | 26);
    let one = |x: u8, i: u32| {
        let x = i64::from(x >> (i * bits)) & ((1 << bits) - 1);
        if signed && x >> (bits - 1) == 1 { x - (1 << bits) } else { x }
    };
    b.iter().flat_map(|&x| (0..8 / bits).map(move |i| one(x, i))).take(n).collect()
}

fn f16(h: u16) -> f64 {
    let sign = if h >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(h >> 10 & 0x1f), f64::from(h & 0x3ff));
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        e => (1.0 + fraction / 1024.0) * 2f64.powi(e - 15),
    }
}

fn bf16(h: u16) -> f64 {
    f32::from_bits(u32::from(h) << 16).into()
}

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
        Attribute::Int(i) => scalar(DataType::INT64, TensorData::Ints(vec![*i])),
        Attribute::Float(f) => scalar(DataType::FLOAT, TensorData::Floats(vec![*f])),
        Attribute::Ints(v) => vector(DataType::INT64, v.len(), TensorData::Ints(v.clone())),
        Attribute::Floats(v) => vector(DataType::FLOAT, v.len(), TensorData::Floats(v.clone())),
        Attribute::String(s) => scalar(DataType::STRING, texts(std::slice::from_ref(s))),
        Attribute::Strings(v) => vector(DataType::STRING, v.len(), texts(v)),
        _ => return None,
    })
}

fn texts(v: &[Bytes]) -> TensorData {
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
    /// Attribute parameters with their defaults, where any.
    pub attributes: Vec<(String, Option<Attribute>)>,
}

/// A model: the graph, the values, the functions, the versions.
///
/// ```
/// use nneval_graph::model::{Limits, Model};
/// let model = Model::open("fixtures/nats_tss_9930.onnx", &Limits::default())?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(dtype: i32, n: u64, data: TensorData) -> Tensor {
        Tensor { dtype: DataType(dtype), dims: vec![n], data }
    }

    #[test]
    fn small_integers_are_unpacked() {
        let raw = |b: &'static [u8]| TensorData::Raw(Bytes::from_static(b));
        let varints = |b: &'static [u8]| TensorData::Varints(Bytes::from_static(b));
        assert_eq!(tensor(21, 3, raw(&[0x21, 0x0f])).ints(9).unwrap(), [1, 2, 15]);
        assert_eq!(tensor(22, 3, raw(&[0x21, 0x0f])).ints(9).unwrap(), [1, 2, -1]);
        assert_eq!(tensor(22, 3, varints(&[0x21, 0x0f])).ints(9).unwrap(), [1, 2, -1]);
        assert_eq!(tensor(25, 4, raw(&[0b1110_0100])).ints(9).unwrap(), [0, 1, 2, 3]);
        assert_eq!(tensor(26, 4, raw(&[0b1110_0100])).ints(9).unwrap(), [0, 1, -2, -1]);
        assert_eq!(tensor(4, 1, raw(&[0xff, 0xff])).ints(9).unwrap(), [65535]);
        assert_eq!(tensor(13, 1, raw(&[0xff; 8])).ints(9).unwrap(), [i64::MAX]);
        assert_eq!(tensor(3, 1, varints(&[0xff, 1])).ints(9).unwrap(), [-1]);
        assert_eq!(tensor(7, 2, raw(&[0; 8])).ints(9), None);
        assert_eq!(tensor(7, 2, raw(&[0; 16])).ints(1), None);
    }

    #[test]
    fn half_precision_is_read() {
        let raw = |b: &'static [u8]| TensorData::Raw(Bytes::from_static(b));
        assert_eq!(tensor(10, 2, raw(&[0, 0x3c, 0, 0xc0])).floats(9).unwrap(), [1.0, -2.0]);
        assert_eq!(tensor(10, 1, raw(&[1, 0])).floats(9).unwrap(), [2f64.powi(-24)]);
        assert_eq!(tensor(16, 1, raw(&[0xc0, 0x3f])).floats(9).unwrap(), [1.5]);
    }

    #[test]
    fn bytes_count_bits_below_a_byte() {
        assert_eq!(tensor(22, 3, TensorData::Absent).bytes(), Some(2));
        assert_eq!(tensor(1, 3, TensorData::Absent).bytes(), Some(12));
        assert_eq!(tensor(1, 300, TensorData::Sparse(2)).bytes(), Some(8));
    }
}
