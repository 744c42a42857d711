//! A look over the file before it is decoded: how many nodes and entries it
//! would make, so that a small hostile file cannot claim much memory. Only tags
//! and lengths are read; payloads are skipped.

use super::limits::Limits;

/// What is nested in what: message kinds of `onnx.proto` that hold nodes.
#[derive(Clone, Copy)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    Function,
    /// Counted, not entered.
    Leaf,
}

fn child(of: Kind, field: u64) -> Option<Kind> {
    Some(match (of, field) {
        (Kind::Model, 7) => Kind::Graph,
        (Kind::Model, 25) => Kind::Function,
        (Kind::Graph, 1) | (Kind::Function, 7) => Kind::Node,
        (Kind::Node, 5) | (Kind::Function, 11) => Kind::Attribute,
        (Kind::Attribute, 6 | 11) => Kind::Graph,
        (Kind::Model, 8)
        | (Kind::Graph, 5 | 11 | 12 | 13 | 15)
        | (Kind::Node, 1 | 2)
        | (Kind::Attribute, 5 | 9 | 10 | 15 | 22 | 23)
        | (Kind::Function, 4 | 5 | 6 | 9) => Kind::Leaf,
        _ => return None,
    })
}

/// Refuses a file with more nodes or entries than `limits` allow. Malformed
/// input is passed: decoding explains it better.
///
/// # Errors
/// The reason.
pub fn check(bytes: &[u8], limits: &Limits) -> Result<(), String> {
    let mut counts = (0, 0);
    walk(bytes, Kind::Model, limits, &mut counts, 0)
}

/// Nested messages beyond which decoding fails anyway.
const MAX_NESTING: usize = 128;

fn walk(
    mut b: &[u8],
    kind: Kind,
    limits: &Limits,
    counts: &mut (usize, usize),
    nesting: usize,
) -> Result<(), String> {
    while let Some((field, payload, rest)) = next(b) {
        b = rest;
        let Some(k) = payload.and_then(|_| child(kind, field)) else { continue };
        counts.1 += 1;
        if let Kind::Node = k {
            counts.0 += 1;
        }
        if counts.0 > limits.nodes {
            return Err(format!("more than {} nodes (limit: nodes)", limits.nodes));
        }
        if counts.1 > limits.entries {
            let max = limits.entries;
            return Err(format!("more than {max} names, attributes and tensors (limit: entries)"));
        }
        match (k, payload) {
            (Kind::Leaf, _) | (_, None) => {}
            (k, Some(p)) if nesting < MAX_NESTING => walk(p, k, limits, counts, nesting + 1)?,
            _ => {}
        }
    }
    Ok(())
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
