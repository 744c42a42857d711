//! Spellings of one function have one canonical graph; those of NATS-Bench stay.

use nneval_graph::canonical::{canonicalize, of_model};
use nneval_graph::opstring::{self, Op, OpGraph, Operand, parse, write};
use nneval_graph::reduce::Reduction;
use nneval_graph::shape::{Bindings, Shapes};
use nneval_graph::{Limits, Model};
use nneval_spaces::{ModelOptions, Space};
use std::path::Path;

/// Groups of spellings; the first of each is the canonical one.
const SAME: &[&[&str]] = include!("canonical/same.rs");
/// Groups of graphs that are alike and compute different functions.
const DIFFERENT: &[&[&str]] = include!("canonical/different.rs");
/// Groups of networks of one accuracy; the first of each is the float network.
const FLOAT: &[&[&str]] = include!("canonical/float.rs");

fn canonical(s: &str) -> String {
    let Ok(g) = parse(s) else { return parse(s).unwrap_err().to_string() };
    let g = canonicalize(g);
    let canonical = write(&g);
    assert_eq!(parse(&canonical).unwrap(), g, "{canonical}");
    assert_eq!(write(&canonicalize(g)), canonical, "not idempotent: {s}");
    canonical
}

#[test]
fn spellings_of_one_function_are_one() {
    let mut other = String::new();
    for group in SAME {
        for s in *group {
            let canonical = canonical(s);
            if canonical != group[0] {
                other += &format!("{s}\n  {canonical}\n  {}\n", group[0]);
            }
        }
    }
    assert!(other.is_empty(), "{other}");
}

#[test]
fn other_functions_stay_apart() {
    for group in DIFFERENT {
        let all: Vec<String> = group.iter().map(|s| canonical(s)).collect();
        for (i, a) in all.iter().enumerate() {
            assert!(all.iter().skip(i + 1).all(|b| a != b), "{a}");
        }
    }
}

/// Accuracy is read of the float network.
#[test]
fn reduced_precision_is_that_of_the_float_network() {
    let mut other = String::new();
    for group in FLOAT {
        for s in *group {
            let g = canonicalize(parse(s).unwrap_or_else(|e| panic!("{e}\n{s}")));
            let float = Reduction::Reachable.reduce_string(&write(&g)).unwrap().into_owned();
            if float != group[0] {
                other += &format!("{s}\n  {float}\n  {}\n", group[0]);
            }
            assert_eq!(Reduction::DeadCode.reduce(&g), None);
        }
    }
    assert!(other.is_empty(), "{other}");
}

fn model(space: Space, arch: &str, options: &ModelOptions) -> Model {
    let bytes = space.onnx_bytes(arch, options).unwrap();
    Model::from_bytes(bytes.into(), Path::new(arch), &Limits::default()).unwrap()
}

/// Bundles were trained on the strings of the graphs as they stand in the file.
fn stay_as_they_are(space: Space, step: usize) {
    for arch in space.all().step_by(step) {
        let m = model(space, &arch.to_string(), &ModelOptions::default());
        let built = opstring::build(&m, &Shapes::infer(&m, &Bindings::default())).unwrap();
        assert!(of_model(&m, &Bindings::default()).unwrap() == built, "{arch}");
    }
}

#[test]
fn networks_of_nats_bench_stay_as_they_are() {
    stay_as_they_are(Space::NatsTss, 13);
    stay_as_they_are(Space::NatsSss, 97);
}

#[test]
#[ignore = "takes a minute; to be run where a bundle of an earlier version is given this one's number"]
fn all_networks_of_nats_bench_stay_as_they_are() {
    stay_as_they_are(Space::NatsTss, 1);
    stay_as_they_are(Space::NatsSss, 1);
}

/// `g` with BatchNormalization after convolutions folded into biases.
fn fold_normalization(g: &OpGraph) -> OpGraph {
    let mut ops: Vec<Op> = Vec::new();
    let mut of: Vec<usize> = Vec::new();
    let moved = |o: &Operand, of: &[usize]| match o {
        Operand::Value { op, output } => Operand::Value { op: of[*op], output: *output },
        other => other.clone(),
    };
    for op in &g.ops {
        let operands: Vec<Operand> = op.operands.iter().map(|o| moved(o, &of)).collect();
        match operands.as_slice() {
            [Operand::Value { op: x, .. }, bias, ..]
                if op.kind == "BatchNormalization" && ops[*x].kind == "Conv" =>
            {
                ops[*x].operands.push(bias.clone());
                of.push(*x);
            }
            _ => {
                of.push(ops.len());
                ops.push(Op { operands, ..op.clone() });
            }
        }
    }
    let outputs = g.outputs.iter().map(|o| moved(o, &of)).collect();
    OpGraph { ops, outputs }
}

#[test]
fn folded_networks_of_nats_bench_are_the_whole_ones() {
    for (space, step) in [(Space::NatsTss, 97), (Space::NatsSss, 997)] {
        for arch in space.all().step_by(step) {
            let m = model(space, &arch.to_string(), &ModelOptions::default());
            let whole = of_model(&m, &Bindings::default()).unwrap();
            let folded = fold_normalization(&whole);
            assert_ne!(write(&folded), write(&whole));
            assert_eq!(write(&canonicalize(folded)), write(&whole), "{arch}");
        }
    }
}

#[test]
fn networks_of_nats_bench_have_one_string_for_all_batches() {
    for (space, step) in [(Space::NatsTss, 97), (Space::NatsSss, 997)] {
        for arch in space.all().step_by(step) {
            let of = |batch: &str| {
                let options = ModelOptions { batch: batch.parse().unwrap(), ..Default::default() };
                let m = model(space, &arch.to_string(), &options);
                let g = of_model(&m, &Bindings::default()).unwrap();
                let reduced = Reduction::Reachable.reduce(&g).map(|g| write(&g));
                (write(&g), reduced)
            };
            assert_eq!(of("1"), of("batch"), "{arch}");
            assert_eq!(of("8"), of("batch"), "{arch}");
        }
    }
}
