//! Work, weights and traffic of a graph by the role of its operations.

use super::role::{Role, is_masked, role, stride};
use super::sizes::Sizes;
use crate::opstring::{Op, OpGraph};

/// Totals of the operations of one role.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Totals {
    /// Operations.
    pub count: f64,
    /// Multiply-accumulate operations.
    pub macs: f64,
    /// Elements of weights.
    pub parameters: f64,
    /// Elements read and written, weights left out.
    pub moved: f64,
    /// Elements written.
    pub written: f64,
}

/// A convolution or a product of several rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layer {
    /// Positions that it is computed at.
    pub positions: f64,
    /// Channels that it gives.
    pub width: f64,
    /// Multiply-accumulate operations.
    pub macs: f64,
    /// Elements of weights.
    pub parameters: f64,
}

/// Multiply-accumulate operations of layers that an accelerator does badly.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Waste {
    /// Of channels that are missing to 64.
    pub narrow: f64,
    /// Of convolutions over channels that are no multiple of 8.
    pub unaligned: f64,
    /// Of channels of groups that are missing to 16.
    pub thin_groups: f64,
}

/// What is counted of a graph.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// By role, in the order of [`Role::ALL`].
    roles: Vec<Totals>,
    /// Convolutions and products of several rows, in canonical order.
    pub layers: Vec<Layer>,
    /// Waste of its layers.
    pub waste: Waste,
    /// Side of the input image.
    pub resolution: f64,
    /// Operations on the longest path.
    pub depth: f64,
    /// Layers with weights on the longest path.
    pub weighted_depth: f64,
    /// Elements moved beyond 2^18 an operation.
    pub large: f64,
    /// Elements of matrices of attention.
    pub attention_elements: f64,
    /// Attention with a mask or a bias.
    pub masked: f64,
    /// Most positions that are attended to.
    pub attended: f64,
    /// Width of a head.
    pub head_width: f64,
    /// Sum and maximum of the sides of depthwise windows.
    pub depthwise_side: [f64; 2],
    /// Longest side of a window over all channels.
    pub window_side: f64,
    /// Sum of the binary logarithms of the widths of groups.
    pub group_width: f64,
    /// Side, stride and channels of the first convolution.
    pub stem: [f64; 3],
    /// Convolutions of a single position.
    pub single_positions: f64,
    /// Features that the last product of one row reads.
    pub features: f64,
}

/// Elements that an operation moves before it counts as large.
const LARGE: f64 = 262_144.0;

impl Table {
    /// Counts the operations of `g`; those of bodies are left out.
    pub fn of(g: &OpGraph) -> Self {
        let mut table = Self { roles: vec![Totals::default(); Role::ALL.len()], ..Self::default() };
        let mut depths: Vec<[f64; 2]> = Vec::with_capacity(g.ops.len());
        for op in &g.ops {
            let before = op.producers().filter_map(|i| depths.get(i));
            let mut depth = before.fold([0.0f64; 2], |a, b| [a[0].max(b[0]), a[1].max(b[1])]);
            let sizes = Sizes::of(g, op);
            if op.kind == "Input" && sizes.output().len() == 4 && table.resolution == 0.0 {
                table.resolution = sizes.output().get(2).copied().unwrap_or(0.0);
            }
            if let Some(role) = role(op, &sizes) {
                let layer = role.is_weighted();
                table.operation(op, role, &sizes);
                depth = [depth[0] + 1.0, depth[1] + f64::from(u8::from(layer))];
            }
            table.depth = table.depth.max(depth[0]);
            table.weighted_depth = table.weighted_depth.max(depth[1]);
            depths.push(depth);
        }
        table
    }

    /// The totals of a role.
    pub fn role(&self, role: Role) -> Totals {
        self.roles.get(role as usize).copied().unwrap_or_default()
    }

    /// A sum over all roles.
    pub fn all(&self, of: impl Fn(&Totals) -> f64) -> f64 {
        self.roles.iter().map(of).sum()
    }

    fn operation(&mut self, op: &Op, role: Role, sizes: &Sizes) {
        let (macs, moved) = (macs(role, sizes), sizes.read() + sizes.written());
        let parameters = match role {
            Role::BatchNorm => sizes.parameters() / 2.0,
            _ => sizes.parameters(),
        };
        if let Some(t) = self.roles.get_mut(role as usize) {
            t.count += 1.0;
            t.macs += macs;
            t.parameters += parameters;
            t.moved += moved;
            t.written += sizes.written();
        }
        self.large += (moved - LARGE).max(0.0);
        match role {
            Role::Pointwise | Role::Window | Role::Thin | Role::Grouped | Role::Depthwise => {
                self.convolution(op, role, sizes, macs);
            }
            Role::Product => {
                let (positions, width) = (sizes.rows(), sizes.columns());
                self.layers.push(Layer { positions, width, macs, parameters: sizes.matrix(0) });
                self.waste.narrow += macs * missing(width, 64.0);
            }
            Role::Vector => self.features = sizes.input().last().copied().unwrap_or(0.0),
            Role::Attention => self.attention(op, sizes),
            Role::ValueProduct | Role::Softmax => self.attention_elements += sizes.written(),
            _ => {}
        }
    }

    fn convolution(&mut self, op: &Op, role: Role, sizes: &Sizes, macs: f64) {
        let (positions, width) = (sizes.positions(), sizes.channels_out());
        if self.stem == [0.0; 3] {
            self.stem = [sizes.side(), stride(op), width];
        }
        self.layers.push(Layer { positions, width, macs, parameters: sizes.matrix(0) });
        self.single_positions += f64::from(u8::from(positions == 1.0));
        let channels = sizes.weight(1);
        match role {
            Role::Depthwise => {
                let [sum, most] = &mut self.depthwise_side;
                *sum += sizes.side();
                *most = most.max(sizes.side());
            }
            Role::Grouped => {
                self.group_width += channels.max(1.0).log2();
                self.waste.thin_groups += macs * missing(channels, 16.0);
            }
            _ => {
                self.window_side = self.window_side.max(sizes.side());
                self.waste.narrow += macs * (missing(width, 64.0) + missing(channels, 64.0));
                if channels % 8.0 != 0.0 {
                    self.waste.unaligned += macs;
                }
            }
        }
    }

    fn attention(&mut self, op: &Op, sizes: &Sizes) {
        let [queries, width] = last_two(sizes.value(0));
        let [keys, _] = last_two(sizes.value(1));
        let heads: f64 = sizes.value(0).iter().rev().skip(2).product();
        self.attention_elements += heads * queries * keys;
        self.attended = self.attended.max(keys);
        self.head_width = width;
        self.masked += f64::from(u8::from(is_masked(op)));
    }
}

impl Role {
    /// Whether it multiplies by a matrix of weights.
    fn is_weighted(self) -> bool {
        matches!(
            self,
            Self::Pointwise
                | Self::Window
                | Self::Thin
                | Self::Grouped
                | Self::Depthwise
                | Self::Product
                | Self::Vector
                | Self::Recurrent
        )
    }
}

/// Share of `channels` by which they miss `block`.
fn missing(channels: f64, block: f64) -> f64 {
    (block / channels.max(1.0) - 1.0).max(0.0)
}

fn last_two(dims: &[f64]) -> [f64; 2] {
    let mut last = dims.iter().rev().copied();
    let (width, positions) = (last.next().unwrap_or(1.0), last.next().unwrap_or(1.0));
    [positions, width]
}

fn macs(role: Role, sizes: &Sizes) -> f64 {
    let last = sizes.input().last().copied().unwrap_or(0.0);
    match role {
        Role::Pointwise | Role::Window | Role::Thin | Role::Grouped | Role::Depthwise => {
            sizes.written() * sizes.weight(1) * sizes.window()
        }
        Role::Product | Role::Vector | Role::ValueProduct => sizes.written() * last,
        Role::Attention => {
            let [queries, width] = last_two(sizes.value(0));
            let [keys, of_value] = [last_two(sizes.value(1))[0], last_two(sizes.value(2))[1]];
            let heads: f64 = sizes.value(0).iter().rev().skip(2).product();
            heads * queries * keys * (width + of_value)
        }
        Role::Recurrent => {
            let steps: f64 = sizes.input().iter().take(2).product();
            steps * (sizes.matrix(0) + sizes.matrix(1))
        }
        _ => 0.0,
    }
}
