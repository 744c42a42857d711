//! What an evaluator reads of a network: the tokens of its operation string, and of
//! those of its views that metrics are predicted from.

use super::{Bundle, Manifest};
use crate::error::Result;
use crate::opstring::{self, View};

/// Token sequences of a network.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    /// Of the whole network.
    pub whole: Vec<u32>,
    /// Of the views in which it is another network.
    pub others: Vec<(View, Vec<u32>)>,
}

impl Bundle {
    /// Reads an operation string.
    ///
    /// # Errors
    /// As [`opstring::parse()`] and [`Bundle::tokens`].
    pub(super) fn reading(&self, string: &str) -> Result<Reading> {
        let (views, mut others) = (self.manifest.views(), Vec::new());
        if !views.is_empty() && View::may_differ(string) {
            let graph = opstring::parse(string)?;
            for view in views {
                if let Some(plain) = view.of(&graph) {
                    others.push((view, self.tokens(&opstring::write(&plain))?));
                }
            }
        }
        Ok(Reading { whole: self.tokens(string)?, others })
    }
}

impl Manifest {
    /// The views of metrics, [`View::Whole`] left out.
    fn views(&self) -> Vec<View> {
        let mut views: Vec<View> = self.metrics.iter().map(|m| m.view).collect();
        views.sort_unstable();
        views.dedup();
        views.retain(|view| !view.is_whole());
        views
    }
}
