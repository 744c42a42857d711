//! Reachability of operations from the outputs of a graph.

/// Marks the operations that a walk back from `roots` meets.
///
/// There are `count` operations. The walk goes on from an operation to those
/// that it `reads`, where it `passes`; each reads only operations before it.
pub(crate) fn reached<R: IntoIterator<Item = usize>>(
    count: usize,
    roots: impl IntoIterator<Item = usize>,
    passes: impl Fn(usize) -> bool,
    reads: impl Fn(usize) -> R,
) -> Vec<bool> {
    let mut reached = vec![false; count];
    mark(&mut reached, roots);
    for i in (0..count).rev() {
        if reached.get(i) == Some(&true) && passes(i) {
            mark(&mut reached, reads(i));
        }
    }
    reached
}

/// Marks the operations `which`.
pub(crate) fn mark(marked: &mut [bool], which: impl IntoIterator<Item = usize>) {
    for i in which {
        if let Some(m) = marked.get_mut(i) {
            *m = true;
        }
    }
}
