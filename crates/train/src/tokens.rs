//! Operation strings of networks as token sequences.

use crate::Examples;
use crate::error::{Error, Result};
use crate::network::DatasetNetwork;
use crate::progress::{Observer, Progress};
use crate::recipe::{MAX_LENGTH, StageSettings};
use crate::source::spellings;
use nneval_evaluator::Bundle;
use nneval_evaluator::shipped::Shipped;
use nneval_evaluator::tokenizer::Tokenizer;
use nneval_graph::opstring::Style;
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How networks become tokens.
#[derive(Debug, Clone)]
pub struct TokenizerConfig {
    /// Vocabulary.
    pub tokenizer: Tokenizer,
    /// Spelling of the strings.
    pub style: Style,
    /// Longest token sequence that is encoded in one piece.
    pub max_length: usize,
    /// Other spellings of each network beside the canonical one.
    pub augment: usize,
}

impl TokenizerConfig {
    /// As for the evaluator `from`, else as the settings say.
    ///
    /// # Errors
    /// [`Error::Start`] where no vocabulary is there, or the stage names another than its
    /// evaluator's; [`Error::Evaluator`] for one that cannot be read.
    pub fn new(s: &StageSettings, from: Option<&Bundle>, shipped: &Shipped) -> Result<Self> {
        if from.is_some() && s.own_tokens {
            return Err(Error::Start(format!(
                "stage {}: tokenizer and style are those of the evaluator that it starts from; \
                 leave them out",
                s.name
            )));
        }
        let tokenizer = match (from, &s.tokenizer) {
            (Some(bundle), _) => bundle.tokenizer.clone(),
            (None, Some(path)) => Tokenizer::open(path)?,
            (None, None) => shipped.vocabulary().ok_or_else(|| {
                Error::Start("models/tokenizer.json is not there; name a tokenizer".into())
            })?,
        };
        let manifest = from.map(|b| &b.manifest);
        let style = manifest.map_or(s.style, |m| m.string_style);
        let max_length = s.max_length.or(manifest.map(|m| m.window)).unwrap_or(MAX_LENGTH);
        Ok(Self { tokenizer, style, max_length, augment: s.augment })
    }

    /// Tokens of `networks`, without targets. Longer sequences are cut, which is told.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn examples(&self, networks: &[&DatasetNetwork], observer: Observer) -> Result<Examples> {
        let cut = AtomicUsize::new(0);
        let encode = |(i, n): (usize, &&DatasetNetwork)| -> Result<Vec<Vec<u32>>> {
            let encoded = self.spelled(n, (i * self.augment) as u64).into_iter().map(|s| {
                let mut tokens = self.tokenizer.encode(&s)?;
                if tokens.len() > self.max_length {
                    cut.fetch_add(1, Ordering::Relaxed);
                    tokens.truncate(self.max_length);
                }
                Ok(tokens)
            });
            encoded.collect()
        };
        let tokens = networks.par_iter().enumerate().map(encode).collect::<Result<Vec<_>>>()?;
        let strings = cut.into_inner();
        if strings > 0 {
            observer(&Progress::Truncated { strings, max_length: self.max_length });
        }
        Ok(Examples::of_tokens(tokens))
    }

    fn spelled(&self, network: &DatasetNetwork, seed: u64) -> Vec<String> {
        match (self.style, self.augment) {
            (Style::V1, 0) => vec![network.string.clone()],
            (style, extra) => spellings(&network.graph, style, extra, seed),
        }
    }
}
