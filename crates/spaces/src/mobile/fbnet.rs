//! FBNet search space, as HW-NAS-Bench and HELP have it.
//!
//! Wu et al., "FBNet: Hardware-Aware Efficient ConvNet Design via Differentiable
//! Neural Architecture Search", CVPR 2019. The layers are those of HW-NAS-Bench's model
//! definition (GATECH-EIC/HW-NAS-Bench: `fbnet_models/model_infer.py`).

use super::inverted::Inverted;
use crate::arch::Architecture;
use crate::builder::{Builder, Interface};
use crate::digits::{Digits, position};
use crate::error::{Error, Result};
use crate::layers::{self, Act, Conv};
use crate::options::Dataset;
use std::fmt;
use std::str::FromStr;

/// Layers of a network.
const LAYERS: usize = 22;
/// Channels after the stem.
const WIDTH: i64 = 16;
/// Layers and channels of a stage, the stride of its first layer on ImageNet, and on
/// CIFAR.
const STAGES: [(usize, i64, i64, i64); 7] = [
    (1, 16, 1, 1),
    (4, 24, 2, 1),
    (4, 32, 2, 2),
    (4, 64, 2, 2),
    (4, 112, 1, 1),
    (4, 184, 2, 2),
    (1, 352, 1, 1),
];

/// The operation of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Op {
    /// An inverted residual: kernel, expansion, groups.
    Block(u8, u8, u8),
    /// The input, projected where channels or size change.
    Skip,
}

const OPS: [(Op, &str); 9] = [
    (Op::Block(3, 1, 1), "k3_e1"),
    (Op::Block(3, 1, 2), "k3_e1_g2"),
    (Op::Block(3, 3, 1), "k3_e3"),
    (Op::Block(3, 6, 1), "k3_e6"),
    (Op::Block(5, 1, 1), "k5_e1"),
    (Op::Block(5, 1, 2), "k5_e1_g2"),
    (Op::Block(5, 3, 1), "k5_e3"),
    (Op::Block(5, 6, 1), "k5_e6"),
    (Op::Skip, "skip"),
];

/// The operations of 22 layers with spaces between: `kK_eE` an inverted residual with
/// kernel K and expansion E, `_g2` with two groups and a channel shuffle, `skip` none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FbnetArch {
    ops: [Op; LAYERS],
}

/// What a layer reads and writes.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Place in its stage.
    at: usize,
    input: i64,
    output: i64,
    stride: i64,
    /// Height and width of the input.
    side: i64,
}

impl Place {
    fn changes(self) -> bool {
        self.stride != 1 || self.input != self.output
    }
}

/// The places of all layers, for a data set.
fn places(dataset: Dataset) -> impl Iterator<Item = Place> {
    let large = dataset == Dataset::ImageNet;
    let (mut input, mut side) = (WIDTH, dataset.resolution() / if large { 2 } else { 1 });
    STAGES
        .into_iter()
        .flat_map(move |(layers, output, on_imagenet, on_cifar)| {
            let first = if large { on_imagenet } else { on_cifar };
            (0..layers).map(move |at| (at, output, if at == 0 { first } else { 1 }))
        })
        .map(move |(at, output, stride)| {
            let place = Place { at, input, output, stride, side };
            (input, side) = (output, side / stride);
            place
        })
}

impl Architecture for FbnetArch {
    fn build(&self, b: &mut Builder, dataset: Dataset) -> Interface {
        let large = dataset == Dataset::ImageNet;
        let mut x = layers::stem(b, WIDTH, if large { 2 } else { 1 }, Act::Relu);
        let mut width = WIDTH;
        for (number, (op, place)) in self.ops.iter().zip(places(dataset)).enumerate() {
            x = op.build(b, &format!("cells.{number}"), &x, place);
            width = place.output;
        }
        let head = if large { 1984 } else { 1504 };
        let x = layers::conv_bn(b, "header", &x, Conv::new(width, head, 1), Act::Relu);
        let x = layers::global_pool(b, "pool", &x);
        layers::flat_classifier(b, &x, head, dataset.classes());
        dataset.into()
    }

    /// Where in a stage skips stand, after its first layer, makes no difference.
    fn class(&self) -> String {
        let mut class = String::new();
        for (op, place) in self.ops.iter().zip(places(Dataset::Cifar100)) {
            match (op, place.at) {
                (_, 0) => class.push_str(&format!("|{} ", op.name())),
                (Op::Skip, _) => {}
                _ => class.push_str(&format!("{} ", op.name())),
            }
        }
        class
    }
}

impl Op {
    fn name(self) -> &'static str {
        OPS.iter().find(|(op, _)| *op == self).map_or("", |(_, name)| name)
    }

    fn build(self, b: &mut Builder, name: &str, x: &str, place: Place) -> String {
        let Place { input, output, stride, side, .. } = place;
        match self {
            Self::Block(kernel, expansion, group) => {
                let inner = input * i64::from(expansion);
                let block = Inverted::new([input, inner, output], kernel.into(), stride);
                let groups = (group > 1).then_some((i64::from(group), side));
                Inverted { groups, ..block }.build(b, name, x)
            }
            Self::Skip if place.changes() => {
                let conv = Conv::new(input, output, 1).stride(stride);
                layers::conv_bn(b, name, x, conv, Act::Relu)
            }
            Self::Skip => x.to_owned(),
        }
    }
}

impl Digits for FbnetArch {
    fn radices() -> Vec<usize> {
        vec![OPS.len(); LAYERS]
    }

    fn digits(&self) -> Vec<usize> {
        let ops = OPS.map(|(op, _)| op);
        self.ops.iter().map(|op| position(&ops, op)).collect()
    }

    fn of_digits(digits: &[usize]) -> Self {
        let mut ops = [Op::Block(3, 1, 1); LAYERS];
        for (slot, digit) in ops.iter_mut().zip(digits) {
            *slot = OPS.get(*digit).map_or(Op::Skip, |(op, _)| *op);
        }
        Self { ops }
    }
}

impl fmt::Display for FbnetArch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.ops.iter().map(|op| op.name()).collect();
        f.write_str(&names.join(" "))
    }
}

impl FromStr for FbnetArch {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self> {
        let op = |name: &str| {
            let found = OPS.iter().find(|(_, known)| *known == name).map(|(op, _)| *op);
            found.ok_or_else(|| {
                let known = OPS.map(|(_, name)| name).join(", ");
                format!("unknown operation {name:?} (known: {known})")
            })
        };
        let ops: Result<Vec<Op>, String> = s.split(' ').map(op).collect();
        let arch = ops.and_then(|ops| {
            let wrong = |ops: Vec<Op>| format!("{} operations, expected {LAYERS}", ops.len());
            ops.try_into().map(|ops| Self { ops }).map_err(wrong)
        });
        arch.map_err(|reason| Error::Architecture { arch: s.to_owned(), reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_read_and_explained() {
        let text = ["k5_e6"; 22].join(" ").replacen("k5_e6", "k3_e1_g2", 3);
        assert_eq!(text.parse::<FbnetArch>().unwrap().to_string(), text);
        let reason = |s: &str| s.parse::<FbnetArch>().unwrap_err().to_string();
        assert!(reason("skip skip").contains("2 operations, expected 22"));
        assert!(reason("k7_e1").contains("unknown operation \"k7_e1\""));
    }

    #[test]
    fn skips_may_move_within_a_stage() {
        let class = |places: &[usize]| {
            let mut ops = [Op::Block(3, 6, 1); LAYERS];
            places.iter().for_each(|&at| ops[at] = Op::Skip);
            FbnetArch { ops }.class()
        };
        assert_eq!(class(&[2]), class(&[4]));
        assert_ne!(class(&[2]), class(&[1]));
        assert_ne!(class(&[4]), class(&[6]));
    }
}
