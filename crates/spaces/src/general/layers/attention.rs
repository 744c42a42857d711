//! Multi-head attention (Vaswani et al., 2017).

use super::super::net::{Net, Value};
use super::activation::Act;
use crate::proto::int;
use crate::weights::Init;
use onnx_protobuf::tensor_proto::DataType;

/// What an attention layer is like.
#[derive(Debug, Clone)]
pub(in super::super) struct Attention {
    pub(in super::super) heads: i64,
    /// Keys and values have so many heads, each for several queries.
    pub(in super::super) kv_heads: i64,
    /// Added to the scores.
    pub(in super::super) mask: Option<Value>,
    /// Angles of rotary positions (cosines, sines).
    pub(in super::super) rotary: Option<(Value, Value)>,
    pub(in super::super) bias: bool,
    /// Keys and values `[batch, heads, length, width of a head]` from before.
    pub(in super::super) past: Option<[Value; 2]>,
}

impl Attention {
    pub(in super::super) fn new(heads: i64) -> Self {
        Self { heads, kv_heads: heads, mask: None, rotary: None, bias: true, past: None }
    }
}

impl Net {
    /// Queries of `x` on keys and values of `memory`, both `[batch, length, width]`.
    pub(in super::super) fn attention(
        &mut self,
        x: &Value,
        memory: &Value,
        a: &Attention,
    ) -> Value {
        let width = x.dim(-1);
        let head = width / a.heads;
        let [q, k, v] = self.projections(x, memory, a);
        let mut q = self.heads(&q, a.heads);
        let mut k = self.heads(&k, a.kv_heads);
        let mut v = self.heads(&v, a.kv_heads);
        if let Some(angles) = &a.rotary {
            q = self.rotate(&q, angles);
            k = self.rotate(&k, angles);
        }
        if let Some([keys, values]) = &a.past {
            k = self.concat(&[keys.clone(), k], 2);
            v = self.concat(&[values.clone(), v], 2);
            self.output(&k);
            self.output(&v);
        }
        if a.kv_heads != a.heads {
            k = self.repeat_heads(&k, a.heads / a.kv_heads);
            v = self.repeat_heads(&v, a.heads / a.kv_heads);
        }
        let k = self.transpose(&k, &[0, 1, 3, 2]);
        let scores = self.matmul(&q, &k);
        let scale = (head as f32).sqrt();
        let mut scores = match self.style.scale_by_div {
            true => self.with_scalar("Div", &scores, scale),
            false => self.with_scalar("Mul", &scores, 1.0 / scale),
        };
        if let Some(mask) = &a.mask {
            scores = self.add(&scores, mask);
        }
        let weights = self.along("Softmax", &scores, -1);
        let y = self.matmul(&weights, &v);
        let y = self.transpose(&y, &[0, 2, 1, 3]);
        let y = self.reshape(&y, &[x.dim(1), width]);
        self.linear_with(&y, width, a.bias)
    }

    fn projections(&mut self, x: &Value, memory: &Value, a: &Attention) -> [Value; 3] {
        let width = x.dim(-1);
        let fused = self.style.fused_qkv && x.name == memory.name && a.kv_heads == a.heads;
        if fused {
            let qkv = self.linear_with(x, 3 * width, a.bias);
            return self.split::<3>(&qkv, 2);
        }
        let narrow = width / a.heads * a.kv_heads;
        let q = self.linear_with(x, width, a.bias);
        let k = self.linear_with(memory, narrow, a.bias);
        let v = self.linear_with(memory, narrow, a.bias);
        [q, k, v]
    }

    /// `[batch, heads, length, width of a head]`.
    fn heads(&mut self, x: &Value, heads: i64) -> Value {
        let x = self.reshape(x, &[x.dim(1), heads, x.dim(-1) / heads]);
        self.transpose(&x, &[0, 2, 1, 3])
    }

    fn repeat_heads(&mut self, x: &Value, times: i64) -> Value {
        let (heads, length, width) = (x.dim(1), x.dim(2), x.dim(3));
        let y = self.unsqueeze(x, &[2]);
        let target = self.int_list(&[1, 1, times, 1, 1]);
        let shape = vec![x.dim(0), heads, times, length, width];
        let y = self.op("Expand", &[&y, &target], Vec::new(), shape);
        self.reshape(&y, &[heads * times, length, width])
    }

    /// Rotary positions (Su et al., 2021), halves rotated.
    fn rotate(&mut self, x: &Value, (cosines, sines): &(Value, Value)) -> Value {
        let half = x.dim(-1) / 2;
        let left = self.slice(x, -1, 0, half);
        let right = self.slice(x, -1, half, i64::MAX);
        let right = self.unary("Neg", &right);
        let turned = self.concat(&[right, left], -1);
        let y = self.mul(x, cosines);
        let turned = self.mul(&turned, sines);
        self.add(&y, &turned)
    }

    /// Cosines and sines for [`Attention::rotary`].
    pub(in super::super) fn rotary(&mut self, length: i64, head: i64) -> (Value, Value) {
        let angle = |at: i64, i: i64| {
            let power = 2.0 * (i % (head / 2).max(1)) as f64 / head as f64;
            at as f64 / 10_000f64.powf(power)
        };
        let angles: Vec<f64> = (0..length)
            .flat_map(|at| (0..head).map(move |i| (at, i)))
            .map(|(t, i)| angle(t, i))
            .collect();
        let table = |f: fn(f64) -> f64| angles.iter().map(|a| f(*a) as f32).collect::<Vec<f32>>();
        let shape = [length, head];
        (self.floats(&shape, &table(f64::cos)), self.floats(&shape, &table(f64::sin)))
    }

    /// A mask that hides later positions: a constant, or made by Trilu and Where.
    pub(in super::super) fn causal_mask(&mut self, length: i64) -> Value {
        let hidden = |at: i64| at % length > at / length;
        let shape = [1, 1, length, length];
        if self.style.opset < 14 || self.draw.chance(0.6) {
            let values: Vec<f32> =
                (0..length * length).map(|at| if hidden(at) { -1e4 } else { 0.0 }).collect();
            return self.floats(&shape, &values);
        }
        let ones = self.constant(&shape, DataType::BOOL, vec![1; (length * length) as usize]);
        let lower = self.op("Trilu", &[&ones], vec![int("upper", 0)], shape.to_vec());
        let (zero, low) = (self.scalar(0.0), self.scalar(-1e4));
        self.op("Where", &[&lower, &zero, &low], Vec::new(), shape.to_vec())
    }

    /// A mask from an input of ones and zeros `[batch, length]`.
    pub(in super::super) fn padding_mask(&mut self, ids: &Value) -> Value {
        let y = self.unsqueeze(ids, &[1, 2]);
        let y = self.op("Cast", &[&y], vec![int("to", 1)], y.shape.clone());
        let one = self.scalar(1.0);
        let y = self.binary("Sub", &one, &y);
        self.with_scalar("Mul", &y, -10_000.0)
    }

    /// The two linear layers of a transformer block.
    pub(in super::super) fn feed_forward(&mut self, x: &Value, inner: i64, act: Act) -> Value {
        let y = self.linear(x, inner);
        let y = self.act(&y, act);
        self.linear(&y, x.dim(-1))
    }

    /// Gated linear layers (Shazeer, 2020).
    pub(in super::super) fn gated_forward(&mut self, x: &Value, inner: i64, act: Act) -> Value {
        let gate = self.linear_with(x, inner, false);
        let gate = self.act(&gate, act);
        let y = self.linear_with(x, inner, false);
        let y = self.mul(&gate, &y);
        self.linear_with(&y, x.dim(-1), false)
    }
}

impl Net {
    /// Attention of windows `[windows, places, width]` with learnt position
    /// differences; the number of windows is the batch times a constant.
    pub(in super::super) fn window_attention(&mut self, x: &Value, heads: i64) -> Value {
        let (windows, area, width) = (x.dim(0), x.dim(1), x.dim(2));
        let head = width / heads;
        let qkv = self.linear(x, 3 * width);
        let qkv =
            self.reshape_as(&qkv, &[-1, area, 3, heads, head], &[windows, area, 3, heads, head]);
        let qkv = self.transpose(&qkv, &[2, 0, 3, 1, 4]);
        let [q, k, v] = [0, 1, 2].map(|at| self.take(&qkv, 0, at));
        let q = self.with_scalar("Mul", &q, 1.0 / (head as f32).sqrt());
        let k = self.transpose(&k, &[0, 1, 3, 2]);
        let scores = self.matmul(&q, &k);
        let bias = self.weight(&[1, heads, area, area], Init::Normal(0.1));
        let scores = self.add(&scores, &bias);
        let weights = self.along("Softmax", &scores, -1);
        let y = self.matmul(&weights, &v);
        let y = self.transpose(&y, &[0, 2, 1, 3]);
        let y = self.reshape_as(&y, &[-1, area, width], &[windows, area, width]);
        self.linear(&y, width)
    }
}
