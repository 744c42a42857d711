//! The standard normal distribution.

/// Quantile of the standard normal distribution for `p` in (0, 1); infinite at
/// the ends, NaN outside. Relative error below 1.2e-9.
///
/// Rational approximation of P. J. Acklam, "An algorithm for computing the
/// inverse normal cumulative distribution function" (2003).
pub(super) fn quantile(p: f64) -> f64 {
    const LOW: f64 = 0.02425;
    if !(0.0..=1.0).contains(&p) {
        f64::NAN
    } else if p == 0.0 {
        f64::NEG_INFINITY
    } else if p == 1.0 {
        f64::INFINITY
    } else if p < LOW {
        tail((-2.0 * p.ln()).sqrt())
    } else if p > 1.0 - LOW {
        -tail((-2.0 * (1.0 - p).ln()).sqrt())
    } else {
        centre(p - 0.5)
    }
}

fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, c| sum * x + c)
}

fn centre(q: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969683028665376e+01,
        2.209460984245205e+02,
        -2.759285104469687e+02,
        1.38357751867269e+02,
        -3.066479806614716e+01,
        2.506628277459239e+00,
    ];
    const B: [f64; 6] = [
        -5.447609879822406e+01,
        1.615858368580409e+02,
        -1.556989798598866e+02,
        6.680131188771972e+01,
        -1.328068155288572e+01,
        1.0,
    ];
    let r = q * q;
    q * polynomial(&A, r) / polynomial(&B, r)
}

fn tail(q: f64) -> f64 {
    const C: [f64; 6] = [
        -7.784894002430293e-03,
        -3.223964580411365e-01,
        -2.400758277161838e+00,
        -2.549732539343734e+00,
        4.374664141464968e+00,
        2.938163982698783e+00,
    ];
    const D: [f64; 5] = [
        7.784695709041462e-03,
        3.224671290700398e-01,
        2.445134137142996e+00,
        3.754408661907416e+00,
        1.0,
    ];
    polynomial(&C, q) / polynomial(&D, q)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values: scipy 1.17.1, `scipy.stats.norm.ppf`.
    #[test]
    fn reference_values() {
        for (p, want) in [
            (1e-9, -5.9978070150076865),
            (0.001, -3.090232306167813),
            (0.02, -2.053748910631823),
            (0.025, -1.9599639845400545),
            (0.3, -0.5244005127080409),
            (0.9, 1.2815515655446004),
            (0.975, 1.959963984540054),
            (0.99999, 4.264890793923841),
        ] {
            let got = quantile(p);
            assert!((got / want - 1.0).abs() < 1.2e-9, "{p}: {got} is not {want}");
        }
        assert_eq!(quantile(0.5), 0.0);
        assert_eq!((quantile(0.0), quantile(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
        assert!(quantile(-0.1).is_nan() && quantile(f64::NAN).is_nan());
    }
}
