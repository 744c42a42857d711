//! Tokenizers of other kinds, and the training of new ones, by the `tokenizers` crate.

use super::cuts::Cuts;
use super::growth;
use super::{SPECIAL, Tokenizer};
use crate::error::{Error, Result};
use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{
    AddedToken, DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, SplitDelimiterBehavior,
    TokenizerBuilder,
};

/// A tokenizer of any kind, as its file describes it.
#[derive(Debug, Clone)]
pub struct Foreign(tokenizers::Tokenizer);

fn failed(e: impl std::fmt::Display) -> Error {
    Error::Tokenizer(e.to_string())
}

impl Foreign {
    /// Reads the content of a `tokenizer.json`.
    pub fn from_bytes(json: &[u8]) -> Result<Self> {
        let mut inner = tokenizers::Tokenizer::from_bytes(json).map_err(failed)?;
        // Text that looks like `<mask>` is text: special tokens have no spelling.
        inner.set_encode_special_tokens(true);
        // Strings are never cut silently, whatever the file asks for.
        inner.with_truncation(None).map_err(failed)?.with_padding(None);
        let splits = serde_json::to_value(inner.get_pre_tokenizer()).map_err(failed)?;
        let after = serde_json::to_value(inner.get_post_processor()).map_err(failed)?;
        growth::check(inner.get_normalizer(), &splits, &after).map_err(Error::Tokenizer)?;
        Ok(Self(inner))
    }

    /// The content of a `tokenizer.json`.
    pub fn to_json(&self) -> Result<String> {
        self.0.to_string(true).map_err(failed)
    }

    /// Token numbers of a text, without those that a post-processor adds.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        growth::check_text(self.0.get_normalizer(), text).map_err(Error::Tokenizer)?;
        Ok(self.0.encode_fast(text, false).map_err(failed)?.get_ids().to_vec())
    }

    /// The spelling of a token.
    pub fn spelling(&self, token: u32) -> Option<String> {
        self.0.id_to_token(token)
    }

    /// Number of tokens in the vocabulary.
    pub fn size(&self) -> usize {
        self.0.get_vocab_size(true)
    }
}

impl Tokenizer {
    /// Learns at most `size` tokens from operation strings. The result depends
    /// on the strings and their order only.
    ///
    /// # Errors
    /// [`Error::Tokenizer`].
    pub fn build<S: AsRef<str> + Send>(
        strings: impl Iterator<Item = S> + Send,
        size: usize,
        cuts: Cuts,
    ) -> Result<Self> {
        let pattern = SplitPattern::Regex(cuts.pattern());
        let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false).map_err(failed)?;
        let mut inner = TokenizerBuilder::<
            BPE,
            NormalizerWrapper,
            Split,
            PostProcessorWrapper,
            DecoderWrapper,
        >::new()
        .with_model(BPE::default())
        .with_pre_tokenizer(Some(split))
        .with_normalizer(None)
        .with_post_processor(None)
        .with_decoder(None)
        .build()
        .map_err(failed)?;
        let special = SPECIAL.map(|t| AddedToken::from(t, true));
        let mut trainer = BpeTrainerBuilder::new()
            .vocab_size(size)
            .min_frequency(2)
            .show_progress(false)
            .special_tokens(special.to_vec())
            .initial_alphabet((' '..='~').collect())
            .build();
        inner.train(&mut trainer, strings).map_err(failed)?;
        let json = inner.to_string(true).map_err(failed)?;
        Self::from_bytes(json.as_bytes())
    }
}
