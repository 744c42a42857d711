//! Label tables, manifests and encoded networks for tests.

use nneval_evaluator::{Encoding, Manifest, Metric, Training};
use nneval_tables::labels::{LabelTable, MetricSpec, ReadOptions};

/// The table `labels.csv` with this content.
pub fn table(csv: &str) -> LabelTable {
    LabelTable::from_reader("labels.csv", csv.as_bytes(), &ReadOptions::default()).unwrap()
}

/// A training on classes, chosen by others.
pub fn training(classes: &[u64], validation_classes: &[u64]) -> Training {
    let mut training = Training::default();
    training.labels = "labels.csv".into();
    training.space = "nats-tss".into();
    training.dataset = "cifar10".into();
    training.rows = classes.len();
    training.classes = classes.to_vec();
    training.validation_classes = validation_classes.to_vec();
    training
}

/// Metrics with labels from 1 to 10.
pub fn metrics(names: &[&str]) -> Vec<Metric> {
    let labels: Vec<f64> = (1..=10).map(f64::from).collect();
    names.iter().map(|n| Metric::fit(MetricSpec::from_column(n), &labels).unwrap()).collect()
}

/// The description of an evaluator `e` that has seen no class.
pub fn manifest(names: &[&str]) -> Manifest {
    Manifest::new("e", 512, metrics(names), training(&[], &[]))
}

/// An encoded network with these outputs; its unreduced ones are 100 higher.
pub fn encoded(outputs: &[f64]) -> Encoding {
    let mut encoding = Encoding::new(outputs.to_vec());
    encoding.unreduced_outputs.iter_mut().for_each(|o| *o += 100.0);
    (encoding.embedding, encoding.tokens) = (vec![0.0], vec![1]);
    encoding
}
