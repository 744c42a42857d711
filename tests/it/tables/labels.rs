//! The labels module on the real NATS-Bench table; skipped where it is absent.

use nneval::labels::{
    LabelTable, MetricSpec, ReadOptions, TargetTransform, TransformKind, group_mean, sibling_mean,
    split_by_class, subsample,
};
use nneval::tables::statistics as stats;
use nneval::tables::statistics::bootstrap_tau;
use nneval::tables::statistics::score_table;
use std::collections::HashSet;
use std::path::PathBuf;

const FLOPS: &str = "cifar10_flops_M";

fn shared(name: &str) -> Option<PathBuf> {
    crate::common::shared(&format!("data/{name}"))
}

fn nats() -> Option<LabelTable> {
    let path = shared("nats_tss_open.csv.gz")?;
    Some(LabelTable::read(path, &ReadOptions::default()).expect("the table is well formed"))
}

fn tau(table: &LabelTable, a: &str, b: &str) -> f64 {
    let (a, b) = stats::paired(table.column(a).unwrap(), table.column(b).unwrap());
    stats::kendall_tau(&a, &b).unwrap()
}

#[test]
fn nats_table_has_its_shape() {
    let Some(t) = nats() else { return };
    assert_eq!(t.rows(), 12_945);
    assert_eq!((t.arch_index(1), t.class(1)), (Some(1), Some(1)));
    assert_eq!(t.numeric_columns().count(), t.column_names().len());
    assert_eq!(t.column("hwnas_edgegpu_lat_ms").unwrap()[0], None);
    let units: HashSet<String> =
        t.column_names().iter().map(|name| MetricSpec::from_column(name).unit).collect();
    assert!(["%", "ms", "mJ", "s", "M"].iter().all(|unit| units.contains(*unit)), "{units:?}");
}

/// Reference values: scipy 1.17.1.
#[test]
fn flops_rank_the_accuracies_as_scipy_says() {
    let Some(t) = nats() else { return };
    assert!((tau(&t, FLOPS, "cifar10_test_acc_pct") - 0.5746743287816507).abs() < 1e-12);
    assert!((tau(&t, FLOPS, "hwnas_edgegpu_lat_ms") - 0.3580137297482437).abs() < 1e-12);
    let (f, a) = stats::paired(t.column(FLOPS).unwrap(), t.column("cifar10_test_acc_pct").unwrap());
    assert!((stats::spearman_rho(&f, &a).unwrap() - 0.7489754827851995).abs() < 1e-12);
}

/// Columns with their rows, tau of FLOPs, tau with the mean of the other rows of the
/// class, tau with the mean of the class, and the transform that fits them.
const COLUMNS: [(&str, usize, [f64; 3], TransformKind); 9] = [
    ("cifar10_test_acc_pct", 12_945, [0.575, 0.928, 0.963], TransformKind::RankNormal),
    ("imagenet16_120_test_acc_pct", 12_945, [0.517, 0.932, 0.965], TransformKind::RankNormal),
    ("cifar10_params", 12_945, [1.000, 0.630, 0.750], TransformKind::Log),
    ("cifar10_train_s_per_epoch", 12_945, [0.666, 0.579, 0.748], TransformKind::Identity),
    ("hwnas_edgegpu_lat_ms", 10_376, [0.358, 0.684, 0.810], TransformKind::RankNormal),
    ("hwnas_edgetpu_lat_ms", 7_141, [0.213, 0.906, 0.961], TransformKind::Identity),
    ("hwnas_eyeriss_energy_mJ", 10_376, [0.552, 0.583, 0.749], TransformKind::Identity),
    ("help_2080ti_256_lat_ms", 12_945, [0.881, 0.609, 0.745], TransformKind::Identity),
    ("help_pixel2_lat_ms", 12_945, [0.731, 0.520, 0.704], TransformKind::Log),
];

#[test]
fn columns_have_their_noise_and_transform() {
    let Some(t) = nats() else { return };
    for (name, rows, [flops, others, class], kind) in COLUMNS {
        let values = t.column(name).unwrap();
        let present: Vec<f64> = values.iter().flatten().copied().collect();
        assert_eq!(present.len(), rows, "{name}");
        let tau_with = |means: &[Option<f64>]| {
            let (a, b) = stats::paired(values, means);
            stats::kendall_tau(&a, &b).unwrap()
        };
        let found = [
            tau(&t, FLOPS, name),
            tau_with(&sibling_mean(&t, name).unwrap()),
            tau_with(&group_mean(&t, name).unwrap()),
        ];
        for (found, expected) in found.into_iter().zip([flops, others, class]) {
            assert!((found - expected).abs() < 6e-4, "{name}: {found} is not {expected}");
        }
        assert_eq!(TransformKind::choose(&present), kind, "{name}");
    }
}

#[test]
fn every_column_goes_through_its_transform_and_back() {
    let Some(t) = nats() else { return };
    for name in t.column_names() {
        let present: Vec<f64> = t.column(name).unwrap().iter().flatten().copied().collect();
        let transform = TargetTransform::fit(TransformKind::Auto, &present).unwrap();
        for v in &present {
            let back = transform.invert(transform.apply(*v).unwrap());
            assert!((back - v).abs() <= 1e-6 * v.abs().max(1.0), "{name}: {v} {back}");
        }
    }
    assert_eq!(t.column_names().len(), 47);
}

#[test]
fn splits_share_no_class_and_small_draws_nest() {
    let Some(t) = nats() else { return };
    let split = split_by_class(&t, 0.1, 42).unwrap();
    let classes =
        |rows: &[usize]| -> HashSet<u64> { rows.iter().filter_map(|&row| t.class(row)).collect() };
    assert!(classes(&split.train).is_disjoint(&classes(&split.valid)));
    assert!((split.valid.len() as f64 - 1294.5).abs() < 200.0, "{}", split.valid.len());
    let large: HashSet<usize> = subsample(&t, &split.train, 781, 1).unwrap().into_iter().collect();
    let small = subsample(&t, &split.train, 156, 1).unwrap();
    assert_eq!((large.len(), small.len()), (781, 156));
    assert!(small.iter().all(|row| large.contains(row)));
}

#[test]
fn flops_as_an_evaluator_score_as_the_baseline() {
    let Some(t) = nats() else { return };
    let valid = split_by_class(&t, 0.1, 42).unwrap().valid;
    let metrics = ["cifar10_test_acc_pct", "hwnas_edgegpu_lat_ms"].map(MetricSpec::from_column);
    let reported: Vec<_> = metrics.iter().map(|m| t.gather(&m.name, &valid).unwrap()).collect();
    let flops = t.gather(FLOPS, &valid).unwrap();
    let predicted: Vec<f64> = flops.iter().map(|f| f.unwrap()).collect();
    let classes: Vec<u64> = valid.iter().map(|&row| t.class(row).unwrap()).collect();
    let report = score_table(
        &metrics,
        &reported,
        &[predicted.clone(), predicted],
        Some((FLOPS, &flops)),
        &classes,
        200,
        1,
    )
    .unwrap();
    for row in &report.rows {
        assert_eq!(row.tau, row.baseline_tau);
        assert!(row.tau_lo < row.tau && row.tau < row.tau_hi);
    }
    assert!(report.rows[1].n < report.rows[0].n);
}

#[test]
fn tables_with_other_keys() {
    let read = |name: &str, key: &str, column: &str| {
        let columns = Some(vec![column.into()]);
        let options = ReadOptions { key: Some(key.into()), columns, ..ReadOptions::default() };
        shared(name).map(|path| LabelTable::read(path, &options))
    };
    if let Some(t) = read("nasbench_macro.csv.gz", "arch", "cifar10_test_acc_mean_pct") {
        let t = t.expect("well formed");
        assert_eq!((t.rows(), t.key(0)), (6561, Some("00000000")));
    }
    if let Some(t) = read("timm_imagenet_results.csv.gz", "model", "imagenet_val_top1_pct") {
        let message = t.expect_err("models are listed once an image size").to_string();
        assert!(message.contains("is already on line"), "{message}");
    }
}

#[test]
fn intervals_are_narrow_on_many_classes() {
    let Some(t) = nats() else { return };
    let (f, a) = stats::paired(t.column(FLOPS).unwrap(), t.column("cifar10_test_acc_pct").unwrap());
    let interval = bootstrap_tau(&f, &a, t.classes(), 100, 0.95, 1).unwrap();
    assert!(interval.lo < 0.5747 && 0.5747 < interval.hi && interval.hi - interval.lo < 0.05);
}
