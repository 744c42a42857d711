//! Structural features of an operation graph, computed exactly.
//!
//! They are free labels that teach an encoder to read the wiring of a network.
//! They describe the block that repeats most, or the whole graph where none
//! does. There are three groups:
//!
//! | group | counts | predicts |
//! |---|---|---|
//! | live | paths from input to output without a multiplication by zero | accuracy |
//! | executed | all operations | latency and energy where all are run |
//! | needed | operations left after dead-code elimination | latency behind a compiler |

use super::block::{KINDS, Kind, Node, block, needed};
use super::paths::{Paths, live, paths, step};
use crate::opstring::OpGraph;

/// Levels of an operation: the number of joins before or after it, the last
/// level and more.
const LEVELS: usize = 3;

/// The facts of the block that repeats most, one value for each of
/// [`NAMES`](super::NAMES).
pub fn structure(g: &OpGraph) -> Vec<f64> {
    structure_of(&block(g))
}

/// The facts of a block.
pub(super) fn structure_of(nodes: &[Node]) -> Vec<f64> {
    let paths = paths(nodes);
    let mut out = paths.last().cloned().unwrap_or_default().facts();
    out.extend(live_counts(nodes, &paths));
    out.extend(counts(nodes));
    out.extend(depths(nodes, &vec![true; nodes.len()]));
    let after = joins_before(nodes);
    let before = joins_behind(nodes);
    let every = vec![true; nodes.len()];
    let needed = needed(nodes);
    for which in [&every, &needed] {
        out.extend(by_level(nodes, &after, which));
        out.extend(by_level(nodes, &before, which));
    }
    out.push(number(nodes, |i, n| n.join && needed.get(i) == Some(&true)));
    out.push(depths(nodes, &needed)[0]);
    out
}

fn number(nodes: &[Node], f: impl Fn(usize, &Node) -> bool) -> f64 {
    nodes.iter().enumerate().filter(|(i, n)| f(*i, n)).count() as f64
}

fn live_counts(nodes: &[Node], paths: &[Paths]) -> [f64; 4] {
    let live = live(nodes, paths);
    let is = |i: usize| live.get(i) == Some(&true);
    let of = |k: Kind| number(nodes, |i, n| is(i) && n.kind == k);
    let joins = number(nodes, |i, n| is(i) && n.join);
    [of(Kind::Windowed), of(Kind::Pointwise), of(Kind::Pool), joins]
}

fn counts(nodes: &[Node]) -> [f64; 6] {
    let of = |k: Kind| number(nodes, |_, n| n.kind == k);
    let joins = number(nodes, |_, n| n.join);
    let [k, one, pool, zero] = KINDS.map(of);
    [k, one, pool, zero, joins, nodes.len() as f64]
}

/// Lengths of the longest paths through the operations `which`: in weights, in
/// windows, in operations.
fn depths(nodes: &[Node], which: &[bool]) -> [f64; 3] {
    let mut depth: Vec<[f64; 3]> = Vec::with_capacity(nodes.len());
    for (node, counts) in nodes.iter().zip(which) {
        if !counts {
            depth.push([0.0; 3]);
            continue;
        }
        let [w, k, _] = step(node.kind);
        let mut deepest = [0.0f64; 3];
        for read in node.reads.iter().flatten().filter_map(|&i| depth.get(i)) {
            deepest.iter_mut().zip(read).for_each(|(a, b)| *a = a.max(*b));
        }
        depth.push([deepest[0] + w as f64, deepest[1] + k as f64, deepest[2] + 1.0]);
    }
    depth.iter().fold([0.0; 3], |a, b| [a[0].max(b[0]), a[1].max(b[1]), a[2].max(b[2])])
}

/// Most joins on a path from the entry to each operation, itself not counted.
fn joins_before(nodes: &[Node]) -> Vec<usize> {
    let mut level: Vec<usize> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let of = |&i: &usize| {
            let join = nodes.get(i).is_some_and(|n| n.join);
            level.get(i).copied().unwrap_or(0) + usize::from(join)
        };
        level.push(node.reads.iter().flatten().map(of).max().unwrap_or(0));
    }
    level
}

/// Most joins on a path from each operation to the exit, itself not counted.
fn joins_behind(nodes: &[Node]) -> Vec<usize> {
    let mut level = vec![0; nodes.len()];
    for (i, node) in nodes.iter().enumerate().rev() {
        let own = level.get(i).copied().unwrap_or(0) + usize::from(node.join);
        for &read in node.reads.iter().flatten() {
            if let Some(l) = level.get_mut(read) {
                *l = own.max(*l);
            }
        }
    }
    level
}

fn by_level(nodes: &[Node], levels: &[usize], which: &[bool]) -> Vec<f64> {
    let at = |i: usize| levels.get(i).copied().unwrap_or(0).min(LEVELS - 1);
    let is = |i: usize| which.get(i) == Some(&true);
    let count = |k: Kind, l: usize| number(nodes, |i, n| n.kind == k && at(i) == l && is(i));
    KINDS.iter().flat_map(|&k| (0..LEVELS).map(move |l| (k, l))).map(|(k, l)| count(k, l)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::NAMES;
    use crate::test_cells as cell;

    fn fact(arch: &str, name: &str) -> f64 {
        let facts = structure(&cell::graph(arch));
        assert_eq!(facts.len(), NAMES.len());
        facts[NAMES.iter().position(|n| *n == name).unwrap()]
    }

    #[test]
    fn a_cell_with_three_paths() {
        let arch = "|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|avg_pool_3x3~1|nor_conv_3x3~2|";
        for (name, value) in [
            ("paths", 4f64.ln()),
            ("paths_w0", 2f64.ln()),
            ("paths_w3", 2f64.ln()),
            ("bare_paths", 2f64.ln()),
            ("mean_w", 4.0 / 3.0),
            ("mean_p", 1.0 / 3.0),
            ("longest_k", 2.0),
            ("shortest_w", 0.0),
            ("live_k", 2.0),
            ("all_zero", 1.0),
            ("executed_w", 3.0),
            ("connected", 1.0),
        ] {
            assert!((fact(arch, name) - value).abs() < 1e-12, "{name}: {}", fact(arch, name));
        }
    }

    #[test]
    fn what_only_a_zero_reads_is_not_needed() {
        let arch =
            "|nor_conv_3x3~0|+|nor_conv_1x1~0|nor_conv_3x3~1|+|skip_connect~0|none~1|none~2|";
        for (name, value) in [
            ("executed_w", 2.0),
            ("needed_depth", 0.0),
            ("needed_joins", 2.0),
            ("needed_k_after_0", 0.0),
            ("needed_1x1_after_0", 0.0),
        ] {
            assert_eq!(fact(arch, name), value, "{name}");
        }
        let zeros: f64 = (0..3).map(|l| fact(arch, &format!("needed_zero_after_{l}"))).sum();
        assert_eq!(zeros, 2.0);
    }

    #[test]
    fn a_cut_cell_still_executes() {
        let arch = "|none~0|+|none~0|nor_conv_3x3~1|+|none~0|avg_pool_3x3~1|nor_conv_1x1~2|";
        for (name, value) in
            [("paths", 0.0), ("connected", 0.0), ("live_k", 0.0), ("all_k", 1.0), ("all_zero", 3.0)]
        {
            assert_eq!(fact(arch, name), value, "{name}");
        }
    }
}
