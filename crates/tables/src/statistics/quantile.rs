//! Quantiles of a sample.

/// Quantile of ascending `sorted` by linear interpolation between order
/// statistics (type 7 of Hyndman and Fan 1996); `None` when empty or when `q`
/// is outside [0, 1].
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&q) {
        return None;
    }
    let place = q * sorted.len().checked_sub(1)? as f64;
    let low = place.floor();
    let a = sorted.get(low as usize)?;
    let b = sorted.get(place.ceil() as usize)?;
    Some(a + (b - a) * (place - low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles() {
        let v = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(quantile(&v, 0.0), Some(1.0));
        assert_eq!(quantile(&v, 1.0), Some(8.0));
        assert_eq!(quantile(&v, 0.5), Some(3.0));
        assert_eq!(
            (quantile(&v, 1.1), quantile(&v, f64::NAN), quantile(&[], 0.5)),
            (None, None, None)
        );
    }
}
