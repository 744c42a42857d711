//! Pictures of `nneval score --plot`.

use crate::common;

use common::{
    METRICS, bundle, entries, failure, labels, network, nneval_with_runtime, run, success,
};
use nneval::spaces::{Space, TssArch};
use std::path::Path;
use std::process::Command;

/// Width and height that the header of a PNG states.
fn png_size(path: &Path) -> (u32, u32) {
    let bytes = std::fs::read(path).unwrap();
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n", "{path:?}");
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

fn score(table: &Path, plot: &Path) -> Command {
    let mut command = nneval_with_runtime();
    command.args(["score", "--bootstrap", "20", "--rows", "all", "--labels"]).arg(table);
    command.arg("--plot").arg(plot);
    command
}

#[test]
fn each_metric_has_its_pictures_as_svg_and_png() {
    let dir = tempfile::tempdir().unwrap();
    let (table, plot) = (labels(dir.path(), 40), dir.path().join("plots"));
    let epochs = "epoch,step,loss,tau_a_ms\n1,10,1.5,0.1\n2,20,0.7,0.5\n";
    std::fs::write(dir.path().join("epochs.csv"), epochs).unwrap();
    let text = success(score(&table, &plot).arg("--run").arg(dir.path()));
    let kinds = ["calibration", "residuals", "scatter"];
    let mut wanted: Vec<String> = METRICS
        .iter()
        .flat_map(|m| kinds.map(|k| format!("{m}-{k}")))
        .chain(["learning-curves".to_owned()])
        .flat_map(|stem| ["png", "svg"].map(|e| format!("{stem}.{e}")))
        .collect();
    wanted.sort();
    assert_eq!(entries(&plot), wanted);
    for name in &wanted {
        let path = plot.join(name);
        if name.ends_with(".png") {
            let (width, height) = png_size(&path);
            assert!(width >= 1000 && height >= 900, "{name}: {width} {height}");
        } else {
            let svg = std::fs::read_to_string(&path).unwrap();
            assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{name}");
            assert!(!svg.contains("NaN") && !svg.contains("inf\""), "{name}");
        }
    }
    let read = |name: &str| std::fs::read_to_string(plot.join(name)).unwrap();
    let row = text.lines().find(|l| l.starts_with(METRICS[0])).unwrap();
    let tau = row.split_whitespace().nth(3).unwrap();
    let scatter = read(&format!("{}-scatter.svg", METRICS[0]));
    for words in [METRICS[0], &format!("τ {tau}"), "ρ ", "MAE ", "reported, %", "90 % interval"] {
        assert!(scatter.contains(words), "{words}: {scatter:.900}");
    }
    assert!(read(&format!("{}-residuals.svg", METRICS[1])).contains("reported − predicted, ms"));
    let calibration = read(&format!("{}-calibration.svg", METRICS[0]));
    assert!(calibration.contains("nominal coverage") && calibration.contains("own 90 % interval"));
}

#[test]
fn measured_metrics_are_drawn_too() {
    let dir = tempfile::tempdir().unwrap();
    let models = dir.path().join("models");
    let mut text = String::from("path,latency_ms\n");
    for i in 0..14 {
        let arch = TssArch::nth(i * 1100).to_string();
        let name = format!("{i}.onnx");
        network(Space::NatsTss, &arch, &models, &name);
        let convolutions = arch.matches("3x3").count() as f64;
        text += &format!("{name},{}\n", 1.5 + convolutions + 0.01 * i as f64);
    }
    let table = dir.path().join("measured.csv");
    std::fs::write(&table, text).unwrap();
    let adapted = dir.path().join("adapted");
    let mut adapt = nneval_with_runtime();
    adapt.args(["adapt", "--labels"]).arg(&table).arg("--models").arg(&models);
    success(adapt.arg("--out").arg(&adapted));
    let plot = dir.path().join("plots");
    let mut command = score(&table, &plot);
    command.arg("--models").arg(&models).arg("--evaluator").arg(&adapted);
    let (code, _, note) = run(&mut command);
    assert_eq!(code, Some(0), "{note}");
    assert!(note.contains("calibration of latency_ms (too few classes)"), "{note}");
    let svg = std::fs::read_to_string(plot.join("latency_ms-scatter.svg")).unwrap();
    assert!(svg.contains("14 rows") && svg.contains("predicted, ms"), "{svg:.900}");
}

#[test]
fn what_cannot_be_drawn_is_explained() {
    let dir = tempfile::tempdir().unwrap();
    let (table, file) = (labels(dir.path(), 790), dir.path().join("file"));
    std::fs::write(&file, "").unwrap();
    let evaluator = bundle();
    let message = failure(score(&table, &file.join("plots")).arg("--evaluator").arg(&evaluator));
    assert!(message.contains("plots"), "{message}");
    let plots = dir.path().join("plots");
    let message = failure(score(&table, &plots).arg("--run").arg(dir.path()));
    assert!(message.contains("epochs.csv"), "{message}");
}
