//! Design models: metrics of image networks from facts of their design.
//!
//! A metric with a design model is predicted as `design_model(network) · ratio`; the encoder learns
//! the ratio. The model is a Gaussian process on [`Design`] facts, beside a formula of its terms
//! for times and rates. It reads the operation string alone.

use crate::error::Result;
use crate::hex_serde;
use nneval_graph::features::{DESIGN_VERSION, Design};
use nneval_graph::opstring::{self, OpGraph};
use nneval_graph::reduce::Reduction;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Standard deviations from the mean beyond which a fact counts as there.
const FARTHEST: f64 = 3.0;
/// How far a size may lie beyond those of the networks: ln 1.5.
const BEYOND: f64 = 0.405;
/// Least value of a metric that is an accuracy, in percent.
const LEAST_ACCURACY: f64 = 0.1;
/// All of an accuracy, in percent.
const ALL: f64 = 100.0;

/// What the design models of an evaluator's metrics share: facts of the networks that they were
/// fitted to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DesignModel {
    /// Version of facts and terms, [`DESIGN_VERSION`].
    pub version: u32,
    /// The facts that are read.
    pub facts: Vec<Fact>,
    /// Facts of the networks, standardised, network after network.
    #[serde(with = "hex_serde::floats")]
    pub points: Vec<f32>,
    /// Length of the kernel, in standard deviations of a fact.
    pub length: f64,
    /// Forms of the networks ([`Design::form`]); empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<String>,
    /// Least and largest value of facts that tell the size of a network.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ranges: BTreeMap<String, [f64; 2]>,
}

/// A fact and its scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Name.
    pub name: String,
    /// Mean over the networks.
    pub mean: f64,
    /// Standard deviation, above 0.
    pub deviation: f64,
}

/// What a metric is to its design model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DesignKind {
    /// An accuracy in percent: 100 − exp(process).
    Accuracy,
    /// A time or an amount: formula · exp(process).
    Time,
    /// A number per time: exp(process) / formula.
    Rate,
}

/// The design model of a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DesignMetric {
    /// How formula and process make the value.
    pub kind: DesignKind,
    /// Coefficients of the formula by the terms' names, none below 0.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub terms: BTreeMap<String, f64>,
    /// Least value of the formula, above 0.
    pub floor: f64,
    /// Mean of the process.
    pub mean: f64,
    /// Weights of the networks in it; 0 for those without a label.
    #[serde(with = "hex_serde::floats")]
    pub weights: Vec<f32>,
}

/// A network as design models read it.
#[derive(Debug, Clone, PartialEq)]
pub struct DesignReading {
    /// Covariances with the networks of the model.
    pub similarities: Vec<f64>,
    /// Terms by name.
    pub terms: BTreeMap<String, f64>,
    /// Whether form and sizes are those of networks that the model was fitted to.
    pub inside: bool,
}

/// Facts and terms of a network, half precision and quantization left out: they are those of the
/// float network.
pub fn design_of(graph: &OpGraph) -> Design {
    match Reduction::Reachable.reduce(graph) {
        Some(reduced) => Design::of(&reduced),
        None => Design::of(graph),
    }
}

impl DesignModel {
    /// Reads the network of an operation string.
    ///
    /// # Errors
    /// As [`opstring::parse()`].
    pub fn read_string(&self, string: &str) -> Result<DesignReading> {
        Ok(self.read(design_of(&opstring::parse(string)?)))
    }

    /// Reads a network's facts and terms.
    pub fn read(&self, design: Design) -> DesignReading {
        let point = self.point(&design);
        let width = self.facts.len().max(1);
        let similarity = |other: &[f32]| {
            let squares = point.iter().zip(other).map(|(a, b)| (a - f64::from(*b)).powi(2));
            kernel(squares.sum::<f64>() / width as f64, self.length)
        };
        let similarities = self.points.chunks(width).map(similarity).collect();
        let inside = self.knows(&design);
        DesignReading { similarities, inside, terms: design.terms.into_iter().collect() }
    }

    /// Whether the form of a network is one of the model's networks, and none of its sizes is
    /// beyond theirs by a half.
    pub fn knows(&self, design: &Design) -> bool {
        let near = |(name, x): &(String, f64)| {
            let range = self.ranges.get(name);
            range.is_none_or(|[lo, hi]| (lo - BEYOND..=hi + BEYOND).contains(x))
        };
        let known = self.forms.is_empty() || self.forms.contains(&design.form);
        known && design.facts.iter().all(near)
    }

    /// Standardised facts of a network; those that are missing are at their means.
    pub fn point(&self, design: &Design) -> Vec<f64> {
        let known: BTreeMap<&str, f64> =
            design.facts.iter().map(|(name, x)| (name.as_str(), *x)).collect();
        let standard = |f: &Fact| {
            let x = known.get(f.name.as_str()).copied().unwrap_or(f.mean);
            ((x - f.mean) / f.deviation).clamp(-FARTHEST, FARTHEST)
        };
        self.facts.iter().map(standard).collect()
    }

    /// Number of networks.
    pub fn networks(&self) -> usize {
        self.points.len() / self.facts.len().max(1)
    }

    /// What is wrong with it, if anything.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let good = |f: &Fact| f.mean.is_finite() && f.deviation.is_finite() && f.deviation > 0.0;
        match () {
            () if self.version != DESIGN_VERSION => {
                Some("a design model has facts of another version")
            }
            () if self.facts.is_empty() || !self.facts.iter().all(good) => {
                Some("a design model has a bad scale of facts")
            }
            () if !self.points.len().is_multiple_of(self.facts.len()) => {
                Some("a design model has networks of different facts")
            }
            () if !(self.length.is_finite() && self.length > 0.0) => {
                Some("a design model has a bad length")
            }
            () => None,
        }
    }
}

/// Matérn 3/2 of a mean squared distance.
pub fn kernel(square: f64, length: f64) -> f64 {
    let d = (3.0 * square.max(0.0)).sqrt() / length;
    (1.0 + d) * (-d).exp()
}

impl DesignMetric {
    /// The value of a network, above 0.
    pub fn value(&self, reading: &DesignReading) -> f64 {
        let weighed = reading.similarities.iter().zip(&self.weights);
        let process = self.mean + weighed.map(|(k, w)| k * f64::from(*w)).sum::<f64>();
        self.combined(self.formula(&reading.terms), process)
    }

    /// The value of the formula.
    pub fn formula(&self, terms: &BTreeMap<String, f64>) -> f64 {
        let term = |(name, c): (&String, &f64)| c * terms.get(name).copied().unwrap_or(0.0);
        self.terms.iter().map(term).sum::<f64>().max(self.floor)
    }

    /// The value that formula and process make.
    pub fn combined(&self, formula: f64, process: f64) -> f64 {
        match self.kind {
            DesignKind::Accuracy => (ALL - process.exp()).max(LEAST_ACCURACY),
            DesignKind::Time => formula * process.exp(),
            DesignKind::Rate => process.exp() / formula,
        }
    }

    /// What the process must give for `label`; `None` where nothing does.
    pub fn wanted(&self, formula: f64, label: f64) -> Option<f64> {
        let wanted = match self.kind {
            DesignKind::Accuracy => (ALL - label).ln(),
            DesignKind::Time => (label / formula).ln(),
            DesignKind::Rate => (label * formula).ln(),
        };
        wanted.is_finite().then_some(wanted)
    }

    /// What is wrong with it for a model of `networks`, if anything.
    pub(super) fn fault(&self, networks: usize) -> Option<&'static str> {
        let coefficients = self.terms.values().all(|c| c.is_finite() && *c >= 0.0);
        match () {
            () if self.weights.len() != networks => {
                Some("a design model's weights are not one a network")
            }
            () if !self.mean.is_finite() => Some("a design model has a bad mean"),
            () if !(coefficients && self.floor.is_finite() && self.floor > 0.0) => {
                Some("a design model has a bad formula")
            }
            () => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> DesignModel {
        let fact = |name: &str| Fact { name: name.into(), mean: 1.0, deviation: 2.0 };
        DesignModel {
            version: DESIGN_VERSION,
            facts: vec![fact("macs"), fact("wheels")],
            points: vec![0.0, 0.0, 1.0, 0.0],
            length: 2.0,
            forms: vec!["4x3>2".into()],
            ranges: [("macs".to_owned(), [2.0, 5.0])].into(),
        }
    }

    fn metric(kind: DesignKind) -> DesignMetric {
        let terms = [("elements".to_owned(), 0.5)].into();
        DesignMetric { kind, terms, floor: 1.0, mean: 2.0, weights: vec![1.0, 0.0] }
    }

    #[test]
    fn formula_and_process_make_a_value_and_back() {
        let (macs, elements) = (("macs".to_owned(), 3.0), ("elements".to_owned(), 8.0));
        let reading =
            model().read(Design { facts: vec![macs], terms: vec![elements], form: "4x3>2".into() });
        let near = (1.0 + 3f64.sqrt() / 8f64.sqrt()) * (-(3f64.sqrt()) / 8f64.sqrt()).exp();
        assert!((reading.similarities[0] - near).abs() < 1e-12, "{reading:?}");
        for kind in [DesignKind::Accuracy, DesignKind::Time, DesignKind::Rate] {
            let metric = metric(kind);
            let value = metric.value(&reading);
            let process = metric.wanted(metric.formula(&reading.terms), value).unwrap();
            assert!((process - (2.0 + near)).abs() < 1e-9, "{kind:?} {value}");
        }
        let empty = model().read(Design { facts: vec![], terms: vec![], form: String::new() });
        assert_eq!(metric(DesignKind::Time).formula(&empty.terms), 1.0);
    }

    #[test]
    fn other_forms_and_sizes_are_outside() {
        let design = |macs: f64, form: &str| Design {
            facts: vec![("macs".to_owned(), macs)],
            terms: vec![],
            form: form.into(),
        };
        assert!(model().read(design(5.4, "4x3>2")).inside);
        for other in [design(5.5, "4x3>2"), design(1.5, "4x3>2"), design(3.0, "4x3>4")] {
            assert!(!model().read(other).inside);
        }
    }

    #[test]
    fn bad_content_is_found() {
        assert_eq!((model().fault(), metric(DesignKind::Rate).fault(2)), (None, None));
        assert!(metric(DesignKind::Rate).fault(3).is_some());
        assert!(DesignModel { version: 0, ..model() }.fault().is_some());
        assert!(DesignModel { points: vec![0.0; 3], ..model() }.fault().is_some());
        assert!(DesignMetric { floor: 0.0, ..metric(DesignKind::Time) }.fault(2).is_some());
    }
}
