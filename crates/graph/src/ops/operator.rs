//! A row of the operator registry: everything that nneval knows of one operator.

use super::flops::{Site, Work};
use super::kinds::{Class, CostKind, Demand, Passes, WeightRole};
use super::op::{Op, Outputs};
use super::typed::Typed;
use crate::model::{Container, DataType};
use std::ops::RangeInclusive;

/// The last position there is, for ranges of inputs that are open above.
pub const LAST: usize = usize::MAX;

/// What is known of the outputs of a node; `None` where nothing is.
pub type ShapeRule = fn(&mut Op) -> Option<Outputs>;
/// The element type of an output, where the operator determines it.
pub type TypeRule = fn(&Typed, usize) -> Option<DataType>;
/// The container that an output is, where it is one.
pub type ContainerRule = fn(&Typed, usize) -> Option<Container>;
/// The work of a node; `None` where it depends on data or is not known.
pub type WorkRule = fn(&Site) -> Option<Work>;
/// Positions of inputs, and something about these.
pub type ByInput<T> = &'static [(RangeInclusive<usize>, T)];

/// Roles of inputs whose constants are never weights.
pub const CONSTANTS: ByInput<WeightRole> = &[(0..=LAST, WeightRole::Constant)];
/// Roles of inputs whose constants are weights unless they are single numbers.
pub const TENSORS: ByInput<WeightRole> = &[(0..=LAST, WeightRole::ParameterUnlessSingle)];
/// Roles of inputs through which weights of any type pass on.
pub const CARRIED: ByInput<WeightRole> = &[(0..=LAST, WeightRole::CarriedParameter)];

/// Roles of a tensor, then its scale and zero point, then those of the output.
pub const SCALED: ByInput<WeightRole> =
    &[(0..=0, WeightRole::CarriedParameter), (1..=LAST, WeightRole::Buffer)];
/// Roles of two operands, each with scale and zero point, then those of the output.
pub const SCALED_PAIR: ByInput<WeightRole> = &[
    (0..=0, WeightRole::CarriedUnlessSingle),
    (1..=2, WeightRole::Buffer),
    (3..=3, WeightRole::CarriedUnlessSingle),
    (4..=LAST, WeightRole::Buffer),
];
/// Roles of scale and zero point of the output, then parts with their own.
pub const SCALED_PARTS: ByInput<WeightRole> = &[
    (0..=1, WeightRole::Buffer),
    (2..=2, WeightRole::CarriedParameter),
    (3..=4, WeightRole::Buffer),
    (5..=5, WeightRole::CarriedParameter),
    (6..=7, WeightRole::Buffer),
    (8..=8, WeightRole::CarriedParameter),
    (9..=LAST, WeightRole::Buffer),
];
/// Roles of a product of quantized matrices and a bias.
pub const SCALED_PRODUCT: ByInput<WeightRole> = &[
    (0..=0, WeightRole::Parameter),
    (1..=2, WeightRole::Buffer),
    (3..=3, WeightRole::Parameter),
    (4..=5, WeightRole::Buffer),
    (6..=6, WeightRole::Parameter),
    (7..=LAST, WeightRole::Buffer),
];
/// Roles of quantized attention: weight and bias, scales, mask, zero points.
pub const SCALED_ATTENTION: ByInput<WeightRole> = &[
    (1..=2, WeightRole::Parameter),
    (3..=4, WeightRole::Buffer),
    (5..=5, WeightRole::Constant),
    (6..=7, WeightRole::Buffer),
];
/// Roles of a packed weight, its scales and zero points.
pub const PACKED: ByInput<WeightRole> =
    &[(1..=1, WeightRole::Parameter), (2..=4, WeightRole::Buffer)];
/// Roles of rotary tables and positions.
pub const ROTARY: ByInput<WeightRole> = &[(1..=3, WeightRole::Buffer)];

/// One row.
#[derive(Clone, Copy)]
pub struct Operator {
    /// Domain, empty for `ai.onnx`.
    pub domain: &'static str,
    /// Operator type.
    pub name: &'static str,
    /// Family.
    pub class: Class,
    /// Shape rule; use [`Operator::infer`].
    shape: ShapeRule,
    /// Element types of the outputs.
    pub types: TypeRule,
    /// Containers of the outputs.
    pub container: ContainerRule,
    /// MACs and FLOPs.
    pub work: WorkRule,
    /// What its elements or multiplications cost.
    pub cost: CostKind,
    /// ONNX Runtime fuses it into a convolution before it.
    pub is_fusible: bool,
    /// Attributes and their defaults, as the operation string spells them.
    pub defaults: &'static [(&'static str, &'static str)],
    /// What it did before an opset where an attribute is absent, if that is not
    /// today's default: opset, attribute, spelling.
    pub former: &'static [(i64, &'static str, &'static str)],
    /// Inputs that say what the operation does, so that their values are spelled.
    pub structural: &'static [RangeInclusive<usize>],
    /// Roles of constants as its inputs; the first range that holds a position counts.
    weights: ByInput<WeightRole>,
    /// Attributes whose elements are parameters.
    pub parameters: &'static [&'static str],
    /// Demands on inputs.
    demands: &'static [(usize, Demand)],
    /// Inputs whose elements it passes on.
    passes: Passes,
}

/// An operator of `ai.onnx`; its outputs have the type of input 0.
pub const fn onnx(name: &'static str, class: Class) -> Operator {
    row("", name, class, |t, _| t.of(0))
}

/// An operator of `com.microsoft`; its outputs have the type of input 0.
pub const fn microsoft(name: &'static str, class: Class) -> Operator {
    row("com.microsoft", name, class, |t, _| t.of(0))
}

/// An operator of `com.ms.internal.nhwc`; its outputs have the type of input 0.
pub const fn nhwc(name: &'static str, class: Class) -> Operator {
    row("com.ms.internal.nhwc", name, class, |t, _| t.of(0))
}

/// An operator of `com.microsoft.nchwc`; its outputs have the type of input 0.
pub const fn nchwc(name: &'static str, class: Class) -> Operator {
    row("com.microsoft.nchwc", name, class, |t, _| t.of(0))
}

/// An operator of `ai.onnx.preview`; its outputs have the type of input 0.
pub const fn preview(name: &'static str, class: Class) -> Operator {
    row("ai.onnx.preview", name, class, |t, _| t.of(0))
}

/// An operator of `ai.onnx.ml`; its outputs are floats.
pub const fn ml(name: &'static str, class: Class) -> Operator {
    row("ai.onnx.ml", name, class, |_, _| Some(DataType::F32))
}

/// An operator of `ai.onnx.preview.training`; its outputs have the types of the
/// inputs after the first two.
pub const fn training(name: &'static str, class: Class) -> Operator {
    row("ai.onnx.preview.training", name, class, |t, i| t.of(i.saturating_add(2)))
}

/// An operator of which nothing is known but what holds for any operator.
pub const fn row(
    domain: &'static str,
    name: &'static str,
    class: Class,
    types: TypeRule,
) -> Operator {
    Operator {
        domain,
        name,
        class,
        shape: |_| None,
        types,
        container: |_, _| None,
        work: |_| None,
        cost: CostKind::Other,
        is_fusible: false,
        defaults: &[],
        former: &[],
        structural: &[],
        weights: &[],
        parameters: &[],
        demands: &[],
        passes: Passes::None,
    }
}

/// What rows are made with.
impl Operator {
    /// The shape rule.
    pub const fn shape(self, shape: ShapeRule) -> Self {
        Self { shape, ..self }
    }

    /// The type rule, where it is not that of the domain.
    pub const fn types(self, types: TypeRule) -> Self {
        Self { types, ..self }
    }

    /// The container rule.
    pub const fn container(self, container: ContainerRule) -> Self {
        Self { container, ..self }
    }

    /// MACs and FLOPs.
    pub const fn work(self, work: WorkRule) -> Self {
        Self { work, ..self }
    }

    /// What its elements or multiplications cost.
    pub const fn cost(self, cost: CostKind) -> Self {
        Self { cost, ..self }
    }

    /// ONNX Runtime fuses it into a convolution before it.
    pub const fn fusible(self) -> Self {
        Self { is_fusible: true, ..self }
    }

    /// Attributes and their defaults.
    pub const fn defaults(self, defaults: &'static [(&'static str, &'static str)]) -> Self {
        Self { defaults, ..self }
    }

    /// Differences of earlier opsets.
    pub const fn formerly(self, former: &'static [(i64, &'static str, &'static str)]) -> Self {
        Self { former, ..self }
    }

    /// Inputs whose values are spelled.
    pub const fn structural(self, structural: &'static [RangeInclusive<usize>]) -> Self {
        Self { structural, ..self }
    }

    /// Roles of constants.
    pub const fn weights(self, weights: ByInput<WeightRole>) -> Self {
        Self { weights, ..self }
    }

    /// Attributes whose elements are parameters.
    pub const fn parameters(self, parameters: &'static [&'static str]) -> Self {
        Self { parameters, ..self }
    }

    /// Demands on inputs.
    pub const fn fed(self, demands: &'static [(usize, Demand)]) -> Self {
        Self { demands, ..self }
    }

    /// Inputs whose elements it passes on.
    pub const fn passes(self, passes: Passes) -> Self {
        Self { passes, ..self }
    }
}

/// What rows tell.
impl Operator {
    /// What is known of the outputs of a node. Bodies of a node that does not
    /// run them itself are inferred with their declared inputs.
    pub fn infer(&self, op: &mut Op) -> Option<Outputs> {
        if self.domain.is_empty() && self.class != Class::Control {
            op.declared_bodies();
        }
        (self.shape)(op)
    }

    /// True for an `ai.onnx` operator whose windows default to stride 1,
    /// dilation 1 and no padding.
    pub fn has_windows(&self) -> bool {
        self.domain.is_empty() && self.class == Class::Window
    }

    /// True for an `ai.onnx` operator of elementwise arithmetic, where a constant
    /// of one element is a number, not a weight.
    pub fn is_arithmetic(&self) -> bool {
        self.domain.is_empty() && self.class == Class::Arithmetic
    }

    /// True where `text` is what the operator takes when `attribute` is left out.
    pub fn is_default(&self, attribute: &str, text: &str) -> bool {
        self.defaults.contains(&(attribute, text))
    }

    /// True where input `position` says what the operation does.
    pub fn is_structural(&self, position: usize) -> bool {
        self.structural.iter().any(|r| r.contains(&position))
    }

    /// What a constant is as input `position`.
    pub fn role(&self, position: usize) -> WeightRole {
        let found = self.weights.iter().find(|w| w.0.contains(&position));
        found.map_or(WeightRole::ParameterIfFloat, |w| w.1)
    }

    /// What the operator asks of the values of input `position`.
    pub fn demand(&self, position: usize) -> Option<Demand> {
        self.demands.iter().find(|d| d.0 == position).map(|d| d.1)
    }

    /// True where the outputs have the elements of input `position`.
    pub fn passes_on(&self, position: usize) -> bool {
        match self.passes {
            Passes::None => false,
            Passes::First => position == 0,
            Passes::All => true,
            Passes::AfterFirst => position > 0,
        }
    }

    /// All that does not depend on the domain: what an operator of the same name
    /// in another domain is taken to have in common with this one.
    #[cfg(test)]
    pub(super) fn usage(&self) -> impl PartialEq + std::fmt::Debug + use<> {
        let (random, looks_up) = (self.class == Class::Random, self.class == Class::LookUp);
        (self.cost, self.is_fusible, self.weights, self.demands, self.passes, random, looks_up)
    }

    /// Ranges of inputs do not overlap, and no input has two demands.
    #[cfg(test)]
    pub(super) fn check_inputs(&self) {
        let apart = |ranges: Vec<&RangeInclusive<usize>>| {
            ranges.iter().all(|r| r.start() <= r.end())
                && ranges.is_sorted_by(|a, b| a.end() < b.start())
        };
        assert!(apart(self.structural.iter().collect()), "{}: structural", self.name);
        assert!(apart(self.weights.iter().map(|w| &w.0).collect()), "{}: weights", self.name);
        assert!(self.demands.is_sorted_by(|a, b| a.0 < b.0), "{}: demands", self.name);
    }
}
