//! Design facts of an image network: what tells apart how good and how fast networks are.
//!
//! Each operation has a role, such as depthwise convolution, attention, or squeeze and excitation.
//! Facts are logarithms of sizes, shares of roles in work and weights, numbers of operations, and
//! where in the network work and weights are. Terms are counts that a formula of time weighs.
//!
//! Everything is a function of the operation graph, so exports of one network agree. Open
//! dimensions count as one. Bodies of operations are left out.

mod facts;
mod role;
mod sizes;
mod table;
mod terms;

use crate::opstring::OpGraph;
use table::Table;

/// Version of names and meaning; evaluators store it.
pub const DESIGN_VERSION: u32 = 1;

/// Facts and terms of a network, with their names.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// For regressions.
    pub facts: Vec<(String, f64)>,
    /// For formulas of time.
    pub terms: Vec<(String, f64)>,
}

impl Design {
    /// Those of `g`.
    ///
    /// ```
    /// use nneval_graph::features::Design;
    /// use nneval_graph::opstring;
    /// let s = "|1:Input@ax3x32x32+Conv k3 p1@ax16x32x32+BatchNormalization+Relu";
    /// let design = Design::of(&opstring::parse(s)?);
    /// let term = |name: &str| design.terms.iter().find(|t| t.0 == name).map(|t| t.1);
    /// assert_eq!(term("thin_macs"), Some(3.0 * 9.0 * 16.0 * 32.0 * 32.0));
    /// # Ok::<(), nneval_graph::Error>(())
    /// ```
    pub fn of(g: &OpGraph) -> Self {
        let table = Table::of(g);
        Self { facts: facts::facts(&table), terms: terms::terms(&table) }
    }
}
