//! Strings parse back to the graphs they were written from.

use crate::common::corpus;
use nneval::graph::{Limits, Model};
use nneval::opstring::{self, Op, OpGraph, Operand};
use nneval::spaces::of_arch;
use nneval::spaces::{ModelOptions, Space};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

fn comes_back(g: &OpGraph) -> Result<(), String> {
    for s in [opstring::write(g), opstring::write_unfolded(g)] {
        let end = s.len().min(300);
        match opstring::parse(&s) {
            Err(e) => return Err(format!("{e}: {}", &s[..end])),
            Ok(back) if back != *g => return Err(format!("another graph: {}", &s[..end])),
            Ok(_) => {}
        }
    }
    Ok(())
}

#[test]
fn corpus_models() {
    let lost: Vec<String> = corpus()
        .par_iter()
        .filter_map(|path| {
            let model = Model::open(path, &Limits::default()).unwrap();
            let g = opstring::of_model(&model).unwrap();
            comes_back(&g).err().map(|e| format!("{}: {e}", path.display()))
        })
        .collect();
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

#[test]
fn search_space_networks() {
    for space in [Space::NatsTss, Space::NatsSss] {
        for arch in space.all().step_by(97) {
            let s = of_arch(space, &arch.to_string(), &ModelOptions::default()).unwrap();
            let g = opstring::parse(&s).unwrap();
            assert_eq!(opstring::write(&g), s);
            comes_back(&g).unwrap();
        }
    }
}

/// The strings that evaluators were trained on.
#[test]
fn search_space_strings_stay_as_they_are() {
    let tss = [
        "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|",
        "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|",
        "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
        "|skip_connect~0|+|none~0|avg_pool_3x3~1|+|nor_conv_3x3~0|none~1|avg_pool_3x3~2|",
        "|nor_conv_1x1~0|+|avg_pool_3x3~0|none~1|+|none~0|nor_conv_3x3~1|none~2|",
    ];
    let sss = ["8:8:8:8:8", "64:64:64:64:64", "8:16:24:32:40", "40:64:8:8:56", "16:16:32:32:64"];
    let mut lines = Vec::new();
    for (space, archs) in [(Space::NatsTss, tss), (Space::NatsSss, sss)] {
        for arch in archs {
            let s = of_arch(space, arch, &ModelOptions::default()).unwrap();
            lines.push(format!("{arch}\n  {s}"));
        }
    }
    insta::assert_snapshot!("search_spaces", lines.join("\n"));
}

/// A graph of `n` operations or more with planted repetitions: blocks copied
/// with what they read moved along or left where it is.
fn planted(seed: u64, n: usize) -> OpGraph {
    const KINDS: [&str; 5] = ["A", "B", "Conv", "MatMul", "x.C"];
    const SHAPES: [&str; 4] = ["ax8x4x4", "ax8x2x2", ".:i64", "*:?"];
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut ops: Vec<Op> = Vec::new();
    while ops.len() < n {
        if ops.len() > 4 && rng.random_bool(0.15) {
            repeat(&mut ops, &mut rng, n);
            continue;
        }
        let mut operands = Vec::new();
        for _ in 0..rng.random_range(0..4) {
            operands.push(match rng.random_range(0..6) {
                0 => Operand::Weight("w8x8x3x3".into()),
                1 => Operand::Constant("c[1,-2]:i32".into()),
                2 => Operand::Omitted,
                _ => match read(&ops, &mut rng) {
                    Some(v) => v,
                    None => Operand::Omitted,
                },
            });
        }
        let outputs = rng.random_range(1..3);
        let outputs = (0..outputs).map(|_| SHAPES[rng.random_range(0..4)].to_owned()).collect();
        let attributes = ["a-1", "k3", "mode='x%20'"];
        let attributes = attributes[..rng.random_range(0..4)].iter().map(|s| s.to_string());
        let kind = KINDS[rng.random_range(0..KINDS.len())].to_owned();
        let attributes = attributes.collect();
        ops.push(Op { kind, attributes, operands, outputs, bodies: Vec::new() });
    }
    clamp(&mut ops);
    let outputs = (0..rng.random_range(0..3)).filter_map(|_| read(&ops, &mut rng)).collect();
    OpGraph { ops, outputs }
}

fn read(ops: &[Op], rng: &mut ChaCha8Rng) -> Option<Operand> {
    let recent = ops.len().saturating_sub(6);
    let op = rng.random_range(recent..ops.len().max(recent + 1));
    let output = rng.random_range(0..ops.get(op)?.outputs.len());
    Some(Operand::Value { op, output })
}

fn repeat(ops: &mut Vec<Op>, rng: &mut ChaCha8Rng, n: usize) {
    let period = rng.random_range(1..ops.len().min(12));
    let start = ops.len() - period;
    let stays: Vec<bool> = (0..64).map(|_| rng.random_bool(0.2)).collect();
    for k in 1..=rng.random_range(1..8usize) {
        for j in 0..period {
            if ops.len() > 2 * n {
                return;
            }
            let mut op = ops[start + j].clone();
            for (i, o) in op.operands.iter_mut().enumerate() {
                if let Operand::Value { op, .. } = o
                    && (*op >= start || !stays[(7 * j + i) % 64])
                {
                    *op += k * period;
                }
            }
            ops.push(op);
        }
    }
}

/// Values moved along may have fewer outputs than the ones read at first.
fn clamp(ops: &mut [Op]) {
    let counts: Vec<usize> = ops.iter().map(|op| op.outputs.len()).collect();
    for o in ops.iter_mut().flat_map(|op| &mut op.operands) {
        if let Operand::Value { op, output } = o {
            *output = (*output).min(counts[*op] - 1);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

    #[test]
    fn folds_write_out_to_what_was_folded(seed in any::<u64>(), n in 1usize..120) {
        let g = planted(seed, n);
        comes_back(&g).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn any_text_is_parsed_or_refused(s in "[|;<>@+:{}=^~a-z0-9 \\[\\]()'.,!_-]{0,60}") {
        let _ = opstring::parse(&s);
    }

    /// Strings with a few characters changed: refused, or a graph whose own
    /// string comes back.
    #[test]
    fn damaged_strings_are_parsed_or_refused(seed in any::<u64>(), n in 1usize..40) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut s = opstring::write(&planted(seed, n)).into_bytes();
        for _ in 0..rng.random_range(1..4) {
            let at = rng.random_range(0..s.len());
            match rng.random_range(0..3) {
                0 => s[at] = rng.random_range(b' '..=b'~'),
                1 => { s.remove(at); }
                _ => s.insert(at, rng.random_range(b' '..=b'~')),
            }
            if s.is_empty() { break }
        }
        let s = String::from_utf8(s).unwrap();
        if let Ok(g) = opstring::parse(&s) {
            comes_back(&g).map_err(|e| TestCaseError::fail(format!("{s}: {e}")))?;
        }
    }
}
