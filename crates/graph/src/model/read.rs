//! ONNX file → [`Model`].

use super::blob::Blob;
use super::data_type::DataType;
use super::external::Folder;
use super::limits::Limits;
use super::tensor::{Tensor, TensorData};
use super::types::*;
use super::wire::{AttributeType, DataLocation};
use super::{external, mmap, order, scan, wire, wire_tensor};
use crate::budget;
use crate::error::{Error, Result};
use nneval_files::{HEAD_BYTES, foreign_format};
use prost::Message;
use prost::bytes::Bytes;
use std::collections::{HashMap, HashSet};
use std::path::Path;

impl Model {
    /// Reads the model at `path`. Weights are neither copied nor touched. Small
    /// tensors of external data files in the model's folder are read. The file
    /// must not be modified while it is being read.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Model`] naming the file, the node where one
    /// is at fault, and the reason.
    pub fn open(path: impl AsRef<Path>, limits: &Limits) -> Result<Self> {
        let path = path.as_ref();
        Self::decode(mmap::map(path, limits.file_bytes)?, path, limits, Folder::of(path))
    }

    /// Reads a model from memory; `name` stands for the file in errors. External
    /// data files are not opened.
    ///
    /// # Errors
    /// As [`Model::open`].
    pub fn from_bytes(bytes: Blob, name: &Path, limits: &Limits) -> Result<Self> {
        Self::decode(bytes.into_inner(), name, limits, Folder::none())
    }

    fn decode(bytes: Bytes, name: &Path, limits: &Limits, folder: Folder) -> Result<Self> {
        budget::within(name, limits, || Self::decode_within(bytes, name, limits, folder))
    }

    fn decode_within(bytes: Bytes, name: &Path, limits: &Limits, folder: Folder) -> Result<Self> {
        if bytes.is_empty() {
            return Err(Error::model(name, "the file is empty"));
        }
        let head = bytes.get(..HEAD_BYTES).unwrap_or(&bytes);
        if let Some(format) = foreign_format(head) {
            return Err(Error::model(name, format!("is no ONNX model but {format}")));
        }
        let file_bytes = bytes.len() as u64;
        budget::grant(file_bytes);
        scan::check(&bytes, limits).map_err(|e| Error::model(name, e))?;
        let proto = wire::ModelProto::decode(bytes).map_err(|e| Error::Model {
            file: name.to_owned(),
            node: None,
            reason: format!("not an ONNX model, or truncated: {e}"),
            source: Some(Box::new(e)),
        })?;
        let reader = Reader {
            file: name,
            limits,
            file_bytes,
            values: Vec::new(),
            inputs: HashSet::new(),
            folder,
            nodes: 0,
            producers: order::Producers::default(),
            opset: 1,
        };
        reader.model(proto)
    }
}

/// Names visible in a graph, and the scopes around it.
struct Scope<'a> {
    names: HashMap<String, ValueId>,
    outer: Option<&'a Scope<'a>>,
    depth: usize,
}

impl Scope<'_> {
    fn find(&self, name: &str) -> Option<ValueId> {
        self.names.get(name).copied().or_else(|| self.outer.and_then(|o| o.find(name)))
    }
}

struct Reader<'a> {
    file: &'a Path,
    limits: &'a Limits,
    file_bytes: u64,
    values: Vec<Value>,
    /// Inputs of the main graph.
    inputs: HashSet<ValueId>,
    /// Where external data is read from.
    folder: Folder,
    nodes: usize,
    producers: order::Producers,
    /// Version of `ai.onnx` in the graph or function that is being read.
    opset: i64,
}

/// How errors name a node: its name, or its type and position.
fn label(n: &wire::NodeProto, index: usize) -> String {
    if n.name.is_empty() { format!("{} #{index}", n.op_type) } else { n.name.clone() }
}

fn imported(imports: Vec<wire::OperatorSetIdProto>) -> Vec<(String, i64)> {
    imports.into_iter().map(|o| (domain(o.domain), o.version)).collect()
}

/// `ai.onnx` is the default domain, spelled empty.
fn domain(d: String) -> String {
    if d == "ai.onnx" { String::new() } else { d }
}

impl Reader<'_> {
    fn error(&self, node: Option<&str>, reason: impl Into<String>) -> Error {
        Error::at(self.file, node.map(str::to_owned), reason)
    }

    fn model(mut self, m: wire::ModelProto) -> Result<Model> {
        let graph = m.graph.ok_or_else(|| {
            self.error(None, "not an ONNX model, or truncated: there is no graph in it")
        })?;
        let opsets = imported(m.opset_import);
        self.opset = onnx_version(&opsets).unwrap_or(1);
        let graph = self.graph(graph, None)?;
        if graph.outputs.is_empty() {
            return Err(self.error(None, "the graph has no outputs"));
        }
        let model_opset = self.opset;
        let mut functions = Vec::with_capacity(m.functions.len());
        for mut f in m.functions {
            let own = imported(std::mem::take(&mut f.opset_import));
            self.opset = onnx_version(&own).unwrap_or(model_opset);
            functions.push(self.function(f)?);
        }
        let producer = format!("{} {}", m.producer_name, m.producer_version).trim().to_owned();
        let model = Model {
            ir_version: m.ir_version,
            producer,
            opsets,
            graph,
            values: self.values,
            functions,
            file: self.file.to_owned(),
            file_bytes: self.file_bytes,
            limits: self.limits.clone(),
        };
        model.check_calls()?;
        Ok(model)
    }

    fn function(&mut self, f: wire::FunctionProto) -> Result<Function> {
        let mut attributes: Vec<_> = f.attribute.into_iter().map(|a| (a, None)).collect();
        let mut scope = Scope { names: HashMap::new(), outer: None, depth: 1 };
        let label = format!("function {}", f.name);
        let mut inputs = Vec::with_capacity(f.input.len());
        for name in f.input {
            inputs.push(self.declare(&mut scope, name, Some(&label))?);
        }
        for a in f.attribute_proto {
            let (name, value) = self.attribute(a, &scope, &label)?;
            attributes.push((name, Some(value)));
        }
        // Of several parameters of one name the last counts.
        attributes.reverse();
        attributes.sort_by(|a, b| a.0.cmp(&b.0));
        attributes.dedup_by(|a, b| a.0 == b.0);
        let nodes = self.nodes(f.node, &mut scope)?;
        let outputs = self.outputs(&f.output, &scope)?;
        let graph = Graph { name: f.name.clone(), inputs, outputs, nodes };
        Ok(Function { key: (domain(f.domain), f.name, f.overload), graph, attributes })
    }

    fn graph(&mut self, g: wire::GraphProto, outer: Option<&Scope>) -> Result<Graph> {
        let depth = outer.map_or(0, |o| o.depth.saturating_add(1));
        if depth > self.limits.depth {
            let max = self.limits.depth;
            return Err(
                self.error(None, format!("subgraphs are nested deeper than {max} (limit: depth)"))
            );
        }
        let mut scope = Scope { names: HashMap::new(), outer, depth };
        for t in g.initializer {
            self.initializer(&mut scope, t)?;
        }
        for s in g.sparse_initializer {
            let name = s.values.as_ref().map(|v| v.name.clone()).unwrap_or_default();
            let tensor = self.sparse(s, &format!("sparse initializer {name}"))?;
            self.constant(&mut scope, name, tensor)?;
        }
        let initializers = self.values.len();
        let mut inputs = Vec::with_capacity(g.input.len());
        for v in g.input {
            match scope.names.get(&v.name) {
                Some(&id) if (id as usize) < initializers => {}
                _ => {
                    let id = self.declare(&mut scope, v.name, None)?;
                    self.merge_type(id, v.r#type)?;
                    if outer.is_none() {
                        self.inputs.insert(id);
                    }
                    inputs.push(id);
                }
            }
        }
        let nodes = self.nodes(g.node, &mut scope)?;
        for v in g.value_info.into_iter() {
            if let Some(&id) = scope.names.get(&v.name) {
                self.merge_type(id, v.r#type)?;
            }
        }
        let names: Vec<String> = g.output.iter().map(|o| o.name.clone()).collect();
        let outputs = self.outputs(&names, &scope)?;
        for (v, &id) in g.output.into_iter().zip(&outputs) {
            // A branch that is not taken says nothing of values around it.
            let own = scope.names.contains_key(&v.name);
            if own || self.is_undeclared(id) {
                self.merge_type(id, v.r#type)?;
            }
        }
        Ok(Graph { name: g.name, inputs, outputs, nodes })
    }

    fn outputs(&self, names: &[String], scope: &Scope) -> Result<Vec<ValueId>> {
        let find = |n: &String| {
            scope.find(n).ok_or_else(|| {
                self.error(None, format!("graph output {n:?} is produced by no node"))
            })
        };
        names.iter().map(find).collect()
    }

    /// Adds a value under `name` to the scope; the name must be new in it.
    fn declare(&mut self, scope: &mut Scope, name: String, node: Option<&str>) -> Result<ValueId> {
        let id = ValueId::try_from(self.values.len())
            .map_err(|_| self.error(node, "more than 2^32 values"))?;
        if scope.names.insert(name.clone(), id).is_some() {
            return Err(self.error(node, format!("value {name:?} is defined twice")));
        }
        self.values.push(Value { name, ..Value::default() });
        Ok(id)
    }

    fn is_undeclared(&self, id: ValueId) -> bool {
        self.values.get(id as usize).is_some_and(|v| v.ty == ValueType::default())
    }

    /// Takes note of a declaration. A graph input that is declared in two ways
    /// is an error; of what a node makes, inference knows better.
    fn merge_type(&mut self, id: ValueId, ty: Option<wire::TypeProto>) -> Result<()> {
        let (Some(ty), Some(v)) = (ty, self.values.get_mut(id as usize)) else { return Ok(()) };
        if v.tensor.is_some() {
            return Ok(());
        }
        match v.ty.refine(value_type(ty, 0)) {
            Err(what) if self.inputs.contains(&id) => {
                let what = format!("graph input {:?} is declared {what}", v.name);
                Err(self.error(None, what))
            }
            _ => Ok(()),
        }
    }

    fn initializer(&mut self, scope: &mut Scope, t: wire::TensorProto) -> Result<()> {
        let name = t.name.clone();
        let tensor = self.tensor(t, &format!("initializer {name}"))?;
        self.constant(scope, name, tensor)
    }

    fn constant(&mut self, scope: &mut Scope, name: String, tensor: Tensor) -> Result<()> {
        let id = self.declare(scope, name, None)?;
        self.set_constant(id, tensor);
        Ok(())
    }

    fn set_constant(&mut self, id: ValueId, t: Tensor) {
        if let Some(v) = self.values.get_mut(id as usize) {
            v.set_constant(t);
        }
    }

    fn tensor(&mut self, t: wire::TensorProto, whose: &str) -> Result<Tensor> {
        if t.dims.len() > self.limits.dims {
            let (n, max) = (t.dims.len(), self.limits.dims);
            return Err(self
                .error(Some(whose), format!("{n} dimensions, the limit is {max} (limit: dims)")));
        }
        let dims: Vec<u64> = t
            .dims
            .iter()
            .map(|&d| u64::try_from(d))
            .collect::<Result<_, _>>()
            .map_err(|_| self.error(Some(whose), "a tensor has a negative dimension"))?;
        let external = t.data_location == DataLocation::External as i32;
        if external {
            external::location(&t.external_data).map_err(|e| self.error(Some(whose), e))?;
        }
        let dtype = DataType::from(t.data_type);
        let data = match dtype {
            _ if external => TensorData::External,
            _ if !t.raw_data.is_empty() => TensorData::Raw(Blob::new(t.raw_data)),
            DataType::F32 if !t.float_data.is_empty() => payload(t.float_data, TensorData::Raw),
            DataType::F64 if !t.double_data.is_empty() => payload(t.double_data, TensorData::Raw),
            _ if !t.int64_data.is_empty() => payload(t.int64_data, TensorData::Varints),
            _ if !t.int32_data.is_empty() => payload(t.int32_data, TensorData::Varints),
            DataType::String if !t.string_data.is_empty() => TensorData::Strings(t.string_data),
            _ if !t.uint64_data.is_empty() => payload(t.uint64_data, TensorData::Varints),
            _ => TensorData::Absent,
        };
        let mut tensor = Tensor { dtype, dims, data };
        match tensor.len() {
            Some(n) if n <= u64::MAX / 128 => {
                if external && let Some(bytes) = self.folder.read(&tensor, &t.external_data) {
                    tensor.data = TensorData::Raw(Blob::new(bytes));
                }
                Ok(tensor)
            }
            _ => Err(self.error(Some(whose), "a tensor's dimensions overflow")),
        }
    }

    fn nodes(&mut self, protos: Vec<wire::NodeProto>, scope: &mut Scope) -> Result<Vec<Node>> {
        self.nodes = self.nodes.saturating_add(protos.len());
        if self.nodes > self.limits.nodes {
            let max = self.limits.nodes;
            return Err(self.error(None, format!("more than {max} nodes")));
        }
        let mut outputs = Vec::with_capacity(protos.len());
        for (i, n) in protos.iter().enumerate() {
            let of = label(n, i);
            if n.op_type.is_empty() {
                return Err(self.error(Some(&of), "the node has no operator type"));
            }
            outputs.push(self.declare_outputs(scope, &n.output, &of)?);
        }
        let mut nodes = Vec::with_capacity(protos.len());
        for (i, (n, outputs)) in protos.into_iter().zip(outputs).enumerate() {
            let of = label(&n, i);
            let node = self.node(n, outputs, scope, &of)?;
            if !self.fold_constant(&node, &of)? {
                nodes.push(node);
            }
        }
        order::sort(nodes, self.values.len(), &mut self.producers)
            .map_err(|at| self.error(Some(&at), "the graph has a cycle through this node"))
    }

    fn declare_outputs(
        &mut self,
        scope: &mut Scope,
        names: &[String],
        of: &str,
    ) -> Result<Vec<Option<ValueId>>> {
        let mut ids = Vec::with_capacity(names.len());
        for name in names {
            ids.push(match name.is_empty() {
                true => None,
                false => Some(self.declare(scope, name.clone(), Some(of))?),
            });
        }
        Ok(ids)
    }

    fn node(
        &mut self,
        n: wire::NodeProto,
        outputs: Vec<Option<ValueId>>,
        scope: &Scope,
        of: &str,
    ) -> Result<Node> {
        let mut inputs = Vec::with_capacity(n.input.len());
        for name in &n.input {
            inputs.push(match name.is_empty() {
                true => None,
                false => Some(scope.find(name).ok_or_else(|| {
                    self.error(Some(of), format!("input {name:?} is produced by no node"))
                })?),
            });
        }
        let mut attributes = Vec::with_capacity(n.attribute.len());
        for a in n.attribute {
            attributes.push(self.attribute(a, scope, of)?);
        }
        attributes.sort_by(|a, b| a.0.cmp(&b.0));
        if let Some(w) = attributes.windows(2).find(|w| w[0].0 == w[1].0) {
            return Err(self.error(Some(of), format!("attribute {:?} is given twice", w[0].0)));
        }
        let (op_type, domain) = (n.op_type, domain(n.domain));
        let op_type =
            if n.overload.is_empty() { op_type } else { format!("{op_type}:{}", n.overload) };
        let opset = self.opset;
        Ok(Node { name: n.name, op_type, domain, opset, inputs, outputs, attributes })
    }

    fn attribute(
        &mut self,
        a: wire::AttributeProto,
        scope: &Scope,
        of: &str,
    ) -> Result<(String, Attribute)> {
        if a.name.is_empty() {
            return Err(self.error(Some(of), "an attribute has no name"));
        }
        if !a.ref_attr_name.is_empty() {
            return Ok((a.name, Attribute::Reference(a.ref_attr_name)));
        }
        let missing = || self.error(Some(of), format!("attribute {:?} has no value", a.name));
        let untyped =
            || self.error(Some(of), format!("attribute {:?} has type {}", a.name, a.r#type));
        let kind = attribute_type(&a).ok_or_else(untyped)?;
        let value = match kind {
            AttributeType::Float => Attribute::Float(a.f),
            AttributeType::Undefined | AttributeType::Int => Attribute::Int(a.i),
            AttributeType::String => Attribute::String(Blob::new(a.s)),
            AttributeType::Tensor => Attribute::Tensor(self.tensor(*a.t.ok_or_else(missing)?, of)?),
            AttributeType::Graph => {
                Attribute::Graph(Box::new(self.graph(*a.g.ok_or_else(missing)?, Some(scope))?))
            }
            AttributeType::Floats => Attribute::Floats(a.floats),
            AttributeType::Ints => Attribute::Ints(a.ints),
            AttributeType::Strings => {
                Attribute::Strings(a.strings.into_iter().map(Blob::new).collect())
            }
            AttributeType::Tensors => Attribute::Tensors(self.tensors(a.tensors, of)?),
            AttributeType::Graphs => {
                let graphs = a.graphs.into_iter().map(|g| self.graph(g, Some(scope)));
                Attribute::Graphs(graphs.collect::<Result<_>>()?)
            }
            AttributeType::SparseTensor => {
                Attribute::Tensor(self.sparse(*a.sparse_tensor.ok_or_else(missing)?, of)?)
            }
            AttributeType::SparseTensors => {
                let tensors = a.sparse_tensors.into_iter().map(|s| self.sparse(s, of));
                Attribute::Tensors(tensors.collect::<Result<_>>()?)
            }
            AttributeType::TypeProto => {
                Attribute::Types(vec![value_type(a.tp.ok_or_else(missing)?, 0)])
            }
            AttributeType::TypeProtos => {
                Attribute::Types(a.type_protos.into_iter().map(|t| value_type(t, 0)).collect())
            }
        };
        Ok((a.name, value))
    }

    fn tensors(&mut self, ts: Vec<wire::TensorProto>, of: &str) -> Result<Vec<Tensor>> {
        ts.into_iter().map(|t| self.tensor(t, of)).collect()
    }

    fn sparse(&mut self, s: wire::SparseTensorProto, of: &str) -> Result<Tensor> {
        let values = s.values.unwrap_or_default();
        let stored = values.dims.first().and_then(|&n| u64::try_from(n).ok()).unwrap_or(0);
        let dense =
            wire::TensorProto { dims: s.dims, data_type: values.data_type, ..Default::default() };
        let t = self.tensor(dense, of)?;
        Ok(Tensor { data: TensorData::Sparse(stored), ..t })
    }

    /// Turns a `Constant` node into a constant value. True where it was one.
    fn fold_constant(&mut self, n: &Node, of: &str) -> Result<bool> {
        if n.op_type != "Constant" || !n.domain.is_empty() {
            return Ok(false);
        }
        let Some(&Some(out)) = n.outputs.first() else { return Ok(true) };
        let Some((_, value)) = n.attributes.first() else {
            return Err(self.error(Some(of), "a Constant without a value"));
        };
        if let Attribute::Reference(_) = value {
            return Ok(false);
        }
        let Some(tensor) = constant_tensor(value) else {
            return Err(self.error(Some(of), "a Constant whose value is not a tensor"));
        };
        self.set_constant(out, tensor);
        Ok(true)
    }
}

/// Elements that are in the file and were not dropped for their size.
fn payload(p: wire_tensor::Payload, as_data: impl Fn(Blob) -> TensorData) -> TensorData {
    p.into_bytes().map_or(TensorData::Absent, |bytes| as_data(Blob::new(bytes)))
}

/// The attribute's type; where an old file (IR version 1) leaves it out, the
/// type whose field is filled, `Undefined` (an integer, 0) where none is.
/// `None` for a number that stands for no type.
fn attribute_type(a: &wire::AttributeProto) -> Option<AttributeType> {
    Some(match AttributeType::try_from(a.r#type).ok()? {
        AttributeType::Undefined if a.t.is_some() => AttributeType::Tensor,
        AttributeType::Undefined if a.g.is_some() => AttributeType::Graph,
        AttributeType::Undefined if !a.floats.is_empty() => AttributeType::Floats,
        AttributeType::Undefined if !a.ints.is_empty() => AttributeType::Ints,
        AttributeType::Undefined if !a.strings.is_empty() => AttributeType::Strings,
        AttributeType::Undefined if !a.s.is_empty() => AttributeType::String,
        AttributeType::Undefined if a.f != 0.0 => AttributeType::Float,
        given => given,
    })
}

/// Containers within containers that a type tells; deeper ones are unknown.
const MAX_CONTAINERS: usize = 16;

fn value_type(ty: wire::TypeProto, depth: usize) -> ValueType {
    let tensor = |t: wire::TensorType, container: Option<&str>| ValueType {
        dtype: (t.elem_type != 0).then(|| t.elem_type.into()),
        shape: t.shape.map(|s| s.dim.into_iter().map(dim).collect()),
        container: container.map(Container::from),
    };
    let inner = |t: Option<wire::TypeProto>, container: &str| {
        let mut v = match t {
            Some(t) if depth < MAX_CONTAINERS => value_type(t, depth.saturating_add(1)),
            _ => ValueType::default(),
        };
        v.container = Some(within(container, v.container.as_deref()));
        v
    };
    match ty.value {
        None => ValueType::default(),
        Some(wire::TypeValue::Tensor(t)) => tensor(t, None),
        Some(wire::TypeValue::SparseTensor(t)) => tensor(t, Some("sparse")),
        Some(wire::TypeValue::Sequence(t)) => inner(t.elem_type, "seq"),
        Some(wire::TypeValue::Optional(t)) => inner(t.elem_type, "opt"),
        Some(wire::TypeValue::Map(t)) => inner(t.value_type, &map_of(t.key_type.into())),
    }
}

/// A declared dimension; negative sizes (`-1`) and empty names mean unknown.
fn dim(d: wire::Dimension) -> Dim {
    match d.value {
        Some(wire::DimValue::Value(v)) => u64::try_from(v).map_or(Dim::Unknown, Dim::Known),
        Some(wire::DimValue::Param(p)) if !p.is_empty() && p != "?" => Dim::Symbol(p),
        _ => Dim::Unknown,
    }
}
