//! Views of a network: what of it a metric can depend on. Networks that differ in
//! something else alone are the same in a view, and so are predictions from it.

mod compiled;
mod live;

use super::opgraph::*;
use super::reach::reached;
use super::{parse, write};
use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A view of networks.
///
/// ```
/// use nneval_graph::opstring::View;
/// let string = "|1:Input@ax8x4x4|2<1:Relu+Mul c0.0|3<2:Tanh|4<1<3:Add";
/// assert_eq!(View::Whole.of_string(string)?, string);
/// assert_eq!(View::Compiled.of_string(string)?, "|1:Input@ax8x4x4|2<1:Mul c0.0+Tanh|3<1<2:Add");
/// assert_eq!(View::Live.of_string(string)?, "|1:Input@ax8x4x4|2<1:Mul c0.0|3<1<2:Add");
/// # Ok::<(), nneval_graph::Error>(())
/// ```
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum View {
    /// All of it: every operation is run.
    #[default]
    Whole,
    /// Without operations whose results are only multiplied by zero: they are not run
    /// on devices whose compilers drop what the result does not depend on.
    Compiled,
    /// Without operations that no path from an input to an output leads through
    /// without being multiplied by zero: they say nothing about accuracy.
    Live,
}

impl View {
    /// Names of the views, as bundles and options have them.
    pub const NAMES: [&str; 3] = [Self::Whole.name(), Self::Compiled.name(), Self::Live.name()];

    const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Compiled => "compiled",
            Self::Live => "live",
        }
    }

    /// The plainest of the networks that are the same as `graph` in this view; `None`
    /// where that is `graph` itself. Operations that do not matter are passed over,
    /// where they read one value (live: any number) and keep its shape; the others
    /// stay, and so do bodies.
    pub fn of(self, graph: &OpGraph) -> Option<OpGraph> {
        match self {
            Self::Whole => None,
            Self::Compiled => compiled::compiled(graph),
            Self::Live => live::live(graph),
        }
    }

    /// The string of that network, from the string of a network.
    ///
    /// # Errors
    /// As [`parse()`].
    pub fn of_string(self, string: &str) -> Result<Cow<'_, str>> {
        if self.is_whole() || !Self::may_differ(string) {
            return Ok(string.into());
        }
        Ok(self.of(&parse(string)?).map_or(string.into(), |plain| write(&plain).into()))
    }

    /// Whether the network that `string` says can be another in some view.
    pub fn may_differ(string: &str) -> bool {
        string.contains(ZERO)
    }

    /// Whether it is what metrics have that do not name a view.
    pub fn is_whole(&self) -> bool {
        *self == Self::Whole
    }
}

impl FromStr for View {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let all = [Self::Whole, Self::Compiled, Self::Live];
        let none = || format!("{name:?} is no view; there are {}", Self::NAMES.join(", "));
        all.into_iter().find(|view| view.name() == name).ok_or_else(none)
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A constant zero, as spelled.
const ZERO: &str = "c0.0";

/// Whether an operation multiplies by a constant zero.
pub(super) fn is_zero(op: &Op) -> bool {
    op.kind == "Mul" && op.operands.iter().any(|o| matches!(o, Operand::Constant(c) if c == ZERO))
}

/// The operations whose values an operation reads.
fn values(op: &Op) -> impl Iterator<Item = usize> + '_ {
    op.operands.iter().filter_map(Operand::producer)
}

/// Operations that a walk back from the outputs meets, which goes on where one
/// `passes`.
fn from_outputs(g: &OpGraph, passes: impl Fn(usize) -> bool) -> Vec<bool> {
    let roots = g.outputs.iter().filter_map(Operand::producer);
    reached(g.ops.len(), roots, passes, |i| g.ops.get(i).into_iter().flat_map(values))
}

/// The first value that an operation reads, where its only result has that one's
/// shape.
fn same_shape<'o>(g: &OpGraph, op: &'o Op) -> Option<&'o Operand> {
    let first = op.operands.iter().find(|o| o.producer().is_some())?;
    let Operand::Value { op: read, output } = first else { return None };
    let shape = g.ops.get(*read)?.outputs.get(*output)?;
    (op.bodies.is_empty() && op.outputs.as_slice() == [shape.as_str()]).then_some(first)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::opstring::cell;

    /// The string of a cell of NATS-Bench's topology space, and that of a view of it.
    pub fn both(view: View, arch: &str) -> [String; 2] {
        let whole = write(&cell::graph(arch));
        let seen = view.of_string(&whole).unwrap().into_owned();
        assert_eq!(view.of_string(&seen).unwrap(), seen, "{arch}: not the plainest");
        assert_eq!(write(&parse(&seen).unwrap()), seen, "{arch}: does not parse back");
        [whole, seen]
    }

    #[test]
    fn a_cell_without_zeros_stays() {
        let arch = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|";
        for view in [View::Whole, View::Compiled, View::Live] {
            let [whole, seen] = both(view, arch);
            assert_eq!(whole, seen);
        }
    }

    #[test]
    fn names_are_read_and_written() {
        for name in View::NAMES {
            assert_eq!(name.parse::<View>().unwrap().to_string(), name);
        }
        assert!("alive".parse::<View>().unwrap_err().contains("whole, compiled, live"));
    }
}
