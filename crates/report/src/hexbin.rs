//! Counts of points by hexagons (Carr et al., "Scatterplot matrix techniques
//! for large N", JASA 1987): of two shifted rectangular grids the nearer centre.

use std::collections::BTreeMap;
use std::ops::Range;

/// A hexagon that holds points.
#[derive(Debug, Clone, PartialEq)]
pub struct Hexagon {
    /// Its corners.
    pub corners: Vec<(f64, f64)>,
    /// Points inside.
    pub count: usize,
}

/// Height of a row over the width of a hexagon.
const ROW: f64 = 0.866_025_403_784_438_6;

/// The hexagons that hold points, `across` of them side by side over the frame;
/// `aspect` is the frame's height over its width as drawn.
pub fn hexbin(
    points: &[(f64, f64)],
    x: &Range<f64>,
    y: &Range<f64>,
    across: u32,
    aspect: f64,
) -> Vec<Hexagon> {
    let (wide, high) = (x.end - x.start, y.end - y.start);
    let columns = f64::from(across.max(1));
    let rows = columns * aspect / ROW;
    let mut counts: BTreeMap<(i64, i64), usize> = BTreeMap::new();
    for (px, py) in points.iter().filter(|p| x.contains(&p.0) && y.contains(&p.1)) {
        let (u, v) = ((px - x.start) / wide * columns, (py - y.start) / high * rows);
        *counts.entry(cell(u, v)).or_default() += 1;
    }
    let corner = |i: i64, j: i64, (dx, dy): (f64, f64)| {
        let (u, v) = centre(i, j);
        (x.start + (u + dx) / columns * wide, y.start + (v + dy / ROW) / rows * high)
    };
    let radius = 0.5 / ROW;
    let around: Vec<(f64, f64)> = (0..6)
        .map(|k| (f64::from(k) * 60.0 + 30.0).to_radians())
        .map(|a| (radius * a.cos(), radius * a.sin()))
        .collect();
    let hexagon = |((i, j), count): ((i64, i64), usize)| Hexagon {
        corners: around.iter().map(|d| corner(i, j, *d)).collect(),
        count,
    };
    counts.into_iter().map(hexagon).collect()
}

/// Centre of a hexagon in units of its width and of a row.
fn centre(i: i64, j: i64) -> (f64, f64) {
    (i as f64 + if j.rem_euclid(2) == 1 { 0.5 } else { 0.0 }, j as f64)
}

/// The hexagon with the nearest centre.
fn cell(u: f64, v: f64) -> (i64, i64) {
    let below = v.floor() as i64;
    let near = |j: i64| {
        let shift = if j.rem_euclid(2) == 1 { 0.5 } else { 0.0 };
        let i = (u - shift).round() as i64;
        let (cu, cv) = centre(i, j);
        (((u - cu).powi(2) + ((v - cv) * ROW).powi(2)), (i, j))
    };
    let (a, b) = (near(below), near(below + 1));
    if a.0 <= b.0 { a.1 } else { b.1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_point_counts_once_in_a_hexagon_near_it() {
        let points: Vec<(f64, f64)> =
            (0..900).map(|i| (f64::from(i % 30) / 30.0, f64::from(i / 30) / 30.0)).collect();
        let cells = hexbin(&points, &(0.0..1.0), &(0.0..1.0), 10, 1.0);
        assert_eq!(cells.iter().map(|c| c.count).sum::<usize>(), 900);
        assert!(cells.iter().all(|c| c.corners.len() == 6 && c.count <= 16), "{cells:?}");
        let one = hexbin(&[(0.5, 0.5), (9.0, 0.5)], &(0.0..1.0), &(0.0..1.0), 10, 1.0);
        assert_eq!(one.len(), 1);
        for (x, y) in &one[0].corners {
            assert!((x - 0.5).abs() < 0.16 && (y - 0.5).abs() < 0.16, "{x} {y}");
        }
        assert!(hexbin(&[], &(0.0..1.0), &(0.0..1.0), 10, 1.0).is_empty());
    }
}
