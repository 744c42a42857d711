//! Panics that are caught, for programs that print those that are not.

use std::cell::Cell;
#[cfg(feature = "parquet")]
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread would be caught now and become an error of a
/// table. A panic hook of a program has nothing to say of it.
pub fn panics_are_caught() -> bool {
    CAUGHT.get()
}

/// What `work` gives; `None` where it panics.
#[cfg(feature = "parquet")]
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    let before = CAUGHT.replace(true);
    let attempt = catch_unwind(AssertUnwindSafe(work));
    CAUGHT.set(before);
    attempt.ok()
}

#[cfg(test)]
#[cfg(feature = "parquet")]
mod tests {
    use super::*;

    #[test]
    fn panics_are_told_apart() {
        assert!(!panics_are_caught());
        assert_eq!(caught(panics_are_caught), Some(true));
        assert_eq!(caught(|| assert!(!panics_are_caught())), None);
        assert!(!panics_are_caught());
    }
}
