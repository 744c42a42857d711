//! Symbolic tensors: size formulas, symbols, and what is known of each value.

#![deny(clippy::arithmetic_side_effects)]

mod bindings;
mod expr;
mod facts;
pub(crate) mod formula;
mod poly;
mod shapes;
mod sym;
mod symbols;

pub use bindings::Bindings;
pub use expr::{Pair, SymExpr, Symbol};
pub(crate) use facts::Facts;
pub(crate) use poly::Sum;
pub use shapes::{Inferred, Shapes, size};
pub(crate) use sym::{MAX_VALUES, Num, Sym, advance, broadcast_index, count, flat, sizes};
pub use symbols::{Symbols, is_synthetic as is_unknown, number};
