//! Conversion of a graph of f32 to one of f16.

use super::style::Half;
use crate::proto::int;
use onnx_protobuf::tensor_proto::DataType;
use onnx_protobuf::{AttributeProto, GraphProto, NodeProto, TensorProto, ValueInfoProto};
use protobuf::Enum;
use std::collections::HashMap;

/// Makes all values of f32 such of f16; with [`Half::Inside`] inputs and outputs are cast.
pub(super) fn convert(graph: &mut GraphProto, half: Half) {
    graph.initializer.iter_mut().for_each(tensor);
    graph.node.iter_mut().flat_map(|n| &mut n.attribute).for_each(attribute);
    match half {
        Half::All => {
            graph.input.iter_mut().chain(&mut graph.output).for_each(|v| {
                if is_float(v) {
                    retype(v);
                }
            });
        }
        Half::Inside => cast_ends(graph),
    }
}

fn is_float(v: &ValueInfoProto) -> bool {
    v.type_.tensor_type().elem_type == DataType::FLOAT.value()
}

fn retype(v: &mut ValueInfoProto) {
    if let Some(ty) = v.type_.as_mut() {
        ty.mut_tensor_type().elem_type = DataType::FLOAT16.value();
    }
}

/// Casts of inputs after and of outputs before they are read.
fn cast_ends(graph: &mut GraphProto) {
    let inside =
        |v: &ValueInfoProto| is_float(v).then(|| (v.name.clone(), format!("{}_f16", v.name)));
    let inputs: HashMap<String, String> = graph.input.iter().filter_map(inside).collect();
    let outputs: HashMap<String, String> = graph.output.iter().filter_map(inside).collect();
    for name in graph.node.iter_mut().flat_map(|n| n.input.iter_mut().chain(&mut n.output)) {
        if let Some(other) = inputs.get(name).or_else(|| outputs.get(name)) {
            name.clone_from(other);
        }
    }
    let mut nodes: Vec<NodeProto> = graph
        .input
        .iter()
        .filter_map(|v| Some(cast(&v.name, inputs.get(&v.name)?, DataType::FLOAT16)))
        .collect();
    nodes.append(&mut graph.node);
    nodes.extend(
        graph
            .output
            .iter()
            .filter_map(|v| Some(cast(outputs.get(&v.name)?, &v.name, DataType::FLOAT))),
    );
    graph.node = nodes;
}

fn cast(from: &str, to: &str, kind: DataType) -> NodeProto {
    NodeProto {
        input: vec![from.to_owned()],
        output: vec![to.to_owned()],
        name: format!("{to}_cast"),
        op_type: "Cast".to_owned(),
        attribute: vec![int("to", i64::from(kind.value()))],
        ..Default::default()
    }
}

fn attribute(a: &mut AttributeProto) {
    if a.name == "to" && a.i == i64::from(DataType::FLOAT.value()) {
        a.i = i64::from(DataType::FLOAT16.value());
    }
    if let Some(t) = a.t.as_mut() {
        tensor(t);
    }
}

fn tensor(t: &mut TensorProto) {
    if t.data_type != DataType::FLOAT.value() {
        return;
    }
    t.data_type = DataType::FLOAT16.value();
    let bits = t.raw_data.as_chunks::<4>().0.iter();
    t.raw_data = bits.flat_map(|b| f16(f32::from_le_bytes(*b)).to_le_bytes()).collect();
}

/// Bits of the f16 next to zero from `x`; those below the smallest normal number are 0.
fn f16(x: f32) -> u16 {
    let bits = x.to_bits();
    let sign = (bits >> 16) as u16 & 0x8000;
    let exponent = (bits >> 23 & 0xff) as i32 - 127 + 15;
    match exponent {
        ..=0 => sign,
        31.. => sign | 0x7bff,
        e => sign | (e as u16) << 10 | (bits >> 13) as u16 & 0x3ff,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_16_bits() {
        let cases = [(0.0, 0), (1.0, 0x3c00), (-2.0, 0xc000), (0.5, 0x3800), (65504.0, 0x7bff)];
        for (x, bits) in cases {
            assert_eq!(f16(x), bits, "{x}");
        }
        assert_eq!([f16(1e9), f16(-1e9), f16(1e-9)], [0x7bff, 0xfbff, 0]);
        assert_eq!(f16(6.5), 0x4680);
    }
}
