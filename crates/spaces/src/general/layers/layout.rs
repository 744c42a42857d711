//! Operators that move elements.

use super::super::net::{Net, Value};
use super::super::style::Reshape;
use crate::graph::{int, ints, string};
use crate::options::Batch;

/// How channels become pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Order {
    /// DepthToSpace in its default mode.
    Depth,
    /// DepthToSpace in mode CRD.
    Crd,
    /// Reshape, Transpose, Reshape.
    Parts,
}

impl Net {
    /// Pictures `factor` times as large out of `factor²` as many channels.
    pub(in super::super) fn depth_to_space(
        &mut self,
        x: &Value,
        factor: i64,
        order: Order,
    ) -> Value {
        let (c, h, w) = (x.channels() / (factor * factor), x.dim(2), x.dim(3));
        if order == Order::Parts {
            let y = self.reshape(x, &[c, factor, factor, h, w]);
            let y = self.transpose(&y, &[0, 1, 4, 2, 5, 3]);
            return self.reshape(&y, &[c, h * factor, w * factor]);
        }
        let mode = if order == Order::Crd { "CRD" } else { "DCR" };
        let attributes = vec![int("blocksize", factor), string("mode", mode)];
        self.op("DepthToSpace", &[x], attributes, vec![x.dim(0), c, h * factor, w * factor])
    }

    /// Reshape to `[batch, rest..]` of a value whose first axis is the batch.
    pub(in super::super) fn reshape(&mut self, x: &Value, rest: &[i64]) -> Value {
        let mut shape = vec![x.dim(0)];
        shape.extend(rest);
        let open = matches!(self.style.batch, Batch::Named(_));
        let target = match (open, self.style.reshape) {
            (true, Reshape::Computed) => self.computed_shape(x, rest),
            (true, Reshape::Zero) => self.shape_list(0, rest),
            (true, Reshape::Inferred) => self.shape_list(-1, rest),
            (false, _) => self.int_list(&shape),
        };
        self.op("Reshape", &[x, &target], Vec::new(), shape)
    }

    fn shape_list(&mut self, batch: i64, rest: &[i64]) -> Value {
        let mut target = vec![batch];
        target.extend(rest);
        self.int_list(&target)
    }

    /// The target shape out of the value's own, as tracing exporters write it.
    fn computed_shape(&mut self, x: &Value, rest: &[i64]) -> Value {
        let shape = self.op("Shape", &[x], Vec::new(), vec![x.shape.len() as i64]);
        let zero = self.int_scalar(0);
        let batch = self.op("Gather", &[&shape, &zero], vec![int("axis", 0)], Vec::new());
        let mut parts = vec![self.unsqueeze(&batch, &[0])];
        parts.push(self.int_list(rest));
        self.concat(&parts, 0)
    }

    /// Reshape to a target that may hold 0 (copied) and -1 (inferred); `shape`
    /// is the result.
    pub(in super::super) fn reshape_as(
        &mut self,
        x: &Value,
        target: &[i64],
        shape: &[i64],
    ) -> Value {
        let target = self.int_list(target);
        self.op("Reshape", &[x, &target], Vec::new(), shape.to_vec())
    }

    /// Transpose.
    pub(in super::super) fn transpose(&mut self, x: &Value, order: &[i64]) -> Value {
        let shape = order.iter().map(|&a| x.dim(a)).collect();
        self.op("Transpose", &[x], vec![ints("perm", order)], shape)
    }

    /// Concat.
    pub(in super::super) fn concat(&mut self, parts: &[Value], axis: i64) -> Value {
        let mut shape = parts.first().map(|p| p.shape.clone()).unwrap_or_default();
        let at = if axis < 0 { axis + shape.len() as i64 } else { axis };
        if let Some(size) = usize::try_from(at).ok().and_then(|i| shape.get_mut(i)) {
            *size = parts.iter().map(|p| p.dim(axis)).sum();
        }
        let inputs: Vec<&Value> = parts.iter().collect();
        self.op("Concat", &inputs, vec![int("axis", axis)], shape)
    }

    /// Split of an axis into N equal parts.
    pub(in super::super) fn split<const N: usize>(&mut self, x: &Value, axis: usize) -> [Value; N] {
        let size = x.dim(axis as i64) / N as i64;
        let mut shape = x.shape.clone();
        if let Some(n) = shape.get_mut(axis) {
            *n = size;
        }
        let sizes = [size; N];
        let shapes = [(); N].map(|()| shape.clone());
        let mut attributes = vec![int("axis", axis as i64)];
        if self.style.opset < 13 {
            attributes.push(ints("split", &sizes));
            return self.op_many("Split", &[x], attributes, shapes);
        }
        let sizes = self.int_list(&sizes);
        self.op_many("Split", &[x, &sizes], attributes, shapes)
    }

    /// Slice of one axis.
    pub(in super::super) fn slice(&mut self, x: &Value, axis: i64, from: i64, to: i64) -> Value {
        self.slice_by(x, axis, from, to, 1)
    }

    /// Slice of one axis with a step.
    pub(in super::super) fn slice_by(
        &mut self,
        x: &Value,
        axis: i64,
        from: i64,
        to: i64,
        step: i64,
    ) -> Value {
        let mut shape = x.shape.clone();
        let at = if axis < 0 { axis + shape.len() as i64 } else { axis };
        if let Some(n) = usize::try_from(at).ok().and_then(|i| shape.get_mut(i)) {
            *n = (to.min(*n) - from + step - 1) / step;
        }
        let [from, to, axes, step] = [from, to, axis, step].map(|v| self.int_list(&[v]));
        self.op("Slice", &[x, &from, &to, &axes, &step], Vec::new(), shape)
    }

    /// Unsqueeze; axes ascend.
    pub(in super::super) fn unsqueeze(&mut self, x: &Value, axes: &[i64]) -> Value {
        let mut shape = x.shape.clone();
        for &axis in axes {
            shape.insert((axis.max(0) as usize).min(shape.len()), 1);
        }
        let (list, attributes) = self.axes(axes, 13);
        let mut inputs = vec![x];
        inputs.extend(&list);
        self.op("Unsqueeze", &inputs, attributes, shape)
    }

    /// Squeeze; axes ascend and are not negative.
    pub(in super::super) fn squeeze(&mut self, x: &Value, axes: &[i64]) -> Value {
        let sizes = x.shape.iter().enumerate();
        let shape = sizes.filter(|(at, _)| !axes.contains(&(*at as i64))).map(|(_, &n)| n);
        let shape = shape.collect();
        let (list, attributes) = self.axes(axes, 13);
        let mut inputs = vec![x];
        inputs.extend(&list);
        self.op("Squeeze", &inputs, attributes, shape)
    }

    /// Gather of one place of an axis, which goes.
    pub(in super::super) fn take(&mut self, x: &Value, axis: usize, place: i64) -> Value {
        let mut shape = x.shape.clone();
        if axis < shape.len() {
            shape.remove(axis);
        }
        let place = self.int_scalar(place);
        self.op("Gather", &[x, &place], vec![int("axis", axis as i64)], shape)
    }
}
