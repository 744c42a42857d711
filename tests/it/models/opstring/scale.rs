//! Large graphs. The suite checks results, not times; the ignored tests print
//! times and sizes.

use super::string_of;
use crate::common::{nneval, onnx::bytes, zoo};
use nneval::graph::canonical::canonicalize;
use nneval::opstring;
use nneval::tokenizer::{Cuts, Tokenizer};
use onnx_protobuf::ModelProto;
use std::path::PathBuf;
use std::time::Instant;

#[test]
fn ten_thousand_nodes_come_back() {
    let n = 10_000;
    let regular = string_of(&zoo::chain(n, false));
    assert_eq!(regular, "|1:Input@ax64;10000{|1<-1:Relu}");
    for model in [zoo::chain(n, true), zoo::skips(n, 50, true), zoo::skips(n, 8, false)] {
        string_of(&model);
    }
}

fn large() -> Vec<(&'static str, ModelProto)> {
    let n = 100_000;
    vec![
        ("chain of one operator", zoo::chain(n, false)),
        ("chain of drawn operators", zoo::chain(n, true)),
        ("regular skip connections", zoo::skips(n, 8, false)),
        ("drawn skip connections, up to 50 back", zoo::skips(n, 50, true)),
        ("drawn skip connections, any distance", zoo::skips(n, n, true)),
    ]
}

fn written(name: &str, model: &ModelProto) -> PathBuf {
    let file = name.replace([' ', ','], "_") + ".onnx";
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(file);
    std::fs::write(&path, bytes(model)).unwrap();
    path
}

#[test]
#[ignore = "prints times; run alone, with --release and --nocapture"]
fn a_hundred_thousand_nodes() {
    for (name, model) in large() {
        let path = written(name, &model);
        let start = Instant::now();
        let output = nneval().arg("string").arg(&path).output().unwrap();
        let time = start.elapsed();
        assert!(output.status.success());
        println!("{name}: {time:.2?}, {} characters, {}", output.stdout.len() - 1, path.display());
    }
}

/// What folding saves: operations, characters and tokens of a vocabulary that
/// was learned from these strings.
#[test]
#[ignore = "prints a table"]
fn what_folding_saves() {
    let tss = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/nats_tss_9930.onnx");
    let tss = protobuf::Message::parse_from_bytes(&std::fs::read(tss).unwrap()).unwrap();
    let models = [("TSS 9930", tss), ("ResNet-50", zoo::resnet50()), ("BERT-base", zoo::bert(12))];
    let strings: Vec<(usize, String, String)> = models
        .iter()
        .map(|(_, m)| {
            let g = canonicalize(super::graph_of(m).unwrap());
            (g.operations(), opstring::write(&g), opstring::write_unfolded(&g))
        })
        .collect();
    let corpus = strings.iter().flat_map(|s| [s.1.as_str(), s.2.as_str()]);
    let own = Tokenizer::build(corpus.collect::<Vec<_>>().into_iter(), 2048, Cuts::Steps).unwrap();
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/models/tokenizer.json");
    let shipped = Tokenizer::open(shipped.as_ref()).ok();
    println!("network, operations, characters, unfolded, tokens, unfolded, shipped vocabulary");
    for ((name, _), (operations, folded, plain)) in models.iter().zip(&strings) {
        let tokens = |t: &Tokenizer, s: &str| t.encode(s).unwrap().len();
        let by = shipped.as_ref().map(|t| (tokens(t, folded), tokens(t, plain)));
        println!(
            "{name}, {operations}, {}, {}, {}, {}, {by:?}",
            folded.len(),
            plain.len(),
            tokens(&own, folded),
            tokens(&own, plain)
        );
    }
}
