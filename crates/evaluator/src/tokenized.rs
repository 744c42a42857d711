//! Token sequences of a network: of its operation string, and of the reductions that metrics are
//! predicted from.

use super::bundle::Bundle;
use super::network::Network;
use crate::error::Result;
use nneval_graph::reduce::Reduction;

/// Token sequences of a network.
#[derive(Debug, Clone)]
pub(super) struct TokenizedNetwork {
    /// Of the network as it is.
    pub unreduced: Vec<u32>,
    /// Of the reductions in which it is another network.
    pub reduced: Vec<(Reduction, Vec<u32>)>,
}

impl Bundle {
    /// The token sequences of a network and of `reductions` of it.
    ///
    /// # Errors
    /// As [`Bundle::tokens`].
    pub(super) fn tokenize(
        &self,
        network: &Network,
        reductions: &[Reduction],
    ) -> Result<TokenizedNetwork> {
        let reductions = network.reductions(reductions)?;
        let tokens =
            |(reduction, string): (Reduction, String)| Ok((reduction, self.tokens(&string)?));
        Ok(TokenizedNetwork {
            unreduced: self.tokens(network.string())?,
            reduced: reductions.into_iter().map(tokens).collect::<Result<_>>()?,
        })
    }
}
