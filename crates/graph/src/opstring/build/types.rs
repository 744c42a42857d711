//! Types of values, from what shape inference knows.

use crate::budget;
use crate::model::Container;
use crate::opstring::tensor_type::{Dim, Formula, Operator, TensorType};
use crate::shape::{Inferred, SymExpr, is_unknown, number};
use std::collections::HashMap;

/// Steps of making and sorting one part of a formula.
const STEPS_A_PART: usize = 4;

/// Numbers of symbols, in order of first appearance in the string.
#[derive(Debug, Default)]
pub struct Symbols {
    seen: HashMap<usize, usize>,
}

impl Symbols {
    /// The type of an output.
    pub fn output(&mut self, known: &Inferred, container: Option<&Container>) -> TensorType {
        let dims = known.dims.as_ref().map(|dims| dims.iter().map(|d| self.dim(d)).collect());
        TensorType { dims, dtype: known.dtype, container: container.cloned() }
    }

    fn number(&mut self, symbol: usize) -> usize {
        let next = self.seen.len();
        *self.seen.entry(symbol).or_insert(next)
    }

    fn dim(&mut self, e: &SymExpr) -> Dim {
        if budget::work(e.parts().saturating_mul(STEPS_A_PART)).is_none() {
            return Dim::Unknown;
        }
        match e {
            SymExpr::Value(v) if *v < 0 => Dim::Unknown,
            SymExpr::Value(v) => {
                u64::try_from(*v).map_or_else(|_| Dim::Other(v.to_string().into()), Dim::Size)
            }
            _ if is_unknown(e) => Dim::Unknown,
            _ => match self.formula(e) {
                Formula::Symbol(i) => Dim::Symbol(i),
                Formula::Unknown => Dim::Unknown,
                formula => Dim::Formula(Box::new(formula)),
            },
        }
    }

    fn formula(&mut self, e: &SymExpr) -> Formula {
        let (operator, pair) = match e {
            SymExpr::Value(v) => return Formula::Number(*v),
            SymExpr::Var(s) => {
                let symbol = number(&s.name).map(|i| self.number(i));
                return symbol.map_or(Formula::Unknown, Formula::Symbol);
            }
            SymExpr::Neg(x) => return Formula::Negative(Box::new(self.formula(x))),
            SymExpr::Sub(p) => (Operator::Subtract, p),
            SymExpr::Div(p) => (Operator::Divide, p),
            SymExpr::DivCeil(p) => (Operator::DivideUp, p),
            SymExpr::Add(_) => return self.commutative(Operator::Add, e),
            SymExpr::Mul(_) => return self.commutative(Operator::Multiply, e),
            SymExpr::Max(_) => return self.commutative(Operator::Maximum, e),
            SymExpr::Min(_) => return self.commutative(Operator::Minimum, e),
            SymExpr::Broadcast(_) => return self.commutative(Operator::Broadcast, e),
        };
        Formula::Apply(operator, vec![self.formula(pair.left()), self.formula(pair.right())])
    }

    /// The terms of a sum, product, maximum, …: numbers first, then by
    /// spelling, so that the order in which a file names its symbols does not
    /// matter.
    fn commutative(&mut self, operator: Operator, e: &SymExpr) -> Formula {
        let mut terms = Vec::new();
        flatten(e, e, &mut terms);
        let mut operands: Vec<Formula> = terms.into_iter().map(|t| self.formula(t)).collect();
        operands.sort_by_cached_key(|f| (!matches!(f, Formula::Number(_)), f.part()));
        Formula::Apply(operator, operands)
    }
}

/// The terms of `e`, nested ones of the same kind as `of` taken apart.
fn flatten<'e>(of: &SymExpr, e: &'e SymExpr, out: &mut Vec<&'e SymExpr>) {
    let same = std::mem::discriminant(of) == std::mem::discriminant(e);
    match e {
        SymExpr::Add(p)
        | SymExpr::Mul(p)
        | SymExpr::Max(p)
        | SymExpr::Min(p)
        | SymExpr::Broadcast(p)
            if same =>
        {
            flatten(of, p.left(), out);
            flatten(of, p.right(), out);
        }
        _ => out.push(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DataType;

    fn spell(dims: Vec<SymExpr>) -> String {
        let t = Inferred { dtype: Some(DataType::F32), dims: Some(dims), ..Default::default() };
        Symbols::default().output(&t, None).to_string()
    }

    #[test]
    fn sums_do_not_depend_on_the_order_of_symbols() {
        let v = |i: usize| SymExpr::symbol(&format!("s{i:04}"));
        let (a, b) = (v(0), v(1));
        let one = SymExpr::Value(1);
        let x = a.plus(&b).and_then(|s| s.plus(&one)).unwrap();
        let y = b.plus(&a).and_then(|s| one.plus(&s)).unwrap();
        let first = spell(vec![a.clone(), b.clone(), x]);
        assert_eq!(first, "axbx(1+a+b)");
        assert_eq!(first, spell(vec![a, b, y]));
    }
}
