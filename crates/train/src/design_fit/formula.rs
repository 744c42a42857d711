//! Fit of a formula of times: non-negative coefficients that leave rare terms out.
//!
//! It minimises Huber's loss of the logarithm of the ratio of value to label, and a penalty on the
//! shares that terms have in the times (lasso, Tibshirani 1996): a term that few networks have
//! could else have any coefficient. The loss is a weighted square, reweighted in rounds; each
//! round is solved by projected coordinate descent.

/// Logarithm of the ratio up to which errors count by their square.
const NEAR: f64 = 0.1;
/// Weight of the penalty.
const PENALTY: f64 = 0.01;
/// Rounds of reweighting.
const ROUNDS: usize = 60;
/// Sweeps of the descent in a round.
const SWEEPS: usize = 60;
/// Share of the rows whose times a term of coefficient 1 exceeds, after scaling.
const TOP: f64 = 0.005;

/// Coefficients of the columns of `rows`, for `times` above 0.
pub fn fit(rows: &[Vec<f64>], times: &[f64]) -> Vec<f64> {
    let width = rows.first().map_or(0, Vec::len);
    let share = |row: &Vec<f64>, time: &f64| row.iter().map(|x| x / time).collect::<Vec<f64>>();
    let mut shares: Vec<Vec<f64>> = rows.iter().zip(times).map(|(r, t)| share(r, t)).collect();
    let tops: Vec<f64> = (0..width).map(|j| top(&shares, j)).collect();
    for row in &mut shares {
        row.iter_mut().zip(&tops).for_each(|(x, top)| *x = if *top > 0.0 { *x / top } else { 0.0 });
    }
    let mut found = vec![1.0 / width.max(1) as f64; width];
    for _ in 0..ROUNDS {
        descend(&shares, &mut found);
    }
    found.iter().zip(&tops).map(|(c, top)| if *top > 0.0 { c / top } else { 0.0 }).collect()
}

/// The share that all but a few rows stay below.
fn top(shares: &[Vec<f64>], j: usize) -> f64 {
    let mut column: Vec<f64> = shares.iter().filter_map(|r| r.get(j).copied()).collect();
    column.sort_by(f64::total_cmp);
    let at = ((column.len() as f64) * (1.0 - TOP)) as usize;
    column.get(at.min(column.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

/// One round: weights at `found`, then descent on Σ weight · (value − 1)² / 2 + penalty.
fn descend(shares: &[Vec<f64>], found: &mut [f64]) {
    let width = found.len();
    let mut gram = vec![0.0; width * width];
    let mut target = vec![-PENALTY * shares.len() as f64; width];
    for row in shares {
        let weight = weight(row.iter().zip(found.iter()).map(|(x, c)| x * c).sum());
        for (i, x) in row.iter().enumerate().filter(|(_, x)| **x != 0.0) {
            let scaled = weight * x;
            let line = gram.iter_mut().skip(i * width).take(width);
            line.zip(row).for_each(|(g, y)| *g += scaled * y);
            if let Some(t) = target.get_mut(i) {
                *t += scaled;
            }
        }
    }
    for _ in 0..SWEEPS {
        for i in 0..width {
            let line = gram.iter().skip(i * width).take(width);
            let product: f64 = line.zip(found.iter()).map(|(g, c)| g * c).sum();
            let (Some(t), Some(own)) = (target.get(i), gram.get(i * width + i)) else { continue };
            if let Some(c) = found.get_mut(i).filter(|_| *own > 0.0) {
                *c = (*c + (t - product) / own).max(0.0);
            }
        }
    }
}

/// The weight with which a square has the gradient of Huber's loss of the logarithm at `value`.
fn weight(value: f64) -> f64 {
    let value = value.max(1e-9);
    let off = value.ln();
    let slope = (off / NEAR).clamp(-1.0, 1.0) / value;
    match (value - 1.0).abs() < 1e-6 {
        true => 1.0 / NEAR,
        false => slope / (value - 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_are_found_again_and_rare_terms_left_out() {
        let x = |i: usize, j: usize| 1.0 + ((i * (2 * j + 3) * 7919 + j * 104_729) % 101) as f64;
        let rows: Vec<Vec<f64>> = (0..400)
            .map(|i| vec![x(i, 0), x(i, 1), x(i, 2), if i == 7 { 1e-3 } else { 0.0 }])
            .collect();
        let times: Vec<f64> = rows.iter().map(|r| 0.5 * r[0] + 3.0 * r[2]).collect();
        let found = fit(&rows, &times);
        for (row, time) in rows.iter().zip(&times) {
            let value: f64 = row.iter().zip(&found).map(|(x, c)| x * c).sum();
            assert!((value / time).ln().abs() < 0.05, "{value} {time} {found:?}");
        }
        assert_eq!(found[3], 0.0);
    }
}
