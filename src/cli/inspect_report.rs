//! What `nneval inspect` says of a model.

use super::bind_args::BindArgs;
use super::roofline::{Bound, Roofline};
use nneval::costs::{self, Amount, BlockCost, Breakdown, Costs, NodeCost, OperatorCost, Terms};
use nneval::graph::shape::{Bindings, Shapes};
use nneval::graph::{Limits, Model, ValueId, budget};
use nneval::inputs::{self, Assumed};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What is asked of each model.
pub struct Questions {
    /// Limits of reading.
    pub limits: Limits,
    /// Sizes given.
    pub sizes: BindArgs,
    /// Open dimensions stay symbols.
    pub symbolic: bool,
    /// Costs by block.
    pub blocks: bool,
    /// Bounds on the running time.
    pub roofline: Option<Roofline>,
}

/// The answer, as JSON has it.
#[derive(Serialize)]
pub struct Report {
    pub path: String,
    pub ir_version: i64,
    pub producer: String,
    pub opsets: Vec<Opset>,
    pub inputs: Vec<Port>,
    pub outputs: Vec<Port>,
    pub functions: usize,
    /// Sizes of open dimensions that neither the file nor the caller gives; none where they
    /// stay symbols.
    pub assumed: Vec<Assumed>,
    #[serde(flatten)]
    pub costs: Costs,
    /// By block, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<Vec<BlockCost>>,
    /// Least running time, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roofline: Option<Bounds>,
    /// Terms of cost formulas.
    pub terms: BTreeMap<&'static str, f64>,
}

/// Least running times by a roofline.
#[derive(Serialize)]
pub struct Bounds {
    #[serde(flatten)]
    pub of: Roofline,
    /// Of the whole network.
    pub total: Bound,
    /// Of each entry of `operators`.
    pub operators: Vec<Bound>,
    /// Of each entry of `blocks`.
    pub blocks: Vec<Bound>,
}

/// An operator set.
#[derive(Serialize)]
pub struct Opset {
    pub domain: String,
    pub version: i64,
}

/// An input or output of the graph.
#[derive(Serialize)]
pub struct Port {
    pub name: String,
    /// Element type, with `seq`, `map`, `opt` or `sparse` after a colon; `?`
    /// where unknown.
    pub r#type: String,
    /// Sizes; absent where the rank is unknown.
    pub shape: Option<Vec<String>>,
}

/// The report of a file.
pub fn report(path: &Path, asked: &Questions) -> nneval::Result<Report> {
    budget::within(path, &asked.limits, || within_budget(path, asked))
}

fn within_budget(path: &Path, asked: &Questions) -> nneval::Result<Report> {
    let model = Model::open(path, &asked.limits)?;
    let given = asked.sizes.bindings();
    let (sizes, assumed) = match asked.symbolic {
        true => (given.clone(), Vec::new()),
        false => {
            given.check(&model)?;
            let all = inputs::all_sizes(&model, &given);
            let assumed = inputs::assumed(&model, &given, &all);
            (all, assumed)
        }
    };
    let Breakdown { costs, nodes, blocks } = match asked.blocks || asked.roofline.is_some() {
        true => costs::breakdown(&model, &sizes)?,
        false => {
            let costs = costs::of_model(&model, &sizes)?;
            Breakdown { costs, nodes: Vec::new(), blocks: Vec::new() }
        }
    };
    let shapes = Shapes::infer(&model, &given);
    shapes.check(&model)?;
    let ports = |ids: &[ValueId]| ids.iter().map(|&id| port(&model, &shapes, id)).collect();
    let opset = |(d, v): &(String, i64)| Opset {
        domain: if d.is_empty() { "ai.onnx".into() } else { d.clone() },
        version: *v,
    };
    let roofline = asked.roofline.map(|r| bounds(r, &costs.operators, &nodes, &blocks));
    Ok(Report {
        path: path.display().to_string(),
        ir_version: model.ir_version,
        producer: model.producer.clone(),
        opsets: model.opsets.iter().map(opset).collect(),
        inputs: ports(&model.graph.inputs),
        outputs: ports(&model.graph.outputs),
        functions: model.functions.len(),
        assumed,
        costs,
        blocks: asked.blocks.then_some(blocks),
        roofline,
        terms: terms(&model, &given)?,
    })
}

fn bounds(
    of: Roofline,
    operators: &[OperatorCost],
    nodes: &[NodeCost],
    blocks: &[BlockCost],
) -> Bounds {
    let operator = |o: &OperatorCost| of.bound(nodes.iter().filter(|n| n.operator == o.operator));
    let block = |b: &BlockCost| of.bound(nodes.get(b.nodes.clone()).into_iter().flatten());
    Bounds {
        of,
        total: of.bound(nodes),
        operators: operators.iter().map(operator).collect(),
        blocks: blocks.iter().map(block).collect(),
    }
}

/// The terms of cost formulas, at the sizes given and else the usual ones.
fn terms(model: &Model, bindings: &Bindings) -> nneval::Result<BTreeMap<&'static str, f64>> {
    let Terms(values) = Terms::at_default_sizes(model, bindings)?;
    Ok(costs::terms::NAMES.into_iter().zip(values).collect())
}

fn port(model: &Model, shapes: &Shapes, id: ValueId) -> Port {
    let inferred = shapes.get(id);
    let dtype = inferred.and_then(|t| t.dtype).map_or("?".into(), |d| d.to_string());
    let container = inferred.and_then(|t| t.container.as_ref()).map(|c| format!(":{c}"));
    let dims = inferred.and_then(|t| t.dims.as_ref());
    Port {
        name: model.value(id).map(|v| v.name.clone()).unwrap_or_default(),
        r#type: format!("{dtype}{}", container.unwrap_or_default()),
        shape: dims.map(|d| d.iter().map(|e| shapes.symbols.text(e)).collect()),
    }
}

impl Report {
    /// Operator sets, as `ai.onnx 17; com.microsoft 1`.
    pub fn opsets(&self) -> String {
        let sets = self.opsets.iter().map(|o| format!("{} {}", o.domain, o.version));
        sets.collect::<Vec<_>>().join("; ")
    }

    /// Operators of the graph and its bodies.
    pub fn operator_count(&self) -> u64 {
        self.costs.operators.iter().map(|o| o.count).sum()
    }

    /// What is not in the totals.
    pub fn unknown(&self) -> String {
        let one = |u: &costs::Unknown| format!("{} x{} ({})", u.operator, u.count, u.missing);
        self.costs.unknown.iter().map(one).collect::<Vec<_>>().join("; ")
    }
}

impl Port {
    /// As `NAME TYPE[SIZES]`.
    pub fn text(&self) -> String {
        let shape = self.shape.as_ref().map_or("*".into(), |d| d.join(" x "));
        format!("{} {}[{shape}]", self.name, self.r#type)
    }
}

/// The share of `part` in `whole`, where both are numbers.
pub fn share(part: &Amount, whole: &Amount) -> Option<f64> {
    let (part, whole) = (part.known()?, whole.known()?);
    (whole > 0).then(|| part as f64 / whole as f64)
}
