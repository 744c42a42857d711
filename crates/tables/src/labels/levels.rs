//! Labels that take few values: a coarse clock, a simulator's steps.

use serde::{Deserialize, Serialize};

/// Most values that count as few.
const MOST: usize = 128;
/// Rows that each value has at least, on average.
const ROWS_PER_LEVEL: usize = 50;

/// The values, ascending, that the labels of a metric take.
///
/// Two networks of one value are tied in the labels. A prediction that is not
/// brought to a value breaks such ties at random, which bounds Kendall's τ-b
/// below 1 even for a predictor without error: at √(1 − t/n₀), with t tied
/// pairs among n₀ (Kendall 1945, "The treatment of ties in ranking problems").
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Levels(Vec<f64>);

impl Levels {
    /// The values of `labels`, where these are few: 2 to 128, with at least 50
    /// labels for each on average.
    pub fn fit(labels: &[f64]) -> Option<Self> {
        let mut values: Vec<f64> = labels.iter().copied().filter(|v| v.is_finite()).collect();
        let rows = values.len();
        values.sort_by(f64::total_cmp);
        values.dedup();
        let few = (2..=MOST).contains(&values.len()) && values.len() * ROWS_PER_LEVEL <= rows;
        few.then_some(Self(values))
    }

    /// The value nearest to `v`, the lower of two equally near; `v` itself
    /// outside all of them.
    pub fn nearest(&self, v: f64) -> f64 {
        let at = self.0.partition_point(|level| *level < v);
        match (at.checked_sub(1).and_then(|i| self.0.get(i)), self.0.get(at)) {
            (Some(below), Some(above)) if v - below <= above - v => *below,
            (Some(_), Some(above)) => *above,
            (None, Some(lowest)) if *lowest == v => *lowest,
            _ => v,
        }
    }

    /// From where to where [`Levels::nearest`] gives the level `v`, a millionth
    /// of the distances to its neighbours left off; infinite beyond the lowest
    /// and the highest. `v` itself twice where it is no level.
    pub fn cell(&self, v: f64) -> [f64; 2] {
        let at = self.0.partition_point(|level| *level < v);
        if self.0.get(at) != Some(&v) {
            return [v, v];
        }
        let reach = |other: f64| v + (other - v) * (0.5 - 1e-6);
        let below = at.checked_sub(1).and_then(|i| self.0.get(i));
        let above = self.0.get(at + 1);
        [below.map_or(f64::NEG_INFINITY, |b| reach(*b)), above.map_or(f64::INFINITY, |a| reach(*a))]
    }

    /// What is wrong with the content, if anything.
    pub fn fault(&self) -> Option<&'static str> {
        let rising = self.0.iter().zip(self.0.iter().skip(1)).all(|(a, b)| a < b);
        let good = rising && self.0.iter().all(|v| v.is_finite());
        (!good).then_some("the values of a metric's labels do not ascend")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_are_levels_and_many_are_not() {
        let coarse: Vec<f64> = (0..300).map(|i| f64::from(i % 3) * 0.5).collect();
        let levels = Levels::fit(&coarse).unwrap();
        assert_eq!(levels, Levels(vec![0.0, 0.5, 1.0]));
        for (v, near) in [(0.1, 0.0), (0.25, 0.0), (0.26, 0.5), (0.9, 1.0), (0.5, 0.5)] {
            assert_eq!(levels.nearest(v), near, "{v}");
        }
        for outside in [-0.1, 1.2, f64::INFINITY] {
            assert_eq!(levels.nearest(outside), outside);
        }
        assert!(levels.nearest(f64::NAN).is_nan());
        let fine: Vec<f64> = (0..300).map(f64::from).collect();
        assert_eq!(Levels::fit(&fine), None);
        assert_eq!(Levels::fit(&[1.0; 300]), None);
        assert_eq!(Levels::fit(&[0.0, 1.0, 0.0]), None);
    }

    #[test]
    fn a_cell_is_what_is_brought_to_its_level() {
        let levels = Levels(vec![0.0, 0.5, 1.5]);
        let [lo, hi] = levels.cell(0.5);
        assert!((lo - 0.25).abs() < 1e-5 && (hi - 1.0).abs() < 1e-5, "{lo} {hi}");
        assert!(levels.nearest(lo) == 0.5 && levels.nearest(hi) == 0.5);
        assert_eq!(levels.cell(0.0)[0], f64::NEG_INFINITY);
        assert_eq!(levels.cell(1.5)[1], f64::INFINITY);
        assert_eq!(levels.cell(0.7), [0.7, 0.7]);
    }

    #[test]
    fn values_that_do_not_ascend_are_found() {
        assert!(Levels(vec![1.0, 1.0]).fault().is_some());
        assert!(Levels(vec![0.0, f64::NAN]).fault().is_some());
        assert!(Levels(vec![0.0, 2.0]).fault().is_none());
    }
}
