//! Facts of a network's design, from its [`Table`].

use super::role::Role;
use super::table::{Layer, Table};

/// Roles that compute products.
const COMPUTE: [Role; 10] = [
    Role::Pointwise,
    Role::Window,
    Role::Thin,
    Role::Grouped,
    Role::Depthwise,
    Role::Product,
    Role::Vector,
    Role::Attention,
    Role::ValueProduct,
    Role::Recurrent,
];
/// Roles of activation functions.
const FUNCTIONS: [Role; 9] = [
    Role::Relu,
    Role::Clip,
    Role::HardSwish,
    Role::HardSigmoid,
    Role::Sigmoid,
    Role::Swish,
    Role::Gelu,
    Role::Tanh,
    Role::Function,
];
/// Roles of normalisations.
const NORMS: [Role; 4] = [Role::BatchNorm, Role::LayerNorm, Role::GroupNorm, Role::RmsNorm];
/// Roles whose number a layer tells the kind of block.
const BLOCKS: [Role; 7] = [
    Role::Excite,
    Role::Gate,
    Role::Scale,
    Role::Attention,
    Role::Residual,
    Role::Depthwise,
    Role::Grouped,
];
/// Factors by which a stage is smaller than the image.
const STAGES: [f64; 5] = [2.0, 4.0, 8.0, 16.0, 32.0];

/// Names and values, always the same names in the same order.
pub fn facts(t: &Table) -> Vec<(String, f64)> {
    let mut out = totals(t);
    out.extend(layers(&t.layers));
    out.extend(shares(t));
    out.extend(blocks(t));
    out.extend(stages(t));
    out
}

fn fact(name: &str, value: f64) -> (String, f64) {
    (name.to_owned(), value)
}

/// Sizes, as logarithms of one more.
fn totals(t: &Table) -> Vec<(String, f64)> {
    let macs = t.all(|r| r.macs);
    let parameters = t.all(|r| r.parameters);
    let written = t.all(|r| r.written);
    let widest = t.layers.iter().map(|l| l.width).fold(0.0, f64::max);
    let [side, stride, channels] = t.stem;
    let sizes = [
        ("macs", macs),
        ("parameters", parameters),
        ("elements", written),
        ("resolution", t.resolution),
        ("depth", t.depth),
        ("weighted_depth", t.weighted_depth),
        ("operations", t.all(|r| r.count)),
        ("widest", widest),
        ("features", t.features),
        ("stem_stride", stride),
        ("stem_channels", channels),
        ("head_width", t.head_width),
        ("attended", t.attended),
        ("single_positions", t.single_positions),
        ("masked", t.masked),
    ];
    let mut out: Vec<(String, f64)> = sizes.iter().map(|(n, x)| fact(n, x.ln_1p())).collect();
    let ratio = |a: f64| a.ln_1p() - macs.ln_1p();
    let of = |role: Role| t.role(role).count;
    out.extend([
        fact("elements_by_macs", ratio(written)),
        fact("parameters_by_macs", ratio(parameters)),
        fact("stem_side", side),
        fact("depthwise_side", t.depthwise_side[0] / of(Role::Depthwise).max(1.0)),
        fact("depthwise_side_most", t.depthwise_side[1]),
        fact("window_side", t.window_side),
        fact("group_width", t.group_width / of(Role::Grouped).max(1.0)),
    ]);
    out
}

/// Where work and weights are: mean logarithms of positions and widths.
fn layers(layers: &[Layer]) -> Vec<(String, f64)> {
    let mean = |of: fn(&Layer) -> f64, weight: fn(&Layer) -> f64| {
        let all: f64 = layers.iter().map(weight).sum();
        let sum: f64 = layers.iter().map(|l| of(l).max(1.0).ln() * weight(l)).sum();
        sum / all.max(1.0)
    };
    let positions = layers.iter().map(|l| l.positions).filter(|p| *p > 1.0);
    let (first, last) = positions.fold((0.0, f64::INFINITY), |(a, b), p| (p.max(a), p.min(b)));
    let last = if last.is_finite() { last } else { 0.0 };
    vec![
        fact("positions_of_macs", mean(|l| l.positions, |l| l.macs)),
        fact("positions_of_parameters", mean(|l| l.positions, |l| l.parameters)),
        fact("width_of_macs", mean(|l| l.width, |l| l.macs)),
        fact("width_of_parameters", mean(|l| l.width, |l| l.parameters)),
        fact("positions_first", f64::ln_1p(first)),
        fact("positions_last", f64::ln_1p(last)),
    ]
}

/// Shares of roles in work, weights and elements; numbers of operations.
fn shares(t: &Table) -> Vec<(String, f64)> {
    let name = |role: &Role, what: &str| {
        format!("{}_{what}", Role::NAMES.get(*role as usize).copied().unwrap_or_default())
    };
    let part = |of: f64, all: f64| of / (all + 1.0);
    let macs = t.all(|r| r.macs);
    let parameters = t.all(|r| r.parameters);
    let written = |roles: &[Role]| roles.iter().map(|r| t.role(*r).written).sum::<f64>();
    let (functions, norms) = (written(&FUNCTIONS), written(&NORMS));
    let mut out = Vec::new();
    for role in COMPUTE {
        out.push((name(&role, "macs"), part(t.role(role).macs, macs)));
        out.push((name(&role, "parameters"), part(t.role(role).parameters, parameters)));
    }
    for (roles, all) in [(&FUNCTIONS[..], functions), (&NORMS[..], norms)] {
        let share = |r: &Role| (name(r, "share"), part(t.role(*r).written, all));
        out.extend(roles.iter().map(share));
    }
    out.push(fact("unnormalised", f64::from(u8::from(norms == 0.0))));
    out.extend(Role::ALL.iter().map(|r| (name(r, "count"), t.role(*r).count.ln_1p())));
    out
}

/// Kinds of blocks: how often they stand a layer, and whether there are any.
fn blocks(t: &Table) -> Vec<(String, f64)> {
    let of = |role: &Role| (Role::NAMES.get(*role as usize).copied(), t.role(*role).count);
    let mut counts: Vec<(&str, f64)> =
        BLOCKS.iter().map(of).map(|(n, c)| (n.unwrap_or_default(), c)).collect();
    counts.push(("masked_attention", t.masked));
    let both = |(name, count): (&str, f64)| {
        let there = f64::from(u8::from(count > 0.0));
        [
            (format!("{name}_by_layer"), count / (t.weighted_depth + 1.0)),
            (format!("{name}_any"), there),
        ]
    };
    counts.into_iter().flat_map(both).collect()
}

/// Shares of layers, work and weights by the size of the image there.
fn stages(t: &Table) -> Vec<(String, f64)> {
    let share = |stage: f64, of: fn(&Layer) -> f64| {
        let area = (t.resolution / stage).powi(2);
        let inside = |l: &&Layer| l.positions > area / 2.0 && l.positions <= area * 2.0;
        let part: f64 = t.layers.iter().filter(inside).map(of).sum();
        part / t.layers.iter().map(of).sum::<f64>().max(1.0)
    };
    let three = |&stage: &f64| {
        [
            (format!("stage_{stage}_layers"), share(stage, |_| 1.0)),
            (format!("stage_{stage}_macs"), share(stage, |l| l.macs)),
            (format!("stage_{stage}_parameters"), share(stage, |l| l.parameters)),
        ]
    };
    STAGES.iter().flat_map(three).collect()
}
