//! Label values to training targets and back.

use super::{normal, stats};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// Most knots a rank-normal map keeps.
const MOST_KNOTS: usize = 257;
/// Fewest values whose ranks are taken instead of their logarithms.
const MANY: usize = 200;
/// Beyond the knots a rank-normal map goes on with the slope of the chord over
/// this many outermost segments; a single segment may be as good as vertical.
const TAIL_SEGMENTS: usize = 8;

/// Which map is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransformKind {
    /// Chosen from the values by [`TransformKind::choose`].
    Auto,
    /// Values as they are.
    Identity,
    /// Natural logarithm; all values must be positive.
    Log,
    /// Normal score of the empirical quantile.
    RankNormal,
}

impl TransformKind {
    /// The kind that `Auto` stands for, first match:
    ///
    /// 1. `RankNormal` for what looks like percentages with a heavy left tail:
    ///    all values in [0, 100], and the median at least 3 times as far from the
    ///    1 % quantile as from the 99 % quantile, with more than 10 between the
    ///    first two.
    /// 2. If all values are positive and the largest is more than 10 times the
    ///    smallest, `Log`; but `RankNormal` where there are 200 values or more and
    ///    their logarithms have a heavy left tail (the median at least 3 times as
    ///    far from the 1 % quantile as from the 99 % quantile): a logarithm would
    ///    spend its range on the few small ones.
    /// 3. `Identity`.
    pub fn choose(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |q| stats::quantile(&sorted, q);
        let (Some(min), Some(max), Some(low), Some(mid), Some(high)) =
            (at(0.0), at(1.0), at(0.01), at(0.5), at(0.99))
        else {
            return Self::Identity;
        };
        let left_tail = |low: f64, mid: f64, high: f64| mid - low >= 3.0 * (high - mid);
        let percentages = min >= 0.0 && max <= 100.0 && mid - low > 10.0;
        let wide = min > 0.0 && max / min > 10.0;
        let log_tail = || values.len() >= MANY && left_tail(low.ln(), mid.ln(), high.ln());
        match (percentages && left_tail(low, mid, high), wide) {
            (true, _) => Self::RankNormal,
            (_, true) if log_tail() => Self::RankNormal,
            (_, true) => Self::Log,
            _ => Self::Identity,
        }
    }
}

/// A strictly increasing map from label values to targets of mean 0 and
/// standard deviation 1 over the training rows, with its inverse.
///
/// The serialised form is checked when read: a map that does not increase is
/// refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw")]
pub struct TargetTransform {
    #[serde(flatten)]
    map: Map,
    mean: f64,
    std: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Map {
    Identity,
    Log,
    /// Piecewise linear through (value, score), both strictly increasing.
    RankNormal {
        knots: Vec<(f64, f64)>,
    },
}

#[derive(Deserialize)]
struct Raw {
    #[serde(flatten)]
    map: Map,
    mean: f64,
    std: f64,
}

impl TryFrom<Raw> for TargetTransform {
    type Error = String;

    fn try_from(raw: Raw) -> Result<Self, String> {
        if !raw.mean.is_finite() || !raw.std.is_finite() || raw.std <= 0.0 {
            return Err(format!("target transform: mean {}, std {}", raw.mean, raw.std));
        }
        if let Map::RankNormal { knots } = &raw.map {
            check_knots(knots)?;
        }
        Ok(Self { map: raw.map, mean: raw.mean, std: raw.std })
    }
}

fn check_knots(knots: &[(f64, f64)]) -> Result<(), String> {
    if knots.is_empty() || knots.len() > MOST_KNOTS {
        return Err(format!("target transform: {} knots, not 1 to {MOST_KNOTS}", knots.len()));
    }
    let finite = knots.iter().all(|(v, z)| v.is_finite() && z.is_finite());
    let increasing = knots.iter().zip(knots.iter().skip(1)).all(|(a, b)| a.0 < b.0 && a.1 < b.1);
    if finite && increasing {
        Ok(())
    } else {
        Err("target transform: knots do not increase".into())
    }
}

impl TargetTransform {
    /// Fits a map and the mean and (population) standard deviation after it to
    /// the values of the training rows. If all values are equal, the standard
    /// deviation is taken as 1, so that they map to 0.
    ///
    /// # Errors
    /// [`Error::Training`]: no values, a value that is not finite or too large
    /// for its square, or `Log` asked for values that are not all positive.
    pub fn fit(kind: TransformKind, values: &[f64]) -> Result<Self> {
        if values.is_empty() {
            return Err(refuse("no values to fit to"));
        }
        if let Some(bad) = values.iter().find(|v| !v.is_finite()) {
            return Err(refuse(format!("{bad} is not a finite value")));
        }
        let kind = if kind == TransformKind::Auto { TransformKind::choose(values) } else { kind };
        let map = Map::fit(kind, values)?;
        let mapped: Option<Vec<f64>> = values.iter().map(|&v| map.apply(v)).collect();
        let mapped = mapped.ok_or_else(|| refuse("a value has no image"))?;
        let (mean, std) = moments(&mapped)?;
        Ok(Self { map, mean, std })
    }

    /// The same scale, with a target of 0 for `value` (if that has an image) instead
    /// of for the mean.
    pub fn centred_on(mut self, value: f64) -> Self {
        if let Some(centre) = self.map.apply(value) {
            self.mean = centre;
        }
        self
    }

    /// What the map is; never `Auto`.
    pub fn kind(&self) -> TransformKind {
        match self.map {
            Map::Identity => TransformKind::Identity,
            Map::Log => TransformKind::Log,
            Map::RankNormal { .. } => TransformKind::RankNormal,
        }
    }

    /// Target of a label value; `None` if it has none (not finite, or not
    /// positive under `Log`).
    pub fn apply(&self, value: f64) -> Option<f64> {
        let target = (self.map.apply(value)? - self.mean) / self.std;
        target.is_finite().then_some(target)
    }

    /// Label value of a target, in the unit of the label. Finite for every
    /// finite target; NaN stays NaN.
    pub fn invert(&self, target: f64) -> f64 {
        let value = self.map.invert(target * self.std + self.mean);
        if value.is_nan() { value } else { value.clamp(f64::MIN, f64::MAX) }
    }
}

fn refuse(reason: impl std::fmt::Display) -> Error {
    Error::Training(format!("target transform: {reason}"))
}

/// Mean and population standard deviation, the latter 1 for equal values.
fn moments(values: &[f64]) -> Result<(f64, f64)> {
    if stats::is_constant(values) {
        return Ok((values.first().copied().unwrap_or(0.0), 1.0));
    }
    let n = values.len() as f64;
    let mean = values.iter().map(|v| v / n).sum::<f64>();
    let std = values.iter().map(|v| (v - mean) * (v - mean) / n).sum::<f64>().sqrt();
    if mean.is_finite() && std.is_finite() && std > 0.0 {
        Ok((mean, std))
    } else {
        Err(refuse("the values are too large or too close to standardise"))
    }
}

impl Map {
    fn fit(kind: TransformKind, values: &[f64]) -> Result<Self> {
        match kind {
            TransformKind::Auto | TransformKind::Identity => Ok(Self::Identity),
            TransformKind::Log => match values.iter().find(|v| **v <= 0.0) {
                Some(v) => Err(refuse(format!("log needs positive values, there is {v}"))),
                None => Ok(Self::Log),
            },
            TransformKind::RankNormal => Ok(Self::RankNormal { knots: rank_knots(values) }),
        }
    }

    fn apply(&self, value: f64) -> Option<f64> {
        match self {
            _ if !value.is_finite() => None,
            Self::Identity => Some(value),
            Self::Log => (value > 0.0).then(|| value.ln()),
            Self::RankNormal { knots } => Some(interpolate(knots, value, |k| (k.0, k.1))),
        }
    }

    fn invert(&self, mapped: f64) -> f64 {
        match self {
            Self::Identity => mapped,
            Self::Log => mapped.exp(),
            Self::RankNormal { knots } => interpolate(knots, mapped, |k| (k.1, k.0)),
        }
    }
}

/// Distinct values with the normal score of their mid-rank, Phi^-1((r - 1/2) / n)
/// (Hazen's plotting position); thinned, where too many, to those nearest to
/// scores at even distances, first and last kept.
fn rank_knots(values: &[f64]) -> Vec<(f64, f64)> {
    let n = values.len() as f64;
    let score = |rank: f64| normal::quantile((rank - 0.5) / n);
    let ranks = stats::mid_ranks(values);
    let mut all: Vec<(f64, f64)> =
        values.iter().zip(ranks).map(|(v, rank)| (v + 0.0, score(rank))).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all.dedup_by(|a, b| a.0 == b.0 || a.1 <= b.1);
    if all.len() > MOST_KNOTS { thin(&all) } else { all }
}

fn thin(all: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let (Some(first), Some(last)) = (all.first(), all.last()) else { return Vec::new() };
    let step = (last.1 - first.1) / (MOST_KNOTS - 1) as f64;
    let mut knots: Vec<(f64, f64)> = (0..MOST_KNOTS)
        .filter_map(|k| {
            let at = first.1 + step * k as f64;
            let above = all.partition_point(|knot| knot.1 < at - step / 2.0);
            let near = all.get(above..)?.iter().take_while(|knot| knot.1 <= at + step / 2.0);
            near.min_by(|a, b| (a.1 - at).abs().total_cmp(&(b.1 - at).abs())).copied()
        })
        .collect();
    if let Some(end) = knots.last_mut() {
        *end = *last;
    }
    knots.dedup_by(|a, b| a.0 <= b.0 || a.1 <= b.1);
    knots
}

/// Piecewise linear through `knots` as `axes` orders them, linear beyond.
fn interpolate(
    knots: &[(f64, f64)],
    x: f64,
    axes: impl Fn(&(f64, f64)) -> (f64, f64) + Copy,
) -> f64 {
    let above = knots.partition_point(|knot| axes(knot).0 <= x);
    let knot = |at: usize| knots.get(at).map(axes);
    let tail = TAIL_SEGMENTS.min(knots.len().saturating_sub(1));
    let last = knots.len().saturating_sub(1);
    let (base, from, to) = if above == 0 {
        (knot(0), knot(0), knot(tail))
    } else if above > last {
        (knot(last), knot(last - tail), knot(last))
    } else {
        (knot(above - 1), knot(above - 1), knot(above))
    };
    let (Some(base), Some(from), Some(to)) = (base, from, to) else { return x };
    let slope = if from.0 == to.0 { 1.0 } else { (to.1 - from.1) / (to.0 - from.0) };
    base.1 + (x - base.0) * slope
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KINDS: [TransformKind; 3] =
        [TransformKind::Identity, TransformKind::Log, TransformKind::RankNormal];

    fn targets(t: &TargetTransform, values: &[f64]) -> Vec<f64> {
        values.iter().map(|&v| t.apply(v).unwrap()).collect()
    }

    fn skewed(n: u32) -> Vec<f64> {
        (0..n).map(|i| 94.0 - 60.0 * (f64::from(i * 7919 % n) / f64::from(n)).powi(4)).collect()
    }

    #[test]
    fn targets_are_standardised() {
        let values = skewed(3000);
        for kind in KINDS {
            let t = TargetTransform::fit(kind, &values).unwrap();
            assert_eq!(t.kind(), kind);
            let (mean, std) = moments(&targets(&t, &values)).unwrap();
            assert!(mean.abs() < 1e-9 && (std - 1.0).abs() < 1e-9, "{kind:?} {mean} {std}");
        }
    }

    #[test]
    fn rank_normal_scores_are_nearly_normal() {
        let values = skewed(3000);
        let t = TargetTransform::fit(TransformKind::RankNormal, &values).unwrap();
        let Map::RankNormal { knots } = &t.map else { panic!() };
        assert!(knots.len() <= MOST_KNOTS && knots.len() > 100, "{}", knots.len());
        let mut z = targets(&t, &values);
        z.sort_by(f64::total_cmp);
        for q in [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99] {
            let (got, want) = (stats::quantile(&z, q).unwrap(), normal::quantile(q));
            assert!((got - want).abs() < 0.03, "{q}: {got} {want}");
        }
    }

    #[test]
    fn constant_columns_map_to_zero() {
        for kind in [KINDS.as_slice(), &[TransformKind::Auto]].concat() {
            let t = TargetTransform::fit(kind, &[0.1; 9]).unwrap();
            assert_eq!(t.apply(0.1), Some(0.0), "{kind:?}");
            assert!((t.invert(0.0) - 0.1).abs() < 1e-15);
            assert!(t.apply(0.2).unwrap() > 0.0);
        }
        assert!(TargetTransform::fit(TransformKind::RankNormal, &[3.0]).is_ok());
    }

    #[test]
    fn auto_rules() {
        assert_eq!(TransformKind::choose(&skewed(500)), TransformKind::RankNormal);
        let latency: Vec<f64> = (1..100).map(f64::from).map(|v| v * v).collect();
        assert_eq!(TransformKind::choose(&latency), TransformKind::Log);
        let with_a_tail: Vec<f64> = (1..400).map(f64::from).map(|v| v * v).collect();
        assert_eq!(TransformKind::choose(&with_a_tail), TransformKind::RankNormal);
        let even: Vec<f64> = (1..400).map(|i| (f64::from(i) / 100.0).exp()).collect();
        assert_eq!(TransformKind::choose(&even), TransformKind::Log);
        assert_eq!(TransformKind::choose(&[70.0, 75.0, 80.0]), TransformKind::Identity);
        assert_eq!(TransformKind::choose(&[-1.0, 0.0, 500.0]), TransformKind::Identity);
        assert_eq!(TransformKind::choose(&[]), TransformKind::Identity);
    }

    #[test]
    fn bad_values_are_refused() {
        for (kind, values) in [
            (TransformKind::Identity, &[][..]),
            (TransformKind::Auto, &[]),
            (TransformKind::Identity, &[1.0, f64::NAN]),
            (TransformKind::RankNormal, &[1.0, f64::INFINITY]),
            (TransformKind::Log, &[1.0, 0.0]),
            (TransformKind::Identity, &[f64::MAX, f64::MIN]),
        ] {
            assert!(matches!(TargetTransform::fit(kind, values), Err(Error::Training(_))));
        }
        let log = TargetTransform::fit(TransformKind::Log, &[1.0, 100.0]).unwrap();
        assert_eq!(log.clone().centred_on(1.0).apply(1.0), Some(0.0));
        assert_eq!(log.clone().centred_on(-1.0), log);
        assert_eq!((log.apply(0.0), log.apply(-1.0), log.apply(f64::NAN)), (None, None, None));
        assert_eq!(log.invert(1e300), f64::MAX);
        assert!(log.invert(f64::NAN).is_nan());
    }

    #[test]
    fn serialised_maps_come_back_and_are_checked() {
        for kind in KINDS {
            let t = TargetTransform::fit(kind, &skewed(2000)).unwrap();
            let json = serde_json::to_string(&t).unwrap();
            assert_eq!(serde_json::from_str::<TargetTransform>(&json).unwrap(), t);
        }
        let log = TargetTransform::fit(TransformKind::Log, &[1.0, 1.0]).unwrap();
        assert_eq!(serde_json::to_string(&log).unwrap(), r#"{"kind":"log","mean":0.0,"std":1.0}"#);
        for bad in [
            r#"{"kind":"log","mean":0.0,"std":0.0}"#,
            r#"{"kind":"log","mean":0.0,"std":-1.0}"#,
            r#"{"kind":"cube","mean":0.0,"std":1.0}"#,
            r#"{"kind":"identity","mean":0.0}"#,
            r#"{"kind":"rank_normal","knots":[],"mean":0.0,"std":1.0}"#,
            r#"{"kind":"rank_normal","knots":[[0,0],[0,1]],"mean":0.0,"std":1.0}"#,
            r#"{"kind":"rank_normal","knots":[[0,0],[1,0]],"mean":0.0,"std":1.0}"#,
        ] {
            assert!(serde_json::from_str::<TargetTransform>(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn round_trip_and_monotone(
            values in prop::collection::vec(0.01f64..500.0, 1..400),
            probes in prop::collection::vec(0.001f64..1000.0, 2..20),
            ties: bool,
        ) {
            let round = |v: f64| if ties { v.round().max(1.0) } else { v };
            let values: Vec<f64> = values.into_iter().map(round).collect();
            let mut probes = probes;
            probes.sort_by(f64::total_cmp);
            for kind in KINDS {
                let t = TargetTransform::fit(kind, &values).unwrap();
                for &v in values.iter().chain(&probes) {
                    let back = t.invert(t.apply(v).unwrap());
                    prop_assert!((back - v).abs() <= 1e-6 * v.abs().max(1.0), "{kind:?} {v} {back}");
                }
                let z = targets(&t, &probes);
                prop_assert!(z.windows(2).all(|w| w[0] <= w[1]), "{kind:?}");
            }
        }
    }
}
