//! Gradient-boosted trees on the structural facts of networks: a teacher for
//! when there are many labels. Trees follow the steps of measured latencies,
//! which smooth functions do not.

use crate::error::{Error, Result};
use forust_ml::objective::ObjectiveType;
use forust_ml::sampler::SampleMethod;
use forust_ml::{GradientBooster, Matrix};
use nneval_regression::{Facts, labelled_enough};

/// Fewest labels that a fit makes sense with.
const FEWEST_ROWS: usize = 50;
const MAX_LEAVES: usize = 31;
const MAX_DEPTH: usize = 10;
/// Fewest rows in a leaf.
const LEAF_ROWS: f32 = 10.0;
/// Shares of the rows and of the facts that a tree sees.
const SUBSAMPLE: (f32, f64) = (0.7, 0.5);
const BINS: u16 = 64;

/// How well to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// As well as is worth it.
    Full,
    /// In a fifth of the time.
    Quick,
}

impl Effort {
    /// Trees, and the share of what is left that each takes.
    fn steps(self) -> (usize, f32) {
        match self {
            Self::Full => (800, 0.04),
            Self::Quick => (150, 0.2),
        }
    }
}

/// Fitted trees.
pub struct Trees(GradientBooster);

impl Trees {
    /// Fits `labels` of the networks with `facts`, rows without a label left
    /// out. One thread, so that the result does not depend on the machine.
    ///
    /// # Errors
    /// [`Error::Training`]: fewer than 50 labels, or no fit.
    pub fn fit(facts: &Facts, labels: &[Option<f64>], effort: Effort) -> Result<Self> {
        let (rows, values) = labelled_enough(labels, FEWEST_ROWS, "trees on structural facts")?;
        let mut trees = booster(effort);
        let columns = columns(facts, &rows);
        let matrix = Matrix::new(&columns, rows.len(), facts.width());
        let failed = |e| Error::Training(format!("trees on structural facts: {e}"));
        trees.fit_unweighted(&matrix, &values, None).map_err(failed)?;
        Ok(Self(trees))
    }

    /// Expected labels of networks.
    pub fn predict(&self, facts: &Facts) -> Vec<f64> {
        if facts.is_empty() {
            return Vec::new();
        }
        let rows: Vec<usize> = (0..facts.len()).collect();
        let columns = columns(facts, &rows);
        self.0.predict(&Matrix::new(&columns, rows.len(), facts.width()), false)
    }
}

/// Trees to be fitted to values of mean 0.
fn booster(effort: Effort) -> GradientBooster {
    let (trees, rate) = effort.steps();
    GradientBooster::default()
        .set_objective_type(ObjectiveType::SquaredLoss)
        .set_base_score(0.0)
        .set_initialize_base_score(false)
        .set_iterations(trees)
        .set_learning_rate(rate)
        .set_max_leaves(MAX_LEAVES)
        .set_max_depth(MAX_DEPTH)
        .set_min_leaf_weight(LEAF_ROWS)
        .set_sample_method(SampleMethod::Random)
        .set_subsample(SUBSAMPLE.0)
        .set_colsample_bytree(SUBSAMPLE.1)
        .set_nbins(BINS)
        .set_seed(0)
        .set_parallel(false)
}

/// The facts of `rows`, column after column.
fn columns(facts: &Facts, rows: &[usize]) -> Vec<f64> {
    (0..facts.width()).flat_map(|j| rows.iter().map(move |&i| facts.at(i, j))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(n: usize, shift: f64) -> Facts {
        let row = |i: usize| {
            let x = (i as f64 * 0.618_033_988_75 + shift).fract() * 4.0;
            (0..9).map(|j| if j == 3 { x } else { 0.0 }).collect()
        };
        Facts::from_rows((0..n).map(row).collect())
    }

    #[test]
    fn steps_are_learnt() {
        let (train, test) = (facts(800, 0.0), facts(50, 0.013));
        let labels: Vec<Option<f64>> =
            (0..800).map(|i| (i % 7 != 0).then(|| train.at(i, 3).floor())).collect();
        let trees = Trees::fit(&train, &labels, Effort::Full).unwrap();
        let far_from_a_step = |x: f64| (0.1..0.9).contains(&x.fract());
        for (i, p) in trees.predict(&test).into_iter().enumerate() {
            let x = test.at(i, 3);
            assert!(!far_from_a_step(x) || (p - x.floor()).abs() < 0.1, "{x} {p}");
        }
        assert!(trees.predict(&Facts::from_rows(Vec::new())).is_empty());
    }

    #[test]
    fn too_few_labels_are_refused() {
        let few = facts(10, 0.0);
        let reason = Trees::fit(&few, &[Some(1.0); 10], Effort::Quick).err().unwrap().to_string();
        assert!(reason.contains("at least 50"), "{reason}");
    }
}
