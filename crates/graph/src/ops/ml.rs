//! Domain `ai.onnx.ml`: classical models and their features.

use super::flops::{self, Site, Work};
use super::kinds::{Class, Demand};
use super::op::{Op, Outputs, one, product, same};
use super::operator::{Operator, ml};
use super::typed::Typed;
use crate::model::{Attribute, Container, DataType, Node, map_of, within};
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    ml("ArrayFeatureExtractor", Class::Classical)
        .shape(picked)
        .types(|t, _| t.of(0))
        .work(flops::none)
        .fed(&[(1, Demand::IndexLastAxis)]),
    ml("Binarizer", Class::Classical).shape(same).types(|t, _| t.of(0)).work(flops::once),
    ml("CastMap", Class::Classical).types(|_, _| None),
    ml("CategoryMapper", Class::Classical)
        .shape(same)
        .types(|t, _| match t.of(0) {
            Some(DataType::String) => Some(DataType::I64),
            Some(_) => Some(DataType::String),
            None => None,
        })
        .work(flops::none),
    ml("DictVectorizer", Class::Classical).types(|_, _| None),
    ml("FeatureVectorizer", Class::Classical).shape(joined).work(flops::none),
    ml("Imputer", Class::Classical).shape(same).types(|t, _| t.of(0)).work(flops::none),
    ml("LabelEncoder", Class::Classical).shape(same).types(label_type).work(flops::none),
    ml("LinearClassifier", Class::Classical)
        .shape(classifier)
        .types(class_types)
        .work(linear_work)
        .parameters(LINEAR),
    ml("LinearRegressor", Class::Classical)
        .shape(|op| rows(op, op.attr("targets", 1)))
        .work(linear_work)
        .parameters(LINEAR),
    ml("Normalizer", Class::Classical).shape(same).work(|s| s.made_times(3)),
    ml("OneHotEncoder", Class::Classical).shape(one_hot).work(flops::none),
    ml("SVMClassifier", Class::Classical)
        .shape(vector_classifier)
        .types(class_types)
        .work(vector_work),
    ml("SVMRegressor", Class::Classical).shape(|op| rows(op, 1)).work(vector_work),
    ml("Scaler", Class::Classical).shape(same).work(|s| s.made_times(2)),
    ml("TreeEnsemble", Class::Classical)
        .shape(|op| rows(op, op.attr("n_targets", 1)))
        .types(|t, _| t.of(0)),
    ml("TreeEnsembleClassifier", Class::Classical).shape(classifier).types(class_types),
    ml("TreeEnsembleRegressor", Class::Classical).shape(|op| rows(op, op.attr("n_targets", 1))),
    ml("ZipMap", Class::Classical).container(zipped).work(flops::none),
];

/// Attributes that hold the parameters of a linear model.
const LINEAR: &[&str] = &["coefficients", "intercepts"];

/// One multiplication for each example and coefficient.
fn linear_work(site: &Site) -> Option<Work> {
    let x = site.dims(0)?;
    let rows = if x.len() == 1 { SymExpr::ONE } else { x.first()?.clone() };
    let Some(Attribute::Floats(c)) = site.n.attribute("coefficients") else {
        return None;
    };
    flops::macs(rows.times(&c.len().into())?)
}

/// A kernel of each example and support vector, then their coefficients; without
/// vectors a linear model.
fn vector_work(site: &Site) -> Option<Work> {
    let x = site.dims(0)?;
    let rows = if x.len() == 1 { SymExpr::ONE } else { x.first()?.clone() };
    let mut each = 0usize;
    for name in ["support_vectors", "coefficients"] {
        if let Some(Attribute::Floats(v)) = site.n.attribute(name) {
            each = each.checked_add(v.len())?;
        }
    }
    if each == 0 { None } else { flops::macs(rows.times(&each.into())?) }
}

/// The labels are strings or integers, the scores floats.
fn class_types(t: &Typed, output: usize) -> Option<DataType> {
    Some(match output {
        0 if t.given("classlabels_strings") => DataType::String,
        0 => DataType::I64,
        _ => DataType::F32,
    })
}

fn label_type(t: &Typed, _: usize) -> Option<DataType> {
    match () {
        () if t.given("values_strings") => Some(DataType::String),
        () if t.given("values_floats") => Some(DataType::F32),
        () if t.given("values_tensor") => match t.n.attribute("values_tensor") {
            Some(Attribute::Tensor(v)) => Some(v.dtype),
            _ => None,
        },
        () if t.given("values_int64s") => Some(DataType::I64),
        () => None,
    }
}

/// A sequence of maps from label to score.
fn zipped(t: &Typed, _: usize) -> Option<Container> {
    let labels = t.n.attribute("classlabels_strings");
    let text = matches!(labels, Some(Attribute::Strings(v)) if !v.is_empty());
    let key = if text { DataType::String } else { DataType::I64 };
    Some(within("seq", Some(&map_of(key))))
}

fn picked(op: &mut Op) -> Option<Outputs> {
    let (mut x, picked) = (op.dims(0)?, op.dims(1)?);
    x.pop();
    if x.is_empty() {
        x.push(SymExpr::ONE);
    }
    x.push(product(&picked)?);
    one(x)
}

fn one_hot(op: &mut Op) -> Option<Outputs> {
    let mut x = op.dims(0)?;
    x.push(SymExpr::Value(labels(op.n, &["cats_int64s", "cats_strings"])?.into()));
    one(x)
}

fn joined(op: &mut Op) -> Option<Outputs> {
    let sizes = op.n.ints("inputdimensions")?;
    rows(op, sizes.iter().try_fold(0i64, |a, &b| a.checked_add(b))?)
}

/// One row an example: `[N, width]`; a vector is one example.
fn rows(op: &Op, width: i64) -> Option<Outputs> {
    one(vec![examples(op)?, SymExpr::Value(width.into())])
}

fn examples(op: &Op) -> Option<SymExpr> {
    let x = op.dims(0)?;
    Some(if x.len() == 1 { SymExpr::ONE } else { x.first()?.clone() })
}

fn labels(n: &Node, names: &[&str]) -> Option<i64> {
    let count = names.iter().find_map(|name| match n.attribute(name)? {
        Attribute::Ints(v) if !v.is_empty() => Some(v.len()),
        Attribute::Strings(v) if !v.is_empty() => Some(v.len()),
        _ => None,
    });
    i64::try_from(count?).ok()
}

const CLASSES: &[&str] = &["classlabels_ints", "classlabels_strings", "classlabels_int64s"];

/// Label and score of each class.
fn classifier(op: &mut Op) -> Option<Outputs> {
    let n = examples(op);
    let n = op.or_fresh(n);
    let classes = labels(op.n, CLASSES).map(|c| SymExpr::Value(c.into()));
    let classes = op.or_fresh(classes);
    Some(vec![Some(Sym::shape(vec![n.clone()])), Some(Sym::shape(vec![n, classes]))])
}

/// SVMClassifier: without probabilities several classes have a score for each
/// pair of them.
fn vector_classifier(op: &mut Op) -> Option<Outputs> {
    let mut out = classifier(op)?;
    let given =
        |name: &str| matches!(op.n.attribute(name), Some(Attribute::Floats(v)) if !v.is_empty());
    let pairs = given("support_vectors") && !given("prob_a");
    if let (true, Some(c), Some(n)) =
        (pairs, labels(op.n, CLASSES).filter(|&c| c > 2), examples(op))
    {
        let scores = c.checked_mul(c.checked_sub(1)?)?.checked_div(2)?;
        if let Some(slot) = out.get_mut(1) {
            *slot = Some(Sym::shape(vec![n, SymExpr::Value(scores.into())]));
        }
    }
    Some(out)
}
