//! A network as an evaluator reads it.

use crate::costs::Terms;
use crate::error::Result;
use crate::graph::Model;
use crate::graph::shape::Bindings;
use crate::measure::inputs;
use crate::opstring;

/// An operation string and, for evaluators with formulas, static costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// The operation string.
    pub string: String,
    /// Static costs at the sizes that `nneval measure` would choose; `None` where
    /// only the string is known.
    pub costs: Option<Terms>,
}

impl Network {
    /// A network of which only the string is known.
    pub fn of_string(string: impl Into<String>) -> Self {
        Self { string: string.into(), costs: None }
    }

    /// The string of `model`; with `costs` its static costs as well.
    ///
    /// # Errors
    /// As [`opstring::of_model`] and [`Terms::of_model`].
    pub fn of_model(model: &Model, costs: bool) -> Result<Self> {
        let string = opstring::write(&opstring::of_model(model)?);
        let costs = costs.then(|| Terms::of_model(model, &usual_sizes(model))).transpose()?;
        Ok(Self { string, costs })
    }
}

/// Open sizes of the inputs as [`inputs::usual_size`]; none where an input cannot
/// be made.
fn usual_sizes(model: &Model) -> Bindings {
    let plans = inputs::plan(model, &Bindings::default()).unwrap_or_default();
    let tensors = plans.into_iter().filter(|p| p.holder == inputs::Holder::Tensor);
    Bindings { inputs: tensors.map(|p| (p.name, p.shape)).collect(), ..Bindings::default() }
}
