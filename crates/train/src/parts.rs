//! Work on many items, part by part, with progress.

use crate::error::Result;
use crate::progress::{Observer, Progress};

/// Items of a part: networks that are read, and encoded, at once.
const PART: usize = 512;

/// What `of` makes of the items, a part at a time, in order.
pub fn parts<T, U>(
    items: &[T],
    observer: Observer,
    mut of: impl FnMut(&[T], Observer) -> Result<Vec<U>>,
) -> Result<Vec<U>> {
    let mut all = Vec::with_capacity(items.len());
    let mut done = 0;
    for part in items.chunks(PART) {
        all.extend(of(part, observer)?);
        done += part.len();
        observer(&Progress::Networks { done, total: items.len() });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_keep_the_order_and_tell_how_many_are_done() {
        let items: Vec<usize> = (0..PART * 2 + 1).collect();
        let mut told = Vec::new();
        let observer = &mut |p: &Progress| {
            let Progress::Networks { done, total } = p else { panic!("{p:?}") };
            told.push((*done, *total));
        };
        let same = parts(&items, observer, |part, _| Ok(part.to_vec())).unwrap();
        assert_eq!(same, items);
        assert_eq!(told, [(512, 1025), (1024, 1025), (1025, 1025)]);
    }
}
