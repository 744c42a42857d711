//! What is wanted: objectives and limits.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// Larger values.
    Maximize,
    /// Smaller values.
    Minimize,
}

/// One objective.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objective {
    /// Name of the metric.
    pub metric: String,
    /// Which way is better.
    pub goal: Goal,
}

/// Which side of a limit is allowed; the limit itself is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bound {
    /// Values up to it.
    #[serde(rename = "<=")]
    AtMost,
    /// Values from it.
    #[serde(rename = ">=")]
    AtLeast,
}

/// A limit on a metric, written `METRIC<=X` or `METRIC>=X`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// Name of the metric.
    pub metric: String,
    /// Allowed side.
    pub bound: Bound,
    /// The limit, in the metric's unit.
    pub value: f64,
}

impl Limit {
    /// How far beyond the limit a value is, as a multiple of the limit's size;
    /// 0 inside.
    fn excess(&self, value: f64) -> f64 {
        let over = match self.bound {
            Bound::AtMost => value - self.value,
            Bound::AtLeast => self.value - value,
        };
        let scale = if self.value == 0.0 { 1.0 } else { self.value.abs() };
        over.max(0.0) / scale
    }
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let (bound, at) = match (s.find("<="), s.find(">=")) {
            (Some(at), None) => (Bound::AtMost, at),
            (None, Some(at)) => (Bound::AtLeast, at),
            _ => return Err("expected METRIC<=X or METRIC>=X".into()),
        };
        let (metric, value) =
            (s.get(..at).unwrap_or_default(), s.get(at + 2..).unwrap_or_default());
        if metric.trim().is_empty() {
            return Err("expected METRIC<=X or METRIC>=X".into());
        }
        match value.trim().parse::<f64>() {
            Ok(value) if value.is_finite() => {
                Ok(Self { metric: metric.trim().to_owned(), bound, value })
            }
            _ => Err(format!("{value:?} is not a number")),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.bound {
            Bound::AtMost => "<=",
            Bound::AtLeast => ">=",
        };
        write!(f, "{}{sign}{}", self.metric, self.value)
    }
}

/// Objectives and limits, and the columns they read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// Names of the values that candidates have, in their order.
    pub columns: Vec<String>,
    /// What is wanted, one at least.
    pub objectives: Vec<Objective>,
    /// What is allowed.
    pub limits: Vec<Limit>,
}

/// A candidate as algorithms see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// Objectives in order, smaller is better; infinite where unknown.
    pub costs: Vec<f64>,
    /// Sum of what is beyond limits; infinite where a value is unknown.
    pub violation: f64,
}

impl Problem {
    /// A problem whose columns are those of its objectives and limits, each once.
    ///
    /// # Errors
    /// [`Error::Search`] without an objective, or where one is given twice.
    pub fn new(maximize: &[String], minimize: &[String], limits: &[Limit]) -> Result<Self> {
        let list = |names: &[String], goal| -> Vec<Objective> {
            names.iter().map(|m| Objective { metric: m.clone(), goal }).collect()
        };
        let objectives = [list(maximize, Goal::Maximize), list(minimize, Goal::Minimize)].concat();
        let mut columns: Vec<String> = Vec::new();
        for o in &objectives {
            if columns.contains(&o.metric) {
                return Err(Error::Search(format!("{} is an objective twice", o.metric)));
            }
            columns.push(o.metric.clone());
        }
        if columns.is_empty() {
            return Err(Error::Search("there is nothing to maximize or minimize".into()));
        }
        for l in limits {
            if !columns.contains(&l.metric) {
                columns.push(l.metric.clone());
            }
        }
        Ok(Self { columns, objectives, limits: limits.to_vec() })
    }

    /// Adds columns that are shown only.
    pub fn show(&mut self, names: &[String]) {
        for name in names {
            if !self.columns.contains(name) {
                self.columns.push(name.clone());
            }
        }
    }

    /// The value of a metric among a candidate's values.
    pub fn value(&self, metric: &str, values: &[Option<f64>]) -> Option<f64> {
        let at = self.columns.iter().position(|c| c == metric)?;
        values.get(at).copied().flatten().filter(|v| v.is_finite())
    }

    /// A candidate's values as algorithms see them.
    pub fn score(&self, values: &[Option<f64>]) -> Scored {
        let cost = |o: &Objective| match (self.value(&o.metric, values), o.goal) {
            (None, _) => f64::INFINITY,
            (Some(v), Goal::Maximize) => -v,
            (Some(v), Goal::Minimize) => v,
        };
        let beyond =
            |l: &Limit| self.value(&l.metric, values).map_or(f64::INFINITY, |v| l.excess(v));
        let costs: Vec<f64> = self.objectives.iter().map(cost).collect();
        let limits: f64 = self.limits.iter().map(beyond).sum();
        let known = costs.iter().all(|c| c.is_finite());
        Scored { costs, violation: if known { limits } else { f64::INFINITY } }
    }
}

impl Scored {
    /// Whether this one dominates the other: constraint domination of Deb et
    /// al. (2002), definition 1. Inside the limits before outside; outside by
    /// the sum of what is beyond; inside by Pareto dominance.
    pub fn dominates(&self, other: &Self) -> bool {
        if self.violation != other.violation {
            return self.violation < other.violation;
        }
        let pairs = || self.costs.iter().zip(&other.costs);
        self.violation == 0.0 && pairs().all(|(a, b)| a <= b) && pairs().any(|(a, b)| a < b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read() {
        let limit: Limit = "lat_ms<=5.5".parse().unwrap();
        assert_eq!((limit.bound, limit.value), (Bound::AtMost, 5.5));
        assert_eq!(limit.to_string(), "lat_ms<=5.5");
        assert_eq!("a >= -1e3".parse::<Limit>().unwrap().to_string(), "a>=-1000");
        for bad in ["a", "a<5", "<=5", "a<=", "a<=x", "a<=NaN", "1<=a<=2", "a<=1>=2"] {
            assert!(bad.parse::<Limit>().is_err(), "{bad}");
        }
    }

    #[test]
    fn limits_come_before_objectives() {
        let limit = "c<=10".parse::<Limit>().unwrap();
        let p = Problem::new(&["a".into()], &["b".into()], &[limit]).unwrap();
        assert_eq!(p.columns, ["a", "b", "c"]);
        let s = |a: f64, b: f64, c: f64| p.score(&[Some(a), Some(b), Some(c)]);
        assert!(s(1.0, 5.0, 10.0).dominates(&s(9.0, 1.0, 11.0)));
        assert!(s(1.0, 5.0, 11.0).dominates(&s(9.0, 1.0, 12.0)));
        assert!(s(2.0, 5.0, 1.0).dominates(&s(1.0, 5.0, 9.0)));
        assert!(!s(2.0, 5.0, 1.0).dominates(&s(2.0, 5.0, 9.0)));
        assert!(!s(2.0, 5.0, 1.0).dominates(&s(1.0, 4.0, 9.0)));
        let unknown = p.score(&[Some(1.0), None, Some(1.0)]);
        assert!(s(0.0, 9.0, 99.0).dominates(&unknown) && !unknown.dominates(&unknown));
    }

    #[test]
    fn objectives_are_checked() {
        assert!(Problem::new(&[], &[], &[]).is_err());
        assert!(Problem::new(&["a".into()], &["a".into()], &[]).is_err());
    }
}
