//! Options of a network of a search space: data set, weights, batch dimension, opset.

use crate::batch::Batch;
use crate::error::ParseOptionError;
use crate::space::Space;
use crate::weights::Weights;
use std::fmt;
use std::str::FromStr;

/// A data set that networks of a search space are for.
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
    /// ImageNet: 224x224 pixels where the architecture names no other size, 1,000
    /// classes.
    ImageNet,
    /// Object classes of Taskonomy, as TransNAS-Bench-101 has them: 256x256 pixels,
    /// 75 classes.
    TaskonomyObject,
}

impl Dataset {
    /// The names that [`FromStr`] reads.
    pub const NAMES: [&str; 5] =
        ["cifar10", "cifar100", "ImageNet16-120", "imagenet", "taskonomy-object"];

    /// Height and width of the input image, in pixels.
    pub fn resolution(self) -> i64 {
        match self {
            Self::Cifar10 | Self::Cifar100 => 32,
            Self::ImageNet16_120 => 16,
            Self::ImageNet => 224,
            Self::TaskonomyObject => 256,
        }
    }

    /// Number of classes, the width of the output.
    pub fn classes(self) -> i64 {
        match self {
            Self::Cifar10 => 10,
            Self::Cifar100 => 100,
            Self::ImageNet16_120 => 120,
            Self::ImageNet => 1000,
            Self::TaskonomyObject => 75,
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
            "imagenet" => Ok(Self::ImageNet),
            "taskonomy-object" => Ok(Self::TaskonomyObject),
            _ => Err(ParseOptionError::new(
                "data set",
                s,
                "cifar10, cifar100, ImageNet16-120, imagenet or taskonomy-object",
            )),
        }
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cifar10 => "cifar10",
            Self::Cifar100 => "cifar100",
            Self::ImageNet16_120 => "ImageNet16-120",
            Self::ImageNet => "imagenet",
            Self::TaskonomyObject => "taskonomy-object",
        })
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
    /// The default options of a space: the first of its data sets.
    pub fn of(space: Space) -> Self {
        Self { dataset: space.default_dataset(), ..Self::default() }
    }

    /// Supported versions of the `ai.onnx` operator set. Version 14 is the first
    /// whose BatchNormalization has `training_mode`; the operators used keep
    /// their meaning up to 24.
    pub const OPSETS: std::ops::RangeInclusive<u16> = 14..=24;

    /// The IR version to declare: 8 up to opset 18, then that of the ONNX release
    /// that brought the opset (ONNX `Versioning.md`).
    pub(crate) fn ir_version(&self) -> i64 {
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
}
