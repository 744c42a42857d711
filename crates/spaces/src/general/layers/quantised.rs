//! 8-bit layers.

use super::super::net::{MICROSOFT, Net, Value};
use super::conv::Conv;
use crate::proto::{int, string};
use crate::weights::Init;
use onnx_protobuf::tensor_proto::DataType;

/// Scale at which uniform bytes are weights that keep the variance of so many inputs.
fn gain(fan_in: i64) -> f32 {
    (1.0 / 74.0) / (fan_in.max(1) as f32).sqrt()
}

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

    /// DynamicQuantizeLinear: bytes, their scale and zero point.
    fn bytes_of(&mut self, x: &Value) -> [Value; 3] {
        let shapes = [x.shape.clone(), Vec::new(), Vec::new()];
        self.op_many("DynamicQuantizeLinear", &[x], Vec::new(), shapes)
    }

    /// A linear layer of the last axis in whole numbers, with bias.
    pub(in super::super) fn quantised_linear(&mut self, x: &Value, out: i64) -> Value {
        self.quantised_linear_with(x, out, true)
    }

    /// A linear layer of the last axis in whole numbers.
    pub(in super::super) fn quantised_linear_with(
        &mut self,
        x: &Value,
        out: i64,
        bias: bool,
    ) -> Value {
        let [q, scale, zero] = self.bytes_of(x);
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
        let scale = self.with_scalar("Mul", &scale, gain(x.dim(-1)));
        let y = self.mul(&y, &scale);
        if !bias {
            return y;
        }
        let bias = self.weight(&[out], Init::Normal(0.1));
        self.add(&y, &bias)
    }

    /// A convolution in whole numbers (ConvInteger), with bias.
    pub(in super::super) fn integer_conv(&mut self, x: &Value, conv: Conv) -> Value {
        let [q, scale, zero] = self.bytes_of(x);
        let weight = self.bytes(&conv.dims(x), DataType::UINT8);
        let weight_zero = self.constant(&[], DataType::UINT8, vec![128]);
        let (attributes, shape) = self.conv_parts(x, conv, &weight);
        let inputs = [&q, &weight, &zero, &weight_zero];
        let y = self.op("ConvInteger", &inputs, attributes, shape.clone());
        let y = self.op("Cast", &[&y], vec![int("to", 1)], shape);
        let fan_in = weight.shape.iter().skip(1).product();
        let scale = self.with_scalar("Mul", &scale, gain(fan_in));
        let y = self.mul(&y, &scale);
        let mut dims = vec![1, weight.dim(0)];
        dims.extend(x.spatial().iter().map(|_| 1));
        let bias = self.weight(&dims, Init::Normal(0.1));
        self.add(&y, &bias)
    }

    /// An LSTM layer on `[length, batch, features]` with weights of signed bytes, as ONNX
    /// Runtime's quantization writes it.
    pub(in super::super) fn quantised_lstm(&mut self, x: &Value, hidden: i64, both: bool) -> Value {
        let (length, batch, input) = (x.dim(0), x.dim(1), x.dim(2));
        let directions = 1 + i64::from(both);
        let w = self.bytes(&[directions, input, 4 * hidden], DataType::INT8);
        let r = self.bytes(&[directions, hidden, 4 * hidden], DataType::INT8);
        let b = self.weight(&[directions, 8 * hidden], Init::Normal(0.1));
        let scales = vec![0.01; directions as usize];
        let scale = self.floats(&[directions], &scales);
        let zero = self.constant(&[directions], DataType::INT8, vec![0; directions as usize]);
        let mut attributes = vec![int("hidden_size", hidden)];
        if both {
            attributes.push(string("direction", "bidirectional"));
        }
        let steps = (length * batch * directions * 4 * hidden) as f64;
        self.work.macs += steps * input as f64 / 2.0;
        self.work.slow_macs += steps * hidden as f64 / 2.0;
        let no = Self::absent();
        let inputs = [x, &w, &r, &b, &no, &no, &no, &no, &scale, &zero, &scale, &zero];
        let shape = vec![length, directions, batch, hidden];
        let y = self.op_of(MICROSOFT, "DynamicQuantizeLSTM", &inputs, attributes, shape);
        let y = self.transpose(&y, &[0, 2, 1, 3]);
        self.reshape_as(&y, &[0, 0, -1], &[length, batch, directions * hidden])
    }
}
