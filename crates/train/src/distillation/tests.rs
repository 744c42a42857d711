//! Soft targets on small networks.

use super::*;
use nneval_spaces::{ModelOptions, Space, graph_of_arch};
use nneval_tables::labels::MetricSpec;

/// Networks of the topology space, one of every `stride`, and a label each: their number of
/// operations, less its mean.
fn networks(stride: usize, count: usize) -> (Vec<DatasetNetwork>, Vec<Option<f64>>) {
    let archs = Space::NatsTss.all().step_by(stride).take(count);
    let read = archs.map(|a| {
        let graph = graph_of_arch(Space::NatsTss, &a.to_string(), &ModelOptions::default());
        DatasetNetwork::from(graph.unwrap())
    });
    let networks: Vec<DatasetNetwork> = read.collect();
    let sizes: Vec<f64> = networks.iter().map(|n| n.graph.operations() as f64).collect();
    let mean = sizes.iter().sum::<f64>() / sizes.len() as f64;
    let labels = sizes.iter().map(|s| Some((s - mean) / 10.0)).collect();
    (networks, labels)
}

fn metric() -> Metric {
    Metric::fit(MetricSpec::from_column("a_lat_ms"), &[1.0, 2.0, 3.0]).unwrap()
}

/// What teachers of so many labels say of training and unlabelled networks, with the labels of all.
fn taught(fitted: Vec<Kind>, count: usize) -> ([Columns; 2], [Vec<Option<f64>>; 2]) {
    let (all, labels) = networks(15_360 / (count + 40), count + 40);
    let all: Vec<&DatasetNetwork> = all.iter().collect();
    let (train, rest) = all.split_at(count);
    let (unlabelled, valid) = rest.split_at(20);
    let parts = Parts { train, unlabelled, valid };
    let own = [labels[..count].to_vec()];
    let reported = [labels[count + 20..].to_vec()];
    let teachers = Teachers { evaluators: Vec::new(), fitted };
    let taught = teachers.soft_targets(&[metric()], &parts, [&own, &reported]).unwrap().unwrap();
    (taught, [labels[..count].to_vec(), labels[count..count + 20].to_vec()])
}

fn mean_error(predicted: &[f64], labels: &[Option<f64>]) -> f64 {
    let errors = predicted.iter().zip(labels).map(|(p, l)| (p - l.unwrap()).abs());
    errors.sum::<f64>() / predicted.len() as f64
}

fn spread(labels: &[Option<f64>]) -> f64 {
    let mean = labels.iter().flatten().sum::<f64>() / labels.len() as f64;
    mean_error(&vec![mean; labels.len()], labels)
}

fn learns(kind: Kind, count: usize) {
    let ([own, other], [train, unlabelled]) = taught(vec![kind], count);
    for (predicted, labels) in [(&own[0], &train), (&other[0], &unlabelled)] {
        assert_eq!(predicted.len(), labels.len());
        let (error, spread) = (mean_error(predicted, labels), spread(labels));
        assert!(error < 0.6 * spread, "{kind:?}: {error} of {spread}");
    }
}

#[test]
#[cfg(feature = "gbdt")]
fn trees_teach_networks_without_labels() {
    learns(Kind::Gbdt, 80);
}

#[test]
fn pairwise_ridge_teaches_networks_without_labels() {
    // It has some 300 columns, and needs several rows for each.
    learns(Kind::PairwiseRidge, 1200);
}

#[test]
fn a_gaussian_process_teaches_networks_without_labels() {
    learns(Kind::Gp, 80);
}

#[test]
#[cfg(feature = "gbdt")]
fn stacked_teachers_are_as_good_as_the_best_on_the_validation_labels() {
    let error = |kinds: Vec<Kind>| {
        let ([_, other], [_, unlabelled]) = taught(kinds, 80);
        mean_error(&other[0], &unlabelled)
    };
    let stacked = error(vec![Kind::Gbdt, Kind::PairwiseRidge, Kind::Gp]);
    let alone = [Kind::Gbdt, Kind::PairwiseRidge, Kind::Gp].map(|k| error(vec![k]));
    let worst = alone.iter().copied().fold(0.0, f64::max);
    assert!(stacked < worst, "{stacked} {alone:?}");
}

#[test]
fn without_teachers_there_are_no_soft_targets() {
    let parts = Parts { train: &[], unlabelled: &[], valid: &[] };
    let none = Teachers::default().soft_targets(&[metric()], &parts, [&[], &[]]).unwrap();
    assert!(none.is_none());
}

#[test]
fn too_few_labels_are_refused_by_each_kind() {
    let (all, labels) = networks(400, 30);
    let all: Vec<&DatasetNetwork> = all.iter().collect();
    let parts = Parts { train: &all, unlabelled: &[], valid: &[] };
    for (kind, labels) in [
        (Kind::PairwiseRidge, labels.clone()),
        #[cfg(feature = "gbdt")]
        (Kind::Gbdt, labels),
        (Kind::Gp, vec![None; 30]),
    ] {
        let teachers = Teachers { evaluators: Vec::new(), fitted: vec![kind] };
        let e = teachers.soft_targets(&[metric()], &parts, [&[labels], &[vec![]]]).unwrap_err();
        assert!(e.to_string().contains("labelled rows, not"), "{kind:?}: {e}");
    }
}

#[test]
fn a_target_is_label_and_teacher_by_their_shares() {
    let mut examples = Examples {
        names: vec!["a".into(), "b".into()],
        targets: vec![vec![Some(2.0), None], vec![Some(2.0), Some(1.0)]],
        ..Examples::default()
    };
    let taught = [vec![4.0, f64::NAN], vec![3.0, 5.0]];
    apply(&taught, &[1.0, 4.0], 0.75, &mut examples);
    let expected = [vec![Some(3.5), Some(6.0)], vec![Some(2.0), Some(7.75)]];
    assert_eq!(examples.targets, expected);
}

#[test]
fn what_is_left_and_what_predicted_it_add_up_to_the_labels() {
    let labels = [vec![Some(3.0), None], vec![Some(-1.0), Some(2.0)]];
    let predicted = vec![vec![2.5, 1.0], vec![0.0, 0.0]];
    let left = residuals(&labels, &predicted);
    assert_eq!(left, [vec![Some(0.5), None], vec![Some(-1.0), Some(2.0)]]);
    let part = |v: f64| vec![vec![v, v]];
    let both = sums(&[part(1.0), part(2.0), part(3.0)], &[part(0.5), part(0.5), part(-3.0)]);
    assert_eq!(both, [part(1.5), part(2.5), part(0.0)]);
}

#[test]
fn kinds_have_names() {
    let named = Kind::NAMES.map(|n| Kind::from_name(n).unwrap());
    assert_eq!(named, [Kind::Gbdt, Kind::PairwiseRidge, Kind::Gp]);
    assert_eq!(Kind::from_name("base"), None);
}
