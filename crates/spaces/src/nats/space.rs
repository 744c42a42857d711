//! Search spaces and their architectures.

use super::options::ModelOptions;
use super::sss::SssArch;
use super::tss::TssArch;
use crate::error::{ParseOptionError, Result};
use crate::proto::to_bytes;
use onnx_protobuf::ModelProto;
use std::fmt;
use std::str::FromStr;

/// A search space whose architectures can be written as ONNX models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Space {
    /// NATS-Bench topology search space, 15,625 cells.
    NatsTss,
    /// NATS-Bench size search space, 32,768 channel configurations.
    NatsSss,
}

impl Space {
    /// The names that [`FromStr`] reads.
    pub const NAMES: [&str; 2] = ["nats-tss", "nats-sss"];

    /// Reads one architecture string of this space.
    ///
    /// # Errors
    /// [`Error::Architecture`](crate::Error::Architecture) where the string does not follow the grammar.
    pub fn parse(self, arch: &str) -> Result<Arch> {
        match self {
            Self::NatsTss => arch.parse().map(Arch::Tss),
            Self::NatsSss => arch.parse().map(Arch::Sss),
        }
    }

    /// Every architecture, in enumeration order.
    pub fn all(self) -> Box<dyn Iterator<Item = Arch>> {
        match self {
            Self::NatsTss => Box::new(TssArch::all().map(Arch::Tss)),
            Self::NatsSss => Box::new(SssArch::all().map(Arch::Sss)),
        }
    }

    /// The serialized ONNX model of one architecture string.
    ///
    /// # Errors
    /// [`Error::Architecture`](crate::Error::Architecture) for a malformed string or an unsupported opset.
    pub fn onnx_bytes(&self, arch: &str, options: &ModelOptions) -> Result<Vec<u8>> {
        to_bytes(&self.parse(arch)?.model(options)?)
    }
}

impl FromStr for Space {
    type Err = ParseOptionError;

    fn from_str(s: &str) -> Result<Self, ParseOptionError> {
        match s {
            "nats-tss" => Ok(Self::NatsTss),
            "nats-sss" => Ok(Self::NatsSss),
            _ => Err(ParseOptionError::new("search space", s, "nats-tss or nats-sss")),
        }
    }
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NatsTss => "nats-tss",
            Self::NatsSss => "nats-sss",
        })
    }
}

/// An architecture of any of the spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Arch {
    /// A cell of the topology search space.
    Tss(TssArch),
    /// Channels of the size search space.
    Sss(SssArch),
}

impl Arch {
    /// The ONNX model; see [`TssArch::model`] and [`SssArch::model`].
    ///
    /// # Errors
    /// [`Error::Architecture`](crate::Error::Architecture) for an unsupported opset.
    pub fn model(&self, options: &ModelOptions) -> Result<ModelProto> {
        match self {
            Self::Tss(a) => a.model(options),
            Self::Sss(a) => a.model(options),
        }
    }

    /// The architecture string in characters that every file system takes; two
    /// different architectures of a space have different stems.
    pub fn file_stem(&self) -> String {
        let text = self.to_string();
        let text = text.trim_matches('|').replace("|+|", "+");
        text.replace('|', ".").replace(['~', ':'], "-")
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tss(a) => a.fmt(f),
            Self::Sss(a) => a.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_round_trip() {
        for name in Space::NAMES {
            assert_eq!(name.parse::<Space>().unwrap().to_string(), name);
        }
        assert!("nats".parse::<Space>().is_err());
    }

    #[test]
    fn file_stems_are_safe_and_distinct() {
        for space in [Space::NatsTss, Space::NatsSss] {
            let stems: HashSet<String> = space.all().map(|a| a.file_stem()).collect();
            assert_eq!(stems.len(), space.all().count());
            let safe = |c: char| c.is_ascii_alphanumeric() || "_-.+".contains(c);
            assert!(stems.iter().all(|s| s.len() < 200 && s.chars().all(safe)));
        }
    }
}
