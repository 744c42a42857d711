//! Calls of model-local functions.

use crate::model::{Attribute, Function, Model, Node};
use std::borrow::Cow;
use std::collections::HashMap;

/// The functions of a model by what call sites call them.
pub struct Functions<'a> {
    model: &'a Model,
    by_key: HashMap<(&'a str, String), usize>,
}

impl<'a> Functions<'a> {
    /// The functions of `model`; of several with one key the first counts.
    pub fn new(model: &'a Model) -> Self {
        let mut by_key = HashMap::new();
        for (i, f) in model.functions.iter().enumerate() {
            let (domain, name, overload) = &f.key;
            let called = match overload.as_str() {
                "" => name.clone(),
                o => format!("{name}:{o}"),
            };
            by_key.entry((domain.as_str(), called)).or_insert(i);
        }
        Self { model, by_key }
    }

    /// The function that `n` calls, where it calls one.
    pub fn find(&self, n: &Node) -> Option<usize> {
        if self.by_key.is_empty() {
            return None;
        }
        self.by_key.get(&(n.domain.as_str(), n.op_type.clone())).copied()
    }

    /// The function with this number.
    pub fn get(&self, index: usize) -> Option<&'a Function> {
        self.model.functions.get(index)
    }
}

/// What the attribute parameters of a function are in one call; no value
/// where neither the call nor the function gives one.
pub type Bindings = HashMap<String, Option<Attribute>>;

/// The attributes of `n` with references to function parameters resolved.
/// References to parameters that hold a graph stay.
pub fn bound<'n>(n: &'n Node, bindings: &Bindings) -> Cow<'n, [(String, Attribute)]> {
    let is_reference = |a: &Attribute| matches!(a, Attribute::Reference(_));
    if !n.attributes.iter().any(|a| is_reference(&a.1)) {
        return Cow::Borrowed(&n.attributes);
    }
    let one = |(name, a): &(String, Attribute)| {
        let a = match a {
            Attribute::Reference(r) => match bindings.get(r) {
                Some(Some(Attribute::Graph(_) | Attribute::Graphs(_))) | None => a,
                Some(Some(value)) => value,
                Some(None) => return None,
            },
            a => a,
        };
        Some((name.clone(), a.clone()))
    };
    let is_graph = |a: &Attribute| matches!(a, Attribute::Graph(_) | Attribute::Graphs(_));
    // Bodies are read from the node itself, so they need no clone here.
    Cow::Owned(n.attributes.iter().filter(|a| !is_graph(&a.1)).filter_map(one).collect())
}

/// The bindings in the body of `f`, called by a node with `attributes`.
pub fn bind(f: &Function, attributes: &[(String, Attribute)]) -> Bindings {
    let given = |name: &str| attributes.iter().find(|a| a.0 == name).map(|a| a.1.clone());
    let one = |(name, default): &(String, Option<Attribute>)| {
        (name.clone(), given(name).or_else(|| default.clone()))
    };
    f.attributes.iter().map(one).collect()
}
