//! 8-bit layers.

use super::super::net::{Net, Value};
use super::conv::Conv;
use crate::graph::int;
use crate::weights::Init;
use onnx_protobuf::tensor_proto::DataType;

impl Net {
    /// QuantizeLinear and DequantizeLinear with unsigned bytes.
    pub(in super::super) fn quantised(&mut self, x: &Value) -> Value {
        let scale = self.scalar(0.02);
        let zero = self.constant(&[], DataType::UINT8, vec![128]);
        let y = self.op("QuantizeLinear", &[x, &scale, &zero], Vec::new(), x.shape.clone());
        self.op("DequantizeLinear", &[&y, &scale, &zero], Vec::new(), x.shape.clone())
    }

    /// Conv of a weight of signed bytes; its result is quantised.
    pub(in super::super) fn quantised_conv(&mut self, x: &Value, conv: Conv) -> Value {
        let weight = self.bytes(&conv.dims(x), DataType::INT8);
        let scale = self.scalar(0.004);
        let zero = self.constant(&[], DataType::INT8, vec![0]);
        let shape = weight.shape.clone();
        let weight = self.op("DequantizeLinear", &[&weight, &scale, &zero], Vec::new(), shape);
        let bias = self.weight(&[weight.dim(0)], Init::Normal(0.1));
        let y = self.conv_of(x, conv, &weight, Some(&bias));
        self.quantised(&y)
    }

    /// A linear layer of the last axis in whole numbers, with bias.
    pub(in super::super) fn quantised_linear(&mut self, x: &Value, out: i64) -> Value {
        let shape = x.shape.clone();
        let [q, scale, zero] = self.op_many(
            "DynamicQuantizeLinear",
            &[x],
            Vec::new(),
            [shape, Vec::new(), Vec::new()],
        );
        let weight = self.bytes(&[x.dim(-1), out], DataType::INT8);
        let weight_zero = self.constant(&[], DataType::INT8, vec![0]);
        let mut shape = x.shape.clone();
        shape.pop();
        shape.push(out);
        self.work.macs += (x.elements() * out) as f64 / 2.0;
        let y = self.op(
            "MatMulInteger",
            &[&q, &weight, &zero, &weight_zero],
            Vec::new(),
            shape.clone(),
        );
        let y = self.op("Cast", &[&y], vec![int("to", 1)], shape);
        let scale = self.with_scalar("Mul", &scale, 0.004);
        let y = self.mul(&y, &scale);
        let bias = self.weight(&[out], Init::Normal(0.1));
        self.add(&y, &bias)
    }
}
