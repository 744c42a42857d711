//! Sizes for symbolic dimensions, as options.

use nneval::graph::shape::Bindings;

const HEADING: &str = "Sizes";

/// Sizes for dimensions that the model leaves open.
#[derive(Debug, Clone, clap::Args)]
pub struct BindArgs {
    /// Size of a named dimension; may be repeated
    #[arg(long, value_name = "NAME=N", help_heading = HEADING, value_parser = dim)]
    dim: Vec<(String, u64)>,
    /// Shape of a graph input, as in x=1x3x224x224; may be repeated
    #[arg(long, value_name = "NAME=SHAPE", help_heading = HEADING, value_parser = shape)]
    input: Vec<(String, Vec<u64>)>,
}

impl BindArgs {
    /// The sizes asked for.
    pub fn bindings(&self) -> Bindings {
        Bindings {
            dims: self.dim.iter().cloned().collect(),
            inputs: self.input.iter().cloned().collect(),
        }
    }
}

/// Names may contain `=`, sizes do not.
fn split(text: &str) -> Result<(&str, &str), String> {
    match text.rsplit_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name, value)),
        _ => Err("expected NAME=VALUE".into()),
    }
}

fn dim(text: &str) -> Result<(String, u64), String> {
    let (name, value) = split(text)?;
    let n = value.parse().map_err(|_| format!("{value:?} is not a size"))?;
    Ok((name.to_owned(), n))
}

fn shape(text: &str) -> Result<(String, Vec<u64>), String> {
    let (name, value) = split(text)?;
    if value.is_empty() || value == "." {
        return Ok((name.to_owned(), Vec::new()));
    }
    let dims = value.split('x').map(|d| d.parse().map_err(|_| format!("{d:?} is not a size")));
    Ok((name.to_owned(), dims.collect::<Result<_, _>>()?))
}
