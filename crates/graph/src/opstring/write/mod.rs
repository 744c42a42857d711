//! Writer of operation strings, version 1. The grammar stands in
//! `docs/operation-string.md`.

mod spelling;

use super::fold::{Item, Reach, Segment, fold, plain};
use super::graph::{Op, OpGraph, Operand};
use super::inferred_weights;
use super::memory;
use crate::budget;
use std::collections::HashMap;
use std::fmt::Write;
use std::rc::Rc;
use std::sync::Arc;

/// Steps of spelling an operation, beside those of its parts.
const STEPS_AN_OPERATION: usize = 12;
/// Bytes of an operation that are spelled in one step.
const BYTES_A_STEP: usize = 16;

/// Spells `g`, repeated blocks folded. Within [`budget::within`] the text ends where the
/// budget does, which reports it.
pub fn write(g: &OpGraph) -> String {
    Writer { folds: true, spelled: HashMap::new() }.graph(g)
}

/// Spells `g` without folding; it parses back as well.
pub fn write_unfolded(g: &OpGraph) -> String {
    Writer { folds: false, spelled: HashMap::new() }.graph(g)
}

struct Writer {
    folds: bool,
    /// Bodies that have been spelled; functions share theirs.
    spelled: HashMap<*const OpGraph, Rc<str>>,
}

impl Writer {
    fn graph(&mut self, g: &OpGraph) -> String {
        let mut texts = Interner::default();
        let items = self.items(g, &mut texts);
        let segments = if self.folds { fold(&items) } else { plain(&items) };
        let mut out = String::new();
        let mut bodies: HashMap<String, usize> = HashMap::new();
        for segment in segments {
            if segment.count == 1 {
                steps(&items, &texts, &segment, &mut out);
                continue;
            }
            let mut body = String::new();
            steps(&items, &texts, &segment, &mut body);
            let n = bodies.len() + 1;
            let known = *bodies.entry(body.clone()).or_insert(n);
            let body = if known < n { format!("={known}") } else { body };
            write!(out, ";{}{{{body}}}", segment.count).unwrap_or_default();
        }
        outputs(g, &mut out);
        out
    }

    /// The operations as folding sees them.
    fn items(&mut self, g: &OpGraph, texts: &mut Interner) -> Vec<Item> {
        let mut items = Vec::with_capacity(g.ops.len());
        for op in &g.ops {
            let bytes = memory::of_op(op);
            let steps = STEPS_AN_OPERATION.saturating_add(bytes / BYTES_A_STEP);
            if budget::work(steps).and_then(|()| budget::memory(bytes)).is_none() {
                break;
            }
            let reads = reads(op);
            let text = self.op_text(g, op, reads.first());
            items.push(Item { text: texts.number(text), reads });
        }
        items
    }

    fn body(&mut self, body: &Arc<OpGraph>) -> Rc<str> {
        if let Some(text) = self.spelled.get(&Arc::as_ptr(body)) {
            return text.clone();
        }
        let text: Rc<str> = self.graph(body).into();
        self.spelled.insert(Arc::as_ptr(body), text.clone());
        text
    }

    /// Everything about an operation but the numbers it reads.
    fn op_text(&mut self, g: &OpGraph, op: &Op, first: Option<&(usize, usize)>) -> String {
        let mut s = op.kind.clone();
        for a in &op.attributes {
            write!(s, " {a}").unwrap_or_default();
        }
        for (name, body) in &op.bodies {
            write!(s, " [{name} {}]", self.body(body)).unwrap_or_default();
        }
        let input = first.and_then(|&(from, output)| g.ops.get(from)?.outputs.get(output));
        let short = match (op.operands.first(), input) {
            (Some(Operand::Value { .. }), Some(Some(x))) if op.operands.len() > 1 => {
                inferred_weights::shorten(op, x)
            }
            _ => None,
        };
        match short {
            Some(bias) => s.push_str(if bias { " b" } else { "" }),
            None => operand_words(op, &mut s),
        }
        let inherited = matches!(op.outputs.as_slice(), [o] if Some(o) == input);
        if !inherited {
            s.push('@');
            s.push_str(&output_words(op));
        }
        s
    }
}

/// Types of the outputs with a slash between them; nothing for unused ones.
pub(super) fn output_words(op: &Op) -> String {
    let mut s = String::new();
    for (i, output) in op.outputs.iter().enumerate() {
        s.push_str(if i > 0 { "/" } else { "" });
        output.iter().for_each(|t| write!(s, "{t}").unwrap_or_default());
    }
    s
}

/// The operations of `g` as folding sees them.
pub(crate) fn items(g: &OpGraph) -> Vec<Item> {
    Writer { folds: true, spelled: HashMap::new() }.items(g, &mut Interner::default())
}

#[derive(Default)]
struct Interner {
    numbers: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Interner {
    fn number(&mut self, text: String) -> u32 {
        let n = self.texts.len() as u32;
        *self.numbers.entry(text).or_insert_with_key(|t| {
            self.texts.push(t.clone());
            n
        })
    }

    fn text(&self, n: u32) -> &str {
        self.texts.get(n as usize).map_or("", String::as_str)
    }
}

fn reads(op: &Op) -> Vec<(usize, usize)> {
    let value = |o: &Operand| match o {
        Operand::Value { op, output } => Some((*op, *output)),
        _ => None,
    };
    op.operands.iter().filter_map(value).collect()
}

/// Operands from the first on that is not a value; values after it are `~`. A
/// lone `!` says that there is none, where weights would be inferred otherwise.
fn operand_words(op: &Op, s: &mut String) {
    let leading = op.operands.iter().take_while(|o| matches!(o, Operand::Value { .. })).count();
    for o in op.operands.iter().skip(leading) {
        match o {
            Operand::Value { .. } => write!(s, " ~"),
            Operand::Weight(t) => write!(s, " w{t}"),
            Operand::Constant(c) => write!(s, " {c}"),
            Operand::Omitted => write!(s, " _"),
        }
        .unwrap_or_default();
    }
    let all_values = leading == op.operands.len();
    if all_values && leading == 1 && inferred_weights::has_rule(&op.kind) {
        s.push_str(" !");
    }
}

/// The steps of one repetition: numbered chains of operations.
fn steps(items: &[Item], texts: &Interner, seg: &Segment, out: &mut String) {
    let chained = chained(items, seg);
    let mut number = vec![0usize; seg.period];
    let mut step = 0;
    for j in 0..seg.period {
        let Some(item) = items.get(seg.start + j) else { break };
        if chained[j] {
            out.push('+');
        } else {
            step += 1;
            write!(out, "|{step}").unwrap_or_default();
            for (read, reach) in item.reads.iter().zip(&seg.reach[j]) {
                out.push('<');
                reference(out, *read, *reach, seg, &number);
            }
            out.push(':');
        }
        number[j] = step;
        out.push_str(texts.text(item.text));
    }
}

fn reference(
    out: &mut String,
    (op, output): (usize, usize),
    reach: Reach,
    seg: &Segment,
    number: &[usize],
) {
    match reach {
        Reach::Absolute => write!(out, "^{}", op + 1),
        Reach::Relative if op >= seg.start => {
            write!(out, "{}", number.get(op - seg.start).copied().unwrap_or(0))
        }
        Reach::Relative => write!(out, "-{}", seg.start - op),
    }
    .unwrap_or_default();
    if output > 0 {
        write!(out, ".{output}").unwrap_or_default();
    }
}

/// For each operation of a repetition, whether it continues the step of the one
/// before it. It does where it reads output 0 of that one and nothing else,
/// nothing else in the repetition reads that one, and that one reads at most
/// one value.
pub(crate) fn chained(items: &[Item], seg: &Segment) -> Vec<bool> {
    let mut readers = vec![0usize; seg.period];
    for j in 0..seg.period {
        for read in &items[seg.start + j].reads {
            if let Some(r) = read.0.checked_sub(seg.start).and_then(|i| readers.get_mut(i)) {
                *r += 1;
            }
        }
    }
    (0..seg.period)
        .map(|j| {
            let before = (seg.start + j).checked_sub(1);
            j > 0
                && matches!(items[seg.start + j].reads.as_slice(), [(op, 0)] if Some(*op) == before)
                && readers[j - 1] == 1
                && items[seg.start + j - 1].reads.len() <= 1
        })
        .collect()
}

/// What the graph returns, unless that is the last operation's first output.
/// A lone `>` stands for a graph with operations that returns nothing.
fn outputs(g: &OpGraph, s: &mut String) {
    let last = Operand::Value { op: g.ops.len().wrapping_sub(1), output: 0 };
    if g.outputs.as_slice() == [last] {
        return;
    }
    if g.outputs.is_empty() && !g.ops.is_empty() {
        s.push('>');
    }
    for o in &g.outputs {
        s.push('>');
        match o {
            Operand::Value { op, output } => {
                write!(s, "-{}", g.ops.len().saturating_sub(*op)).unwrap_or_default();
                if *output > 0 {
                    write!(s, ".{output}").unwrap_or_default();
                }
            }
            Operand::Weight(t) => write!(s, "w{t}").unwrap_or_default(),
            Operand::Constant(c) => write!(s, "{c}").unwrap_or_default(),
            Operand::Omitted => s.push('_'),
        }
    }
}
