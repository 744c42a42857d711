//! Which networks are worth measuring.

use super::prior::Prior;
use nalgebra::{DMatrix, DVector};

/// Variance of the labels' noise that is reckoned with.
const NOISE: f64 = 0.05;

/// Share of the candidates, those of the largest prior variance, that come last:
/// a network unlike all others has an outsize say in the fit, and its label is
/// seldom typical (one that computes next to nothing is all overhead).
const EXTREME: f64 = 0.05;

/// Positions of `count` candidates (fewer where there are fewer), the most
/// telling first: each is the one whose label would take most from the summed
/// variance of all candidates' predictions (greedy A-optimal design of the
/// predictions; Cohn, Ghahramani & Jordan 1996). Of equals the first is taken.
/// The twentieth of the candidates with the largest prior variance comes last.
pub fn worth_measuring(prior: &Prior, candidates: &[Vec<f64>], count: usize) -> Vec<usize> {
    let width = prior.variance.len();
    let at = |i: usize, j: usize| candidates.get(j).and_then(|f| f.get(i)).copied();
    let x = DMatrix::from_fn(width, candidates.len(), |i, j| at(i, j).unwrap_or(0.0));
    let everyone = &x * x.transpose();
    let mut covariance = DMatrix::from_diagonal(&prior.variance);
    let (usual, extreme) = by_variance(&x, &covariance);
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < count {
        let along = &covariance * &x;
        let gain = gains(&x, &along, &everyone);
        let among = if chosen.len() < usual.len() { &usual } else { &extreme };
        let free = among.iter().filter(|i| !chosen.contains(i));
        let free = free.filter_map(|&i| Some((i, *gain.get(i)?)));
        let Some((best, _)) = free.reduce(|a, b| if b.1 > a.1 { b } else { a }) else { break };
        chosen.push(best);
        let direction = along.column(best);
        let variance = x.column(best).dot(&direction) + NOISE;
        covariance -= direction * direction.transpose() / variance;
    }
    chosen
}

/// Positions of the usual candidates and of the extreme ones, each ascending.
fn by_variance(x: &DMatrix<f64>, covariance: &DMatrix<f64>) -> (Vec<usize>, Vec<usize>) {
    let variance: Vec<f64> = x.column_iter().map(|c| c.dot(&(covariance * c))).collect();
    let mut order: Vec<usize> = (0..variance.len()).collect();
    let key = |i: &usize| variance.get(*i).copied().unwrap_or(0.0);
    order.sort_by(|a, b| key(a).total_cmp(&key(b)));
    let extreme = (order.len() as f64 * EXTREME) as usize;
    let mut rest = order.split_off(order.len() - extreme);
    order.sort_unstable();
    rest.sort_unstable();
    (order, rest)
}

/// How much of the summed variance each candidate's label would take.
fn gains(x: &DMatrix<f64>, along: &DMatrix<f64>, everyone: &DMatrix<f64>) -> DVector<f64> {
    let spread = everyone * along;
    let gain = |i: usize, _| {
        let a = along.column(i);
        a.dot(&spread.column(i)) / (x.column(i).dot(&a) + NOISE)
    };
    DVector::from_fn(x.ncols(), gain)
}

#[cfg(test)]
mod tests {
    use super::super::prior::tests::outputs;
    use super::*;

    #[test]
    fn the_most_telling_come_first_and_none_twice() {
        let reference = outputs(200, 1);
        let prior = Prior::fit(&reference).unwrap();
        let rows: Vec<Vec<f64>> = reference.iter().map(|r| prior.features(r)).collect();
        let chosen = worth_measuring(&prior, &rows, 12);
        let mut distinct = chosen.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!((chosen.len(), distinct.len()), (12, 12));
        assert_eq!(chosen[..5], worth_measuring(&prior, &rows, 5));
        let left = |which: &[usize]| {
            let x = DMatrix::from_fn(which.len(), 5, |i, j| rows[which[i]][j]);
            let inverse = DMatrix::from_diagonal(&prior.variance.map(f64::recip));
            let posterior = (inverse + x.tr_mul(&x) / NOISE).try_inverse().unwrap();
            let one = |r: &Vec<f64>| {
                let r = DVector::from_vec(r.clone());
                r.dot(&(&posterior * &r))
            };
            rows.iter().map(one).sum::<f64>()
        };
        let some: Vec<usize> = (0..12).collect();
        assert!(left(&chosen) < 0.9 * left(&some), "{} {}", left(&chosen), left(&some));
        assert_eq!(worth_measuring(&prior, &rows[..30], 99).len(), 30);
        assert!(worth_measuring(&prior, &[], 9).is_empty());
    }
}
