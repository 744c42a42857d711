//! LSTM, GRU and RNN layers on `[length, batch, features]`.

use super::super::net::{Net, Value};
use crate::graph::{int, string};
use crate::weights::Init;

/// A kind of recurrent layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Cell {
    Lstm,
    Gru,
    Rnn,
}

impl Cell {
    fn operator(self) -> (&'static str, i64) {
        match self {
            Self::Lstm => ("LSTM", 4),
            Self::Gru => ("GRU", 3),
            Self::Rnn => ("RNN", 1),
        }
    }
}

impl Net {
    /// One layer: every step's state `[length, batch, directions * hidden]`.
    pub(in super::super) fn recurrent(
        &mut self,
        x: &Value,
        cell: Cell,
        hidden: i64,
        both: bool,
    ) -> Value {
        let (op, gates) = cell.operator();
        let (length, batch, input) = (x.dim(0), x.dim(1), x.dim(2));
        let directions = 1 + i64::from(both);
        let init = Init::Normal(1.0 / (hidden as f32).sqrt());
        let w = self.weight(&[directions, gates * hidden, input], init);
        let r = self.weight(&[directions, gates * hidden, hidden], init);
        let b = self.weight(&[directions, 2 * gates * hidden], Init::Normal(0.1));
        let mut attributes = vec![int("hidden_size", hidden)];
        if both {
            attributes.push(string("direction", "bidirectional"));
        }
        if cell == Cell::Gru {
            attributes.push(int("linear_before_reset", 1));
        }
        let steps = (length * batch * directions * gates * hidden) as f64;
        self.work.macs += steps * input as f64;
        self.work.slow_macs += steps * hidden as f64;
        let shape = vec![length, directions, batch, hidden];
        let y = self.op(op, &[x, &w, &r, &b], attributes, shape);
        if !both {
            return self.squeeze(&y, &[1]);
        }
        let y = self.transpose(&y, &[0, 2, 1, 3]);
        let width = directions * hidden;
        self.reshape_as(&y, &[0, 0, -1], &[length, batch, width])
    }

    /// Layers on each other.
    pub(in super::super) fn recurrent_stack(
        &mut self,
        x: &Value,
        cell: Cell,
        hidden: i64,
        both: bool,
        layers: i64,
    ) -> Value {
        let mut x = x.clone();
        for _ in 0..layers {
            x = self.recurrent(&x, cell, hidden, both);
        }
        x
    }
}
