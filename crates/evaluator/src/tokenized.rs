//! Token sequences of a network: of its operation string, and of the reductions that metrics are
//! predicted from.

use super::bundle::Bundle;
use super::network::Network;
use crate::error::{Error, Result};
use nneval_graph::reduce::Reduction;
use std::collections::HashSet;

/// Most tokens of a network in windows that differ: an encoder runs once for each.
const MOST_TOKENS: usize = 32 << 10;

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
    /// As [`Bundle::tokens`]; [`Error::Tokenizer`] for a network of too many tokens.
    pub(super) fn tokenize(
        &self,
        network: &Network,
        reductions: &[Reduction],
    ) -> Result<TokenizedNetwork> {
        let reductions = network.reductions(reductions)?;
        let tokens =
            |(reduction, string): (Reduction, String)| Ok((reduction, self.bounded(&string)?));
        Ok(TokenizedNetwork {
            unreduced: self.bounded(network.string())?,
            reduced: reductions.into_iter().map(tokens).collect::<Result<_>>()?,
        })
    }

    /// The tokens of an operation string, which the encoder can take in bounded time.
    fn bounded(&self, string: &str) -> Result<Vec<u32>> {
        let tokens = self.tokens(string)?;
        if tokens.len() > MOST_TOKENS {
            let windows: HashSet<&[u32]> = tokens.chunks(self.manifest.window.max(1)).collect();
            let differ = windows.iter().map(|w| w.len()).fold(0, usize::saturating_add);
            if differ > MOST_TOKENS {
                let reason = format!("the network has more than {MOST_TOKENS} tokens that differ");
                return Err(Error::Tokenizer(reason));
            }
        }
        Ok(tokens)
    }
}
