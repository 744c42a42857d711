//! 16 threads on the C ABI at once, for ThreadSanitizer (`tools/attack/threads.sh`):
//! each loads an evaluator, shares another, evaluates a file and strings, counts
//! costs, and frees all of it.
//!
//! Usage: race EVALUATOR FILE STRING...

use nneval_capi::{Batch, Costs, Dimension, Error, Evaluator, Metric, Options, Prediction, Status};
use std::ffi::{CString, c_char};
use std::ptr::{null, null_mut};

const THREADS: usize = 16;
const ROUNDS: usize = 8;

// Handles are opaque.
#[allow(improper_ctypes)]
unsafe extern "C" {
    fn nneval_evaluator_load(
        folder: *const c_char,
        options: *const Options,
        evaluator: *mut *mut Evaluator,
        error: *mut *mut Error,
    ) -> Status;
    fn nneval_evaluator_free(evaluator: *mut Evaluator);
    fn nneval_evaluate_file(
        evaluator: *const Evaluator,
        path: *const c_char,
        prediction: *mut *mut Prediction,
        error: *mut *mut Error,
    ) -> Status;
    fn nneval_evaluate_string(
        evaluator: *const Evaluator,
        string: *const c_char,
        prediction: *mut *mut Prediction,
        error: *mut *mut Error,
    ) -> Status;
    fn nneval_evaluate_strings(
        evaluator: *const Evaluator,
        strings: *const *const c_char,
        count: usize,
        batch: *mut *mut Batch,
        error: *mut *mut Error,
    ) -> Status;
    fn nneval_batch_free(batch: *mut Batch);
    fn nneval_prediction_metric_at(
        prediction: *const Prediction,
        index: usize,
        metric: *mut Metric,
        error: *mut *mut Error,
    ) -> Status;
    fn nneval_prediction_free(prediction: *mut Prediction);
    fn nneval_costs_of_file(
        path: *const c_char,
        dimensions: *const Dimension,
        count: usize,
        costs: *mut *mut Costs,
        error: *mut *mut Error,
    ) -> Status;
    fn nneval_costs_free(costs: *mut Costs);
}

/// Fails where a call has failed.
fn check(status: Status) {
    assert_eq!(status, Status::Ok);
}

/// A handle that is shared.
#[derive(Clone, Copy)]
struct Shared(*const Evaluator);
// SAFETY: the header: const handles are safe from any thread.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    fn load(folder: &CString) -> Self {
        let mut evaluator = null_mut();
        // SAFETY: pointers are valid, and NULL where that is allowed.
        check(unsafe {
            nneval_evaluator_load(folder.as_ptr(), null(), &raw mut evaluator, null_mut())
        });
        Self(evaluator)
    }

    fn free(self) {
        // SAFETY: made by `load`, freed once, used no more.
        unsafe { nneval_evaluator_free(self.0.cast_mut()) }
    }

    /// The bits of the first metric of a prediction.
    fn first(self, text: &CString, of_file: bool) -> u64 {
        let mut prediction = null_mut();
        let evaluate = if of_file { nneval_evaluate_file } else { nneval_evaluate_string };
        // SAFETY: all pointers are valid, and what was made is freed once.
        unsafe {
            check(evaluate(self.0, text.as_ptr(), &raw mut prediction, null_mut()));
            let mut metric = std::mem::MaybeUninit::<Metric>::uninit();
            check(nneval_prediction_metric_at(prediction, 0, metric.as_mut_ptr(), null_mut()));
            let bits = metric.assume_init_ref().value.to_bits();
            nneval_prediction_free(prediction);
            bits
        }
    }

    fn all(self, strings: &[CString]) {
        let pointers: Vec<*const c_char> = strings.iter().map(|s| s.as_ptr()).collect();
        let mut batch = null_mut();
        // SAFETY: all pointers are valid, and what was made is freed once.
        unsafe {
            let (list, n) = (pointers.as_ptr(), pointers.len());
            check(nneval_evaluate_strings(self.0, list, n, &raw mut batch, null_mut()));
            nneval_batch_free(batch);
        }
    }
}

fn costs(file: &CString) {
    let mut costs = null_mut();
    // SAFETY: all pointers are valid, and what was made is freed once.
    unsafe {
        check(nneval_costs_of_file(file.as_ptr(), null(), 0, &raw mut costs, null_mut()));
        nneval_costs_free(costs);
    }
}

fn main() {
    let words: Vec<CString> =
        std::env::args().skip(1).map(|a| CString::new(a).expect("no NUL")).collect();
    let [folder, file, strings @ ..] = words.as_slice() else { panic!("race EVALUATOR FILE …") };
    let shared = Shared::load(folder);
    let expected: Vec<u64> = strings.iter().map(|s| shared.first(s, false)).collect();
    let of_file = shared.first(file, true);
    std::thread::scope(|scope| {
        for number in 0..THREADS {
            let expected = &expected;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let own = (round == 0 && number % 4 == 0).then(|| Shared::load(folder));
                    for (i, s) in strings.iter().enumerate().skip((number + round) % 3) {
                        assert_eq!(own.unwrap_or(shared).first(s, false), expected[i]);
                    }
                    assert_eq!(shared.first(file, true), of_file);
                    shared.all(strings);
                    costs(file);
                    own.into_iter().for_each(Shared::free);
                }
            });
        }
    });
    shared.free();
    println!("{THREADS} threads, {ROUNDS} rounds");
}
