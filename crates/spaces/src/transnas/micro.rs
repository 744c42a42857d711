//! Cell-level search space of TransNAS-Bench-101: the topology space's cell with four
//! operations, in a fixed skeleton.

use super::{Module, cell, network};
use crate::arch::Architecture;
use crate::builder::{Builder, Interface};
use crate::digits::{Digits, position};
use crate::error::{Error, Result};
use crate::nats::cell::EDGES;
use crate::nats::{TssArch, TssOp};
use crate::options::Dataset;
use std::fmt;
use std::str::FromStr;

/// The operations of an edge, in the benchmark's order.
const OPS: [TssOp; 4] = [TssOp::None, TssOp::Skip, TssOp::Conv1x1, TssOp::Conv3x3];
/// The skeleton.
const MODULES: [Module; 5] =
    [Module::Both, Module::Plain, Module::Both, Module::Plain, Module::Both];

/// A cell, written as in NATS-Bench's topology space, without `avg_pool_3x3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TransMicroArch(TssArch);

impl TransMicroArch {
    /// The operations, in the order of the architecture string.
    pub fn edges(&self) -> &[TssOp; 6] {
        self.0.edges()
    }
}

impl Architecture for TransMicroArch {
    fn build(&self, b: &mut Builder, dataset: Dataset) -> Interface {
        network(b, dataset, &MODULES, |b, block| cell::build(b, self.edges(), block))
    }

    /// The expression of the last node: zeros are one symbol, skip connections vanish,
    /// the terms of a sum are sorted.
    fn class(&self) -> String {
        const ZERO: &str = "#";
        let mut nodes = vec!["0".to_owned()];
        for target in 1..4 {
            let edges = self.edges().iter().zip(EDGES).filter(|(_, e)| e.target == target);
            let mut terms: Vec<String> = edges
                .map(|(op, edge)| {
                    let read = nodes.get(edge.source).map_or("", String::as_str);
                    match op {
                        TssOp::None => ZERO.to_owned(),
                        _ if read == ZERO => ZERO.to_owned(),
                        TssOp::Skip => read.to_owned(),
                        op => format!("({read})@{}", op.name()),
                    }
                })
                .collect();
            terms.sort_unstable();
            nodes.push(terms.join("+"));
        }
        nodes.pop().unwrap_or_default()
    }
}

impl Digits for TransMicroArch {
    fn radices() -> Vec<usize> {
        vec![OPS.len(); EDGES.len()]
    }

    fn digits(&self) -> Vec<usize> {
        self.edges().iter().map(|op| position(&OPS, op)).collect()
    }

    fn of_digits(digits: &[usize]) -> Self {
        let mut edges = [TssOp::None; 6];
        for (edge, digit) in edges.iter_mut().zip(digits) {
            *edge = OPS.get(*digit).copied().unwrap_or(TssOp::None);
        }
        Self(TssArch::new(edges))
    }
}

impl fmt::Display for TransMicroArch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for TransMicroArch {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self> {
        let cell: TssArch = s.parse()?;
        match cell.edges().iter().find(|op| !OPS.contains(op)) {
            None => Ok(Self(cell)),
            Some(op) => {
                let known = OPS.map(TssOp::name).join(", ");
                let reason = format!("operation {:?} is not in the space ({known})", op.name());
                Err(Error::Architecture { arch: s.to_owned(), reason })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELL: &str =
        "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|skip_connect~0|nor_conv_1x1~1|none~2|";

    #[test]
    fn pooling_is_refused() {
        let pool = CELL.replace("none~2", "avg_pool_3x3~2");
        let error = pool.parse::<TransMicroArch>().unwrap_err().to_string();
        assert!(error.contains("\"avg_pool_3x3\" is not in the space"), "{error}");
        assert_eq!(CELL.parse::<TransMicroArch>().unwrap().to_string(), CELL);
    }

    #[test]
    fn isomorphic_cells_share_a_class() {
        let class = |s: &str| s.parse::<TransMicroArch>().unwrap().class();
        let a = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|nor_conv_1x1~1|none~2|";
        let b = "|none~0|+|nor_conv_3x3~0|none~1|+|none~0|none~1|nor_conv_1x1~2|";
        assert_eq!(class("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"), "#+#+#");
        assert_ne!(class(a), class(CELL));
        assert_ne!(class(a), class(b));
    }
}
