//! A layered drawing of a network's outline (after Sugiyama, Tagawa & Toda
//! 1981): layers by longest path, long edges by way of points between, order
//! within a layer by the mean place of what is read.

use super::drawing::{CHAR, Drawing, GAP, PAD, Text, draw, frames, text};
use nneval_graph::opstring::{Outline, OutlineBlock};

/// Nodes that are laid out, at most.
pub const MOST_NODES: usize = 400;
/// Rounds of ordering, down and up.
const ROUNDS: usize = 6;

/// A place in a layer: a node, or a point on an edge between others.
pub(super) struct Place {
    pub layer: usize,
    pub node: Option<usize>,
    above: Vec<usize>,
    below: Vec<usize>,
    /// Its middle, in pixels from anywhere.
    pub x: f64,
    pub width: f64,
}

/// Lays `outline` out.
pub fn layout(outline: &Outline) -> Drawing {
    let count = outline.nodes.len().min(MOST_NODES);
    let texts: Vec<Text> = (0..count).map(|i| text(outline, i)).collect();
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

/// Layer of each node; a repeated block has layers of its own.
fn layers(outline: &Outline, count: usize) -> Vec<usize> {
    let mut layers: Vec<usize> = Vec::with_capacity(count);
    let (mut floor, mut deepest) = (0, 0);
    for (i, node) in outline.nodes.iter().enumerate().take(count) {
        let edge = |b: &OutlineBlock| b.nodes.start == i || b.nodes.end == i;
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

fn places(outline: &Outline, texts: &[Text], layers: &[usize]) -> (Vec<Place>, Paths) {
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
        nodes.map(|(i, (text, &layer))| place(layer, Some(i), width(&text.lines))).collect();
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

#[cfg(test)]
mod tests {
    use super::*;
    use nneval_graph::opstring::{outline, parse};

    fn drawing(s: &str) -> Drawing {
        layout(&outline(&parse(s).unwrap()))
    }

    #[test]
    fn readers_are_below_and_boxes_do_not_overlap() {
        let body = "|1<-1:Relu+Conv k3 p1+BatchNormalization|2<-1:Relu+Conv k1|3<-1:Tanh|4<1<2:Add|5<4<3:Add";
        let d = drawing(&format!(
            "|1:Input@ax3x8x8+Conv k3 p1@ax16x8x8;3{{{body}}}|1<-1:Sigmoid|2<-1<1:Add"
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
