//! Elements of string tensors: a few by value, the rest as a digest.

use super::blob::Blob;

/// Elements that are kept.
const MAX_KEPT: usize = 16;
/// Bytes of all elements together up to which they are kept.
const MAX_KEPT_BYTES: u64 = 256;
/// Bytes that are read for the digest; what lies beyond counts by its length.
const MAX_READ: u64 = 1 << 24;

/// A list of strings (any bytes).
#[derive(Debug, Clone, PartialEq)]
pub struct Texts {
    kept: Vec<Blob>,
    len: u64,
    bytes: u64,
    hash: u64,
}

impl Default for Texts {
    fn default() -> Self {
        Self { kept: Vec::new(), len: 0, bytes: 0, hash: 0xcbf2_9ce4_8422_2325 }
    }
}

impl Texts {
    /// Adds one string.
    pub fn push(&mut self, text: Blob) {
        let n = text.len() as u64;
        let read = if self.bytes < MAX_READ { &text[..] } else { &[] };
        for b in n.to_le_bytes().iter().chain(read) {
            self.hash = (self.hash ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3);
        }
        self.len = self.len.saturating_add(1);
        self.bytes = self.bytes.saturating_add(n);
        let all = self.kept.len() as u64 == self.len.saturating_sub(1);
        match all && self.kept.len() < MAX_KEPT && self.bytes <= MAX_KEPT_BYTES {
            true => self.kept.push(text),
            false => self.kept = Vec::new(),
        }
    }

    /// All strings, where they are few and short.
    pub fn items(&self) -> Option<&[Blob]> {
        (self.kept.len() as u64 == self.len).then_some(&self.kept)
    }

    /// Number of strings.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// 64 bits of FNV-1a over the length and bytes of each string.
    pub fn digest(&self) -> u64 {
        self.hash
    }
}

impl FromIterator<Blob> for Texts {
    fn from_iter<I: IntoIterator<Item = Blob>>(items: I) -> Self {
        let mut texts = Self::default();
        items.into_iter().for_each(|t| texts.push(t));
        texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(v: &[&'static str]) -> Texts {
        v.iter().map(|s| Blob::from(s.as_bytes().to_vec())).collect()
    }

    #[test]
    fn few_short_strings_are_kept() {
        assert_eq!(texts(&["a", ""]).items().unwrap().len(), 2);
        assert_eq!(texts(&[]).items().unwrap().len(), 0);
        assert!(texts(&["a"; 17]).items().is_none() && texts(&["a"; 17]).len() == 17);
        let long: &'static str = "a".repeat(257).leak();
        assert!(texts(&["b", long, "c"]).items().is_none());
    }

    #[test]
    fn digests_tell_where_strings_end() {
        assert_ne!(texts(&["ab", "c"]).digest(), texts(&["a", "bc"]).digest());
        assert_ne!(texts(&["a"]).digest(), texts(&["a", ""]).digest());
        assert_eq!(texts(&["a", "b"]), texts(&["a", "b"]));
    }
}
