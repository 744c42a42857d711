//! Inverted residuals (Sandler et al., "MobileNetV2: Inverted Residuals and Linear
//! Bottlenecks", CVPR 2018) with squeeze and excitation or channel shuffles.

use crate::builder::Builder;
use crate::layers::{self, Act, Conv};
use crate::proto::ints;

/// A block: expansion, depthwise convolution, projection, and the input added where
/// neither channels nor size change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inverted {
    pub(super) input: i64,
    /// Channels between expansion and projection.
    pub(super) inner: i64,
    pub(super) output: i64,
    pub(super) kernel: i64,
    pub(super) stride: i64,
    pub(super) act: Act,
    /// Whether there is an expansion.
    pub(super) expands: bool,
    pub(super) excite: Option<Excite>,
    /// Groups of expansion and projection, with the size of the input; between the
    /// two the channels are shuffled.
    pub(super) groups: Option<(i64, i64)>,
}

/// Squeeze and excitation.
#[derive(Debug, Clone, Copy)]
pub(super) enum Excite {
    /// Gate `sigmoid`, of so many squeezed channels (torchvision's).
    Sigmoid(i64),
    /// Gate `relu6(x + 3) / 6`, of so many squeezed channels (Once-for-all's).
    HardSigmoid(i64),
}

impl Inverted {
    /// A block without squeeze and excitation.
    pub(super) fn new([input, inner, output]: [i64; 3], kernel: i64, stride: i64) -> Self {
        let (act, expands) = (Act::Relu, true);
        Self { input, inner, output, kernel, stride, act, expands, excite: None, groups: None }
    }

    /// Adds the block to a network.
    pub(super) fn build(self, b: &mut Builder, name: &str, x: &str) -> String {
        let [group, side] = self.groups.map_or([1, 0], |(group, side)| [group, side]);
        let mut y = x.to_owned();
        if self.expands {
            let conv = Conv::new(self.input, self.inner, 1).group(group);
            y = layers::conv_bn(b, &format!("{name}.expand"), &y, conv, self.act);
        }
        if group > 1 {
            y = shuffled(b, name, &y, self.inner, [group, side]);
        }
        let conv = Conv::depthwise(self.inner, self.kernel).stride(self.stride);
        y = layers::conv_bn(b, &format!("{name}.depthwise"), &y, conv, self.act);
        if let Some(excite) = self.excite {
            y = excite.build(b, &format!("{name}.se"), &y, self.inner);
        }
        let conv = Conv::new(self.inner, self.output, 1).group(group);
        y = layers::conv_bn(b, &format!("{name}.project"), &y, conv, Act::None);
        match self.stride == 1 && self.input == self.output {
            true => layers::add(b, format!("{name}/Add"), &y, x),
            false => y,
        }
    }
}

impl Excite {
    fn build(self, b: &mut Builder, name: &str, x: &str, width: i64) -> String {
        let (squeezed, pooled) = match self {
            Self::Sigmoid(squeezed) => (squeezed, layers::global_pool(b, name, x)),
            Self::HardSigmoid(squeezed) => (squeezed, mean_of_pixels(b, name, x)),
        };
        let reduce = Conv::new(width, squeezed, 1).bias();
        let y = layers::conv(b, &format!("{name}.reduce"), &pooled, reduce);
        let y = layers::relu(b, name, &y);
        let expand = Conv::new(squeezed, width, 1).bias();
        let y = layers::conv(b, &format!("{name}.expand"), &y, expand);
        let product = format!("{name}/Mul");
        match self {
            Self::Sigmoid(_) => {
                let gate = b.node("Sigmoid", format!("{name}/Sigmoid"), &[&y], Vec::new());
                b.node("Mul", product, &[&gate, x], Vec::new())
            }
            Self::HardSigmoid(_) => {
                let gate = layers::hard_sigmoid(b, name, &y);
                b.node("Mul", product, &[x, &gate], Vec::new())
            }
        }
    }
}

/// Mean over the rows, then over the columns: `x.mean(3, True).mean(2, True)`.
pub(super) fn mean_of_pixels(b: &mut Builder, name: &str, x: &str) -> String {
    let x = layers::mean(b, &format!("{name}.rows"), x, &[3], true);
    layers::mean(b, &format!("{name}.columns"), &x, &[2], true)
}

/// Channels of each group in turn (Zhang et al., "ShuffleNet", CVPR 2018).
fn shuffled(b: &mut Builder, name: &str, x: &str, width: i64, [group, side]: [i64; 2]) -> String {
    let apart = b.integers(format!("{name}/apart"), &[-1, group, width / group, side, side]);
    let x = b.node("Reshape", format!("{name}/Reshape"), &[x, &apart], Vec::new());
    let order = vec![ints("perm", &[0, 2, 1, 3, 4])];
    let x = b.node("Transpose", format!("{name}/Transpose"), &[&x], order);
    let together = b.integers(format!("{name}/together"), &[-1, width, side, side]);
    b.node("Reshape", format!("{name}/Reshape_1"), &[&x, &together], Vec::new())
}
