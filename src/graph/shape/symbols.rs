//! Names of symbolic dimensions.

use rten_shape_inference::SymExpr;
use std::collections::HashMap;

/// The symbols of a model, numbered in order of first appearance, so that
/// formulas do not depend on the names that a file gives them.
#[derive(Debug, Clone, Default)]
pub struct Symbols {
    names: Vec<String>,
}

/// Canonical name of symbol `i`; zero-padded so that names sort as numbers.
fn canonical(i: usize) -> String {
    format!("s{i:04}")
}

/// The number of a canonical symbol name.
pub fn number(canonical: &str) -> Option<usize> {
    canonical.strip_prefix('s')?.parse().ok()
}

/// A size as an expression; `None` over 2^31.
pub fn value(n: u64) -> Option<SymExpr> {
    i32::try_from(n).ok().map(SymExpr::Value)
}

/// True for an expression that contains a variable about which nothing is known.
pub fn is_synthetic(e: &SymExpr) -> bool {
    e.iter().any(|x| matches!(x, SymExpr::Var(v) if v.synthetic))
}

impl Symbols {
    /// The symbol that the file calls `name`, or its bound size. Formulas that
    /// exporters write (`2*seq + 1`) are symbols of their own.
    pub fn parse(&mut self, name: &str, bound: &HashMap<String, u64>) -> SymExpr {
        if let Some(v) = bound.get(name).and_then(|&n| value(n)) {
            return v;
        }
        let i = self.names.iter().position(|n| n == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        SymExpr::pos_var(&canonical(i))
    }

    /// The file's name for a canonical symbol name.
    pub fn name(&self, canonical: &str) -> Option<&str> {
        self.names.get(number(canonical)?).map(String::as_str)
    }
}
