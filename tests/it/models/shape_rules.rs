//! Shape rules, one small model each.

use crate::common::proto;

use nneval::graph::shape::{Bindings, Shapes};
use nneval::graph::{Limits, Model};
use proto::*;
use std::path::Path;

/// Output shapes of one node. Inputs: dimensions (`2xN`), `=1,2` an int64
/// vector, `=7.` an int64 scalar, `~0.5,2` a float vector, empty for none.
fn outputs(op: &str, attributes: &[Vec<u8>], inputs: &[&str], count: usize) -> Vec<String> {
    let names: Vec<String> = (0..inputs.len()).map(|i| format!("x{i}")).collect();
    let mut g = Graph::default();
    for (n, spec) in names.iter().zip(inputs) {
        let numbers = |s: &str| {
            s.split(',')
                .filter(|s| !s.is_empty())
                .map(|v| v.parse::<f64>().unwrap())
                .collect::<Vec<_>>()
        };
        match (spec.strip_prefix('='), spec.strip_prefix('~')) {
            (Some(v), _) if v.ends_with('.') => {
                g.initializers.push(scalar(n, v.trim_end_matches('.').parse().unwrap()));
            }
            (Some(v), _) => {
                let v: Vec<i64> = numbers(v).into_iter().map(|x| x as i64).collect();
                g.initializers.push(ints(n, &v));
            }
            (_, Some(v)) => {
                let v: Vec<f32> = numbers(v).into_iter().map(|x| x as f32).collect();
                g.initializers.push(floats(n, &v));
            }
            _ if spec.is_empty() => {}
            _ => g.inputs.push(value(n, 1, spec.trim_end_matches('.'))),
        }
    }
    let given: Vec<&str> =
        names.iter().zip(inputs).map(|(n, s)| if s.is_empty() { "" } else { n.as_str() }).collect();
    let outs: Vec<String> = (0..count).map(|i| format!("y{i}")).collect();
    let outs: Vec<&str> = outs.iter().map(String::as_str).collect();
    let (domain_name, kind) = op.rsplit_once('.').unwrap_or(("", op));
    let more = [attributes.to_vec(), vec![domain(domain_name)]].concat();
    g.nodes = vec![node(kind, &given, &outs, &more)];
    g.outputs = outs.iter().map(|o| value(o, 1, "*")).collect();
    let m = Model::from_bytes(g.model().into(), Path::new(op), &Limits::default()).unwrap();
    let s = Shapes::infer(&m, &Bindings::default());
    let shown = |&id: &u32| match s.get(id).and_then(|t| t.dims.clone()) {
        None => "*".to_owned(),
        Some(d) if d.is_empty() => ".".to_owned(),
        Some(d) => d.iter().map(|e| s.symbols.text(e)).collect::<Vec<_>>().join("x"),
    };
    m.graph.outputs.iter().map(shown).collect()
}

#[track_caller]
fn case(op: &str, attributes: &[Vec<u8>], inputs: &[&str], expected: &[&str]) {
    assert_eq!(outputs(op, attributes, inputs, expected.len()), expected, "{op} {inputs:?}");
}

#[test]
fn elementwise() {
    case("Add", &[], &["2x1xN", "3x1"], &["2x3xN"]);
    case("Add", &[], &["2x3", "4x3"], &["*"]);
    case("Where", &[], &["Nx1", "4", "."], &["Nx4"]);
    case("Max", &[], &["2x1", "1x3", "."], &["2x3"]);
    case("PRelu", &[], &["2x3x4", "3x1"], &["2x3x4"]);
    case("Clip", &[], &["NxM", ".", "."], &["NxM"]);
    case("Dropout", &[], &["2x3"], &["2x3", "2x3"]);
    case(
        "LayerNormalization",
        &[attr_int("axis", 1)],
        &["2x3x4", "12", "12"],
        &["2x3x4", "2x1x1", "2x1x1"],
    );
    case("BatchNormalization", &[], &["Nx8x4x4", "8", "8", "8", "8"], &["Nx8x4x4"]);
}

#[test]
fn convolutions_and_pools() {
    let s2 = attr_ints("strides", &[2, 2]);
    let p1 = attr_ints("pads", &[1, 1, 1, 1]);
    case("Conv", &[s2.clone(), p1.clone()], &["Nx3xHx224", "8x3x3x3"], &["Nx8x(H + 1)//2x112"]);
    case("Conv", &[attr_ints("dilations", &[2, 2])], &["1x4x9x9", "8x2x3x3"], &["1x8x5x5"]);
    case(
        "Conv",
        &[attr_text("auto_pad", "SAME_UPPER"), s2.clone()],
        &["1x3x5x6", "8x3x3x3"],
        &["1x8x3x3"],
    );
    case(
        "Conv",
        &[attr_text("auto_pad", "VALID"), s2.clone()],
        &["1x3x5x6", "8x3x3x3"],
        &["1x8x2x2"],
    );
    case("Conv", &[attr_ints("strides", &[0, 1])], &["1x3x5x6", "8x3x3x3"], &["*"]);
    case("Conv", &[], &["1x3x5", "8x3x3x3"], &["*"]);
    let k = attr_ints("kernel_shape", &[3, 3]);
    case("MaxPool", &[k.clone(), s2.clone()], &["1x3x8x7"], &["1x3x3x3", "1x3x3x3"]);
    case("MaxPool", &[k.clone(), s2.clone(), attr_int("ceil_mode", 1)], &["1x3x8x7"], &["1x3x4x3"]);
    case(
        "AveragePool",
        &[attr_ints("kernel_shape", &[2, 2]), s2.clone(), p1.clone(), attr_int("ceil_mode", 1)],
        &["1x1x2x3"],
        &["1x1x2x2"],
    );
    case("MaxPool", &[attr_ints("kernel_shape", &[2, 2]), s2.clone()], &["1x3x1x1"], &["1x3x1x1"]);
    case("GlobalAveragePool", &[], &["Nx3x7xW"], &["Nx3x1x1"]);
    case(
        "ConvTranspose",
        &[s2.clone(), p1.clone(), attr_ints("output_padding", &[1, 1])],
        &["1x8xHx4", "8x3x3x3"],
        &["1x3x2*Hx8"],
    );
    case(
        "ConvTranspose",
        &[s2.clone(), attr_ints("output_shape", &[10, 8])],
        &["1x8x5x4", "8x3x3x3"],
        &["1x3x10x8"],
    );
    case("ConvTranspose", &[s2, attr_int("group", 2)], &["1x8x5x4", "8x3x2x2"], &["1x6x10x8"]);
    case(
        "MaxUnpool",
        &[attr_ints("kernel_shape", &[2, 2]), attr_ints("strides", &[2, 2])],
        &["1x1x2x2", "1x1x2x2"],
        &["1x1x4x4"],
    );
    case(
        "RoiAlign",
        &[attr_int("output_height", 5), attr_int("output_width", 6)],
        &["1x3x9x9", "Rx4", "R"],
        &["Rx3x5x6"],
    );
    case("Col2Im", &[], &["1x5x5", "=5,5", "=1,5"], &["1x1x5x5"]);
}

#[test]
fn reshapes() {
    case("Reshape", &[], &["2x3x4", "=0,-1"], &["2x12"]);
    case("Reshape", &[], &["NxCx4", "=0,-1"], &["Nx4*C"]);
    case("Reshape", &[], &["Nx6", "=-1,3"], &["2*Nx3"]);
    case("Reshape", &[], &["NxSx64", "=0,0,8,8"], &["NxSx8x8"]);
    case("Reshape", &[attr_int("allowzero", 1)], &["0x3", "=3,0"], &["3x0"]);
    case("Reshape", &[], &["2x3", "=-1,-1"], &["*"]);
    case("Flatten", &[], &["Nx3x4"], &["Nx12"]);
    case("Flatten", &[attr_int("axis", -1)], &["2x3x4"], &["6x4"]);
    case("Flatten", &[attr_int("axis", 3)], &["2x3x4"], &["24x1"]);
    case("Squeeze", &[], &["1x3x1"], &["3"]);
    case("Squeeze", &[], &["1xNx1", "=0,-1"], &["N"]);
    case("Unsqueeze", &[attr_ints("axes", &[0, -1])], &["3"], &["1x3x1"]);
    case("Unsqueeze", &[], &["3x4", "=5"], &["*"]);
    case("Transpose", &[attr_ints("perm", &[2, 0, 1])], &["2x3xN"], &["Nx2x3"]);
    case("Transpose", &[], &["2x3xN"], &["Nx3x2"]);
    case("Transpose", &[attr_ints("perm", &[7, 0, 1])], &["2x3xN"], &["*"]);
    case("Concat", &[attr_int("axis", 1)], &["2x3", "2xN"], &["2xN + 3"]);
    case("Split", &[attr_int("axis", 1)], &["2x7"], &["2x4", "2x3"]);
    case("Split", &[], &["6x2", "=1,5"], &["1x2", "5x2"]);
    case("Expand", &[], &["3x1", "=2,1,6"], &["2x3x6"]);
    case("Tile", &[], &["2xN", "=3,2"], &["6x2*N"]);
    case("Pad", &[], &["2xN", "=1,0,1,4"], &["4xN + 4"]);
    case("Pad", &[attr_ints("pads", &[0, -1, 0, 0])], &["2x5"], &["2x4"]);
    case("Pad", &[], &["2x3x4", "=1,1", "", "=-1"], &["2x3x6"]);
    case("DepthToSpace", &[attr_int("blocksize", 2)], &["1x8x2x3"], &["1x2x4x6"]);
    case("SpaceToDepth", &[attr_int("blocksize", 2)], &["1x2x4x6"], &["1x8x2x3"]);
    case("CenterCropPad", &[attr_ints("axes", &[1])], &["20x8x3", "=9"], &["20x9x3"]);
    case("Shape", &[attr_int("start", -2)], &["2x3x4"], &["2"]);
    case("ConstantOfShape", &[], &["=2,3"], &["2x3"]);
    case("ConstantOfShape", &[], &["=4294967296"], &["4294967296"]);
    case("Range", &[], &["=2.", "=10.", "=3."], &["3"]);
    case("Range", &[], &["=10.", "=0.", "=-4."], &["3"]);
    case("Range", &[], &["=1.", "=0.", "=1."], &["0"]);
}

#[test]
fn picks() {
    case("Gather", &[attr_int("axis", 1)], &["2x5xN", "=1,2,3"], &["2x3xN"]);
    case("Gather", &[], &["Vx8", "BxS"], &["BxSx8"]);
    case("GatherND", &[], &["2x3x4", "5x2"], &["5x4"]);
    case("GatherND", &[attr_int("batch_dims", 1)], &["2x3x4", "2x1"], &["2x4"]);
    case("GatherElements", &[], &["2x3", "2x7"], &["2x7"]);
    case("Slice", &[], &["10x20", "=1,-3", "=9,1000", "=0,1", "=2,1"], &["4x3"]);
    case("Slice", &[], &["10", "=-1", "=-11", "=0", "=-3"], &["4"]);
    case("Slice", &[], &["NxM", "=0", "=9223372036854775807", "=1"], &["NxM"]);
    case("Slice", &[], &["NxM", "=2", "=9223372036854775807", "=1"], &["NxM - 2"]);
    case("Slice", &[], &["NxM", "=0", "=5", "=1"], &["Nxmin(5, M)"]);
    case("Slice", &[], &["Nx8", "=-4", "=9223372036854775807", "=0"], &["min(4, N)x8"]);
    case("Slice", &[], &["NxM", "=0", "=9223372036854775807", "=1", "=2"], &["Nx(M + 1)//2"]);
    case(
        "Slice",
        &[attr_ints("starts", &[1]), attr_ints("ends", &[3]), attr_ints("axes", &[0])],
        &["5x2"],
        &["2x2"],
    );
    case("OneHot", &[attr_int("axis", 1)], &["2x3", "=7.", "~0,1"], &["2x7x3"]);
    case("TopK", &[], &["2x9", "=4"], &["2x4", "2x4"]);
    case("NonZero", &[], &["=0,1,2"], &["1x2"]);
    case("Compress", &[attr_int("axis", 0)], &["3x4", "=1,0,1"], &["2x4"]);
    case("ArgMax", &[attr_int("axis", 1), attr_int("keepdims", 0)], &["2x3x4"], &["2x4"]);
    case("ReduceSum", &[], &["2xNx4", "=-1"], &["2xNx1"]);
    case("ReduceMean", &[attr_ints("axes", &[0, 2]), attr_int("keepdims", 0)], &["2xNx4"], &["N"]);
    case("ReduceMax", &[attr_int("keepdims", 0)], &["2xNx4"], &["."]);
    case("ReduceSum", &[attr_int("noop_with_empty_axes", 1)], &["2x3", "="], &["2x3"]);
}

#[test]
fn products() {
    case("MatMul", &[], &["2x1x3x4", "5x4x6"], &["2x5x3x6"]);
    case("MatMul", &[], &["4", "Bx4x6"], &["Bx6"]);
    case("MatMul", &[], &["Bx3x4", "4"], &["Bx3"]);
    case("MatMul", &[], &["4", "4"], &["."]);
    case("MatMul", &[], &["3x4", "5x6"], &["*"]);
    case("Gemm", &[attr_int("transA", 1), attr_int("transB", 1)], &["4x3", "Mx4", "M"], &["3xM"]);
    case(
        "Einsum",
        &[attr_text("equation", "bhqd, bhkd -> bhqk")],
        &["2x8xQx64", "2x8xKx64"],
        &["2x8xQxK"],
    );
    case("Einsum", &[attr_text("equation", "...ij,...jk")], &["7x2x3", "7x3x5"], &["7x2x5"]);
    case("Einsum", &[attr_text("equation", "ii")], &["3x3"], &["."]);
    case("Einsum", &[attr_text("equation", "ab->c")], &["3x3"], &["*"]);
    let heads = [attr_int("q_num_heads", 8), attr_int("kv_num_heads", 2)];
    case("Attention", &heads, &["Bx5x64", "Bx7x16", "Bx7x32"], &["Bx5x128", "Bx2x7x8", "Bx2x7x16"]);
    case(
        "Attention",
        &[],
        &["Bx8x5x64", "Bx2x7x64", "Bx2x7x32", "", "Bx2xPx64", "Bx2xPx32"],
        &["Bx8x5x32", "Bx2xP + 7x64"],
    );
    case(
        "LSTM",
        &[attr_int("hidden_size", 6), attr_text("direction", "bidirectional")],
        &["TxBx4", "2x24x4", "2x24x6"],
        &["Tx2xBx6", "2xBx6", "2xBx6"],
    );
    case(
        "GRU",
        &[attr_int("hidden_size", 6), attr_int("layout", 1)],
        &["BxTx4", "1x18x4", "1x18x6"],
        &["BxTx1x6", "Bx1x6"],
    );
    case("com.microsoft.FusedMatMul", &[attr_int("transB", 1)], &["2x3x4", "2x5x4"], &["2x3x5"]);
    case(
        "com.microsoft.MatMulNBits",
        &[attr_int("N", 9), attr_int("K", 4)],
        &["BxSx4", "9x1x2", "9"],
        &["BxSx9"],
    );
    case("com.microsoft.SkipLayerNormalization", &[], &["BxSx4", "BxSx4", "4"], &["BxSx4"]);
}

/// Lengths of caches are those of the past and the new keys, as formulas.
#[test]
fn fused_attention() {
    let heads = [attr_int("num_heads", 4)];
    let mha = "com.microsoft.MultiHeadAttention";
    case(
        mha,
        &heads,
        &["BxSx64", "BxKx64", "BxKx96", "", "", "", "Bx4xPx16", "Bx4xPx24"],
        &["BxSx96", "Bx4xK + Px16", "Bx4xK + Px24", "Bx4xSxK + P"],
    );
    case(mha, &heads, &["BxSx4x3x16"], &["BxSx64", "Bx4xSx16", "Bx4xSx16"]);
    case(mha, &heads, &["BxSx64", "BxKx4x2x16"], &["BxSx64", "Bx4xKx16", "Bx4xKx16"]);
    case(mha, &heads, &["BxSx64", "Bx4xKx16", "Bx4xKx24"], &["BxSx96", "Bx4xKx16"]);
    let filled = ["Bx1x64", "Bx1x64", "Bx1x64", "", "", "", "Bx4x99x16", "Bx4x99x16", "1"];
    case(mha, &heads, &filled, &["Bx1x64", "Bx4x99x16", "Bx4x99x16"]);
    let grouped = [attr_int("num_heads", 8), attr_int("kv_num_heads", 2)];
    let gqa = "com.microsoft.GroupQueryAttention";
    case(gqa, &grouped, &["BxSx192", "", "", "", "", "B", "1"], &["BxSx128", "Bx2xSx16"]);
    let past = |length: &str, total: &str| {
        let past = format!("Bx2x{length}x16");
        let inputs = ["BxSx128", "BxSx32", "BxSx32", &past, &past, "B", total];
        outputs(gqa, &grouped, &inputs, 2).remove(1)
    };
    assert_eq!(past("P", "=15."), "Bx2x15x16");
    assert_eq!(past("99", "=15."), "Bx2x99x16");
    assert_eq!(past("5", "=15."), "Bx2x15x16");
    assert_eq!(past("99", "1"), "Bx2x?x16");
    case(
        "com.microsoft.Attention",
        &heads,
        &["BxSx64", "64x192", "192", "", "2xBx4xPx16"],
        &["BxSx64", "2xBx4xS + Px16"],
    );
    case(
        "com.microsoft.PackedMultiHeadAttention",
        &heads,
        &["Tx4x3x16", "", "", "192", "BxS", "1"],
        &["Tx64"],
    );
    case("com.microsoft.RestorePadding", &[], &["Tx8", "BxS"], &["BxSx8"]);
    case("com.microsoft.BiasSplitGelu", &[], &["BxSx10", "10"], &["BxSx5"]);
    case("com.microsoft.NhwcFusedConv", &[], &["NxHxWx4", "6x4x3x3"], &["NxH - 2xW - 2x6"]);
    let last = attr_int("channels_last", 1);
    case(
        "com.microsoft.QLinearConv",
        &[last, attr_ints("strides", &[2, 2])],
        &["NxHx9x4", ".", ".", "6x4x3x3", ".", ".", ".", "."],
        &["Nx(H + 1)//2 - 1x4x6"],
    );
}

#[test]
fn einsum() {
    let e = |equation: &str, inputs: &[&str], expected: &str| {
        case("Einsum", &[attr_text("equation", equation)], inputs, &[expected]);
    };
    e(" b i j , b j k -> b i k ", &["BxIx4", "Bx4xK"], "BxIxK");
    e("...ij,...jk->...ik", &["BxHx3x4", "Bx1x4x5"], "BxHx3x5");
    e("...ij,...jk->...ik", &["BxHx3x4", "Hx4x5"], "BxHx3x5");
    e("bij,bjk->bik", &["1x3x4", "Bx4x5"], "Bx3x5");
    e("ba,ac", &["3x4", "4x5"], "3x5");
    e("b...c->c...", &["2x3x4x5"], "5x3x4");
    e("i->i->i", &["2"], "*");
    e("ij->ik", &["2x3"], "*");
    e("i.j->ij", &["2x3"], "*");
    e("ij,jk->ik", &["2x3"], "*");
    e("ijk->ij", &["2x3"], "*");
}

#[test]
fn images_signals_and_text() {
    case("Resize", &[], &["1x3xHx10", "", "~1,1,2,0.25"], &["1x3x2*Hx2"]);
    case("Resize", &[], &["1x3x9x10", "", "", "=1,3,18,5"], &["1x3x18x5"]);
    case(
        "Resize",
        &[attr_ints("axes", &[2, 3]), attr_text("keep_aspect_ratio_policy", "not_larger")],
        &["1x1x2x4", "", "", "=7,8"],
        &["1x1x4x8"],
    );
    case("Upsample", &[attr_floats("scales", &[1.0, 1.0, 2.0, 3.0])], &["1x1x2x2"], &["1x1x4x6"]);
    case("GridSample", &[], &["Nx3x5x6", "Nx7x8x2"], &["Nx3x7x8"]);
    case("AffineGrid", &[], &["2x2x3", "=2,3,5,6"], &["2x5x6x2"]);
    case("NonMaxSuppression", &[], &["1x6x4", "1x1x6"], &["?x3"]);
    case("DFT", &[attr_int("onesided", 1)], &["1x10x1"], &["1x6x2"]);
    case("STFT", &[], &["1x128x1", "=8.", "16"], &["1x15x9x2"]);
    case("HannWindow", &[], &["=10."], &["10"]);
    case(
        "ai.onnx.ml.LinearClassifier",
        &[attr_ints("classlabels_ints", &[0, 1, 2])],
        &["Nx4"],
        &["N", "Nx3"],
    );
    case("ai.onnx.ml.TreeEnsembleRegressor", &[attr_int("n_targets", 2)], &["Nx4"], &["Nx2"]);
    case("ai.onnx.ml.ArrayFeatureExtractor", &[], &["Nx4", "=0,2"], &["Nx2"]);
    case("org.example.Thing", &[], &["2x3"], &["*"]);
}

/// Shape arithmetic that exporters write: the batch is kept, the rest joined.
#[test]
fn values_are_followed() {
    let g = Graph {
        nodes: vec![
            node("Shape", &["x"], &["s"], &[]),
            node("Gather", &["s", "zero"], &["n"], &[]),
            node("Unsqueeze", &["n", "axis"], &["nv"], &[]),
            node("Concat", &["nv", "rest"], &["target"], &[attr_int("axis", 0)]),
            node("Reshape", &["x", "target"], &["y"], &[]),
            node("Equal", &["target", "rest"], &["eq"], &[]),
            node("Where", &["eq", "target", "target"], &["w"], &[]),
            node("ConstantOfShape", &["w"], &["z"], &[]),
        ],
        initializers: vec![scalar("zero", 0), ints("axis", &[0]), ints("rest", &[-1])],
        inputs: vec![value("x", 1, "Nx4x5")],
        outputs: vec![value("y", 1, "*")],
        ..Default::default()
    };
    let m = Model::from_bytes(g.model().into(), Path::new("m"), &Limits::default()).unwrap();
    let s = Shapes::infer(&m, &Bindings::default());
    let dims = s.get(m.graph.outputs[0]).unwrap().dims.clone().unwrap();
    assert_eq!(dims.iter().map(|d| s.symbols.text(d)).collect::<Vec<_>>(), ["N", "20"]);
}

fn looped(body: Graph, trips: &str) -> Vec<u8> {
    let n = node("Loop", &[trips, "", "x"], &["y", "all"], &[attr_graph("body", &body.bytes())]);
    Graph {
        nodes: vec![n],
        initializers: vec![scalar("seven", 7)],
        inputs: vec![value("x", 1, "2x3"), value("m", 7, "")],
        outputs: vec![value("y", 1, "*"), value("all", 1, "*")],
        ..Default::default()
    }
    .model()
}

fn body(nodes: Vec<Vec<u8>>) -> Graph {
    Graph {
        nodes,
        inputs: vec![value("i", 7, ""), value("c", 9, ""), value("s", 1, "*")],
        outputs: vec![value("c", 9, "*"), value("t", 1, "*"), value("u", 1, "*")],
        ..Default::default()
    }
}

fn loop_shapes(bytes: Vec<u8>) -> Vec<String> {
    let m = Model::from_bytes(bytes.into(), Path::new("m"), &Limits::default()).unwrap();
    let s = Shapes::infer(&m, &Bindings::default());
    let shown = |&id: &u32| match s.get(id).and_then(|t| t.dims.clone()) {
        None => "*".to_owned(),
        Some(d) => d.iter().map(|e| s.symbols.text(e)).collect::<Vec<_>>().join("x"),
    };
    m.graph.outputs.iter().map(shown).collect()
}

#[test]
fn loops() {
    let keep = body(vec![node("Relu", &["s"], &["t"], &[]), node("Neg", &["s"], &["u"], &[])]);
    assert_eq!(loop_shapes(looped(keep.clone(), "seven")), ["2x3", "7x2x3"]);
    assert_eq!(loop_shapes(looped(keep, "m")), ["2x3", "?x2x3"]);
    let grow = body(vec![
        node("Concat", &["s", "s"], &["t"], &[attr_int("axis", 1)]),
        node("Neg", &["s"], &["u"], &[]),
    ]);
    assert_eq!(loop_shapes(looped(grow, "seven")), ["2x?", "7x2x?"]);
}

/// Tensors of more dimensions than the limit are of unknown rank.
#[test]
fn ranks_are_bounded() {
    let ones = vec!["1"; 65].join(",");
    case("Reshape", &[], &["1", &format!("={ones}")], &["*"]);
}

/// Sizes of hostile files cost neither time nor memory.
#[test]
fn hostile_values() {
    case(
        "ConstantOfShape",
        &[],
        &["=1099511627776,1099511627776"],
        &["1099511627776x1099511627776"],
    );
    case("Range", &[], &["=0.", "=9223372036854775807.", "=1."], &["*"]);
    case("Range", &[], &["=", "=", "="], &["?"]);
    case("Tile", &[], &["1099511627776", "=1099511627776"], &["1208925819614629174706176"]);
    case("Expand", &[], &["1", "=-5"], &["?"]);
    let mut nodes = vec![node("Shape", &["x"], &["v0"], &[])];
    for i in 0..200 {
        let (a, b) = (format!("v{i}"), format!("v{}", i + 1));
        nodes.push(node("Concat", &[&a, &a], &[&b], &[attr_int("axis", 0)]));
    }
    for i in 0..200 {
        let a = if i == 0 { "s".to_owned() } else { format!("w{i}") };
        nodes.push(node("Mul", &[&a, &a], &[&format!("w{}", i + 1)], &[]));
    }
    nodes.push(node("Size", &["x"], &["s"], &[]));
    nodes.push(node("ConstantOfShape", &["w200"], &["y"], &[]));
    let g = Graph {
        nodes,
        inputs: vec![value("x", 1, "NxM")],
        outputs: vec![value("y", 1, "*")],
        ..Default::default()
    };
    let m = Model::from_bytes(g.model().into(), Path::new("m"), &Limits::default()).unwrap();
    let _ = nneval::costs::of_model(&m, &Bindings::default()).unwrap();
    let _ = nneval::opstring::write(&nneval::opstring::of_model(&m).unwrap());
}
