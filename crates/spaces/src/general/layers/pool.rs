//! Pooling, and the end of a classifier.

use super::super::net::{Net, Value};
use super::super::style::Flatten;
use super::activation::Act;
use super::conv::Conv;
use crate::graph::{int, ints};

impl Net {
    /// MaxPool or AveragePool with padding that keeps the size at stride 1.
    pub(in super::super) fn pool(
        &mut self,
        op: &str,
        x: &Value,
        kernel: i64,
        stride: i64,
    ) -> Value {
        let rank = x.spatial().len();
        let pad = (kernel - 1) / 2;
        let attributes = vec![
            int("ceil_mode", 0),
            ints("kernel_shape", &vec![kernel; rank]),
            ints("pads", &vec![pad; 2 * rank]),
            ints("strides", &vec![stride; rank]),
        ];
        let mut shape = vec![x.dim(0), x.channels()];
        shape.extend(x.spatial().iter().map(|n| (n + 2 * pad - kernel) / stride + 1));
        self.work.elements += (shape.iter().product::<i64>() * kernel.pow(rank as u32)) as f64;
        self.op(op, &[x], attributes, shape)
    }

    /// MaxPool.
    pub(in super::super) fn max_pool(&mut self, x: &Value, kernel: i64, stride: i64) -> Value {
        self.pool("MaxPool", x, kernel, stride)
    }

    /// The mean of all spatial axes, which stay as axes of size 1.
    pub(in super::super) fn global_pool(&mut self, x: &Value) -> Value {
        let spatial: Vec<i64> = (2..x.shape.len() as i64).collect();
        if self.style.global_pool {
            let mut shape = vec![x.dim(0), x.channels()];
            shape.extend(spatial.iter().map(|_| 1));
            return self.op("GlobalAveragePool", &[x], Vec::new(), shape);
        }
        self.reduce("ReduceMean", x, &spatial, true)
    }

    /// A reduction of some axes (axes are an input from opset 18 on).
    pub(in super::super) fn reduce(
        &mut self,
        op: &str,
        x: &Value,
        axes: &[i64],
        keep: bool,
    ) -> Value {
        let (list, mut attributes) = self.axes(axes, if op == "ReduceSum" { 13 } else { 18 });
        attributes.push(int("keepdims", i64::from(keep)));
        let rank = x.shape.len() as i64;
        let gone = |at: usize| axes.iter().any(|&a| (a + rank) % rank == at as i64);
        let sizes = x.shape.iter().enumerate();
        let shape = match keep {
            true => sizes.map(|(at, &n)| if gone(at) { 1 } else { n }).collect(),
            false => sizes.filter(|&(at, _)| !gone(at)).map(|(_, &n)| n).collect(),
        };
        let mut inputs = vec![x];
        inputs.extend(&list);
        self.op(op, &inputs, attributes, shape)
    }

    /// `[batch, everything else]`.
    pub(in super::super) fn flatten(&mut self, x: &Value) -> Value {
        let rest = x.shape.iter().skip(1).product::<i64>();
        let flat = x.spatial().iter().all(|&n| n == 1);
        match self.style.flatten {
            Flatten::Squeeze if flat && !x.spatial().is_empty() => {
                let axes: Vec<i64> = (2..x.shape.len() as i64).collect();
                self.squeeze(x, &axes)
            }
            Flatten::Reshape => self.reshape(x, &[rest]),
            _ => self.op("Flatten", &[x], vec![int("axis", 1)], vec![x.dim(0), rest]),
        }
    }

    /// Mean of the positions, linear layer, at times Softmax; the output.
    pub(in super::super) fn classify(&mut self, x: &Value) {
        let classes = self.draw.pick([2, 5, 10, 10, 21, 100, 200, 365, 1000, 1000]);
        let softmax = self.draw.chance(0.25);
        let x = self.global_pool(x);
        let x = self.flatten(&x);
        let mut x = self.linear(&x, classes);
        if softmax {
            x = self.along("Softmax", &x, -1);
        }
        self.output(&x);
    }

    /// Squeeze and excitation (Hu et al., 2018): channels weighted by their means.
    pub(in super::super) fn squeeze_excite(
        &mut self,
        x: &Value,
        inner: i64,
        gate: Act,
        act: Act,
    ) -> Value {
        let y = self.global_pool(x);
        let y = self.conv(&y, Conv::new(inner.max(1), 1), true);
        let y = self.act(&y, act);
        let y = self.conv(&y, Conv::new(x.channels(), 1), true);
        let y = self.act(&y, gate);
        self.mul(x, &y)
    }
}
