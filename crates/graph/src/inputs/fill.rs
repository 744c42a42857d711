//! How the elements of an input are chosen.

use serde::{Deserialize, Serialize};

/// How the elements of an input are chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Fill {
    /// Floats, uniform in [0, 1).
    Unit,
    /// Integers, uniform below the bound.
    Below(u64),
    /// One everywhere: integers whose use tells nothing.
    Ones,
    /// One number everywhere.
    Constant(i64),
    /// These numbers, again and again.
    Values(Vec<i64>),
    /// 0, 1, 2, … along the last axis, modulo the bound.
    Positions(u64),
    /// Nine in ten are 1, the others 0, the first of each row is 1.
    Mask,
    /// Short words.
    Words,
}
