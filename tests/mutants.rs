//! Damaged models: whatever the bytes, the library answers with a result.

mod common;

use nneval::graph::shape::Bindings;
use nneval::graph::{Limits, Model};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

const MUTANTS: u64 = 32_768;
const SEED: u64 = 20_261_124;
/// Larger models are left out, so that the test stays short.
const MAX_BYTES: usize = 48 << 10;

/// Small models of the corpus; where it is absent, the fixture and networks of
/// the search space.
fn originals() -> Vec<Vec<u8>> {
    let read = |p| std::fs::read(p).unwrap();
    let corpus: Vec<Vec<u8>> =
        common::corpus().into_iter().map(read).filter(|b: &Vec<u8>| b.len() <= MAX_BYTES).collect();
    if !corpus.is_empty() {
        return corpus;
    }
    let options = nneval::spaces::ModelOptions::default();
    let archs = ["8:8:8:8:8", "16:24:32:40:64", "64:8:56:16:48"];
    archs.iter().map(|a| nneval::spaces::Space::NatsSss.onnx_bytes(a, &options).unwrap()).collect()
}

fn position(rng: &mut ChaCha8Rng, n: usize) -> usize {
    rng.random_range(0..n.max(1))
}

fn mutant(seed: u64, originals: &[Vec<u8>]) -> Vec<u8> {
    let rng = &mut ChaCha8Rng::seed_from_u64(SEED ^ seed);
    let mut b = originals[position(rng, originals.len())].clone();
    for _ in 0..rng.random_range(1..4) {
        if b.is_empty() {
            break;
        }
        match rng.random_range(0..6) {
            0 => b.truncate(position(rng, b.len())),
            1 => {
                for _ in 0..rng.random_range(1..9) {
                    let at = position(rng, b.len());
                    b[at] ^= 1 << rng.random_range(0..8);
                }
            }
            2 => {
                let at = position(rng, b.len());
                b[at] = rng.random();
            }
            3 => {
                let other = &originals[position(rng, originals.len())];
                let from = position(rng, other.len());
                let part = &other[from..other.len().min(from + position(rng, 400))];
                let at = position(rng, b.len());
                let end = b.len().min(at + position(rng, 400));
                b.splice(at..end, part.iter().copied());
            }
            4 => {
                let at = position(rng, b.len());
                let long = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
                let n = rng.random_range(1..=long.len());
                b.splice(at..at, long[..n].iter().copied());
            }
            _ => {
                let (at, n) = (position(rng, b.len()), position(rng, 200));
                let copy: Vec<u8> = b[at..b.len().min(at + n)].to_vec();
                let to = position(rng, b.len());
                b.splice(to..to, copy);
            }
        }
    }
    b
}

/// Places of single-byte integer values: sizes, attributes, types.
fn integers(b: &[u8], base: usize, out: &mut Vec<usize>) -> bool {
    let (mut at, before) = (0, out.len());
    let varint = |at: &mut usize| {
        let mut x = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = *b.get(*at)?;
            *at += 1;
            x |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(x);
            }
        }
        None
    };
    let mut whole = || -> Option<()> {
        while at < b.len() {
            let key = varint(&mut at)?;
            match key & 7 {
                0 => {
                    let start = at;
                    varint(&mut at)?;
                    if at == start + 1 {
                        out.push(base + start);
                    }
                }
                2 => {
                    let n = usize::try_from(varint(&mut at)?).ok()?;
                    let inner = b.get(at..at.checked_add(n)?)?;
                    if n > 1 {
                        integers(inner, base + at, out);
                    }
                    at += n;
                }
                5 => at += 4,
                1 => at += 8,
                _ => return None,
            }
        }
        (key_space(b) && at == b.len()).then_some(())
    };
    let ok = whole().is_some();
    if !ok {
        out.truncate(before);
    }
    ok
}

/// Fields of ONNX messages have small numbers.
fn key_space(b: &[u8]) -> bool {
    b.first().is_some_and(|&k| (0x08..0xd0).contains(&k))
}

/// A model of which some numbers are others; mostly still a model.
fn renumbered(seed: u64, originals: &[Vec<u8>]) -> Vec<u8> {
    let rng = &mut ChaCha8Rng::seed_from_u64(!SEED ^ seed);
    let mut b = originals[position(rng, originals.len())].clone();
    let mut places = Vec::new();
    integers(&b, 0, &mut places);
    for _ in 0..rng.random_range(1..4) {
        if let Some(&at) = places.get(position(rng, places.len())) {
            let usual = [0, 1, 2, 3, 4, 5, 7, 8, 16, 63, 64, 127];
            b[at] = usual[position(rng, usual.len())];
        }
    }
    b
}

/// True where the mutant is still a model.
fn survives(bytes: Vec<u8>) -> bool {
    match Model::from_bytes(bytes.into(), Path::new("mutant"), &Limits::default()) {
        Ok(m) => {
            let _ = nneval::opstring::of_model(&m).map(|g| nneval::opstring::write(&g));
            let _ = nneval::costs::of_model(&m, &Bindings::default());
            true
        }
        Err(e) => {
            assert!(e.to_string().starts_with("mutant: "), "{e}");
            false
        }
    }
}

#[test]
fn damaged_models_never_panic() {
    let originals = originals();
    let outcomes: Vec<Result<bool, u64>> = (0..MUTANTS)
        .into_par_iter()
        .map(|seed| {
            let damage = if seed % 2 == 0 { mutant } else { renumbered };
            let bytes = damage(seed, &originals);
            catch_unwind(AssertUnwindSafe(|| survives(bytes))).map_err(|_| seed)
        })
        .collect();
    let panicked: Vec<u64> = outcomes.iter().filter_map(|o| o.err()).collect();
    assert!(panicked.is_empty(), "{} mutants panic, seeds {panicked:?}", panicked.len());
    let alive = outcomes.iter().filter(|o| **o == Ok(true)).count();
    println!("{MUTANTS} mutants of {} models, {alive} still models", originals.len());
}
