//! Table of measurements: one row a model, as CSV, JSON lines or Parquet by the
//! file's ending. Its header describes machine, settings and drift.

use super::drift::{Drift, median};
use super::log::{Entry, Log, Record};
use super::settings::Settings;
use super::target::CARRIED;
use crate::error::{Error, Result};
use nneval_files::write_atomic;
use nneval_tables::{COLUMNS_KEY, Column, Format, Kind, Row, TableReader, Writer};
use std::collections::HashSet;
use std::path::Path;

/// Columns of every table, behind `path` and those that a list carries.
pub const COLUMNS: [(&str, Kind); 17] = [
    ("latency_ms", Kind::Number),
    ("latency_raw_ms", Kind::Number),
    ("cpu_ms", Kind::Number),
    ("latency_p90_ms", Kind::Number),
    ("latency_p99_ms", Kind::Number),
    ("latency_spread", Kind::Number),
    ("latency_error", Kind::Number),
    ("rounds_spread", Kind::Number),
    ("runs", Kind::Integer),
    ("first_run_ms", Kind::Number),
    ("session_ms", Kind::Number),
    ("peak_memory_mb", Kind::Number),
    ("arena_peak_mb", Kind::Number),
    ("output_shapes", Kind::Text),
    ("provider", Kind::Text),
    ("threads", Kind::Integer),
    ("input_shapes", Kind::Text),
];
/// The last column.
pub const ERROR: &str = "error";

/// Latency over the rounds of one model, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Latency {
    /// Median over rounds of the rounds' medians, each divided by the drift.
    pub corrected: f64,
    /// The same, not divided.
    pub raw: f64,
    /// Largest less smallest of the corrected medians, divided by their median;
    /// `None` for one round.
    pub rounds_spread: Option<f64>,
    /// The same of the raw medians.
    pub rounds_spread_raw: Option<f64>,
}

impl Latency {
    /// Latency of a record; `None` where nothing was measured.
    pub fn of(record: &Record, drift: &Drift) -> Option<Self> {
        let raw: Vec<f64> = record.rounds.iter().map(|(_, r)| r.median_ms).collect();
        let corrected: Vec<f64> = corrected(record, drift, |r| r.median_ms);
        Some(Self {
            corrected: median(corrected.iter().copied())?,
            raw: median(raw.iter().copied())?,
            rounds_spread: spread(&corrected),
            rounds_spread_raw: spread(&raw),
        })
    }
}

fn corrected(
    record: &Record,
    drift: &Drift,
    of: impl Fn(&super::protocol::Round) -> f64,
) -> Vec<f64> {
    let rounds = record.rounds.iter();
    rounds.map(|(time, r)| of(r) / drift.factor(record.session, *time)).collect()
}

fn spread(values: &[f64]) -> Option<f64> {
    let middle = median(values.iter().copied()).filter(|m| *m > 0.0)?;
    let least = values.iter().copied().min_by(f64::total_cmp)?;
    let most = values.iter().copied().max_by(f64::total_cmp)?;
    (values.len() > 1).then_some((most - least) / middle)
}

/// A table of measurements, cells as text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// Lines of the header: name and value.
    pub header: Vec<(String, String)>,
    /// Columns: name and kind.
    pub columns: Vec<(String, Kind)>,
    /// Rows; each has a cell a column, empty where nothing is known.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// The table of all records of a log.
    pub fn of_log(log: &Log, settings: &Settings) -> Self {
        let control = log.control();
        let drift = Drift::new(&control);
        let carried: Vec<usize> = (0..CARRIED.len())
            .filter(|&i| log.records().any(|r| r.carried.get(i).is_some_and(|c| !c.is_empty())))
            .collect();
        let names = carried.iter().filter_map(|&i| CARRIED.get(i));
        let text = |name: &str| (name.to_owned(), Kind::Text);
        let mut columns = vec![text("path")];
        columns.extend(names.map(|n| (*n).to_owned()).map(|n| (n.clone(), kind_of_carried(&n))));
        columns.extend(COLUMNS.iter().map(|(n, k)| ((*n).to_owned(), *k)));
        columns.push(text(ERROR));
        let cpu = Drift::new(&log.control_cpu());
        let rows = log.records().map(|r| row(r, [&drift, &cpu], &carried, settings)).collect();
        Self { header: header(log, settings, &drift, &control), columns, rows }
    }

    /// Reads a table that [`write`](Self::write) has written.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::Table`] where it is no such table.
    pub fn read(path: &Path) -> Result<Self> {
        let table = TableReader::open(path)?;
        let mut header = table.facts().to_vec();
        header.retain(|(name, _)| name != COLUMNS_KEY);
        let columns: Vec<_> = table.names().iter().map(|n| (n.clone(), kind(n))).collect();
        if columns.first().is_none_or(|c| c.0 != "path")
            || columns.last().is_none_or(|c| c.0 != ERROR)
        {
            let reason = "not a table of `nneval measure`";
            return Err(nneval_tables::Error::malformed(path, None, reason).into());
        }
        let text = |row: Row| row.cells().iter().map(|cell| cell.text().into_owned()).collect();
        let rows = table.rows()?.into_iter().map(text).collect();
        Ok(Self { header, columns, rows })
    }

    /// The cell of a row, by the column's name; empty where there is none.
    pub fn cell(&self, row: usize, column: &str) -> &str {
        let at = self.columns.iter().position(|c| c.0 == column);
        at.and_then(|at| self.rows.get(row)?.get(at)).map_or("", String::as_str)
    }

    /// Keys of all rows, as [`super::Target::key`] has them.
    pub fn keys(&self) -> HashSet<String> {
        let key = |i: usize| match self.cell(i, "path") {
            "" => self.cell(i, "arch_str").to_owned(),
            path => path.to_owned(),
        };
        (0..self.rows.len()).map(key).collect()
    }

    /// Adds the rows of `other`; its header lines replace those of the same name.
    pub fn append(&mut self, other: Self) {
        for column in &other.columns {
            if !self.columns.contains(column) {
                let at = self.columns.len().saturating_sub(1).min(1);
                self.columns.insert(at, column.clone());
                self.rows.iter_mut().for_each(|r| r.insert(at.min(r.len()), String::new()));
            }
        }
        let names: Vec<String> = self.columns.iter().map(|c| c.0.clone()).collect();
        for row in 0..other.rows.len() {
            self.rows.push(names.iter().map(|n| other.cell(row, n).to_owned()).collect());
        }
        self.header.retain(|(n, _)| !other.header.iter().any(|o| o.0 == *n));
        self.header.extend(other.header);
    }

    /// Writes the table whole, in the format that the name tells
    /// ([`Format::of_file`]), with the header where the format has a place for it
    /// ([`Writer::new`]).
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn write(&self, path: &Path) -> Result<()> {
        let bytes = self.bytes(Format::of_file(path)).map_err(|e| Error::io(path, e))?;
        Ok(write_atomic(path, &bytes)?)
    }

    fn bytes(&self, format: Format) -> std::io::Result<Vec<u8>> {
        let columns = self.columns.iter().map(|(name, kind)| Column::new(name, *kind)).collect();
        let mut table = Writer::new(format, Vec::new(), columns, &self.header)?;
        self.rows.iter().try_for_each(|row| table.row(row))?;
        table.finish()
    }
}

fn kind(name: &str) -> Kind {
    let known = COLUMNS.iter().find(|(n, _)| *n == name).map(|c| c.1);
    known.unwrap_or_else(|| kind_of_carried(name))
}

fn kind_of_carried(name: &str) -> Kind {
    if name == "arch_index" { Kind::Integer } else { Kind::Text }
}

fn row(
    record: &Record,
    drifts: [&Drift; 2],
    carried: &[usize],
    settings: &Settings,
) -> Vec<String> {
    let [drift, cpu_drift] = drifts;
    let mut cells = vec![record.path.clone()];
    cells.extend(carried.iter().filter_map(|&i| record.carried.get(i)).cloned());
    let good = record.error.is_empty();
    let latency = Latency::of(record, drift).filter(|_| good);
    let over = |of: fn(&super::protocol::Round) -> f64| {
        median(corrected(record, drift, of).into_iter()).filter(|_| good)
    };
    let plain = |of: fn(&super::protocol::Round) -> Option<f64>| {
        median(record.rounds.iter().filter_map(|(_, r)| of(r))).filter(|_| good)
    };
    let cpu = corrected(record, cpu_drift, |r| r.cpu_ms.unwrap_or(f64::NAN));
    let cpu = median(cpu.into_iter().filter(|ms| ms.is_finite()));
    let opened = record.opened.as_ref();
    // Without rounds it was opened for its memory alone, and watched, which takes time.
    let timed = opened.filter(|_| settings.rounds > 0);
    let runs: u64 = record.rounds.iter().map(|(_, r)| r.runs).sum();
    let memories =
        opened.map(|o| o.memory).into_iter().chain(record.rounds.iter().map(|(_, r)| r.memory));
    let arena = memories.filter_map(|m| m.arena).max();
    cells.extend([
        number(latency.map(|l| l.corrected)),
        number(latency.map(|l| l.raw)),
        number(cpu.filter(|_| good)),
        number(over(|r| r.p90_ms)),
        number(over(|r| r.p99_ms)),
        number(plain(|r| Some(r.spread))),
        number(plain(|r| r.error)),
        number(latency.and_then(|l| l.rounds_spread)),
        if good { runs.to_string() } else { String::new() },
        number(timed.map(|o| o.first_run_ms)),
        number(timed.map(|o| o.session_ms)),
        number(record.peak_memory().map(|b| b / 1e6).filter(|_| good)),
        number(arena.map(|b| b as f64 / 1e6).filter(|_| good)),
        opened.map(|o| o.output_shapes.clone()).unwrap_or_default(),
        opened.map_or_else(|| settings.provider.clone(), |o| o.provider.clone()),
        settings.threads.to_string(),
        record.input_shapes.clone(),
        record.error.split_whitespace().collect::<Vec<_>>().join(" "),
    ]);
    cells
}

/// At most six digits behind the point: nanoseconds, bytes.
fn number(value: Option<f64>) -> String {
    let Some(value) = value.filter(|v| v.is_finite()) else { return String::new() };
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn header(
    log: &Log,
    settings: &Settings,
    drift: &Drift,
    control: &[(u32, f64, f64)],
) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    let mut say = |name: &str, value: String| lines.push((name.to_owned(), value));
    let starts = log.entries().iter().filter_map(|e| match e {
        Entry::Start { machine, load, .. } => Some((machine, load)),
        _ => None,
    });
    if let Some((machine, _)) = starts.clone().next() {
        say("nneval", machine.nneval.clone());
        say("onnxruntime", machine.onnxruntime.clone());
        say("cpu", machine.cpu.clone());
        say("cores", machine.cores.to_string());
        say("memory_mb", machine.memory_mb.to_string());
        say("gpu", machine.gpu.clone());
        say("os", machine.os.clone());
    }
    say("load_average", starts.map(|s| s.1.as_str()).collect::<Vec<_>>().join("; "));
    say("settings", serde_json::to_string(settings).unwrap_or_default());
    let latency = median(control.iter().map(|c| c.2));
    say("control_ms", number(latency));
    say("control_measurements", control.len().to_string());
    let (low, high) = drift.range().unwrap_or((1.0, 1.0));
    say("drift_range", format!("{low:.4} to {high:.4}"));
    lines
}

#[cfg(test)]
mod tests {
    use super::super::machine::Machine;
    use super::super::protocol::{Opened, Round};
    use super::*;

    fn round(ms: f64) -> Round {
        Round { runs: 10, median_ms: ms, p90_ms: 2.0 * ms, p99_ms: 3.0 * ms, ..Round::default() }
    }

    fn log(dir: &Path) -> Log {
        let settings = Settings { threads: 2, ..Settings::default() };
        let mut log = Log::create(&dir.join("p"), &settings, &Machine::this("1.2")).unwrap();
        let rounds = vec![(1.0, round(4.0)), (2.0, round(4.4)), (3.0, round(5.0))];
        let good = Record {
            path: "a,\"b\".onnx".into(),
            carried: ["7".into(), String::new(), "3".into()],
            opened: Some(Opened { session_ms: 1.5, ..Opened::default() }),
            rounds,
            ..Record::default()
        };
        let bad = Record { path: "c.onnx".into(), error: "no\nway".into(), ..Record::default() };
        log.push(Entry::Model(Box::new(good))).unwrap();
        log.push(Entry::Model(Box::new(bad))).unwrap();
        log
    }

    #[test]
    fn both_formats_give_back_what_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let table = Table::of_log(&log(dir.path()), &Settings::default());
        assert_eq!(table.cell(0, "latency_ms"), "4.4");
        assert_eq!(table.cell(0, "rounds_spread"), "0.227273");
        assert_eq!((table.cell(0, "runs"), table.cell(0, "unique_rep_index")), ("30", "3"));
        assert_eq!((table.cell(1, "latency_ms"), table.cell(1, ERROR)), ("", "no way"));
        for name in ["t.csv", "t.parquet", "t.jsonl"] {
            let path = dir.path().join(name);
            table.write(&path).unwrap();
            let back = Table::read(&path).unwrap();
            assert_eq!(back.columns, table.columns, "{name}");
            // JSON lines write 2.0 where the table has 2.
            let same = |(a, b): (&String, &String)| {
                a == b || a.parse::<f64>().is_ok_and(|x| b.parse() == Ok(x))
            };
            assert_eq!(back.rows.len(), table.rows.len(), "{name}");
            let cells = back.rows.iter().flatten().zip(table.rows.iter().flatten());
            assert!(cells.into_iter().all(same), "{name}: {:?}", back.rows);
            let cores = |t: &Table| t.header.iter().find(|h| h.0 == "cores").cloned().unwrap();
            match name {
                "t.jsonl" => assert_eq!(back.header, []),
                _ => assert_eq!(cores(&back), cores(&table), "{name}"),
            }
        }
    }

    #[test]
    fn drift_is_divided_out() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = log(dir.path());
        for (time, ms) in [(0.5, 2.0), (1.5, 2.0), (2.5, 2.0), (3.5, 2.0)] {
            log.push(Entry::Control { session: 0, time, ms, cpu_ms: Some(1.0) }).unwrap();
        }
        let table = Table::of_log(&log, &Settings::default());
        assert_eq!((table.cell(0, "latency_ms"), table.cell(0, "latency_raw_ms")), ("4.4", "4.4"));
        let slow = Drift::new(&[(0, 0.0, 1.0), (0, 1.0, 1.0), (0, 2.0, 1.0), (1, 0.0, 2.0)]);
        let record = Record { session: 1, rounds: vec![(0.0, round(4.0))], ..Record::default() };
        let latency = Latency::of(&record, &slow).unwrap();
        assert_eq!((latency.raw, latency.corrected), (4.0, 2.0));
        assert_eq!(latency.rounds_spread, None);
    }

    #[test]
    fn tables_are_joined_by_column_name() {
        let dir = tempfile::tempdir().unwrap();
        let table = Table::of_log(&log(dir.path()), &Settings::default());
        let mut plain = Table {
            columns: vec![("path".into(), Kind::Text), (ERROR.into(), Kind::Text)],
            ..Table::default()
        };
        plain.rows.push(vec!["z.onnx".into(), String::new()]);
        plain.append(table.clone());
        assert_eq!(plain.rows.len(), 3);
        assert_eq!((plain.cell(0, "path"), plain.cell(0, "latency_ms")), ("z.onnx", ""));
        assert_eq!((plain.cell(1, "latency_ms"), plain.cell(1, "arch_index")), ("4.4", "7"));
        assert!(plain.keys().contains("c.onnx"));
    }

    #[test]
    fn other_tables_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.csv");
        std::fs::write(&path, "a,b\n1,2\n").unwrap();
        let e = Table::read(&path).unwrap_err().to_string();
        assert!(e.contains("nneval measure"), "{e}");
        std::fs::write(&path, "PAR1 and no more PAR1").unwrap();
        let e = Table::read(&path).unwrap_err().to_string();
        assert!(e.contains("t.csv"), "{e}");
    }
}
