//! Boxes, edges and frames of a network that is laid out.

use super::layout::Place;
use nneval_graph::opstring::{Outline, OutlineBlock};
use serde::Serialize;

/// Lines of a node, at most.
const LINES: usize = 5;
/// Characters of a line, at most.
const WIDTH: usize = 26;
/// Width of a character, in pixels.
pub const CHAR: f64 = 6.7;
/// Height of a line.
const LINE: f64 = 15.0;
/// Room around the text of a box.
pub const PAD: f64 = 9.0;
/// Room between boxes, across and down.
pub const GAP: [f64; 2] = [18.0, 26.0];
/// Room around the drawing.
const MARGIN: f64 = 30.0;

/// What a box says.
#[derive(Debug, Clone, Default)]
pub struct Text {
    /// Lines, shortened.
    pub lines: Vec<String>,
    /// In full, with the shape of the output.
    pub title: String,
}

/// A drawing, in pixels from its top left corner.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Drawing {
    /// Width and height.
    pub size: [f64; 2],
    /// Boxes.
    pub nodes: Vec<DrawnNode>,
    /// Points of each edge, from the node read to the reader.
    pub edges: Vec<Vec<[f64; 2]>>,
    /// Frames of repeated blocks.
    pub blocks: Vec<DrawnBlock>,
    /// Nodes left out at the end, where there are more than are laid out.
    pub left_out: usize,
}

/// A box with text.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct DrawnNode {
    /// Left, top, width, height.
    pub at: [f64; 4],
    /// Its text.
    pub lines: Vec<String>,
    /// Its text in full, with the shape of its output.
    pub title: String,
}

/// A frame.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DrawnBlock {
    /// Left, top, width, height.
    pub at: [f64; 4],
    /// `block 1, 5 times`.
    pub label: String,
}

/// The text of a node.
pub fn text(outline: &Outline, i: usize) -> Text {
    let Some(node) = outline.nodes.get(i) else { return Default::default() };
    let whole = outline.blocks.iter().find(|b| b.nodes.contains(&i) && b.same_as.is_some());
    if let Some(same) = whole.and_then(|b| b.same_as) {
        let line = format!("as block {}", same + 1);
        return Text { title: format!("{line}, gives {}", node.shape), lines: vec![line] };
    }
    let short = |l: &String| match l.chars().count() {
        n if n > WIDTH => l.chars().take(WIDTH - 1).chain(['…']).collect(),
        _ => l.clone(),
    };
    let mut lines: Vec<String> = node.lines.iter().map(short).collect();
    if lines.len() > LINES {
        let more = lines.len() + 1 - LINES;
        lines.truncate(LINES - 1);
        lines.push(format!("and {more} more"));
    }
    Text { lines, title: format!("{}, gives {}", node.lines.join(", "), node.shape) }
}

/// Boxes and edges.
pub fn draw(
    places: &[Place],
    rows: &[Vec<usize>],
    texts: &[Text],
    paths: &[Vec<usize>],
) -> Drawing {
    let left = places.iter().map(|p| p.x - p.width / 2.0).fold(f64::INFINITY, f64::min);
    let right = places.iter().map(|p| p.x + p.width / 2.0).fold(f64::NEG_INFINITY, f64::max);
    let height = |i: &usize| {
        let node = places.get(*i).and_then(|p| p.node).and_then(|n| texts.get(n));
        node.map_or(0.0, |t| t.lines.len().max(1) as f64 * LINE + 2.0 * PAD)
    };
    let (mut y, mut tops) = (MARGIN, Vec::new());
    for row in rows {
        let tall = row.iter().map(height).fold(0.0, f64::max);
        tops.push((y, tall));
        y += tall + GAP[1];
    }
    let spot = |i: usize, bottom: bool| {
        let p = places.get(i)?;
        let (top, tall) = tops.get(p.layer).copied()?;
        let half = height(&i) / 2.0;
        let middle = top + tall / 2.0;
        let y = if bottom { middle + half } else { middle - half };
        Some([round(p.x - left + MARGIN), round(y)])
    };
    let node = |i: usize, text: &Text| {
        let (corner, width) = (spot(i, false)?, places.get(i)?.width);
        let at = [round(corner[0] - width / 2.0), corner[1], round(width), height(&i)];
        Some(DrawnNode { at, lines: text.lines.clone(), title: text.title.clone() })
    };
    let edge = |path: &Vec<usize>| {
        let last = path.len().saturating_sub(1);
        let points = path.iter().enumerate().filter_map(|(n, &i)| spot(i, n < last));
        points.collect()
    };
    let wide = if right > left { right - left } else { 0.0 };
    Drawing {
        size: [round(wide + 2.0 * MARGIN), round(y - GAP[1] + MARGIN)],
        nodes: texts.iter().enumerate().filter_map(|(i, t)| node(i, t)).collect(),
        edges: paths.iter().map(edge).collect(),
        ..Drawing::default()
    }
}

fn round(v: f64) -> f64 {
    (v * 10.0).round() / 10.0
}

/// Frames of the blocks among `nodes`.
pub fn frames(outline: &Outline, nodes: &[DrawnNode]) -> Vec<DrawnBlock> {
    let frame = |(k, b): (usize, &OutlineBlock)| {
        let inside = nodes.get(b.nodes.start..b.nodes.end.min(nodes.len()))?;
        let low = |k: usize| inside.iter().map(|n| n.at[k]).fold(f64::INFINITY, f64::min);
        let high = |k: usize| {
            inside.iter().map(|n| n.at[k] + n.at[k + 2]).fold(f64::NEG_INFINITY, f64::max)
        };
        let (x, y) = (low(0) - 14.0, low(1) - 11.0);
        let at = [x, y, high(0) + 14.0 - x, high(1) + 11.0 - y].map(round);
        let label = match b.same_as {
            Some(_) => format!("{} times", b.count),
            None => format!("block {}, {} times", k + 1, b.count),
        };
        (!inside.is_empty()).then_some(DrawnBlock { at, label })
    };
    outline.blocks.iter().enumerate().filter_map(frame).collect()
}
