//! Matrix products, normalizations of features, embeddings.

use super::super::net::{Net, Value};
use crate::proto::{float, int};
use crate::weights::Init;

impl Net {
    /// MatMul; leading axes are broadcast.
    pub(in super::super) fn matmul(&mut self, x: &Value, y: &Value) -> Value {
        let mut shape =
            if x.shape.len() >= y.shape.len() { x.shape.clone() } else { y.shape.clone() };
        let rank = shape.len();
        if let Some([rows, columns]) = shape.get_mut(rank.saturating_sub(2)..) {
            (*rows, *columns) = (x.dim(-2), y.dim(-1));
        }
        self.work.macs += (shape.iter().product::<i64>() * x.dim(-1)) as f64;
        self.op("MatMul", &[x, y], Vec::new(), shape)
    }

    /// A linear layer of the last axis, with bias.
    pub(in super::super) fn linear(&mut self, x: &Value, out: i64) -> Value {
        self.linear_with(x, out, true)
    }

    /// A linear layer of the last axis: Gemm for matrices where the spelling has
    /// it so, else MatMul and Add.
    pub(in super::super) fn linear_with(&mut self, x: &Value, out: i64, bias: bool) -> Value {
        if self.style.quantised {
            return self.quantised_linear_with(x, out, bias);
        }
        let input = x.dim(-1);
        let init = Init::HeNormal { fan_in: input };
        if x.shape.len() != 2 || !self.style.gemm {
            let weight = self.weight(&[input, out], init);
            let y = self.matmul(x, &weight);
            if !bias {
                return y;
            }
            let bias = self.weight(&[out], Init::Normal(0.1));
            return match self.draw.chance(0.5) {
                true => self.add(&y, &bias),
                false => self.add(&bias, &y),
            };
        }
        let transposed = self.style.transposed;
        let dims = if transposed { [out, input] } else { [input, out] };
        let weight = self.weight(&dims, init);
        let bias = bias.then(|| self.weight(&[out], Init::Normal(0.1)));
        let mut attributes = vec![float("alpha", 1.0), float("beta", 1.0)];
        if transposed {
            attributes.push(int("transB", 1));
        }
        self.work.macs += (x.dim(0) * input * out) as f64;
        let mut inputs = vec![x, &weight];
        inputs.extend(&bias);
        self.op("Gemm", &inputs, attributes, vec![x.dim(0), out])
    }

    /// LayerNormalization of the last axis (Ba et al., 2016).
    pub(in super::super) fn layer_norm(&mut self, x: &Value) -> Value {
        let scale = self.weight(&[x.dim(-1)], Init::Constant(1.0));
        let bias = self.weight(&[x.dim(-1)], Init::Constant(0.0));
        if self.style.layer_norm {
            let attributes = vec![int("axis", -1), float("epsilon", 1e-5)];
            return self.op("LayerNormalization", &[x, &scale, &bias], attributes, x.shape.clone());
        }
        let mean = self.reduce("ReduceMean", x, &[-1], true);
        let centred = self.binary("Sub", x, &mean);
        let y = self.root_mean_square(&centred);
        let y = self.binary("Div", &centred, &y);
        let y = self.mul(&y, &scale);
        self.add(&y, &bias)
    }

    /// RMS normalization of the last axis (Zhang and Sennrich, 2019).
    pub(in super::super) fn rms_norm(&mut self, x: &Value) -> Value {
        let scale = self.weight(&[x.dim(-1)], Init::Constant(1.0));
        let root = self.root_mean_square(x);
        let one = self.scalar(1.0);
        let inverse = self.op("Div", &[&one, &root], Vec::new(), root.shape.clone());
        let y = self.mul(x, &inverse);
        self.mul(&scale, &y)
    }

    fn root_mean_square(&mut self, x: &Value) -> Value {
        let y = self.with_scalar("Pow", x, 2.0);
        let y = self.reduce("ReduceMean", &y, &[-1], true);
        let y = self.with_scalar("Add", &y, 1e-5);
        self.unary("Sqrt", &y)
    }

    /// Rows of a table of `words` embeddings, by whole numbers.
    pub(in super::super) fn embed(&mut self, ids: &Value, words: i64, width: i64) -> Value {
        let table = self.weight(&[words, width], Init::Normal(0.5));
        // Of the table a run reads only the rows that it needs.
        self.work.weight_bytes -= (words * width * 4) as f64;
        let mut shape = ids.shape.clone();
        shape.push(width);
        self.op("Gather", &[&table, ids], vec![int("axis", 0)], shape)
    }
}
