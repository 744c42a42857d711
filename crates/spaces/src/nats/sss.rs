//! NATS-Bench size search space: five channel counts, one fixed cell.
//!
//! The channels are the output widths of the five layers of
//! `DynamicShapeTinyNet`; the stem already has the width of the first.

use super::cell;
use super::layers::{self, Channels, channels};
use crate::arch::{self, Architecture};
use crate::builder::{Builder, Interface};
use crate::digits::Digits;
use crate::error::{Error, Result};
use crate::options::{Dataset, ModelOptions};
use onnx_protobuf::ModelProto;
use std::fmt;
use std::str::FromStr;

/// Smallest channel count and the step between channel counts.
const STEP: u8 = 8;
/// Largest channel count.
const MAX: u8 = 64;
/// The edge that is a skip connection (3<-0) in the fixed genotype
/// `|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|`;
/// the others are 3x3 convolutions.
pub(crate) const SKIP: cell::Edge = cell::Edge { target: 3, source: 0 };

/// Channel counts of the five layers, written `c1:c2:c3:c4:c5`; each one of 8,
/// 16, ..., 64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SssArch {
    channels: [u8; 5],
}

impl SssArch {
    /// Number of architectures.
    pub const COUNT: usize = 32_768;

    /// The channel counts.
    pub fn channels(&self) -> &[u8; 5] {
        &self.channels
    }

    /// Every architecture: channel counts ascending, the last varying fastest.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self::nth)
    }

    /// The architecture at this position of [`SssArch::all`], which begins anew
    /// after its end.
    pub fn nth(index: usize) -> Self {
        Digits::nth(index)
    }

    /// The network: stem to c1, cell (c1 to c1), stride-2 residual block (to c2),
    /// cell (to c3), stride-2 residual block (to c4), cell (to c5), classifier.
    /// Input `input` `[batch, 3, resolution, resolution]`, output `logits`
    /// `[batch, classes]`.
    ///
    /// # Errors
    /// [`Error::Architecture`] for an opset outside [`ModelOptions::OPSETS`].
    pub fn model(&self, options: &ModelOptions) -> Result<ModelProto> {
        arch::model(self, options)
    }
}

impl Digits for SssArch {
    fn radices() -> Vec<usize> {
        vec![usize::from(MAX / STEP); 5]
    }

    fn digits(&self) -> Vec<usize> {
        self.channels.iter().map(|c| usize::from(c / STEP).saturating_sub(1)).collect()
    }

    fn of_digits(digits: &[usize]) -> Self {
        let mut channels = [STEP; 5];
        for (channel, digit) in channels.iter_mut().zip(digits) {
            *channel = STEP * (*digit as u8 % (MAX / STEP) + 1);
        }
        Self { channels }
    }
}

impl Architecture for SssArch {
    fn build(&self, b: &mut Builder, dataset: Dataset) -> Interface {
        let mut width = i64::from(self.channels[0]);
        let mut x = layers::stem(b, width);
        for (index, next) in self.channels.into_iter().enumerate() {
            let c = channels(width, i64::from(next));
            let name = format!("cells.{index}");
            x = match index {
                1 | 3 => layers::reduction(b, &name, &x, c),
                _ => fixed_cell(b, &name, &x, c),
            };
            width = c.output;
        }
        layers::head(b, &x, width, dataset.classes());
        dataset.into()
    }
}

/// The fixed cell. Edges that read the input of the cell change the width; where
/// it changes, the skip connection is a 1x1 Conv and BatchNormalization
/// (`FactorizedReduce` with stride 1, which has no Relu).
fn fixed_cell(b: &mut Builder, name: &str, input: &str, c: Channels) -> String {
    cell::build(b, name, input, |b, _, edge, name, x| {
        let width = if edge.source == 0 { c } else { channels(c.output, c.output) };
        match edge {
            SKIP if width.input == width.output => x.to_owned(),
            SKIP => layers::conv_bn(b, name, x, width, 1, 1),
            _ => layers::relu_conv_bn(b, name, x, width, 3, 1),
        }
    })
}

impl fmt::Display for SssArch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e] = self.channels;
        write!(f, "{a}:{b}:{c}:{d}:{e}")
    }
}

impl FromStr for SssArch {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self> {
        parse(s).map_err(|reason| Error::Architecture { arch: s.to_owned(), reason })
    }
}

/// Reads an architecture string; the error is the reason.
fn parse(s: &str) -> Result<SssArch, String> {
    let parts: Vec<u8> = s.split(':').map(parse_channels).collect::<Result<_, _>>()?;
    let channels =
        parts.try_into().map_err(|p: Vec<u8>| format!("{} channel counts, expected 5", p.len()))?;
    Ok(SssArch { channels })
}

fn parse_channels(text: &str) -> Result<u8, String> {
    let value: Option<u8> = text.parse().ok();
    value
        .filter(|v| (STEP..=MAX).contains(v) && v % STEP == 0 && v.to_string() == text)
        .ok_or_else(|| format!("channel count {text:?} is not one of 8, 16, ..., 64"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_architecture_round_trips() {
        let all: HashSet<SssArch> = SssArch::all().collect();
        assert_eq!(all.len(), SssArch::COUNT);
        assert!(all.iter().all(|a| a.to_string().parse::<SssArch>().unwrap() == *a));
        assert_eq!(SssArch::all().nth(1).unwrap().to_string(), "8:8:8:8:16");
    }

    #[test]
    fn malformed_strings_are_explained() {
        let reason = |s: &str| s.parse::<SssArch>().unwrap_err().to_string();
        assert!(reason("8:8:8:8").contains("4 channel counts"));
        assert!(reason("8:8:8:8:8:8").contains("6 channel counts"));
        for bad in ["", "0", "7", "72", "-8", "+8", "08", " 8", "8.0", "264"] {
            assert!(reason(&format!("{bad}:8:8:8:8")).contains("channel count"), "{bad:?}");
        }
    }

    #[test]
    fn skip_is_a_projection_only_where_the_width_changes() {
        let count = |s: &str| {
            let model = s.parse::<SssArch>().unwrap().model(&ModelOptions::default()).unwrap();
            model.graph.node.len()
        };
        assert_eq!(count("8:16:24:32:40"), count("8:16:16:32:32") + 2 * 2);
    }
}
