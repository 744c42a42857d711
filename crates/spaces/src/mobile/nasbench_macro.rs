//! Search space of NAS-Bench-Macro.
//!
//! Su et al., "Prioritized Architecture Sampling with Monto-Carlo Tree Search", CVPR
//! 2021. The layers are those of the benchmark's model definition
//! (xiusu/NAS-Bench-Macro: `train/model.py`).

use super::inverted::Inverted;
use crate::arch::Architecture;
use crate::builder::{Builder, Interface};
use crate::digits::Digits;
use crate::error::{Error, Result};
use crate::layers::{self, Act, Conv};
use crate::options::Dataset;
use std::fmt;
use std::str::FromStr;

/// Channels after the stem; each stage doubles them.
const WIDTH: i64 = 32;
/// Blocks of the stages; the first of each halves the size.
const STAGES: [usize; 3] = [2, 3, 3];
/// Blocks in all.
const BLOCKS: usize = 8;
/// Channels before the classifier.
const HEAD: i64 = 1280;

/// A block a digit: 0 identity, 1 an inverted residual with a 3x3 kernel and expansion
/// 3, 2 one with a 5x5 kernel and expansion 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MacroArch {
    blocks: [u8; BLOCKS],
}

impl MacroArch {
    /// Stage, place in it and digit of every block.
    fn staged(&self) -> impl Iterator<Item = (usize, usize, u8)> {
        let places = (0..).zip(STAGES).flat_map(|(stage, n)| (0..n).map(move |at| (stage, at)));
        places.zip(self.blocks).map(|((stage, at), block)| (stage, at, block))
    }
}

impl Architecture for MacroArch {
    fn build(&self, b: &mut Builder, dataset: Dataset) -> Interface {
        let mut x = layers::stem(b, WIDTH, 1, Act::Relu);
        let mut width = WIDTH;
        for (number, (_, place, block)) in self.staged().enumerate() {
            let (stride, output) = if place == 0 { (2, 2 * width) } else { (1, width) };
            let name = &format!("features.{number}");
            let inverted = |expansion: i64, kernel| {
                Inverted::new([width, expansion * width, output], kernel, stride)
            };
            x = match block {
                1 => inverted(3, 3).build(b, name, &x),
                2 => inverted(6, 5).build(b, name, &x),
                _ if place > 0 => x,
                _ => {
                    let conv = Conv::new(width, output, 1).stride(stride);
                    layers::conv_bn(b, name, &x, conv, Act::None)
                }
            };
            width = output;
        }
        let x = layers::conv_bn(b, "out", &x, Conv::new(width, HEAD, 1), Act::Relu);
        let x = layers::global_pool(b, "pool", &x);
        layers::flat_classifier(b, &x, HEAD, dataset.classes());
        dataset.into()
    }

    /// Where in a stage identities stand, after its first block, makes no difference.
    fn class(&self) -> String {
        let mut class = String::new();
        for (_, place, block) in self.staged() {
            match (place, block) {
                (0, _) => class.push_str(&format!("|{block}")),
                (_, 0) => {}
                _ => class.push_str(&block.to_string()),
            }
        }
        class
    }
}

impl Digits for MacroArch {
    fn radices() -> Vec<usize> {
        vec![3; BLOCKS]
    }

    fn digits(&self) -> Vec<usize> {
        self.blocks.iter().map(|block| usize::from(*block)).collect()
    }

    fn of_digits(digits: &[usize]) -> Self {
        let mut blocks = [0; BLOCKS];
        for (block, digit) in blocks.iter_mut().zip(digits) {
            *block = (digit % 3) as u8;
        }
        Self { blocks }
    }
}

impl fmt::Display for MacroArch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.blocks.iter().try_for_each(|block| write!(f, "{block}"))
    }
}

impl FromStr for MacroArch {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self> {
        let digit = |c: char| match c.to_digit(10) {
            Some(digit @ 0..=2) => Ok(digit as u8),
            _ => Err(format!("block {c:?} is not 0, 1 or 2")),
        };
        let blocks: Result<Vec<u8>, String> = s.chars().map(digit).collect();
        let arch = blocks.and_then(|blocks| {
            let blocks = blocks.try_into();
            let wrong = |b: Vec<u8>| format!("{} blocks, expected {BLOCKS}", b.len());
            blocks.map(|blocks| Self { blocks }).map_err(wrong)
        });
        arch.map_err(|reason| Error::Architecture { arch: s.to_owned(), reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_read_and_explained() {
        assert_eq!("01201201".parse::<MacroArch>().unwrap().to_string(), "01201201");
        let reason = |s: &str| s.parse::<MacroArch>().unwrap_err().to_string();
        assert!(reason("1").contains("1 blocks, expected 8"));
        assert!(reason("01201203").contains("'3' is not 0, 1 or 2"));
    }

    #[test]
    fn identities_may_move_within_a_stage() {
        let class = |s: &str| s.parse::<MacroArch>().unwrap().class();
        assert_eq!(class("10110210"), "|1|11|21");
        assert_eq!(class("10110201"), class("10101210"));
        assert_eq!(class("00012010"), class("00012001"));
        assert_ne!(class("00102000"), class("00010200"));
    }
}
