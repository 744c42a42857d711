//! NATS-Bench topology search space: one of five operations on each of the six
//! edges of a cell; the macro skeleton is fixed.

use super::cell::{self, EDGES};
use super::layers::{self, channels};
use crate::arch::{self, Architecture};
use crate::builder::{Builder, Interface};
use crate::digits::{Digits, position};
use crate::error::{Error, Result};
use crate::options::{Dataset, ModelOptions};
use onnx_protobuf::ModelProto;
use std::fmt;
use std::str::FromStr;

/// Channels of the three stages.
const STAGES: [i64; 3] = [16, 32, 64];
/// Cells of a stage.
const CELLS: usize = 5;

/// An operation on an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TssOp {
    /// `none`: the input times zero.
    None,
    /// `skip_connect`: the input.
    Skip,
    /// `nor_conv_1x1`: Relu, 1x1 Conv, BatchNormalization.
    Conv1x1,
    /// `nor_conv_3x3`: Relu, 3x3 Conv, BatchNormalization.
    Conv3x3,
    /// `avg_pool_3x3`: 3x3 AveragePool, stride 1.
    AvgPool,
}

impl TssOp {
    /// Every operation, in NATS-Bench's order.
    pub const ALL: [Self; 5] =
        [Self::None, Self::Skip, Self::Conv1x1, Self::Conv3x3, Self::AvgPool];

    /// The name that architecture strings use.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Skip => "skip_connect",
            Self::Conv1x1 => "nor_conv_1x1",
            Self::Conv3x3 => "nor_conv_3x3",
            Self::AvgPool => "avg_pool_3x3",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.name() == name)
    }

    /// The layers of one edge with `width` channels in and out.
    fn layer(self, b: &mut Builder, name: &str, x: &str, width: i64) -> String {
        let c = channels(width, width);
        match self {
            Self::None => {
                let zero = b.zero();
                b.node("Mul", format!("{name}/Mul"), &[x, zero], Vec::new())
            }
            Self::Skip => x.to_owned(),
            Self::Conv1x1 => layers::relu_conv_bn(b, name, x, c, 1, 1),
            Self::Conv3x3 => layers::relu_conv_bn(b, name, x, c, 3, 1),
            Self::AvgPool => layers::avg_pool_3x3(b, name, x),
        }
    }
}

/// A cell, written `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`: the edges into nodes 1,
/// 2 and 3, each with the node it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TssArch {
    edges: [TssOp; 6],
}

impl TssArch {
    /// Number of architectures.
    pub const COUNT: usize = 15_625;

    /// The cell with these operations, in the order of the architecture string:
    /// edges 1<-0, 2<-0, 2<-1, 3<-0, 3<-1, 3<-2.
    pub fn new(edges: [TssOp; 6]) -> Self {
        Self { edges }
    }

    /// The operations, in the order of the architecture string.
    pub fn edges(&self) -> &[TssOp; 6] {
        &self.edges
    }

    /// Every architecture: [`TssOp::ALL`] on each edge, the last edge varying
    /// fastest. The position is not NATS-Bench's architecture index.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self::nth)
    }

    /// The architecture at this position of [`TssArch::all`], which begins anew
    /// after its end.
    pub fn nth(index: usize) -> Self {
        Digits::nth(index)
    }

    /// The network: stem, three stages of five cells with 16, 32 and 64 channels,
    /// a stride-2 residual block between stages, classifier. Input `input`
    /// `[batch, 3, resolution, resolution]`, output `logits` `[batch, classes]`.
    ///
    /// # Errors
    /// [`Error::Architecture`] for an opset outside [`ModelOptions::OPSETS`].
    pub fn model(&self, options: &ModelOptions) -> Result<ModelProto> {
        arch::model(self, options)
    }

    fn cell(&self, b: &mut Builder, name: &str, input: &str, width: i64) -> String {
        cell::build(b, name, input, |b, index, _, name, x| {
            self.edges.get(index).map_or_else(String::new, |op| op.layer(b, name, x, width))
        })
    }
}

impl Digits for TssArch {
    fn radices() -> Vec<usize> {
        vec![TssOp::ALL.len(); 6]
    }

    fn digits(&self) -> Vec<usize> {
        self.edges.iter().map(|op| position(&TssOp::ALL, op)).collect()
    }

    fn of_digits(digits: &[usize]) -> Self {
        let mut edges = [TssOp::None; 6];
        for (edge, digit) in edges.iter_mut().zip(digits) {
            *edge = TssOp::ALL.get(*digit).copied().unwrap_or(TssOp::None);
        }
        Self { edges }
    }
}

impl Architecture for TssArch {
    fn build(&self, b: &mut Builder, dataset: Dataset) -> Interface {
        let mut width = STAGES[0];
        let mut x = layers::stem(b, width);
        let mut number = 0..;
        let mut name = || format!("cells.{}", number.next().unwrap_or(0));
        for stage in STAGES {
            if stage != width {
                x = layers::reduction(b, &name(), &x, channels(width, stage));
                width = stage;
            }
            for _ in 0..CELLS {
                x = self.cell(b, &name(), &x, width);
            }
        }
        layers::head(b, &x, width, dataset.classes());
        dataset.into()
    }
}

impl fmt::Display for TssArch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (op, edge) in self.edges.iter().zip(EDGES) {
            if edge.source == 0 && edge.target > 1 {
                f.write_str("+")?;
            }
            if edge.source == 0 {
                f.write_str("|")?;
            }
            write!(f, "{}~{}|", op.name(), edge.source)?;
        }
        Ok(())
    }
}

impl FromStr for TssArch {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self> {
        parse(s).map_err(|reason| Error::Architecture { arch: s.to_owned(), reason })
    }
}

/// Reads an architecture string; the error is the reason.
fn parse(s: &str) -> Result<TssArch, String> {
    let nodes: Vec<&str> = s.split('+').collect();
    if nodes.len() != 3 {
        return Err(format!("{} nodes separated by '+', expected 3", nodes.len()));
    }
    let mut ops = Vec::with_capacity(6);
    for (target, node) in (1..).zip(nodes) {
        let inner = node
            .strip_prefix('|')
            .and_then(|n| n.strip_suffix('|'))
            .ok_or_else(|| format!("node {target} {node:?} does not begin and end with '|'"))?;
        let edges: Vec<&str> = inner.split('|').collect();
        if edges.len() != target {
            return Err(format!("node {target} has {} edges, expected {target}", edges.len()));
        }
        for (source, edge) in edges.into_iter().enumerate() {
            ops.push(parse_edge(edge, source).map_err(|e| format!("node {target}: {e}"))?);
        }
    }
    let edges = ops.try_into().map_err(|_| "expected six edges".to_owned())?;
    Ok(TssArch { edges })
}

/// Reads `op~source`.
fn parse_edge(edge: &str, source: usize) -> Result<TssOp, String> {
    let (name, from) =
        edge.split_once('~').ok_or_else(|| format!("edge {edge:?} is not of the form op~node"))?;
    if from != source.to_string() {
        return Err(format!("edge {edge:?} reads node {from:?}, expected {source}"));
    }
    TssOp::from_name(name).ok_or_else(|| {
        let known = TssOp::ALL.map(TssOp::name).join(", ");
        format!("unknown operation {name:?} (known: {known})")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const ARCH: &str =
        "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|none~2|";

    fn reason(s: &str) -> String {
        s.parse::<TssArch>().unwrap_err().to_string()
    }

    #[test]
    fn every_architecture_round_trips() {
        let all: HashSet<TssArch> = TssArch::all().collect();
        assert_eq!(all.len(), TssArch::COUNT);
        assert!(all.iter().all(|a| a.to_string().parse::<TssArch>().unwrap() == *a));
    }

    #[test]
    fn edges_follow_the_string() {
        use TssOp::{AvgPool, Conv1x1, Conv3x3, None, Skip};
        let arch: TssArch = ARCH.parse().unwrap();
        assert_eq!(*arch.edges(), [Conv3x3, None, AvgPool, Skip, Conv1x1, None]);
        assert_eq!(arch.to_string(), ARCH);
    }

    #[test]
    fn malformed_strings_are_explained() {
        assert!(reason("").contains("1 nodes"));
        assert!(reason(&ARCH.replace("none~0", "sep_conv~0")).contains("\"sep_conv\""));
        assert!(reason(&ARCH.replace("none~2", "none~1")).contains("expected 2"));
        assert!(reason(&ARCH.replace("none~2", "none")).contains("op~node"));
        assert!(reason(&ARCH.replace("|none~0|", "|")).contains("node 2 has 1 edges"));
        assert!(reason(ARCH.trim_end_matches('|')).contains("begin and end"));
        assert!(reason("|+|+|").contains("node 1"));
        assert!(reason(&format!("{ARCH}\n")).contains("begin and end"));
    }

    #[test]
    fn identity_edges_add_no_nodes() {
        let count = |op| {
            let model = TssArch::new([op; 6]).model(&ModelOptions::default()).unwrap();
            model.graph.node.len()
        };
        let skip = count(TssOp::Skip);
        assert_eq!(count(TssOp::AvgPool), skip + 15 * 6);
        assert_eq!(count(TssOp::Conv3x3), skip + 15 * 6 * 3);
        assert_eq!(count(TssOp::None), skip + 15 * 6 + 1);
    }

    #[test]
    fn unsupported_opset_is_refused() {
        let arch: TssArch = ARCH.parse().unwrap();
        let error = arch.model(&ModelOptions { opset: 9, ..Default::default() }).unwrap_err();
        assert!(error.to_string().contains("opset 9"));
    }
}
