//! Any text as an operation string: what parses, spells and parses the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nneval::opstring::{parse, write};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(graph) = parse(text) {
        let back = parse(&write(&graph)).expect("what was written parses");
        assert!(back == graph);
    }
});
