//! Token sequences and targets of a training run.

/// Rows to train or validate on.
#[derive(Debug, Clone, Default)]
pub struct Examples {
    /// Metric names, in column order; auxiliary targets come last.
    pub names: Vec<String>,
    /// How many of the names, at the end, are auxiliary: trained on, but
    /// neither validated nor part of the evaluator.
    pub auxiliary: usize,
    /// For each row its spellings as token sequences, the canonical one first.
    pub tokens: Vec<Vec<Vec<u32>>>,
    /// For each row one transformed label a name, `None` where missing.
    pub targets: Vec<Vec<Option<f32>>>,
}

impl Examples {
    /// Examples without targets.
    pub fn of_tokens(tokens: Vec<Vec<Vec<u32>>>) -> Self {
        Self { targets: vec![Vec::new(); tokens.len()], tokens, ..Self::default() }
    }

    /// Number of metrics, auxiliary targets not counted.
    pub fn metrics(&self) -> usize {
        self.names.len().saturating_sub(self.auxiliary)
    }

    /// Column of the head that name `i` of `names` trains, of `columns` in all:
    /// metrics take the first, auxiliary targets the last, so that parameters
    /// trained for some metrics can start a run for others.
    pub fn column(&self, i: usize, columns: usize) -> usize {
        match i < self.metrics() {
            true => i,
            false => (columns + i).saturating_sub(self.names.len()),
        }
    }

    /// The canonical token sequences.
    pub fn canonical(&self) -> Vec<Vec<u32>> {
        self.tokens.iter().map(|t| t.first().cloned().unwrap_or_default()).collect()
    }
}
