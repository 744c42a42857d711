//! A look over the file before it is decoded: how many nodes and entries it
//! would make, and the memory and time that these take, so that a small hostile
//! file cannot claim much of either. Only tags and lengths are read; payloads
//! are skipped.

use super::limits::Limits;
use super::types::{Attribute, Dim, Graph, Node, Value};
use super::wire;
use crate::budget;

/// Message kinds of `onnx.proto` whose number a file decides.
#[derive(Clone, Copy)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    Function,
    Tensor,
    SparseTensor,
    /// A name with a type.
    Declared,
    Type,
    TensorType,
    /// A sequence, optional or map.
    Container,
    Shape,
    /// The name of a value, counted and not entered.
    Name,
    /// Counted, not entered.
    Entry,
    /// Part of an entry.
    Part,
}

fn child(of: Kind, field: u64) -> Option<Kind> {
    Some(match (of, field) {
        (Kind::Model, 7) => Kind::Graph,
        (Kind::Model, 25) => Kind::Function,
        (Kind::Graph, 1) | (Kind::Function, 7) => Kind::Node,
        (Kind::Node, 5) | (Kind::Function, 11) => Kind::Attribute,
        (Kind::Attribute, 6 | 11) => Kind::Graph,
        (Kind::Graph, 5) | (Kind::Attribute, 5 | 10) | (Kind::SparseTensor, 1) => Kind::Tensor,
        (Kind::Graph, 15) | (Kind::Attribute, 22 | 23) => Kind::SparseTensor,
        (Kind::Graph, 11..=13) => Kind::Declared,
        (Kind::Declared, 2) | (Kind::Attribute, 14 | 15) => Kind::Type,
        (Kind::Type, 1 | 8) => Kind::TensorType,
        (Kind::Type, 4 | 5 | 9) => Kind::Container,
        (Kind::Container, 1 | 2) => Kind::Type,
        (Kind::TensorType, 2) => Kind::Shape,
        (Kind::Node, 1 | 2) | (Kind::Function, 4 | 5) => Kind::Name,
        (Kind::Model, 8) | (Kind::Attribute, 9) | (Kind::Function, 6 | 9) => Kind::Entry,
        (Kind::Shape, 1) | (Kind::Tensor, 6 | 13) => Kind::Part,
        _ => return None,
    })
}

impl Kind {
    /// True for what counts as an entry.
    fn is_entry(self) -> bool {
        !matches!(self, Self::Type | Self::TensorType | Self::Container | Self::Shape | Self::Part)
    }

    /// Steps that decoding and resolving one takes.
    const fn steps(self) -> usize {
        match self {
            Self::Function => 64,
            Self::Graph => 16,
            Self::Node | Self::Tensor | Self::SparseTensor | Self::Declared => 8,
            _ => 4,
        }
    }

    /// Bytes that one takes decoded and resolved.
    const fn bytes(self) -> usize {
        const ALLOCATED: usize = 32;
        /// Lists grow by doubling.
        const fn twice(a: usize, b: usize) -> usize {
            a.saturating_add(b).saturating_mul(2)
        }
        const NAMED: usize = twice(size_of::<String>(), ALLOCATED);
        const VALUE: usize = twice(size_of::<Value>(), NAMED);
        match self {
            Self::Model => 0,
            Self::Graph => twice(size_of::<wire::GraphProto>(), size_of::<Graph>()),
            Self::Node => twice(size_of::<wire::NodeProto>(), size_of::<Node>()),
            Self::Attribute => twice(size_of::<wire::AttributeProto>(), size_of::<Attribute>()),
            Self::Function => twice(size_of::<wire::FunctionProto>(), size_of::<Graph>()),
            Self::Tensor => twice(size_of::<wire::TensorProto>(), VALUE),
            Self::SparseTensor => twice(size_of::<wire::SparseTensorProto>(), VALUE),
            Self::Declared => twice(size_of::<wire::ValueInfoProto>(), VALUE),
            Self::Name => twice(NAMED, size_of::<Value>()),
            Self::Type | Self::TensorType | Self::Shape => ALLOCATED,
            Self::Container | Self::Entry => twice(ALLOCATED, ALLOCATED),
            Self::Part => twice(size_of::<wire::Dimension>(), size_of::<Dim>()),
        }
    }
}

/// Refuses a file with more nodes or entries than `limits` allow. Malformed
/// input is passed: decoding explains it better.
///
/// # Errors
/// The reason.
pub fn check(bytes: &[u8], limits: &Limits) -> Result<(), String> {
    let mut scan = Scan { limits, nodes: 0, entries: 0 };
    scan.walk(bytes, Kind::Model, 0)
}

/// Nested messages beyond which decoding fails anyway.
const MAX_NESTING: usize = 128;

struct Scan<'l> {
    limits: &'l Limits,
    nodes: usize,
    entries: usize,
}

impl Scan<'_> {
    fn walk(&mut self, mut b: &[u8], kind: Kind, nesting: usize) -> Result<(), String> {
        while let Some((field, payload, rest)) = next(b) {
            b = rest;
            let (Some(k), Some(payload)) = (child(kind, field), payload) else { continue };
            self.count(k)?;
            let enters = !matches!(k, Kind::Name | Kind::Entry | Kind::Part);
            if enters && nesting < MAX_NESTING {
                self.walk(payload, k, nesting.saturating_add(1))?;
            }
        }
        Ok(())
    }

    fn count(&mut self, k: Kind) -> Result<(), String> {
        self.entries = self.entries.saturating_add(usize::from(k.is_entry()));
        self.nodes = self.nodes.saturating_add(usize::from(matches!(k, Kind::Node)));
        if self.nodes > self.limits.nodes {
            return Err(format!("more than {} nodes (limit: nodes)", self.limits.nodes));
        }
        if self.entries > self.limits.entries {
            let max = self.limits.entries;
            return Err(format!("more than {max} names, attributes and tensors (limit: entries)"));
        }
        let charged = budget::work(k.steps()).and(budget::memory(k.bytes()));
        charged.ok_or_else(|| "too much to decode".to_owned())
    }
}

/// Field number, payload where length-delimited, and what follows.
type Field<'a> = (u64, Option<&'a [u8]>, &'a [u8]);

/// The next field.
fn next(mut b: &[u8]) -> Option<Field<'_>> {
    let key = varint(&mut b)?;
    let (payload, rest) = match key & 7 {
        0 => {
            varint(&mut b)?;
            (None, b)
        }
        1 => (None, b.get(8..)?),
        2 => {
            let n = usize::try_from(varint(&mut b)?).ok()?;
            let (p, rest) = b.split_at_checked(n)?;
            (Some(p), rest)
        }
        5 => (None, b.get(4..)?),
        _ => return None,
    };
    Some((key >> 3, payload, rest))
}

fn varint(b: &mut &[u8]) -> Option<u64> {
    let mut x = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = b.split_first()?;
        *b = rest;
        x |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(x);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_and_entries_are_counted_at_every_depth() {
        // model.graph.{node, node.{output, attribute.g.node}}
        let inner = [0x0a, 0];
        let attribute = [&[0x32, inner.len() as u8][..], &inner].concat();
        let node = [&[0x12, 0, 0x2a, attribute.len() as u8][..], &attribute].concat();
        let graph = [&[0x0a, 0, 0x0a, node.len() as u8][..], &node].concat();
        let model = [&[0x3a, graph.len() as u8][..], &graph].concat();
        let ok = |nodes, entries| {
            check(&model, &Limits { nodes, entries, ..Limits::default() })
                .map_err(|e| e.contains("nodes"))
        };
        assert_eq!(ok(3, 7), Ok(()));
        assert_eq!(ok(2, 7), Err(true));
        assert_eq!(ok(3, 6), Err(false));
    }

    #[test]
    fn malformed_input_passes() {
        for bytes in [&[][..], &[0xff; 30], &[0x3a, 200, 1], &[0x3a], &[7]] {
            assert_eq!(check(bytes, &Limits::default()), Ok(()));
        }
    }
}
