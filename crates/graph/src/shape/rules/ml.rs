//! Domain `ai.onnx.ml`, text operators, and `ai.onnx.preview.training`.

use super::*;

/// Text operators of the default domain.
pub fn text(op: &mut Op, kind: &str) -> Option<Outputs> {
    match kind {
        "StringNormalizer" => {
            let x = op.dims(0)?;
            if op.n.attribute("stopwords").is_none() {
                return one(x);
            }
            let n = op.fresh();
            one(if x.len() == 2 { vec![SymExpr::ONE, n] } else { vec![n] })
        }
        "StringSplit" => {
            let x = op.dims(0)?;
            let most = op.fresh();
            let counts = Some(Sym::shape(x.clone()));
            Some(vec![Some(Sym::shape([x, vec![most]].concat())), counts])
        }
        "TfIdfVectorizer" => {
            let mut x = op.dims(0)?;
            let size = op.n.ints("ngram_indexes")?.iter().max()?.checked_add(1)?;
            x.pop();
            x.push(SymExpr::Value(size.into()));
            one(x)
        }
        _ => None,
    }
}

/// Rules of domain `ai.onnx.ml`.
pub fn infer(op: &mut Op, kind: &str) -> Option<Outputs> {
    match kind {
        "Binarizer" | "CategoryMapper" | "Imputer" | "LabelEncoder" | "Normalizer" | "Scaler" => {
            op.same(0)
        }
        "ArrayFeatureExtractor" => {
            let (mut x, picked) = (op.dims(0)?, op.dims(1)?);
            x.pop();
            if x.is_empty() {
                x.push(SymExpr::ONE);
            }
            x.push(product(&picked)?);
            one(x)
        }
        "LinearRegressor" => rows(op, op.attr("targets", 1)),
        "SVMRegressor" => rows(op, 1),
        "TreeEnsembleRegressor" | "TreeEnsemble" => rows(op, op.attr("n_targets", 1)),
        "LinearClassifier" | "TreeEnsembleClassifier" | "SVMClassifier" => classifier(op),
        "OneHotEncoder" => {
            let mut x = op.dims(0)?;
            x.push(SymExpr::Value(labels(op.n, &["cats_int64s", "cats_strings"])?.into()));
            one(x)
        }
        "FeatureVectorizer" => {
            let total: i64 =
                op.n.ints("inputdimensions")?.iter().try_fold(0i64, |a, &b| a.checked_add(b))?;
            rows(op, total)
        }
        _ => None,
    }
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

/// Rules of domain `ai.onnx.preview.training`: R, T, then groups of tensors;
/// outputs are the groups without the gradients.
pub fn training(op: &mut Op, kind: &str) -> Option<Outputs> {
    let groups = match kind {
        "Adam" => 4,
        "Adagrad" | "Momentum" => 3,
        _ => return None,
    };
    let n = op.n.inputs.len().checked_sub(2)? / groups;
    let of = |i: usize| op.sym(2 + i).map(Sym::without_elems);
    let states = (2 * n..groups * n).map(of);
    Some((0..n).map(of).chain(states).collect())
}
