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
        let dir = shipped::find(&self.evaluator).with_context(|| {
            format!("--evaluator {}: no such folder, and no such name in models/", self.evaluator)
        })?;
        let bundle = Bundle::open(&dir)?;
        let untrained = bundle.manifest.metrics.iter().filter(|m| m.untrained);
        let names: Vec<&str> = untrained.map(|m| m.spec.name.as_str()).collect();
        if !names.is_empty() {
            super::note(format_args!(
                "{}: not trained, predictions mean nothing: {}",
                self.evaluator,
                names.join(", ")
            ));
        }
        let runtime = self.runtime.load()?;
        let options =
            Options { provider: self.runtime.provider, threads: self.runtime.threads.into() };
        Ok(Evaluator::from_bundle(bundle, &runtime, options)?)
    }
}
