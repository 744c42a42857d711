//! Steps of an operation string, references unresolved.

use super::cursor::{Cursor, error};
use super::words::{self, is_attribute};
use crate::error::Result;
use crate::opstring::attr::Attr;
use crate::opstring::graph::{OpGraph, Operand};
use crate::opstring::tensor_type::TensorType;
use std::sync::Arc;

/// Where a read value comes from.
#[derive(Debug, Clone, Copy)]
pub enum Base {
    /// The last operation of a step of the same repetition.
    Step(usize),
    /// Distance from the start of the repetition, in operations.
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

/// A word after the attributes of an operation.
#[derive(Debug, Clone)]
pub enum Word<'s> {
    /// `~`: the next of the read values.
    Read,
    /// A weight, a constant or an omitted operand.
    Operand(Operand),
    /// Anything else.
    Mark(&'s str),
}

impl<'s> From<&'s str> for Word<'s> {
    fn from(word: &'s str) -> Self {
        match word {
            "~" => Self::Read,
            word => words::operand(word).map_or(Self::Mark(word), Self::Operand),
        }
    }
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
    pub attributes: Vec<Attr>,
    /// Bodies.
    pub bodies: Vec<(String, Arc<OpGraph>)>,
    /// Words for the operands, from the first on that is not a value.
    pub words: Vec<Word<'s>>,
    /// Types of the outputs, where written; `None` for an unused one.
    pub outputs: Option<Vec<Option<TensorType>>>,
    /// Operations of the bodies.
    pub nested: usize,
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
            true if op.words.is_empty() && op.bodies.is_empty() => op.attributes.push(word.into()),
            true => return Err(error(at, "an attribute after bodies or operands")),
            false => op.words.push(word.into()),
        }
    }
    if c.eat(b'@') {
        let mut outputs = vec![output(c)?];
        while c.eat(b'/') {
            outputs.push(output(c)?);
        }
        op.outputs = Some(outputs);
    }
    Ok(op)
}

/// The type of an output; nothing for an unused one.
fn output(c: &mut Cursor) -> Result<Option<TensorType>> {
    let text = c.shape()?;
    Ok((!text.is_empty()).then(|| text.into()))
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
