//! Numbers of a page, shortened.

/// Seven significant digits: more than a page shows, and shorter as text.
pub fn rounded(v: f64) -> f64 {
    format!("{v:.6e}").parse().unwrap_or(v)
}
