//! Networks on graphs that are given as matrices.

use super::super::layers::activation::Act;
use super::super::net::Net;

/// Means of neighbours and linear layers (Kipf and Welling, 2017), at times with
/// the node's own features apart (Hamilton et al., 2017).
pub(super) fn dense(net: &mut Net) {
    let (nodes, features) = (net.draw.width(8, 384, 4), net.draw.width(4, 256, 4));
    let mut x = net.input("node_features", &[nodes, features]);
    let edges = net.input("adjacency", &[nodes, nodes]);
    let own = net.draw.chance(0.5);
    let (width, act) = (net.draw.width(8, 256, 8), net.draw.pick([Act::Relu, Act::Elu, Act::Gelu]));
    for _ in 0..net.draw.between(1, 6) {
        let mut y = net.matmul(&edges, &x);
        y = net.linear(&y, width);
        if own {
            let z = net.linear(&x, width);
            y = net.add(&y, &z);
        }
        if net.draw.chance(0.3) {
            y = net.layer_norm(&y);
        }
        x = net.act(&y, act);
    }
    if net.draw.chance(0.5) {
        let op = net.draw.pick(["ReduceMean", "ReduceSum", "ReduceMax"]);
        x = net.reduce(op, &x, &[1], false);
    }
    let out = net.draw.pick([1, 2, 7, 40]);
    let y = net.linear(&x, out);
    net.output(&y);
}
