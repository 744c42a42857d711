//! Weights that a run reads, in bytes as they are stored.

use super::tally::Walk;
use crate::model::{Node, ValueId};
use crate::ops::{self, Class, flops, packed};
use crate::shape::{Sum, SymExpr};
use std::collections::{BTreeMap, BTreeSet};

/// Constants that a run reads, each once however many operators share it.
#[derive(Debug, Default)]
pub struct Weights {
    whole: BTreeSet<ValueId>,
    /// Tables → bytes of the rows that are looked up.
    rows: BTreeMap<ValueId, Sum>,
}

impl Weights {
    /// Adds what another one noted.
    pub fn absorb(&mut self, other: Self) {
        self.whole.extend(other.whole);
        for (table, bytes) in other.rows {
            self.rows.entry(table).or_default().merge(&bytes);
        }
    }

    /// Bytes of all, by those of each.
    pub fn bytes(&self, of: impl Fn(ValueId) -> Option<SymExpr>) -> Sum {
        let mut total = Sum::default();
        self.whole.iter().filter_map(|&v| of(v)).for_each(|b| {
            total.add(&b);
        });
        for (table, rows) in self.rows.iter().filter(|r| !self.whole.contains(r.0)) {
            let (rows, all) = (rows.expr(), of(*table).unwrap_or(SymExpr::ZERO));
            let fewer = rows.value().is_none_or(|r| Some(r) <= all.value());
            total.add(if fewer { &rows } else { &all });
        }
        total
    }

    /// Notes the constants that a node reads: of a table the rows that it returns.
    pub fn read(&mut self, n: &Node, walk: &Walk) {
        for (i, v) in n.inputs.iter().enumerate() {
            let Some(v) = v.filter(|&v| walk.is_constant(v)) else { continue };
            let origins = walk.stored.origins(v);
            match (looked_up(walk, n, i, &origins), origins.first()) {
                (Some(bytes), Some(&table)) => {
                    self.rows.entry(table).or_default().add(&bytes);
                }
                _ => self.whole.extend(origins),
            }
        }
    }
}

/// True where a node reads of input `i` the elements alone that it returns.
pub fn looks_up(n: &Node, i: usize) -> bool {
    i == 0 && ops::usage(&n.domain, &n.op_type).class == Class::LookUp
}

/// Bytes of the rows that are looked up in input `i`, as they are stored.
fn looked_up(walk: &Walk, n: &Node, i: usize, origins: &[ValueId]) -> Option<SymExpr> {
    let table = n.input(i).filter(|_| looks_up(n, i))?;
    let made = flops::elements(walk.shapes.get((*n.outputs.first()?)?)?.dims.as_deref()?)?;
    let stored = origins.iter().try_fold(SymExpr::ZERO, |s, &v| s.plus(walk.bytes(v)?))?;
    let mut elements =
        u128::from(walk.shapes.known(table)?.iter().try_fold(1u64, |n, &d| n.checked_mul(d))?);
    let dtype = origins.first().and_then(|&v| walk.model.value(v)?.tensor.as_ref());
    if let Some(held) = dtype.and_then(|t| packed::elements(n, i, t.dtype)) {
        elements = held.of(elements);
    }
    made.times(&stored)?.over(&SymExpr::Value(i128::try_from(elements).ok()?))
}
