//! Cells of NAS-Bench-101: a directed acyclic graph with an operation on each inner
//! vertex.

use crate::error::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// Vertices of a cell, at most.
pub(super) const VERTICES: usize = 7;
/// Inner vertices of a cell, at most.
pub(super) const INNER: usize = VERTICES - 2;
/// Edges of a cell, at most.
pub(super) const EDGES: u32 = 9;

/// The operation of an inner vertex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Op101 {
    /// 3x3 Conv, BatchNormalization, Relu; written 0.
    Conv3x3,
    /// 1x1 Conv, BatchNormalization, Relu; written 1.
    Conv1x1,
    /// 3x3 MaxPool of stride 1; written 2.
    MaxPool,
}

impl Op101 {
    /// Every operation, in the order of their digits.
    pub const ALL: [Self; 3] = [Self::Conv3x3, Self::Conv1x1, Self::MaxPool];
}

/// A cell, written `EDGES|OPS`: edges `ij` from vertex `i` to vertex `j`, vertex 0 the
/// input and the last one the output; then a digit for each inner vertex. Every
/// inner vertex is on a path from input to output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell101 {
    vertices: u8,
    edges: Edges,
    /// Those beyond the inner vertices are the first operation.
    ops: [Op101; INNER],
}

/// Edges, a bit for each pair of vertices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(super) struct Edges(pub(super) u32);

impl Edges {
    /// The bit of the edge from `from` to `to`, which is the larger one.
    pub(super) fn bit(from: usize, to: usize) -> u32 {
        1 << (to * to.saturating_sub(1) / 2 + from)
    }

    pub(super) fn has(self, from: usize, to: usize) -> bool {
        from < to && self.0 & Self::bit(from, to) != 0
    }

    #[must_use]
    pub(super) fn with(self, from: usize, to: usize) -> Self {
        Self(self.0 | Self::bit(from, to))
    }

    pub(super) fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// An inner vertex, of a graph of so many vertices, that no edge enters or none
    /// leaves.
    pub(super) fn loose(self, vertices: usize) -> Option<usize> {
        let inner = 1..vertices.saturating_sub(1);
        inner.into_iter().find(|&v| {
            let enters = (0..v).any(|from| self.has(from, v));
            let leaves = (v + 1..vertices).any(|to| self.has(v, to));
            !(enters && leaves)
        })
    }
}

impl Cell101 {
    /// Number of cells, isomorphic ones counted once.
    pub const COUNT: usize = 423_624;

    /// The cell of a graph whose inner vertices are all on a path from input to output.
    pub(super) fn new(vertices: usize, edges: Edges, ops: [Op101; INNER]) -> Self {
        let mut ops = ops;
        ops.iter_mut().skip(vertices.saturating_sub(2)).for_each(|op| *op = Op101::Conv3x3);
        Self { vertices: vertices.min(VERTICES) as u8, edges, ops }
    }

    /// Number of vertices, input and output included.
    pub fn vertices(&self) -> usize {
        usize::from(self.vertices)
    }

    /// Whether there is an edge between two vertices.
    pub fn has_edge(&self, from: usize, to: usize) -> bool {
        self.edges.has(from, to)
    }

    /// Operations of the inner vertices.
    pub fn ops(&self) -> &[Op101] {
        self.ops.get(..self.vertices().saturating_sub(2)).unwrap_or_default()
    }

    pub(super) fn edges(&self) -> Edges {
        self.edges
    }

    pub(super) fn padded_ops(&self) -> [Op101; INNER] {
        self.ops
    }
}

impl fmt::Display for Cell101 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.vertices();
        let pairs = (0..n).flat_map(|from| (from + 1..n).map(move |to| (from, to)));
        let mut space = "";
        for (from, to) in pairs.filter(|&(from, to)| self.has_edge(from, to)) {
            write!(f, "{space}{from}{to}")?;
            space = " ";
        }
        f.write_str("|")?;
        self.ops().iter().try_for_each(|op| write!(f, "{}", *op as u8))
    }
}

impl FromStr for Cell101 {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self> {
        parse(s).map_err(|reason| Error::Architecture { arch: s.to_owned(), reason })
    }
}

/// Reads an architecture string; the error is the reason.
fn parse(s: &str) -> Result<Cell101, String> {
    let Some((edges, ops)) = s.split_once('|') else {
        return Err("is not of the form EDGES|OPS".into());
    };
    let count = ops.chars().count();
    if count > INNER {
        return Err(format!("{count} operations, at most {INNER} are possible"));
    }
    let mut all = [Op101::Conv3x3; INNER];
    for (slot, digit) in all.iter_mut().zip(ops.chars()) {
        let op = digit.to_digit(10).and_then(|d| Op101::ALL.get(d as usize));
        *slot = *op.ok_or_else(|| format!("operation {digit:?} is not 0, 1 or 2"))?;
    }
    let vertices = count + 2;
    let edges = parse_edges(edges, vertices)?;
    match edges.loose(vertices) {
        Some(v) => Err(format!("vertex {v} is on no path from input to output")),
        None => Ok(Cell101::new(vertices, edges, all)),
    }
}

fn parse_edges(text: &str, vertices: usize) -> Result<Edges, String> {
    let mut edges = Edges::default();
    for edge in text.split(' ') {
        let digits: Vec<usize> =
            edge.chars().filter_map(|c| c.to_digit(10)).map(|d| d as usize).collect();
        let (&[from, to], true) = (digits.as_slice(), edge.len() == 2) else {
            return Err(format!("edge {edge:?} is not two digits"));
        };
        if from >= to || to >= vertices {
            return Err(format!(
                "edge {edge:?} does not lead from a vertex to a later one of {vertices}"
            ));
        }
        if edges.has(from, to) {
            return Err(format!("edge {edge:?} is there twice"));
        }
        edges = edges.with(from, to);
    }
    match edges.count() > EDGES {
        true => Err(format!("{} edges, at most {EDGES} are possible", edges.count())),
        false => Ok(edges),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_round_trip() {
        for text in ["01|", "01 12 23 34 35 36 45 56|11010", "01 02 12 13 23|21"] {
            assert_eq!(text.parse::<Cell101>().unwrap().to_string(), text);
        }
        let cell: Cell101 = "02 01 12|0".parse().unwrap();
        assert_eq!(cell.to_string(), "01 02 12|0");
        assert!(cell.has_edge(1, 2) && !cell.has_edge(2, 1));
        assert_eq!((cell.vertices(), cell.ops()), (3, &[Op101::Conv3x3][..]));
    }

    #[test]
    fn malformed_strings_are_explained() {
        let reason = |s: &str| s.parse::<Cell101>().unwrap_err().to_string();
        assert!(reason("01 12").contains("EDGES|OPS"));
        assert!(reason("01 12|3").contains("'3' is not 0, 1 or 2"));
        assert!(reason("01 12|000000").contains("6 operations"));
        assert!(reason("|").contains("edge \"\" is not two digits"));
        assert!(reason("0é|").contains("not two digits"));
        assert!(reason("01 012|0").contains("\"012\" is not two digits"));
        assert!(reason("01 13|0").contains("\"13\" does not lead"));
        assert!(reason("10 12|0").contains("\"10\" does not lead"));
        assert!(reason("01 01 12|0").contains("twice"));
        assert!(reason("02|0").contains("vertex 1 is on no path"));
        assert!(reason("02 12|0").contains("vertex 1"));
        let many = "01 02 03 04 05 06 12 13 14 15 16|00000";
        assert!(reason(many).contains("11 edges, at most 9"), "{}", reason(many));
    }
}
