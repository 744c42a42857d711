//! Sizes that were assumed for open dimensions of graph inputs.

use crate::model::{Dim, Model};
use crate::shape::Bindings;
use serde::Serialize;

/// An open dimension and the size that it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assumed {
    /// Name of the dimension, or the input's name with the place in brackets.
    pub name: String,
    /// Its size.
    pub size: u64,
}

/// The open dimensions of graph inputs that `given` does not size, with their sizes in `all`, which
/// [`all_sizes`](super::all_sizes) has made of `given`. A name comes once.
pub fn assumed(model: &Model, given: &Bindings, all: &Bindings) -> Vec<Assumed> {
    let mut found: Vec<Assumed> = Vec::new();
    for value in model.graph.inputs.iter().filter_map(|&i| model.value(i)) {
        let sizes = all.inputs.get(&value.name);
        let (Some(shape), Some(sizes)) = (&value.ty.shape, sizes) else { continue };
        if given.inputs.contains_key(&value.name) {
            continue;
        }
        for (at, (dim, &size)) in shape.iter().zip(sizes).enumerate() {
            let name = match dim {
                Dim::Known(_) => continue,
                Dim::Symbol(s) if given.dims.contains_key(s) => continue,
                Dim::Symbol(s) => s.clone(),
                Dim::Unknown => format!("{}[{at}]", value.name),
            };
            if found.iter().all(|a| a.name != name) {
                found.push(Assumed { name, size });
            }
        }
    }
    found
}
