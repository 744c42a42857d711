//! Log of an unfinished run: one JSON object a line, append-only. Resuming drops
//! a line that an interruption cut.

use super::machine::{Machine, load_average};
use super::protocol::{Memory, Opened, Round};
use super::settings::Settings;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Everything that was measured of one model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Record {
    /// The path as the table has it.
    pub path: String,
    /// Cells of [`super::target::CARRIED`].
    pub carried: [String; 3],
    /// Shapes of the inputs: `NAME=1x3x32x32;NAME=…`.
    pub input_shapes: String,
    /// Run of the program, from 0, that measured it.
    pub session: u32,
    /// Opening and first run; `None` where that failed.
    pub opened: Option<Opened>,
    /// Memory of processes that were opened for it, after their first run.
    #[serde(default)]
    pub memory: Vec<Memory>,
    /// Rounds: when, in seconds since 1970, and what.
    pub rounds: Vec<(f64, Round)>,
    /// Why the model could not be measured; empty where it could.
    pub error: String,
}

impl Record {
    /// As [`super::Target::key`].
    pub fn key(&self) -> &str {
        let [_, arch, _] = &self.carried;
        if self.path.is_empty() { arch } else { &self.path }
    }

    /// Peak memory in bytes: the mean over the processes opened for it. `None`
    /// where the system does not tell.
    pub fn peak_memory(&self) -> Option<f64> {
        let peaks = self.memory.iter().filter_map(|m| m.peak);
        let (sum, n) = peaks.fold((0.0, 0.0), |(sum, n), peak| (sum + peak as f64, n + 1.0));
        (n > 0.0).then(|| sum / n)
    }
}

/// A line of the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Entry {
    /// The program has started.
    Start {
        /// Its settings.
        settings: Box<Settings>,
        /// The machine it runs on.
        machine: Box<Machine>,
        /// Load averages at the start.
        load: String,
    },
    /// A measurement of the control model.
    Control {
        /// As [`Record::session`].
        session: u32,
        /// Seconds since 1970.
        time: f64,
        /// Median latency, milliseconds.
        ms: f64,
        /// Median processor time of a run, milliseconds.
        cpu_ms: Option<f64>,
    },
    /// A model.
    Model(Box<Record>),
}

/// The log, open for appending.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
    session: u32,
    entries: Vec<Entry>,
}

impl Log {
    /// Starts a log; one that has no model yet is begun anew.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::Interrupted`] where there is one with models already.
    pub fn create(path: &Path, settings: &Settings, machine: &Machine) -> Result<Self> {
        if path.exists() {
            if read(path)?.0.iter().any(|e| matches!(e, Entry::Model(_))) {
                return Err(Error::Interrupted { path: path.to_owned() });
            }
            std::fs::remove_file(path).map_err(|e| Error::io(path, e))?;
        }
        let file = append(path)?;
        let mut log = Self { path: path.to_owned(), file, session: 0, entries: Vec::new() };
        log.start(settings, machine)?;
        Ok(log)
    }

    /// Goes on with a log.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::Log`] where the log is damaged, or was made
    /// with other settings, on another machine or with another library.
    pub fn resume(path: &Path, settings: &Settings, machine: &Machine) -> Result<Self> {
        let (entries, whole) = read(path)?;
        let starts = |e: &&Entry| matches!(e, Entry::Start { .. });
        let session = u32::try_from(entries.iter().filter(starts).count()).unwrap_or(u32::MAX);
        if let Some(Entry::Start { settings: before, machine: on, .. }) = entries.first() {
            same(path, &**before, settings)?;
            same(path, &**on, machine)?;
        }
        let file = append(path)?;
        file.set_len(whole).map_err(|e| Error::io(path, e))?;
        let mut log = Self { path: path.to_owned(), file, session, entries };
        log.start(settings, machine)?;
        Ok(log)
    }

    fn start(&mut self, settings: &Settings, machine: &Machine) -> Result<()> {
        self.push(Entry::Start {
            settings: Box::new(settings.clone()),
            machine: Box::new(machine.clone()),
            load: load_average(),
        })
    }

    /// Appends an entry.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn push(&mut self, entry: Entry) -> Result<()> {
        let mut line = serde_json::to_vec(&entry).map_err(|e| Error::Log {
            path: self.path.clone(),
            line: None,
            reason: e.to_string(),
        })?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(|e| Error::io(&self.path, e))?;
        self.entries.push(entry);
        Ok(())
    }

    /// Which run of the program this is, from 0.
    pub fn session(&self) -> u32 {
        self.session
    }

    /// All entries so far, those of earlier runs first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Records of all models so far.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.entries.iter().filter_map(|e| match e {
            Entry::Model(record) => Some(&**record),
            _ => None,
        })
    }

    /// Control measurements: session, time, latency.
    pub fn control(&self) -> Vec<(u32, f64, f64)> {
        let control = |e: &Entry| match e {
            Entry::Control { session, time, ms, .. } => Some((*session, *time, *ms)),
            _ => None,
        };
        self.entries.iter().filter_map(control).collect()
    }

    /// As [`control`](Self::control), with the processor time of a run.
    pub fn control_cpu(&self) -> Vec<(u32, f64, f64)> {
        let control = |e: &Entry| match e {
            Entry::Control { session, time, cpu_ms, .. } => Some((*session, *time, (*cpu_ms)?)),
            _ => None,
        };
        self.entries.iter().filter_map(control).collect()
    }

    /// Removes the log, once its table is written.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn remove(self) -> Result<()> {
        std::fs::remove_file(&self.path).map_err(|e| Error::io(&self.path, e))
    }
}

fn append(path: &Path) -> Result<File> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    if let Some(parent) = parent {
        std::fs::create_dir_all(parent).map_err(|e| Error::io(parent, e))?;
    }
    let open = OpenOptions::new().create(true).append(true).open(path);
    open.map_err(|e| Error::io(path, e))
}

/// Entries of whole lines, and how many bytes those take.
fn read(path: &Path) -> Result<(Vec<Entry>, u64)> {
    let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
    let whole = bytes.iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
    let lines = bytes.get(..whole).unwrap_or_default().split(|&b| b == b'\n');
    let mut entries = Vec::new();
    for (i, line) in lines.enumerate().filter(|(_, l)| !l.is_empty()) {
        let entry = serde_json::from_slice(line).map_err(|e| Error::Log {
            path: path.to_owned(),
            line: Some(i + 1),
            reason: format!("not a log of measurements: {e}"),
        })?;
        entries.push(entry);
    }
    Ok((entries, whole as u64))
}

/// That two settings (or machines) are the same; the error names what differs.
fn same<T: Serialize>(path: &Path, before: &T, now: &T) -> Result<()> {
    let fields = |x: &T| match serde_json::to_value(x) {
        Ok(serde_json::Value::Object(map)) => map,
        _ => serde_json::Map::new(),
    };
    let (before, now) = (fields(before), fields(now));
    match before.iter().find(|(name, value)| now.get(*name) != Some(value)) {
        None => Ok(()),
        Some((name, value)) => {
            let other = now.get(name).map(ToString::to_string).unwrap_or_default();
            let reason = format!(
                "was begun with {name} {value}, not {other}: measurements made differently do not go into one table"
            );
            Err(Error::Log { path: path.to_owned(), line: None, reason })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(path: &str) -> Entry {
        Entry::Model(Box::new(Record { path: path.to_owned(), ..Record::default() }))
    }

    #[test]
    fn peak_memory_is_a_mean_over_processes() {
        let memory = |peak| Memory { peak, ..Memory::default() };
        let mut record = Record::default();
        assert_eq!(record.peak_memory(), None);
        record.memory = vec![memory(Some(110)), memory(None), memory(Some(120))];
        assert_eq!(record.peak_memory(), Some(115.0));
    }

    #[test]
    fn a_cut_line_is_dropped_and_the_rest_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.csv.partial");
        let (settings, machine) = (Settings::default(), Machine::this("1"));
        let mut log = Log::create(&path, &settings, &machine).unwrap();
        log.push(record("a")).unwrap();
        log.push(Entry::Control { session: 0, time: 1.0, ms: 2.0, cpu_ms: None }).unwrap();
        drop(log);
        let mut file = append(&path).unwrap();
        file.write_all(b"{\"Model\":{\"path\":\"b").unwrap();
        let mut log = Log::resume(&path, &settings, &machine).unwrap();
        assert_eq!(log.session(), 1);
        log.push(record("c")).unwrap();
        drop(log);
        let log = Log::resume(&path, &settings, &machine).unwrap();
        assert_eq!(log.records().map(Record::key).collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!((log.control(), log.session()), (vec![(0, 1.0, 2.0)], 2));
        log.remove().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn other_settings_are_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p");
        let (settings, machine) = (Settings::default(), Machine::this("1"));
        drop(Log::create(&path, &settings, &machine).unwrap());
        let mut log = Log::create(&path, &settings, &machine).unwrap();
        log.push(record("a")).unwrap();
        drop(log);
        let again = Log::create(&path, &settings, &machine).unwrap_err().to_string();
        assert!(again.contains("interrupted run"), "{again}");
        let other = Settings { threads: 7, ..settings.clone() };
        let e = Log::resume(&path, &other, &machine).unwrap_err().to_string();
        assert!(e.contains("threads 0, not 7"), "{e}");
        let e = Log::resume(&path, &settings, &Machine::this("2")).unwrap_err().to_string();
        assert!(e.contains("onnxruntime"), "{e}");
        std::fs::write(&path, "x\n").unwrap();
        let e = Log::resume(&path, &settings, &machine).unwrap_err().to_string();
        assert!(e.contains("line 1"), "{e}");
    }
}
