//! What `nneval measure` shows: a bar on a terminal, a summary in the end.

use indicatif::ProgressBar;
use nneval::measure::drift::{Drift, median};
use nneval::measure::table::Latency;
use nneval::measure::{Event, Log, Record, Times};
use std::fmt::Write;
use std::path::Path;

/// Failures that the summary tells one by one.
const MOST_ERRORS: usize = 10;

/// A bar over rounds of models, on a terminal.
pub struct View {
    bar: ProgressBar,
    rounds: u64,
    done: usize,
    failed: usize,
    models: usize,
}

impl View {
    /// `left` of `all` models are to be measured.
    pub fn new(all: usize, left: usize, rounds: u32) -> Self {
        let rounds = rounds.max(1); // memory alone is a step too
        let steps = left as u64 * u64::from(rounds);
        let bar = super::verbosity::bar(steps, "rounds");
        if left < all {
            super::console::note(format_args!(
                "{} of {all} models are measured already",
                all - left
            ));
        }
        Self { bar, rounds: rounds.into(), done: 0, failed: 0, models: left }
    }

    /// Shows what has happened.
    pub fn on(&mut self, event: &Event) {
        match event {
            Event::Step => self.bar.inc(1),
            Event::Done(record) => self.record(record),
        }
        let failed = match self.failed {
            0 => String::new(),
            n => format!(", {n} failed"),
        };
        self.bar.set_message(format!("{}/{} models{failed}", self.done, self.models));
    }

    fn record(&mut self, record: &Record) {
        self.done += 1;
        if !record.error.is_empty() {
            self.failed += 1;
            self.bar.inc(self.rounds.saturating_sub(record.rounds.len() as u64));
        }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// The summary: what was measured, how well, and where the time went.
pub fn summary(log: &Log, times: &Times, out: &Path) -> String {
    let control = log.control();
    let drift = Drift::new(&control);
    let good: Vec<&Record> = log.records().filter(|r| r.error.is_empty()).collect();
    let bad: Vec<&Record> = log.records().filter(|r| !r.error.is_empty()).collect();
    let latencies: Vec<Latency> = good.iter().filter_map(|r| Latency::of(r, &drift)).collect();
    let mut lines = vec![("models", format!("{} measured, {} failed", good.len(), bad.len()))];
    let range = |values: Vec<f64>, unit: &str| range(&values, unit);
    lines.extend(
        range(latencies.iter().map(|l| l.corrected).collect(), "ms").map(|r| ("latency", r)),
    );
    let peaks = good.iter().filter_map(|r| r.peak_memory()).map(|p| p / 1e6).collect();
    lines.extend(range(peaks, "MB").map(|r| ("peak memory", r)));
    let spread = |of: fn(&Latency) -> Option<f64>| median(latencies.iter().filter_map(of));
    if let (Some(after), Some(before)) =
        (spread(|l| l.rounds_spread), spread(|l| l.rounds_spread_raw))
    {
        let text = format!(
            "{:.1} % (median of models), {:.1} % uncorrected",
            100.0 * after,
            100.0 * before
        );
        lines.push(("between rounds", text));
    }
    if let (Some(middle), Some((low, high))) = (median(control.iter().map(|c| c.2)), drift.range())
    {
        lines.push((
            "control model",
            format!("{middle:.3} ms, drift {low:.3} to {high:.3}, {} measurements", control.len()),
        ));
    }
    lines.push(("time", time(times)));
    lines.push(("table", out.display().to_string()));
    let mut text = String::new();
    for (name, value) in lines {
        let _ = writeln!(text, "{name:<15} {value}");
    }
    for record in bad.iter().take(MOST_ERRORS) {
        let _ = writeln!(text, "{:<15} {}: {}", "failed", record.key(), record.error);
    }
    if bad.len() > MOST_ERRORS {
        let _ =
            writeln!(text, "{:<15} and {} more (column error)", "failed", bad.len() - MOST_ERRORS);
    }
    text
}

/// `0.1 to 45 ms, median 3.2 ms`.
fn range(values: &[f64], unit: &str) -> Option<String> {
    let middle = median(values.iter().copied())?;
    let low = values.iter().copied().min_by(f64::total_cmp)?;
    let high = values.iter().copied().max_by(f64::total_cmp)?;
    Some(format!("{low:.3} to {high:.3} {unit}, median {middle:.3} {unit}"))
}

fn time(t: &Times) -> String {
    let share = |x: f64| if t.models() > 0.0 { 100.0 * x / t.models() } else { 0.0 };
    let mut text = format!(
        "{:.1} s: {:.1} s in models ({:.1} s opening and first runs), {:.1} s in processes for memory, \
         {:.1} s control model ({:.1} %), {:.1} s overhead ({:.1} % of the time in models)",
        t.total,
        t.models(),
        t.opening,
        t.memory,
        t.control,
        share(t.control),
        t.overhead(),
        share(t.overhead())
    );
    if t.failed > 0.0 {
        let _ = write!(text, ", {:.1} s in models that failed", t.failed);
    }
    text
}
