//! Folding of repeated blocks: finds runs of operations that repeat.

use std::collections::HashMap;

/// One operation as folding sees it: what it is, and what it reads.
#[derive(Debug, Clone)]
pub struct Item {
    /// Equal for operations that are spelled the same.
    pub text: u32,
    /// Operation number and output number of each value it reads.
    pub reads: Vec<(usize, usize)>,
}

/// How the reads of a block refer to operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The distance is the same in every repetition.
    Relative,
    /// The operation is the same one in every repetition, before the block.
    Absolute,
}

/// `count` repetitions of `period` operations from `start` on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// First operation.
    pub start: usize,
    /// Operations in one repetition.
    pub period: usize,
    /// Repetitions; 1 for a plain stretch.
    pub count: usize,
    /// For each operation of a repetition, the reach of each read.
    pub reach: Vec<Vec<Reach>>,
}

/// Longest block that is looked for, in operations.
const MAX_PERIOD: usize = 4096;
/// Operations that must agree before a period is tried.
const GRAM: usize = 3;
/// Periods tried at one place.
const TRIES: usize = 4;

/// Cuts the operations into segments, greedily from the left; at each place the
/// block that saves most operations. Joined in order the segments cover all
/// operations once. Time is linear in their number for a bounded period.
pub fn fold(items: &[Item]) -> Vec<Segment> {
    let next = next_alike(items);
    let mut mismatch: HashMap<usize, usize> = HashMap::new();
    let mut segments = Vec::new();
    let (mut at, mut plain) = (0, 0);
    while at < items.len() {
        match best(items, &next, at, &mut mismatch) {
            Some(block) => {
                push_plain(items, plain, at, &mut segments);
                at += block.period * block.count;
                plain = at;
                segments.push(block);
            }
            None => at += 1,
        }
    }
    push_plain(items, plain, items.len(), &mut segments);
    segments
}

fn push_plain(items: &[Item], from: usize, to: usize, segments: &mut Vec<Segment>) {
    if from < to {
        let reach = items.iter().take(to).skip(from).map(|i| vec![Reach::Relative; i.reads.len()]);
        segments.push(Segment { start: from, period: to - from, count: 1, reach: reach.collect() });
    }
}

/// For each operation the next one from which on [`GRAM`] operations are spelled the same.
fn next_alike(items: &[Item]) -> Vec<usize> {
    let mut last: HashMap<[u32; GRAM], usize> = HashMap::new();
    let mut next = vec![usize::MAX; items.len()];
    let grams: Vec<[u32; GRAM]> =
        items.windows(GRAM).map(|w| std::array::from_fn(|i| w[i].text)).collect();
    for (i, gram) in grams.into_iter().enumerate().rev() {
        if let Some(j) = last.insert(gram, i) {
            next[i] = j;
        }
    }
    next
}

fn best(
    items: &[Item],
    next: &[usize],
    at: usize,
    mismatch: &mut HashMap<usize, usize>,
) -> Option<Segment> {
    let mut best: Option<Segment> = None;
    let mut tried = 0;
    let mut consider = |period: usize| {
        let end = match mismatch.get(&period) {
            Some(&m) if m >= at => m,
            _ => {
                let mut t = at;
                while t + period < items.len() && alike(items, t, period) {
                    t += 1;
                }
                mismatch.insert(period, t);
                t
            }
        };
        if end - at >= period {
            let block = block(items, at, period, (end - at) / period + 1);
            let saved = |s: &Segment| s.period * (s.count - 1);
            if block.count > 1 && best.as_ref().is_none_or(|b| saved(&block) > saved(b)) {
                best = Some(block);
            }
        }
    };
    // Blocks shorter than a gram cannot be found by grams alone.
    for period in 1..GRAM {
        consider(period);
    }
    let mut j = *next.get(at)?;
    while j != usize::MAX && j - at <= MAX_PERIOD && tried < TRIES {
        if j - at >= GRAM {
            consider(j - at);
            tried += 1;
        }
        j = next.get(j).copied().unwrap_or(usize::MAX);
    }
    best
}

/// True where the operations at `t` and `t + period` are spelled the same and
/// each read has either the same distance or the same target.
fn alike(items: &[Item], t: usize, period: usize) -> bool {
    let (a, b) = (&items[t], &items[t + period]);
    a.text == b.text
        && a.reads.len() == b.reads.len()
        && a.reads
            .iter()
            .zip(&b.reads)
            .all(|(x, y)| x.1 == y.1 && (x.0 == y.0 || x.0 + period == y.0))
}

/// The block at `start`, with as many repetitions as agree on the reach of
/// every read. A read that all repetitions share must lie before the block.
fn block(items: &[Item], start: usize, period: usize, count: usize) -> Segment {
    let reach_between = |k: usize, j: usize| -> Vec<Option<Reach>> {
        let (a, b) = (&items[start + (k - 1) * period + j], &items[start + k * period + j]);
        let reach = |(x, y): (&(usize, usize), &(usize, usize))| match () {
            () if x.0 + period == y.0 => Some(Reach::Relative),
            () if x.0 == y.0 && x.0 < start => Some(Reach::Absolute),
            () => None,
        };
        a.reads.iter().zip(&b.reads).map(reach).collect()
    };
    let first: Vec<Vec<Option<Reach>>> = (0..period).map(|j| reach_between(1, j)).collect();
    let mut agreed = 1;
    if first.iter().flatten().all(Option::is_some) {
        agreed = (2..count)
            .find(|&k| (0..period).any(|j| reach_between(k, j) != first[j]))
            .unwrap_or(count);
    }
    let reach = first.into_iter().map(|r| r.into_iter().flatten().collect()).collect();
    Segment { start, period, count: agreed, reach }
}
