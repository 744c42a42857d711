//! Operators on strings.

use super::arithmetic::unknown;
use super::elementwise::broadcast_of;
use super::kinds::Class;
use super::op::{Op, Outputs, one, same};
use super::operator::{Operator, onnx};
use super::typed::{boolean, float, string};
use crate::model::DataType;
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    onnx("RegexFullMatch", Class::Text).shape(same).types(boolean),
    onnx("StringConcat", Class::Text).shape(|op| broadcast_of(op, unknown)).types(string),
    onnx("StringNormalizer", Class::Text).shape(normalized).types(string),
    onnx("StringSplit", Class::Text)
        .shape(split)
        .types(|_, i| Some(if i == 1 { DataType::I64 } else { DataType::String })),
    onnx("TfIdfVectorizer", Class::Text).shape(tf_idf).types(float),
];

fn normalized(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    if op.n.attribute("stopwords").is_none() {
        return one(x);
    }
    let n = op.fresh();
    one(if x.len() == 2 { vec![SymExpr::ONE, n] } else { vec![n] })
}

/// StringSplit-20: substrings, then how many each string has.
fn split(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let most = op.fresh();
    let counts = Some(Sym::shape(x.clone()));
    Some(vec![Some(Sym::shape([x, vec![most]].concat())), counts])
}

fn tf_idf(op: &mut Op) -> Option<Outputs> {
    let mut x = op.dims(0)?;
    let size = op.n.ints("ngram_indexes")?.iter().max()?.checked_add(1)?;
    x.pop();
    x.push(SymExpr::Value(size.into()));
    one(x)
}
