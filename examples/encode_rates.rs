//! How fast operation strings are encoded, beside a plain session: one session on
//! all cores, batches of 64 in the order of the strings, padded to their longest.
//!
//! ```sh
//! cargo run --release --example encode_rates -- STRINGS [ROUNDS]
//! ```
//!
//! STRINGS has a string a line. Both take turns, ROUNDS times, in this process; both
//! are given token numbers. A line of JSON for each round: seconds of both.

use ndarray::Array2;
use nneval::evaluator::{Bundle, Encoder, Options, padded, shipped};
use nneval::runtime::{Runtime, Session, SessionOptions, locate};
use std::time::Instant;

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Fallible<()> {
    let mut arguments = std::env::args().skip(1);
    let strings = std::fs::read_to_string(arguments.next().ok_or("a file of strings is needed")?)?;
    let rounds: usize = arguments.next().map_or(Ok(5), |n| n.parse())?;
    let bundle = Bundle::open(&shipped::find("nats-tss").ok_or("models/nats-tss")?)?;
    let tokens: Vec<Vec<u32>> =
        strings.lines().map(|s| bundle.tokenizer.encode(s)).collect::<Result<_, _>>()?;
    let runtime = Runtime::load(&locate(None)?.ok_or("`nneval runtime --install` first")?)?;
    let encoder =
        Encoder::new(&runtime, &bundle.model, Options::default(), bundle.manifest.window)?;
    let mut session = runtime.session_from_memory(&bundle.model, &SessionOptions::default())?;
    let total: usize = tokens.iter().map(Vec::len).sum();
    println!("{{\"strings\": {}, \"tokens\": {total}}}", tokens.len());
    for _ in 0..rounds {
        let start = Instant::now();
        let pooled = encoder.run(&tokens, &["metrics"])?.pop().ok_or("no output")?;
        let ours = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let alone = plain(&mut session, &tokens)?;
        let theirs = start.elapsed().as_secs_f64();
        let apart = furthest(&pooled, &alone);
        println!("{{\"nneval\": {ours:.4}, \"plain\": {theirs:.4}, \"apart\": {apart:.1e}}}");
    }
    Ok(())
}

fn plain(session: &mut Session, tokens: &[Vec<u32>]) -> Fallible<Vec<f32>> {
    let mut values = Vec::new();
    for batch in tokens.chunks(64) {
        let sequences: Vec<&[u32]> = batch.iter().map(Vec::as_slice).collect();
        let inputs = padded(&sequences, 0);
        let (ids, mask) = (inputs.ids.view().into_dyn(), inputs.mask.view().into_dyn());
        let out = session.run(&[("input_ids", ids), ("attention_mask", mask)], &["metrics"])?;
        values.extend(out.iter().flatten());
    }
    Ok(values)
}

/// The largest difference between two outputs.
fn furthest(a: &Array2<f32>, b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max)
}
