//! Which operations a walk back through a graph meets.

/// Marks the operations, of `count`, that a walk back from `roots` meets, which goes on
/// to what an operation `reads` where it `passes`. Each reads only operations before it.
pub(super) fn reached<R: IntoIterator<Item = usize>>(
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
pub(super) fn mark(marked: &mut [bool], which: impl IntoIterator<Item = usize>) {
    for i in which {
        if let Some(m) = marked.get_mut(i) {
            *m = true;
        }
    }
}
