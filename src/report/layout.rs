//! A layered drawing of a network's outline (after Sugiyama, Tagawa & Toda
//! 1981): layers by longest path, long edges by way of points between, order
//! within a layer by the mean place of what is read.

use crate::opstring::Outline;
use serde::Serialize;

/// Nodes that are laid out, at most.
pub const MOST_NODES: usize = 400;
/// Rounds of ordering, down and up.
const ROUNDS: usize = 6;
/// Lines of a node, at most.
const LINES: usize = 5;
/// Characters of a line, at most.
const WIDTH: usize = 26;
/// Width of a character, height of a line, and room around, in pixels.
const CHAR: f64 = 6.7;
const LINE: f64 = 15.0;
const PAD: f64 = 9.0;
const GAP: [f64; 2] = [18.0, 26.0];

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

/// A place in a layer: a node, or a point on an edge between others.
struct Place {
    layer: usize,
    node: Option<usize>,
    above: Vec<usize>,
    below: Vec<usize>,
    x: f64,
    width: f64,
}

/// Lays `outline` out.
pub fn layout(outline: &Outline) -> Drawing {
    let count = outline.nodes.len().min(MOST_NODES);
    let texts: Vec<(Vec<String>, String)> = (0..count).map(|i| text(outline, i)).collect();
    let layers = layers(outline, count);
    let (mut places, paths) = places(outline, &texts, &layers);
    let mut rows = rows(&places);
    for round in 0..ROUNDS {
        order(&mut places, &mut rows, round % 2 == 0);
    }
    for round in 0..ROUNDS {
        align(&mut places, &rows, round % 2 == 0);
    }
    let mut drawing = draw(&places, &rows, &texts, &paths);
    drawing.blocks = frames(outline, &drawing.nodes);
    drawing.left_out = outline.nodes.len() - count;
    drawing
}

/// Lines of a node, shortened, and its text in full.
fn text(outline: &Outline, i: usize) -> (Vec<String>, String) {
    let Some(node) = outline.nodes.get(i) else { return Default::default() };
    let whole = outline.blocks.iter().find(|b| b.nodes.contains(&i) && b.same_as.is_some());
    if let Some(same) = whole.and_then(|b| b.same_as) {
        let line = format!("as block {}", same + 1);
        return (vec![line.clone()], format!("{line}, gives {}", node.shape));
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
    (lines, format!("{}, gives {}", node.lines.join(", "), node.shape))
}

/// Layer of each node; a repeated block has layers of its own.
fn layers(outline: &Outline, count: usize) -> Vec<usize> {
    let mut layers: Vec<usize> = Vec::with_capacity(count);
    let (mut floor, mut deepest) = (0, 0);
    for (i, node) in outline.nodes.iter().enumerate().take(count) {
        let edge = |b: &crate::opstring::OutlineBlock| b.nodes.start == i || b.nodes.end == i;
        if i > 0 && outline.blocks.iter().any(edge) {
            floor = deepest + 1;
        }
        let after = node.reads.iter().filter_map(|&r| layers.get(r)).map(|l| l + 1).max();
        let layer = after.unwrap_or(0).max(floor);
        deepest = deepest.max(layer);
        layers.push(layer);
    }
    layers
}

/// For each edge the places that it passes, ends included.
type Paths = Vec<Vec<usize>>;

fn places(
    outline: &Outline,
    texts: &[(Vec<String>, String)],
    layers: &[usize],
) -> (Vec<Place>, Paths) {
    let width = |lines: &[String]| {
        let longest = lines.iter().map(|l| l.chars().count()).max().unwrap_or(0);
        longest as f64 * CHAR + 2.0 * PAD
    };
    let place = |layer, node, width| Place {
        layer,
        node,
        above: Vec::new(),
        below: Vec::new(),
        x: 0.0,
        width,
    };
    let nodes = texts.iter().zip(layers).enumerate();
    let mut places: Vec<Place> =
        nodes.map(|(i, (text, &layer))| place(layer, Some(i), width(&text.0))).collect();
    let mut paths = Vec::new();
    for (to, node) in outline.nodes.iter().enumerate().take(layers.len()) {
        for &from in &node.reads {
            let (Some(&start), Some(&end)) = (layers.get(from), layers.get(to)) else { continue };
            let mut path = vec![from];
            for layer in start + 1..end {
                path.push(places.len());
                places.push(place(layer, None, 8.0));
            }
            path.push(to);
            for pair in path.windows(2) {
                if let &[a, b] = pair {
                    if let Some(p) = places.get_mut(a) {
                        p.below.push(b);
                    }
                    if let Some(p) = places.get_mut(b) {
                        p.above.push(a);
                    }
                }
            }
            paths.push(path);
        }
    }
    (places, paths)
}

/// Places by layer.
fn rows(places: &[Place]) -> Vec<Vec<usize>> {
    let depth = places.iter().map(|p| p.layer + 1).max().unwrap_or(0);
    let mut rows = vec![Vec::new(); depth];
    for (i, place) in places.iter().enumerate() {
        if let Some(row) = rows.get_mut(place.layer) {
            row.push(i);
        }
    }
    rows
}

/// Orders every layer by the mean place of the neighbours above, or below.
fn order(places: &mut [Place], rows: &mut [Vec<usize>], down: bool) {
    let count = rows.len();
    for k in 0..count {
        let at = if down { k } else { count - 1 - k };
        let Some(row) = rows.get_mut(at) else { continue };
        let key = |i: &usize| {
            let place = places.get(*i)?;
            mean(places, if down { &place.above } else { &place.below }).or(Some(place.x))
        };
        let mut keyed: Vec<(f64, usize)> =
            row.iter().map(|i| (key(i).unwrap_or(0.0), *i)).collect();
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
        *row = keyed.iter().map(|k| k.1).collect();
        let middle = (row.len() as f64 - 1.0) / 2.0;
        for (n, &i) in row.iter().enumerate() {
            if let Some(place) = places.get_mut(i) {
                place.x = (n as f64 - middle) * 100.0;
            }
        }
    }
}

fn mean(places: &[Place], of: &[usize]) -> Option<f64> {
    let xs: Vec<f64> = of.iter().filter_map(|&i| Some(places.get(i)?.x)).collect();
    (!xs.is_empty()).then(|| xs.iter().sum::<f64>() / xs.len() as f64)
}

/// Moves places towards their neighbours, in order and without overlap.
fn align(places: &mut [Place], rows: &[Vec<usize>], down: bool) {
    for k in 0..rows.len() {
        let Some(row) = rows.get(if down { k } else { rows.len() - 1 - k }) else { continue };
        let wanted: Vec<f64> = row
            .iter()
            .filter_map(|&i| places.get(i))
            .map(|p| mean(places, if down { &p.above } else { &p.below }).unwrap_or(p.x))
            .collect();
        let widths: Vec<f64> = row.iter().filter_map(|&i| Some(places.get(i)?.width)).collect();
        let mut left = f64::NEG_INFINITY;
        let mut placed = Vec::with_capacity(row.len());
        for (want, width) in wanted.iter().zip(&widths) {
            let x = want.max(left + width / 2.0);
            left = x + width / 2.0 + GAP[0];
            placed.push(x);
        }
        let drift = placed.iter().zip(&wanted).map(|(p, w)| p - w).sum::<f64>();
        let shift = drift / placed.len().max(1) as f64;
        for (x, &i) in placed.iter().zip(row) {
            if let Some(place) = places.get_mut(i) {
                place.x = x - shift;
            }
        }
    }
}

fn draw(
    places: &[Place],
    rows: &[Vec<usize>],
    texts: &[(Vec<String>, String)],
    paths: &[Vec<usize>],
) -> Drawing {
    let margin = 30.0;
    let left = places.iter().map(|p| p.x - p.width / 2.0).fold(f64::INFINITY, f64::min);
    let right = places.iter().map(|p| p.x + p.width / 2.0).fold(f64::NEG_INFINITY, f64::max);
    let height = |i: &usize| {
        let node = places.get(*i).and_then(|p| p.node).and_then(|n| texts.get(n));
        node.map_or(0.0, |t| t.0.len().max(1) as f64 * LINE + 2.0 * PAD)
    };
    let (mut y, mut tops) = (margin, Vec::new());
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
        Some([round(p.x - left + margin), round(y)])
    };
    let node = |i: usize, text: &(Vec<String>, String)| {
        let (corner, width) = (spot(i, false)?, places.get(i)?.width);
        let at = [round(corner[0] - width / 2.0), corner[1], round(width), height(&i)];
        Some(DrawnNode { at, lines: text.0.clone(), title: text.1.clone() })
    };
    let edge = |path: &Vec<usize>| {
        let last = path.len().saturating_sub(1);
        let points = path.iter().enumerate().filter_map(|(n, &i)| spot(i, n < last));
        points.collect()
    };
    let wide = if right > left { right - left } else { 0.0 };
    Drawing {
        size: [round(wide + 2.0 * margin), round(y - GAP[1] + margin)],
        nodes: texts.iter().enumerate().filter_map(|(i, t)| node(i, t)).collect(),
        edges: paths.iter().map(edge).collect(),
        ..Drawing::default()
    }
}

fn round(v: f64) -> f64 {
    (v * 10.0).round() / 10.0
}

fn frames(outline: &Outline, nodes: &[DrawnNode]) -> Vec<DrawnBlock> {
    let frame = |(k, b): (usize, &crate::opstring::OutlineBlock)| {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opstring::{outline, parse};

    fn drawing(s: &str) -> Drawing {
        layout(&outline(&parse(s).unwrap()))
    }

    #[test]
    fn readers_are_below_and_boxes_do_not_overlap() {
        let body = "|1<-1:Relu+Conv k3 p1+BatchNormalization|2<-1:Relu+Conv k1|3<-1:Tanh|4<1<2:Add|5<4<3:Add";
        let d = drawing(&format!(
            "|1:Input@ax3x8x8+Conv k3 p1@ax16x8x8;3{{{body}}}|1<-1:Relu|2<-1<1:Add"
        ));
        assert_eq!((d.nodes.len(), d.blocks.len(), d.left_out), (8, 1, 0));
        for edge in &d.edges {
            assert!(edge.windows(2).all(|p| p[1][1] > p[0][1]), "{edge:?}");
        }
        for (i, a) in d.nodes.iter().enumerate() {
            assert!(a.at[0] >= 0.0 && a.at[0] + a.at[2] <= d.size[0], "{a:?}");
            for b in d.nodes.iter().skip(i + 1) {
                let apart =
                    |k: usize| a.at[k] + a.at[k + 2] <= b.at[k] || b.at[k] + b.at[k + 2] <= a.at[k];
                assert!(apart(0) || apart(1), "{a:?} {b:?}");
            }
        }
        assert_eq!(d.blocks[0].label, "block 1, 3 times");
    }

    #[test]
    fn nothing_and_too_much_can_be_laid_out() {
        assert_eq!(layout(&Outline::default()).nodes.len(), 0);
        let mut s = String::from("|1:Input@4");
        (2..900).for_each(|i| s += &format!("|{i}<{}<{}:Max", i - 1, (i - 1) / 2 + 1));
        let d = drawing(&s);
        assert!(d.nodes.len() <= MOST_NODES && d.size.iter().all(|v| v.is_finite()));
    }
}
