//! ONNX models under construction, for tests.

use onnx_protobuf::attribute_proto::AttributeType;
use onnx_protobuf::tensor_shape_proto::{Dimension, dimension};
use onnx_protobuf::{
    AttributeProto, GraphProto, Message, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto, type_proto,
};
use protobuf::{Enum, MessageField};

pub const F32: i32 = 1;
pub const I64: i32 = 7;
pub const BOOL: i32 = 9;

/// A graph whose values are named by number.
#[derive(Debug, Default)]
pub struct Builder {
    pub graph: GraphProto,
    prefix: String,
    count: usize,
}

impl Builder {
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..Self::default() }
    }

    fn fresh(&mut self) -> String {
        self.count += 1;
        format!("{}{}", self.prefix, self.count)
    }

    /// A graph input; negative sizes are symbols.
    pub fn input(&mut self, dtype: i32, dims: &[i64]) -> String {
        let name = self.fresh();
        self.graph.input.push(value_info(&name, dtype, dims));
        name
    }

    pub fn output(&mut self, name: &str, dtype: i32, dims: &[i64]) {
        self.graph.output.push(value_info(name, dtype, dims));
    }

    /// A float initializer without data.
    pub fn weight(&mut self, dims: &[i64]) -> String {
        self.initializer(TensorProto { dims: dims.to_vec(), data_type: F32, ..Default::default() })
    }

    pub fn initializer(&mut self, t: TensorProto) -> String {
        let name = self.fresh();
        self.graph.initializer.push(TensorProto { name: name.clone(), ..t });
        name
    }

    /// A vector of integers.
    pub fn ints(&mut self, v: &[i64]) -> String {
        self.initializer(int_tensor(v))
    }

    pub fn op(&mut self, op: &str, inputs: &[&str], attributes: Vec<AttributeProto>) -> String {
        self.ops(op, inputs, attributes, 1).remove(0)
    }

    pub fn ops(
        &mut self,
        op: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
        outputs: usize,
    ) -> Vec<String> {
        let output: Vec<String> = (0..outputs).map(|_| self.fresh()).collect();
        self.graph.node.push(NodeProto {
            input: inputs.iter().map(|&s| s.to_owned()).collect(),
            output: output.clone(),
            op_type: op.to_owned(),
            attribute: attributes,
            ..Default::default()
        });
        output
    }

    pub fn model(self, opset: i64) -> ModelProto {
        let opset = OperatorSetIdProto { version: opset, ..Default::default() };
        ModelProto {
            ir_version: 8,
            opset_import: vec![opset],
            graph: MessageField::some(self.graph),
            ..Default::default()
        }
    }
}

pub fn bytes(m: &ModelProto) -> Vec<u8> {
    m.write_to_bytes().expect("the model can be encoded")
}

pub fn int_tensor(v: &[i64]) -> TensorProto {
    TensorProto {
        dims: vec![v.len() as i64],
        data_type: I64,
        int64_data: v.to_vec(),
        ..Default::default()
    }
}

pub fn float_scalar(v: f32) -> TensorProto {
    TensorProto { data_type: F32, float_data: vec![v], ..Default::default() }
}

pub fn value_info(name: &str, dtype: i32, dims: &[i64]) -> ValueInfoProto {
    let value = |d: &i64| match d {
        ..0 => dimension::Value::DimParam(format!("d{}", -d)),
        _ => dimension::Value::DimValue(*d),
    };
    let dim = |d| Dimension { value: Some(value(d)), ..Default::default() };
    let dim = dims.iter().map(dim).collect();
    let tensor = type_proto::Tensor {
        elem_type: dtype,
        shape: MessageField::some(TensorShapeProto { dim, ..Default::default() }),
        ..Default::default()
    };
    let tensor = Some(type_proto::Value::TensorType(tensor));
    let of = TypeProto { value: tensor, ..Default::default() };
    ValueInfoProto { name: name.to_owned(), type_: MessageField::some(of), ..Default::default() }
}

fn attribute(name: &str, kind: AttributeType) -> AttributeProto {
    debug_assert!(kind.value() > 0);
    AttributeProto { name: name.to_owned(), type_: kind.into(), ..Default::default() }
}

pub fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto { i: value, ..attribute(name, AttributeType::INT) }
}

pub fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto { ints: values.to_vec(), ..attribute(name, AttributeType::INTS) }
}

pub fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto { f: value, ..attribute(name, AttributeType::FLOAT) }
}

pub fn text(name: &str, value: &str) -> AttributeProto {
    AttributeProto { s: value.into(), ..attribute(name, AttributeType::STRING) }
}

pub fn tensor(name: &str, value: TensorProto) -> AttributeProto {
    AttributeProto { t: MessageField::some(value), ..attribute(name, AttributeType::TENSOR) }
}

pub fn graph(name: &str, value: GraphProto) -> AttributeProto {
    AttributeProto { g: MessageField::some(value), ..attribute(name, AttributeType::GRAPH) }
}

/// A reference to an attribute of the function around a node.
pub fn reference(name: &str, to: &str, kind: AttributeType) -> AttributeProto {
    AttributeProto { ref_attr_name: to.to_owned(), ..attribute(name, kind) }
}
