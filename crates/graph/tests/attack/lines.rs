//! Seeded models of one operator, aimed at the budgets: the lines of
//! `operators.txt` and `sweeps.txt` with sizes, ranks, attributes, numbers of
//! inputs and lengths of constants that break what counts them. Each operator
//! gets as many as any other.

use crate::kinds::EXTREMES;
use crate::proto::*;
use crate::random::Random;
use nneval_graph::model::DataType;

const TABLES: [&str; 2] = [include_str!("../operators.txt"), include_str!("../sweeps.txt")];

/// Most inputs of a node that has many.
const MANY: usize = 4000;
/// Sizes at the limits of what counts them.
const SIZES: [i64; 10] = [0, 1, -1, 1 << 31, 1 << 40, 1 << 62, i64::MAX, 2, 3, 64];

/// One operator of one line.
struct Line {
    domain: &'static str,
    op: &'static str,
    inputs: Vec<&'static str>,
    attributes: Vec<&'static str>,
    outputs: usize,
}

fn lines() -> Vec<Line> {
    let all = TABLES.iter().flat_map(|t| t.lines());
    let mut lines = Vec::new();
    for line in all.filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [names, inputs, attributes, outputs, ..] = cells[..] else { panic!("{line}") };
        for name in names.split_whitespace() {
            let (domain, op) = name.split_once(':').unwrap_or(("", name));
            lines.push(Line {
                domain,
                op,
                inputs: inputs.split_whitespace().collect(),
                attributes: attributes.split_whitespace().collect(),
                outputs: outputs.split_whitespace().count(),
            });
        }
    }
    // The lines of an operator lie together, so that seeds may go by operator.
    lines.sort_by_key(|l| (l.domain, l.op));
    lines
}

/// Models by seed.
pub struct Lines {
    /// Lines by operator.
    operators: Vec<Vec<Line>>,
}

impl Lines {
    pub fn new() -> Self {
        let mut operators: Vec<Vec<Line>> = Vec::new();
        for line in lines() {
            match operators.last_mut() {
                Some(of) if (of[0].domain, of[0].op) == (line.domain, line.op) => of.push(line),
                _ => operators.push(vec![line]),
            }
        }
        Self { operators }
    }

    /// The model of a seed.
    pub fn model_of(&self, seed: u64) -> Vec<u8> {
        let mut random = Random::new(!seed);
        let of = &self.operators[(seed % self.operators.len() as u64) as usize];
        let line = random.pick(of);
        Maker { random, graph: Graph::default(), line }.model()
    }
}

struct Maker<'l> {
    random: Random,
    graph: Graph,
    line: &'l Line,
}

fn numbers(text: &str) -> Vec<f64> {
    text.trim_end_matches('.').split(',').filter_map(|x| x.parse().ok()).collect()
}

impl Maker<'_> {
    fn odd(&mut self, n: i64) -> i64 {
        match self.random.below(5) {
            0 => *self.random.pick(&SIZES),
            1 => *self.random.pick(&EXTREMES),
            _ => n,
        }
    }

    /// A dimension: the line's, an extreme, a symbol, or a formula that nests.
    fn dim(&mut self, n: &str) -> String {
        let symbol = |r: &mut Random| ((b'a' + r.below(6) as u8) as char).to_string();
        match self.random.below(9) {
            0 => self.random.pick(&SIZES).max(&0).to_string(),
            1 | 2 => symbol(&mut self.random),
            3 => {
                let (a, b) = (symbol(&mut self.random), symbol(&mut self.random));
                format!("({a}+{b})*({a}+{n})*({b}+2)")
            }
            4 => format!("floor({}/{})", symbol(&mut self.random), self.random.pick(&SIZES)),
            _ => n.to_owned(),
        }
    }

    fn shape(&mut self, sizes: &str) -> String {
        if self.random.chance(4) {
            return "*".to_owned();
        }
        let sizes: Vec<&str> = sizes.trim_end_matches('.').split('x').collect();
        let mut dims: Vec<String> =
            sizes.iter().filter(|d| !d.is_empty()).map(|d| self.dim(d)).collect();
        if self.random.chance(6) {
            let rank = *self.random.pick(&[0, 1, 8, 63, 64, 65]);
            let fill = dims.first().cloned().unwrap_or_else(|| "a".to_owned());
            dims.resize(rank, fill);
        }
        dims.join("x")
    }

    /// Declares an input of the node; its name.
    fn input(&mut self, at: usize, text: &str) -> String {
        let name = format!("x{at}");
        if text == "-" {
            return String::new();
        }
        if let Some(v) = text.strip_prefix('~') {
            let v: Vec<f32> = numbers(v).iter().map(|&x| x as f32).collect();
            self.graph.initializers.push(floats(&name, &v));
        } else if let Some((dtype, v)) = text.split_once('=') {
            let v: Vec<i64> = numbers(v).iter().map(|&x| x as i64).collect();
            self.constant(&name, dtype, v);
        } else {
            let (dtype, sizes) = text.split_once(':').unwrap_or(("f32", text));
            let kind = DataType::from_name(dtype).map_or(1, DataType::number).into();
            let shape = self.shape(sizes);
            match self.random.below(12) {
                // A constant that claims the sizes and has few bytes.
                0 => {
                    let dims: Vec<i64> = shape.split('x').filter_map(|d| d.parse().ok()).collect();
                    let bytes = vec![1u8; self.random.below(64)];
                    let t = [tensor(&name, kind, &dims), field(9, &bytes)].concat();
                    self.graph.initializers.push(t);
                }
                _ => self.graph.inputs.push(value(&name, kind, &shape)),
            }
        }
        name
    }

    fn constant(&mut self, name: &str, dtype: &str, mut v: Vec<i64>) {
        v.iter_mut().for_each(|n| *n = self.odd(*n));
        if self.random.chance(10) {
            let n = *self.random.pick(&[0, 1, 63, 64, 1030, 70_000]);
            let fill = v.first().copied().unwrap_or(1);
            v.resize(n, fill);
        }
        if dtype.is_empty() && !self.random.chance(8) {
            self.graph.initializers.push(ints(name, &v));
            return;
        }
        let kind = DataType::from_name(dtype).map_or(7, DataType::number).into();
        let claimed = self.odd(v.len() as i64).max(0);
        let data =
            v.iter().flat_map(|&x| int(if kind == 7 { 7 } else { 5 }, x)).collect::<Vec<_>>();
        self.graph.initializers.push([tensor(name, kind, &[claimed]), data].concat());
    }

    fn attribute(&mut self, text: &str) -> Vec<u8> {
        let (key, v) = text.split_once('=').unwrap_or((text, "1"));
        if let Some(s) = v.strip_prefix('\'') {
            let s = s.trim_end_matches('\'');
            let odd = ["", "ij,jk->ik", "...i,...i->...", "é", "SAME_LOWER", "ii,ii->"];
            let s = if self.random.chance(15) { *self.random.pick(&odd) } else { s };
            return attr_text(key, s);
        }
        if v.contains('.') {
            let v: Vec<f32> = numbers(v).iter().map(|&x| x as f32).collect();
            return attr_floats(key, &v);
        }
        let mut all: Vec<i64> = numbers(v).iter().map(|&x| x as i64).collect();
        all.iter_mut().for_each(|n| *n = self.odd(*n));
        if !v.contains(',') {
            return attr_int(key, all.first().copied().unwrap_or(0));
        }
        if self.random.chance(10) {
            let n = *self.random.pick(&[0, 1, 3, 64, 128, 5000]);
            let fill = all.first().copied().unwrap_or(1);
            all.resize(n, fill);
        }
        attr_ints(key, &all)
    }

    /// The node, some more of it behind, and what follows of the result.
    fn model(mut self) -> Vec<u8> {
        let line = self.line;
        let mut inputs: Vec<String> =
            line.inputs.iter().enumerate().map(|(i, text)| self.input(i, text)).collect();
        if let (Some(last), true) = (inputs.last().cloned(), self.random.chance(5)) {
            let n = self.random.below(MANY);
            inputs.extend(std::iter::repeat_n(last, n));
        }
        let mut more: Vec<Vec<u8>> = line.attributes.iter().map(|a| self.attribute(a)).collect();
        if !line.domain.is_empty() {
            more.push(domain(line.domain));
        }
        let outputs = match self.random.below(20) {
            0 => self.random.below(MANY),
            _ => line.outputs,
        };
        let times = if self.random.chance(30) { 1 + self.random.below(40) } else { 1 };
        let mut last = String::new();
        for k in 0..times {
            let outs: Vec<String> = (0..outputs).map(|i| format!("y{k}_{i}")).collect();
            let given: Vec<&str> = inputs.iter().map(String::as_str).collect();
            let made: Vec<&str> = outs.iter().map(String::as_str).collect();
            self.graph.nodes.push(node(line.op, &given, &made, &more));
            let from = outs.first().cloned().unwrap_or_default();
            let place = self.random.below(inputs.len().min(2));
            if let (Some(input), false) = (inputs.get_mut(place), from.is_empty()) {
                input.clone_from(&from);
            }
            last = from;
        }
        self.followed(&last)
    }

    /// The model, the sizes of whose result are computed with.
    fn followed(mut self, last: &str) -> Vec<u8> {
        let mut out = last.to_owned();
        if self.random.chance(40) && !last.is_empty() {
            self.graph.nodes.push(node("Shape", &[last], &["s0"], &[]));
            let ops = ["Mul", "Add", "Max", "Concat", "Mod", "Div", "Sub", "Min", "Pow"];
            let times = self.random.below(30);
            for k in 0..times {
                let op = *self.random.pick(&ops);
                let (from, to) = (format!("s{k}"), format!("s{}", k + 1));
                let more = if op == "Concat" { vec![attr_int("axis", 0)] } else { vec![] };
                self.graph.nodes.push(node(op, &[&from, &from], &[&to], &more));
            }
            let by = *self.random.pick(&["ConstantOfShape", "Expand", "Tile", "Reshape"]);
            let sizes = format!("s{times}");
            let given = if by == "ConstantOfShape" { vec![&*sizes] } else { vec![last, &*sizes] };
            self.graph.nodes.push(node(by, &given, &["z"], &[]));
            out = "z".to_owned();
        }
        let kind = *self.random.pick(&[1, 1, 7]);
        self.graph.outputs.push(value(&out, kind, "*"));
        match self.random.below(12) {
            0 => self.nested(),
            _ => self.graph.model(),
        }
    }

    /// The graph as the branch of a conditional, within some others.
    fn nested(mut self) -> Vec<u8> {
        let mut inner = std::mem::take(&mut self.graph);
        let depth = 1 + self.random.below(26);
        for level in 0..depth {
            let body = inner.bytes();
            let both = [attr_graph("then_branch", &body), attr_graph("else_branch", &body)];
            let times = if level > 16 { 1 } else { 2 };
            let more = if self.random.chance(80) { &both[..1] } else { &both[..times] };
            let name = format!("out{level}");
            inner = Graph {
                nodes: vec![node("If", &["cond"], &[&name], more)],
                inputs: vec![value("cond", 9, "")],
                outputs: vec![value(&name, 1, "*")],
                ..Graph::default()
            };
            if inner.bytes().len() > 1 << 20 {
                break;
            }
        }
        inner.model()
    }
}
