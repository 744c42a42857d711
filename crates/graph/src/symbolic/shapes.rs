//! Inferred types of values: element type, dimensions, container, integers.

use super::expr::SymExpr;
use super::symbols::Symbols;
use crate::error::{Error, Result};
use crate::model::{Container, DataType, Model, ValueId};

/// Inferred type of one value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inferred {
    /// Element type, where known.
    pub dtype: Option<DataType>,
    /// Dimensions, where the rank is known. Sizes are integers, formulas over
    /// symbols, or synthetic (unknown) variables.
    pub dims: Option<Vec<SymExpr>>,
    /// What the value is where it is no dense tensor; then the other fields
    /// describe what it holds.
    pub container: Option<Container>,
    /// The elements, where they are a few known integers.
    pub ints: Option<Vec<i64>>,
}

/// Inferred types of all values of a model, by [`ValueId`].
#[derive(Debug, Clone, Default)]
pub struct Shapes {
    pub(crate) values: Vec<Inferred>,
    /// Names the file gives to the symbols in the formulas.
    pub symbols: Symbols,
    /// Why nothing is known, where the budget of the file was exhausted.
    pub(crate) refused: Option<String>,
}

impl Shapes {
    /// Refuses shapes that were not inferred to the end.
    ///
    /// # Errors
    /// [`Error::Model`] that names the limit which `model` goes beyond.
    pub fn check(&self, model: &Model) -> Result<()> {
        match &self.refused {
            Some(reason) => Err(Error::model(&model.file, reason)),
            None => Ok(()),
        }
    }

    /// What is known of a value.
    pub fn get(&self, id: ValueId) -> Option<&Inferred> {
        self.values.get(id as usize)
    }

    /// The dimensions of a value as plain sizes, where all are known.
    pub fn known(&self, id: ValueId) -> Option<Vec<u64>> {
        self.get(id)?.dims.as_ref()?.iter().map(size).collect()
    }
}

/// The size, where the expression is a plain one.
pub fn size(e: &SymExpr) -> Option<u64> {
    u64::try_from(e.value()?).ok()
}
