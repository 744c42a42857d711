//! Ensembles of decision trees.

use super::super::net::{ML, Net, Value};
use crate::proto::{floats, int, ints, string, strings};
use onnx_protobuf::AttributeProto;
use onnx_protobuf::tensor_proto::DataType;

/// Trees by their nodes, all in one list.
#[derive(Default)]
struct Trees {
    tree: Vec<i64>,
    node: Vec<i64>,
    feature: Vec<i64>,
    threshold: Vec<f32>,
    is_leaf: Vec<bool>,
    left: Vec<i64>,
    right: Vec<i64>,
    depths: f64,
}

impl Trees {
    /// `count` trees of at most `depth` levels; a branch ends early with that chance.
    fn draw(net: &mut Net, count: i64, depth: i64, features: i64, early: f64) -> Self {
        let mut all = Self::default();
        for tree in 0..count {
            // Nodes that are not yet written, with their levels, in order of their numbers.
            let mut levels = vec![0];
            let mut at = 0;
            while let Some(&level) = levels.get(at) {
                let is_leaf = level >= depth || (level > 0 && net.draw.chance(early));
                let next = if is_leaf { 0 } else { levels.len() as i64 };
                let feature = net.draw.between(0, features - 1);
                let threshold = net.draw.unit() as f32;
                all.push(tree, at as i64, feature, threshold, is_leaf, next);
                if !is_leaf {
                    levels.extend([level + 1; 2]);
                }
                at += 1;
            }
            all.depths += (levels.len() as f64).log2();
        }
        all
    }

    fn push(&mut self, tree: i64, node: i64, feature: i64, at: f32, is_leaf: bool, next: i64) {
        self.tree.push(tree);
        self.node.push(node);
        self.feature.push(if is_leaf { 0 } else { feature });
        self.threshold.push(if is_leaf { 0.0 } else { at });
        self.is_leaf.push(is_leaf);
        self.left.push(next);
        self.right.push(if is_leaf { 0 } else { next + 1 });
    }

    fn attributes(&self) -> Vec<AttributeProto> {
        let modes = self.is_leaf.iter().map(|leaf| if *leaf { "LEAF" } else { "BRANCH_LEQ" });
        vec![
            ints("nodes_treeids", &self.tree),
            ints("nodes_nodeids", &self.node),
            ints("nodes_featureids", &self.feature),
            floats("nodes_values", self.threshold.clone()),
            strings("nodes_modes", modes),
            ints("nodes_truenodeids", &self.left),
            ints("nodes_falsenodeids", &self.right),
        ]
    }

    /// Trees, nodes and numbers of values of the leaves, `values` each, and the values.
    fn leaves(&self, net: &mut Net, prefix: &str, values: i64, each: bool) -> Vec<AttributeProto> {
        let [mut trees, mut nodes, mut ids] = [const { Vec::<i64>::new() }; 3];
        let leaves = self.tree.iter().zip(&self.node).zip(&self.is_leaf).filter(|(_, leaf)| **leaf);
        for ((tree, node), _) in leaves {
            let one = net.draw.between(0, values - 1);
            let of = if each { 0..values } else { one..one + 1 };
            for id in of {
                trees.push(*tree);
                nodes.push(*node);
                ids.push(id);
            }
        }
        let weights = ids.iter().map(|_| net.draw.unit() as f32).collect();
        let name = |part: &str| format!("{prefix}_{part}");
        vec![
            ints(&name("treeids"), &trees),
            ints(&name("nodeids"), &nodes),
            ints(&name("ids"), &ids),
            floats(&name("weights"), weights),
        ]
    }
}

/// Rows of features; the work of trees on them.
fn ensemble(net: &mut Net, most: i64, deepest: i64) -> (Value, Trees) {
    let features = net.draw.width(3, 200, 1);
    let x = net.input("X", &[features]);
    let (count, depth) = (net.draw.width(1, most, 1), net.draw.between(2, deepest));
    let early = net.draw.pick([0.0, 0.1, 0.25]);
    let trees = Trees::draw(net, count, depth, features, early);
    net.work.elements += 40.0 * x.dim(0) as f64 * trees.depths;
    net.work.stored_bytes += 60.0 * trees.tree.len() as f64;
    (x, trees)
}

/// A random forest: probabilities of classes in each leaf (Breiman, 2001).
pub(super) fn classifier(net: &mut Net) {
    let (x, trees) = ensemble(net, 300, 12);
    let classes = net.draw.between(2, 10);
    let mut attributes = trees.attributes();
    attributes.extend(trees.leaves(net, "class", classes, true));
    let labels: Vec<i64> = (0..classes).collect();
    attributes.push(ints("classlabels_int64s", &labels));
    attributes.push(string("post_transform", "NONE"));
    let shapes = [vec![x.dim(0)], vec![x.dim(0), classes]];
    let [label, probabilities] =
        net.op_many_of(ML, "TreeEnsembleClassifier", &[&x], attributes, shapes);
    net.output_as(&label, Some(0), DataType::INT64);
    net.output(&probabilities);
}

/// Boosted trees: one number a leaf (Friedman, 2001).
pub(super) fn regressor(net: &mut Net) {
    let (x, trees) = ensemble(net, 600, 8);
    let targets = net.draw.pick([1, 1, 1, 3, 10]);
    let mut attributes = trees.attributes();
    attributes.extend(trees.leaves(net, "target", targets, false));
    attributes.push(int("n_targets", targets));
    let shape = vec![x.dim(0), targets];
    let y = net.op_of(ML, "TreeEnsembleRegressor", &[&x], attributes, shape);
    net.output(&y);
}
