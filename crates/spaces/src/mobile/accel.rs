//! MnasNet search space of Accel-NASBench.
//!
//! Ahmad et al., "Accel-NASBench: Sustainable Benchmarking for Accelerator-Aware NAS",
//! DAC 2024. The layers are those of the benchmark's model definition
//! (afzalxo/ANB-DatasetCollection: `models/accelbenchnet.py`) with the activation that
//! its scripts ask for, Relu.

use super::eight;
use super::inverted::{Excite, Inverted};
use crate::arch::Architecture;
use crate::builder::{Builder, Interface};
use crate::digits::{Digits, position};
use crate::error::{Error, Result};
use crate::layers::{self, Act, Conv};
use crate::options::Dataset;
use std::fmt;
use std::str::FromStr;

/// Stages of a network.
const STAGES: usize = 7;
/// Channels after the stem.
const WIDTH: i64 = 32;
/// Channels that the stages write, and the stride of their first block.
const OUTPUTS: [(i64, i64); STAGES] =
    [(16, 1), (24, 2), (40, 2), (80, 2), (112, 1), (192, 2), (320, 1)];
/// Channels before the classifier.
const HEAD: i64 = 1280;
const EXPANSIONS: [u8; 3] = [1, 4, 6];
const KERNELS: [u8; 2] = [3, 5];
/// The stage that may have four layers.
const LONG: usize = 5;

/// The choices of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Stage {
    expansion: u8,
    kernel: u8,
    layers: u8,
    excite: bool,
}

/// Seven stages `eEkKlLseS` with `|` between: expansion 1, 4 or 6, kernel 3 or 5, 1 to 3
/// layers (the sixth stage up to 4), squeeze and excitation 0 or 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AccelArch {
    stages: [Stage; STAGES],
}

/// Layers of a stage, at most.
fn most_layers(stage: usize) -> u8 {
    if stage == LONG { 4 } else { 3 }
}

impl Architecture for AccelArch {
    fn build(&self, b: &mut Builder, dataset: Dataset) -> Interface {
        let mut x = layers::stem(b, WIDTH, 2, Act::Relu);
        let mut input = WIDTH;
        for (at, (stage, (output, stride))) in self.stages.iter().zip(OUTPUTS).enumerate() {
            for layer in 0..stage.layers {
                let stride = if layer == 0 { stride } else { 1 };
                let name = format!("features.{at}.{layer}");
                x = stage.block([input, output], stride).build(b, &name, &x);
                input = output;
            }
        }
        let x = layers::conv_bn(b, "head", &x, Conv::new(input, HEAD, 1), Act::Relu);
        let x = layers::global_pool(b, "pool", &x);
        layers::flat_classifier(b, &x, HEAD, dataset.classes());
        dataset.into()
    }
}

impl Stage {
    fn block(&self, [input, output]: [i64; 2], stride: i64) -> Inverted {
        let inner = eight((input * i64::from(self.expansion)) as f64);
        let block = Inverted::new([input, inner, output], self.kernel.into(), stride);
        let excite = self.excite.then(|| Excite::Sigmoid((input / 4).max(1)));
        Inverted { expands: inner != input, excite, ..block }
    }
}

impl Digits for AccelArch {
    fn radices() -> Vec<usize> {
        let of = |stage| [EXPANSIONS.len(), KERNELS.len(), usize::from(most_layers(stage)), 2];
        (0..STAGES).flat_map(of).collect()
    }

    fn digits(&self) -> Vec<usize> {
        let of = |s: &Stage| {
            let layers = usize::from(s.layers.saturating_sub(1));
            let [expansion, kernel] =
                [position(&EXPANSIONS, &s.expansion), position(&KERNELS, &s.kernel)];
            [expansion, kernel, layers, usize::from(s.excite)]
        };
        self.stages.iter().flat_map(of).collect()
    }

    fn of_digits(digits: &[usize]) -> Self {
        let of = |stage: usize| {
            let digit = |place: usize| digits.get(4 * stage + place).copied().unwrap_or(0);
            let layers = digit(2) % usize::from(most_layers(stage)) + 1;
            Stage {
                expansion: EXPANSIONS.get(digit(0)).copied().unwrap_or(1),
                kernel: KERNELS.get(digit(1)).copied().unwrap_or(3),
                layers: layers as u8,
                excite: digit(3) == 1,
            }
        };
        Self { stages: std::array::from_fn(of) }
    }
}

impl fmt::Display for AccelArch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, s) in self.stages.iter().enumerate() {
            let separator = if at == 0 { "" } else { "|" };
            let Stage { expansion, kernel, layers, excite } = s;
            write!(f, "{separator}e{expansion}k{kernel}l{layers}se{}", u8::from(*excite))?;
        }
        Ok(())
    }
}

impl FromStr for AccelArch {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self> {
        parse(s).map_err(|reason| Error::Architecture { arch: s.to_owned(), reason })
    }
}

/// Reads an architecture string; the error is the reason.
fn parse(s: &str) -> Result<AccelArch, String> {
    let stages = s.split('|').enumerate().map(|(at, text)| {
        let most = most_layers(at);
        let wrong = || {
            format!(
                "stage {text:?} is not of the form eEkKlLseS with E of 1, 4, 6, K of 3, 5, L of 1 to \
                 {most} and S of 0, 1"
            )
        };
        parse_stage(text, most).ok_or_else(wrong)
    });
    let stages: Vec<Stage> = stages.collect::<Result<_, _>>()?;
    let wrong = |s: Vec<Stage>| format!("{} stages, expected {STAGES}", s.len());
    Ok(AccelArch { stages: stages.try_into().map_err(wrong)? })
}

fn parse_stage(text: &str, most: u8) -> Option<Stage> {
    let [b'e', expansion, b'k', kernel, b'l', layers, b's', b'e', excite] = text.as_bytes() else {
        return None;
    };
    let digit = |c: u8| c.is_ascii_digit().then(|| c - b'0');
    let expansion = digit(*expansion).filter(|e| EXPANSIONS.contains(e))?;
    let kernel = digit(*kernel).filter(|k| KERNELS.contains(k))?;
    let layers = digit(*layers).filter(|l| (1..=most).contains(l))?;
    let excite = digit(*excite).filter(|s| *s < 2)? == 1;
    Some(Stage { expansion, kernel, layers, excite })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARCH: &str = "e6k3l1se0|e4k5l2se1|e6k3l3se0|e6k5l3se0|e1k5l2se0|e1k3l4se0|e1k3l2se1";

    #[test]
    fn strings_are_read_and_explained() {
        assert_eq!(ARCH.parse::<AccelArch>().unwrap().to_string(), ARCH);
        let reason = |s: &str| s.parse::<AccelArch>().unwrap_err().to_string();
        assert!(reason("e6k3l1se0").contains("1 stages, expected 7"));
        for (good, bad) in [("e6", "e5"), ("k3l1", "k7l1"), ("l1se0", "l4se0"), ("se1", "se2")] {
            let text = ARCH.replacen(good, bad, 1);
            assert!(reason(&text).contains("is not of the form"), "{text}");
        }
    }
}
