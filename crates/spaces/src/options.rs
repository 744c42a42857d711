//! What a model is built for: data set, weights, batch dimension, opset.

use std::fmt;
use std::str::FromStr;

/// A data set of NATS-Bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[allow(non_camel_case_types, reason = "the data set's own name")]
pub enum Dataset {
    /// CIFAR-10: 32x32 pixels, 10 classes.
    #[default]
    Cifar10,
    /// CIFAR-100: 32x32 pixels, 100 classes.
    Cifar100,
    /// ImageNet16-120: 16x16 pixels, 120 classes.
    ImageNet16_120,
}

impl Dataset {
    /// The names that [`FromStr`] reads.
    pub const NAMES: [&str; 3] = ["cifar10", "cifar100", "ImageNet16-120"];

    /// Height and width of the input image, in pixels.
    pub fn resolution(self) -> i64 {
        match self {
            Self::Cifar10 | Self::Cifar100 => 32,
            Self::ImageNet16_120 => 16,
        }
    }

    /// Number of classes, the width of the output.
    pub fn classes(self) -> i64 {
        match self {
            Self::Cifar10 => 10,
            Self::Cifar100 => 100,
            Self::ImageNet16_120 => 120,
        }
    }
}

impl FromStr for Dataset {
    type Err = ParseOptionError;

    fn from_str(s: &str) -> Result<Self, ParseOptionError> {
        match s {
            "cifar10" => Ok(Self::Cifar10),
            "cifar100" => Ok(Self::Cifar100),
            "ImageNet16-120" => Ok(Self::ImageNet16_120),
            _ => Err(ParseOptionError::new("data set", s, "cifar10, cifar100 or ImageNet16-120")),
        }
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cifar10 => "cifar10",
            Self::Cifar100 => "cifar100",
            Self::ImageNet16_120 => "ImageNet16-120",
        })
    }
}

/// What the initializers of a model hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Weights {
    /// Name, type and shape only, no values: enough to evaluate the graph, not
    /// to run it.
    #[default]
    None,
    /// Values that run: He-normal convolution and classifier weights (He et
    /// al., ICCV 2015: standard deviation `sqrt(2 / fan_in)`), zero bias,
    /// identity batch normalization. The same seed and model give the same
    /// values.
    Random {
        /// Seed of the generator.
        seed: u64,
    },
}

/// The first dimension of the input and the output.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Batch {
    /// A number, at least 1.
    Fixed(u32),
    /// A symbolic dimension.
    Named(String),
}

impl Default for Batch {
    fn default() -> Self {
        Self::Named("batch".to_owned())
    }
}

impl FromStr for Batch {
    type Err = ParseOptionError;

    fn from_str(s: &str) -> Result<Self, ParseOptionError> {
        let mut chars = s.chars();
        let head = chars.next().unwrap_or('-');
        if head.is_ascii_digit() {
            if let Some(n) = s.parse().ok().filter(|n| *n > 0) {
                return Ok(Self::Fixed(n));
            }
        } else if (head.is_ascii_alphabetic() || head == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        {
            return Ok(Self::Named(s.to_owned()));
        }
        Err(ParseOptionError::new("batch", s, "a number from 1 or an identifier"))
    }
}

impl fmt::Display for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(n) => n.fmt(f),
            Self::Named(s) => f.write_str(s),
        }
    }
}

/// Options common to all models.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModelOptions {
    /// Decides input resolution and number of classes.
    pub dataset: Dataset,
    /// Contents of the initializers.
    pub weights: Weights,
    /// First dimension of input and output.
    pub batch: Batch,
    /// Version of the `ai.onnx` operator set, within [`ModelOptions::OPSETS`].
    pub opset: u16,
}

impl ModelOptions {
    /// Supported versions of the `ai.onnx` operator set. Version 14 is the first
    /// whose BatchNormalization has `training_mode`; the operators used keep
    /// their meaning up to 24.
    pub const OPSETS: std::ops::RangeInclusive<u16> = 14..=24;

    /// The IR version to declare: 8 up to opset 18, then that of the ONNX release
    /// that brought the opset (ONNX `Versioning.md`).
    pub(super) fn ir_version(&self) -> i64 {
        match self.opset {
            ..=18 => 8,
            19..=20 => 9,
            21..=22 => 10,
            23 => 11,
            _ => 12,
        }
    }
}

impl Default for ModelOptions {
    fn default() -> Self {
        Self {
            dataset: Dataset::default(),
            weights: Weights::default(),
            batch: Batch::default(),
            opset: 17,
        }
    }
}

/// A name that is not among the known ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {given:?}: expected {expected}")]
pub struct ParseOptionError {
    what: &'static str,
    given: String,
    expected: &'static str,
}

impl ParseOptionError {
    pub(super) fn new(what: &'static str, given: &str, expected: &'static str) -> Self {
        Self { what, given: given.to_owned(), expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dataset_names_round_trip() {
        for name in Dataset::NAMES {
            assert_eq!(name.parse::<Dataset>().unwrap().to_string(), name);
        }
        assert!("CIFAR10".parse::<Dataset>().is_err());
    }

    #[test]
    fn batch_is_a_number_or_an_identifier() {
        assert_eq!("8".parse(), Ok(Batch::Fixed(8)));
        assert_eq!("N_1".parse(), Ok(Batch::Named("N_1".into())));
        for bad in ["", "0", "-1", "4294967296", "8x", "a b", "ü"] {
            assert!(bad.parse::<Batch>().is_err(), "{bad:?}");
        }
    }
}
