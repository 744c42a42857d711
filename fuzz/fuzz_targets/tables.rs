//! Any bytes as a label table, a list and rows.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nneval::labels::{LabelTable, ReadOptions};
use nneval::tables::TableReader;

fuzz_target!(|data: &[u8]| {
    let _ = LabelTable::from_reader("fuzz", data, &ReadOptions::default());
    let _ = TableReader::from_reader("fuzz", data).and_then(TableReader::rows);
});
