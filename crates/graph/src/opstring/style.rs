//! Styles of spelling that evaluators are trained on.

use super::graph::OpGraph;
use super::parse::parse;
use super::verbose::write_verbose;
use super::write::write;
use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A spelling of operation graphs.
///
/// ```
/// use nneval_graph::opstring::Style;
/// let style: Style = "verbose".parse().unwrap();
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
    /// Every operation in words ([`write_verbose`]). Bundles of before name it
    /// `seed`.
    #[serde(alias = "seed")]
    Verbose,
}

impl Style {
    /// Names of the styles, as bundles and options have them.
    pub const NAMES: [&str; 2] = ["v1", "verbose"];

    /// Spells a graph.
    pub fn write(self, graph: &OpGraph) -> String {
        match self {
            Self::V1 => write(graph),
            Self::Verbose => write_verbose(graph),
        }
    }

    /// An operation string in this style.
    ///
    /// # Errors
    /// As [`parse()`], for styles other than [`Style::V1`].
    pub fn of_string(self, string: &str) -> Result<Cow<'_, str>> {
        match self {
            Self::V1 => Ok(string.into()),
            Self::Verbose => Ok(self.write(&parse(string)?).into()),
        }
    }

    /// Whether it is the style of bundles that do not name one.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl FromStr for Style {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "v1" => Ok(Self::V1),
            "verbose" | "seed" => Ok(Self::Verbose),
            _ => Err(format!("{name:?} is no style; there are {}", Self::NAMES.join(" and "))),
        }
    }
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "v1",
            Self::Verbose => "verbose",
        })
    }
}
