//! Seeded models that are well formed and mean no good: any operator, extreme
//! sizes, claimed against real lengths, bodies and functions within each other.

use crate::kinds::EXTREMES;
use crate::proto::*;

/// A generator of numbers (SplitMix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// A size, mostly small.
    fn size(&mut self) -> i64 {
        match self.below(4) {
            0 => *self.pick(&EXTREMES),
            _ => self.below(9) as i64,
        }
    }

    /// A number of things, at times a large one.
    fn count(&mut self, most: usize) -> usize {
        match self.below(24) {
            0 => self.below(most),
            1..4 => self.below(64),
            _ => self.below(5),
        }
    }

    fn dim(&mut self) -> String {
        let symbol = |r: &mut Self| ((b'a' + r.below(8) as u8) as char).to_string();
        match self.below(8) {
            0 => format!("{}*({} + {})", symbol(self), symbol(self), symbol(self)),
            1 => format!("floor({}/{})", symbol(self), self.size()),
            2 => format!("max({}, {})", symbol(self), symbol(self)),
            3 | 4 => symbol(self),
            _ => self.size().max(0).to_string(),
        }
    }

    fn shape(&mut self) -> String {
        let rank = self.count(66);
        // `x` separates sizes, which "max(" holds as well.
        let dims: Vec<String> =
            (0..rank).map(|_| self.dim()).filter(|d| !d.contains('x')).collect();
        dims.join("x")
    }

    fn ints(&mut self, most: usize) -> Vec<i64> {
        let n = self.count(most);
        (0..n).map(|_| self.size()).collect()
    }
}

/// Attributes that rules read, and those of their like.
const INTS: [&str; 22] = [
    "axes",
    "perm",
    "pads",
    "kernel_shape",
    "strides",
    "dilations",
    "split",
    "starts",
    "ends",
    "shape",
    "output_shape",
    "output_padding",
    "scan_input_axes",
    "scan_output_axes",
    "sizes",
    "repeats",
    "pooled_shape",
    "inputdimensions",
    "qkv_hidden_sizes",
    "paddings",
    "cats_int64s",
    "classlabels_ints",
];
const INT: [&str; 34] = [
    "axis",
    "axes",
    "keepdims",
    "group",
    "blocksize",
    "to",
    "batch_dims",
    "start",
    "end",
    "num_outputs",
    "hidden_size",
    "layout",
    "num_scan_inputs",
    "q_num_heads",
    "kv_num_heads",
    "num_heads",
    "ceil_mode",
    "allowzero",
    "k",
    "n_targets",
    "targets",
    "N",
    "K",
    "transA",
    "transB",
    "dtype",
    "broadcast",
    "new_axis",
    "size",
    "sampling_ratio",
    "output_height",
    "noop_with_empty_axes",
    "onesided",
    "depth",
];
const TEXT: [(&str, &[&str]); 8] = [
    (
        "equation",
        &["ij,jk->ik", "...ij,...jk", "ii->", "a...,b...->ab...", "ij", "->", ",", "é,é->é"],
    ),
    ("auto_pad", &["SAME_UPPER", "VALID", "NOTSET"]),
    ("mode", &["linear", "cubic", "nearest", "reflect"]),
    ("direction", &["bidirectional", "reverse"]),
    ("keep_aspect_ratio_policy", &["not_larger", "not_smaller"]),
    ("coordinate_transformation_mode", &["tf_crop_and_resize"]),
    ("update_rule", &["delta"]),
    ("pixel_format", &["Grayscale"]),
];

/// Most inputs, outputs or elements of one node.
const MANY: usize = 3000;

struct Maker<'o> {
    random: Random,
    operators: &'o [(&'static str, &'static str)],
    fresh: usize,
    functions: Vec<Vec<u8>>,
    /// Operator type of the last function, and its inputs.
    callable: Vec<(String, usize)>,
}

impl Maker<'_> {
    fn name(&mut self) -> String {
        self.fresh += 1;
        format!("v{}", self.fresh)
    }

    /// A constant whose bytes may be more or fewer than it claims.
    fn constant(&mut self, name: &str) -> Vec<u8> {
        let r = &mut self.random;
        if r.chance(60) {
            let v = r.ints(1030);
            return if r.chance(20) { scalar(name, r.size()) } else { ints(name, &v) };
        }
        let dims: Vec<i64> = (0..r.count(66)).map(|_| r.size().max(0)).collect();
        let kind = *r.pick(&[1, 2, 3, 6, 7, 9, 10, 11, 16, 21, 22, 25, 8, -2, 99]);
        let bytes: Vec<u8> = (0..r.count(9000)).map(|_| r.next() as u8).collect();
        let place = *r.pick(&[9, 9, 9, 5, 7, 4, 6, 11]);
        [tensor(name, kind, &dims), field(place, &bytes)].concat()
    }

    fn attribute(&mut self, names: &[String], depth: usize) -> Vec<u8> {
        let r = &mut self.random;
        match r.below(10) {
            0..4 => {
                let (key, v) = (*r.pick(&INT), r.size());
                attr_int(key, v)
            }
            4..7 => {
                let (key, v) = (*r.pick(&INTS), r.ints(MANY));
                attr_ints(key, &v)
            }
            7 => {
                let (key, values) = *r.pick(&TEXT);
                attr_text(key, r.pick::<&str>(values))
            }
            8 if depth < 26 => {
                let key = *r.pick(&["body", "then_branch", "else_branch", "g"]);
                attr_graph(key, &self.graph(names, depth + 1))
            }
            8 => attr_ref("axis", "a", 2),
            _ => {
                let key = *r.pick(&["value", "t"]);
                attr_tensor(key, &self.constant(""))
            }
        }
    }

    fn node(&mut self, names: &mut Vec<String>, depth: usize) -> Vec<u8> {
        let (mut of, mut op) = *self.random.pick(self.operators);
        let called = self.random.chance(10).then(|| self.callable.last().cloned()).flatten();
        if let Some((name, _)) = &called {
            (of, op) = ("d", name);
        }
        let few = called.as_ref().map_or(0, |c| c.1).max(1);
        let many = self.random.count(MANY);
        let inputs = if self.random.chance(80) { self.random.below(6).max(few) } else { many };
        let read = |m: &mut Self| match m.random.below(12) {
            0 => String::new(),
            // Mostly what was made last, so that effects add up.
            1..6 => names[names.len() - 1 - m.random.below(names.len().min(4))].clone(),
            _ => m.random.pick(names).clone(),
        };
        let inputs: Vec<String> = (0..inputs).map(|_| read(self)).collect();
        let outputs =
            if self.random.chance(90) { 1 + self.random.below(3) } else { self.random.count(MANY) };
        let outputs: Vec<String> = (0..outputs).map(|_| self.name()).collect();
        let visible = names.clone();
        let attributes = self.random.below(5);
        let mut more: Vec<Vec<u8>> =
            (0..attributes).map(|_| self.attribute(&visible, depth)).collect();
        if matches!(op, "If") && depth < 26 {
            more = ["then_branch", "else_branch"]
                .map(|key| attr_graph(key, &self.graph(&visible, depth + 1)))
                .to_vec();
        } else if matches!(op, "Loop" | "Scan" | "SequenceMap") && depth < 26 {
            more = vec![
                attr_graph("body", &self.graph(&visible, depth + 1)),
                attr_int("num_scan_inputs", 1),
            ];
        }
        if !of.is_empty() {
            more.push(domain(of));
        }
        names.extend(outputs.iter().take(4).cloned());
        let refs =
            |v: &'_ [String]| v.iter().map(String::as_str).map(str::to_owned).collect::<Vec<_>>();
        let (inputs, outputs) = (refs(&inputs), refs(&outputs));
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let outputs: Vec<&str> = outputs.iter().map(String::as_str).collect();
        node(op, &inputs, &outputs, &more)
    }

    /// A graph that may read `outer` values.
    fn graph(&mut self, outer: &[String], depth: usize) -> Vec<u8> {
        let mut names = outer.to_vec();
        let mut g = Graph::default();
        for _ in 0..1 + self.random.below(3) {
            let (name, shape) = (self.name(), self.random.shape());
            let kind = *self.random.pick(&[1, 7, 9, 10, 3]);
            g.inputs.push(value(&name, kind, if self.random.chance(5) { "*" } else { &shape }));
            names.push(name);
        }
        for _ in 0..self.random.below(5) {
            let name = self.name();
            g.initializers.push(self.constant(&name));
            names.push(name);
        }
        let nodes = 1 + self.random.below(if depth == 0 { 24 } else { 4 });
        for _ in 0..nodes {
            let n = self.node(&mut names, depth);
            g.nodes.push(n);
        }
        for _ in 0..1 + self.random.below(3) {
            let name = self.random.pick(&names[names.len() - names.len().min(6)..]).clone();
            let shape = self.random.shape();
            g.outputs.push(value(&name, 1, if self.random.chance(60) { "*" } else { &shape }));
        }
        g.bytes()
    }

    fn function(&mut self, index: usize) {
        let inputs: Vec<String> = (0..1 + self.random.below(3)).map(|_| self.name()).collect();
        let mut names = inputs.clone();
        let count = 1 + self.random.below(6);
        let nodes: Vec<Vec<u8>> = (0..count).map(|_| self.node(&mut names, 20)).collect();
        let outputs: Vec<&str> = vec![names[names.len() - 1].as_str()];
        let refs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let name = format!("f{index}");
        self.functions.push(function("d", &name, &refs, &outputs, &nodes, &[text(6, "a")]));
        self.callable.push((name, inputs.len()));
    }
}

/// The model of a seed.
pub fn model_of(seed: u64, operators: &[(&'static str, &'static str)]) -> Vec<u8> {
    let random = Random::new(seed);
    let mut maker =
        Maker { random, operators, fresh: 0, functions: Vec::new(), callable: Vec::new() };
    if maker.random.chance(30) {
        (0..1 + maker.random.below(6)).for_each(|i| maker.function(i));
    }
    let graph = maker.graph(&[], 0);
    model(&graph, &maker.functions)
}
