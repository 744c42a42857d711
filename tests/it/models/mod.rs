//! Models: reading, shapes, costs, operation strings.

mod costs;
mod graph;
mod mutants;
mod opstring;
mod parameters;
mod shape_rules;
mod shapes;
mod zoo;
