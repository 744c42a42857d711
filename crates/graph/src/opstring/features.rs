//! Structural facts of an operation graph, computed exactly: free labels that
//! teach an encoder to read the wiring of a network.
//!
//! They describe the block that repeats most (the whole graph where none does).
//! *Live* facts look only at paths that no multiplication by zero cuts, which
//! is what decides accuracy; *executed* facts look at every operation, which is
//! what decides latency and energy where all are run; *needed* facts look at
//! what a compiler keeps that drops operations nothing but a multiplication by
//! zero reads.

mod segments;

pub use segments::kind_counts;

use super::fold::{Item, Segment, fold};
use super::opgraph::*;
use super::reach::reached;
use super::view::is_zero;
use super::write::items;

/// Degrees and levels are counted up to this, higher ones with it.
const TOP: usize = 3;
/// Levels of an operation: joins before or after it, the last one and more.
const LEVELS: usize = 3;
/// Kinds that are counted by level.
const KINDS: [Kind; 4] = [Kind::Windowed, Kind::Pointwise, Kind::Pool, Kind::Zero];

/// Names of the facts, in the order of [`structure`]. On paths, `w` are
/// operations with weights, `k` those among them with a window, `p` poolings;
/// numbers of paths are log(1 + n).
pub const NAMES: [&str; 87] = [
    "paths",
    "paths_w0",
    "paths_w1",
    "paths_w2",
    "paths_w3",
    "paths_k0",
    "paths_k1",
    "paths_k2",
    "paths_k3",
    "paths_p0",
    "paths_p1",
    "paths_p2",
    "paths_p3",
    "bare_paths",
    "mean_w",
    "mean_k",
    "mean_p",
    "longest_w",
    "longest_k",
    "longest_p",
    "shortest_w",
    "shortest_k",
    "shortest_p",
    "connected",
    "live_k",
    "live_1x1",
    "live_pool",
    "live_joins",
    "all_k",
    "all_1x1",
    "all_pool",
    "all_zero",
    "all_joins",
    "operations",
    "executed_w",
    "executed_k",
    "executed_depth",
    "k_after_0",
    "k_after_1",
    "k_after_2",
    "1x1_after_0",
    "1x1_after_1",
    "1x1_after_2",
    "pool_after_0",
    "pool_after_1",
    "pool_after_2",
    "zero_after_0",
    "zero_after_1",
    "zero_after_2",
    "k_before_0",
    "k_before_1",
    "k_before_2",
    "1x1_before_0",
    "1x1_before_1",
    "1x1_before_2",
    "pool_before_0",
    "pool_before_1",
    "pool_before_2",
    "zero_before_0",
    "zero_before_1",
    "zero_before_2",
    "needed_k_after_0",
    "needed_k_after_1",
    "needed_k_after_2",
    "needed_1x1_after_0",
    "needed_1x1_after_1",
    "needed_1x1_after_2",
    "needed_pool_after_0",
    "needed_pool_after_1",
    "needed_pool_after_2",
    "needed_zero_after_0",
    "needed_zero_after_1",
    "needed_zero_after_2",
    "needed_k_before_0",
    "needed_k_before_1",
    "needed_k_before_2",
    "needed_1x1_before_0",
    "needed_1x1_before_1",
    "needed_1x1_before_2",
    "needed_pool_before_0",
    "needed_pool_before_1",
    "needed_pool_before_2",
    "needed_zero_before_0",
    "needed_zero_before_1",
    "needed_zero_before_2",
    "needed_joins",
    "needed_depth",
];

/// How many of [`NAMES`], from the first, are about live paths only.
pub const LIVE: usize = 28;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Weights and a window over 1.
    Windowed,
    /// Weights, no window.
    Pointwise,
    Pool,
    /// Multiplication by zero: nothing passes.
    Zero,
    Other,
}

fn kind(op: &Op) -> Kind {
    let windowed = || op.attributes.iter().any(|a| a.starts_with('k') && a != "k1");
    match op.kind.as_str() {
        "Conv" if windowed() => Kind::Windowed,
        "Conv" | "Gemm" | "MatMul" => Kind::Pointwise,
        "Mul" if is_zero(op) => Kind::Zero,
        k if k.ends_with("Pool") => Kind::Pool,
        _ => Kind::Other,
    }
}

/// What an operation adds to a path: weights, windows, poolings.
fn step(kind: Kind) -> [usize; 3] {
    match kind {
        Kind::Windowed => [1, 1, 0],
        Kind::Pointwise => [1, 0, 0],
        Kind::Pool => [0, 0, 1],
        Kind::Zero | Kind::Other => [0; 3],
    }
}

/// The live paths from the entry to an operation.
#[derive(Clone, Default)]
struct Paths {
    /// Paths by how many weights, windows, poolings lie on them.
    by: [[f64; TOP + 1]; 3],
    /// Weights, windows, poolings, summed over the paths.
    sum: [f64; 3],
    longest: [f64; 3],
    shortest: [f64; 3],
    /// Paths with none of them.
    bare: f64,
    live: bool,
}

impl Paths {
    fn entry() -> Self {
        let mut p = Self { live: true, bare: 1.0, ..Self::default() };
        p.by.iter_mut().for_each(|b| b[0] = 1.0);
        p
    }

    fn count(&self) -> f64 {
        self.by[0].iter().sum()
    }

    fn join(&mut self, other: &Self) {
        if !other.live {
            return;
        }
        for (a, b) in self.by.iter_mut().flatten().zip(other.by.iter().flatten()) {
            *a += b;
        }
        for i in 0..3 {
            self.sum[i] += other.sum[i];
            self.longest[i] = self.longest[i].max(other.longest[i]);
            let nearer = self.shortest[i].min(other.shortest[i]);
            self.shortest[i] = if self.live { nearer } else { other.shortest[i] };
        }
        self.bare += other.bare;
        self.live = true;
    }

    fn through(mut self, kind: Kind) -> Self {
        if kind == Kind::Zero {
            return Self::default();
        }
        let (paths, step) = (self.count(), step(kind));
        for i in (0..3).filter(|&i| step[i] > 0) {
            let old = std::mem::take(&mut self.by[i]);
            for (k, n) in old.into_iter().enumerate() {
                self.by[i][(k + 1).min(TOP)] += n;
            }
            self.sum[i] += paths;
            self.longest[i] += 1.0;
            self.shortest[i] += 1.0;
            self.bare = 0.0;
        }
        self
    }

    /// The first 24 facts.
    fn facts(&self) -> Vec<f64> {
        let paths = self.count();
        let mut out = vec![paths];
        out.extend(self.by.iter().flatten());
        out.push(self.bare);
        out.iter_mut().for_each(|n| *n = n.ln_1p());
        out.extend(self.sum.map(|s| s / paths.max(1.0)));
        out.extend(self.longest);
        out.extend(self.shortest);
        out.push(f64::from(u8::from(self.live)));
        out
    }
}

/// One operation of the block.
struct Node {
    kind: Kind,
    join: bool,
    /// Operations of the block that it reads, by position; `None`: from before.
    reads: Vec<Option<usize>>,
}

/// The facts of the block that repeats most, one value for each of [`NAMES`].
pub fn structure(g: &OpGraph) -> Vec<f64> {
    structure_of(&block(g))
}

/// The facts of [`structure`], and after them those of the block's segments: the
/// operations, by kind, between the values that are shared or joined.
pub fn structure_and_segments(g: &OpGraph) -> Vec<f64> {
    let nodes = block(g);
    [structure_of(&nodes), segments::segments(&nodes)].concat()
}

fn structure_of(nodes: &[Node]) -> Vec<f64> {
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

/// The operations of the block that repeats most, of all where none does.
fn block(g: &OpGraph) -> Vec<Node> {
    let items = items(g);
    let whole = Segment { start: 0, period: items.len(), count: 1, reach: Vec::new() };
    let block = fold(&items).into_iter().filter(|s| s.count > 1);
    let block = block.max_by_key(|s| s.period * (s.count - 1)).unwrap_or(whole);
    let range = block.start..block.start + block.period;
    let ops = g.ops.get(range.clone()).unwrap_or_default();
    let items = items.get(range).unwrap_or_default();
    ops.iter().zip(items).map(|(op, item)| node(op, item, block.start)).collect()
}

fn node(op: &Op, item: &Item, start: usize) -> Node {
    let reads: Vec<Option<usize>> =
        item.reads.iter().map(|&(read, _)| read.checked_sub(start)).collect();
    Node { kind: kind(op), join: reads.len() > 1, reads }
}

fn paths(nodes: &[Node]) -> Vec<Paths> {
    let mut paths: Vec<Paths> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let mut sum = if node.reads.is_empty() { Paths::entry() } else { Paths::default() };
        for read in &node.reads {
            match read {
                Some(i) => sum.join(&paths.get(*i).cloned().unwrap_or_default()),
                None => sum.join(&Paths::entry()),
            }
        }
        paths.push(sum.through(node.kind));
    }
    paths
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

/// Longest paths through the operations `which`: in weights, in windows, in
/// operations.
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

/// Operations that the exit depends on when what is multiplied by zero is not
/// computed.
fn needed(nodes: &[Node]) -> Vec<bool> {
    from_exit(nodes, |i| nodes.get(i).is_some_and(|n| n.kind != Kind::Zero))
}

/// Operations that a live path to the exit passes.
fn live(nodes: &[Node], paths: &[Paths]) -> Vec<bool> {
    let passes = |i: usize| paths.get(i).is_some_and(|p| p.live);
    let reached = from_exit(nodes, passes).into_iter().enumerate();
    reached.map(|(i, reached)| reached && passes(i)).collect()
}

/// Operations that a walk back from the last one meets, which goes on where one
/// `passes`.
fn from_exit(nodes: &[Node], passes: impl Fn(usize) -> bool) -> Vec<bool> {
    let reads = |i: usize| nodes.get(i).into_iter().flat_map(|n| n.reads.iter().flatten().copied());
    reached(nodes.len(), nodes.len().checked_sub(1), passes, reads)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opstring::cell;

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
