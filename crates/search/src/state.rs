//! What a search that goes on later needs.

use super::problem::Problem;
use super::run::{Candidate, Settings};
use crate::error::{Error, Result};
use nneval_files::write_atomic;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Layout version.
const FORMAT: u32 = 1;

/// The content of `state.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    format: u32,
    space: String,
    problem: Problem,
    settings: Settings,
    /// What the values come from (evaluators by name and SHA-256); compared by
    /// [`State::check_source`].
    #[serde(default)]
    source: String,
    pub(super) history: Vec<Candidate>,
    pub(super) population: Vec<usize>,
    pub(super) settled: usize,
}

impl State {
    pub(super) fn new(
        space: String,
        problem: Problem,
        settings: Settings,
        history: Vec<Candidate>,
        population: Vec<usize>,
        settled: usize,
    ) -> Self {
        let (format, source) = (FORMAT, String::new());
        Self { format, space, problem, settings, source, history, population, settled }
    }

    /// Names what the values come from.
    #[must_use]
    pub fn with_source(self, source: &str) -> Self {
        Self { source: source.to_owned(), ..self }
    }

    /// How the search went so far.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Checks that the values come from `source`.
    ///
    /// # Errors
    /// [`Error::Search`] where they do not.
    pub fn check_source(&self, source: &str) -> Result<()> {
        let own = &self.source;
        match own == source {
            true => Ok(()),
            false => Err(Error::Search(format!("the state was made with {own:?}, not {source:?}"))),
        }
    }

    /// Writes the state, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string(self).map_err(|e| Error::Search(e.to_string()))?;
        write_atomic(path, (text + "\n").as_bytes())
    }

    /// Reads a state.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Search`] where the file is not a state.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
        let bad = |e: String| Error::Search(format!("{}: not a state: {e}", path.display()));
        let state: Self = serde_json::from_slice(&bytes).map_err(|e| bad(e.to_string()))?;
        match state.format {
            FORMAT => Ok(state),
            other => Err(bad(format!("layout version {other}, this nneval reads {FORMAT}"))),
        }
    }

    pub(super) fn check(&self, space: &str, problem: &Problem, settings: &Settings) -> Result<()> {
        let (p, s) = (&self.problem, &self.settings);
        let same = [
            ("space", self.space == space),
            ("objectives", p.objectives == problem.objectives),
            ("limits", p.limits == problem.limits),
            ("metrics", p.columns == problem.columns),
            ("algorithm", s.algorithm == settings.algorithm),
            ("seed", s.seed == settings.seed),
            ("population", s.population == settings.population),
            ("tournament", s.tournament == settings.tournament),
        ];
        let width = p.columns.len();
        match same.iter().find(|(_, same)| !same) {
            Some((what, _)) => Err(Error::Search(format!("the state has another {what}"))),
            None if self.history.iter().any(|c| !c.has_width(width)) => {
                Err(Error::Search("the state is damaged: a candidate lacks values".into()))
            }
            None => Ok(()),
        }
    }
}
