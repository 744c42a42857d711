//! Budget of one file: the steps and bytes that reading it, its shapes, costs
//! and string may take together.
//!
//! Everything that input can make long is charged here: nodes visited, parts of
//! formulas, elements followed by value, copies that inlining makes, bytes of
//! names, types of operations. [`within`] opens a budget for the thread.
//! Functions of this crate open one themselves where none is open, so that
//! several of them under one `within` share it. An exhausted budget is an error
//! that names the limit; until it is reported, further charges fail at once.

#![deny(clippy::arithmetic_side_effects)]

use crate::error::{Error, Result};
use crate::model::{Limits, Model};
use std::cell::Cell;
use std::path::Path;

/// Bytes that a file may take in memory for each of its own bytes, beside
/// [`Limits::memory`].
const BYTES_A_BYTE: u64 = 96;

/// What can be used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resource {
    Work,
    Memory,
}

/// What is left.
#[derive(Debug, Clone, Copy)]
struct Left {
    work: u64,
    memory: u64,
    /// What was asked for in vain first.
    spent: Option<Resource>,
}

thread_local! {
    /// The open budget of this thread.
    static OPEN: Cell<bool> = const { Cell::new(false) };
    static WORK: Cell<u64> = const { Cell::new(u64::MAX) };
    static MEMORY: Cell<u64> = const { Cell::new(u64::MAX) };
    static SPENT: Cell<Option<Resource>> = const { Cell::new(None) };
}

/// Sets the thread's state back, also where a panic passes.
struct Restore;

impl Restore {
    fn open(left: Left) -> Self {
        OPEN.set(true);
        WORK.set(left.work);
        MEMORY.set(left.memory);
        SPENT.set(left.spent);
        Self
    }
}

impl Drop for Restore {
    fn drop(&mut self) {
        OPEN.set(false);
        WORK.set(u64::MAX);
        MEMORY.set(u64::MAX);
        SPENT.set(None);
    }
}

/// Runs `f` on one budget for the file at `path`. Inside another `within` that
/// one's budget goes on.
///
/// ```
/// use nneval_graph::{Limits, Model, budget, costs, opstring};
/// use nneval_graph::shape::Bindings;
/// let path = "../../fixtures/nats_tss_9930.onnx";
/// let both = |limits: &Limits| {
///     budget::within(path, limits, || {
///         let model = Model::open(path, limits)?;
///         let string = opstring::write(&opstring::of_model(&model)?);
///         let costs = costs::of_model(&model, &Bindings::default())?;
///         Ok::<_, nneval_graph::Error>((string, costs))
///     })
/// };
/// assert!(both(&Limits::default()).is_ok());
/// let refused = both(&Limits { work: 100, ..Limits::default() }).unwrap_err();
/// assert!(refused.to_string().ends_with("(limit: work)"));
/// ```
///
/// # Errors
/// Those of `f`, or [`Error::Model`] where the budget is exhausted.
pub fn within<T, E: From<Error>>(
    path: impl AsRef<Path>,
    limits: &Limits,
    f: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    run(path.as_ref(), limits, 0, f)
}

/// As [`within`], for the operation string `s` in place of a file.
///
/// # Errors
/// Those of `f`, or [`Error::OpString`] where the budget is exhausted.
pub fn of_string<T, E: From<Error>>(
    s: &str,
    limits: &Limits,
    f: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let refusal = |spent| Error::OpString { offset: s.len(), reason: reason(limits, spent) };
    charged(limits, s.len() as u64, refusal, f)
}

/// As [`within`], for a model that has been read.
pub(crate) fn of_model<T>(model: &Model, f: impl FnOnce() -> Result<T>) -> Result<T> {
    run(&model.file, &model.limits, model.file_bytes, f)
}

fn run<T, E: From<Error>>(
    path: &Path,
    limits: &Limits,
    bytes: u64,
    f: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    charged(limits, bytes, |spent| Error::model(path, reason(limits, spent)), f)
}

fn charged<T, E: From<Error>>(
    limits: &Limits,
    bytes: u64,
    refusal: impl FnOnce(Resource) -> Error,
    f: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let memory = limits.memory.saturating_add(bytes.saturating_mul(BYTES_A_BYTE));
    let opened = !OPEN.get();
    let restore = opened.then(|| Restore::open(Left { work: limits.work, memory, spent: None }));
    let result = f();
    let spent = SPENT.get();
    drop(restore);
    match spent {
        Some(resource) => Err(refusal(resource).into()),
        None => result,
    }
}

fn reason(limits: &Limits, resource: Resource) -> String {
    match resource {
        Resource::Work => format!("takes more than {} steps (limit: work)", limits.work),
        Resource::Memory => format!(
            "takes more than {} bytes of memory and {BYTES_A_BYTE} for each of the file's \
             (limit: memory)",
            limits.memory
        ),
    }
}

/// Lets a file of so many bytes take its share of memory.
pub(crate) fn grant(file_bytes: u64) {
    if OPEN.get() {
        MEMORY.set(MEMORY.get().saturating_add(file_bytes.saturating_mul(BYTES_A_BYTE)));
    }
}

/// Charges so many steps, of some 50 nanoseconds each.
#[inline]
#[must_use]
pub(crate) fn work(steps: usize) -> Option<()> {
    charge(&WORK, Resource::Work, steps)
}

/// Charges so many bytes that are kept.
#[inline]
#[must_use]
pub(crate) fn memory(bytes: usize) -> Option<()> {
    charge(&MEMORY, Resource::Memory, bytes)
}

fn charge(
    of: &'static std::thread::LocalKey<Cell<u64>>,
    resource: Resource,
    n: usize,
) -> Option<()> {
    match of.get().checked_sub(n as u64) {
        Some(left) => {
            of.set(left);
            Some(())
        }
        None => {
            // Nothing goes on from here.
            WORK.set(0);
            MEMORY.set(0);
            SPENT.set(SPENT.get().or(Some(resource)));
            None
        }
    }
}

/// Runs `f`, whose memory is free after it.
pub(crate) fn temporarily<T>(f: impl FnOnce() -> T) -> T {
    let before = MEMORY.get();
    let result = f();
    if !is_exhausted() {
        MEMORY.set(before);
    }
    result
}

/// True where a charge has failed.
pub(crate) fn is_exhausted() -> bool {
    SPENT.get().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(work: u64, memory: u64) -> Limits {
        Limits { work, memory, ..Limits::default() }
    }

    fn spend(outer: &Limits, inner: &Limits, steps: usize, bytes: usize) -> Result<()> {
        within("m", outer, || {
            let half = || within("m", inner, || Ok::<_, Error>(work(steps).and(memory(bytes))));
            half()?;
            half().map(|_| ())
        })
    }

    #[test]
    fn inner_budgets_go_on_with_the_outer_one() {
        let (small, large) = (limits(10, 10), limits(100, 100));
        assert!(spend(&small, &large, 5, 5).is_ok());
        let refused = |steps, bytes| spend(&small, &large, steps, bytes).unwrap_err().to_string();
        assert!(refused(6, 0).ends_with("(limit: work)"), "{}", refused(6, 0));
        assert!(refused(0, 6).ends_with("(limit: memory)"), "{}", refused(0, 6));
        assert!(!is_exhausted() && work(usize::MAX / 2).is_some());
    }

    #[test]
    fn a_panic_closes_its_budget() {
        let caught = std::panic::catch_unwind(|| {
            within::<(), Error>("m", &limits(1, 1), || {
                let _ = work(2);
                std::panic::resume_unwind(Box::new(()))
            })
        });
        assert!(caught.is_err() && !is_exhausted() && work(1000).is_some());
    }

    #[test]
    fn a_file_has_memory_for_its_bytes() {
        let of = |granted: u64| {
            within("m", &limits(0, 0), || {
                grant(granted);
                Ok::<_, Error>(memory(usize::try_from(BYTES_A_BYTE).unwrap_or(0)))
            })
        };
        assert!(of(1).is_ok() && of(0).is_err());
    }
}
