//! Predictions as rows of a table and as JSON objects.

use super::predictor::Predictor;
use nneval::evaluator::{Answer, Answers, Estimate, Manifest, Metric, Prediction};
use nneval::tables::{Cell, Column, Kind};
use serde_json::{Map, Value, json};

/// What of a predictor's answers is printed.
pub struct Schema<'a> {
    manifests: Vec<&'a Manifest>,
    metrics: Vec<&'a Metric>,
    is_set: bool,
    /// Name of the column of names.
    key: &'static str,
}

impl<'a> Schema<'a> {
    /// The metrics of all evaluators, those of one name once; `key` names the column of
    /// what is evaluated.
    pub fn new(predictor: &'a Predictor, key: &'static str) -> Self {
        let manifests = predictor.manifests();
        let mut metrics: Vec<&Metric> = Vec::new();
        for metric in manifests.iter().flat_map(|m| &m.metrics) {
            if metrics.iter().all(|m| m.spec.name != metric.spec.name) {
                metrics.push(metric);
            }
        }
        Self { manifests, metrics, is_set: predictor.is_set(), key }
    }

    /// The evaluators, in the order of their answers.
    pub fn manifests(&self) -> &[&'a Manifest] {
        &self.manifests
    }

    /// Whether each evaluator answers for the networks that it knows alone.
    pub fn is_set(&self) -> bool {
        self.is_set
    }

    /// The name; of a set the evaluators that know the network; a value and its interval for each
    /// metric; what is known of the prediction.
    pub fn columns(&self) -> Vec<Column> {
        let mut columns = vec![Column::new(self.key, Kind::Text)];
        columns.extend(self.is_set.then(|| Column::new("evaluator", Kind::Text)));
        for spec in self.metrics.iter().map(|m| &m.spec) {
            let parts = [("", ""), ("_lo", ", lower end"), ("_hi", ", upper end")];
            columns.extend(parts.map(|(ending, words)| {
                let column = Column::new(format!("{}{ending}", spec.name), Kind::Number);
                column.described(&spec.unit, &format!("{}{words}", spec.description))
            }));
        }
        columns.push(Column::new("in_domain", Kind::Number));
        columns.extend(["flagged", "windows"].map(|name| Column::new(name, Kind::Integer)));
        columns.push(Column::new("error", Kind::Text));
        columns
    }

    /// Cells of [`Schema::columns`].
    pub fn cells(&self, name: &str, answers: &Answers) -> Vec<Cell> {
        let mut cells = vec![Cell::from(name)];
        match answers {
            Ok(answers) => {
                cells.extend(self.is_set.then(|| self.known_names(answers).into()));
                for metric in &self.metrics {
                    let found = self.estimate(answers, metric).map(|(_, e)| *e);
                    let ends = found.and_then(|e| e.interval);
                    let value = found.map(|e| e.value);
                    cells.extend([
                        value.into(),
                        ends.map(|e| e[0]).into(),
                        ends.map(|e| e[1]).into(),
                    ]);
                }
                let sure = answers.iter().find_map(Answer::known);
                cells.push(in_domain(answers).into());
                cells.push(flagged(answers).into());
                cells.extend([sure.map(Prediction::windows).into(), Cell::Missing]);
            }
            Err(e) => {
                let before = 1 + usize::from(self.is_set) + 3 * self.metrics.len() + 3;
                cells.resize(before, Cell::Missing);
                cells.push(e.to_string().into());
            }
        }
        cells
    }

    /// A network as a JSON object.
    pub fn object(&self, name: &str, answers: &Answers) -> Value {
        let answers = match answers {
            Ok(answers) => answers,
            Err(e) => return json!({self.key: name, "error": e.to_string()}),
        };
        let metrics: Map<String, Value> =
            self.metrics.iter().filter_map(|m| self.member(answers, m)).collect();
        let mut object = Map::new();
        object.insert(self.key.into(), json!(name));
        object.insert("metrics".into(), metrics.into());
        if let Some(p) = answers.iter().find_map(Answer::known) {
            object.insert("tokens".into(), json!(p.tokens()));
            object.insert("windows".into(), json!(p.windows()));
        }
        if let Some(score) = in_domain(answers) {
            object.insert("in_domain".into(), json!(score));
        }
        if let Some(flagged) = flagged(answers) {
            object.insert("flagged".into(), json!(u8::from(flagged)));
        }
        object.into()
    }

    /// A metric of a JSON object, where an evaluator predicts it.
    fn member(&self, answers: &[Answer], metric: &Metric) -> Option<(String, Value)> {
        let (manifest, e) = self.estimate(answers, metric)?;
        let mut object = json!({"value": e.value, "unit": metric.spec.unit});
        let fields = object.as_object_mut()?;
        if let Some([lo, hi]) = e.interval {
            fields.extend([("lo".to_owned(), json!(lo)), ("hi".to_owned(), json!(hi))]);
        }
        if self.is_set {
            fields.insert("evaluator".to_owned(), json!(manifest.name));
        }
        Some((metric.spec.name.clone(), object))
    }

    /// The estimate of the first evaluator that predicts the metric and knows the network.
    fn estimate<'b>(
        &self,
        answers: &'b [Answer],
        metric: &Metric,
    ) -> Option<(&'a Manifest, &'b Estimate)> {
        let mut known = self.known(answers);
        known.find_map(|(m, p)| Some((m, p.get(&metric.spec.name)?)))
    }

    /// The evaluators that know the network, and their predictions.
    pub fn known<'b>(
        &self,
        answers: &'b [Answer],
    ) -> impl Iterator<Item = (&'a Manifest, &'b Prediction)> {
        let all = self.manifests.iter().copied().zip(answers);
        all.filter_map(|(m, a)| Some((m, a.known()?)))
    }

    fn known_names(&self, answers: &[Answer]) -> Option<String> {
        let names: Vec<&str> = self.known(answers).map(|(m, _)| m.name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(" "))
    }
}

/// The in-domain score of the first evaluator that knows the network, else the highest one.
fn in_domain(answers: &[Answer]) -> Option<f64> {
    let known = answers.iter().find_map(Answer::known);
    let outside = answers.iter().filter_map(|a| match a {
        Answer::Outside { in_domain, .. } => *in_domain,
        _ => None,
    });
    match known {
        Some(prediction) => prediction.in_domain(),
        None => outside.reduce(f64::max),
    }
}

/// Whether no evaluator knows the network.
fn flagged(answers: &[Answer]) -> Option<bool> {
    match answers.iter().find_map(Answer::known) {
        Some(prediction) => prediction.flagged(),
        None => Some(true),
    }
}
