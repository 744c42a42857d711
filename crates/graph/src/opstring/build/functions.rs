//! Calls of model-local functions.

use crate::budget;
use crate::model::{Attribute, Function, Model, Node};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write;

/// The functions of a model by the domain and operator type of their calls.
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

/// Attributes of a node by name, in order of names.
pub type Attributes<'a> = Vec<(&'a str, &'a Attribute)>;

/// Parameters that differ from their defaults, with the numbers of their contents.
pub type Key<'a> = Vec<(&'a str, u32)>;

/// Values of the attribute parameters of a function in one call.
#[derive(Default)]
pub struct Bindings<'a> {
    function: Option<&'a Function>,
    /// What the call gives.
    given: HashMap<&'a str, &'a Attribute>,
}

impl<'a> Bindings<'a> {
    /// The bindings in the body of `f`, called by a node with `attributes`.
    pub fn new(f: &'a Function, attributes: &Attributes<'a>) -> Self {
        let given = attributes.iter().copied().filter(|(name, _)| f.parameter(name).is_some());
        Self { function: Some(f), given: given.collect() }
    }

    /// The value of a parameter: that of the call, else the default. `None`
    /// outside for a name that is no parameter, inside where it has no value.
    fn get(&self, name: &str) -> Option<Option<&'a Attribute>> {
        let default = self.function?.parameter(name)?.as_ref();
        Some(self.given.get(name).copied().or(default))
    }

    /// What is equal for equal bindings of one function.
    pub fn key(&self, contents: &mut Contents) -> Key<'a> {
        let mut key = Vec::with_capacity(self.given.len());
        for (&name, &value) in &self.given {
            let number = contents.number(value);
            let default = self.function.and_then(|f| f.parameter(name)?.as_ref());
            if default.map(|d| contents.number(d)) != Some(number) {
                key.push((name, number));
            }
        }
        key.sort_unstable();
        key
    }
}

/// Numbers of attributes, equal for equal contents. Each is looked at once.
#[derive(Default)]
pub struct Contents {
    by_address: HashMap<*const Attribute, u32>,
    by_digest: HashMap<[u8; 32], u32>,
}

impl Contents {
    fn number(&mut self, a: &Attribute) -> u32 {
        if let Some(&known) = self.by_address.get(&std::ptr::from_ref(a)) {
            return known;
        }
        let mut text = Hashed(Sha256::new());
        let written = match a {
            Attribute::Graph(g) => write!(text, "{:p}", &raw const **g),
            Attribute::Graphs(g) => write!(text, "{:p}", g.as_ptr()),
            a => write!(text, "{a:?}"),
        };
        let next = u32::try_from(self.by_address.len()).unwrap_or(u32::MAX);
        let number = match written {
            Ok(()) => *self.by_digest.entry(text.0.finalize().into()).or_insert(next),
            Err(_) => next,
        };
        self.by_address.insert(a, number);
        number
    }
}

/// The digest of a text. It ends where the budget of the file does.
struct Hashed(Sha256);

impl Write for Hashed {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        budget::work(s.len().div_ceil(16)).ok_or(std::fmt::Error)?;
        self.0.update(s.as_bytes());
        Ok(())
    }
}

/// The attributes of `n` with references to function parameters resolved.
/// References to parameters that hold a graph stay.
pub fn bound<'a>(n: &'a Node, bindings: &Bindings<'a>) -> Attributes<'a> {
    let is_reference = |a: &Attribute| matches!(a, Attribute::Reference(_));
    let is_graph = |a: &Attribute| matches!(a, Attribute::Graph(_) | Attribute::Graphs(_));
    let refers = n.attributes.iter().any(|a| is_reference(&a.1));
    let one = |(name, a): &'a (String, Attribute)| {
        let a = match a {
            Attribute::Reference(r) => match bindings.get(r) {
                Some(Some(value)) if !is_graph(value) => value,
                Some(Some(_)) | None => a,
                Some(None) => return None,
            },
            // Bodies are read from the node itself.
            a if refers && is_graph(a) => return None,
            a => a,
        };
        Some((name.as_str(), a))
    };
    n.attributes.iter().filter_map(one).collect()
}
