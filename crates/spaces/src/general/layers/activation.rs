//! Elementwise operators and activation functions, each as exporters spell it.

use super::super::draw::Draw;
use super::super::net::{Net, Value};
use super::super::style::{Gelu, HardSwish};
use crate::graph::float;
use crate::weights::Init;

/// An activation function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Act {
    Relu,
    Relu6,
    LeakyRelu,
    PRelu,
    Elu,
    Selu,
    Gelu,
    Silu,
    HardSwish,
    HardSigmoid,
    Mish,
    Tanh,
    Sigmoid,
    None,
}

impl Act {
    /// A usual one of convolutional networks.
    pub(in super::super) fn draw(d: &mut Draw) -> Self {
        use Act::{Elu, Gelu, HardSwish, LeakyRelu, Mish, PRelu, Relu, Relu6, Selu, Silu, Tanh};
        let frequent = d.pick([Relu, Relu6, Silu, LeakyRelu, HardSwish]);
        let rare = d.pick([PRelu, Elu, Selu, Gelu, Mish, Tanh, Relu, Silu]);
        match d.pick([0, 0, 0, 1, 1, 2]) {
            0 => Relu,
            1 => frequent,
            _ => rare,
        }
    }
}

impl Net {
    /// A node of one input and the same shape.
    pub(in super::super) fn unary(&mut self, op: &str, x: &Value) -> Value {
        self.op(op, &[x], Vec::new(), x.shape.clone())
    }

    /// A node of two inputs that are broadcast.
    pub(in super::super) fn binary(&mut self, op: &str, x: &Value, y: &Value) -> Value {
        let shape = broadcast(&x.shape, &y.shape);
        self.op(op, &[x, y], Vec::new(), shape)
    }

    /// Sum.
    pub(in super::super) fn add(&mut self, x: &Value, y: &Value) -> Value {
        self.binary("Add", x, y)
    }

    /// Product.
    pub(in super::super) fn mul(&mut self, x: &Value, y: &Value) -> Value {
        self.binary("Mul", x, y)
    }

    /// A node with a scalar as second input.
    pub(in super::super) fn with_scalar(&mut self, op: &str, x: &Value, value: f32) -> Value {
        let value = self.scalar(value);
        self.op(op, &[x, &value], Vec::new(), x.shape.clone())
    }

    /// Clip.
    pub(in super::super) fn clip(&mut self, x: &Value, low: f32, high: f32) -> Value {
        let (low, high) = (self.scalar(low), self.scalar(high));
        self.op("Clip", &[x, &low, &high], Vec::new(), x.shape.clone())
    }

    /// An activation function.
    pub(in super::super) fn act(&mut self, x: &Value, act: Act) -> Value {
        match act {
            Act::None => x.clone(),
            Act::Relu => self.unary("Relu", x),
            Act::Relu6 => self.clip(x, 0.0, 6.0),
            Act::Elu => self.unary("Elu", x),
            Act::Selu => self.unary("Selu", x),
            Act::Tanh => self.unary("Tanh", x),
            Act::Sigmoid => self.unary("Sigmoid", x),
            Act::LeakyRelu => {
                self.op("LeakyRelu", &[x], vec![float("alpha", 0.1)], x.shape.clone())
            }
            Act::PRelu => self.prelu(x),
            Act::HardSigmoid => self.hard_sigmoid(x),
            Act::HardSwish => self.hard_swish(x),
            Act::Gelu => self.gelu(x),
            Act::Silu => {
                let gate = self.unary("Sigmoid", x);
                self.mul(x, &gate)
            }
            Act::Mish => {
                let y = self.unary("Softplus", x);
                let y = self.unary("Tanh", &y);
                self.mul(x, &y)
            }
        }
    }

    fn prelu(&mut self, x: &Value) -> Value {
        let mut slope = vec![x.channels()];
        slope.extend(x.spatial().iter().map(|_| 1));
        let slope = self.weight(&slope, Init::Constant(0.25));
        self.op("PRelu", &[x, &slope], Vec::new(), x.shape.clone())
    }

    fn hard_sigmoid(&mut self, x: &Value) -> Value {
        if self.style.hard_swish != HardSwish::Parts {
            let alpha = float("alpha", 1.0 / 6.0);
            return self.op("HardSigmoid", &[x], vec![alpha], x.shape.clone());
        }
        let y = self.with_scalar("Add", x, 3.0);
        let y = self.clip(&y, 0.0, 6.0);
        self.with_scalar("Div", &y, 6.0)
    }

    fn hard_swish(&mut self, x: &Value) -> Value {
        match self.style.hard_swish {
            HardSwish::Operator => self.unary("HardSwish", x),
            HardSwish::HardSigmoid => {
                let gate = self.hard_sigmoid(x);
                self.mul(x, &gate)
            }
            HardSwish::Parts => {
                let y = self.with_scalar("Add", x, 3.0);
                let y = self.clip(&y, 0.0, 6.0);
                let y = self.mul(x, &y);
                self.with_scalar("Div", &y, 6.0)
            }
        }
    }

    fn gelu(&mut self, x: &Value) -> Value {
        match self.style.gelu {
            Gelu::Operator => self.unary("Gelu", x),
            Gelu::Erf => {
                let y = self.with_scalar("Div", x, std::f32::consts::SQRT_2);
                let y = self.unary("Erf", &y);
                let y = self.with_scalar("Add", &y, 1.0);
                let y = self.mul(x, &y);
                self.with_scalar("Mul", &y, 0.5)
            }
            Gelu::Tanh => {
                let cube = self.with_scalar("Pow", x, 3.0);
                let cube = self.with_scalar("Mul", &cube, 0.044_715);
                let y = self.add(x, &cube);
                let y = self.with_scalar("Mul", &y, (2.0 / std::f32::consts::PI).sqrt());
                let y = self.unary("Tanh", &y);
                let y = self.with_scalar("Add", &y, 1.0);
                let half = self.with_scalar("Mul", x, 0.5);
                self.mul(&half, &y)
            }
        }
    }
}

/// The shape of two shapes that are broadcast (NumPy's rule).
fn broadcast(x: &[i64], y: &[i64]) -> Vec<i64> {
    let (long, short) = if x.len() >= y.len() { (x, y) } else { (y, x) };
    let mut shape = long.to_vec();
    for (a, &b) in shape.iter_mut().rev().zip(short.iter().rev()) {
        *a = if *a == 1 { b } else { *a };
    }
    shape
}
