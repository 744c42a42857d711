//! Values by their rank: a model of ranks is not led astray by a few networks
//! that are far worse than all others.

/// Maps values to the logits of their ranks among known values.
#[derive(Debug, Clone)]
pub struct Warp(Vec<f64>);

impl Warp {
    /// By ranks among `values`.
    pub fn new(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// The logit of the share of known values below `value`, half of the equal
    /// ones counted.
    pub fn of(&self, value: f64) -> f64 {
        let below = self.0.partition_point(|v| *v < value);
        let upto = self.0.partition_point(|v| *v <= value);
        self.logit((below + upto) as f64 / 2.0)
    }

    /// Where values up to `value` end.
    pub fn end_of(&self, value: f64) -> f64 {
        self.logit(self.0.partition_point(|v| *v <= value) as f64)
    }

    /// Where values from `value` start.
    pub fn start_of(&self, value: f64) -> f64 {
        self.logit(self.0.partition_point(|v| *v < value) as f64)
    }

    fn logit(&self, count: f64) -> f64 {
        let n = self.0.len().max(1) as f64;
        let share = (count / n).clamp(0.25 / n, 1.0 - 0.25 / n);
        (share / (1.0 - share)).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_symmetric_and_limits_lie_between_them() {
        let w = Warp::new(vec![3.0, -1e9, 5.0, 5.0]);
        let z = [-1e9, 3.0, 5.0].map(|v| w.of(v));
        assert_eq!(z[0], (0.125f64 / 0.875).ln());
        assert!(z[0] < z[1] && z[1] < z[2]);
        assert_eq!(z[2], (0.75f64 / 0.25).ln());
        let even = Warp::new(vec![1.0, 2.0, 30.0, 400.0]);
        for (low, high) in [(1.0, 400.0), (2.0, 30.0)] {
            assert!((even.of(low) + even.of(high)).abs() < 1e-12);
        }
        assert!(z[1] < w.end_of(3.0) && w.end_of(3.0) < z[2]);
        assert!(z[0] < w.start_of(3.0) && w.start_of(3.0) < z[1]);
        assert!(w.of(-2e9) < z[0] && w.of(9.0) > z[2]);
        assert!(Warp::new(Vec::new()).of(1.0).is_finite());
    }
}
