//! Correction for the drift of a noisy machine.
//!
//! A control model is measured again and again between the models. Its latency
//! at a time, relative to its median over the whole run, says how slow the
//! machine was then:
//!
//! ```text
//! factor(t) = c(t) / median(c)        corrected = raw / factor(t)
//! ```
//!
//! `c(t)` is the running median of five control measurements (fewer at the
//! ends), interpolated linearly between them and constant beyond the first and
//! last. The running median keeps noise of single control measurements out of
//! the correction; what changes faster than two control measurements is not
//! corrected.

use nneval_tables::statistics::quantile;

/// Control measurements that a smoothed one is the median of.
pub const WINDOW: usize = 5;

/// Smoothed control latencies over time.
#[derive(Debug, Clone, Default)]
pub struct Drift {
    /// By session, `(time, factor)` in the order of time.
    sessions: Vec<Vec<(f64, f64)>>,
}

impl Drift {
    /// From control measurements `(session, time in seconds, latency)` in the
    /// order of time. Smoothing does not cross from one session (a run between
    /// interruptions) to another.
    pub fn new(control: &[(u32, f64, f64)]) -> Self {
        let overall = median(control.iter().map(|c| c.2));
        let Some(overall) = overall.filter(|m| *m > 0.0) else { return Self::default() };
        let sessions = control.iter().map(|c| c.0 as usize + 1).max().unwrap_or(0);
        let mut out = vec![Vec::new(); sessions];
        for (session, points) in out.iter_mut().enumerate() {
            let own: Vec<_> = control.iter().filter(|c| c.0 as usize == session).collect();
            for (i, c) in own.iter().enumerate() {
                let near = own.iter().skip(i.saturating_sub(WINDOW / 2));
                let near = near.take(WINDOW / 2 + 1 + i.min(WINDOW / 2)).map(|c| c.2);
                points.push((c.1, median(near).unwrap_or(overall) / overall));
            }
        }
        Self { sessions: out }
    }

    /// How slow the machine was at `time` of `session`; 1 where nothing is known.
    pub fn factor(&self, session: u32, time: f64) -> f64 {
        let points = self.sessions.get(session as usize).map(Vec::as_slice).unwrap_or_default();
        let after = points.partition_point(|p| p.0 <= time);
        let before = after.checked_sub(1).and_then(|i| points.get(i));
        match (before, points.get(after)) {
            (Some(a), Some(b)) => a.1 + (b.1 - a.1) * (time - a.0) / (b.0 - a.0),
            (Some(p), None) | (None, Some(p)) => p.1,
            (None, None) => 1.0,
        }
    }

    /// Smallest and largest factor.
    pub fn range(&self) -> Option<(f64, f64)> {
        let all = || self.sessions.iter().flatten().map(|p| p.1);
        Some((all().min_by(f64::total_cmp)?, all().max_by(f64::total_cmp)?))
    }
}

/// The median; `None` of nothing.
pub fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    quantile(&sorted, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_hour_is_taken_out() {
        let control: Vec<_> = (0..20)
            .map(|i| (0, f64::from(i), if (10..18).contains(&i) { 3.0 } else { 2.0 }))
            .collect();
        let drift = Drift::new(&control);
        assert_eq!(drift.factor(0, 3.5), 1.0);
        assert_eq!(drift.factor(0, 14.0), 1.5);
        assert_eq!(drift.range(), Some((1.0, 1.5)));
        assert_eq!((drift.factor(0, -5.0), drift.factor(0, 99.0)), (1.0, 1.0));
    }

    #[test]
    fn a_single_outlier_is_not_drift() {
        let mut control: Vec<_> = (0..9).map(|i| (0, f64::from(i), 2.0)).collect();
        control[4].2 = 50.0;
        assert_eq!(Drift::new(&control).range(), Some((1.0, 1.0)));
    }

    #[test]
    fn between_measurements_it_is_interpolated_and_sessions_are_apart() {
        let drift = Drift::new(&[(0, 0.0, 1.0), (1, 10.0, 3.0), (1, 20.0, 3.0)]);
        assert_eq!(drift.factor(0, 5.0), 1.0 / 3.0);
        assert_eq!(drift.factor(1, 15.0), 1.0);
        assert_eq!(drift.factor(2, 0.0), 1.0);
        let ramp = Drift::new(&[(0, 0.0, 1.0), (0, 10.0, 3.0)]);
        assert_eq!(ramp.factor(0, 5.0), 1.0, "both ends are smoothed to the median of both");
        assert_eq!(Drift::new(&[]).factor(0, 1.0), 1.0);
    }
}
