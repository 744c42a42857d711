//! The graphs against their references, recorded once with `tools/ref_hf.py` and
//! `tools/ref_native.py`: Hugging Face's T5EncoderModel, and the training runtime
//! that the training graph was lowered from.

use crate::common;

use nneval::evaluator::weights;
use nneval::runtime::SessionOptions;
use nneval::training::{Batch, GraphInfo, Settings, State, Stepper, TrainingGraphs};
use ort::value::Tensor;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new("fixtures/parity").join(name)
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn floats(path: &Path) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap();
    bytes.as_chunks::<4>().0.iter().map(|&c| f32::from_le_bytes(c)).collect()
}

/// All numbers of nested lists, in order.
fn flat(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(flat).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

fn singles(value: &Value) -> Vec<f32> {
    flat(value).into_iter().map(|x| x as f32).collect()
}

fn ints(value: &Value) -> (Vec<usize>, Vec<i64>) {
    let rows = value.as_array().unwrap();
    let width = rows[0].as_array().unwrap().len();
    (vec![rows.len(), width], flat(value).into_iter().map(|x| x as i64).collect())
}

/// Largest difference, and that relative to the largest expected value.
fn gap(actual: &[f32], expected: &[f32]) -> (f64, f64) {
    assert_eq!(actual.len(), expected.len());
    let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
    let pairs = actual.iter().zip(expected);
    let difference = largest(
        &mut pairs.map(|(a, b)| f64::from((a - b).abs())).inspect(|d| assert!(!d.is_nan())),
    );
    let scale = largest(&mut expected.iter().map(|x| f64::from(x.abs())));
    (difference, difference / scale)
}

fn encoder_equals_hugging_face(name: &str) {
    let folder = fixture(name);
    let info: GraphInfo = serde_json::from_value(json(&folder.join("graph.json"))).unwrap();
    let reference = json(&folder.join("reference.json"));
    let flat_weights = floats(&folder.join("weights.bin"));
    assert_eq!(flat_weights.len(), info.n_params);
    let outputs = ["hidden", "pooled", "metrics"];
    let encoder = std::fs::read(folder.join("encoder.onnx")).unwrap();
    let parameters = info.parameters(&flat_weights, info.max_metrics);
    let model = weights::embed(&encoder, parameters, &outputs).unwrap();
    let mut session = common::runtime()
        .session_from_memory(&model, &SessionOptions::default())
        .unwrap()
        .into_ort();
    let input = |name: &str| Tensor::from_array(ints(&reference[name])).unwrap();
    let result = session
        .run(ort::inputs![
            "input_ids" => input("input_ids"),
            "attention_mask" => input("attention_mask")
        ])
        .unwrap();
    for output in outputs {
        let (_, actual) = result[output].try_extract_tensor::<f32>().unwrap();
        let (difference, relative) = gap(actual, &singles(&reference[output]));
        println!("{name} {output}: {difference:.1e}, relative {relative:.1e}");
        assert!(difference < 1e-4, "{name} {output}: {difference}");
    }
}

#[test]
fn encoders_equal_hugging_face() {
    encoder_equals_hugging_face("hf_relu");
    encoder_equals_hugging_face("hf_gated");
}

/// What the native training runtime computed on one batch.
struct Native {
    text: Value,
    tokens: Vec<Vec<u32>>,
    vectors: Vec<(String, Vec<f32>)>,
}

impl Native {
    /// Rows of tokens that the batch does not use are zero and not in the file.
    fn open(info: &GraphInfo) -> Self {
        let text = json(&fixture("native.json"));
        let kept = text["kept_tokens"].as_u64().unwrap() as usize * info.d;
        let zeros = info.vocab * info.d - kept;
        let all = floats(&fixture("native.bin"));
        let names = text["vectors"].as_array().unwrap();
        assert_eq!(all.len(), names.len() * (info.n_params - zeros));
        let vectors = names.iter().zip(all.chunks(info.n_params - zeros)).map(|(name, part)| {
            let (head, tail) = part.split_at(kept);
            (name.as_str().unwrap().to_owned(), [head, &vec![0.0; zeros], tail].concat())
        });
        let vectors = vectors.collect();
        let (ids, mask) = (&text["batch"]["input_ids"], &text["batch"]["attention_mask"]);
        let rows = ids.as_array().unwrap().iter().zip(mask.as_array().unwrap());
        let tokens = rows.map(|(ids, mask)| {
            let length = flat(mask).into_iter().sum::<f64>() as usize;
            flat(ids).into_iter().take(length).map(|x| x as u32).collect()
        });
        Self { tokens: tokens.collect(), vectors, text }
    }

    fn vector(&self, name: &str) -> &[f32] {
        &self.vectors.iter().find(|(n, _)| n == name).unwrap().1
    }

    fn batch(&self) -> Batch<'_> {
        let list = |name: &str| singles(&self.text["batch"][name]);
        Batch {
            tokens: self.tokens.iter().map(Vec::as_slice).collect(),
            target: list("target"),
            present: list("target_mask"),
            branch_mask: list("branch_mask"),
        }
    }

    fn settings(&self) -> Settings {
        let number = |name: &str| self.text["two_steps"][name].as_f64().unwrap() as f32;
        Settings {
            lr: number("lr"),
            weight_decay: number("weight_decay"),
            beta1: number("beta1"),
            beta2: number("beta2"),
            clip_norm: number("clip_norm"),
            rank_weight: number("rank_weight"),
            average_decay: 0.0,
        }
    }
}

fn close(name: &str, actual: &[f32], expected: &[f32], limit: f64) {
    let (difference, relative) = gap(actual, expected);
    println!("{name}: {difference:.1e}, relative {relative:.1e}");
    assert!(relative < limit, "{name}: {difference}, relative {relative}");
}

/// AdamW divides by the root of the second moment: where a gradient is next to
/// nothing, its rounding error decides the step.
fn same_parameters(state: &State, native: &Native) {
    let (after, variance) = (native.vector("params_2"), native.vector("adam_v_2"));
    close("parameters after two steps", &state.params, after, 1e-4);
    let largest = variance.iter().copied().fold(0.0, f32::max);
    let clear = |v: &[f32]| -> Vec<f32> {
        let pairs = v.iter().zip(variance);
        pairs.filter(|(_, variance)| **variance > 1e-4 * largest).map(|(x, _)| *x).collect()
    };
    let (actual, expected) = (clear(&state.params), clear(after));
    println!("{} of {} parameters have a clear gradient", actual.len(), after.len());
    close("those", &actual, &expected, 1e-6);
}

#[test]
fn losses_gradients_and_steps_equal_the_native_training_runtime() {
    let graphs = TrainingGraphs::open(Path::new("models/graphs/tiny")).unwrap();
    let native = Native::open(&graphs.info);
    assert_eq!(native.text["graph"], graphs.info.name.as_str());
    let mut stepper =
        Stepper::new(&common::runtime(), &graphs, &SessionOptions::default()).unwrap();
    let start = State::new(native.vector("params").to_vec());
    let (batch, settings) = (native.batch(), native.settings());
    for case in ["mse", "mse_and_rank"] {
        let expected = &native.text["cases"][case];
        let number = |name: &str| expected[name].as_f64().unwrap() as f32;
        let settings = Settings { rank_weight: number("rank_weight"), ..settings };
        let (loss, gradients) = stepper.gradients(&start, &batch, &settings).unwrap();
        close(&format!("{case} loss"), &[loss], &[number("loss")], 1e-6);
        let reference = native.vector(&format!("grads_{case}"));
        close(&format!("{case} gradients"), &gradients, reference, 1e-5);
        for p in &graphs.info.params {
            let range = p.offset..p.offset + p.shape.iter().product::<usize>();
            let name = format!("{case} gradient of {}", p.name);
            close(&name, &gradients[range.clone()], &reference[range], 1e-4);
        }
        let report = stepper.step(&mut start.clone(), &batch, &settings).unwrap();
        let parts = [report.loss, report.mse, report.rank];
        let expected = ["loss", "mse_loss", "rank_loss"].map(number);
        close(&format!("{case} parts of the loss"), &parts, &expected, 1e-6);
    }
    let mut state = start;
    let norms = singles(&native.text["two_steps"]["grad_norms"]);
    for norm in norms {
        let report = stepper.step(&mut state, &batch, &settings).unwrap();
        close("gradient norm", &[report.grad_norm], &[norm], 1e-5);
    }
    close("first moments", &state.adam_m, native.vector("adam_m_2"), 1e-5);
    close("second moments", &state.adam_v, native.vector("adam_v_2"), 1e-5);
    same_parameters(&state, &native);
}
