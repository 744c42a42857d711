//! The shared cases: inputs that other tools read or count wrongly, each with its
//! right answer.

use nneval::costs::{Amount, of_model};
use nneval::graph::shape::{Bindings, Shapes};
use nneval::graph::{Limits, Model};
use serde_json::Value as Json;
use std::path::Path;

use crate::common::shared;

/// Kinds of cases: by operator.
const KINDS: [&str; 11] = ["01", "02", "03", "07", "08", "12", "13", "14", "15", "16", "19"];

/// What is wrong with a model by its right answer: shapes by output, MACs,
/// parameters.
fn wrong(path: &Path, right: &Json) -> Vec<String> {
    let name = path.display();
    let model = Model::open(path, &Limits::default()).unwrap();
    let shapes = Shapes::infer(&model, &Bindings::default());
    let costs = of_model(&model, &Bindings::default()).unwrap();
    let mut found = Vec::new();
    for (output, dims) in right["shapes"].as_object().into_iter().flatten() {
        let id = model.values.iter().position(|v| v.name == *output).unwrap();
        let ours = shapes.get(id as u32).and_then(|t| t.dims.as_ref());
        let ours: Option<Vec<String>> =
            ours.map(|d| d.iter().map(|e| shapes.symbols.text(e)).collect());
        let theirs: Vec<String> =
            dims.as_array().unwrap().iter().map(|d| d.as_str().unwrap().to_owned()).collect();
        if ours.as_ref() != Some(&theirs) {
            found.push(format!("{name}: {output} is {theirs:?}, not {ours:?}"));
        }
    }
    if let Some(macs) = right["macs"].as_u64()
        && costs.macs != Amount::Known(macs)
    {
        found.push(format!("{name}: {macs} MACs, not {}", costs.macs));
    }
    if let Some(parameters) = right["params"].as_u64()
        && costs.parameters != parameters
    {
        found.push(format!("{name}: {parameters} parameters, not {}", costs.parameters));
    }
    found
}

#[test]
fn cases_of_operators_are_right() {
    let Some(folder) = shared("cases") else { return };
    let (mut models, mut found) = (0, Vec::new());
    for case in std::fs::read_dir(folder).unwrap() {
        let case = case.unwrap().path();
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        if !KINDS.iter().any(|k| name.starts_with(k)) {
            continue;
        }
        let right = std::fs::read_to_string(case.join("right.json")).unwrap();
        let right: Json = serde_json::from_str(&right).unwrap();
        for (file, answer) in right.as_object().unwrap() {
            models += 1;
            found.extend(wrong(&case.join(file), answer));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
    assert!(models >= 40, "{models} models");
}
