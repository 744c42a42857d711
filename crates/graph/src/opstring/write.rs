//! Operation graph → operation string, version 1. The grammar stands in the
//! module documentation of [`super`].

use super::fold::{Item, Reach, Segment, fold, plain};
use super::implied;
use super::opgraph::*;
use std::collections::HashMap;
use std::fmt::Write;
use std::rc::Rc;
use std::sync::Arc;

/// Spells `g`, repeated blocks folded.
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
            s.push(' ');
            s.push_str(a);
        }
        for (name, body) in &op.bodies {
            write!(s, " [{name} {}]", self.body(body)).unwrap_or_default();
        }
        let input = first.and_then(|&(from, output)| g.ops.get(from)?.outputs.get(output));
        let input = input.map(String::as_str);
        let short = match (op.operands.first(), input) {
            (Some(Operand::Value { .. }), Some(x)) if op.operands.len() > 1 => {
                implied::shorten(op, x)
            }
            _ => None,
        };
        match short {
            Some(bias) => s.push_str(if bias { " b" } else { "" }),
            None => operand_words(op, &mut s),
        }
        let inherited = matches!(op.outputs.as_slice(), [o] if Some(o.as_str()) == input);
        if !inherited {
            s.push('@');
            for (i, o) in op.outputs.iter().enumerate() {
                s.push_str(if i > 0 { "/" } else { "" });
                s.push_str(o);
            }
        }
        s
    }
}

/// The operations of `g` as folding sees them.
pub(super) fn items(g: &OpGraph) -> Vec<Item> {
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

/// Operands from the first that is no value on; values are `~`. A leading `~`
/// marks operands that implied weights would otherwise be read into.
fn operand_words(op: &Op, s: &mut String) {
    let leading = op.operands.iter().take_while(|o| matches!(o, Operand::Value { .. })).count();
    for o in op.operands.iter().skip(leading) {
        s.push(' ');
        s.push_str(match o {
            Operand::Value { .. } => "~",
            Operand::Weight(w) | Operand::Constant(w) => w,
            Operand::Omitted => "_",
        });
    }
    let all_values = leading == op.operands.len();
    if all_values && leading == 1 && implied::may_imply(&op.kind) {
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

/// For each operation of a repetition, whether it continues the step of the
/// one before it: it reads that one's only output and nothing else, in this
/// repetition nobody else does, and that one does not join several values.
pub(super) fn chained(items: &[Item], seg: &Segment) -> Vec<bool> {
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
            Operand::Weight(w) | Operand::Constant(w) => s.push_str(w),
            Operand::Omitted => s.push('_'),
        }
    }
}
