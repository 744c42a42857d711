//! If, Loop, Scan and SequenceMap: bodies are inferred where they stand.

use super::*;

/// Rules of this module. A node with bodies of another kind has them inferred
/// with their declared inputs.
pub fn infer(op: &mut Op, kind: &str) -> Option<Outputs> {
    match kind {
        "If" => Some(branches(op)),
        "Loop" => looped(op),
        "Scan" => scan(op),
        "SequenceMap" => sequence_map(op),
        _ => {
            for g in op.n.subgraphs() {
                op.s.declare_inputs(g, false);
                op.s.graph(g);
            }
            None
        }
    }
}

fn body<'m>(n: &'m Node, name: &str) -> Option<&'m Graph> {
    match n.attribute(name)? {
        Attribute::Graph(g) => Some(g),
        _ => None,
    }
}

/// What two possible values have in common.
pub fn join(op: &mut Op, a: Option<&Sym>, b: Option<&Sym>) -> Option<Sym> {
    let (a, b) = (a?, b?);
    let (x, y) = (a.dims.as_ref()?, b.dims.as_ref()?);
    if x.len() != y.len() {
        return None;
    }
    let dims = x.iter().zip(y).map(|(p, q)| if p == q { p.clone() } else { op.fresh() }).collect();
    let elems = a.elems.clone().filter(|_| a.elems == b.elems);
    Some(Sym { dims: Some(dims), elems })
}

/// Outputs of the branch that is taken, where the condition is known, else
/// what both have in common.
fn branches(op: &mut Op) -> Outputs {
    let known = op.sym(0).and_then(Sym::known_ints).and_then(|v| v.first().copied());
    let (yes, no) = (body(op.n, "then_branch"), body(op.n, "else_branch"));
    for g in [yes, no].into_iter().flatten() {
        op.s.declare_inputs(g, false);
        op.s.graph(g);
    }
    let get = |op: &Op, g: Option<&Graph>, i: usize| op.s.sym(*g?.outputs.get(i)?).cloned();
    let mut out = Vec::new();
    for i in 0..op.n.outputs.len() {
        let (a, b) = (get(op, yes, i), get(op, no, i));
        out.push(match known {
            Some(0) => b,
            Some(_) => a,
            None => join(op, a.as_ref(), b.as_ref()),
        });
    }
    out
}

/// Gives body inputs the types of what they receive.
fn feed(op: &mut Op, id: ValueId, t: Option<Sym>, dtype: Option<DataType>) {
    let declared = op.s.value_shape(id);
    let t = match (t, declared) {
        (Some(t), _) => Some(t),
        (None, Some(d)) => Some(d),
        (None, None) => None,
    };
    op.s.set(id, t);
    if op.s.dtype(id).is_none() {
        op.s.set_dtype(id, dtype);
    }
}

fn input_dtype(op: &Op, i: usize) -> Option<DataType> {
    op.n.input(i).and_then(|v| op.s.dtype(v))
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
        feed(op, i, Some(Sym::shape(Vec::new())), Some(DataType::INT64));
    }
    if let Some(&c) = g.inputs.get(1) {
        feed(op, c, Some(Sym::shape(Vec::new())), Some(DataType::BOOL));
    }
    let given: Vec<Option<Sym>> =
        (0..states).map(|i| op.sym(i + 2).map(Sym::without_elems)).collect();
    for (i, &id) in g.inputs.iter().skip(2).enumerate() {
        let container = op.n.input(i + 2).and_then(|v| op.s.container(v)).cloned();
        op.s.set_container(id, container);
        let dtype = input_dtype(op, i + 2);
        feed(op, id, given.get(i).cloned().flatten(), dtype);
    }
    let ids: Vec<ValueId> = g.inputs.iter().skip(2).copied().collect();
    let found = settle(op, g, &ids, 1);
    let unbroken = always && found.keeps_going;
    let count = match trips {
        Some(t) if unbroken => t,
        _ => op.fresh(),
    };
    let mut out = found.states;
    for &id in g.outputs.iter().skip(1 + states) {
        let dims = op.s.sym(id).and_then(|t| t.dims.clone());
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
fn settle(op: &mut Op, g: &Graph, ids: &[ValueId], first: usize) -> Settled {
    let outputs: Vec<ValueId> = g.outputs.iter().skip(first).take(ids.len()).copied().collect();
    for round in 0..3 {
        run(op, g);
        let mut stable = true;
        for (&id, &out) in ids.iter().zip(&outputs) {
            let (before, after) = (op.s.sym(id).cloned(), op.s.sym(out).cloned());
            if before.is_none() || same_or_open(before.as_ref(), after.as_ref()) {
                continue;
            }
            stable = false;
            let joined = match round {
                0 if op.s.budget > 0 => join(op, before.as_ref(), after.as_ref()),
                _ => None,
            };
            op.s.set(id, joined);
        }
        if stable || op.s.budget == 0 {
            break;
        }
    }
    let condition = g.outputs.first().filter(|_| first == 1);
    let truth = condition.map(|&c| same_condition(op, g, c));
    let mut states = Vec::new();
    for (&out, &id) in outputs.iter().zip(ids) {
        let (before, after) = (op.s.sym(id).cloned(), op.s.sym(out).cloned());
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
    if op.s.sym(c).and_then(Sym::known_ints).is_some_and(|v| v == [1]) {
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

/// Infers the nodes of a body whose inputs are fed.
fn run(op: &mut Op, g: &Graph) {
    // The body belongs to the same model as the node, so it lives as long.
    if let Some(own) = op.n.subgraphs().find(|s| std::ptr::eq(*s, g)) {
        op.s.graph(own);
    }
}

/// Scan-11: states, then scanned inputs, whose scan axis the body does not see.
fn scan(op: &mut Op) -> Option<Outputs> {
    let g = body(op.n, "body")?;
    let scanned = usize::try_from(op.n.int("num_scan_inputs")?).ok()?;
    // Scan-8 has sequence lengths first and a batch axis.
    let old = op.opset() < 9;
    let skip = usize::from(old);
    let states = op.n.inputs.len().checked_sub(scanned + skip)?;
    let axes = op.n.ints("scan_input_axes").map(<[i64]>::to_vec).unwrap_or_default();
    let mut length: Option<SymExpr> = None;
    let mut batch = None;
    for (i, &id) in g.inputs.iter().enumerate() {
        let mut t = op.sym(i + skip).map(Sym::without_elems);
        if let Some(d) = t.as_mut().and_then(|t| t.dims.as_mut()) {
            if old && !d.is_empty() {
                batch = Some(d.remove(0));
            }
            if i >= states {
                let axis = axes.get(i - states).copied().unwrap_or(0);
                let axis = wrap(axis, d.len())?;
                let n = d.remove(axis);
                length = Some(match length {
                    Some(l) if l.value().is_some() => l,
                    _ => n,
                });
            }
        }
        let dtype = input_dtype(op, i + skip);
        feed(op, id, t, dtype);
    }
    let ids: Vec<ValueId> = g.inputs.iter().take(states).copied().collect();
    let mut out = settle(op, g, &ids, 0).states;
    let axes = op.n.ints("scan_output_axes").map(<[i64]>::to_vec).unwrap_or_default();
    let length = op.or_fresh(length);
    for (i, &id) in g.outputs.iter().skip(states).enumerate() {
        let dims = op.s.sym(id).and_then(|t| t.dims.clone());
        let with = dims.and_then(|mut d| {
            let axis = wrap(axes.get(i).copied().unwrap_or(0), d.len() + 1)?;
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
    op.s.graph(g);
    Some(g.outputs.iter().map(|&o| op.s.sym(o).map(Sym::without_elems)).collect())
}
