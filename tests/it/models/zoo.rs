//! Real image classifiers: parameters beside PyTorch's, MACs beside the published.

use crate::common::{shared, skip};

use nneval::costs::{Costs, of_model};
use nneval::graph::shape::{Bindings, Shapes};
use nneval::graph::{Limits, Model, ValueId};
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};

/// Graphs whose parameters differ from PyTorch's by more than 0.1 %, and why.
const OTHER_PARAMETERS: [(&str, &str); 4] = [
    ("tv_googlenet@224.onnx", "the auxiliary classifiers are used in training alone"),
    ("tv_inception_v3@299.onnx", "the auxiliary classifier is used in training alone"),
    ("mobilenetv4_conv_blur_medium@224.onnx", "its blur filters look like learned ones"),
    ("mobilenetv4_conv_blur_medium@256.onnx", "its blur filters look like learned ones"),
];

/// Graphs whose MACs are not the published ones even with what these include, and why.
const OTHER_MACS: [(&str, &str); 5] = [
    ("convmixer_1024_20_ks9_p14@224.onnx", "published without convolutions of padding `same`"),
    ("convmixer_1536_20@224.onnx", "published without convolutions of padding `same`"),
    ("convmixer_768_32@224.onnx", "published without convolutions of padding `same`"),
    ("ghostnetv3_100@224.onnx", "published with its parallel branches merged: 0.166 of 0.403 G"),
    ("maxvit_tiny_tf_512@512.onnx", "published with the products of its position tables"),
];

/// Graphs that are within 0.1 % of PyTorch's parameters, in permille.
const LEAST_EXACT: usize = 995;

struct Row {
    file: String,
    labels: HashMap<String, String>,
    costs: Costs,
    /// Work on weights that a run does not repeat.
    standardisation: f64,
}

impl Row {
    fn label(&self, column: &str) -> f64 {
        self.labels[column].parse().unwrap()
    }

    fn flops(&self, operator: &str) -> f64 {
        let found = self.costs.operators.iter().find(|o| o.operator == operator);
        found.map_or(0.0, |o| o.flops.known().unwrap() as f64)
    }
}

/// Weight standardisation as published counts have it: a BatchNormalization of the
/// weights, of 5 operations an element, 4 where no gain is learned.
fn standardisation(model: &Model) -> f64 {
    let shapes = Shapes::infer(model, &Bindings::default());
    let stored = |id: ValueId| model.value(id).is_some_and(|v| v.tensor.is_some());
    let mut constant: HashSet<ValueId> =
        (0..model.values.len() as ValueId).filter(|&v| stored(v)).collect();
    let mut total = 0.0;
    for n in &model.graph.nodes {
        let inputs = || n.inputs.iter().flatten();
        if inputs().next().is_none() || !inputs().all(|v| constant.contains(v)) {
            continue;
        }
        constant.extend(n.outputs.iter().flatten());
        if n.op_type == "BatchNormalization" {
            let elements = shapes.known(n.inputs[0].unwrap()).unwrap().iter().product::<u64>();
            let each = if stored(n.inputs[1].unwrap()) { 4.0 } else { 5.0 };
            total += each * elements as f64;
        }
    }
    total
}

/// All graphs of the zoo with their labels; none where it is absent.
fn zoo() -> Option<Vec<Row>> {
    let (labels, folder) = (shared("data/zoo_labels.csv.gz")?, shared("corpus/zoo")?);
    let file = flate2::read::MultiGzDecoder::new(std::fs::File::open(labels).unwrap());
    let mut table = csv::Reader::from_reader(file);
    let rows: Vec<HashMap<String, String>> = table.deserialize().map(Result::unwrap).collect();
    let read = |labels: HashMap<String, String>| {
        let file = labels["file"].clone();
        let model = Model::open(folder.join(&file), &Limits::default()).unwrap();
        let costs = of_model(&model, &Bindings::default()).unwrap();
        Row { file, labels, costs, standardisation: standardisation(&model) }
    };
    Some(rows.into_par_iter().map(read).collect())
}

/// Files that are off, which are those named, so that no name is stale.
fn only(what: &str, off: Vec<String>, named: &[(&str, &str)]) {
    let expected: HashSet<&str> = named.iter().map(|n| n.0).collect();
    let found: HashSet<&str> = off.iter().map(|f| f.split(' ').next().unwrap()).collect();
    assert_eq!(found, expected, "{what}: {off:#?}");
}

#[test]
fn the_zoo_has_the_parameters_and_macs_that_it_should() {
    let Some(rows) = zoo() else { return };
    if rows.len() < 900 {
        skip::skip("shared", format!("the zoo has {} graphs", rows.len()));
        return;
    }
    let (mut parameters, mut macs) = (Vec::new(), Vec::new());
    for r in &rows {
        assert!(r.costs.unknown.is_empty(), "{}: {:?}", r.file, r.costs.unknown);
        let (ours, theirs) = (r.costs.parameters as f64, r.label("torch_params"));
        if (ours / theirs - 1.0).abs() > 0.001 {
            parameters.push(format!("{} {ours} not {theirs}", r.file));
        }
        let published = r.label("gmacs_published") * 1e9;
        let plain = r.costs.macs.known().unwrap() as f64;
        // Two operations an element of a normalization by stored statistics, six of
        // one by its own; no product of a recurrent layer.
        let counted = plain + r.flops("BatchNormalization") + r.standardisation
            - r.flops("LSTM") / 2.0
            + 6.0 / 7.0 * (r.flops("LayerNormalization") + r.flops("InstanceNormalization"));
        let near = |macs: f64| (macs - published).abs() <= 0.01 * published + 5e6;
        if !near(plain) && !near(counted) {
            macs.push(format!("{} {plain} or {counted} not {published}", r.file));
        }
    }
    let exact = rows.len() - parameters.len();
    println!("{exact} of {} graphs have PyTorch's parameters", rows.len());
    assert!(exact * 1000 >= LEAST_EXACT * rows.len(), "{exact} of {}", rows.len());
    only("parameters", parameters, &OTHER_PARAMETERS);
    only("MACs", macs, &OTHER_MACS);
}

/// A network has the same parameters and MACs at a fixed and an open batch, and the
/// same MACs from both exporters. Both fold BatchNormalization, not everywhere alike.
#[test]
fn exporters_agree_on_parameters_and_macs() {
    let Some(folder) = shared("corpus/exporters") else { return };
    let count = |network: &str, exporter: &str| {
        let path = folder.join(format!("{network}.{exporter}.onnx"));
        let costs = nneval::costs::of_one_sample(&Model::open(&path, &Limits::default()).unwrap());
        let costs = costs.unwrap();
        assert!(costs.unknown.is_empty(), "{network}.{exporter}: {:?}", costs.unknown);
        (costs.parameters, costs.macs.known().unwrap())
    };
    let files = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name());
    let names: Vec<String> = files.map(|f| f.into_string().unwrap()).collect();
    let networks: Vec<&str> = names.iter().filter_map(|n| n.strip_suffix(".ts.onnx")).collect();
    assert!(networks.len() >= 8, "{names:?}");
    for network in networks {
        let (script, dynamo) = (count(network, "ts"), count(network, "dyno"));
        assert_eq!(script, count(network, "tsdyn"), "{network}");
        assert_eq!(dynamo, count(network, "dynodyn"), "{network}");
        assert_eq!(script.1, dynamo.1, "{network}");
        // Untrained blocks that end in zeros fold to weights of zeros, which the
        // older exporter stores once.
        let stored_once = network == "resnet18";
        let near = (script.0 as f64 / dynamo.0 as f64 - 1.0).abs() <= 0.002;
        assert!(near || stored_once, "{network}: {script:?} {dynamo:?}");
    }
}
