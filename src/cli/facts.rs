//! Static facts of a model at stated input sizes.

use super::amounts::group;
use super::evaluate_list::Reading;
use nneval::costs::{self, Amount, Costs};
use nneval::files::printable;
use nneval::graph::{Model, budget};
use nneval::inputs::{self, Assumed};
use std::fmt::Write;
use std::path::Path;

/// Sizes that are named, at most.
const NAMED: usize = 6;

/// What a model costs.
pub struct Facts {
    costs: Costs,
    assumed: Vec<Assumed>,
}

impl Facts {
    /// The facts of a file. Dimensions that neither the file nor the caller sizes have the usual
    /// sizes.
    pub fn of_file(path: &Path, reading: &Reading) -> nneval::Result<Self> {
        let (limits, given) = (&reading.limits, &reading.sizes);
        budget::within(path, limits, || {
            let model = Model::open(path, limits)?;
            let sizes = inputs::all_sizes(&model, given);
            let costs = costs::of_model(&model, &sizes)?;
            Ok(Self::new(costs, inputs::assumed(&model, given, &sizes)))
        })
    }

    /// The facts of costs at sizes some of which are `assumed`.
    pub fn new(costs: Costs, assumed: Vec<Assumed>) -> Self {
        Self { costs, assumed }
    }

    /// A line a fact.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (label, value) in self.list() {
            let _ = writeln!(text, "  {label:<22}{}", printable(&value));
        }
        text
    }

    /// Names and values.
    pub fn list(&self) -> Vec<(String, String)> {
        let c = &self.costs;
        let operators = c.operators.iter().map(|o| o.count).sum();
        let names = c.unknown.iter().map(|u| u.operator.as_str()).take(NAMED);
        let facts = [
            ("parameters", group(c.parameters)),
            ("MACs", amount(&c.macs)),
            ("weight bytes", group(c.weight_bytes)),
            ("peak activation bytes", amount(&c.peak_activation_bytes)),
            ("operators", group(operators)),
            ("not counted", names.collect::<Vec<_>>().join(", ")),
            ("sizes assumed", sizes(&self.assumed)),
        ];
        let known = facts.into_iter().filter(|f| !f.1.is_empty());
        known.map(|(label, value)| (label.to_owned(), value)).collect()
    }
}

/// Sizes that were assumed, and how to change them; empty where there are none.
pub fn sizes(assumed: &[Assumed]) -> String {
    let shown = assumed.iter().take(NAMED).map(|a| format!("{} = {}", a.name, a.size));
    let list = shown.collect::<Vec<_>>().join(", ");
    let more = match assumed.len().saturating_sub(NAMED) {
        _ if list.is_empty() => return list,
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    format!("{list}{more} (--dim and --input change them)")
}

fn amount(a: &Amount) -> String {
    a.known().map_or_else(|| "not known".to_owned(), group)
}
