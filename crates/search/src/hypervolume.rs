//! Hypervolume of a front (Zitzler and Thiele 1999), exact in two dimensions.

/// The area that `points` (two costs each, smaller is better) dominate up to
/// `reference`. Points beyond it, and those with a cost that is no number, add
/// nothing.
pub fn hypervolume_2d(points: &[[f64; 2]], reference: [f64; 2]) -> f64 {
    let [right, top] = reference;
    let mut inside: Vec<[f64; 2]> =
        points.iter().copied().filter(|[x, y]| *x < right && *y < top).collect();
    inside.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let (mut area, mut lowest) = (0.0, top);
    for [x, y] in inside {
        if y < lowest {
            area += (right - x) * (lowest - y);
            lowest = y;
        }
    }
    area
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas() {
        assert_eq!(hypervolume_2d(&[], [1.0, 1.0]), 0.0);
        assert_eq!(hypervolume_2d(&[[0.0, 0.0]], [2.0, 3.0]), 6.0);
        let front = [[0.0, 2.0], [1.0, 1.0], [2.0, 0.0], [1.5, 1.5], [5.0, -5.0]];
        assert_eq!(hypervolume_2d(&front, [3.0, 3.0]), 3.0 + 2.0 + 1.0);
        assert_eq!(hypervolume_2d(&[[f64::NAN, 0.0]], [1.0, 1.0]), 0.0);
    }
}
