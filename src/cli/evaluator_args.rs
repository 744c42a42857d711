//! Options of commands that predict: the evaluator, and what runs it.

use super::runtime_args::RuntimeArgs;
use super::shipped;
use anyhow::Context;
use nneval::evaluator::{Bundle, Evaluator, Options};

/// Which evaluator, and how it runs.
#[derive(Debug, Clone, clap::Args)]
pub struct EvaluatorArgs {
    /// Evaluator: a name in models/, or a folder
    #[arg(long, value_name = "NAME|DIR", default_value = shipped::DEFAULT_EVALUATOR)]
    evaluator: String,
    #[command(flatten)]
    runtime: RuntimeArgs,
}

impl EvaluatorArgs {
    /// Loads the evaluator; a bad bundle fails before ONNX Runtime is touched.
    pub fn load(&self) -> anyhow::Result<Evaluator> {
        let bundle = open(&self.evaluator)?;
        let runtime = self.runtime.load()?;
        let options =
            Options { provider: self.runtime.provider, threads: self.runtime.threads.into() };
        Ok(Evaluator::from_bundle(bundle, &runtime, options)?)
    }
}

/// Opens the bundle that `--evaluator` names.
pub fn open(name: &str) -> anyhow::Result<Bundle> {
    let dir = shipped::find(name).with_context(|| {
        format!("--evaluator {name}: no such folder, and no such name in models/")
    })?;
    Ok(Bundle::open(&dir)?)
}
