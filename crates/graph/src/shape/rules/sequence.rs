//! Sequences and optionals. What is known of a sequence is what its elements
//! have in common.

use super::*;
use crate::model::{map_of, within};

/// Rules of this module.
pub fn infer(op: &mut Op, kind: &str) -> Option<Outputs> {
    match kind {
        "SequenceConstruct" => {
            let mut common = op.sym(0).map(Sym::without_elems);
            for i in 1..op.n.inputs.len() {
                let next = op.sym(i).map(Sym::without_elems);
                common = control::join(op, common.as_ref(), next.as_ref());
            }
            Some(vec![common])
        }
        "SequenceInsert" => {
            let (seq, t) = (op.sym(0).cloned(), op.sym(1).map(Sym::without_elems));
            Some(vec![control::join(op, seq.as_ref(), t.as_ref())])
        }
        "SequenceErase" | "SequenceAt" | "Optional" | "OptionalGetElement" => op.same(0),
        "SequenceLength" | "OptionalHasElement" => one(Vec::new()),
        "SplitToSequence" => split(op),
        "ConcatFromSequence" => concat(op),
        _ => None,
    }
}

/// SplitToSequence-24.
fn split(op: &mut Op) -> Option<Outputs> {
    let mut x = op.dims(0)?;
    let axis = wrap(op.attr("axis", 0), x.len())?;
    if !op.has(1) {
        match op.attr("keepdims", 1) {
            0 => {
                x.remove(axis);
            }
            _ => *x.get_mut(axis)? = SymExpr::ONE,
        }
        return one(x);
    }
    let scalar = op.sym(1).and_then(Sym::rank) == Some(0);
    let size = match op.ints(1) {
        Some(v) if scalar => {
            let (n, part) = (x.get(axis)?.value(), v.first()?.clone());
            let even = n.zip(part.value()).is_some_and(|(n, p)| p > 0 && n % p == 0);
            even.then_some(part)
        }
        Some(v) => v.first().cloned().filter(|f| v.iter().all(|x| x == f)),
        None => None,
    };
    *x.get_mut(axis)? = op.or_fresh(size);
    one(x)
}

fn concat(op: &mut Op) -> Option<Outputs> {
    let mut x = op.dims(0)?;
    let axis = op.n.int("axis")?;
    if op.attr("new_axis", 0) == 1 {
        let axis = wrap(axis, x.len() + 1)?;
        let n = op.fresh();
        x.insert(axis, n);
    } else {
        let axis = wrap(axis, x.len())?;
        *x.get_mut(axis)? = op.fresh();
    }
    one(x)
}

/// The container that output `i` of a node is.
pub fn container(s: &State, n: &Node, i: usize) -> Option<Container> {
    let of = |k: usize| n.input(k).and_then(|v| s.container(v));
    let around = |outer: &str, k: usize| Some(within(outer, of(k).map(|c| &**c)));
    match (n.op_type.as_str(), n.domain.as_str()) {
        ("SequenceConstruct", "") => around("seq", 0),
        ("SequenceInsert" | "SequenceErase", "") => {
            of(0).cloned().or_else(|| Some(within("seq", None)))
        }
        ("SequenceEmpty" | "SplitToSequence", "") => Some(within("seq", None)),
        ("SequenceMap", "") => {
            let g = n.subgraphs().next()?;
            Some(within("seq", s.container(*g.outputs.get(i)?).map(|c| &**c)))
        }
        ("SequenceAt", "") => of(0)?.strip_prefix("seq:").map(Container::from),
        ("OptionalGetElement", "") => {
            let c = of(0)?;
            match c.strip_prefix("opt") {
                Some(inner) => inner.strip_prefix(':').map(Container::from),
                None => Some(c.clone()),
            }
        }
        ("Optional", "") if n.inputs.is_empty() => match n.attribute("type") {
            Some(Attribute::Types(t)) => {
                Some(within("opt", t.first().and_then(|t| t.container.as_deref())))
            }
            _ => Some(within("opt", None)),
        },
        ("Optional", "") => around("opt", 0),
        ("Identity", "") => of(0).cloned(),
        ("ZipMap", "ai.onnx.ml") => {
            let text = matches!(n.attribute("classlabels_strings"), Some(Attribute::Strings(v)) if !v.is_empty());
            let key = if text { DataType::STRING } else { DataType::INT64 };
            Some(within("seq", Some(&map_of(key))))
        }
        ("If", "") => {
            let g = n.subgraphs().next()?;
            s.container(*g.outputs.get(i)?).cloned()
        }
        ("Loop", "") => {
            let g = n.subgraphs().next()?;
            s.container(*g.outputs.get(i + 1)?).cloned()
        }
        _ => None,
    }
}
