//! Scores of an evaluator as content of a page: predictions beside reported values, and τ
//! beside that of baselines.

use super::rounded;
use nneval_evaluator::{Manifest, Metric};
use nneval_tables::statistics as stats;
use nneval_tables::statistics::INTERVAL_LEVEL;
use nneval_tables::statistics::ScoreRow;
use nneval_tables::statistics::bootstrap_tau;
use serde::Serialize;

/// Rows whose points are in the page, at most; more are thinned evenly.
const MOST_POINTS: usize = 2500;

/// Scores of an evaluator.
#[derive(Debug, Clone, Serialize, Default)]
pub struct PageScores {
    /// Which rows, one sentence.
    pub about: String,
    /// Whether the metrics have points.
    pub has_points: bool,
    /// Names of the networks behind the points.
    pub keys: Vec<String>,
    /// Names of the baselines.
    pub baselines: Vec<String>,
    /// The metrics.
    pub metrics: Vec<PageMetric>,
}

/// Scores of one metric; its lists have an entry for each of
/// [`PageScores::keys`].
#[derive(Debug, Clone, Serialize)]
pub struct PageMetric {
    /// Statistics.
    pub row: ScoreRow,
    /// What the baselines reach.
    pub baselines: Vec<PageTau>,
    /// Share of reported values that the intervals were made to hold.
    pub level: Option<f64>,
    /// Reported values.
    pub reported: Vec<Option<f64>>,
    /// Predictions.
    pub predicted: Vec<f64>,
    /// Lower ends of their intervals.
    pub lo: Vec<Option<f64>>,
    /// Upper ends.
    pub hi: Vec<Option<f64>>,
}

/// Kendall's τ-b with the ends of its interval.
#[derive(Debug, Clone, Copy, Serialize, Default)]
pub struct PageTau {
    /// τ-b.
    pub tau: Option<f64>,
    /// Lower end.
    pub lo: Option<f64>,
    /// Upper end.
    pub hi: Option<f64>,
}

/// Predictions of an evaluator beside reported values, row by row.
#[derive(Debug, Clone)]
pub struct Comparison<'a> {
    /// Classes of the rows, in words: "classes that it was not trained on".
    pub about: &'a str,
    /// Names of the networks, one a row.
    pub keys: Vec<&'a str>,
    /// Classes of the networks, one a row.
    pub classes: &'a [u64],
    /// The metrics.
    pub metrics: Vec<ComparedMetric<'a>>,
    /// Names of baselines, each with a value a row.
    pub baselines: Vec<(&'a str, &'a [Option<f64>])>,
    /// Bootstrap resamples behind the intervals of the baselines' τ.
    pub resamples: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
}

/// One metric of a [`Comparison`]; each of its slices has an entry a row.
#[derive(Debug, Clone, Copy)]
pub struct ComparedMetric<'a> {
    /// Statistics.
    pub row: &'a ScoreRow,
    /// Share of reported values that the intervals were made to hold.
    pub level: Option<f64>,
    /// Reported values.
    pub reported: &'a [Option<f64>],
    /// Predictions.
    pub predicted: &'a [f64],
    /// Ends of their intervals.
    pub intervals: &'a [Option<[f64; 2]>],
}

impl PageScores {
    /// Compares metrics and baselines; `on` is called after each metric. Of more than 2,500
    /// rows the points are thinned evenly; the statistics are of all rows.
    pub fn compare(comparison: &Comparison, on: &mut dyn FnMut()) -> Self {
        let step = comparison.step();
        let mut metrics = Vec::with_capacity(comparison.metrics.len());
        for metric in &comparison.metrics {
            metrics.push(comparison.page_metric(metric, step));
            on();
        }
        let thinned = if step > 1 { format!(" One in {step} is drawn.") } else { String::new() };
        let about = format!(
            "{} rows of {}. In grey: {:.0} % intervals, bootstrap over classes.{thinned}",
            comparison.keys.len(),
            comparison.about,
            INTERVAL_LEVEL * 100.0
        );
        Self {
            about,
            has_points: true,
            keys: comparison.keys.iter().step_by(step).map(|k| (*k).to_owned()).collect(),
            baselines: comparison.baselines.iter().map(|b| b.0.to_owned()).collect(),
            metrics,
        }
    }

    /// Agreement on the validation classes, as the evaluator states it itself.
    pub fn validation(manifest: &Manifest) -> Self {
        Self {
            about: "On the classes that chose the epoch, as the evaluator states it.".into(),
            metrics: manifest.metrics.iter().map(PageMetric::validation).collect(),
            ..Self::default()
        }
    }
}

impl Comparison<'_> {
    /// One in how many rows is drawn.
    fn step(&self) -> usize {
        self.keys.len().div_ceil(MOST_POINTS).max(1)
    }

    fn page_metric(&self, metric: &ComparedMetric, step: usize) -> PageMetric {
        let ends = |k: usize| {
            let end = |e: &Option<[f64; 2]>| e.and_then(|e| e.get(k).copied()).map(rounded);
            metric.intervals.iter().step_by(step).map(end).collect()
        };
        PageMetric {
            row: metric.row.clone(),
            baselines: self.baselines.iter().map(|b| self.rank(metric.reported, b.1)).collect(),
            level: metric.level,
            reported: metric.reported.iter().step_by(step).map(|v| v.map(rounded)).collect(),
            predicted: metric.predicted.iter().step_by(step).copied().map(rounded).collect(),
            lo: ends(0),
            hi: ends(1),
        }
    }

    /// τ of a baseline, with its sign, on the rows that have both values.
    fn rank(&self, reported: &[Option<f64>], baseline: &[Option<f64>]) -> PageTau {
        let both = reported.iter().zip(baseline).zip(self.classes);
        let known: Vec<(f64, f64, u64)> =
            both.filter_map(|((r, b), c)| Some(((*r)?, (*b)?, *c))).collect();
        let r: Vec<f64> = known.iter().map(|k| k.0).collect();
        let b: Vec<f64> = known.iter().map(|k| k.1).collect();
        let classes: Vec<u64> = known.iter().map(|k| k.2).collect();
        let interval = bootstrap_tau(&r, &b, &classes, self.resamples, INTERVAL_LEVEL, self.seed);
        let tau = stats::kendall_tau(&r, &b);
        PageTau { tau, lo: interval.map(|i| i.lo), hi: interval.map(|i| i.hi) }
    }
}

impl PageMetric {
    fn validation(metric: &Metric) -> Self {
        let v = metric.validation.as_ref();
        let row = ScoreRow {
            metric: metric.spec.name.clone(),
            unit: metric.spec.unit.clone(),
            n: v.map_or(0, |v| v.rows),
            tau: v.and_then(|v| v.tau),
            rho: v.and_then(|v| v.rho),
            mae: v.and_then(|v| v.mae),
            ..ScoreRow::default()
        };
        Self {
            row,
            baselines: Vec::new(),
            level: metric.interval.as_ref().map(|i| i.level),
            reported: Vec::new(),
            predicted: Vec::new(),
            lo: Vec::new(),
            hi: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(rows: usize) -> PageScores {
        let keys: Vec<String> = (0..rows).map(|i| format!("n{i}")).collect();
        let values: Vec<f64> = (0..rows).map(|i| i as f64 / 3.0).collect();
        let mut reported: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
        reported[1] = None;
        let reversed: Vec<Option<f64>> = values.iter().map(|v| Some(-v)).collect();
        let row = ScoreRow { metric: "a_ms".into(), ..Default::default() };
        let metric = ComparedMetric {
            row: &row,
            level: Some(0.9),
            reported: &reported,
            predicted: &values,
            intervals: &vec![Some([1.0, 2.0]); rows],
        };
        let comparison = Comparison {
            about: "some classes",
            keys: keys.iter().map(String::as_str).collect(),
            classes: &(0..rows as u64).collect::<Vec<_>>(),
            metrics: vec![metric],
            baselines: vec![("up", &reported), ("down", &reversed)],
            resamples: 20,
            seed: 0,
        };
        let mut told = 0;
        let page = PageScores::compare(&comparison, &mut || told += 1);
        assert_eq!(told, 1);
        page
    }

    #[test]
    fn points_have_seven_digits_and_baselines_their_sign() {
        let page = compare(5);
        let metric = &page.metrics[0];
        assert_eq!(page.keys, ["n0", "n1", "n2", "n3", "n4"]);
        assert_eq!(metric.reported[..3], [Some(0.0), None, Some(0.6666667)]);
        assert_eq!(metric.predicted[1], 0.3333333);
        assert_eq!((metric.lo[0], metric.hi[0], metric.level), (Some(1.0), Some(2.0), Some(0.9)));
        assert_eq!(page.baselines, ["up", "down"]);
        let taus: Vec<Option<f64>> = metric.baselines.iter().map(|b| b.tau).collect();
        assert_eq!(taus, [Some(1.0), Some(-1.0)]);
        assert!(metric.baselines[1].lo <= metric.baselines[1].tau);
        let about = "5 rows of some classes. In grey: 95 % intervals, bootstrap over classes.";
        assert_eq!(page.about, about);
    }

    #[test]
    fn many_rows_are_thinned_evenly() {
        let page = compare(MOST_POINTS + 1);
        assert!(page.about.ends_with(" One in 2 is drawn."), "{}", page.about);
        assert_eq!((page.keys.len(), page.keys[1].as_str()), (1251, "n2"));
        let metric = &page.metrics[0];
        assert_eq!((metric.reported.len(), metric.lo.len()), (1251, 1251));
    }
}
