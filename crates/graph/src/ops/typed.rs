//! What type rules see: a node, and the types of its inputs.

use crate::model::{Attribute, Container, DataType, Node};
use crate::symbolic::Facts;

/// A node, and what is known of its inputs and of the outputs of its bodies.
pub struct Typed<'s, 'm> {
    pub facts: &'s Facts<'m>,
    pub n: &'s Node,
}

impl Typed<'_, '_> {
    /// Type of an input.
    pub fn of(&self, input: usize) -> Option<DataType> {
        self.n.input(input).and_then(|v| self.facts.dtype(v))
    }

    /// The type whose number an attribute gives.
    pub fn named(&self, attribute: &str) -> Option<DataType> {
        let number = self.n.int(attribute).and_then(|t| i32::try_from(t).ok());
        number.filter(|&t| t != 0).map(DataType::from)
    }

    /// True where an attribute is a list that is not empty, or a tensor.
    pub fn given(&self, attribute: &str) -> bool {
        match self.n.attribute(attribute) {
            Some(Attribute::Ints(v)) => !v.is_empty(),
            Some(Attribute::Strings(v)) => !v.is_empty(),
            Some(Attribute::Floats(v)) => !v.is_empty(),
            Some(Attribute::Tensor(_)) => true,
            _ => false,
        }
    }

    /// Type of an output of the node's first body.
    pub fn of_body(&self, output: usize) -> Option<DataType> {
        self.facts.dtype(*self.n.subgraphs().next()?.outputs.get(output)?)
    }

    /// The container that an input is.
    pub fn container(&self, input: usize) -> Option<&Container> {
        self.n.input(input).and_then(|v| self.facts.container(v))
    }

    /// The container that an output of the node's first body is.
    pub fn body_container(&self, output: usize) -> Option<&Container> {
        self.facts.container(*self.n.subgraphs().next()?.outputs.get(output)?)
    }
}

/// All outputs are of type `bool`.
pub fn boolean(_: &Typed, _: usize) -> Option<DataType> {
    Some(DataType::Bool)
}

/// All outputs are 64-bit integers.
pub fn int64(_: &Typed, _: usize) -> Option<DataType> {
    Some(DataType::I64)
}

/// All outputs are 32-bit integers.
pub fn int32(_: &Typed, _: usize) -> Option<DataType> {
    Some(DataType::I32)
}

/// All outputs are 32-bit floats.
pub fn float(_: &Typed, _: usize) -> Option<DataType> {
    Some(DataType::F32)
}

/// All outputs are strings.
pub fn string(_: &Typed, _: usize) -> Option<DataType> {
    Some(DataType::String)
}

/// Output 1 are indices, the others have the type of input 0.
pub fn with_indices(t: &Typed, output: usize) -> Option<DataType> {
    if output == 1 { Some(DataType::I64) } else { t.of(0) }
}
