//! What the program prints.

use super::string_of;
use crate::common::{nneval, onnx::*, zoo};

fn printed(args: &[&str]) -> String {
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/nats_tss_9930.onnx");
    let output = nneval().arg("string").arg(fixture).args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn styles() {
    let v1 = printed(&[]);
    assert_eq!(v1, printed(&["--style", "v1"]));
    let unfolded = printed(&["--style", "unfolded"]);
    assert!(unfolded.len() > 2 * v1.len());
    let parse = |s: &str| nneval::opstring::parse(s.trim_end()).unwrap();
    assert_eq!(parse(&v1), parse(&unfolded));
    let verbose = printed(&["--style", "verbose"]);
    assert_eq!(verbose, printed(&["--style", "seed"]), "the name of before");
    let start = "|1_Input:(shape=ax3x32x32)|2_Convolution:(inputs=1, num_filters=16, kernel_size=3";
    assert!(verbose.starts_with(start), "{verbose}");
    assert_eq!(verbose.matches("_BatchNormalization:(").count(), v1_count(&unfolded));
}

fn v1_count(unfolded: &str) -> usize {
    unfolded.matches("BatchNormalization").count()
}

#[test]
fn an_unknown_style_is_wrong_usage() {
    let status = nneval().args(["string", "x.onnx", "--style", "v0"]).output().unwrap().status;
    assert_eq!(status.code(), Some(2));
}

#[test]
fn well_known_networks() {
    insta::assert_snapshot!("resnet50", string_of(&zoo::resnet50()));
    insta::assert_snapshot!("bert12", string_of(&zoo::bert(12)));
}

#[test]
fn outputs_may_be_inputs_and_constants() {
    let mut b = Builder::new("v");
    let x = b.input(F32, &[-1, 3]);
    let (c, w) = (b.ints(&[1, 2]), b.weight(&[4, 4]));
    for o in [&x, &c, &w, &x] {
        b.output(o, F32, &[-1, 3]);
    }
    assert_eq!(string_of(&b.model(17)), "|1:Input@ax3>-1>c[1,2]>w4x4>-1");
    let mut b = Builder::new("v");
    let c = b.ints(&[7]);
    b.output(&c, I64, &[1]);
    assert_eq!(string_of(&b.model(17)), ">c[7]");
}

#[test]
fn names_cannot_imitate_marks() {
    let mut b = Builder::new("v");
    let x = b.input(F32, &[3]);
    let y = b.op("Odd|1<2:] name", &[&x], vec![text("a b]", "it's ] @|"), int("x=", 1)]);
    b.graph.node[0].domain = "own.d]".into();
    b.output(&y, F32, &[3]);
    let s = string_of(&b.model(17));
    assert_eq!(
        s,
        "|1:Input@3+own.d%5d.Odd%7c1%3c2%3a%5d%20name a%20b%5d='it%27s%20%5d%20%40%7c' x%3d=1"
    );
}

#[test]
fn an_operator_called_input_is_no_graph_input() {
    let mut b = Builder::new("v");
    let x = b.input(F32, &[3]);
    let y = b.op("Input", &[&x], vec![]);
    b.output(&y, F32, &[3]);
    assert_eq!(string_of(&b.model(17)), "|1:Input@3+%49nput");
}

#[test]
fn dead_nodes_leave_no_trace() {
    let build = |dead: bool| {
        let mut b = Builder::new("v");
        let x = b.input(F32, &[4, 6]);
        let parts = b.ops("Split", &[&x], vec![int("axis", 1)], 2);
        if dead {
            b.op("Relu", &[&parts[1]], vec![]);
        }
        b.output(&parts[0], F32, &[4, 3]);
        string_of(&b.model(13))
    };
    assert_eq!(build(true), build(false));
}
