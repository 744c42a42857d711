//! Graph under rewriting: operations so far, and what rules ask of them.

use crate::budget;
use crate::model::DataType;
use crate::opstring::{self, Attr, Constant, Dim, Literal, Op, OpGraph, Operand, TensorType};

/// Rewrites within rewrites; deeper ones are left as they are.
const MAX_DEPTH: usize = 24;

/// Bytes of an operation that rules compare in one step.
const BYTES_A_STEP: usize = 32;
/// Steps of trying all rules on an operation, beside those of its parts.
const STEPS_AN_OPERATION: usize = 24;

/// What replaces each output of an operation.
pub type Outputs = Vec<Operand>;

/// A rule: the values that replace the outputs of an operation, or `None` where
/// it does not apply. The operation reads values of the graph under rewriting.
pub type Rule = fn(&mut Net, &Op) -> Option<Outputs>;

/// Operations in an order in which each reads only operations before it.
pub struct Net<'r> {
    ops: Vec<Op>,
    rules: &'r [Rule],
    depth: usize,
    /// Whether some rule applied.
    pub changed: bool,
}

impl<'r> Net<'r> {
    /// `g`, rewritten by `rules`. Operations that no output needs may be left.
    pub fn rewrite(g: &OpGraph, rules: &'r [Rule]) -> (OpGraph, bool) {
        let ops = Vec::with_capacity(g.ops.len());
        let mut net = Self { ops, rules, depth: 0, changed: false };
        let mut of: Vec<Outputs> = Vec::with_capacity(g.ops.len());
        let renamed = |o: &Operand, of: &[Outputs]| match o {
            Operand::Value { op, output } => {
                of.get(*op).and_then(|v| v.get(*output)).cloned().unwrap_or(Operand::Omitted)
            }
            other => other.clone(),
        };
        for op in &g.ops {
            if budget::is_exhausted() {
                break;
            }
            let operands = op.operands.iter().map(|o| renamed(o, &of)).collect();
            of.push(net.emit(Op { operands, ..op.clone() }));
        }
        let outputs = g.outputs.iter().map(|o| renamed(o, &of)).collect();
        (OpGraph { ops: net.ops, outputs }, net.changed)
    }

    /// Adds an operation, rewritten where a rule applies; returns its outputs.
    ///
    /// Nothing is added on an exhausted budget.
    pub fn emit(&mut self, op: Op) -> Outputs {
        let bytes = opstring::bytes(&op);
        let steps = STEPS_AN_OPERATION.saturating_add(bytes / BYTES_A_STEP);
        if budget::work(steps).and_then(|()| budget::memory(bytes)).is_none() {
            return vec![Operand::Omitted; op.outputs.len().max(1)];
        }
        if self.depth < MAX_DEPTH && op.kind != "Input" {
            self.depth += 1;
            let rules = self.rules;
            let found = rules.iter().find_map(|rule| rule(self, &op));
            self.depth -= 1;
            if let Some(outputs) = found.filter(|o| o.len() >= op.outputs.len()) {
                self.changed = true;
                return outputs;
            }
        }
        let at = self.ops.len();
        let outputs = (0..op.outputs.len().max(1)).map(|i| Operand::Value { op: at, output: i });
        let outputs = outputs.collect();
        self.ops.push(op);
        outputs
    }

    /// Adds an operation of one output; returns it.
    pub fn one(
        &mut self,
        kind: &str,
        attributes: Vec<Attr>,
        operands: Vec<Operand>,
        output: &TensorType,
    ) -> Operand {
        if budget::is_exhausted() {
            return Operand::Omitted;
        }
        let outputs = vec![Some(output.clone())];
        let mut attributes = attributes;
        attributes.sort_by_cached_key(Attr::to_string);
        let op = Op { kind: kind.into(), attributes, operands, outputs, bodies: Vec::new() };
        self.emit(op).into_iter().next().unwrap_or(Operand::Omitted)
    }

    /// The operation of that kind whose first output `o` is.
    pub fn made_by(&self, o: &Operand, kind: &str) -> Option<&Op> {
        self.maker(o).filter(|op| op.kind == kind)
    }

    /// The operation whose first output `o` is.
    pub fn maker(&self, o: &Operand) -> Option<&Op> {
        match o {
            Operand::Value { op, output: 0 } => self.ops.get(*op),
            _ => None,
        }
    }

    /// The type of a value or weight.
    pub fn of<'a>(&'a self, o: &'a Operand) -> Option<&'a TensorType> {
        match o {
            Operand::Value { op, output } => self.ops.get(*op)?.outputs.get(*output)?.as_ref(),
            Operand::Weight(t) => Some(t),
            _ => None,
        }
    }

    /// The dimensions of a value or weight.
    pub fn dims<'a>(&'a self, o: &'a Operand) -> Option<&'a [Dim]> {
        let t = self.of(o)?;
        t.dims.as_deref().filter(|_| t.container.is_none())
    }
}

/// Where a value goes that replaces the only output.
pub fn only(o: Operand) -> Option<Outputs> {
    Some(vec![o])
}

/// What rules ask of an operation.
pub trait Facts {
    /// The type of its first output.
    fn output(&self) -> Option<&TensorType>;
    /// The dimensions of its first output, where it is a dense tensor.
    fn dims(&self) -> Option<&[Dim]>;
    /// The operand at a position, where given.
    fn input(&self, i: usize) -> Option<&Operand>;
    /// The literal of a named attribute.
    fn named(&self, name: &str) -> Option<&Literal>;
    /// An integer attribute that has a name.
    fn int(&self, name: &str) -> Option<i64>;
    /// A float attribute.
    fn float(&self, name: &str) -> Option<f64>;
    /// The axis.
    fn axis(&self) -> Option<i64>;
    /// Integers of an attribute that has a name, or of an operand.
    fn ints(&self, name: &str, position: usize) -> Option<Vec<i64>>;
    /// Whether it has one output and no body.
    fn is_plain(&self) -> bool;
}

impl Facts for Op {
    fn output(&self) -> Option<&TensorType> {
        self.outputs.first()?.as_ref()
    }

    fn dims(&self) -> Option<&[Dim]> {
        let t = self.output()?;
        t.dims.as_deref().filter(|_| t.container.is_none())
    }

    fn input(&self, i: usize) -> Option<&Operand> {
        self.operands.get(i).filter(|o| **o != Operand::Omitted)
    }

    fn named(&self, name: &str) -> Option<&Literal> {
        self.attributes.iter().find_map(|a| match a {
            Attr::Named(n, value) if **n == *name => Some(value),
            _ => None,
        })
    }

    fn int(&self, name: &str) -> Option<i64> {
        match self.named(name)? {
            Literal::Int(i) => Some(*i),
            _ => None,
        }
    }

    fn float(&self, name: &str) -> Option<f64> {
        match self.named(name)? {
            Literal::Float(x) => Some(x.value()),
            _ => None,
        }
    }

    fn axis(&self) -> Option<i64> {
        self.attributes.iter().find_map(|a| match a {
            Attr::Axis(n) => Some(*n),
            _ => None,
        })
    }

    fn ints(&self, name: &str, position: usize) -> Option<Vec<i64>> {
        match (self.named(name), self.operands.get(position)) {
            (Some(v), _) => ints(v),
            (None, Some(Operand::Constant(c))) => ints(&c.value),
            _ => None,
        }
    }

    fn is_plain(&self) -> bool {
        self.outputs.len() == 1 && self.bodies.is_empty()
    }
}

/// A list of integers, or a single one.
pub fn ints(v: &Literal) -> Option<Vec<i64>> {
    match v {
        Literal::Int(i) => Some(vec![*i]),
        Literal::List(items) => items
            .iter()
            .map(|v| match v {
                Literal::Int(i) => Some(*i),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

/// The one number that a constant holds, whatever its rank.
pub fn number(o: &Operand) -> Option<f64> {
    let Operand::Constant(c) = o else { return None };
    let mut value = &c.value;
    loop {
        match value {
            Literal::List(items) => match items.as_slice() {
                [one] => value = one,
                _ => return None,
            },
            Literal::Float(x) => return Some(x.value()),
            Literal::Int(i) => return Some(*i as f64),
            _ => return None,
        }
    }
}

/// Whether two numbers are the same but for rounding.
pub fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 2e-4 * a.abs().max(b.abs())
}

/// Whether a constant holds this one number, but for rounding.
pub fn is_number(o: &Operand, x: f64) -> bool {
    number(o).is_some_and(|v| close(v, x))
}

/// A list of integers as an operand.
pub fn list(v: &[i64]) -> Operand {
    let value = Literal::List(v.iter().map(|&i| Literal::Int(i)).collect());
    Operand::Constant(Constant { value, dtype: None })
}

/// A weight of these sizes.
pub fn weight(sizes: &[u64], like: &TensorType) -> Operand {
    let dims = sizes.iter().map(|&n| Dim::Size(n)).collect();
    Operand::Weight(TensorType { dims: Some(dims), dtype: like.dtype, container: None })
}

/// The sizes of a weight.
pub fn weight_sizes(o: &Operand) -> Option<Vec<u64>> {
    match o {
        Operand::Weight(t) => t.dims.as_ref()?.iter().map(Dim::size).collect(),
        _ => None,
    }
}

/// Whether an operand is known before the network runs.
pub fn is_constant(o: &Operand) -> bool {
    matches!(o, Operand::Weight(_) | Operand::Constant(_))
}

/// Whether a type is that of floats.
pub fn is_float(t: &TensorType) -> bool {
    use DataType::{Bf16, F16, F32, F64};
    t.container.is_none() && matches!(t.dtype, Some(F16 | Bf16 | F32 | F64))
}

/// Whether nothing of the dimensions is unknown.
pub fn all_known(dims: &[Dim]) -> bool {
    dims.iter().all(|d| matches!(d, Dim::Size(_) | Dim::Symbol(_) | Dim::Formula(_)))
}
