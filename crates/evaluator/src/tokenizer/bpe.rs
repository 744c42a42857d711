//! Byte-pair encoding (Gage 1994; Sennrich, Haddow & Birch 2016): merges of token pairs by rank.
//!
//! Equal to the `BPE` model of Hugging Face's `tokenizers` without dropout, unknown token, prefix,
//! suffix and byte fallback.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::{PoisonError, RwLock};

/// Pieces that are kept, and the length of the longest.
const KEPT: usize = 10_000;
const LONGEST_KEPT: usize = 256;

/// Merges over a vocabulary.
#[derive(Debug)]
pub struct Bpe {
    /// Numbers of the tokens of one character.
    letters: HashMap<char, u32>,
    /// For a pair of tokens the rank of its merge, and the token that comes of it.
    merges: HashMap<(u32, u32), (u32, u32)>,
    /// Tokens of the pieces seen first.
    kept: RwLock<HashMap<Box<str>, Box<[u32]>>>,
}

impl Clone for Bpe {
    /// The same merges; nothing is kept yet.
    fn clone(&self) -> Self {
        Self { letters: self.letters.clone(), merges: self.merges.clone(), kept: RwLock::default() }
    }
}

/// A token of a piece, linked to its neighbours.
#[derive(Clone, Copy)]
struct Symbol {
    token: u32,
    previous: Option<usize>,
    next: Option<usize>,
    /// Whether it is still there, and not merged into the one before.
    alive: bool,
}

impl Bpe {
    /// A model of a vocabulary and its merges, by rank.
    ///
    /// # Errors
    /// The first part or product of a merge that the vocabulary lacks.
    pub fn new(
        vocabulary: &HashMap<String, u32>,
        merges: &[(String, String)],
    ) -> Result<Self, String> {
        let token = |text: &str| {
            let found = vocabulary.get(text).copied();
            found.ok_or_else(|| format!("token {text:?} of a merge is not in the vocabulary"))
        };
        let merge = |(rank, (a, b)): (u32, &(String, String))| {
            Ok(((token(a)?, token(b)?), (rank, token(&format!("{a}{b}"))?)))
        };
        let letter = |(text, number): (&String, &u32)| {
            let mut characters = text.chars();
            Some((characters.next().filter(|_| characters.next().is_none())?, *number))
        };
        // Of two merges of one pair the last counts.
        let merges = (0..).zip(merges).map(merge).collect::<Result<_, String>>()?;
        let letters = vocabulary.iter().filter_map(letter).collect();
        Ok(Self { letters, merges, kept: RwLock::default() })
    }

    /// Adds the tokens of `piece` to `tokens`. Characters without a token are left out.
    pub fn encode(&self, piece: &str, tokens: &mut Vec<u32>) {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(piece) {
            return tokens.extend_from_slice(known);
        }
        let full = kept.len() >= KEPT;
        drop(kept);
        let merged = self.merge(piece);
        tokens.extend_from_slice(&merged);
        if !full && piece.len() < LONGEST_KEPT {
            let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
            kept.insert(piece.into(), merged.into());
        }
    }

    /// Merges the pair of the lowest rank, of equal ones the leftmost, until there is none.
    fn merge(&self, piece: &str) -> Vec<u32> {
        let tokens: Vec<u32> =
            piece.chars().filter_map(|c| self.letters.get(&c).copied()).collect();
        let last = tokens.len().saturating_sub(1);
        let symbol = |(at, &token): (usize, &u32)| Symbol {
            token,
            previous: at.checked_sub(1),
            next: (at < last).then_some(at + 1),
            alive: true,
        };
        let mut symbols: Vec<Symbol> = tokens.iter().enumerate().map(symbol).collect();
        let mut queue: BinaryHeap<Reverse<(u32, usize, u32)>> =
            (0..last).filter_map(|at| self.candidate(&symbols, at)).collect();
        while let Some(Reverse((_, at, product))) = queue.pop() {
            // An entry whose tokens have changed since counts if it makes the same token.
            let now = self.candidate(&symbols, at);
            if now.is_none_or(|Reverse((_, _, makes))| makes != product) {
                continue;
            }
            let Some(next) = symbols.get(at).and_then(|s| s.next) else { continue };
            let Some(after) = symbols.get_mut(next).map(|right| {
                right.alive = false;
                right.next
            }) else {
                continue;
            };
            if let Some(right) = after.and_then(|after| symbols.get_mut(after)) {
                right.previous = Some(at);
            }
            let Some(left) = symbols.get_mut(at) else { continue };
            (left.token, left.next) = (product, after);
            let previous = left.previous;
            queue.extend(previous.and_then(|p| self.candidate(&symbols, p)));
            queue.extend(self.candidate(&symbols, at));
        }
        symbols.iter().filter(|s| s.alive).map(|s| s.token).collect()
    }

    /// The merge of the symbol at `at` with the next one: rank, place, product.
    fn candidate(&self, symbols: &[Symbol], at: usize) -> Option<Reverse<(u32, usize, u32)>> {
        let left = symbols.get(at).filter(|s| s.alive)?;
        let right = symbols.get(left.next?)?;
        let (rank, product) = self.merges.get(&(left.token, right.token))?;
        Some(Reverse((*rank, at, *product)))
    }
}
