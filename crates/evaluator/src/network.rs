//! A network as an evaluator reads it.

use crate::error::Result;
use nneval_graph::costs::Terms;
use nneval_graph::inputs::all_sizes;
use nneval_graph::model::Model;
use nneval_graph::opstring;
use nneval_graph::shape::Bindings;

/// An operation string and, for evaluators with formulas, static costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// The operation string.
    pub string: String,
    /// Whether somebody else than nneval has written the string: its grammar is
    /// checked before it is encoded.
    pub given: bool,
    /// Static costs at the sizes that `nneval measure` would choose; `None` where
    /// only the string is known.
    pub costs: Option<Terms>,
}

impl Network {
    /// A network of which only the string is known, which nneval has written.
    pub fn of_string(string: impl Into<String>) -> Self {
        Self { string: string.into(), given: false, costs: None }
    }

    /// A network of which only a string from elsewhere is known.
    pub fn given(string: impl Into<String>) -> Self {
        Self { string: string.into(), given: true, costs: None }
    }

    /// The string of `model`; with `costs` its static costs as well.
    ///
    /// # Errors
    /// As [`opstring::of_model`] and [`Terms::of_model`].
    pub fn of_model(model: &Model, costs: bool) -> Result<Self> {
        let string = opstring::write(&opstring::of_model(model)?);
        let costs = costs
            .then(|| Terms::of_model(model, &all_sizes(model, &Bindings::default())))
            .transpose()?;
        Ok(Self { string, given: false, costs })
    }

    /// Checks a string that somebody else has written.
    pub(super) fn check(&self) -> Result<()> {
        if self.given { opstring::parse(&self.string).map(drop) } else { Ok(()) }
    }
}
