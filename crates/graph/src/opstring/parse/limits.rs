//! Limits of the parser, and what has been used of them.

use super::cursor::error;
use super::raw::RawOp;
use crate::budget;
use crate::error::Result;
use crate::opstring::graph::Op;
use crate::opstring::memory;

/// Steps of making an operation, beside those of its parts.
const STEPS_AN_OPERATION: usize = 4;
/// Bytes of an operation that are made in one step.
const BYTES_A_STEP: usize = 16;

/// Limits of the parser.
#[derive(Debug, Clone, Copy)]
pub struct ParseLimits {
    /// Operations when all folds and bodies are written out.
    pub operations: usize,
    /// Memory of the graph in bytes, about.
    pub bytes: usize,
    /// Bodies within bodies.
    pub depth: usize,
}

impl Default for ParseLimits {
    fn default() -> Self {
        Self { operations: 1 << 19, bytes: 128 << 20, depth: 64 }
    }
}

/// Use of the limits so far.
pub struct Budget {
    /// The limits.
    pub limits: ParseLimits,
    /// Operations.
    pub operations: usize,
    /// Bytes.
    pub bytes: usize,
}

impl Budget {
    /// Counts `count` repetitions of the operations in `block`.
    pub fn spend(&mut self, block: &[RawOp], count: usize, at: usize) -> Result<()> {
        let one = block.iter().fold(0, |n: usize, op| n.saturating_add(op.nested + 1));
        self.operations = self.operations.saturating_add(one.saturating_mul(count));
        let max = self.limits.operations;
        match self.operations > max {
            true => Err(error(at, format!("more than {max} operations when written out"))),
            false => Ok(()),
        }
    }

    /// Counts the memory of `op`.
    pub fn store(&mut self, op: &Op, at: usize) -> Result<()> {
        let bytes = memory::of_op(op);
        self.bytes = self.bytes.saturating_add(bytes);
        let max = self.limits.bytes;
        let steps = STEPS_AN_OPERATION.saturating_add(bytes / BYTES_A_STEP);
        let held = budget::work(steps).and_then(|()| budget::memory(bytes));
        held.ok_or_else(|| error(at, "the budget is exhausted"))?;
        match self.bytes > max {
            true => Err(error(at, format!("more than {max} bytes when written out"))),
            false => Ok(()),
        }
    }
}
