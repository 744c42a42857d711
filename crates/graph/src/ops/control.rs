//! If, Loop, Scan and SequenceMap: bodies are inferred where they stand.

use super::flops;
use super::kinds::Class;
use super::op::{Op, Outputs, join, wrap};
use super::operator::{Operator, onnx};
use super::typed::Typed;
use crate::model::{Attribute, Container, DataType, Graph, Node, ValueId, within};
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    onnx("If", Class::Control)
        .shape(branches)
        .types(|t, i| t.of_body(i))
        .container(|t, i| t.body_container(i).cloned())
        .work(flops::none),
    onnx("Loop", Class::Control)
        .shape(looped)
        .types(|t, i| t.of_body(i + 1))
        .container(|t, i| t.body_container(i + 1).cloned())
        .work(flops::none),
    onnx("Scan", Class::Control)
        .shape(scan)
        .types(|t, i| t.of_body(i))
        .work(flops::none)
        .formerly(&[(9, "version", "version=8")]),
    onnx("SequenceMap", Class::Control)
        .shape(sequence_map)
        .types(|t, i| t.of_body(i))
        .container(sequence_of)
        .work(flops::none),
];

fn body<'m>(n: &'m Node, name: &str) -> Option<&'m Graph> {
    match n.attribute(name)? {
        Attribute::Graph(g) => Some(g),
        _ => None,
    }
}

/// Outputs of the branch that is taken, where the condition is known, else
/// what both have in common.
fn branches(op: &mut Op) -> Option<Outputs> {
    let known = op.sym(0).and_then(Sym::known_ints).and_then(|v| v.first().copied());
    let (yes, no) = (body(op.n, "then_branch"), body(op.n, "else_branch"));
    for g in [yes, no].into_iter().flatten() {
        op.facts.declare_inputs(g, false);
        op.run(g);
    }
    let get = |op: &Op, g: Option<&Graph>, i: usize| op.facts.sym(*g?.outputs.get(i)?).cloned();
    let mut out = Vec::new();
    for i in 0..op.n.outputs.len() {
        let (a, b) = (get(op, yes, i), get(op, no, i));
        out.push(match known {
            Some(0) => b,
            Some(_) => a,
            None => join(op, a.as_ref(), b.as_ref()),
        });
    }
    Some(out)
}

/// Gives body inputs the types of what they receive.
fn feed(op: &mut Op, id: ValueId, t: Option<Sym>, dtype: Option<DataType>) {
    let declared = op.facts.value_shape(id);
    let t = match (t, declared) {
        (Some(t), _) => Some(t),
        (None, Some(d)) => Some(d),
        (None, None) => None,
    };
    op.facts.set(id, t);
    if op.facts.dtype(id).is_none() {
        op.facts.set_dtype(id, dtype);
    }
}

fn input_dtype(op: &Op, i: usize) -> Option<DataType> {
    op.n.input(i).and_then(|v| op.facts.dtype(v))
}

/// Loop-16: inputs M, condition, states; outputs states, then what each
/// iteration yields, stacked.
fn looped(op: &mut Op) -> Option<Outputs> {
    let g = body(op.n, "body")?;
    let states = op.n.inputs.len().saturating_sub(2);
    let trips = op.int(0);
    let always = op.sym(1).is_none() && !op.has(1)
        || op.sym(1).and_then(Sym::known_ints).is_some_and(|v| v == [1]);
    if let Some(&i) = g.inputs.first() {
        feed(op, i, Some(Sym::shape(Vec::new())), Some(DataType::I64));
    }
    if let Some(&c) = g.inputs.get(1) {
        feed(op, c, Some(Sym::shape(Vec::new())), Some(DataType::Bool));
    }
    let given: Vec<Option<Sym>> =
        (2..).take(states).map(|i| op.sym(i).map(Sym::without_elems)).collect();
    for (state, (i, &id)) in g.inputs.iter().enumerate().skip(2).enumerate() {
        let container = op.n.input(i).and_then(|v| op.facts.container(v)).cloned();
        op.facts.set_container(id, container);
        let dtype = input_dtype(op, i);
        feed(op, id, given.get(state).cloned().flatten(), dtype);
    }
    let ids: Vec<ValueId> = g.inputs.iter().skip(2).copied().collect();
    let found = settle(op, g, &ids, 1);
    let unbroken = always && found.keeps_going;
    let count = match trips {
        Some(t) if unbroken => t,
        _ => op.fresh(),
    };
    let mut out = found.states;
    for &id in g.outputs.iter().skip(1).skip(states) {
        let dims = op.facts.sym(id).and_then(|t| t.dims.clone());
        out.push(dims.map(|d| Sym::shape([vec![count.clone()], d].concat())));
    }
    Some(out)
}

/// What iterating a body leads to.
struct Settled {
    states: Outputs,
    /// The body's condition output is always true.
    keeps_going: bool,
}

/// Infers a body until its states do not change: a dimension that an iteration
/// changes is unknown, a rank that it changes makes the state unknown.
/// `first` is the position of the first state among the body's outputs.
fn settle<'m>(op: &mut Op<'_, 'm>, g: &'m Graph, ids: &[ValueId], first: usize) -> Settled {
    let outputs: Vec<ValueId> = g.outputs.iter().skip(first).take(ids.len()).copied().collect();
    for round in 0..3 {
        op.run(g);
        let mut stable = true;
        for (&id, &out) in ids.iter().zip(&outputs) {
            let (before, after) = (op.facts.sym(id).cloned(), op.facts.sym(out).cloned());
            if before.is_none() || same_or_open(before.as_ref(), after.as_ref()) {
                continue;
            }
            stable = false;
            let joined = match round {
                0 if !op.facts.is_exhausted() => join(op, before.as_ref(), after.as_ref()),
                _ => None,
            };
            op.facts.set(id, joined);
        }
        if stable || op.facts.is_exhausted() {
            break;
        }
    }
    let condition = g.outputs.first().filter(|_| first == 1);
    let truth = condition.map(|&c| same_condition(op, g, c));
    let mut states = Vec::new();
    for (&out, &id) in outputs.iter().zip(ids) {
        let (before, after) = (op.facts.sym(id).cloned(), op.facts.sym(out).cloned());
        // The body may not run at all, so the state as given counts as well.
        states.push(match before {
            Some(b) => join(op, Some(&b), after.as_ref()).map(|t| t.without_elems()),
            None => None,
        });
    }
    Settled { states, keeps_going: truth.unwrap_or(true) }
}

/// True where an iteration changes no dimension, unknown ones aside.
fn same_or_open(before: Option<&Sym>, after: Option<&Sym>) -> bool {
    let (Some(a), Some(b)) =
        (before.and_then(|t| t.dims.as_ref()), after.and_then(|t| t.dims.as_ref()))
    else {
        return before.is_none_or(|t| t.dims.is_none());
    };
    let open = |e: &SymExpr| matches!(e, SymExpr::Var(v) if v.synthetic);
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x == y || open(x))
}

/// True where the body returns `true` or passes its condition input on.
fn same_condition(op: &Op, g: &Graph, c: ValueId) -> bool {
    if op.facts.sym(c).and_then(Sym::known_ints).is_some_and(|v| v == [1]) {
        return true;
    }
    let mut at = c;
    for n in g.nodes.iter().rev() {
        if n.outputs.contains(&Some(at)) {
            match (n.op_type.as_str(), n.input(0)) {
                ("Identity" | "Cast", Some(v)) => at = v,
                _ => return false,
            }
        }
    }
    g.inputs.get(1) == Some(&at)
}

/// Scan-11: states, then scanned inputs, whose scan axis the body does not see.
fn scan(op: &mut Op) -> Option<Outputs> {
    let g = body(op.n, "body")?;
    let scanned = usize::try_from(op.n.int("num_scan_inputs")?).ok()?;
    // Scan-8 has sequence lengths first and a batch axis.
    let old = op.opset() < 9;
    let skip = usize::from(old);
    let states = op.n.inputs.len().checked_sub(scanned)?.checked_sub(skip)?;
    let axes = op.n.ints("scan_input_axes").map(<[i64]>::to_vec).unwrap_or_default();
    let mut length: Option<SymExpr> = None;
    let mut batch = None;
    for (i, &id) in g.inputs.iter().enumerate() {
        let input = i.checked_add(skip)?;
        let mut t = op.sym(input).map(Sym::without_elems);
        if let Some(d) = t.as_mut().and_then(|t| t.dims.as_mut()) {
            if old && !d.is_empty() {
                batch = Some(d.remove(0));
            }
            if let Some(scanned) = i.checked_sub(states) {
                let axis = axes.get(scanned).copied().unwrap_or(0);
                let axis = wrap(axis, d.len())?;
                let n = d.remove(axis);
                length = Some(match length {
                    Some(l) if l.value().is_some() => l,
                    _ => n,
                });
            }
        }
        let dtype = input_dtype(op, input);
        feed(op, id, t, dtype);
    }
    let ids: Vec<ValueId> = g.inputs.iter().take(states).copied().collect();
    let mut out = settle(op, g, &ids, 0).states;
    let axes = op.n.ints("scan_output_axes").map(<[i64]>::to_vec).unwrap_or_default();
    let length = op.or_fresh(length);
    for (i, &id) in g.outputs.iter().skip(states).enumerate() {
        let dims = op.facts.sym(id).and_then(|t| t.dims.clone());
        let with = dims.and_then(|mut d| {
            let axis = wrap(axes.get(i).copied().unwrap_or(0), d.len().checked_add(1)?)?;
            d.insert(axis, length.clone());
            Some(d)
        });
        out.push(with.map(Sym::shape));
    }
    if let (true, Some(b)) = (old, batch) {
        for d in out.iter_mut().flatten().filter_map(|t| t.dims.as_mut()) {
            d.insert(0, b.clone());
        }
    }
    Some(out)
}

/// SequenceMap-17: the body sees one element of each sequence.
fn sequence_map(op: &mut Op) -> Option<Outputs> {
    let g = body(op.n, "body")?;
    for (i, &id) in g.inputs.iter().enumerate() {
        let t = op.sym(i).map(Sym::without_elems);
        let dtype = input_dtype(op, i);
        feed(op, id, t, dtype);
    }
    op.run(g);
    Some(g.outputs.iter().map(|&o| op.facts.sym(o).map(Sym::without_elems)).collect())
}

/// A sequence of what an output of the body is.
fn sequence_of(t: &Typed, output: usize) -> Option<Container> {
    t.n.subgraphs().next()?.outputs.get(output)?;
    Some(within("seq", t.body_container(output).map(|c| &**c)))
}
