//! What an evaluator reads of a network: the tokens of its operation string, and of
//! those of its views that metrics are predicted from.

use super::Bundle;
use super::manifest::views;
use crate::error::Result;
use nneval_graph::opstring::{self, View};

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
        Ok(Reading { whole: self.tokens(string)?, others: self.others(string)? })
    }

    /// The views in which the network that `string` says is another.
    fn others(&self, string: &str) -> Result<Vec<(View, Vec<u32>)>> {
        if !View::may_differ(string) {
            return Ok(Vec::new());
        }
        let views = views(&self.manifest.metrics);
        if views.is_empty() {
            return Ok(Vec::new());
        }
        let graph = opstring::parse(string)?;
        let seen = views.into_iter().filter_map(|view| Some((view, view.of(&graph)?)));
        seen.map(|(view, plain)| Ok((view, self.tokens(&opstring::write(&plain))?))).collect()
    }
}
