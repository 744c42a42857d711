//! Steps as they stand in the string, references unresolved.

use super::cursor::{Cursor, error};
use crate::error::Result;
use crate::opstring::OpGraph;
use std::sync::Arc;

/// Where a read value comes from.
#[derive(Debug, Clone, Copy)]
pub enum Base {
    /// The last operation of a step of the same repetition.
    Step(usize),
    /// So many operations before the start of the repetition.
    Back(usize),
    /// An operation of the whole graph, counted from 1.
    Whole(usize),
    /// The operation before.
    Chain,
}

/// One read value.
#[derive(Debug, Clone, Copy)]
pub struct Ref {
    /// Offset in the string.
    pub at: usize,
    /// Operation.
    pub base: Base,
    /// Output of that operation.
    pub output: usize,
}

/// One operation as written.
#[derive(Debug, Clone)]
pub struct RawOp<'s> {
    /// Offset in the string.
    pub at: usize,
    /// Number of its step.
    pub step: usize,
    /// Values that it reads.
    pub refs: Vec<Ref>,
    /// Operator.
    pub kind: &'s str,
    /// Attributes.
    pub attributes: Vec<&'s str>,
    /// Bodies.
    pub bodies: Vec<(String, Arc<OpGraph>)>,
    /// Operands from the first that is no value on.
    pub words: Vec<&'s str>,
    /// Shapes, where written.
    pub outputs: Option<Vec<&'s str>>,
    /// Operations of the bodies.
    pub nested: usize,
}

/// True for a word that is an attribute rather than an operand: `name=value`,
/// a one-letter window attribute, or the place of an input.
fn is_attribute(word: &str) -> bool {
    let mut bytes = word.bytes();
    let (first, second) = (bytes.next(), bytes.next());
    let short = matches!(first, Some(b'k' | b's' | b'p' | b'd' | b'g' | b'a' | b'i' | b'o'))
        && second.is_some_and(|b| b.is_ascii_digit() || b == b'-');
    let quote = word.find(['\'', '[']).unwrap_or(word.len());
    short || word.get(..quote).is_some_and(|w| w.contains('='))
}

/// Reads the graph in brackets after the name of a body.
pub type Body<'p, 's> = &'p mut dyn FnMut(&mut Cursor<'s>) -> Result<(OpGraph, usize)>;

/// The steps from here up to a mark that starts no step.
pub fn steps<'s>(c: &mut Cursor<'s>, body: Body<'_, 's>) -> Result<Vec<RawOp<'s>>> {
    let mut ops = Vec::new();
    let mut step = 0;
    while c.peek() == Some(b'|') {
        step += 1;
        head(c, step, &mut ops, &mut *body)?;
        while c.peek() == Some(b'+') {
            let at = c.at();
            c.eat(b'+');
            let chain = Ref { at, base: Base::Chain, output: 0 };
            ops.push(operation(c, step, vec![chain], &mut *body)?);
        }
    }
    Ok(ops)
}

fn head<'s>(
    c: &mut Cursor<'s>,
    step: usize,
    ops: &mut Vec<RawOp<'s>>,
    body: Body<'_, 's>,
) -> Result<()> {
    c.expect(b'|')?;
    let at = c.at();
    let number = c.number()?;
    if number != step {
        return Err(error(at, format!("step {number} where {step} is expected")));
    }
    let mut refs = Vec::new();
    while c.peek() == Some(b'<') {
        refs.push(reference(c)?);
    }
    c.expect(b':')?;
    ops.push(operation(c, step, refs, body)?);
    Ok(())
}

fn reference(c: &mut Cursor) -> Result<Ref> {
    let at = c.at();
    c.expect(b'<')?;
    let base = match () {
        () if c.eat(b'-') => Base::Back(c.number()?),
        () if c.eat(b'^') => Base::Whole(c.number()?),
        () => Base::Step(c.number()?),
    };
    let output = if c.eat(b'.') { c.number()? } else { 0 };
    Ok(Ref { at, base, output })
}

fn operation<'s>(
    c: &mut Cursor<'s>,
    step: usize,
    refs: Vec<Ref>,
    body: Body<'_, 's>,
) -> Result<RawOp<'s>> {
    let at = c.at();
    let kind = c.name()?;
    let (attributes, bodies, words) = Default::default();
    let mut op =
        RawOp { at, step, refs, kind, attributes, bodies, words, outputs: None, nested: 0 };
    while c.eat(b' ') {
        if c.peek() == Some(b'[') {
            named_body(c, &mut op, &mut *body)?;
            continue;
        }
        let at = c.at();
        let word = c.word()?;
        match is_attribute(word) {
            true if op.words.is_empty() && op.bodies.is_empty() => op.attributes.push(word),
            true => return Err(error(at, "an attribute after bodies or operands")),
            false => op.words.push(word),
        }
    }
    if c.eat(b'@') {
        let mut outputs = vec![c.shape()?];
        while c.eat(b'/') {
            outputs.push(c.shape()?);
        }
        op.outputs = Some(outputs);
    }
    Ok(op)
}

fn named_body<'s>(c: &mut Cursor<'s>, op: &mut RawOp<'s>, body: Body<'_, 's>) -> Result<()> {
    if !op.words.is_empty() {
        return Err(error(c.at(), "a body after operands"));
    }
    c.expect(b'[')?;
    let name = if c.eat(b'=') { "=" } else { c.name()? };
    c.expect(b' ')?;
    let (graph, size) = body(c)?;
    c.expect(b']')?;
    op.bodies.push((name.to_owned(), Arc::new(graph)));
    op.nested = op.nested.saturating_add(size);
    Ok(())
}
