//! Expansion of steps into operations: references resolved, inferred weights
//! and inherited types filled in, repetitions written out.

use super::cursor::error;
use super::limits::Budget;
use super::raw::{Base, RawOp, Ref, Word};
use crate::error::Result;
use crate::opstring::graph::{Op, Operand};
use crate::opstring::inferred_weights;
use crate::opstring::tensor_type::TensorType;

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
        (Some(types), _) => types.clone(),
        (None, Some(input)) => vec![input.clone()],
        (None, None) => {
            return Err(error(raw.at, "an operation that reads no value needs a shape"));
        }
    };
    let mut op = Op {
        kind: raw.kind.to_owned(),
        attributes: raw.attributes.clone(),
        operands: Vec::new(),
        outputs,
        bodies: raw.bodies.clone(),
    };
    op.operands = operands(raw, &op, &reads, input)?;
    Ok(op)
}

/// The operands of `op`, whose first read value is of type `input`.
fn operands(
    raw: &RawOp,
    op: &Op,
    reads: &[(usize, usize)],
    input: Option<&Option<TensorType>>,
) -> Result<Vec<Operand>> {
    let value = |&(op, output): &(usize, usize)| Operand::Value { op, output };
    let words = raw.words.as_slice();
    if let ([read], Some(input)) = (reads, input) {
        match words {
            [Word::Mark("!")] => return Ok(vec![value(read)]),
            [Word::Mark("b")] | [] if inferred_weights::has_rule(&op.kind) => {
                let weights = input.as_ref().and_then(|x| inferred_weights::of(op, x));
                let weights = weights.ok_or_else(|| {
                    error(raw.at, format!("the shapes do not imply weights of {}", op.kind))
                })?;
                let weights = if words.is_empty() { weights.plain } else { weights.biased };
                let weights = weights.into_iter().map(Operand::Weight);
                return Ok([value(read)].into_iter().chain(weights).collect());
            }
            _ => {}
        }
    }
    let later = words.iter().filter(|w| matches!(w, Word::Read)).count();
    let leading = reads
        .len()
        .checked_sub(later)
        .ok_or_else(|| error(raw.at, "more values among the operands than references"))?;
    let mut out: Vec<Operand> = reads.iter().take(leading).map(value).collect();
    let mut rest = reads.iter().skip(leading);
    for word in words {
        out.push(match word {
            Word::Read => rest.next().map_or(Operand::Omitted, value),
            Word::Operand(operand) => operand.clone(),
            Word::Mark(word) => return Err(error(raw.at, format!("{word:?} is no operand"))),
        });
    }
    Ok(out)
}
