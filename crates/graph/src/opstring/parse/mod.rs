//! Parser of operation strings, version 1. The grammar stands in
//! `docs/operation-string.md`.

mod cursor;
mod expand;
mod limits;
mod raw;
mod types;
mod words;

use super::graph::{Op, OpGraph, Operand};
use crate::budget;
use crate::error::Result;
use cursor::{Cursor, error};
use limits::Budget;
pub use limits::ParseLimits;
use raw::RawOp;

/// Characters of a string that are read in one step.
const BYTES_A_STEP: usize = 4;

/// Reads an operation string, within [`ParseLimits::default`].
///
/// `parse(write(g)) == g` for every graph that was built or parsed.
///
/// # Errors
/// [`Error::OpString`](crate::Error::OpString) with the byte offset at fault.
pub fn parse(s: &str) -> Result<OpGraph> {
    parse_within(s, ParseLimits::default())
}

/// As [`parse`] within other limits.
///
/// # Errors
/// As [`parse`].
pub fn parse_within(s: &str, limits: ParseLimits) -> Result<OpGraph> {
    let read = budget::work(s.len() / BYTES_A_STEP);
    read.ok_or_else(|| error(0, "the budget is exhausted"))?;
    let mut c = Cursor::new(s)?;
    let mut budget = Budget { limits, operations: 0, bytes: 0 };
    let (g, _) = graph(&mut c, &mut budget, 0)?;
    match c.peek() {
        None => Ok(g),
        Some(_) => Err(c.expected("a step, a block or an output")),
    }
}

/// A graph, and the number of its operations with those of its bodies.
fn graph<'s>(c: &mut Cursor<'s>, budget: &mut Budget, depth: usize) -> Result<(OpGraph, usize)> {
    if depth > budget.limits.depth {
        let max = budget.limits.depth;
        return Err(error(c.at(), format!("bodies are nested deeper than {max}")));
    }
    let mut ops = Vec::new();
    let mut blocks: Vec<Vec<RawOp<'s>>> = Vec::new();
    let mut total = 0usize;
    let mut after_steps = false;
    loop {
        let at = c.at();
        match c.peek() {
            Some(b'|') if !after_steps => {
                let block = steps(c, budget, depth)?;
                total = total.saturating_add(nested(&block, 1));
                expand::repeat(&mut ops, &block, 1, at, budget)?;
                after_steps = true;
            }
            Some(b';') => {
                let (count, index) = fold(c, budget, depth, &mut blocks)?;
                let Some(block) = blocks.get(index) else { break };
                total = total.saturating_add(nested(block, count));
                expand::repeat(&mut ops, block, count, at, budget)?;
                after_steps = false;
            }
            _ => break,
        }
    }
    let outputs = outputs(c, &ops)?;
    Ok((OpGraph { ops, outputs }, total))
}

fn nested(block: &[RawOp], count: usize) -> usize {
    let one = block.iter().fold(0usize, |n, op| n.saturating_add(op.nested).saturating_add(1));
    one.saturating_mul(count)
}

fn steps<'s>(c: &mut Cursor<'s>, budget: &mut Budget, depth: usize) -> Result<Vec<RawOp<'s>>> {
    raw::steps(c, &mut |c| graph(c, budget, depth + 1))
}

/// `;count{…}` with steps or the number of an earlier block: count and block.
fn fold<'s>(
    c: &mut Cursor<'s>,
    budget: &mut Budget,
    depth: usize,
    blocks: &mut Vec<Vec<RawOp<'s>>>,
) -> Result<(usize, usize)> {
    c.expect(b';')?;
    let at = c.at();
    let count = c.number()?;
    if count < 2 {
        return Err(error(at, "a block stands for at least two repetitions"));
    }
    c.expect(b'{')?;
    let index = if c.eat(b'=') {
        let at = c.at();
        let number = c.number()?;
        let index = number.checked_sub(1).filter(|&i| i < blocks.len());
        index.ok_or_else(|| error(at, format!("there is no block {number} before this")))?
    } else {
        let block = steps(c, budget, depth)?;
        if block.is_empty() {
            return Err(c.expected("a step"));
        }
        blocks.push(block);
        blocks.len() - 1
    };
    c.expect(b'}')?;
    Ok((count, index))
}

fn outputs(c: &mut Cursor, ops: &[Op]) -> Result<Vec<Operand>> {
    if c.peek() != Some(b'>') {
        let last = ops.len().checked_sub(1);
        return Ok(last.map(|op| Operand::Value { op, output: 0 }).into_iter().collect());
    }
    let mut out = Vec::new();
    while c.eat(b'>') {
        let at = c.at();
        match c.peek() {
            None | Some(b']') if out.is_empty() => break,
            Some(b'-') => {
                c.eat(b'-');
                let d = c.number()?;
                let output = if c.eat(b'.') { c.number()? } else { 0 };
                let op = ops.len().checked_sub(d).filter(|_| d > 0);
                match op.and_then(|op| ops.get(op)) {
                    Some(o) if output < o.outputs.len() => {}
                    _ => return Err(error(at, "refers to no value of the graph")),
                }
                out.extend(op.map(|op| Operand::Value { op, output }));
            }
            _ => {
                let word = c.word()?;
                let output = words::operand(word);
                out.push(output.ok_or_else(|| error(at, format!("{word:?} is no output")))?);
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests;
