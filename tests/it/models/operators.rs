//! The tables of operators against ONNX Runtime: `tools/ref_operators.py` runs each
//! line, or asks shape inference where the CPU has no kernel.

use serde_json::Value as Json;
use std::path::Path;

use crate::common::{python::python, success};

/// How the outputs of a line compare with those of ONNX Runtime.
enum Found {
    /// Of a run, or of shape inference.
    Agrees {
        ran: bool,
    },
    /// ONNX Runtime tells nothing of them.
    Untold,
    Differs(String),
}

/// True where a cell of the table (`2x?:i64`, `*`) fits sizes and type. Where the
/// table knows no size, that depends on data.
fn fits(cell: &str, sizes: &Json, dtype: Option<&str>) -> bool {
    let (dims, of) = cell.split_once(':').unwrap_or((cell, "f32"));
    let typed = of == "?" || dtype.is_none_or(|t| t == of);
    let Some(sizes) = sizes.as_array() else { return typed };
    // Constants are folded when a file is read.
    if dims == "*" {
        return of == "?";
    }
    let dims: Vec<&str> = dims.split(['x', '.']).filter(|d| !d.is_empty()).collect();
    let one = |(d, n): (&&str, &Json)| *d == "?" || n.as_u64().is_none_or(|n| d.parse() == Ok(n));
    typed && dims.len() == sizes.len() && dims.iter().zip(sizes).all(one)
}

fn judge(line: &str, reference: &Json) -> Found {
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    let ran = reference.get("run").is_some();
    let sizes = &reference[if ran { "run" } else { "inferred" }];
    let told = |i: usize| sizes[i].is_array();
    let outputs: Vec<&str> = cells[3].split_whitespace().collect();
    let wrong = outputs.iter().enumerate().any(|(i, cell)| {
        let dtype = reference["types"][i].as_str();
        !fits(cell, &sizes[i], dtype)
    });
    match (wrong, (0..outputs.len()).any(told)) {
        (true, _) => Found::Differs(format!("{line}: {reference}")),
        (false, true) => Found::Agrees { ran },
        (false, false) => Found::Untold,
    }
}

/// Lines whose outputs agree with those of runs and of shape inference, and lines
/// of which nothing is told.
fn compared(table: &str) -> (usize, usize, usize) {
    let path = Path::new("crates/graph/tests").join(table);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut script = python("tools/requirements-shapes.txt");
    let references = success(script.arg("tools/ref_operators.py").arg(&path));
    let (mut run, mut inferred, mut untold, mut differ) = (0, 0, 0, Vec::new());
    for reference in references.lines() {
        let reference: Json = serde_json::from_str(reference).unwrap();
        let number = reference["line"].as_u64().unwrap() as usize;
        match judge(text.lines().nth(number - 1).unwrap(), &reference) {
            Found::Agrees { ran: true } => run += 1,
            Found::Agrees { ran: false } => inferred += 1,
            Found::Untold => untold += 1,
            Found::Differs(d) => differ.push(d),
        }
    }
    assert!(differ.is_empty(), "{table}: {differ:#?}");
    println!("{table}: {run} run, {inferred} inferred, {untold} untold");
    (run, inferred, untold)
}

#[test]
fn operators_have_the_shapes_of_onnx_runtime() {
    let (run, inferred, _) = compared("operators.txt");
    assert!(run >= 240 && inferred >= 85, "{run} run, {inferred} inferred");
}

#[test]
fn sweeps_have_the_shapes_of_onnx_runtime() {
    let (run, inferred, untold) = compared("sweeps.txt");
    assert!(run >= 140 && inferred >= 40, "{run} run, {inferred} inferred");
    assert!(untold * 10 < run + inferred, "{untold} untold");
}
