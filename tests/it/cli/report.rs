//! `nneval report`: what stands in the page.

use crate::common;

use common::{METRICS, failure, labels, nneval, nneval_with_runtime, success};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// The content of a page.
fn content(page: &Path) -> Value {
    let html = std::fs::read_to_string(page).unwrap();
    let (_, rest) = html.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

/// A search by static costs alone: no ONNX Runtime.
fn search(out: &Path) {
    let mut command = nneval();
    command.args(["search", "--space", "nats-sss", "--maximize", "params", "--minimize", "macs"]);
    success(command.args(["--limit", "depth>=3", "--budget", "150", "--out"]).arg(out));
}

fn report(run: &Path, out: &Path) -> Command {
    let mut command = nneval();
    command.arg("report").arg(run).arg("--out").arg(out);
    command
}

#[test]
fn a_search_is_shown_with_its_front_and_graphs() {
    let dir = tempfile::tempdir().unwrap();
    let (run, page) = (dir.path().join("run"), dir.path().join("page.html"));
    search(&run);
    assert_eq!(success(&mut report(&run, &page)), format!("{}\n", page.display()));
    let content = content(&page);
    let s = &content["search"];
    let names: Vec<&str> =
        s["columns"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["params", "macs", "depth"]);
    assert_eq!(
        (&s["axes"], &s["two"], &s["sort"]),
        (&json!([1, 0]), &json!(true), &json!([0, -1]))
    );
    assert_eq!(s["arch"].as_array().unwrap().len(), 150);
    let summary = std::fs::read_to_string(run.join("pareto.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    let winners = summary["pareto"].as_array().unwrap();
    let front = s["front"].as_array().unwrap();
    assert_eq!(front.len(), winners.len());
    for (at, winner) in front.iter().zip(winners) {
        let i = at.as_u64().unwrap() as usize;
        assert_eq!(s["arch"][i], winner["arch"]);
        assert_eq!(s["files"][at.to_string()], winner["file"]);
        let drawing = &s["graphs"][at.to_string()];
        let texts = drawing["nodes"].to_string();
        assert!(texts.contains("Conv k3 p1") && texts.contains("GlobalAveragePool"), "{texts}");
        assert!(drawing["edges"].as_array().unwrap().len() > 10);
    }
    assert_eq!(content["scores"], Value::Null);
    assert!(content["command"].as_str().unwrap().starts_with("nneval report "));
}

#[test]
fn an_evaluator_is_shown_with_labels_baselines_and_a_search() {
    let dir = tempfile::tempdir().unwrap();
    let (run, page) = (dir.path().join("run"), dir.path().join("page.html"));
    let mut command = nneval_with_runtime();
    command.args(["search", "--space", "nats-tss", "--maximize", METRICS[0], "--minimize", "macs"]);
    success(command.args(["--budget", "40", "--out"]).arg(&run));
    let mut command = nneval_with_runtime();
    command.arg("report").arg(&run).args(["--bootstrap", "20", "--rows", "all", "--labels"]);
    command.arg(labels(dir.path(), 100)).args(["--baseline", "cifar10_flops_M"]);
    success(command.arg("--out").arg(&page));
    let content = content(&page);
    let s = &content["search"];
    let (lo, value, hi) = (&s["lo"][0][0], &s["values"][0][0], &s["hi"][0][0]);
    assert!(lo.as_f64() <= value.as_f64() && value.as_f64() <= hi.as_f64(), "{lo} {value} {hi}");
    assert_eq!(s["lo"][1], Value::Null);
    let facts = content["evaluator"].as_array().unwrap();
    assert!(facts.contains(&json!(["name", "nats-tss"])), "found by the search's words");
    let scores = &content["scores"];
    assert_eq!(scores["baselines"], json!(["MACs", "parameters", "cifar10_flops_M"]));
    let metrics = scores["metrics"].as_array().unwrap();
    let rows = scores["keys"].as_array().unwrap().len();
    assert_eq!((metrics.len(), rows), (2, 157));
    for m in metrics {
        let row = &m["row"];
        assert!(row["tau_lo"].as_f64() <= row["tau"].as_f64(), "{row}");
        let taus = m["baselines"].as_array().unwrap();
        assert!(taus.iter().all(|b| b["lo"].as_f64().unwrap() <= b["hi"].as_f64().unwrap()));
        for list in ["reported", "predicted", "lo", "hi"] {
            assert_eq!(m[list].as_array().unwrap().len(), rows, "{list}");
        }
    }
    let latency = metrics[1]["reported"].as_array().unwrap();
    assert!(latency.iter().any(Value::is_null), "every fifth is not known");
}

#[test]
fn without_labels_an_evaluator_states_its_own_validation() {
    let dir = tempfile::tempdir().unwrap();
    let page = dir.path().join("page.html");
    success(&mut report(Path::new("nats-tss"), &page));
    let content = content(&page);
    let metrics = content["scores"]["metrics"].as_array().unwrap();
    assert_eq!(metrics.len(), 36);
    assert!(metrics[0]["row"]["tau"].as_f64().unwrap() > 0.9);
    assert_eq!(
        (&content["search"], &content["scores"]["has_points"]),
        (&Value::Null, &json!(false))
    );
}

#[test]
fn a_training_run_has_its_curves() {
    let dir = tempfile::tempdir().unwrap();
    let epochs = "epoch,step,loss,tau_a_ms,tau_b_ms\n1,10,1.5,0.1,0.3\n2,20,0.7,,0.5\n";
    std::fs::write(dir.path().join("epochs.csv"), epochs).unwrap();
    let page = dir.path().join("page.html");
    success(&mut report(dir.path(), &page));
    let curves = &content(&page)["curves"];
    assert_eq!(curves, &json!({"epochs": [1.0, 2.0], "loss": [1.5, 0.7], "tau": [0.2, 0.5]}));
}

/// A search folder whose every text tries to leave its place.
#[test]
fn hostile_texts_stay_texts() {
    let dir = tempfile::tempdir().unwrap();
    let bad = "</script><img src=x onerror=alert(1)>\"'&amp;{{js}}<!--\u{2028}";
    let mut table = csv::Writer::from_path(dir.path().join("candidates.csv")).unwrap();
    table.write_record(["arch", bad, "told", "error"]).unwrap();
    table.write_record([bad, "1.5", "0", bad]).unwrap();
    table.flush().unwrap();
    let summary = json!({
        "space": bad, "objectives": [{"metric": bad, "goal": "maximize"}], "limits": [bad],
        "units": {bad: bad}, "settings": {"algorithm": bad, "seed": 0}, "evaluators": bad,
        "measured": 1, "pareto": [{"arch": bad, "file": bad}],
    });
    std::fs::write(dir.path().join("pareto.json"), summary.to_string()).unwrap();
    let page = dir.path().join("page.html");
    success(report(dir.path(), &page).args(["--title", bad]));
    let html = std::fs::read_to_string(&page).unwrap();
    assert_eq!(html.matches("</script>").count(), 2, "the page's own");
    assert!(!html.contains("<img"));
    assert_eq!(html.matches("const NS =").count(), 1, "what is put in is not read again");
    assert_eq!(content(&page)["search"]["arch"][0], bad);
}

#[test]
fn a_model_is_shown_with_facts_predictions_blocks_and_graph() {
    let dir = tempfile::tempdir().unwrap();
    let page = dir.path().join("page.html");
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/nats_tss_9930.onnx");
    let mut command = nneval_with_runtime();
    success(command.arg("report").arg(&model).arg("--out").arg(&page));
    let content = content(&page);
    let shown = &content["model"];
    let facts = shown["facts"].as_array().unwrap();
    assert!(facts.contains(&json!(["parameters", "1,288,506"])), "{facts:?}");
    let predictions = shown["predictions"].as_array().unwrap();
    let accuracy = predictions.iter().find(|p| p["metric"] == "cifar10_test_acc_pct").unwrap();
    assert_eq!(accuracy["evaluator"], "nats-tss");
    assert!(accuracy["value"].as_str().unwrap().ends_with('%'), "{accuracy}");
    let blocks = shown["blocks"].as_array().unwrap();
    let macs: u64 = blocks.iter().map(|b| b["macs"].as_u64().unwrap()).sum();
    assert_eq!(macs, 184_730_240);
    assert!(shown["graph"]["nodes"].as_array().unwrap().len() > 5);
    assert_eq!(content["title"], "nats_tss_9930.onnx");
    let refused = failure(report(&model, &page).args(["--evaluator", "nats-tss"]));
    assert!(refused.contains("a model's page takes no"), "{refused}");
}

#[test]
fn what_cannot_be_shown_is_explained() {
    let dir = tempfile::tempdir().unwrap();
    let page = dir.path().join("page.html");
    let message = failure(&mut report(dir.path(), &page));
    assert!(message.contains("neither an evaluator"), "{message}");
    std::fs::write(dir.path().join("pareto.json"), "{").unwrap();
    let message = failure(&mut report(dir.path(), &page));
    assert!(message.contains("pareto.json") && message.contains("not a search"), "{message}");
    std::fs::write(dir.path().join("pareto.json"), "{}").unwrap();
    let message = failure(&mut report(dir.path(), &page));
    assert!(message.contains("candidates.csv"), "{message}");
    std::fs::write(dir.path().join("candidates.csv"), "a,b\n1,2\n").unwrap();
    let message = failure(&mut report(dir.path(), &page));
    assert!(message.contains("no column arch"), "{message}");
    std::fs::write(dir.path().join("candidates.csv"), "arch\n").unwrap();
    let none = failure(report(dir.path(), &page).arg("--labels").arg(&page));
    assert!(none.contains("--evaluator names it"), "{none}");
    assert!(!page.exists());
    success(&mut report(dir.path(), &page));
}
