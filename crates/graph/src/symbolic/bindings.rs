//! Sizes that a caller gives to open dimensions.

use super::formula;
use super::symbols::Symbols;
use crate::error::{Error, Result};
use crate::model::{Dim, Model};
use std::collections::HashMap;

/// Sizes given to symbolic dimensions and input shapes from outside.
#[derive(Debug, Clone, Default)]
pub struct Bindings {
    /// Symbol name → size.
    pub dims: HashMap<String, u64>,
    /// Graph input name → full shape.
    pub inputs: HashMap<String, Vec<u64>>,
}

impl Bindings {
    /// Checks that the bindings name inputs of `model` and fit their ranks and
    /// fixed sizes, and symbols that its inputs have.
    ///
    /// # Errors
    /// [`Error::Model`] naming the binding.
    pub fn check(&self, model: &Model) -> Result<()> {
        let error = |what: String| Err(Error::model(&model.file, what));
        for (name, dims) in &self.inputs {
            let inputs = model.graph.inputs.iter().filter_map(|&i| model.value(i));
            let Some(v) = inputs.clone().find(|v| v.name == *name) else {
                let names: Vec<&str> = inputs.map(|v| v.name.as_str()).collect();
                return error(format!("no input is called {name:?}; inputs: {}", names.join(", ")));
            };
            let Some(shape) = &v.ty.shape else { continue };
            if shape.len() != dims.len() {
                return error(format!(
                    "input {name:?} has {} dimensions, not {}",
                    shape.len(),
                    dims.len()
                ));
            }
            for (i, (have, want)) in shape.iter().zip(dims).enumerate() {
                if let Dim::Known(n) = have
                    && n != want
                {
                    return error(format!("dimension {i} of input {name:?} is {n}, not {want}"));
                }
            }
        }
        self.check_symbols(model)
    }

    /// These bindings, and the sizes of symbols that they determine: an input of
    /// given shape gives sizes to the symbols of its declared dimensions, also to
    /// those in a formula (`past + 1`), for all values that the symbols occur in.
    pub fn resolved(&self, model: &Model) -> Self {
        let mut dims = self.dims.clone();
        let mut given: Vec<(&str, u64)> = Vec::new();
        for value in model.graph.inputs.iter().filter_map(|&i| model.value(i)) {
            let shape = self.inputs.get(&value.name).zip(value.ty.shape.as_ref());
            let Some((sizes, shape)) = shape.filter(|(a, b)| a.len() == b.len()) else { continue };
            given.extend(shape.iter().zip(sizes).filter_map(|(d, &n)| match d {
                Dim::Symbol(s) => Some((s.as_str(), n)),
                _ => None,
            }));
        }
        let whole: Vec<(String, u64)> = self.dims.iter().map(|(s, &n)| (s.clone(), n)).collect();
        given.extend(whole.iter().map(|(s, n)| (s.as_str(), *n)));
        // Plain symbols first: formulas may be of them.
        let none = HashMap::new();
        let is_plain = |s: &str| formula::open_symbols(s, &none) == [s];
        let (plain, formulas): (Vec<_>, Vec<_>) = given.into_iter().partition(|g| is_plain(g.0));
        for (name, n) in plain {
            dims.entry(name.to_owned()).or_insert(n);
        }
        for (text, n) in formulas {
            // A whole formula that is bound has no open symbols.
            let whole = dims.remove(text);
            formula::learn(text, n, &mut dims);
            dims.extend(whole.map(|n| (text.to_owned(), n)));
        }
        Self { dims, inputs: self.inputs.clone() }
    }

    fn check_symbols(&self, model: &Model) -> Result<()> {
        let mut symbols = Symbols::default();
        let none = HashMap::new();
        let mut whole = Vec::new();
        let dims = model.values.iter().filter_map(|v| v.ty.shape.as_ref()).flatten();
        for d in dims.filter(|_| !self.dims.is_empty()) {
            if let Dim::Symbol(s) = d {
                symbols.parse(s, &none);
                whole.push(s.as_str());
            }
        }
        for name in self.dims.keys() {
            if !symbols.names().any(|n| n == name) && !whole.contains(&name.as_str()) {
                let names: Vec<&str> = symbols.names().collect();
                let what =
                    format!("no dimension is called {name:?}; named ones: {}", names.join(", "));
                return Err(Error::model(&model.file, what));
            }
        }
        Ok(())
    }
}
