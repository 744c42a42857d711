//! One computation has one string, whichever exporter wrote it.

use crate::common::{corpus, nneval_with_runtime, shared, success};
use nneval::costs::{self, Amount, Terms, terms};
use nneval::graph::canonical::canonicalize;
use nneval::graph::shape::Bindings;
use nneval::graph::{Limits, Model};
use nneval::opstring;
use nneval::reduce::Reduction;
use rayon::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// The networks that were exported four ways.
const NETWORKS: [&str; 8] = [
    "convnext_atto",
    "ghostnet_100",
    "mobilenetv3_small_100",
    "poolformer_s12",
    "repvgg_a0",
    "resnet18",
    "tf_efficientnet_b0",
    "vit_tiny_patch16_224",
];
/// TorchScript and dynamo, a batch of one and an open one.
const EXPORTS: [&str; 4] = ["ts", "tsdyn", "dyno", "dynodyn"];

fn model(path: &Path) -> Model {
    Model::open(path, &Limits::default()).unwrap()
}

fn string(path: &Path) -> String {
    opstring::write(&opstring::of_model(&model(path)).unwrap())
}

#[test]
fn four_exports_of_a_network_have_one_string() {
    let Some(folder) = shared("corpus/exporters") else { return };
    for network in NETWORKS {
        let of = |export| string(&folder.join(format!("{network}.{export}.onnx")));
        let strings: BTreeSet<String> = EXPORTS.into_iter().map(of).collect();
        assert_eq!(strings.len(), 1, "{network}: {strings:#?}");
    }
}

/// The zoo keeps BatchNormalization, which those exports fold.
#[test]
fn folded_normalization_leaves_no_trace() {
    let (Some(folder), Some(zoo)) = (shared("corpus/exporters"), shared("corpus/zoo")) else {
        return;
    };
    for network in NETWORKS {
        let folded = string(&folder.join(format!("{network}.ts.onnx")));
        assert_eq!(folded, string(&zoo.join(format!("{network}@224.onnx"))), "{network}");
    }
}

/// Costs are those of the file. TorchScript stores equal weights once, such as those that are all
/// zeros: parameters are compared within an exporter alone.
#[test]
fn four_exports_of_a_network_have_one_cost() {
    let Some(folder) = shared("corpus/exporters") else { return };
    for network in NETWORKS {
        let of = |export| {
            let m = model(&folder.join(format!("{network}.{export}.onnx")));
            let bindings = match export {
                "tsdyn" | "dynodyn" => {
                    Bindings { dims: [("n".into(), 1)].into(), ..Default::default() }
                }
                _ => Bindings::default(),
            };
            let c = costs::of_model(&m, &bindings).unwrap();
            let known = |a: &Amount| match a {
                Amount::Known(n) => *n as f64,
                other => panic!("{network} {export}: {other:?}"),
            };
            [c.parameters as f64, known(&c.macs)]
        };
        let all = EXPORTS.map(of);
        let same = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 0.005, "{network}: {all:?}");
        for (i, [parameters, macs]) in all.into_iter().enumerate() {
            same(macs, all[0][1]);
            same(parameters, all[i / 2 * 2][0]);
        }
    }
}

/// Cost models weigh the operators of the canonical graph. Stored bytes are the file's, in which
/// TorchScript has equal weights once.
#[test]
fn four_exports_of_a_network_have_the_same_terms() {
    let Some(folder) = shared("corpus/exporters") else { return };
    for network in NETWORKS {
        let of = |export: &str| {
            let m = model(&folder.join(format!("{network}.{export}.onnx")));
            Terms::at_default_sizes(&m, &Bindings::default()).unwrap()
        };
        let all = EXPORTS.map(of);
        for (i, name) in terms::NAMES.into_iter().enumerate().filter(|n| n.1 != "weight_bytes") {
            let same = |t: &Terms| (t.0[i] - all[0].0[i]).abs() <= 0.005 * all[0].0[i];
            assert!(all.iter().all(same), "{network}, {name}: {:?}", all.map(|t| t.0[i]));
        }
    }
}

#[test]
fn four_exports_of_a_network_have_the_same_latency() {
    let Some(folder) = shared("corpus/exporters") else { return };
    let mut command = nneval_with_runtime();
    command.arg("evaluate").arg(&folder).args(["--evaluator", "onnx-cpu", "--format", "jsonl"]);
    let rows: Vec<Value> =
        success(&mut command).lines().map(|row| serde_json::from_str(row).unwrap()).collect();
    for network in NETWORKS {
        let of = |export| {
            let file = format!("{network}.{export}.onnx");
            let mine = |row: &&Value| row["path"].as_str().unwrap().ends_with(&file);
            rows.iter().find(mine).unwrap()["latency_ms"].as_f64().unwrap()
        };
        let all = EXPORTS.map(of);
        let [least, most] = [f64::min, f64::max].map(|f| all.into_iter().reduce(f).unwrap());
        assert!(most / least < 1.05, "{network}: {all:?}");
    }
}

/// A canonical graph is its own canonical graph, and its string parses back.
#[test]
fn corpus_models_are_canonical_once() {
    let Some(models) = corpus() else { return };
    let changed: Vec<String> = models
        .par_iter()
        .filter_map(|path| {
            let g = opstring::of_model(&model(path)).unwrap();
            let s = opstring::write(&g);
            let again = canonicalize(g.clone());
            let back = opstring::parse(&s).unwrap();
            let same = again == g && back == g;
            (!same).then(|| format!("{}: {}", path.display(), s.get(..300).unwrap_or(&s)))
        })
        .collect();
    assert!(changed.is_empty(), "{} changed:\n{}", changed.len(), changed.join("\n"));
}

/// The reduction that accuracy is read of settles as well.
#[test]
fn corpus_models_are_reduced_once() {
    let Some(models) = corpus() else { return };
    let changed: Vec<String> = models
        .par_iter()
        .step_by(3)
        .filter_map(|path| {
            let g = opstring::of_model(&model(path)).unwrap();
            let once = Reduction::Reachable.reduce(&g)?;
            let twice = Reduction::Reachable.reduce(&once);
            twice.is_some().then(|| path.display().to_string())
        })
        .collect();
    assert!(changed.is_empty(), "{} changed:\n{}", changed.len(), changed.join("\n"));
}
