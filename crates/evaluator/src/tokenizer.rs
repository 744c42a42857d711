//! Tokenizer: operation strings to token numbers, over a closed vocabulary.
//!
//! The vocabulary is made of byte-pair merges over printable ASCII: every operation string has
//! tokens, and none is unknown. Step numbers, references and block marks never merge with their
//! neighbours; a chain of operations between them may become one token.
//!
//! Files of nneval's own kind are read and applied here. The feature `tokenizer-build` adds the
//! `tokenizers` crate: it trains new tokenizers, and applies files of all other kinds.

mod bpe;
mod cuts;
mod file;
#[cfg(feature = "tokenizer-build")]
mod foreign;
#[cfg(feature = "tokenizer-build")]
mod growth;
mod pieces;

pub use cuts::Cuts;

use crate::error::{Error, Result};
use file::Own;
use std::path::Path;

/// Number of the padding token.
pub const PAD: u32 = 0;
/// Number of the token that ends every string, as in T5.
pub const END: u32 = 1;
/// Number of the token that hides another in masked pretraining.
pub const MASK: u32 = 2;

/// Spellings of these tokens.
#[cfg(any(test, feature = "tokenizer-build"))]
const SPECIAL: [&str; 3] = ["<pad>", "</s>", "<mask>"];

/// A loaded tokenizer. Encoding is a pure function of the string.
///
/// ```
/// use nneval_evaluator::shipped;
/// use nneval_evaluator::tokenizer::END;
/// let tokenizer = shipped::Shipped::default().vocabulary().expect("models/tokenizer.json");
/// let tokens = tokenizer.encode("|1:Input@ax3x32x32+Conv k3 p1@ax16x32x32")?;
/// assert_eq!(tokens.last(), Some(&END));
/// # Ok::<(), nneval_evaluator::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Tokenizer(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Own(Box<Own>),
    #[cfg(feature = "tokenizer-build")]
    Foreign(Box<foreign::Foreign>),
}

impl Tokenizer {
    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// [`Error::File`] or [`Error::Tokenizer`].
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|e| nneval_files::Error::io(path, e))?;
        Self::from_bytes(&bytes).map_err(|e| match e {
            Error::Tokenizer(reason) => Error::Tokenizer(format!("{}: {reason}", path.display())),
            other => other,
        })
    }

    /// Reads the content of a `tokenizer.json`.
    ///
    /// # Errors
    /// [`Error::Tokenizer`].
    pub fn from_bytes(json: &[u8]) -> Result<Self> {
        match Own::from_bytes(json).map_err(Error::Tokenizer)? {
            Some(own) => Ok(Self(Kind::Own(Box::new(own)))),
            None => Self::foreign(json),
        }
    }

    #[cfg(feature = "tokenizer-build")]
    fn foreign(json: &[u8]) -> Result<Self> {
        Ok(Self(Kind::Foreign(Box::new(foreign::Foreign::from_bytes(json)?))))
    }

    #[cfg(not(feature = "tokenizer-build"))]
    fn foreign(_: &[u8]) -> Result<Self> {
        let reason = "it is not of nneval's own kind; others need the feature tokenizer-build";
        Err(Error::Tokenizer(reason.to_owned()))
    }

    /// The content of a `tokenizer.json`.
    ///
    /// # Errors
    /// [`Error::Tokenizer`].
    pub fn to_json(&self) -> Result<String> {
        match &self.0 {
            Kind::Own(own) => Ok(own.json.to_string()),
            #[cfg(feature = "tokenizer-build")]
            Kind::Foreign(foreign) => foreign.to_json(),
        }
    }

    /// Token numbers of an operation string, the end token included.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] where the string holds anything but printable ASCII.
    pub fn encode(&self, string: &str) -> Result<Vec<u32>> {
        if let Some(c) = string.chars().find(|c| !(' '..='~').contains(c)) {
            return Err(Error::Tokenizer(format!("{c:?} is not part of any operation string")));
        }
        let mut ids = match &self.0 {
            Kind::Own(own) => {
                let mut ids = Vec::new();
                let pieces = pieces::pieces(string, own.cuts);
                pieces.into_iter().for_each(|piece| own.bpe.encode(piece, &mut ids));
                ids
            }
            #[cfg(feature = "tokenizer-build")]
            Kind::Foreign(foreign) => foreign.encode(string)?,
        };
        ids.push(END);
        Ok(ids)
    }

    /// Spelled tokens of an operation string.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn tokens(&self, string: &str) -> Result<Vec<String>> {
        let ids = self.encode(string)?;
        Ok(ids.into_iter().map(|id| self.spelling(id).unwrap_or_default()).collect())
    }

    fn spelling(&self, token: u32) -> Option<String> {
        match &self.0 {
            Kind::Own(own) => own.spellings.get(&token).cloned(),
            #[cfg(feature = "tokenizer-build")]
            Kind::Foreign(foreign) => foreign.spelling(token),
        }
    }

    /// Number of tokens in the vocabulary.
    pub fn size(&self) -> usize {
        match &self.0 {
            Kind::Own(own) => own.spellings.len(),
            #[cfg(feature = "tokenizer-build")]
            Kind::Foreign(foreign) => foreign.size(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nneval_spaces::Space;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    /// The tokenizers in `models/`, read by this crate and by `tokenizers`.
    static SHIPPED: LazyLock<Vec<(Tokenizer, tokenizers::Tokenizer)>> = LazyLock::new(|| {
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
        let names = ["", "imagenet", "nats-tss", "nats-sss", "nats-tss-cpu", "onnx-cpu"];
        let read = |name: &str| {
            let json = std::fs::read(models.join(name).join("tokenizer.json")).unwrap();
            let mut reference = tokenizers::Tokenizer::from_bytes(&json).unwrap();
            reference.set_encode_special_tokens(true);
            let own = Tokenizer::from_bytes(&json).unwrap();
            assert!(matches!(own.0, Kind::Own(_)), "{name}");
            assert_eq!(own.to_json().unwrap(), reference.to_string(true).unwrap());
            assert_eq!(own.size(), reference.get_vocab_size(true));
            (own, reference)
        };
        names.map(read).into()
    });

    fn assert_same(text: &str) {
        for (own, reference) in SHIPPED.iter() {
            let expected = reference.encode_fast(text, false).unwrap();
            let ids = own.encode(text).unwrap();
            assert_eq!(ids.split_last(), Some((&END, expected.get_ids())), "{text}");
            let spelled = |id: &u32| reference.id_to_token(*id).unwrap();
            assert_eq!(own.tokens(text).unwrap(), ids.iter().map(spelled).collect::<Vec<_>>());
        }
    }

    #[test]
    fn networks_have_the_tokens_that_the_tokenizers_crate_gives() {
        let string = |space: Space, step: usize| {
            space.all().step_by(step).map(move |arch| {
                nneval_spaces::of_arch(space, &arch.to_string(), &Default::default()).unwrap()
            })
        };
        let strings = string(Space::NatsTss, 199).chain(string(Space::NatsSss, 997));
        strings.for_each(|s| assert_same(&s));
        for (family, number) in nneval_spaces::general::sample(6) {
            let network = nneval_spaces::general::network(family, 3, number).unwrap();
            let bytes = nneval_spaces::to_bytes(&network.model).unwrap();
            let limits = nneval_graph::Limits::default();
            let model = nneval_graph::Model::from_bytes(bytes.into(), "m".as_ref(), &limits);
            let graph = nneval_graph::opstring::of_model(&model.unwrap()).unwrap();
            assert_same(&nneval_graph::opstring::write(&graph));
        }
    }

    #[test]
    fn marks_and_nothing_have_the_tokens_that_the_tokenizers_crate_gives() {
        let texts = ["|1:Input@ax3x32x32+Conv k3 p1", "|1:Input;5{|1<-1:Relu}>-1", "", "<mask>|"];
        texts.into_iter().for_each(assert_same);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, ..Default::default() })]
        #[test]
        fn any_text_has_the_tokens_that_the_tokenizers_crate_gives(
            text in "[|<>;{}=.^a0-9 -]{0,60}|[ -~]{0,60}|(Conv k3|Relu|BatchNormalization|@ax16x|[|+;{}<>1-9]){0,40}",
        ) {
            assert_same(&text);
        }
    }

    #[test]
    fn the_first_of_equal_merges_goes_first_and_the_last_of_a_pair_counts() {
        let words = |all: &[&str]| all.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let vocabulary = words(&["a", "b", "aa", "ab", "aab", "aaaa"]);
        let vocabulary = vocabulary.into_iter().zip(0..).collect();
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let merges = [pair("a", "b"), pair("a", "a"), pair("aa", "aa"), pair("aa", "b")];
        let bpe = bpe::Bpe::new(&vocabulary, &merges).unwrap();
        let tokens = |text: &str| {
            let mut tokens = Vec::new();
            bpe.encode(text, &mut tokens);
            tokens
        };
        for _ in 0..2 {
            assert_eq!(tokens("aaa"), [2, 0]);
            assert_eq!(tokens("aaaab"), [2, 0, 3]);
            assert_eq!(tokens("aaaa"), [5]);
            assert_eq!(tokens("xaxa"), [2]);
            assert!(tokens("").is_empty());
        }
        assert!(bpe::Bpe::new(&vocabulary, &[pair("b", "b")]).unwrap_err().contains("\"bb\""));
    }

    #[cfg(feature = "tokenizer-build")]
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
        let special = SPECIAL.map(|t| t.to_owned());
        assert_eq!([PAD, END, MASK], [0, 1, 2]);
        assert_eq!(special, ["<pad>", "</s>", "<mask>"]);
    }

    #[cfg(not(feature = "tokenizer-build"))]
    #[test]
    fn files_of_other_kinds_are_refused_with_the_reason() {
        let json = include_str!("../../../models/tokenizer.json");
        let other = json.replacen("\"normalizer\": null", "\"normalizer\": {\"type\": \"NFC\"}", 1);
        let reason = Tokenizer::from_bytes(other.as_bytes()).unwrap_err().to_string();
        assert!(reason.contains("tokenizer-build"), "{reason}");
        assert_eq!(SPECIAL.len(), 3);
    }
}
