//! The tests of the C library: one program, so that all is linked once.

mod cmake;
mod common;
mod docs;
mod header;
mod install;
mod memory;
mod programs;
mod threads;
