//! What to feed a model, from the shapes and types of its inputs and from the
//! operators that read them.
//!
//! Sizes come from the file, else from the caller, else from [`usual_size`];
//! dimensions of one name have one size, and a formula of names has its value. Values are chosen so that the model
//! runs: see [`Fill`].

use super::demand::{Use, Uses};
use super::fill::Fill;
use crate::budget;
use crate::error::{Error, Result};
use crate::model::{DataType, Dim, Model, Value};
use crate::shape::{Bindings, Shapes};
use crate::symbolic::formula::{self, Sizes};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Most elements of one input.
const MAX_ELEMENTS: u64 = 1 << 31;
/// Tensors in a sequence.
const SEQUENCE_LENGTH: usize = 3;

/// What holds the tensor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Holder {
    /// The tensor itself, or an optional of one, which is given.
    Tensor,
    /// A sequence of so many equal tensors.
    Sequence(usize),
    /// A map of three entries with keys of that type (`TensorProto.DataType`).
    Map(i32),
}

/// One input to be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputPlan {
    /// Name in the file.
    pub name: String,
    /// What holds the tensor.
    pub holder: Holder,
    /// Element type by its `TensorProto.DataType` number.
    pub dtype: i32,
    /// Shape of the tensor.
    pub shape: Vec<u64>,
    /// Its elements.
    pub fill: Fill,
}

impl InputPlan {
    /// `NAME=1x3x224x224`, as the option `--input` takes it.
    pub fn setting(&self) -> String {
        format!("{}={}", self.name, shape_text(&self.shape))
    }
}

/// Sizes with `x` between; `.` for a scalar.
pub fn shape_text(shape: &[u64]) -> String {
    match shape {
        [] => ".".to_owned(),
        _ => shape.iter().map(u64::to_string).collect::<Vec<_>>().join("x"),
    }
}

/// Plans all inputs of `model`; `given` are the sizes that the caller chose.
///
/// # Errors
/// [`Error::Model`]: sizes that do not fit the model, an input whose type
/// cannot be made (sparse tensors, unknown types), more than 2³¹ elements.
pub fn plan(model: &Model, given: &Bindings) -> Result<Vec<InputPlan>> {
    budget::of_model(model, || budget::temporarily(|| within_budget(model, given)))
}

fn within_budget(model: &Model, given: &Bindings) -> Result<Vec<InputPlan>> {
    check(model, given)?;
    let flat;
    let model = if model.functions.is_empty() {
        model
    } else {
        flat = model.inlined()?;
        &flat
    };
    let bindings = sizes(model, given);
    let shapes = Shapes::infer(model, &bindings);
    shapes.check(model)?;
    let uses = Uses::new(model, &shapes);
    let inputs = model.graph.inputs.iter();
    let plans = inputs.filter_map(|&id| Some((id, model.value(id)?))).map(|(id, value)| {
        let shape = shapes.known(id).or_else(|| bindings.inputs.get(&value.name).cloned());
        one(model, value, shape.unwrap_or_default(), &uses.of(id))
    });
    plans.collect()
}

/// Sizes for all inputs that are tensors: those given, else the usual ones; only
/// those given where an input cannot be made.
pub fn all_sizes(model: &Model, given: &Bindings) -> Bindings {
    let Ok(plans) = plan(model, given) else { return given.clone() };
    let tensors = plans.into_iter().filter(|p| p.holder == Holder::Tensor);
    Bindings { inputs: tensors.map(|p| (p.name, p.shape)).collect(), dims: given.dims.clone() }
}

/// As [`Bindings::check`], but a list of models is measured with one set of
/// sizes: names that this model does not have are passed over.
fn check(model: &Model, given: &Bindings) -> Result<()> {
    let inputs = model.graph.inputs.iter().filter_map(|&i| model.value(i));
    let names: HashSet<&str> = inputs.map(|v| v.name.as_str()).collect();
    let inputs = given.inputs.iter().filter(|(n, _)| names.contains(n.as_str()));
    let known = inputs.map(|(n, s)| (n.clone(), s.clone())).collect();
    Bindings { inputs: known, ..Bindings::default() }.check(model)
}

/// A full set of sizes: the caller's, else the usual ones. Formulas have the
/// value that their symbols give them.
fn sizes(model: &Model, given: &Bindings) -> Bindings {
    let mut bindings = given.resolved(model);
    let inputs = || model.graph.inputs.iter().filter_map(|&i| model.value(i));
    let given = bindings.inputs.clone();
    let open = |v: &Value| !given.contains_key(&v.name);
    for formulas in [false, true] {
        for value in inputs().filter(|v| open(v)) {
            let shape = value.ty.shape.as_deref().unwrap_or_default();
            for at in 0..shape.len() {
                choose(value, shape, at, formulas, &mut bindings.dims);
            }
        }
    }
    for value in inputs().filter(|v| open(v)) {
        let size = |(at, dim, shape): (usize, &Dim, &[Dim])| match dim {
            Dim::Known(n) => *n,
            Dim::Symbol(s) => formula::evaluate(s, &bindings.dims).unwrap_or(0),
            Dim::Unknown => usual_size(value, shape, at),
        };
        let sizes = match &value.ty.shape {
            Some(shape) => shape.iter().enumerate().map(|(i, d)| size((i, d, shape))).collect(),
            None => vec![1],
        };
        bindings.inputs.insert(value.name.clone(), sizes);
    }
    bindings
}

/// Gives a symbol, or each open symbol of a formula, the usual size of its place.
fn choose(value: &Value, shape: &[Dim], at: usize, formulas: bool, dims: &mut Sizes) {
    let Some(Dim::Symbol(text)) = shape.get(at) else { return };
    let open = formula::open_symbols(text, dims);
    if formulas == (open == [text.as_str()]) {
        return;
    }
    for name in &open {
        dims.insert(name.clone(), usual_size_of(Some(name), value, shape, at));
    }
    // `n - 5` of a usual n of 1 is no size.
    if let ([name], None | Some(0)) = (open.as_slice(), formula::evaluate(text, dims))
        && let Some(n) = formula::solve_least(text, name, dims, 1)
    {
        dims.insert(name.clone(), n);
    }
}

/// The size of an open dimension that the caller does not give. By its name:
/// `batch` 1; `seq`, `len`, `time`, `token`, `frame` 128; `past`, `cache` 16;
/// `height`, `width`, `h`, `w` 224; `channel` 3. Else by its place: the first
/// is 1; of rank 4 the spatial ones are 224 and channels 3; of rank 5 depth 16,
/// height and width 112, channels 3; of rank 3 the second is 128 and the third
/// 64; of rank 2 the second is 128 for integers and 1024 (samples) for others.
pub fn usual_size(value: &Value, shape: &[Dim], at: usize) -> u64 {
    let name = match shape.get(at) {
        Some(Dim::Symbol(name)) => Some(name.as_str()),
        _ => None,
    };
    usual_size_of(name, value, shape, at)
}

/// As [`usual_size`], for a dimension of that name.
fn usual_size_of(name: Option<&str>, value: &Value, shape: &[Dim], at: usize) -> u64 {
    if let Some(size) = name.and_then(|name| size_by_name(&name.to_lowercase())) {
        return size;
    }
    let channels_last = |rank: usize| {
        matches!(shape.last(), Some(Dim::Known(1 | 3 | 4)))
            && !matches!(shape.get(1), Some(Dim::Known(1 | 3 | 4)))
            && shape.len() == rank
    };
    let integers = value.ty.dtype.is_some_and(DataType::is_integer);
    match (shape.len(), at) {
        (_, 0) => 1,
        (4, 1) if !channels_last(4) => 3,
        (4, _) => 224,
        (5, 1) if !channels_last(5) => 3,
        (5, 1 | 2) if at == 1 || !channels_last(5) => 16,
        (5, _) => 112,
        (3, 1) => 128,
        (3, _) => 64,
        (2, _) if integers => 128,
        (2, _) => 1024,
        _ => 1,
    }
}

fn size_by_name(name: &str) -> Option<u64> {
    let has = |words: &[&str]| words.iter().any(|w| name.contains(w));
    Some(match name {
        _ if has(&["batch"]) => 1,
        _ if has(&["past", "cache"]) => 16,
        _ if has(&["seq", "len", "time", "token", "frame"]) => 128,
        _ if has(&["height", "width"]) => 224,
        "h" | "w" => 224,
        _ if has(&["channel"]) => 3,
        _ => return None,
    })
}

fn one(model: &Model, value: &Value, shape: Vec<u64>, uses: &[Use]) -> Result<InputPlan> {
    let refuse =
        |what: String| Error::model(&model.file, format!("input {:?}: {what}", value.name));
    let dtype = value.ty.dtype.ok_or_else(|| refuse("its element type is unknown".to_owned()))?;
    let holder = holder(value.ty.container.as_deref().unwrap_or_default())
        .ok_or_else(|| refuse("values of its type cannot be made".to_owned()))?;
    let elements = shape.iter().try_fold(1u64, |n, &d| n.checked_mul(d));
    if elements.is_none_or(|n| n > MAX_ELEMENTS) {
        return Err(refuse(format!("{} is too large", shape_text(&shape))));
    }
    let fill = fill(&value.name, dtype, &shape, uses);
    Ok(InputPlan { name: value.name.clone(), holder, dtype: dtype.number(), shape, fill })
}

fn holder(container: &str) -> Option<Holder> {
    let inner = container.strip_prefix("opt").unwrap_or(container);
    match inner.trim_start_matches(':') {
        "" => Some(Holder::Tensor),
        "seq" => Some(Holder::Sequence(SEQUENCE_LENGTH)),
        other => {
            let key = DataType::from_name(other.strip_prefix("map.")?)?;
            Some(Holder::Map(key.number()))
        }
    }
}

/// Elements by what reads them, then by name, then by type.
fn fill(name: &str, dtype: DataType, shape: &[u64], uses: &[Use]) -> Fill {
    let name = name.to_lowercase();
    let below = uses.iter().filter_map(|u| match u {
        Use::Index(n) => Some(*n),
        _ => None,
    });
    let below = below.min().map(|n| n.max(1));
    let is = |words: &[&str]| words.iter().any(|w| name.contains(w));
    match dtype {
        DataType::String => return Fill::Words,
        DataType::Bool if uses.contains(&Use::Training) => return Fill::Constant(0),
        DataType::Bool if shape.is_empty() => return Fill::Constant(1),
        DataType::Bool => return Fill::Mask,
        _ => {}
    }
    let special = uses.iter().find_map(|u| match u {
        Use::Fixed(fill) => Some(fill.clone()),
        _ => None,
    });
    if let Some(special) = special {
        return special;
    }
    if !dtype.is_integer() {
        return if is(&["mask"]) || uses.contains(&Use::Factor) { Fill::Ones } else { Fill::Unit };
    }
    match below {
        Some(n) if is(&["position"]) => Fill::Positions(n),
        Some(n) if is(&["mask"]) && n >= 2 => Fill::Mask,
        Some(n) => Fill::Below(n),
        None if is(&["mask"]) => Fill::Mask,
        None if is(&["position"]) => Fill::Positions(u64::MAX),
        None if is(&["token_type", "segment"]) => Fill::Below(2),
        None if dtype == DataType::U8 => Fill::Below(256),
        None if dtype == DataType::I8 => Fill::Below(128),
        None => Fill::Ones,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(name: &str, dtype: i32, dims: &[Dim]) -> Value {
        let mut value = Value { name: name.to_owned(), ..Value::default() };
        value.ty.dtype = Some(DataType::from(dtype));
        value.ty.shape = Some(dims.to_vec());
        value
    }

    #[test]
    fn usual_sizes() {
        let symbol = |s: &str| Dim::Symbol(s.to_owned());
        let open = Dim::Unknown;
        let sizes = |dtype, dims: &[Dim]| -> Vec<u64> {
            let v = value("x", dtype, dims);
            (0..dims.len()).map(|i| usual_size(&v, dims, i)).collect()
        };
        let four = [open.clone(), open.clone(), open.clone(), open.clone()];
        assert_eq!(sizes(1, &four), [1, 3, 224, 224]);
        let last = [open.clone(), open.clone(), open.clone(), Dim::Known(3)];
        assert_eq!(sizes(1, &last)[..3], [1, 224, 224]);
        assert_eq!(sizes(7, &[symbol("batch_size"), symbol("N")]), [1, 128]);
        assert_eq!(sizes(1, &[symbol("sequence_length"), symbol("past")]), [128, 16]);
        assert_eq!(sizes(1, &[open.clone(), open.clone()]), [1, 1024]);
    }

    #[test]
    fn formulas_have_no_size_of_their_own() {
        let symbol = |s: &str| Dim::Symbol(s.to_owned());
        let mut model = Model::default();
        for (name, dims) in [
            ("mask", vec![symbol("past_length + seq"), Dim::Known(4)]),
            ("half", vec![Dim::Known(1), Dim::Known(3), symbol("floor(h/2)"), symbol("2*w")]),
            ("past", vec![symbol("past_length"), Dim::Known(4)]),
            ("tail", vec![symbol("k - 7")]),
            ("x", vec![symbol("seq"), Dim::Unknown]),
        ] {
            model.graph.inputs.push(u32::try_from(model.values.len()).unwrap());
            model.values.push(value(name, 1, &dims));
        }
        let shapes = |given: &[(&str, &[u64])], dims: &[(&str, u64)]| -> Vec<String> {
            let given = Bindings {
                inputs: given.iter().map(|(n, s)| ((*n).to_owned(), s.to_vec())).collect(),
                dims: dims.iter().map(|(n, s)| ((*n).to_owned(), *s)).collect(),
            };
            plan(&model, &given).unwrap().iter().map(|p| shape_text(&p.shape)).collect()
        };
        assert_eq!(shapes(&[], &[]), ["144x4", "1x3x112x448", "16x4", "1", "128x1024"]);
        let bound = shapes(&[], &[("past_length", 5), ("seq", 1), ("h", 9)]);
        assert_eq!(bound, ["6x4", "1x3x4x448", "5x4", "1", "1x1024"]);
        let bound = shapes(&[("mask", &[9, 4]), ("past", &[5, 4])], &[]);
        assert_eq!(bound, ["9x4", "1x3x112x448", "5x4", "1", "4x1024"]);
        let bound = shapes(&[("half", &[1, 3, 10, 6])], &[("past_length + seq", 20), ("seq", 1)]);
        assert_eq!(bound, ["20x4", "1x3x10x6", "19x4", "1", "1x1024"]);
    }

    #[test]
    fn fills() {
        let int = |name: &str, uses: &[Use]| fill(name, DataType::I64, &[1, 8], uses);
        assert_eq!(int("ids", &[Use::Index(30), Use::Index(20)]), Fill::Below(20));
        assert_eq!(int("position_ids", &[Use::Index(512)]), Fill::Positions(512));
        assert_eq!(int("attention_mask", &[]), Fill::Mask);
        assert_eq!(int("token_type_ids", &[]), Fill::Below(2));
        assert_eq!(int("n", &[]), Fill::Ones);
        assert_eq!(int("s", &[Use::Fixed(Fill::Values(vec![2, 3]))]), Fill::Values(vec![2, 3]));
        assert_eq!(fill("x", DataType::F32, &[2], &[]), Fill::Unit);
        assert_eq!(fill("c", DataType::Bool, &[], &[]), Fill::Constant(1));
        assert_eq!(fill("t", DataType::Bool, &[], &[Use::Training]), Fill::Constant(0));
    }

    #[test]
    fn holders() {
        assert_eq!(holder(""), Some(Holder::Tensor));
        assert_eq!(holder("opt"), Some(Holder::Tensor));
        assert_eq!(holder("opt:seq"), Some(Holder::Sequence(SEQUENCE_LENGTH)));
        assert_eq!(holder("map.i64"), Some(Holder::Map(7)));
        assert_eq!(holder("sparse"), None);
        assert_eq!(holder("seq:map.i64"), None);
    }
}
