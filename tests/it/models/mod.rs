//! Models: reading, shapes, costs, operation strings.

mod costs;
mod graph;
mod mutants;
mod opstring;
mod shape_rules;
mod shapes;
