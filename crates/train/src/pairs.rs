//! Ridge regression on pairs of operations: a teacher for metrics that are sums
//! over operations and pairs of them, as latencies of large batches are.

use crate::error::{Error, Result};
use nalgebra::{DMatrix, DVector, SymmetricEigen};
use nneval_graph::opstring::features;
use nneval_regression::{Facts, labelled_enough};

/// Fewest labels that a fit makes sense with.
const FEWEST_ROWS: usize = 50;
/// Penalties on the squares of the weights, beside the squared error of a label,
/// that are tried.
const PENALTIES: [f64; 7] = [0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];

/// A fitted regression: the counts of kinds of operations by segment
/// ([`features::kind_counts`]), their products, two at a time, and a constant.
/// The penalty is the one with the least error by generalised cross-validation
/// (Golub, Heath and Wahba, Technometrics 1979).
pub struct Pairs {
    columns: Vec<usize>,
    weights: DVector<f64>,
}

impl Pairs {
    /// Fits `labels` of the networks with `facts` ([`Facts::with_segments`]),
    /// rows without a label left out.
    ///
    /// # Errors
    /// [`Error::Training`]: fewer than 50 labels, or no fit.
    pub fn fit(facts: &Facts, labels: &[Option<f64>]) -> Result<Self> {
        let (rows, values) = labelled_enough(labels, FEWEST_ROWS, "pairs of operations")?;
        let varies = |&c: &usize| rows.iter().any(|&r| facts.at(r, c) != 0.0);
        let columns: Vec<usize> = features::kind_counts().filter(varies).collect();
        let none = || Error::Training("pairs of operations found no fit".into());
        let x = design(facts, &rows, &columns);
        let weights = ridge(&x, &DVector::from_vec(values)).ok_or_else(none)?;
        Ok(Self { columns, weights })
    }

    /// Expected labels of networks.
    pub fn predict(&self, facts: &Facts) -> Vec<f64> {
        let rows: Vec<usize> = (0..facts.len()).collect();
        (design(facts, &rows, &self.columns) * &self.weights).as_slice().to_vec()
    }
}

/// Weights of the columns of `x` that predict `y`, with the best of the penalties.
fn ridge(x: &DMatrix<f64>, y: &DVector<f64>) -> Option<DVector<f64>> {
    let eigen = SymmetricEigen::new(x.tr_mul(x));
    let squares = eigen.eigenvalues.map(|s| s.max(0.0));
    let along = eigen.eigenvectors.tr_mul(&x.tr_mul(y));
    let error = |penalty: f64| {
        let (mut kept, mut explained) = (0.0, 0.0);
        for (s, a) in squares.iter().zip(along.iter()) {
            let share = s / (s + penalty);
            kept += share;
            explained += a * a / (s + penalty) * (2.0 - share);
        }
        (y.norm_squared() - explained) / (y.len() as f64 - kept).powi(2)
    };
    let tried = PENALTIES.map(|p| (p, error(p)));
    let (penalty, _) =
        tried.into_iter().filter(|t| t.1.is_finite()).min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(eigen.eigenvectors * along.zip_map(&squares, |a, s| a / (s + penalty)))
}

/// A constant, the facts `columns` of each of `rows`, and their products.
fn design(facts: &Facts, rows: &[usize], columns: &[usize]) -> DMatrix<f64> {
    let n = columns.len();
    let mut x = DMatrix::from_element(rows.len(), 1 + n + n * n.saturating_sub(1) / 2, 1.0);
    for (mut out, &row) in x.row_iter_mut().zip(rows) {
        let own: Vec<f64> = columns.iter().map(|&c| facts.at(row, c)).collect();
        let behind = |i: usize| own.get(i + 1..).unwrap_or_default();
        let products =
            own.iter().enumerate().flat_map(|(i, a)| behind(i).iter().map(move |b| a * b));
        let values = own.iter().copied().chain(products);
        out.iter_mut().skip(1).zip(values).for_each(|(slot, v)| *slot = v);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(n: usize) -> Facts {
        let width = features::kind_counts().max().unwrap() + 1;
        let row = |i: usize| {
            let mut row = vec![0.0; width];
            for (bit, column) in features::kind_counts().take(6).enumerate() {
                row[column] = f64::from(u8::from(i >> bit & 1 == 1));
            }
            row
        };
        Facts::from_rows((0..n).map(row).collect())
    }

    #[test]
    fn noise_is_not_fitted() {
        let facts = facts(64);
        let noise = |i: usize| ((i * 2_654_435_761) % 1000) as f64 / 500.0 - 1.0;
        let labels: Vec<Option<f64>> = (0..64).map(|i| Some(noise(i))).collect();
        let p = Pairs::fit(&facts, &labels).unwrap().predict(&facts);
        let squares = |v: &mut dyn Iterator<Item = f64>| v.map(|x| x * x).sum::<f64>();
        let fitted = squares(&mut p.iter().copied()) / squares(&mut (0..64).map(noise));
        assert!(fitted < 0.3, "{fitted}");
    }

    #[test]
    fn products_of_two_are_learnt() {
        let facts = facts(1280);
        let c: Vec<usize> = features::kind_counts().take(6).collect();
        let truth = |i: usize| {
            let x = |k: usize| facts.at(i, c[k]);
            30.0 + 50.0 * x(0) + 100.0 * x(1) * x(4)
        };
        let labels: Vec<Option<f64>> =
            (0..1280).map(|i| (i % 64 != 18).then(|| truth(i))).collect();
        let pairs = Pairs::fit(&facts, &labels).unwrap();
        let p = pairs.predict(&facts);
        assert!((p[18] - truth(18)).abs() < 0.5, "{} {}", p[18], truth(18));
        assert!(Pairs::fit(&facts, &[Some(1.0); 9]).is_err());
        assert!(pairs.predict(&Facts::from_rows(Vec::new())).is_empty());
    }
}
