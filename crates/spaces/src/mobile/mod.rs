//! Networks of inverted residuals: NAS-Bench-Macro, Accel-NASBench, Once-for-all
//! MobileNetV3, FBNet.

pub(crate) mod accel;
pub(crate) mod fbnet;
mod inverted;
pub(crate) mod nasbench_macro;
pub(crate) mod ofa;

/// The multiple of 8 nearest to a width, 8 at least, and not below nine tenths of it
/// (`_make_divisible` of MobileNet's reference code).
fn eight(width: f64) -> i64 {
    let near = (((width + 4.0) / 8.0).floor() as i64 * 8).max(8);
    if (near as f64) < 0.9 * width { near + 8 } else { near }
}

#[cfg(test)]
mod tests {
    use super::eight;

    #[test]
    fn widths_are_multiples_of_eight() {
        let widths = [1.0, 19.2, 28.8, 134.4, 12.0, 1536.0].map(eight);
        assert_eq!(widths, [8, 24, 32, 136, 16, 1536]);
    }
}
