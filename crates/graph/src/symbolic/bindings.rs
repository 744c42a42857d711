//! Sizes that a caller gives to open dimensions.

use super::formula;
use super::symbols::Symbols;
use crate::error::{Error, Result};
use crate::model::{Dim, Model, Value};
use std::collections::{HashMap, HashSet};

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
        let inputs = || model.graph.inputs.iter().filter_map(|&i| model.value(i));
        let mut by_name: HashMap<&str, &Value> = HashMap::new();
        if !self.inputs.is_empty() {
            inputs().for_each(|v| _ = by_name.entry(&v.name).or_insert(v));
        }
        for (name, dims) in &self.inputs {
            let Some(v) = by_name.get(name.as_str()) else {
                let names = listed(inputs().map(|v| v.name.as_str()));
                return error(format!("no input is called {name:?}; inputs: {names}"));
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

    /// These bindings, and the sizes of symbols that they determine. An input of
    /// given shape gives sizes to the symbols of its declared dimensions, also to
    /// those in a formula (`past + 1`). The sizes hold for all values.
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
        if self.dims.is_empty() {
            return Ok(());
        }
        let mut symbols = Symbols::default();
        let none = HashMap::new();
        let mut known: HashSet<&str> = HashSet::new();
        for d in model.values.iter().filter_map(|v| v.ty.shape.as_ref()).flatten() {
            if let Dim::Symbol(s) = d
                && known.insert(s)
            {
                symbols.parse(s, &none);
            }
        }
        known.extend(symbols.names());
        let Some(name) = self.dims.keys().find(|n| !known.contains(n.as_str())) else {
            return Ok(());
        };
        let names = listed(symbols.names());
        let what = format!("no dimension is called {name:?}; named ones: {names}");
        Err(Error::model(&model.file, what))
    }
}

/// Names that an error lists.
const MAX_LISTED: usize = 64;

/// The first names with commas between.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names = names.peekable();
    let first: Vec<&str> = names.by_ref().take(MAX_LISTED).collect();
    let more = if names.peek().is_some() { ", …" } else { "" };
    format!("{}{more}", first.join(", "))
}
