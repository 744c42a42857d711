//! What holds of all rows.

use super::*;
use std::collections::HashSet;

const DOMAINS: [&str; 7] = [
    "",
    "ai.onnx.ml",
    "ai.onnx.preview",
    "ai.onnx.preview.training",
    "com.microsoft",
    "com.microsoft.nchwc",
    "com.ms.internal.nhwc",
];

#[test]
fn rows_are_sorted_and_unique() {
    for rows in FAMILIES {
        assert!(rows.is_sorted_by(|a, b| a.name < b.name), "{}", rows[0].name);
    }
    let keys: Vec<_> = all().map(|o| (o.name, o.domain)).collect();
    assert!(keys.is_sorted_by(|a, b| a < b), "an operator has two rows");
    assert_eq!(keys.len(), FAMILIES.iter().map(|f| f.len()).sum::<usize>());
}

#[test]
fn rows_are_well_formed() {
    for o in all() {
        let name = o.name;
        assert!(DOMAINS.contains(&o.domain), "{name}: domain {}", o.domain);
        assert!(
            name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.is_empty(),
            "{name}"
        );
        let defaults: HashSet<_> = o.defaults.iter().collect();
        assert_eq!(defaults.len(), o.defaults.len(), "{name}: a default is given twice");
        for (attribute, text) in o.defaults {
            let spelled = text.starts_with('\'') && text.ends_with('\'') && text.len() > 1;
            assert!(spelled || text.parse::<f64>().is_ok(), "{name}.{attribute}: {text}");
        }
        for (opset, attribute, text) in o.former {
            assert!((2..=28).contains(opset), "{name}.{attribute}: opset {opset}");
            assert!(!text.contains(' ') && !o.is_default(attribute, text), "{name}: {text}");
        }
        o.check_inputs();
        let onnx_only = !(o.defaults.is_empty() && o.former.is_empty() && o.structural.is_empty());
        assert!(o.domain.is_empty() || !onnx_only, "{name}: only spelled of ai.onnx");
    }
}

#[test]
fn what_domains_share_is_the_same_in_all_of_them() {
    for o in all() {
        let first = all().find(|p| p.name == o.name).unwrap();
        assert_eq!(o.usage(), first.usage(), "{}.{}", o.domain, o.name);
        assert_eq!(usage("a.domain", o.name).name, o.name);
        for alike in UNLISTED.iter().filter(|u| !u.name.is_empty() && o.name.starts_with(u.name)) {
            let decides = matches!(alike.class, Class::LookUp | Class::Random);
            assert!(!decides || o.class == alike.class, "{}", o.name);
            assert!(alike.cost == CostKind::Other || o.cost == alike.cost, "{}", o.name);
        }
    }
}

#[test]
fn rows_are_found() {
    for o in all() {
        let found = find(o.domain, o.name);
        assert_eq!((found.domain, found.name), (o.domain, o.name));
    }
    assert_eq!(find("com.microsoft", "Conv").name, "");
    assert_eq!(find("a.domain", "Conv").domain, "*");
    assert_eq!(find("", "ReduceSum:overload").name, "Reduce");
    assert_eq!(usage("a.domain", "ReduceNothing").cost, CostKind::Reduction);
    assert_eq!(usage("a.domain", "GatherBlockQuantized").class, Class::LookUp);
    assert_eq!(usage("a.domain", "FusedConv").cost, CostKind::Conv);
    assert_eq!(usage("", "Wheel").cost, CostKind::Other);
}

#[test]
fn versions_and_defaults_are_told() {
    let conv = find("", "Conv");
    assert!(conv.is_default("group", "1") && !conv.is_default("group", "2"));
    assert!(conv.has_windows() && !find("com.microsoft", "FusedConv").has_windows());
    assert!(
        find("", "Where").is_arithmetic() && !find("com.microsoft", "QLinearAdd").is_arithmetic()
    );
    assert_eq!(find("", "DFT").former, [(20, "axis", "a1")]);
    assert_eq!(find("ai.onnx.ml", "LinearRegressor").parameters, ["coefficients", "intercepts"]);
}

#[test]
fn inputs_have_roles_and_demands() {
    let role = |name, i| usage("", name).role(i);
    assert_eq!(role("BatchNormalization", 1), WeightRole::ParameterIfFloat);
    assert_eq!(role("BatchNormalization", 4), WeightRole::Buffer);
    assert_eq!(role("DynamicQuantizeLSTM", 11), WeightRole::Buffer);
    assert_eq!(role("Where", 0), WeightRole::Constant);
    assert_eq!(role("Where", 2), WeightRole::ParameterUnlessSingle);
    assert_eq!(usage("", "Resize").demand(3), Some(Demand::OutputShape));
    assert_eq!(usage("", "Resize").demand(1), None);
    let passed =
        |name: &str| -> Vec<usize> { (0..3).filter(|&i| usage("", name).passes_on(i)).collect() };
    assert_eq!(passed("Where"), [1, 2]);
    assert_eq!(passed("Concat"), [0, 1, 2]);
    assert_eq!(passed("Gather"), [0]);
    assert_eq!(passed("Add"), [0; 0]);
    let spelled = |name: &str| -> Vec<usize> {
        (0..5).filter(|&i| find("", name).is_structural(i)).collect()
    };
    assert_eq!(spelled("Pad"), [1, 3]);
    assert_eq!(spelled("Slice"), [1, 2, 3, 4]);
    assert_eq!(spelled("Range"), [0, 1, 2, 3, 4]);
}

/// Operators that the tables named which this registry took the place of.
#[test]
fn no_operator_is_forgotten() {
    for name in FORMER_TABLES.split_whitespace() {
        assert!(all().any(|o| o.name == name), "{name} has no row");
    }
}

const FORMER_TABLES: &str = "\
    Abs Acos Acosh Adagrad Adam Add AffineGrid And ArgMax ArgMin ArrayFeatureExtractor Asin \
    Asinh Atan Atanh Attention AveragePool BatchNormalization Bernoulli BiasGelu BiasSoftmax \
    BiasSplitGelu Binarizer BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor \
    BlackmanWindow Cast CastLike CastMap CategoryMapper CausalConvWithState Ceil Celu \
    CenterCropPad Clip Col2Im Compress Concat ConcatFromSequence Constant ConstantOfShape Conv \
    ConvInteger ConvTranspose Cos Cosh CumProd CumSum DFT DeformConv DepthToSpace \
    DequantizeLinear Det DictVectorizer Div Dropout DynamicQuantizeLSTM DynamicQuantizeLinear \
    DynamicQuantizeMatMul Einsum Elu EmbedLayerNormalization Equal Erf Exp Expand EyeLike \
    FastGelu FeatureVectorizer Flatten Floor FusedConv FusedGemm FusedMatMul GRU \
    GatedRelativePositionBias Gather GatherElements GatherND Gelu Gemm GlobalAveragePool \
    GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GridSample GroupNorm GroupNormalization \
    GroupQueryAttention HammingWindow HannWindow HardSigmoid HardSwish Hardmax Identity If \
    ImageDecoder Imputer InstanceNormalization Inverse IsInf IsNaN LRN LSTM LabelEncoder \
    LayerNormalization LeakyRelu Less LessOrEqual LinearAttention LinearClassifier \
    LinearRegressor Log LogSoftmax Loop LpNormalization LpPool MatMul MatMulBnb4 MatMulFpQ4 \
    MatMulInteger MatMulIntegerToFloat MatMulNBits Max MaxPool MaxRoiPool MaxUnpool Mean \
    MeanVarianceNormalization MelSpectrogram MelWeightMatrix Min Mish Mod Momentum Mul \
    MultiHeadAttention Multinomial Neg NegativeLogLikelihoodLoss NhwcFusedConv NonMaxSuppression \
    NonZero Normalizer Not OneHot OneHotEncoder Optional OptionalGetElement OptionalHasElement \
    Or PRelu Pad ParametricSoftplus Pow QAttention QGemm QLinearAdd QLinearAveragePool \
    QLinearConcat QLinearConv QLinearGlobalAveragePool QLinearLeakyRelu QLinearMatMul QLinearMul \
    QLinearReduceMean QLinearSigmoid QLinearSoftmax QuantizeLinear QuickGelu RMSNormalization \
    RNN RandomNormal RandomNormalLike RandomUniform RandomUniformLike Range Reciprocal ReduceL1 \
    ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum \
    ReduceSumSquare RegexFullMatch Relu RemovePadding Reshape Resize RestorePadding \
    ReverseSequence RoiAlign RotaryEmbedding Round STFT SVMClassifier SVMRegressor Scale \
    ScaledTanh Scaler Scan Scatter ScatterElements ScatterND Selu SequenceAt SequenceConstruct \
    SequenceEmpty SequenceErase SequenceInsert SequenceLength SequenceMap Shape Shrink Sigmoid \
    Sign SimplifiedLayerNormalization Sin Sinh Size SkipLayerNormalization \
    SkipSimplifiedLayerNormalization Slice Softmax SoftmaxCrossEntropyLoss Softplus Softsign \
    SpaceToDepth Split SplitToSequence Sqrt Squeeze StringConcat StringNormalizer StringSplit \
    Sub Sum SwiGLU Swish Tan Tanh TensorScatter TfIdfVectorizer ThresholdedRelu Tile Tokenizer \
    TopK Transpose TransposeMatMul TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor \
    Trilu Unique Unsqueeze Upsample Where Xor ZipMap";

#[test]
fn the_softmax_family_is_a_class() {
    let softmax = all().filter(|o| o.domain.is_empty() && o.class == Class::Softmax);
    let mut names: Vec<&str> = softmax.map(|o| o.name).collect();
    names.sort_unstable();
    assert_eq!(names, ["Hardmax", "LogSoftmax", "Softmax"]);
}
