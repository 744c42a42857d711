//! Random models.

use crate::common::onnx::*;
use onnx_protobuf::ModelProto;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SHAPE: [i64; 4] = [-1, 8, 6, 6];

/// A valid model of about `nodes` nodes: elementwise operators, convolutions,
/// operators with several outputs, omitted and constant inputs, bodies that
/// capture values. All values that are passed on have one shape.
pub fn model(seed: u64, nodes: usize) -> ModelProto {
    let mut r = Random { rng: ChaCha8Rng::seed_from_u64(seed) };
    let mut b = Builder::new("v");
    let inputs = r.rng.random_range(1..4);
    let mut values: Vec<String> = (0..inputs).map(|_| b.input(F32, &SHAPE)).collect();
    for _ in 0..nodes {
        let new = r.node(&mut b, &values, 2);
        values.extend(new);
    }
    let outputs = r.rng.random_range(1..4);
    for _ in 0..outputs {
        let v = r.pick(&values);
        if b.graph.output.iter().all(|o| o.name != v) {
            b.output(&v, F32, &SHAPE);
        }
    }
    b.model(if r.rng.random_bool(0.5) { 13 } else { 17 })
}

struct Random {
    rng: ChaCha8Rng,
}

impl Random {
    fn pick(&mut self, values: &[String]) -> String {
        // Recent values more often, so that graphs are deep.
        let n = values.len();
        let low = if self.rng.random_bool(0.7) { n.saturating_sub(4) } else { 0 };
        values[self.rng.random_range(low..n)].clone()
    }

    fn node(&mut self, b: &mut Builder, values: &[String], depth: usize) -> Vec<String> {
        let (x, y, z) = (self.pick(values), self.pick(values), self.pick(values));
        let kinds = if depth == 0 { 12 } else { 14 };
        match self.rng.random_range(0..kinds) {
            0 => vec![b.op("Relu", &[&x], vec![])],
            1 => vec![b.op("Sigmoid", &[&x], vec![])],
            2 => vec![b.op("Add", &[&x, &y], vec![])],
            3 => vec![b.op("Max", &[&x, &y, &z], vec![])],
            4 => {
                let c = b.initializer(float_scalar(self.rng.random_range(1..4) as f32));
                let op = ["Sub", "Pow", "Div"][self.rng.random_range(0..3)];
                vec![if self.rng.random_bool(0.5) {
                    b.op(op, &[&c, &x], vec![])
                } else {
                    b.op(op, &[&x, &c], vec![])
                }]
            }
            5 => {
                let w = b.weight(&[8, 8, 3, 3]);
                let bias = b.weight(&[8]);
                let pads = vec![ints("pads", &[1; 4]), ints("kernel_shape", &[3, 3])];
                let inputs = [x.as_str(), &w, &bias];
                let n = self.rng.random_range(2..4);
                vec![b.op("Conv", &inputs[..n], pads)]
            }
            6 => {
                let p: Vec<String> = (0..4).map(|_| b.weight(&[8])).collect();
                let inputs: Vec<&str> = [&x].into_iter().chain(&p).map(String::as_str).collect();
                vec![b.op("BatchNormalization", &inputs, vec![])]
            }
            7 => {
                let parts = b.ops("Split", &[&x], vec![int("axis", 1)], 2);
                let (p, q) = match self.rng.random_bool(0.5) {
                    true => (&parts[0], &parts[1]),
                    false => (&parts[1], &parts[0]),
                };
                vec![b.op("Concat", &[p, q], vec![int("axis", 1)])]
            }
            8 => {
                let high = b.initializer(float_scalar(6.0));
                vec![b.op("Clip", &[&x, "", &high], vec![])]
            }
            9 => {
                let flat = b.ints(&[0, -1]);
                let f = b.op("Reshape", &[&x, &flat], vec![]);
                let shape = b.op("Shape", &[&y], vec![]);
                vec![b.op("Reshape", &[&f, &shape], vec![])]
            }
            10 => vec![b.op("Softmax", &[&x], vec![int("axis", self.rng.random_range(-3..3))])],
            11 => {
                let outputs = b.ops(
                    "MaxPool",
                    &[&x],
                    vec![ints("kernel_shape", &[3, 3]), ints("pads", &[1; 4])],
                    1,
                );
                vec![b.op("Mul", &[&outputs[0], &y], vec![])]
            }
            12 => vec![self.branch(b, values, &x, depth)],
            _ => vec![self.repetition(b, values, &x, depth)],
        }
    }

    fn body(
        &mut self,
        values: &[String],
        own: &mut Builder,
        inner: &[String],
        depth: usize,
    ) -> String {
        let mut all = values.to_vec();
        all.extend(inner.iter().cloned());
        for _ in 0..self.rng.random_range(1..5) {
            let new = self.node(own, &all, depth - 1);
            all.extend(new);
        }
        all.pop().unwrap_or_default()
    }

    fn prefix(&mut self) -> String {
        format!("b{}_", self.rng.random::<u64>())
    }

    fn branch(&mut self, b: &mut Builder, values: &[String], x: &str, depth: usize) -> String {
        let mean = b.op("ReduceMean", &[x], vec![int("keepdims", 0)]);
        let zero = b.initializer(float_scalar(0.0));
        let condition = b.op("Greater", &[&mean, &zero], vec![]);
        let mut branches = Vec::new();
        for name in ["then_branch", "else_branch"] {
            let mut inner = Builder::new(&self.prefix());
            let out = self.body(values, &mut inner, &[], depth);
            inner.output(&out, F32, &SHAPE);
            branches.push(graph(name, inner.graph));
        }
        b.op("If", &[&condition], branches)
    }

    fn repetition(&mut self, b: &mut Builder, values: &[String], x: &str, depth: usize) -> String {
        let mut inner = Builder::new(&self.prefix());
        let _number = inner.input(I64, &[]);
        let condition = inner.input(BOOL, &[]);
        let state = inner.input(F32, &SHAPE);
        let out = self.body(values, &mut inner, &[state], depth);
        inner.output(&condition, BOOL, &[]);
        inner.output(&out, F32, &SHAPE);
        let count = b.initializer(onnx_protobuf::TensorProto {
            dims: vec![],
            ..int_tensor(&[self.rng.random_range(1..5)])
        });
        b.op("Loop", &[&count, "", x], vec![graph("body", inner.graph)])
    }
}
