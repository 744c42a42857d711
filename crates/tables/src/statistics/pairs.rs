//! Pairs of numbers that statistics accept.

/// The pairs in which both values are present.
pub fn paired(x: &[Option<f64>], y: &[Option<f64>]) -> (Vec<f64>, Vec<f64>) {
    x.iter().zip(y).filter_map(|(x, y)| Some(((*x)?, (*y)?))).unzip()
}

/// Nothing unless both lists have one length, `least` values, and finite values.
pub(super) fn check(x: &[f64], y: &[f64], least: usize) -> Option<()> {
    let whole = x.len() == y.len() && x.len() >= least;
    (whole && x.iter().chain(y).all(|v| v.is_finite())).then_some(())
}

/// The value where it is finite.
pub(super) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// True where no two values differ.
pub(crate) fn is_constant(values: &[f64]) -> bool {
    values.first().is_none_or(|first| values.iter().all(|v| v == first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_values_drop_the_pair() {
        let (x, y) = paired(&[Some(1.0), None, Some(3.0)], &[Some(4.0), Some(5.0), None]);
        assert_eq!((x, y), (vec![1.0], vec![4.0]));
    }
}
