//! The outline of an operation graph, for drawings: chains of operations as
//! nodes, repeated blocks once, as in the operation string.

use super::fold::{Item, Reach, Segment, fold};
use super::opgraph::*;
use super::write::{chained, items};
use std::collections::HashMap;
use std::ops::Range;

/// A graph in outline. Nodes read only nodes before them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outline {
    /// Chains of operations, in canonical order.
    pub nodes: Vec<OutlineNode>,
    /// Blocks that repeat, in order; they do not overlap.
    pub blocks: Vec<OutlineBlock>,
}

/// A chain of operations, each of which reads the one before it alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutlineNode {
    /// A line an operation: kind and attributes. Empty for the node of a block
    /// whose content stands in [`OutlineBlock::same_as`].
    pub lines: Vec<String>,
    /// Shape that the chain gives, as spelled; empty where it is not known.
    pub shape: String,
    /// Nodes that the chain reads, ascending, each once. Of a repeated block
    /// the reads of its first repetition.
    pub reads: Vec<usize>,
}

/// A block that repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlineBlock {
    /// Its nodes.
    pub nodes: Range<usize>,
    /// Repetitions, two at least.
    pub count: usize,
    /// The earlier block, by position, that spells the same but for shapes that
    /// are inherited.
    pub same_as: Option<usize>,
}

/// The outline of `g`; bodies of its operations are left out.
///
/// ```
/// use nneval_graph::opstring;
/// let s = "|1:Input@ax3x32x32+Conv k3 p1@ax16x32x32;4{|1<-1:Relu+Conv k3 p1+BatchNormalization|2<-1<1:Add}";
/// let outline = opstring::outline(&opstring::parse(s)?);
/// assert_eq!(outline.nodes.len(), 3);
/// assert_eq!(outline.nodes[1].lines, ["Relu", "Conv k3 p1", "BatchNormalization"]);
/// assert_eq!(outline.nodes[2].reads, [0, 1]);
/// assert_eq!((outline.blocks[0].nodes.clone(), outline.blocks[0].count), (1..3, 4));
/// # Ok::<(), nneval_graph::Error>(())
/// ```
pub fn outline(g: &OpGraph) -> Outline {
    let items = items(g);
    let mut outline = Outline::default();
    let mut node_of: Vec<usize> = Vec::with_capacity(items.len());
    let mut known: HashMap<Vec<Spelled>, usize> = HashMap::new();
    for segment in fold(&items) {
        let first = outline.nodes.len();
        if segment.count == 1 {
            add_chains(g, &items, &segment, &mut node_of, &mut outline);
            continue;
        }
        let here = outline.blocks.len();
        let same_as = *known.entry(spelled(&items, &segment)).or_insert(here);
        let same_as = (same_as < here).then_some(same_as);
        match same_as {
            Some(_) => add_whole(g, &items, &segment, &mut node_of, &mut outline),
            None => add_chains(g, &items, &segment, &mut node_of, &mut outline),
        }
        let nodes = first..outline.nodes.len();
        let repetition: Vec<usize> = node_of.get(segment.start..).unwrap_or_default().to_vec();
        for _ in 1..segment.count {
            node_of.extend(&repetition);
        }
        outline.blocks.push(OutlineBlock { nodes, count: segment.count, same_as });
    }
    outline
}

/// What one operation of a block looks like in the string.
type Spelled = (u32, Vec<(usize, usize, bool)>);

fn spelled(items: &[Item], seg: &Segment) -> Vec<Spelled> {
    let read = |((op, output), reach): (&(usize, usize), &Reach)| match reach {
        Reach::Relative => ((seg.start + seg.period).wrapping_sub(*op), *output, true),
        Reach::Absolute => (*op, *output, false),
    };
    let stretch = items.iter().skip(seg.start).take(seg.period).zip(&seg.reach);
    let one = |(item, reach): (&Item, &Vec<Reach>)| {
        (item.text, item.reads.iter().zip(reach).map(read).collect())
    };
    stretch.map(one).collect()
}

/// Nodes read by an operation, those that `node_of` knows.
fn reads_of(item: &Item, node_of: &[usize], own: usize) -> Vec<usize> {
    item.reads.iter().filter_map(|r| node_of.get(r.0).copied()).filter(|&n| n != own).collect()
}

/// A node a chain of one repetition.
fn add_chains(
    g: &OpGraph,
    items: &[Item],
    seg: &Segment,
    node_of: &mut Vec<usize>,
    outline: &mut Outline,
) {
    let continues = chained(items, seg);
    let stretch = items.iter().zip(&g.ops).skip(seg.start).take(seg.period);
    for ((item, op), continues) in stretch.zip(continues) {
        if !continues {
            let reads = reads_of(item, node_of, usize::MAX);
            outline.nodes.push(OutlineNode { reads, ..Default::default() });
        }
        node_of.push(outline.nodes.len().saturating_sub(1));
        if let Some(node) = outline.nodes.last_mut() {
            node.lines.push(line(op));
            node.shape = op.outputs.first().cloned().unwrap_or_default();
            node.reads.sort_unstable();
            node.reads.dedup();
        }
    }
}

/// One node for a whole repetition.
fn add_whole(
    g: &OpGraph,
    items: &[Item],
    seg: &Segment,
    node_of: &mut Vec<usize>,
    outline: &mut Outline,
) {
    let own = outline.nodes.len();
    let mut node = OutlineNode::default();
    for (item, op) in items.iter().zip(&g.ops).skip(seg.start).take(seg.period) {
        node.reads.extend(reads_of(item, node_of, own));
        node.shape = op.outputs.first().cloned().unwrap_or_default();
        node_of.push(own);
    }
    node.reads.sort_unstable();
    node.reads.dedup();
    outline.nodes.push(node);
}

fn line(op: &Op) -> String {
    std::iter::once(&op.kind)
        .chain(&op.attributes)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opstring::parse;

    #[test]
    fn equal_blocks_stand_once_and_readers_find_the_last_repetition() {
        let body = "|1<-1:Relu+Conv k3 p1+BatchNormalization|2<-1<1:Add";
        let s = format!(
            "|1:Input@ax3x8x8+Conv k3 p1@ax16x8x8;3{{{body}}}|1<-1:AveragePool k2 s2@ax16x4x4+Conv k1@ax32x4x4;3{{={}}}|1<-1:Sigmoid",
            1
        );
        let outline = outline(&parse(&s).unwrap());
        let counts: Vec<_> = outline.blocks.iter().map(|b| (b.count, b.same_as)).collect();
        assert_eq!(counts, [(3, None), (3, Some(0))]);
        let reads: Vec<&[usize]> = outline.nodes.iter().map(|n| n.reads.as_slice()).collect();
        assert_eq!(reads, [&[][..], &[0], &[0, 1], &[2], &[3], &[4]]);
        assert!(outline.nodes[4].lines.is_empty() && outline.nodes[4].shape == "ax32x4x4");
    }
}
