//! A search space of one's own, in one file: chains of one to six convolutions,
//! each with a width and a kernel size. The networks with most parameters for
//! their multiply-accumulate operations are searched for.
//!
//! `cargo run --release --example own_space`

use nneval::search::{CandidateEvaluator, Problem, Search, SearchSpace, Settings};
use nneval::search::{Error, Result};
use onnx_protobuf::attribute_proto::AttributeType;
use onnx_protobuf::{
    AttributeProto, GraphProto, Message, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto, tensor_shape_proto, type_proto,
};
use protobuf::MessageField;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

const WIDTHS: [i64; 4] = [8, 16, 32, 64];
const KERNELS: [i64; 3] = [1, 3, 5];
const DEEPEST: usize = 6;
const FLOAT: i32 = 1;

/// Width and kernel size of each layer; written `16x3-32x5`.
type Arch = Vec<(i64, i64)>;

struct Chains;

fn pick(list: &[i64], rng: &mut ChaCha8Rng) -> i64 {
    list.get(rng.random_range(0..list.len())).copied().unwrap_or(1)
}

fn layer(rng: &mut ChaCha8Rng) -> (i64, i64) {
    (pick(&WIDTHS, rng), pick(&KERNELS, rng))
}

impl SearchSpace for Chains {
    type Arch = Arch;

    fn name(&self) -> String {
        "chains".into()
    }

    fn key(&self, arch: &Arch) -> String {
        arch.iter().map(|(w, k)| format!("{w}x{k}")).collect::<Vec<_>>().join("-")
    }

    fn parse(&self, key: &str) -> Result<Arch> {
        let layer = |text: &str| {
            let (w, k) = text.split_once('x')?;
            let (w, k) = (w.parse().ok()?, k.parse().ok()?);
            (WIDTHS.contains(&w) && KERNELS.contains(&k)).then_some((w, k))
        };
        let arch: Option<Arch> = key.split('-').map(layer).collect();
        arch.filter(|a| (1..=DEEPEST).contains(&a.len())).ok_or_else(|| Error::Architecture {
            arch: key.to_owned(),
            reason: "expected one to six layers like 16x3".into(),
        })
    }

    fn sample(&self, rng: &mut ChaCha8Rng) -> Arch {
        (0..rng.random_range(1..=DEEPEST)).map(|_| layer(rng)).collect()
    }

    fn mutate(&self, arch: &Arch, rng: &mut ChaCha8Rng) -> Arch {
        let mut arch = arch.clone();
        let at = rng.random_range(0..arch.len());
        match rng.random_range(0..3) {
            0 if arch.len() < DEEPEST => arch.insert(at, layer(rng)),
            1 if arch.len() > 1 => drop(arch.remove(at)),
            _ => arch[at] = layer(rng),
        }
        arch
    }

    fn crossover(&self, a: &Arch, b: &Arch, rng: &mut ChaCha8Rng) -> Arch {
        let start = a.iter().take(rng.random_range(1..=a.len()));
        let end = b.iter().skip(rng.random_range(0..b.len()));
        start.chain(end).take(DEEPEST).copied().collect()
    }

    fn onnx(&self, arch: &Arch) -> Result<Vec<u8>> {
        let mut graph = GraphProto { name: self.key(arch), ..Default::default() };
        graph.input = vec![value("x", &[1, 3, 32, 32])];
        let (mut from, mut channels) = ("x".to_owned(), 3);
        for (i, &(width, kernel)) in arch.iter().enumerate() {
            let (weight, to) = (format!("w{i}"), format!("y{i}"));
            graph.initializer.push(TensorProto {
                name: weight.clone(),
                dims: vec![width, channels, kernel, kernel],
                data_type: FLOAT,
                ..Default::default()
            });
            graph.node.push(NodeProto {
                op_type: "Conv".into(),
                input: vec![from, weight],
                output: vec![to.clone()],
                attribute: vec![AttributeProto {
                    name: "pads".into(),
                    ints: vec![kernel / 2; 4],
                    type_: AttributeType::INTS.into(),
                    ..Default::default()
                }],
                ..Default::default()
            });
            (from, channels) = (to, width);
        }
        graph.output = vec![value(&from, &[1, channels, 32, 32])];
        let model = ModelProto {
            ir_version: 8,
            opset_import: vec![OperatorSetIdProto { version: 17, ..Default::default() }],
            graph: MessageField::some(graph),
            ..Default::default()
        };
        model.write_to_bytes().map_err(|e| Error::Space(format!("{}: {e}", self.key(arch))))
    }
}

fn value(name: &str, dims: &[i64]) -> ValueInfoProto {
    let dim = |&n: &i64| tensor_shape_proto::Dimension {
        value: Some(tensor_shape_proto::dimension::Value::DimValue(n)),
        ..Default::default()
    };
    let shape = TensorShapeProto { dim: dims.iter().map(dim).collect(), ..Default::default() };
    let tensor = type_proto::Tensor {
        elem_type: FLOAT,
        shape: MessageField::some(shape),
        ..Default::default()
    };
    let value = Some(type_proto::Value::TensorType(tensor));
    ValueInfoProto {
        name: name.to_owned(),
        type_: MessageField::some(TypeProto { value, ..Default::default() }),
        ..Default::default()
    }
}

fn main() -> Result<()> {
    let problem = Problem::new(&["parameters".into()], &["macs".into()], &[])?;
    // Evaluators would stand where the list is empty; static costs need none.
    let measure = CandidateEvaluator::new(Vec::new(), &problem.columns, false)?;
    let mut search = Search::new(&Chains, problem, Settings::default())?;
    while search.history().len() < 1000 {
        let keys = search.ask(100);
        let values = measure.values(&Chains, &keys);
        keys.into_iter().zip(values).for_each(|(key, values)| search.add(key, values));
    }
    for winner in search.winners(10) {
        let shown: Vec<String> = winner.values.iter().flatten().map(|v| format!("{v}")).collect();
        println!("{:40} {}", winner.key, shown.join("  "));
    }
    Ok(())
}
