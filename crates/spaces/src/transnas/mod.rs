//! Search spaces of TransNAS-Bench-101.
//!
//! Duan et al., "TransNAS-Bench-101: Improving Transferability and Generalizability
//! of Cross-Task Neural Architecture Search", CVPR 2021. The layers are those of the
//! benchmark's model definition (yawen-d/TransNASBench: `net_macro.py`,
//! `cell_micro.py`, `cell_ops.py`) with the linear decoder of object classification;
//! the other tasks have the same encoder.

mod cell;
mod micro;
mod reduce;
mod residual;
mod skeleton;

pub use micro::TransMicroArch;
pub use skeleton::TransMacroArch;
pub(crate) use skeleton::every_skeleton;

use crate::builder::{Builder, Interface};
use crate::layers::{self, Act, Conv};
use crate::options::Dataset;

/// Channels after the stem.
const WIDTH: i64 = 64;
/// Blocks of a module.
const BLOCKS: usize = 2;

/// What a module of the skeleton does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Module {
    /// Keeps channels and size; written 1.
    Plain,
    /// Doubles the channels; written 2.
    Wider,
    /// Halves the size; written 3.
    Smaller,
    /// Both; written 4.
    Both,
}

impl Module {
    pub(crate) const ALL: [Self; 4] = [Self::Plain, Self::Wider, Self::Smaller, Self::Both];

    fn widens(self) -> bool {
        matches!(self, Self::Wider | Self::Both)
    }

    fn shrinks(self) -> bool {
        matches!(self, Self::Smaller | Self::Both)
    }
}

/// A block of a module: the activations that it reads.
#[derive(Debug, Clone, Copy)]
struct Block<'a> {
    name: &'a str,
    x: &'a str,
    input: i64,
    output: i64,
    stride: i64,
    /// Height and width of what it writes.
    side: i64,
}

/// Stem, modules of two blocks each, global average, classifier. `block` builds a
/// block.
fn network(
    b: &mut Builder,
    dataset: Dataset,
    modules: &[Module],
    mut block: impl FnMut(&mut Builder, Block) -> String,
) -> Interface {
    let x = layers::stem(b, WIDTH / 2, 2, Act::None);
    let mut x = layers::relu_conv_bn(b, "stem.1", &x, Conv::new(WIDTH / 2, WIDTH, 3).stride(2));
    let mut width = WIDTH;
    let mut side = dataset.resolution() / 4;
    for (at, module) in modules.iter().enumerate() {
        for number in 0..BLOCKS {
            let first = number == 0;
            let stride = if first && module.shrinks() { 2 } else { 1 };
            let output = if first && module.widens() { 2 * width } else { width };
            side /= stride;
            let name = &format!("layer{at}.{number}");
            x = block(b, Block { name, x: &x, input: width, output, stride, side });
            width = output;
        }
    }
    let x = layers::global_pool(b, "pool", &x);
    layers::flat_classifier(b, &x, width, dataset.classes());
    dataset.into()
}
