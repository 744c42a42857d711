//! Reduction of networks to the part that a metric can depend on.
//!
//! Networks that differ only in the rest have the same reduced network, and so
//! the same prediction. Differences start at multiplications by zero.

mod dead_code;
mod reachable;
mod walk;

use crate::canonical::float;
use crate::error::Result;
use crate::opstring::{OpGraph, parse, write};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A reduction of networks.
///
/// ```
/// use nneval_graph::opstring::{parse, write};
/// use nneval_graph::reduce::Reduction;
/// let graph = parse("|1:Input@ax8x4x4|2<1:Relu+Mul c0.0|3<2:Tanh|4<1<3:Add")?;
/// let reduced = |by: Reduction| by.reduce(&graph).map(|g| write(&g));
/// assert_eq!(reduced(Reduction::None), None);
/// let dead_code = "|1:Input@ax8x4x4|2<1:Mul c0.0+Tanh|3<1<2:Add";
/// assert_eq!(reduced(Reduction::DeadCode).as_deref(), Some(dead_code));
/// let reachable = "|1:Input@ax8x4x4|2<1:Mul c0.0|3<1<2:Add";
/// assert_eq!(reduced(Reduction::Reachable).as_deref(), Some(reachable));
/// # Ok::<(), nneval_graph::Error>(())
/// ```
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case", try_from = "String")]
pub enum Reduction {
    /// The whole network: every operation is run. Older bundles name it `whole`.
    #[default]
    None,
    /// Without operations whose results are only multiplied by zero. Devices
    /// whose compilers eliminate dead code do not run them. Older bundles name
    /// it `compiled`.
    DeadCode,
    /// Without operations on no path from an input to an output that is free of
    /// multiplications by zero, and in single precision: half precision and
    /// quantization are those of the float network. Neither is what decides
    /// accuracy. Older bundles name it `live`.
    Reachable,
}

impl Reduction {
    /// Names of the reductions, as bundles and options have them.
    pub const NAMES: [&str; 3] = [Self::None.name(), Self::DeadCode.name(), Self::Reachable.name()];
    /// The names that bundles had before, in the order of [`Reduction::NAMES`].
    pub const FORMER_NAMES: [&str; 3] = ["whole", "compiled", "live"];

    const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::DeadCode => "dead-code",
            Self::Reachable => "reachable",
        }
    }

    /// The smallest network that is the same as `graph` to this reduction;
    /// `None` where that is `graph` itself.
    ///
    /// Operations that do not matter are passed over where they keep the type
    /// of the value that they read. With dead code they read one value only.
    /// All others stay, and so do bodies.
    pub fn reduce(self, graph: &OpGraph) -> Option<OpGraph> {
        match self {
            Self::None => None,
            Self::DeadCode => dead_code::eliminate(graph),
            Self::Reachable => {
                let float = float::of(graph);
                let reached = reachable::reduce(float.as_ref().unwrap_or(graph));
                reached.or(float)
            }
        }
    }

    /// The string of the reduced network, from the string of a network.
    ///
    /// For strings from outside; [`Reduction::reduce`] takes a graph in hand.
    ///
    /// # Errors
    /// As [`parse()`]. A string that no reduction may change is not parsed.
    pub fn reduce_string(self, string: &str) -> Result<Cow<'_, str>> {
        if self.is_none() || !Self::may_change(string) {
            return Ok(string.into());
        }
        Ok(self.reduce(&parse(string)?).map_or(string.into(), |reduced| write(&reduced).into()))
    }

    /// Whether some reduction may change the network of `string`: whether it
    /// contains the spelling of a constant zero or of reduced precision.
    pub fn may_change(string: &str) -> bool {
        string.contains("c0.0") || float::may_change(string)
    }

    /// Whether it leaves every network as it is, as for metrics that do not
    /// name a reduction.
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }
}

impl FromStr for Reduction {
    type Err = String;

    /// Reads a name, or a name of before.
    fn from_str(name: &str) -> Result<Self, String> {
        let all = [Self::None, Self::DeadCode, Self::Reachable];
        let names = all.into_iter().zip(Self::FORMER_NAMES);
        let mut found = names.filter(|(r, former)| r.name() == name || *former == name);
        let none = || format!("{name:?} is no reduction; there are {}", Self::NAMES.join(", "));
        found.next().map(|(reduction, _)| reduction).ok_or_else(none)
    }
}

impl TryFrom<String> for Reduction {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}

impl fmt::Display for Reduction {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::test_cells as cell;

    /// The string of a cell of NATS-Bench's topology space, and that of the
    /// reduced network.
    pub fn both(reduction: Reduction, arch: &str) -> [String; 2] {
        let graph = cell::graph(arch);
        let whole = write(&graph);
        let reduced = reduction.reduce_string(&whole).unwrap().into_owned();
        let by_graph = reduction.reduce(&graph).map(|g| write(&g));
        assert_eq!(by_graph.as_ref().unwrap_or(&whole), &reduced);
        assert_eq!(reduction.reduce_string(&reduced).unwrap(), reduced, "{arch}: not the smallest");
        assert_eq!(write(&parse(&reduced).unwrap()), reduced, "{arch}: does not parse back");
        [whole, reduced]
    }

    #[test]
    fn a_cell_without_zeros_stays() {
        let arch = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|";
        for reduction in [Reduction::None, Reduction::DeadCode, Reduction::Reachable] {
            let [whole, reduced] = both(reduction, arch);
            assert_eq!(whole, reduced);
        }
    }

    #[test]
    fn names_are_read_and_written() {
        for (name, former) in Reduction::NAMES.into_iter().zip(Reduction::FORMER_NAMES) {
            let reduction: Reduction = name.parse().unwrap();
            assert_eq!(reduction.to_string(), name);
            assert_eq!(former.parse(), Ok(reduction));
            assert_eq!(serde_json::to_value(reduction).unwrap(), name);
            assert_eq!(serde_json::from_value::<Reduction>(former.into()).unwrap(), reduction);
        }
        let refused = "alive".parse::<Reduction>().unwrap_err();
        assert!(refused.contains("none, dead-code, reachable"), "{refused}");
    }
}
