//! Paths through the block that no multiplication by zero cuts.

use super::block::{Kind, Node, from_exit};

/// Degrees are counted up to this, higher ones with it.
const TOP: usize = 3;

/// Weights, windows and poolings that an operation adds to a path.
pub(super) fn step(kind: Kind) -> [usize; 3] {
    match kind {
        Kind::Windowed => [1, 1, 0],
        Kind::Pointwise => [1, 0, 0],
        Kind::Pool => [0, 0, 1],
        Kind::Zero | Kind::Other => [0; 3],
    }
}

/// The live paths from the entry to an operation.
#[derive(Clone, Default)]
pub(super) struct Paths {
    /// Number of paths by the number of weights, windows and poolings on them.
    by: [[f64; TOP + 1]; 3],
    /// Weights, windows, poolings, summed over the paths.
    sum: [f64; 3],
    /// Most weights, windows, poolings on a path.
    longest: [f64; 3],
    /// Fewest weights, windows, poolings on a path.
    shortest: [f64; 3],
    /// Paths with none of them.
    bare: f64,
    /// Whether there is a path.
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
    pub fn facts(&self) -> Vec<f64> {
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

/// The live paths from the entry to each operation.
pub(super) fn paths(nodes: &[Node]) -> Vec<Paths> {
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

/// Operations that a live path to the exit passes.
pub(super) fn live(nodes: &[Node], paths: &[Paths]) -> Vec<bool> {
    let passes = |i: usize| paths.get(i).is_some_and(|p| p.live);
    let reached = from_exit(nodes, passes).into_iter().enumerate();
    reached.map(|(i, reached)| reached && passes(i)).collect()
}
