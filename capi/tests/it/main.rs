//! The tests of the C library: one program, so that all is linked once.

mod cmake;
mod common;
mod docs;
mod header;
mod install;
#[path = "../../../crates/graph/tests/attack/kinds.rs"]
#[allow(dead_code)]
mod kinds;
mod memory;
mod programs;
#[path = "../../../tests/it/common/proto.rs"]
#[allow(dead_code)]
mod proto;
#[path = "../../../crates/graph/tests/attack/rewritten.rs"]
mod rewritten;
mod stack;
mod threads;
