//! Hashes that decide classes and splits.

use sha2::{Digest, Sha256};

/// First 8 bytes, little-endian, of the SHA-256 of `parts` on end.
pub(super) fn hash64(parts: &[&[u8]]) -> u64 {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    let digest = hasher.finalize();
    digest.iter().take(8).rev().fold(0, |sum, &byte| (sum << 8) | u64::from(byte))
}
