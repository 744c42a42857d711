//! Label tables, manifests and encoded networks for tests.

use nneval_evaluator::{Encoded, FORMAT, Manifest, Metric, Training};
use nneval_graph::opstring::Style;
use nneval_tables::labels::{LabelTable, MetricSpec, ReadOptions};
use std::collections::BTreeMap;

/// The table `labels.csv` with this content.
pub fn table(csv: &str) -> LabelTable {
    LabelTable::from_reader("labels.csv", csv.as_bytes(), &ReadOptions::default()).unwrap()
}

/// A training on classes, chosen by others.
pub fn training(classes: &[u64], validation_classes: &[u64]) -> Training {
    Training {
        labels: "labels.csv".into(),
        space: "nats-tss".into(),
        dataset: "cifar10".into(),
        rows: classes.len(),
        seed: 0,
        classes: classes.to_vec(),
        validation_classes: validation_classes.to_vec(),
        command: String::new(),
    }
}

/// Metrics with labels from 1 to 10.
pub fn metrics(names: &[&str]) -> Vec<Metric> {
    let labels: Vec<f64> = (1..=10).map(f64::from).collect();
    names.iter().map(|n| Metric::fit(MetricSpec::from_column(n), &labels).unwrap()).collect()
}

/// The description of an evaluator `e` that has seen no class.
pub fn manifest(names: &[&str]) -> Manifest {
    Manifest {
        format: FORMAT,
        string_version: 1,
        string_style: Style::default(),
        name: "e".into(),
        window: 512,
        metrics: metrics(names),
        training: training(&[], &[]),
        domain: None,
        files: BTreeMap::new(),
    }
}

/// An encoded network with these outputs; its unreduced ones are 100 higher.
pub fn encoded(outputs: &[f64]) -> Encoded {
    Encoded {
        outputs: outputs.to_vec(),
        whole: outputs.iter().map(|o| o + 100.0).collect(),
        scales: vec![1.0; outputs.len()],
        pooled: vec![0.0],
        tokens: vec![1],
        windows: 1,
    }
}
