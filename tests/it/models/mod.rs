//! Models: reading, shapes, costs, operation strings.

mod cases;
mod costs;
mod graph;
mod hostile;
mod mutants;
mod operators;
mod opstring;
mod parameters;
mod shape_rules;
mod shapes;
mod zoo;
