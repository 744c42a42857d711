//! Convolutions of one to three spatial axes, batch normalization, upsampling.

use super::super::net::{Net, Value};
use super::activation::Act;
use crate::proto::{float, int, ints, string};
use crate::weights::Init;
use onnx_protobuf::AttributeProto;

/// A convolution.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Conv {
    out: i64,
    kernel: [i64; 3],
    stride: i64,
    group: i64,
    dilation: i64,
    causal: bool,
    valid: bool,
}

impl Conv {
    /// A square kernel that keeps the size.
    pub(in super::super) fn new(out: i64, kernel: i64) -> Self {
        Self::rect(out, [kernel; 3])
    }

    /// A kernel with a size for each axis.
    pub(in super::super) fn rect(out: i64, kernel: [i64; 3]) -> Self {
        Self { out, kernel, stride: 1, group: 1, dilation: 1, causal: false, valid: false }
    }

    /// One filter a channel.
    pub(in super::super) fn depthwise(channels: i64, kernel: i64) -> Self {
        Self::new(channels, kernel).group(channels)
    }

    /// Another square kernel.
    pub(in super::super) fn kernel(self, kernel: i64) -> Self {
        Self { kernel: [kernel; 3], ..self }
    }

    pub(in super::super) fn stride(self, stride: i64) -> Self {
        Self { stride, ..self }
    }

    pub(in super::super) fn group(self, group: i64) -> Self {
        Self { group, ..self }
    }

    pub(in super::super) fn dilation(self, dilation: i64) -> Self {
        Self { dilation, ..self }
    }

    /// All padding before the sequence.
    pub(in super::super) fn causal(self) -> Self {
        Self { causal: true, ..self }
    }

    /// No padding.
    pub(in super::super) fn valid(self) -> Self {
        Self { valid: true, ..self }
    }

    /// The shape of the weight for that input.
    pub(in super::super) fn dims(&self, x: &Value) -> Vec<i64> {
        let kernel = self.kernel.iter().take(x.spatial().len());
        [self.out, x.channels() / self.group].into_iter().chain(kernel.copied()).collect()
    }

    /// Padding at the begin and the end of an axis.
    fn pads(&self, kernel: i64) -> [i64; 2] {
        let span = self.dilation * (kernel - 1);
        match (self.valid, self.causal) {
            (true, _) => [0, 0],
            (_, true) => [span, 0],
            _ => [span / 2, span - span / 2 - i64::from(kernel % 2 == 0 && self.stride > 1)],
        }
    }

    fn size(&self, input: i64, kernel: i64) -> i64 {
        let [begin, end] = self.pads(kernel);
        (input + begin + end - self.dilation * (kernel - 1) - 1) / self.stride + 1
    }
}

impl Net {
    /// Conv, with bias or without.
    pub(in super::super) fn conv(&mut self, x: &Value, conv: Conv, bias: bool) -> Value {
        let dims = conv.dims(x);
        let fan_in = dims.iter().skip(1).product();
        let weight = self.weight(&dims, Init::HeNormal { fan_in });
        let bias = bias.then(|| self.weight(&[conv.out], Init::Normal(0.1)));
        self.conv_of(x, conv, &weight, bias.as_ref())
    }

    /// Conv with that weight.
    pub(in super::super) fn conv_of(
        &mut self,
        x: &Value,
        conv: Conv,
        weight: &Value,
        bias: Option<&Value>,
    ) -> Value {
        let (attributes, shape) = self.conv_parts(x, conv, weight);
        let mut inputs = vec![x, weight];
        inputs.extend(bias);
        self.op("Conv", &inputs, attributes, shape)
    }

    /// Attributes and output shape of a convolution, whose work is noted.
    pub(in super::super) fn conv_parts(
        &mut self,
        x: &Value,
        conv: Conv,
        weight: &Value,
    ) -> (Vec<AttributeProto>, Vec<i64>) {
        let (kernel, rank) = (weight.spatial(), x.spatial().len());
        let pads: Vec<[i64; 2]> = kernel.iter().map(|&k| conv.pads(k)).collect();
        let pads: Vec<i64> = pads.iter().map(|p| p[0]).chain(pads.iter().map(|p| p[1])).collect();
        let attributes = vec![
            ints("dilations", &vec![conv.dilation; rank]),
            int("group", conv.group),
            ints("kernel_shape", kernel),
            ints("pads", &pads),
            ints("strides", &vec![conv.stride; rank]),
        ];
        let mut shape = vec![x.dim(0), conv.out];
        shape.extend(x.spatial().iter().zip(kernel).map(|(&n, &k)| conv.size(n, k)));
        let fan_in = weight.shape.iter().skip(1).product::<i64>();
        let macs = (shape.iter().product::<i64>() * fan_in) as f64;
        match conv.group {
            1 => self.work.macs += macs,
            _ => self.work.slow_macs += macs,
        }
        (attributes, shape)
    }

    /// Conv and BatchNormalization, which the spelling may have folded, then the
    /// activation.
    pub(in super::super) fn conv_norm_act(&mut self, x: &Value, conv: Conv, act: Act) -> Value {
        let folded = self.style.folded;
        let mut y = self.conv(x, conv, folded);
        if !folded {
            y = self.batch_norm(&y);
        }
        self.act(&y, act)
    }

    /// BatchNormalization of the second axis, in inference mode.
    pub(in super::super) fn batch_norm(&mut self, x: &Value) -> Value {
        let [scale, bias, mean, variance] =
            [1.0, 0.0, 0.0, 1.0].map(|v| self.weight(&[x.channels()], Init::Constant(v)));
        let attributes = vec![float("epsilon", 1e-5), float("momentum", 0.9)];
        let inputs = [x, &scale, &bias, &mean, &variance];
        self.op("BatchNormalization", &inputs, attributes, x.shape.clone())
    }

    /// InstanceNormalization of the second axis.
    pub(in super::super) fn instance_norm(&mut self, x: &Value) -> Value {
        let [scale, bias] = [1.0, 0.0].map(|v| self.weight(&[x.channels()], Init::Constant(v)));
        let attributes = vec![float("epsilon", 1e-5)];
        self.op("InstanceNormalization", &[x, &scale, &bias], attributes, x.shape.clone())
    }

    /// ConvTranspose that doubles the size.
    pub(in super::super) fn conv_transpose(&mut self, x: &Value, out: i64, kernel: i64) -> Value {
        let rank = x.spatial().len();
        let kernels = vec![kernel; rank];
        let area = kernels.iter().product::<i64>();
        let mut dims = vec![x.channels(), out];
        dims.extend(&kernels);
        let weight = self.weight(&dims, Init::HeNormal { fan_in: x.channels() * area });
        let bias = self.weight(&[out], Init::Normal(0.1));
        let attributes = vec![
            ints("dilations", &vec![1; rank]),
            int("group", 1),
            ints("kernel_shape", &kernels),
            ints("pads", &vec![(kernel - 2) / 2; 2 * rank]),
            ints("strides", &vec![2; rank]),
        ];
        self.work.macs += (x.elements() * out * area) as f64;
        let mut shape = vec![x.dim(0), out];
        shape.extend(x.spatial().iter().map(|n| 2 * n));
        self.op("ConvTranspose", &[x, &weight, &bias], attributes, shape)
    }

    /// Resize of pictures by a whole factor; `mode` is `nearest` or `linear`.
    pub(in super::super) fn upsample(&mut self, x: &Value, factor: i64, mode: &str) -> Value {
        let mut scales = vec![1.0, 1.0];
        scales.extend(x.spatial().iter().map(|_| factor as f32));
        let roi = match self.style.opset {
            ..=12 => self.floats(&[0], &[]),
            _ => Self::absent(),
        };
        let scales = self.floats(&[scales.len() as i64], &scales);
        let mut attributes = vec![string("mode", mode)];
        if mode == "nearest" {
            attributes.push(string("coordinate_transformation_mode", "asymmetric"));
            attributes.push(string("nearest_mode", "floor"));
        } else {
            let mode = self.draw.pick(["half_pixel", "align_corners", "pytorch_half_pixel"]);
            attributes.push(string("coordinate_transformation_mode", mode));
        }
        let mut shape = vec![x.dim(0), x.channels()];
        shape.extend(x.spatial().iter().map(|n| factor * n));
        self.op("Resize", &[x, &roi, &scales], attributes, shape)
    }
}
