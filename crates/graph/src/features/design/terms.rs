//! Terms of a formula of time, from a [`Table`].

use super::role::Role;
use super::table::{Table, Totals};

/// Names and values, always the same names in the same order.
pub fn terms(t: &Table) -> Vec<(String, f64)> {
    let macs = |roles: &[Role]| roles.iter().map(|r| t.role(*r).macs).sum::<f64>();
    let moved = |roles: &[Role]| roles.iter().map(|r| t.role(*r).moved).sum::<f64>();
    let all = |of: fn(&Totals) -> f64| t.all(of);
    let slow = [
        Role::HardSwish,
        Role::HardSigmoid,
        Role::Sigmoid,
        Role::Swish,
        Role::Gelu,
        Role::Tanh,
        Role::Function,
    ];
    let arithmetic = [Role::Residual, Role::Shift, Role::Scale, Role::Gate, Role::Excite];
    let list = [
        ("constant", 1.0),
        ("operations", all(|r| r.count)),
        ("pointwise_macs", macs(&[Role::Pointwise])),
        ("window_macs", macs(&[Role::Window])),
        ("thin_macs", macs(&[Role::Thin])),
        ("grouped_macs", macs(&[Role::Grouped])),
        ("depthwise_macs", macs(&[Role::Depthwise])),
        ("product_macs", macs(&[Role::Product])),
        ("vector_macs", macs(&[Role::Vector])),
        ("attention_macs", macs(&[Role::Attention, Role::ValueProduct])),
        ("recurrent_macs", macs(&[Role::Recurrent])),
        ("convolution_elements", moved(&[Role::Pointwise, Role::Window, Role::Thin])),
        ("depthwise_elements", moved(&[Role::Depthwise])),
        ("grouped_elements", moved(&[Role::Grouped])),
        ("product_elements", moved(&[Role::Product])),
        ("attention_io", moved(&[Role::Attention, Role::ValueProduct, Role::Recurrent])),
        ("attention_elements", t.attention_elements),
        ("batch_norm_elements", moved(&[Role::BatchNorm])),
        ("norm_elements", moved(&[Role::LayerNorm, Role::GroupNorm, Role::RmsNorm])),
        ("relu_elements", moved(&[Role::Relu, Role::Clip])),
        ("function_elements", moved(&slow)),
        ("arithmetic_elements", moved(&arithmetic)),
        ("moved_elements", moved(&[Role::Move])),
        ("reduced_elements", moved(&[Role::Reduce])),
        ("pool_elements", moved(&[Role::MaxPool, Role::AveragePool])),
        ("other_elements", moved(&[Role::Other])),
        ("narrow_macs", t.waste.narrow),
        ("unaligned_macs", t.waste.unaligned),
        ("thin_group_macs", t.waste.thin_groups),
        ("parameters", all(|r| r.parameters)),
        ("large_elements", t.large),
        ("elements", all(|r| r.written)),
    ];
    list.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
