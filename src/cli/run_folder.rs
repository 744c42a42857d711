//! What `nneval train` and `pretrain` leave in their run folder beside logs and checkpoints:
//! settings, the command that reproduces the run, learning curves.

use nneval::files::{sha256, write_atomic};
use nneval::report::learning_curves;
use nneval::runtime::Runtime;
use nneval::training::{Config, Environment, Event, TrainingGraphs};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The command line, the program by its name alone, without --resume.
pub fn command() -> String {
    let quoted = |a: String| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:+@%".contains(c);
        match !a.is_empty() && a.chars().all(plain) {
            true => a,
            false => format!("'{}'", a.replace('\'', r"'\''")),
        }
    };
    let rest = std::env::args().skip(1).filter(|a| a != "--resume").map(quoted);
    std::iter::once("nneval".to_owned()).chain(rest).collect::<Vec<_>>().join(" ")
}

/// What an evaluator in `out` is called: as given, else as the folder.
pub fn evaluator_name(given: Option<&str>, out: &Path) -> String {
    let last = || out.file_name().map(|n| n.to_string_lossy().into_owned());
    given.map(str::to_owned).or_else(last).unwrap_or_default()
}

/// What a run is made of.
pub struct Description<'a> {
    /// Settings of the optimisation.
    pub config: &'a Config,
    /// Threads and versions.
    pub environment: &'a Environment,
    /// ONNX Runtime.
    pub runtime: &'a Runtime,
    /// Files beside the graphs that the result depends on, by their role.
    pub inputs: Vec<(&'static str, PathBuf)>,
    /// Training graphs.
    pub graphs: &'a TrainingGraphs,
    /// Content of the tokenizer.
    pub tokenizer: &'a str,
    /// The command's other options.
    pub options: Value,
}

/// Writes `config.json` and `reproduce.sh`.
pub fn write(dir: &Path, d: &Description) -> anyhow::Result<()> {
    let mut sums = BTreeMap::from([
        ("train.onnx".to_owned(), sha256(&d.graphs.train)),
        ("encoder.onnx".to_owned(), sha256(&d.graphs.encoder)),
        ("tokenizer.json".to_owned(), sha256(d.tokenizer.as_bytes())),
    ]);
    for (role, path) in &d.inputs {
        let content = std::fs::read(path).map_err(|e| nneval::Error::io(path, e))?;
        sums.insert((*role).to_owned(), sha256(&content));
    }
    let text = json!({
        "config": d.config,
        "options": d.options,
        "environment": d.environment,
        "library": d.runtime.library(),
        "command": command(),
        "sha256": sums,
    });
    let text = serde_json::to_string_pretty(&text)? + "\n";
    write_atomic(&dir.join("config.json"), text.as_bytes())?;
    let folder = std::env::current_dir().unwrap_or_default();
    let script = format!(
        "#!/bin/sh\n# Run in {}, with nneval {}, ONNX Runtime {}.\n{}\n",
        folder.display(),
        d.environment.nneval,
        d.environment.onnxruntime,
        command()
    );
    Ok(write_atomic(&dir.join("reproduce.sh"), script.as_bytes())?)
}

/// Redraws `curves.svg` at the end of every epoch.
pub struct Curves {
    dir: PathBuf,
    failed: bool,
}

impl Curves {
    /// Curves of the run in `dir`.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), failed: false }
    }

    /// Takes one event. A picture that cannot be written does not stop a run;
    /// it is said once.
    pub fn show(&mut self, event: &Event) {
        if !matches!(event, Event::Epoch(..)) {
            return;
        }
        let drawn = learning_curves(&self.dir.join("epochs.csv"), &self.dir.join("curves.svg"));
        if let (Err(e), false) = (drawn, self.failed) {
            super::note(format_args!("no learning curves: {e}"));
            self.failed = true;
        }
    }
}
