//! Steps → operations: references resolved, implied weights and inherited
//! shapes filled in, repetitions written out.

use super::Budget;
use super::cursor::error;
use super::raw::{Base, RawOp, Ref};
use crate::error::Result;
use crate::opstring::implied;
use crate::opstring::{Op, Operand};

/// Appends `count` repetitions of `block` to `ops`.
pub fn repeat(
    ops: &mut Vec<Op>,
    block: &[RawOp],
    count: usize,
    at: usize,
    budget: &mut Budget,
) -> Result<()> {
    budget.spend(block, count, at)?;
    let mut last_of_step = Vec::new();
    for (i, op) in block.iter().enumerate() {
        match last_of_step.get_mut(op.step.wrapping_sub(1)) {
            Some(last) => *last = i,
            None => last_of_step.push(i),
        }
    }
    ops.reserve(block.len().saturating_mul(count));
    for _ in 0..count {
        let start = ops.len();
        for raw in block {
            let op = operation(ops, raw, start, &last_of_step)?;
            budget.store(&op, raw.at)?;
            ops.push(op);
        }
    }
    Ok(())
}

fn resolve(
    ops: &[Op],
    raw: &RawOp,
    r: &Ref,
    start: usize,
    last_of_step: &[usize],
) -> Result<(usize, usize)> {
    let op = match r.base {
        Base::Chain => ops.len().checked_sub(1),
        Base::Step(n) if n < raw.step => {
            n.checked_sub(1).and_then(|n| last_of_step.get(n)).and_then(|i| start.checked_add(*i))
        }
        Base::Step(_) => None,
        Base::Back(d) => start.checked_sub(d).filter(|_| d > 0),
        Base::Whole(k) => k.checked_sub(1),
    };
    let target = op.and_then(|op| Some((op, ops.get(op)?)));
    match target {
        Some((op, t)) if r.output < t.outputs.len() => Ok((op, r.output)),
        Some(_) => Err(error(r.at, format!("that operation has no output {}", r.output))),
        None => Err(error(r.at, "refers to no operation before this one")),
    }
}

fn operation(ops: &[Op], raw: &RawOp, start: usize, last_of_step: &[usize]) -> Result<Op> {
    let mut reads = Vec::with_capacity(raw.refs.len());
    for r in &raw.refs {
        reads.push(resolve(ops, raw, r, start, last_of_step)?);
    }
    let input = reads.first().and_then(|&(op, output)| ops.get(op)?.outputs.get(output));
    let outputs = match (&raw.outputs, input) {
        (Some(o), _) => o.iter().map(|&s| s.to_owned()).collect(),
        (None, Some(input)) => vec![input.clone()],
        (None, None) => {
            return Err(error(raw.at, "an operation that reads no value needs a shape"));
        }
    };
    let mut op = Op {
        kind: raw.kind.to_owned(),
        attributes: raw.attributes.iter().map(|&s| s.to_owned()).collect(),
        operands: Vec::new(),
        outputs,
        bodies: raw.bodies.clone(),
    };
    op.operands = operands(raw, &op, &reads, input.map(String::as_str))?;
    Ok(op)
}

fn operands(
    raw: &RawOp,
    op: &Op,
    reads: &[(usize, usize)],
    input: Option<&str>,
) -> Result<Vec<Operand>> {
    let value = |&(op, output): &(usize, usize)| Operand::Value { op, output };
    let words = raw.words.as_slice();
    if let ([read], Some(input)) = (reads, input) {
        match words {
            ["!"] => return Ok(vec![value(read)]),
            ["b"] | [] if implied::may_imply(&op.kind) => {
                let (without, with) = implied::weights(op, input).ok_or_else(|| {
                    error(raw.at, format!("the shapes do not imply weights of {}", op.kind))
                })?;
                let weights = if words.is_empty() { without } else { with };
                let weights = weights.into_iter().map(Operand::Weight);
                return Ok([value(read)].into_iter().chain(weights).collect());
            }
            _ => {}
        }
    }
    let later = words.iter().filter(|w| **w == "~").count();
    let leading = reads
        .len()
        .checked_sub(later)
        .ok_or_else(|| error(raw.at, "more values among the operands than references"))?;
    let mut out: Vec<Operand> = reads.iter().take(leading).map(value).collect();
    let mut rest = reads.iter().skip(leading);
    for &word in words {
        out.push(match word.as_bytes().first() {
            Some(b'~') if word.len() == 1 => rest.next().map_or(Operand::Omitted, value),
            Some(b'w') => Operand::Weight(word.to_owned()),
            Some(b'c') => Operand::Constant(word.to_owned()),
            Some(b'_') if word.len() == 1 => Operand::Omitted,
            _ => return Err(error(raw.at, format!("{word:?} is no operand"))),
        });
    }
    Ok(out)
}

/// What an operation costs in memory, about.
fn bytes(op: &Op) -> usize {
    let text = |s: &String| size_of::<String>() + s.len() + 16;
    let operand = |o: &Operand| match o {
        Operand::Weight(w) | Operand::Constant(w) => text(w) + 16,
        Operand::Value { .. } | Operand::Omitted => size_of::<Operand>(),
    };
    size_of::<Op>()
        + text(&op.kind)
        + op.attributes.iter().chain(&op.outputs).map(text).sum::<usize>()
        + op.operands.iter().map(operand).sum::<usize>()
        + op.bodies.iter().map(|b| text(&b.0) + 8).sum::<usize>()
}

impl Budget {
    /// Takes `count` repetitions of the operations in `block` off.
    fn spend(&mut self, block: &[RawOp], count: usize, at: usize) -> Result<()> {
        let one = block.iter().fold(0, |n: usize, op| n.saturating_add(op.nested + 1));
        self.operations = self.operations.saturating_add(one.saturating_mul(count));
        let max = self.limits.operations;
        match self.operations > max {
            true => Err(error(at, format!("more than {max} operations when written out"))),
            false => Ok(()),
        }
    }

    /// Takes the memory of `op` off.
    fn store(&mut self, op: &Op, at: usize) -> Result<()> {
        self.bytes = self.bytes.saturating_add(bytes(op));
        let max = self.limits.bytes;
        match self.bytes > max {
            true => Err(error(at, format!("more than {max} bytes when written out"))),
            false => Ok(()),
        }
    }
}
