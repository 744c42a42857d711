//! The integration tests: one program, so that all is linked once.

mod cli;
mod common;
mod encoder;
mod models;
mod tables;
mod training;
