//! Element types of node outputs.

use super::State;
use crate::model::*;

/// Operators of the default domain whose only output is of type `bool`.
const BOOLEAN: &[&str] = &[
    "Equal",
    "Less",
    "LessOrEqual",
    "Greater",
    "GreaterOrEqual",
    "And",
    "Or",
    "Not",
    "Xor",
    "IsNaN",
    "IsInf",
    "OptionalHasElement",
    "RegexFullMatch",
];

/// Element type of output `i` of `n`, where the operator determines it.
pub fn infer(s: &State, n: &Node, i: usize) -> Option<DataType> {
    match n.domain.as_str() {
        "" => default_domain(s, n, i),
        "com.microsoft" => microsoft(s, n, i),
        "ai.onnx.ml" => ml(s, n, i),
        "ai.onnx.preview.training" => of(s, n, 2 + i),
        _ => None,
    }
}

fn of(s: &State, n: &Node, input: usize) -> Option<DataType> {
    n.input(input).and_then(|v| s.dtype(v))
}

fn named(n: &Node, attribute: &str) -> Option<DataType> {
    n.int(attribute).and_then(|t| i32::try_from(t).ok()).filter(|&t| t != 0).map(DataType)
}

fn default_domain(s: &State, n: &Node, i: usize) -> Option<DataType> {
    let kind = n.op_type.as_str();
    if BOOLEAN.contains(&kind) {
        return Some(DataType::BOOL);
    }
    match (kind, i) {
        ("Cast" | "BitCast", _) => named(n, "to"),
        ("CastLike", _) => of(s, n, 1),
        (
            "Shape" | "Size" | "NonZero" | "ArgMax" | "ArgMin" | "NonMaxSuppression"
            | "SequenceLength",
            _,
        )
        | ("TopK" | "MaxPool" | "StringSplit", 1)
        | ("Unique", 1..) => Some(DataType::INT64),
        ("StringSplit" | "StringConcat" | "StringNormalizer", _) => Some(DataType::STRING),
        ("TfIdfVectorizer", _) => Some(DataType::FLOAT),
        ("ImageDecoder", _) => Some(DataType(2)),
        ("Dropout", 1) => Some(DataType::BOOL),
        ("Where", _) => of(s, n, 1).or(of(s, n, 2)),
        ("If" | "Loop" | "Scan" | "SequenceMap", _) => subgraph(s, n, i),
        ("ConstantOfShape", _) => match n.attribute("value") {
            Some(Attribute::Tensor(t)) => Some(t.dtype),
            _ => Some(DataType::FLOAT),
        },
        ("OneHot", _) => of(s, n, 2),
        ("QuantizeLinear", _) => of(s, n, 2).or(named(n, "output_dtype")).or(Some(DataType(2))),
        ("DynamicQuantizeLinear", 0 | 2) => Some(DataType(2)),
        ("DynamicQuantizeLinear", _) => Some(DataType::FLOAT),
        ("DequantizeLinear", _) => of(s, n, 1).or(Some(DataType::FLOAT)),
        ("MatMulInteger" | "ConvInteger", _) => Some(DataType::INT32),
        ("QLinearMatMul" | "QLinearConv", _) => of(s, n, 7),
        ("RandomNormal" | "RandomUniform" | "SequenceEmpty", _) => {
            named(n, "dtype").or(Some(DataType::FLOAT))
        }
        ("Multinomial", _) => named(n, "dtype").or(Some(DataType::INT32)),
        ("EyeLike" | "RandomNormalLike" | "RandomUniformLike" | "Bernoulli", _) => {
            named(n, "dtype").or(of(s, n, 0))
        }
        ("BlackmanWindow" | "HammingWindow" | "HannWindow" | "MelWeightMatrix", _) => {
            named(n, "output_datatype").or(Some(DataType::FLOAT))
        }
        ("BatchNormalization", 1..) => of(s, n, 3),
        ("LayerNormalization", 1..) => named(n, "stash_type").or(Some(DataType::FLOAT)),
        ("MelSpectrogram", _) => None,
        _ => of(s, n, 0),
    }
}

fn microsoft(s: &State, n: &Node, i: usize) -> Option<DataType> {
    match (n.op_type.as_str(), i) {
        ("QuantizeLinear", _) => of(s, n, 2).or(Some(DataType(2))),
        ("DequantizeLinear", _) => of(s, n, 1),
        ("DynamicQuantizeMatMul" | "MatMulIntegerToFloat" | "DynamicQuantizeLSTM", _) => {
            Some(DataType::FLOAT)
        }
        ("EmbedLayerNormalization", 1) => Some(DataType::INT32),
        ("EmbedLayerNormalization", _) => of(s, n, 2),
        ("QLinearConcat", _) => of(s, n, 1),
        ("Tokenizer", _) => Some(DataType::STRING),
        _ => of(s, n, 0),
    }
}

fn ml(s: &State, n: &Node, i: usize) -> Option<DataType> {
    let given = |name: &str| match n.attribute(name) {
        Some(Attribute::Ints(v)) => !v.is_empty(),
        Some(Attribute::Strings(v)) => !v.is_empty(),
        Some(Attribute::Floats(v)) => !v.is_empty(),
        Some(Attribute::Tensor(_)) => true,
        _ => false,
    };
    match (n.op_type.as_str(), i) {
        ("ArrayFeatureExtractor" | "Binarizer" | "Imputer", _) => of(s, n, 0),
        ("LinearClassifier" | "TreeEnsembleClassifier" | "SVMClassifier", 0) => {
            let text = given("classlabels_strings");
            Some(if text { DataType::STRING } else { DataType::INT64 })
        }
        ("LabelEncoder", _) => match () {
            () if given("values_strings") => Some(DataType::STRING),
            () if given("values_floats") => Some(DataType::FLOAT),
            () if given("values_tensor") => match n.attribute("values_tensor") {
                Some(Attribute::Tensor(t)) => Some(t.dtype),
                _ => None,
            },
            () if given("values_int64s") => Some(DataType::INT64),
            () => None,
        },
        ("TreeEnsemble", _) => of(s, n, 0),
        ("CategoryMapper" | "DictVectorizer" | "CastMap", _) => None,
        _ => Some(DataType::FLOAT),
    }
}

/// Type of output `i` of a control-flow node: that of its body's output.
fn subgraph(s: &State, n: &Node, i: usize) -> Option<DataType> {
    let body = n.subgraphs().next()?;
    let shift = usize::from(n.op_type == "Loop");
    s.dtype(*body.outputs.get(i + shift)?)
}
