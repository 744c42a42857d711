//! Conditionals whose condition is known: the branch that runs.

use super::net::{Net, Outputs, number};
use crate::opstring::{Attr, Op, OpGraph, Operand};

/// An `If` with a known condition, as the operations of its branch.
pub fn branch(net: &mut Net, op: &Op) -> Option<Outputs> {
    if op.kind != "If" {
        return None;
    }
    let (condition, captured) = op.operands.split_first()?;
    let name = if number(condition)? != 0.0 { "then_branch" } else { "else_branch" };
    let mut before = 0;
    let mut body: Option<&OpGraph> = None;
    for (other, g) in &op.bodies {
        if other == name {
            body = Some(g);
            break;
        }
        before += g.ops.iter().filter(|o| is_captured(o)).count();
    }
    let body = body?;
    let mut of: Vec<Outputs> = Vec::with_capacity(body.ops.len());
    let renamed = |o: &Operand, of: &[Outputs]| match o {
        Operand::Value { op, output } => of.get(*op)?.get(*output).cloned(),
        other => Some(other.clone()),
    };
    for inner in &body.ops {
        if inner.kind == "Input" {
            let Some(Attr::Captured(i)) = inner.attributes.first() else { return None };
            let at = before.checked_add(usize::try_from(*i).ok()?)?;
            of.push(vec![captured.get(at)?.clone()]);
            continue;
        }
        let operands =
            inner.operands.iter().map(|o| renamed(o, &of)).collect::<Option<Vec<Operand>>>()?;
        of.push(net.emit(Op { operands, ..inner.clone() }));
    }
    body.outputs.iter().map(|o| renamed(o, &of)).collect()
}

fn is_captured(op: &Op) -> bool {
    op.kind == "Input" && matches!(op.attributes.first(), Some(Attr::Captured(_)))
}
