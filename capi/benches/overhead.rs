//! What the C ABI adds: evaluating through it beside the same call in Rust.

#[path = "../../benches/rates.rs"]
mod rates;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use nneval_capi as _;
use nneval_evaluator::{Evaluator, Options};
use nneval_runtime::{Runtime, locate};
use rates::rates;
use std::ffi::{CString, c_char, c_void};
use std::path::Path;
use std::ptr::null_mut;

const BUNDLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/nats-tss");
const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/nats_tss_9930.onnx");

type Handle = *mut c_void;

// As `include/nneval.h` declares them.
unsafe extern "C" {
    fn nneval_options_new(options: *mut Handle, error: *mut Handle) -> i32;
    fn nneval_options_set_cache(options: Handle, bytes: usize, error: *mut Handle) -> i32;
    fn nneval_options_free(options: Handle);
    fn nneval_evaluator_load(
        folder: *const c_char,
        options: Handle,
        evaluator: *mut Handle,
        error: *mut Handle,
    ) -> i32;
    fn nneval_evaluator_free(evaluator: Handle);
    fn nneval_evaluate_strings(
        evaluator: Handle,
        strings: *const *const c_char,
        count: usize,
        batch: *mut Handle,
        error: *mut Handle,
    ) -> i32;
    fn nneval_batch_free(batch: Handle);
}

/// The shipped evaluator through the C ABI, keeping so many bytes of predictions.
fn load(cache: usize) -> Handle {
    let folder = CString::new(BUNDLE).expect("no NUL");
    let (mut options, mut evaluator) = (null_mut(), null_mut());
    // SAFETY: the header's convention: places for handles, a string, no errors wanted.
    unsafe {
        nneval_options_new(&mut options, null_mut());
        nneval_options_set_cache(options, cache, null_mut());
        nneval_evaluator_load(folder.as_ptr(), options, &mut evaluator, null_mut());
        nneval_options_free(options);
    }
    assert!(!evaluator.is_null(), "models/nats-tss loads");
    evaluator
}

fn overhead(c: &mut Criterion) {
    let Some(located) = locate(None).expect("a readable cache") else {
        println!("skipped: no ONNX Runtime; `nneval runtime --install` fetches it");
        return;
    };
    let runtime = Runtime::load(&located).expect("a working ONNX Runtime");
    let string = nneval_graph::opstring::of_file(FIXTURE.as_ref(), &Default::default());
    let string = string.expect("the fixture's string");
    let spelled = CString::new(string.as_str()).expect("no NUL");
    let mut group = c.benchmark_group("C ABI");
    for (name, cache_bytes) in [("encoded", 0), ("kept", 1 << 20)] {
        let options = Options::default().with_cache_bytes(cache_bytes);
        let rust = Evaluator::load(Path::new(BUNDLE), &runtime, options).expect("an evaluator");
        let tokens = match rust.evaluate_strings(&[&string]).remove(0) {
            Ok(prediction) => prediction.tokens(),
            Err(e) => panic!("{e}"),
        };
        rates(&mut group, BenchmarkId::new("Rust", name), 1, tokens, || {
            rust.evaluate_strings(&[&string])
        });
        let evaluator = load(cache_bytes);
        rates(&mut group, BenchmarkId::new("C", name), 1, tokens, || {
            let strings: [*const c_char; 1] = [spelled.as_ptr()];
            let mut batch: Handle = null_mut();
            // SAFETY: a live evaluator, one string, a place for the batch, which is freed.
            unsafe {
                let (all, none) = (strings.as_ptr(), null_mut());
                nneval_evaluate_strings(evaluator, all, 1, &mut batch, none);
                nneval_batch_free(batch);
            }
        });
        // SAFETY: the evaluator is freed once.
        unsafe { nneval_evaluator_free(evaluator) };
    }
    group.finish();
}

criterion_group!(benches, overhead);
criterion_main!(benches);
