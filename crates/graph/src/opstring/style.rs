//! The spellings that evaluators are trained on.

use super::{OpGraph, parse, write, write_seed_style};
use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A spelling of operation graphs.
///
/// ```
/// use nneval_graph::opstring::Style;
/// let style: Style = "seed".parse().unwrap();
/// let string = style.of_string("|1:Input@ax3x32x32+Relu")?;
/// assert_eq!(string, "|1_Input:(shape=ax3x32x32)|2_ReLU:(inputs=1, shape=ax3x32x32)");
/// # Ok::<(), nneval_graph::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// The operation string ([`write()`]).
    #[default]
    V1,
    /// Every operation in words ([`write_seed_style`]).
    Seed,
}

impl Style {
    /// Names of the styles, as bundles and options have them.
    pub const NAMES: [&str; 2] = ["v1", "seed"];

    /// Spells a graph.
    pub fn write(self, graph: &OpGraph) -> String {
        match self {
            Self::V1 => write(graph),
            Self::Seed => write_seed_style(graph),
        }
    }

    /// An operation string, spelled in this style.
    ///
    /// # Errors
    /// As [`parse()`], for other styles than [`Style::V1`].
    pub fn of_string(self, string: &str) -> Result<Cow<'_, str>> {
        match self {
            Self::V1 => Ok(string.into()),
            Self::Seed => Ok(self.write(&parse(string)?).into()),
        }
    }

    /// Whether it is what bundles have that do not name a style.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl FromStr for Style {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "v1" => Ok(Self::V1),
            "seed" => Ok(Self::Seed),
            _ => Err(format!("{name:?} is no style; there are {}", Self::NAMES.join(" and "))),
        }
    }
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "v1",
            Self::Seed => "seed",
        })
    }
}
