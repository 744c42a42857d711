//! Structural facts of an operation graph, computed exactly: free labels that
//! teach an encoder to read the wiring of a network.

use super::fold::{Item, Segment, fold};
use super::opgraph::*;
use super::write::items;

/// Degrees are counted up to this, higher ones with it.
const TOP: usize = 3;

/// Names of the facts, in the order of [`structure`].
pub const NAMES: [&str; 20] = [
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
    "longest_w",
    "longest_k",
    "shortest_w",
    "live_k",
    "live_1x1",
    "live_pool",
    "live_other",
    "dead",
    "operations",
];

/// What an operation adds to a path: weighted operations, those among them
/// with a window (kernel over 1), poolings.
fn weight(op: &Op) -> [usize; 3] {
    let conv = op.kind == "Conv";
    let windowed = conv && op.attributes.iter().any(|a| a.starts_with('k') && a != "k1");
    let dense = matches!(op.kind.as_str(), "Gemm" | "MatMul");
    let pool = op.kind.ends_with("Pool");
    [usize::from(conv || dense), usize::from(windowed), usize::from(pool)]
}

/// True for a multiplication by zero: nothing passes it.
fn is_dead(op: &Op) -> bool {
    op.kind == "Mul" && op.operands.contains(&Operand::Constant("c0.0".into()))
}

/// Paths by how many weighted operations, windowed ones and poolings they hold.
#[derive(Clone, Default)]
struct Paths {
    by: [[f64; TOP + 1]; 3],
    longest: [f64; 2],
    shortest: f64,
    live: bool,
}

impl Paths {
    fn entry() -> Self {
        let mut p = Self { live: true, ..Self::default() };
        p.by.iter_mut().for_each(|b| b[0] = 1.0);
        p
    }

    fn join(&mut self, other: &Self) {
        if !other.live {
            return;
        }
        for (a, b) in self.by.iter_mut().flatten().zip(other.by.iter().flatten()) {
            *a += b;
        }
        self.shortest = if self.live { self.shortest.min(other.shortest) } else { other.shortest };
        for (a, b) in self.longest.iter_mut().zip(other.longest) {
            *a = a.max(b);
        }
        self.live = true;
    }

    fn through(mut self, op: &Op) -> Self {
        let w = weight(op);
        for (counts, &w) in self.by.iter_mut().zip(&w) {
            if w > 0 {
                let old = *counts;
                *counts = [0.0; TOP + 1];
                for (k, n) in old.into_iter().enumerate() {
                    counts[(k + 1).min(TOP)] += n;
                }
            }
        }
        self.longest[0] += w[0] as f64;
        self.longest[1] += w[1] as f64;
        self.shortest += w[0] as f64;
        match is_dead(op) {
            true => Self::default(),
            false => self,
        }
    }
}

/// The facts of the block that repeats most (of the whole graph where none
/// does): numbers of paths from its entry to its exit by what lies on them,
/// depths, and operations by kind that such a path passes. Counts of paths are
/// log(1 + n). One value for each of [`NAMES`].
pub fn structure(g: &OpGraph) -> Vec<f64> {
    let items = items(g);
    let whole = Segment { start: 0, period: items.len(), count: 1, reach: Vec::new() };
    let block = fold(&items).into_iter().filter(|s| s.count > 1);
    let block = block.max_by_key(|s| s.period * (s.count - 1)).unwrap_or(whole);
    let ops = g.ops.get(block.start..block.start + block.period).unwrap_or_default();
    facts(ops, items.get(block.start..block.start + block.period).unwrap_or_default(), block.start)
}

fn facts(ops: &[Op], items: &[Item], start: usize) -> Vec<f64> {
    let mut paths: Vec<Paths> = Vec::with_capacity(ops.len());
    for (op, item) in ops.iter().zip(items) {
        let mut sum = if item.reads.is_empty() { Paths::entry() } else { Paths::default() };
        for &(read, _) in &item.reads {
            match read.checked_sub(start) {
                Some(i) => sum.join(&paths.get(i).cloned().unwrap_or_default()),
                None => sum.join(&Paths::entry()),
            }
        }
        paths.push(sum.through(op));
    }
    let live = live(ops, items, start, &paths);
    let exit = paths.last().cloned().unwrap_or_default();
    let mut out = vec![exit.by[0].iter().sum::<f64>()];
    out.extend(exit.by[0]);
    out.extend(exit.by[1]);
    out.extend([exit.by[2][0], exit.by[2].iter().skip(1).sum()]);
    out.iter_mut().for_each(|n| *n = n.ln_1p());
    out.extend([exit.longest[0], exit.longest[1], exit.shortest]);
    let count = |f: &dyn Fn(&Op) -> bool| {
        ops.iter().zip(&live).filter(|(op, live)| **live && f(op)).count() as f64
    };
    out.push(count(&|op| weight(op)[1] == 1));
    out.push(count(&|op| weight(op)[0] == 1 && weight(op)[1] == 0));
    out.push(count(&|op| weight(op)[2] == 1));
    out.push(count(&|op| weight(op) == [0, 0, 0]));
    out.push(live.iter().filter(|l| !**l).count() as f64);
    out.push(ops.len() as f64);
    out
}

/// Operations that a live path to the exit passes.
fn live(ops: &[Op], items: &[Item], start: usize, paths: &[Paths]) -> Vec<bool> {
    let mut reached = vec![false; ops.len()];
    if let Some(last) = reached.last_mut() {
        *last = true;
    }
    for i in (0..ops.len()).rev() {
        let passes = reached.get(i) == Some(&true) && paths.get(i).is_some_and(|p| p.live);
        if let Some(r) = reached.get_mut(i) {
            *r = passes;
        }
        if !passes {
            continue;
        }
        for read in items.get(i).map_or(&[][..], |item| &item.reads) {
            if let Some(r) = read.0.checked_sub(start).and_then(|k| reached.get_mut(k)) {
                *r = true;
            }
        }
    }
    reached
}
