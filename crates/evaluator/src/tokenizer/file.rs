//! Files of nneval's own tokenizers: `tokenizer.json` with cuts and merges, and nothing else.

use super::bpe::Bpe;
use super::cuts::Cuts;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;

/// A tokenizer that only cuts and merges.
#[derive(Debug, Clone)]
pub struct Own {
    /// The file's content.
    pub json: Arc<str>,
    /// Where strings are cut.
    pub cuts: Cuts,
    /// What is merged.
    pub bpe: Bpe,
    /// Spellings of the tokens, by number.
    pub spellings: HashMap<u32, String>,
}

/// The file, as far as it matters.
#[derive(Deserialize)]
struct File {
    truncation: Option<serde::de::IgnoredAny>,
    padding: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    added_tokens: Vec<Added>,
    normalizer: Option<serde::de::IgnoredAny>,
    pre_tokenizer: PreTokenizer,
    post_processor: Option<serde::de::IgnoredAny>,
    model: Model,
}

#[derive(Deserialize)]
struct Added {
    id: u32,
    content: String,
}

#[derive(Deserialize)]
struct PreTokenizer {
    #[serde(rename = "type")]
    kind: String,
    pattern: Pattern,
    behavior: String,
    invert: bool,
}

#[derive(Deserialize)]
struct Pattern {
    #[serde(rename = "Regex")]
    regex: String,
}

#[derive(Deserialize)]
struct Model {
    #[serde(rename = "type")]
    kind: String,
    dropout: Option<f32>,
    unk_token: Option<String>,
    continuing_subword_prefix: Option<String>,
    end_of_word_suffix: Option<String>,
    #[serde(default)]
    byte_fallback: bool,
    #[serde(default)]
    ignore_merges: bool,
    vocab: HashMap<String, u32>,
    merges: Vec<(String, String)>,
}

impl Own {
    /// Reads a file. `None`: it is of another kind.
    ///
    /// # Errors
    /// One of this kind whose content is bad.
    pub fn from_bytes(json: &[u8]) -> Result<Option<Self>, String> {
        let Ok(file) = serde_json::from_slice::<File>(json) else { return Ok(None) };
        let Some(cuts) = file.cuts().filter(|_| file.only_cuts_and_merges()) else {
            return Ok(None);
        };
        let Ok(text) = std::str::from_utf8(json) else { return Ok(None) };
        let bpe = Bpe::new(&file.model.vocab, &file.model.merges)?;
        let spellings = file.model.vocab.into_iter().map(|(text, number)| (number, text)).collect();
        Ok(Some(Self { json: text.into(), cuts, bpe, spellings }))
    }
}

impl File {
    fn cuts(&self) -> Option<Cuts> {
        let p = &self.pre_tokenizer;
        let splits = p.kind == "Split" && p.behavior == "Isolated" && !p.invert;
        let known = Cuts::ALL.into_iter().find(|cuts| cuts.pattern() == p.pattern.regex);
        known.filter(|_| splits)
    }

    fn only_cuts_and_merges(&self) -> bool {
        let m = &self.model;
        let nothing_around = self.truncation.is_none()
            && self.padding.is_none()
            && self.normalizer.is_none()
            && self.post_processor.is_none();
        let plain = m.kind == "BPE"
            && m.dropout.is_none()
            && m.unk_token.is_none()
            && m.continuing_subword_prefix.is_none()
            && m.end_of_word_suffix.is_none()
            && !m.byte_fallback
            && !m.ignore_merges;
        let known = |t: &Added| m.vocab.get(&t.content) == Some(&t.id);
        nothing_around && plain && self.added_tokens.iter().all(known)
    }
}
