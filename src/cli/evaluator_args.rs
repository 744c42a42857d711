//! Options of commands that predict: the evaluator, and what runs it.

use super::runtime_args::{RuntimeArgs, tell};
use super::shipped;
use anyhow::Context;
use nneval::evaluator::{Bundle, Evaluator, Options};
use nneval::runtime::{Runtime, SessionOptions};

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
        let (runtime, session) = self.runtime.load()?;
        evaluator(bundle, &runtime, &session)
    }
}

/// An evaluator for session options; which share of the model its provider took
/// is said on stderr.
pub fn evaluator(
    bundle: Bundle,
    runtime: &Runtime,
    session: &SessionOptions,
) -> anyhow::Result<Evaluator> {
    let untrained = bundle.manifest.metrics.iter().filter(|m| m.untrained);
    let names: Vec<&str> = untrained.map(|m| m.spec.name.as_str()).collect();
    if !names.is_empty() {
        super::console::note(format_args!(
            "evaluator {}: not trained, predictions mean nothing: {}",
            bundle.manifest.name,
            names.join(", ")
        ));
    }
    let evaluator = Evaluator::from_bundle(bundle, runtime, options(session))?;
    tell(evaluator.placement());
    Ok(evaluator)
}

/// Options of an evaluator for those of a session.
pub fn options(session: &SessionOptions) -> Options {
    let options = Options::default().with_provider(session.provider);
    options.with_threads(session.intra_threads).with_fp16(session.tensorrt.fp16)
}

/// Opens the bundle that `--evaluator` names.
pub fn open(name: &str) -> anyhow::Result<Bundle> {
    let dir = shipped::find(name).with_context(|| {
        format!("--evaluator {name}: no such folder, and no such name in models/")
    })?;
    Ok(Bundle::open(&dir)?)
}
