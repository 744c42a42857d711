//! Once-for-all MobileNetV3 of width 1.2, as HELP measured it.
//!
//! Cai et al., "Once-for-All: Train One Network and Specialize it for Efficient
//! Deployment", ICLR 2020. The layers are those of the model definition
//! (mit-han-lab/once-for-all: `ofa_mbv3.py`, `layers.py`, `pytorch_modules.py`).

use super::eight;
use super::inverted::{Excite, Inverted, mean_of_pixels};
use crate::arch::Architecture;
use crate::builder::{Builder, Interface};
use crate::digits::{Digits, position};
use crate::error::{Error, Result};
use crate::layers::{self, Act, Conv};
use crate::options::Dataset;
use std::fmt;
use std::str::FromStr;

/// Factor on all channels.
const WIDTH: f64 = 1.2;
/// Channels, stride of the first block, activation, squeeze and excitation of a stage.
const STAGES: [(f64, i64, Act, bool); 5] = [
    (24.0, 2, Act::Relu, false),
    (40.0, 2, Act::Relu, true),
    (80.0, 2, Act::HardSwish, false),
    (112.0, 1, Act::HardSwish, true),
    (160.0, 2, Act::HardSwish, true),
];
/// Blocks of a stage, at most.
const DEPTH: usize = 4;
/// Blocks in all, at most.
const BLOCKS: usize = DEPTH * STAGES.len();
const KERNELS: [u8; 3] = [3, 5, 7];
const EXPANSIONS: [u8; 3] = [3, 4, 6];
const DEPTHS: [u8; 3] = [2, 3, 4];
/// Smallest and largest input, and the step between sizes.
const SIDES: [u8; 3] = [128, 224, 4];

/// Kernels and expansions of five stages of four blocks, number of blocks of each stage,
/// height and width of the input; written `KERNELS|EXPANSIONS|DEPTHS|SIDE` with spaces
/// within. Blocks beyond the depth of a stage are not in the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OfaArch {
    kernels: [u8; BLOCKS],
    expansions: [u8; BLOCKS],
    depths: [u8; STAGES.len()],
    side: u8,
}

/// Channels of a layer that has so many at width 1.
fn channels(width: f64) -> i64 {
    eight(width * WIDTH)
}

impl OfaArch {
    /// Kernel and expansion of the blocks of a stage that are in the network.
    fn blocks(&self, stage: usize) -> impl Iterator<Item = (u8, u8)> {
        let depth = self.depths.get(stage).map_or(0, |d| usize::from(*d));
        let both = self.kernels.into_iter().zip(self.expansions);
        both.skip(DEPTH * stage).take(depth)
    }
}

impl Architecture for OfaArch {
    fn build(&self, b: &mut Builder, dataset: Dataset) -> Interface {
        let mut x = layers::stem(b, channels(16.0), 2, Act::HardSwish);
        let mut input = channels(16.0);
        let first = Inverted::new([input; 3], 3, 1);
        x = Inverted { expands: false, ..first }.build(b, "blocks.0", &x);
        let mut number = 1..;
        for (stage, (width, stride, act, excites)) in STAGES.into_iter().enumerate() {
            let output = channels(width);
            for (at, (kernel, expansion)) in self.blocks(stage).enumerate() {
                let inner = eight((input * i64::from(expansion)) as f64);
                let stride = if at == 0 { stride } else { 1 };
                let block = Inverted::new([input, inner, output], kernel.into(), stride);
                let excite = excites.then(|| Excite::HardSigmoid(eight((inner / 4) as f64)));
                let name = format!("blocks.{}", number.next().unwrap_or(0));
                x = Inverted { act, excite, ..block }.build(b, &name, &x);
                input = output;
            }
        }
        let expand = Conv::new(input, channels(960.0), 1);
        let x = layers::conv_bn(b, "final_expand", &x, expand, Act::HardSwish);
        let x = mean_of_pixels(b, "pool", &x);
        let mix = Conv::new(channels(960.0), channels(1280.0), 1);
        let x = layers::conv(b, "feature_mix", &x, mix);
        let x = layers::activation(b, "feature_mix", &x, Act::HardSwish);
        layers::flat_classifier(b, &x, channels(1280.0), dataset.classes());
        Interface { side: self.side.into(), classes: dataset.classes() }
    }

    /// Kernels and expansions of the blocks that are in the network.
    fn class(&self) -> String {
        let mut class = self.side.to_string();
        for stage in 0..STAGES.len() {
            class.push('|');
            self.blocks(stage).for_each(|(k, e)| class.push_str(&format!("{k}{e} ")));
        }
        class
    }
}

impl Digits for OfaArch {
    fn radices() -> Vec<usize> {
        let mut radices = vec![KERNELS.len(); 2 * BLOCKS + STAGES.len()];
        let [low, high, step] = SIDES;
        radices.push(usize::from((high - low) / step) + 1);
        radices
    }

    fn digits(&self) -> Vec<usize> {
        let kernels = self.kernels.iter().map(|k| position(&KERNELS, k));
        let expansions = self.expansions.iter().map(|e| position(&EXPANSIONS, e));
        let depths = self.depths.iter().map(|d| position(&DEPTHS, d));
        let [low, _, step] = SIDES;
        let side = usize::from(self.side.saturating_sub(low) / step);
        kernels.chain(expansions).chain(depths).chain([side]).collect()
    }

    fn of_digits(digits: &[usize]) -> Self {
        let pick = |choices: &[u8; 3], at: usize| {
            let digit = digits.get(at).copied().unwrap_or(0);
            choices.get(digit % choices.len()).copied().unwrap_or(3)
        };
        let [low, _, step] = SIDES;
        let side = digits.get(2 * BLOCKS + STAGES.len()).copied().unwrap_or(0) % 25;
        Self {
            kernels: std::array::from_fn(|at| pick(&KERNELS, at)),
            expansions: std::array::from_fn(|at| pick(&EXPANSIONS, BLOCKS + at)),
            depths: std::array::from_fn(|at| pick(&DEPTHS, 2 * BLOCKS + at)),
            side: low + step * side as u8,
        }
    }
}

impl fmt::Display for OfaArch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &[u8]| values.iter().map(u8::to_string).collect::<Vec<_>>().join(" ");
        let [kernels, expansions, depths] =
            [list(&self.kernels), list(&self.expansions), list(&self.depths)];
        write!(f, "{kernels}|{expansions}|{depths}|{}", self.side)
    }
}

impl FromStr for OfaArch {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self> {
        parse(s).map_err(|reason| Error::Architecture { arch: s.to_owned(), reason })
    }
}

/// Reads an architecture string; the error is the reason.
fn parse(s: &str) -> Result<OfaArch, String> {
    let parts: Vec<&str> = s.split('|').collect();
    let [kernels, expansions, depths, side] = parts.as_slice() else {
        return Err(format!("{} parts separated by '|', expected 4", parts.len()));
    };
    let [low, high, step] = SIDES;
    let sizes: Option<u8> = side.parse().ok();
    let valid =
        |v: &u8| (low..=high).contains(v) && v.is_multiple_of(step) && v.to_string() == *side;
    let wrong = || format!("input size {side:?} is not one of {low}, {}, ..., {high}", low + step);
    Ok(OfaArch {
        kernels: numbers(kernels, &KERNELS, "kernel")?,
        expansions: numbers(expansions, &EXPANSIONS, "expansion")?,
        depths: numbers(depths, &DEPTHS, "depth")?,
        side: sizes.filter(valid).ok_or_else(wrong)?,
    })
}

fn numbers<const N: usize>(text: &str, choices: &[u8; 3], what: &str) -> Result<[u8; N], String> {
    let number = |text: &str| {
        let found = choices.iter().find(|c| c.to_string() == text).copied();
        found.ok_or_else(|| {
            let [a, b, c] = choices;
            format!("{what} {text:?} is not {a}, {b} or {c}")
        })
    };
    let all: Vec<u8> = text.split(' ').map(number).collect::<Result<_, _>>()?;
    all.try_into().map_err(|all: Vec<u8>| format!("{} {what}s, expected {N}", all.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(side: &str) -> String {
        format!("{}|{}|2 3 4 2 3|{side}", ["3"; 20].join(" "), ["6"; 20].join(" "))
    }

    #[test]
    fn strings_are_read_and_explained() {
        assert_eq!(text("224").parse::<OfaArch>().unwrap().to_string(), text("224"));
        let reason = |s: &str| s.parse::<OfaArch>().unwrap_err().to_string();
        assert!(reason("3|3").contains("2 parts separated by '|', expected 4"));
        assert!(reason(&text("130")).contains("input size \"130\""));
        assert!(
            reason(&text("228")).contains("input size \"228\" is not one of 128, 132, ..., 224")
        );
        assert!(
            reason(&text("128").replacen('3', "4", 1)).contains("kernel \"4\" is not 3, 5 or 7")
        );
        assert!(reason(&text("128").replace("2 3 4 2 3", "2 3")).contains("2 depths, expected 5"));
    }

    #[test]
    fn blocks_beyond_the_depth_make_no_difference() {
        let with = |at: usize| {
            let mut arch: OfaArch = text("160").parse().unwrap();
            arch.kernels[at] = 7;
            arch.class()
        };
        assert_eq!(with(2), with(3));
        assert_ne!(with(1), with(2));
        assert_ne!(with(6), with(7));
    }
}
