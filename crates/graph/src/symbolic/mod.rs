//! Symbolic tensors: size formulas, symbols, and what is known of each value.

mod bindings;
mod expr;
mod facts;
pub(crate) mod formula;
mod shapes;
mod sym;
mod symbols;

pub use bindings::Bindings;
pub(crate) use expr::Sum;
pub use expr::{SymExpr, Symbol};
pub(crate) use facts::Facts;
pub use shapes::{Inferred, Shapes, size};
pub(crate) use sym::{MAX_VALUES, Num, Sym, advance, broadcast_index, count, sizes};
pub use symbols::{Symbols, is_synthetic as is_unknown, number};
