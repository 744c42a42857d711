//! Sizes around one operation. An open dimension counts as one.

use crate::opstring::{Dim, Op, OpGraph, Operand, TensorType};

/// Sizes of what an operation reads, of its weights and of what it writes.
#[derive(Debug, Clone, Default)]
pub struct Sizes {
    /// The values that it reads.
    inputs: Vec<Vec<f64>>,
    /// Its weights.
    weights: Vec<Vec<f64>>,
    /// Its outputs.
    outputs: Vec<Vec<f64>>,
}

impl Sizes {
    /// The sizes around `op` of `g`.
    pub fn of(g: &OpGraph, op: &Op) -> Self {
        let mut sizes = Self::default();
        for operand in &op.operands {
            match operand {
                Operand::Value { op, output } => {
                    sizes.inputs.push(g.output_type(*op, *output).map(dims).unwrap_or_default());
                }
                Operand::Weight(t) => sizes.weights.push(dims(t)),
                Operand::Constant(_) | Operand::Omitted => {}
            }
        }
        sizes.outputs = op.outputs.iter().flatten().map(dims).collect();
        sizes
    }

    /// Sizes of the first value read.
    pub fn input(&self) -> &[f64] {
        self.inputs.first().map_or(&[], Vec::as_slice)
    }

    /// Sizes of a value read.
    pub fn value(&self, i: usize) -> &[f64] {
        self.inputs.get(i).map_or(&[], Vec::as_slice)
    }

    /// Sizes of the first output.
    pub fn output(&self) -> &[f64] {
        self.outputs.first().map_or(&[], Vec::as_slice)
    }

    /// Elements of all values read.
    pub fn read(&self) -> f64 {
        self.inputs.iter().map(|d| elements(d)).sum()
    }

    /// Elements of all outputs.
    pub fn written(&self) -> f64 {
        self.outputs.iter().map(|d| elements(d)).sum()
    }

    /// Elements of all weights.
    pub fn parameters(&self) -> f64 {
        self.weights.iter().map(|d| elements(d)).sum()
    }

    /// Elements of the weights of one place, from the first.
    pub fn matrix(&self, i: usize) -> f64 {
        self.weights.get(i).map_or(0.0, |d| elements(d))
    }

    /// One size of the first weight; 1 where there is none.
    pub fn weight(&self, i: usize) -> f64 {
        self.weights.first().and_then(|d| d.get(i)).copied().unwrap_or(1.0)
    }

    /// Elements of the window of a convolution.
    pub fn window(&self) -> f64 {
        self.weights.first().map_or(1.0, |d| d.iter().skip(2).product())
    }

    /// Longest side of the window of a convolution.
    pub fn side(&self) -> f64 {
        self.weights.first().map_or(1.0, |d| d.iter().skip(2).copied().fold(1.0, f64::max))
    }

    /// The second dimension of the first value read.
    pub fn channels_in(&self) -> f64 {
        self.input().get(1).copied().unwrap_or(1.0)
    }

    /// The second dimension of the output.
    pub fn channels_out(&self) -> f64 {
        self.output().get(1).copied().unwrap_or(1.0)
    }

    /// Positions of the output of a convolution.
    pub fn positions(&self) -> f64 {
        self.output().iter().skip(2).product()
    }

    /// Columns of the output of a product.
    pub fn columns(&self) -> f64 {
        self.output().last().copied().unwrap_or(1.0).max(1.0)
    }

    /// Rows of the output of a product.
    pub fn rows(&self) -> f64 {
        elements(self.output()) / self.columns()
    }

    /// Elements of the smaller of the first two values read.
    pub fn smaller_input(&self) -> f64 {
        elements(self.value(0)).min(elements(self.value(1)))
    }

    /// Elements of the larger of them.
    pub fn larger_input(&self) -> f64 {
        elements(self.value(0)).max(elements(self.value(1)))
    }
}

/// Number of elements.
pub fn elements(dims: &[f64]) -> f64 {
    dims.iter().product()
}

/// Sizes of a type; of an unknown rank none.
pub fn dims(t: &TensorType) -> Vec<f64> {
    let size = |d: &Dim| d.size().map_or(1.0, |n| n as f64);
    t.dims.iter().flatten().map(size).collect()
}
