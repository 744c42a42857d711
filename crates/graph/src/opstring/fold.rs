//! Folding of repeated blocks: finds runs of operations that repeat.

use crate::budget;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

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
/// Periods tried at one place, and starts tried for one block.
const TRIES: usize = 8;
/// Reads that are compared in one step.
const READS_A_STEP: usize = 16;
/// Operations that a fold must save to be worth its marks.
const MIN_SAVED: usize = 8;

/// Cuts the operations into segments: the block that saves most operations
/// first, then the next in what is left. Joined in order the segments cover
/// all operations once. Near-linear time for a bounded period. Nothing more is
/// folded on an exhausted budget.
pub fn fold(items: &[Item]) -> Vec<Segment> {
    let cuts = Cuts::new(items);
    let mut heap: BinaryHeap<Run> = runs(items).into_iter().collect();
    let mut taken: BTreeMap<usize, Segment> = BTreeMap::new();
    while let Some(run) = heap.pop() {
        if budget::is_exhausted() {
            break;
        }
        let free = run.clip(&taken, items.len());
        match free {
            Some(free) if free.saved() < run.saved() => heap.push(free),
            Some(free) if free.saved() >= MIN_SAVED => {
                if let Some(block) = free.block(items, &cuts) {
                    taken.insert(block.start, block);
                }
            }
            _ => {}
        }
    }
    let (mut segments, mut at) = (Vec::new(), 0);
    for (start, block) in taken {
        push_plain(items, at, start, &mut segments);
        at = start + block.period * block.count;
        segments.push(block);
    }
    push_plain(items, at, items.len(), &mut segments);
    segments
}

/// All operations as one plain stretch.
pub fn plain(items: &[Item]) -> Vec<Segment> {
    let mut segments = Vec::new();
    push_plain(items, 0, items.len(), &mut segments);
    segments
}

fn push_plain(items: &[Item], from: usize, to: usize, segments: &mut Vec<Segment>) {
    if from < to {
        let reach = items.iter().take(to).skip(from).map(|i| vec![Reach::Relative; i.reads.len()]);
        segments.push(Segment { start: from, period: to - from, count: 1, reach: reach.collect() });
    }
}

/// A stretch in which each operation from `start` up to `end` is like the one
/// `period` after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    start: usize,
    end: usize,
    period: usize,
}

impl Run {
    fn count(&self) -> usize {
        (self.end - self.start) / self.period + 1
    }

    fn saved(&self) -> usize {
        self.period * (self.count() - 1)
    }

    /// The largest part of the run that overlaps nothing taken.
    fn clip(&self, taken: &BTreeMap<usize, Segment>, len: usize) -> Option<Self> {
        let last = self.end + self.period;
        let end_of = |s: &Segment| s.start + s.period * s.count;
        let mut from = taken.range(..=self.start).next_back().map_or(0, |(_, s)| end_of(s));
        let mut best: Option<Self> = None;
        let inside = taken.range(self.start + 1..last);
        let walls = inside.map(|(&start, s)| (start, end_of(s))).chain([(len.min(last), len)]);
        for (wall, next) in walls {
            let (start, end) = (self.start.max(from), wall.min(last));
            if end >= start + 2 * self.period {
                let part = Self { start, end: end - self.period, period: self.period };
                if best.is_none_or(|b| part.saved() > b.saved()) {
                    best = Some(part);
                }
            }
            from = next;
        }
        best
    }

    /// The block in this run, starting where fewest values cross into it, and
    /// among such places after the value that most operations read.
    fn block(&self, items: &[Item], cuts: &Cuts) -> Option<Segment> {
        let slack = (self.end - self.start) % self.period;
        let mut starts: Vec<usize> = (self.start..=self.start + slack).collect();
        starts.sort_by_key(|&s| (cuts.crossing(s), std::cmp::Reverse(cuts.readers_before(s)), s));
        let blocks = starts.iter().take(TRIES).map(|&s| block(items, s, self.period, self.count()));
        // Of equals max_by_key takes the last, and the best start comes first.
        blocks.rev().max_by_key(|b| b.count).filter(|b| b.period * (b.count - 1) >= MIN_SAVED)
    }
}

impl Ord for Run {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |r: &Self| (r.saved(), std::cmp::Reverse((r.period, r.start, r.end)));
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Run {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// How many values are alive between operations, and how often each is read.
pub struct Cuts {
    alive: Vec<usize>,
    readers: Vec<usize>,
}

impl Cuts {
    /// Of all operations.
    pub fn new(items: &[Item]) -> Self {
        let mut last: HashMap<(usize, usize), usize> = HashMap::new();
        let mut readers = vec![0; items.len()];
        for (i, item) in items.iter().enumerate() {
            for &read in &item.reads {
                last.insert(read, i);
                if let Some(r) = readers.get_mut(read.0) {
                    *r += 1;
                }
            }
        }
        let mut change = vec![0isize; items.len() + 2];
        for ((op, _), until) in last {
            change[op + 1] += 1;
            change[until + 1] -= 1;
        }
        let mut sum = 0;
        let alive = change.into_iter().map(|c| {
            sum += c;
            sum.unsigned_abs()
        });
        Self { alive: alive.collect(), readers }
    }

    /// Values made before operation `i` and read at or after it.
    pub fn crossing(&self, i: usize) -> usize {
        self.alive.get(i).copied().unwrap_or(0)
    }

    fn readers_before(&self, i: usize) -> usize {
        i.checked_sub(1).and_then(|i| self.readers.get(i)).copied().unwrap_or(0)
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

/// All runs that can fold, each as long as it goes.
fn runs(items: &[Item]) -> Vec<Run> {
    let next = next_alike(items);
    let mut seen_until: HashMap<usize, usize> = HashMap::new();
    let mut runs = Vec::new();
    let mut consider = |at: usize, period: usize| {
        if seen_until.get(&period).is_some_and(|&e| at < e) {
            return;
        }
        let (mut start, mut end) = (at, at);
        while end + period < items.len() && alike(items, end, period) {
            end += 1;
        }
        let floor = seen_until.get(&period).copied().unwrap_or(0);
        while start > floor && alike(items, start - 1, period) {
            start -= 1;
        }
        seen_until.insert(period, end + 1);
        let run = Run { start, end, period };
        if end - start >= period && run.saved() >= MIN_SAVED {
            runs.push(run);
        }
    };
    for (at, &first) in next.iter().enumerate() {
        if budget::is_exhausted() {
            break;
        }
        for period in 1..GRAM {
            consider(at, period);
        }
        let mut j = first;
        for _ in 0..TRIES {
            if j == usize::MAX || j - at > MAX_PERIOD {
                break;
            }
            if j - at >= GRAM {
                consider(at, j - at);
            }
            j = next.get(j).copied().unwrap_or(usize::MAX);
        }
    }
    runs
}

/// Charges a comparison of an operation with another.
fn charge(item: &Item) -> Option<()> {
    budget::work((item.reads.len() / READS_A_STEP).saturating_add(1))
}

/// True where the operations at `t` and `t + period` are spelled the same and
/// each read has either the same distance or the same target.
fn alike(items: &[Item], t: usize, period: usize) -> bool {
    let (a, b) = (&items[t], &items[t + period]);
    if charge(a).is_none() {
        return false;
    }
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
        if charge(a).is_none() {
            return vec![None];
        }
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
