//! General networks: seeded samples of many families, as training data for
//! evaluators of latency and memory.
//!
//! A network is a function of the seed, its family and its number in the family
//! alone. Sizes are drawn several times, and the draw is taken whose estimated
//! latency is nearest to one that is log-uniform between 0.15 and 60 ms (of small
//! ones less), so that cheap and dear networks of a family are equally frequent as
//! far as the family reaches. Operators are spelled as exporters do, each network in its
//! own way: opset 11 to 21, normalizations folded or not, GELU, HardSwish,
//! LayerNormalization and attention as one operator or several, shapes fixed,
//! copied or computed. Weights are random and in the file.
//!
//! ```
//! use nneval_spaces::general;
//! let network = general::network("resnet-basic", 7, 0)?;
//! assert!(network.model.graph.node.len() > 5);
//! # Ok::<(), nneval_spaces::Error>(())
//! ```

mod draw;
mod families;
mod half;
mod layers;
mod net;
mod style;
mod work;

use crate::error::{Error, Result};
use crate::weights::Weights;
use draw::Draw;
use families::{FAMILIES, Family};
use net::Net;
use onnx_protobuf::ModelProto;

/// Most bytes of a network's weights.
const MOST_WEIGHTS: f64 = 4e7;
/// Draws of which the best is taken.
const DRAWS: usize = 24;

/// A network of a sample.
#[derive(Debug, Clone)]
pub struct Network {
    /// `FAMILY-NUMBER`, the name of its graph.
    pub name: String,
    /// Its family, one of [`families()`].
    pub family: &'static str,
    /// The model, with random weights.
    pub model: ModelProto,
}

/// Names of the families, in the order of [`sample`].
pub fn families() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().map(|f| f.name)
}

/// Family and number of the first `count` networks of a sample, which goes
/// through the families again and again: a smaller sample is the begin of a
/// larger one.
pub fn sample(count: usize) -> impl Iterator<Item = (&'static str, usize)> {
    (0..count).map(|at| (FAMILIES[at % FAMILIES.len()].name, at / FAMILIES.len()))
}

/// The network of that number in that family.
///
/// # Errors
/// [`Error::Architecture`] where there is no such family.
pub fn network(family: &str, seed: u64, number: usize) -> Result<Network> {
    let Some(family) = FAMILIES.iter().find(|f| f.name == family) else {
        let reason = "no such family of general networks".to_owned();
        return Err(Error::Architecture { arch: family.to_owned(), reason });
    };
    let name = format!("{}-{number:05}", family.name);
    let key = format!("nneval general {seed} {name}");
    let mut draw = Draw::new(&key);
    let [low, high] = family.milliseconds;
    let aim = draw.log(low, high);
    let weights = Weights::Random { seed: draw.seed() };
    let best = (0..DRAWS).map(|at| (at, miss(family, &key, at, aim)));
    let best = best.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(at, _)| at);
    let model = build(family, &key, best, weights).finish(&name);
    Ok(Network { name, family: family.name, model })
}

fn build(family: &Family, key: &str, draw: usize, weights: Weights) -> Net {
    let mut net = Net::new(Draw::new(&format!("{key} {draw}")), weights);
    (family.build)(&mut net);
    net
}

/// How far a draw is from the latency aimed at, on a logarithmic scale; more for
/// networks that are too large for a file.
fn miss(family: &Family, key: &str, draw: usize, aim: f64) -> f64 {
    let work = build(family, key, draw, Weights::None).work;
    let large = (work.stored_bytes / MOST_WEIGHTS).ln().max(0.0);
    (work.milliseconds() / aim).ln().abs() + 100.0 * large
}
