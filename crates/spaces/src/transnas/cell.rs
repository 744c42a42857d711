//! Cells of TransNAS-Bench-101 (`MicroCell`).

use super::{Block, reduce};
use crate::builder::Builder;
use crate::layers::{self, Conv};
use crate::nats::TssOp;
use crate::nats::cell::EDGES;
use crate::proto::int;

/// Builds a cell. Edges that read its input change channels and size. A node stacks
/// its edges and sums over the stack.
pub(super) fn build(b: &mut Builder, ops: &[TssOp; 6], block: Block) -> String {
    let mut nodes = vec![block.x.to_owned()];
    for target in 1..4 {
        let mut parts = Vec::new();
        for (op, edge) in ops.iter().zip(EDGES).filter(|(_, e)| e.target == target) {
            let name = format!("{}.{}<-{}", block.name, edge.target, edge.source);
            let x = nodes.get(edge.source).map_or("", String::as_str);
            let own = match edge.source {
                0 => Block { x, ..block },
                _ => Block { x, input: block.output, stride: 1, ..block },
            };
            let output = layer(b, *op, &name, own);
            parts.push(stacked(b, &name, &output));
        }
        nodes.push(sum(b, &format!("{}.{target}", block.name), &parts));
    }
    nodes.pop().unwrap_or_default()
}

/// An axis more in front.
fn stacked(b: &mut Builder, name: &str, x: &str) -> String {
    let axis = b.integers(format!("{name}/Unsqueeze/axes"), &[0]);
    b.node("Unsqueeze", format!("{name}/Unsqueeze"), &[x, &axis], Vec::new())
}

fn sum(b: &mut Builder, name: &str, parts: &[String]) -> String {
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let stack = b.node("Concat", format!("{name}/Concat"), &parts, vec![int("axis", 0)]);
    let axis = b.integers(format!("{name}/ReduceSum/axes"), &[0]);
    b.node("ReduceSum", format!("{name}/ReduceSum"), &[&stack, &axis], vec![int("keepdims", 0)])
}

fn layer(b: &mut Builder, op: TssOp, name: &str, block: Block) -> String {
    let same = block.stride == 1 && block.input == block.output;
    let conv = |kernel| Conv::new(block.input, block.output, kernel).stride(block.stride);
    match op {
        TssOp::None if same => {
            let zero = b.zero();
            b.node("Mul", format!("{name}/Mul"), &[block.x, zero], Vec::new())
        }
        TssOp::None => reduce::zeros(b, name, block),
        TssOp::Skip if same => block.x.to_owned(),
        TssOp::Skip => reduce::factorized(b, name, block),
        TssOp::Conv1x1 => layers::relu_conv_bn(b, name, block.x, conv(1)),
        _ => layers::relu_conv_bn(b, name, block.x, conv(3)),
    }
}
