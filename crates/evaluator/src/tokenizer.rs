//! Operation strings → token numbers, over a closed vocabulary.
//!
//! The vocabulary is byte-pair merges over printable ASCII, so that every
//! operation string has tokens and none is unknown. Step numbers, references
//! and block marks are never merged with what stands beside them; a chain of
//! operations between them may become one token.

mod pieces;

use crate::error::{Error, Result};
use std::path::Path;
use tokenizers::Model as _;
use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{
    AddedToken, DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper,
    SplitDelimiterBehavior, TokenizerBuilder,
};

/// Number of the padding token.
pub const PAD: u32 = 0;
/// Number of the token that ends every string, as in T5.
pub const END: u32 = 1;
/// Number of the token that hides another in masked pretraining.
pub const MASK: u32 = 2;

const SPECIAL: [&str; 3] = ["<pad>", "</s>", "<mask>"];

/// Step numbers, references, block marks, chains.
const STEPS: &str = r"\|\d+|[<>][-^]?\d+(?:\.\d+)?|;\d+\{(?:=\d+\})?|\}|[^|<>;{}]+";
/// A whole stretch of steps outside of blocks.
const STRETCH: &str = r"(?:\|[^|;{}>]+)+(?=[;>]|$)|";

/// Where strings are cut before merging; nothing merges across a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cuts {
    /// At step numbers, references, block marks and chains: for networks of
    /// all kinds.
    Steps,
    /// In blocks as [`Cuts::Steps`]; between blocks nowhere, so that what all
    /// networks of a search space have in common takes one token.
    Stretches,
}

impl Cuts {
    fn pattern(self) -> String {
        match self {
            Self::Steps => STEPS.into(),
            Self::Stretches => format!("{STRETCH}{STEPS}"),
        }
    }
}

/// A loaded tokenizer. Encoding is a pure function of the string.
///
/// ```
/// use nneval_evaluator::tokenizer::{END, Tokenizer};
/// let tokenizer = Tokenizer::open("models/tokenizer.json".as_ref())?;
/// let tokens = tokenizer.encode("|1:Input@ax3x32x32+Conv k3 p1@ax16x32x32")?;
/// assert_eq!(tokens.last(), Some(&END));
/// # Ok::<(), nneval_evaluator::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    /// Where it cuts, if it is one of our own that does nothing else before and
    /// after merging.
    cuts: Option<Cuts>,
}

fn failed(e: impl std::fmt::Display) -> Error {
    Error::Tokenizer(e.to_string())
}

fn split(cuts: Cuts) -> Result<Split> {
    let pattern = SplitPattern::Regex(cuts.pattern());
    Split::new(pattern, SplitDelimiterBehavior::Isolated, false).map_err(failed)
}

/// The cuts of a tokenizer that only cuts and merges.
fn cuts_of(inner: &tokenizers::Tokenizer) -> Option<Cuts> {
    let plain = inner.get_normalizer().is_none()
        && inner.get_post_processor().is_none()
        && inner.get_truncation().is_none()
        && inner.get_padding().is_none();
    let PreTokenizerWrapper::Split(own) = inner.get_pre_tokenizer()? else { return None };
    let same = |cuts: &Cuts| split(*cuts).is_ok_and(|split| split == *own);
    [Cuts::Steps, Cuts::Stretches].into_iter().find(same).filter(|_| plain)
}

impl Tokenizer {
    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Tokenizer`].
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
        Self::from_bytes(&bytes).map_err(|e| match e {
            Error::Tokenizer(reason) => failed(format!("{}: {reason}", path.display())),
            other => other,
        })
    }

    /// Reads the content of a `tokenizer.json`.
    ///
    /// # Errors
    /// [`Error::Tokenizer`].
    pub fn from_bytes(json: &[u8]) -> Result<Self> {
        let mut inner = tokenizers::Tokenizer::from_bytes(json).map_err(failed)?;
        // Text that looks like `<mask>` is text: special tokens have no spelling.
        inner.set_encode_special_tokens(true);
        // Strings are never cut silently, whatever the file asks for.
        inner.with_truncation(None).map_err(failed)?.with_padding(None);
        let cuts = cuts_of(&inner);
        Ok(Self { inner, cuts })
    }

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
        let mut inner = TokenizerBuilder::<
            BPE,
            NormalizerWrapper,
            Split,
            PostProcessorWrapper,
            DecoderWrapper,
        >::new()
        .with_model(BPE::default())
        .with_pre_tokenizer(Some(split(cuts)?))
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

    /// The content of a `tokenizer.json`.
    ///
    /// # Errors
    /// [`Error::Tokenizer`].
    pub fn to_json(&self) -> Result<String> {
        self.inner.to_string(true).map_err(failed)
    }

    /// Token numbers of an operation string, the end token included.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] where the string holds anything but printable ASCII.
    pub fn encode(&self, string: &str) -> Result<Vec<u32>> {
        if let Some(c) = string.chars().find(|c| !(' '..='~').contains(c)) {
            return Err(failed(format!("{c:?} is not part of any operation string")));
        }
        let mut ids = match self.cuts {
            Some(cuts) => self.merged(string, cuts)?,
            None => self.inner.encode_fast(string, false).map_err(failed)?.get_ids().to_vec(),
        };
        ids.push(END);
        Ok(ids)
    }

    /// Token numbers of a string of ASCII, cut at `cuts`.
    fn merged(&self, string: &str, cuts: Cuts) -> Result<Vec<u32>> {
        let mut ids = Vec::new();
        for piece in pieces::pieces(string, cuts) {
            let tokens = self.inner.get_model().tokenize(piece).map_err(failed)?;
            ids.extend(tokens.iter().map(|t| t.id));
        }
        Ok(ids)
    }

    /// Spelled tokens of an operation string.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn tokens(&self, string: &str) -> Result<Vec<String>> {
        let ids = self.encode(string)?;
        Ok(ids.iter().map(|&i| self.inner.id_to_token(i).unwrap_or_default()).collect())
    }

    /// Number of tokens in the vocabulary.
    pub fn size(&self) -> usize {
        self.inner.get_vocab_size(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_alone_gives_what_the_whole_pipeline_gives() {
        let shipped =
            Tokenizer::from_bytes(include_bytes!("../../../models/tokenizer.json")).unwrap();
        let texts = ["|1:Input@ax3x32x32+Conv k3 p1", "|1:Input;5{|1<-1:Relu}>-1", "", "<mask>|"];
        let steps = Tokenizer::build(texts.into_iter(), 200, Cuts::Steps).unwrap();
        let arch = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|avg_pool_3x3~1|none~2|";
        let network =
            nneval_spaces::of_arch(nneval_spaces::Space::NatsTss, arch, &Default::default());
        for t in [shipped, steps] {
            assert!(t.cuts.is_some());
            let whole = Tokenizer { cuts: None, ..t.clone() };
            for text in texts.into_iter().chain([network.as_deref().unwrap()]) {
                assert_eq!(t.encode(text).unwrap(), whole.encode(text).unwrap(), "{text}");
            }
        }
    }

    #[test]
    fn text_like_a_special_token_is_text() {
        let json = include_bytes!("../../../models/tokenizer.json");
        let shipped = Tokenizer::from_bytes(json).unwrap();
        let built = Tokenizer::build(["|1:Input"].into_iter(), 200, Cuts::Steps).unwrap();
        for t in [shipped, built] {
            for text in ["<mask>", "a</s>b", "<pad>", "|1:Relu<mask>+Relu</s>"] {
                let ids = t.encode(text).unwrap();
                let (end, rest) = ids.split_last().unwrap();
                assert_eq!(*end, END);
                assert!(rest.iter().all(|i| ![PAD, END, MASK].contains(i)), "{text}: {ids:?}");
                assert_eq!(t.tokens(text).unwrap().split_last().unwrap().1.concat(), text);
            }
        }
    }
}
