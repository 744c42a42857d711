//! What a training run starts from, as options.

use super::{shipped, train_data};
use anyhow::Context;
use nneval::evaluator::{Bundle, Metric};
use nneval::labels::LabelTable;
use nneval::training::{GraphInfo, Wanted, from_bundle};
use std::path::PathBuf;

/// Parameters to start from instead of random ones.
#[derive(Debug, Clone, clap::Args)]
pub struct StartArgs {
    /// Checkpoint to start from instead of random parameters
    #[arg(long, value_name = "FILE")]
    pub init: Option<PathBuf>,
    /// Evaluator to go on from, a name in models/ or a folder: its parameters
    /// (--graphs must be of its shape), vocabulary, style and window; metrics that
    /// it predicts keep their column of the head
    #[arg(long, value_name = "NAME|DIR", conflicts_with_all = ["init", "tokenizer", "style"])]
    pub from: Option<String>,
}

impl StartArgs {
    /// The evaluator to go on from.
    pub fn bundle(&self) -> anyhow::Result<Option<Bundle>> {
        self.folder()?.map(|dir| Ok(Bundle::open(&dir)?)).transpose()
    }

    fn folder(&self) -> anyhow::Result<Option<PathBuf>> {
        let Some(name) = &self.from else { return Ok(None) };
        let missing = || format!("--from {name}: no such folder, and no such name in models/");
        shipped::find(name).with_context(missing).map(Some)
    }

    /// Files that the start depends on, by their role.
    pub fn inputs(&self) -> anyhow::Result<impl Iterator<Item = (&'static str, PathBuf)>> {
        let model = self.folder()?.map(|dir| ("from", dir.join("evaluator.onnx")));
        Ok(self.init.clone().map(|p| ("init", p)).into_iter().chain(model))
    }

    /// The parameters; `None` for random ones.
    pub fn parameters(
        &self,
        bundle: Option<&Bundle>,
        run: &Begun,
        seed: u64,
    ) -> anyhow::Result<Option<Vec<f32>>> {
        let Some(bundle) = bundle else { return train_data::initial(self.init.as_deref()) };
        let labels = |m: &Metric| -> anyhow::Result<Vec<f64>> {
            Ok(run.table.gather(&m.spec.name, run.rows)?.into_iter().flatten().collect())
        };
        let labels = run.metrics.iter().map(labels).collect::<anyhow::Result<Vec<_>>>()?;
        let columns = run.metrics.iter().zip(&labels).zip(run.scales);
        let wanted: Vec<Wanted> =
            columns.map(|((metric, labels), &scale)| Wanted { metric, labels, scale }).collect();
        Ok(Some(from_bundle(run.graphs, bundle, &wanted, seed)?))
    }
}

/// What a run trains.
pub struct Begun<'a> {
    /// Layout of the parameters.
    pub graphs: &'a GraphInfo,
    /// Labels.
    pub table: &'a LabelTable,
    /// Rows trained on.
    pub rows: &'a [usize],
    /// Metrics, with the factor on the targets of each.
    pub metrics: &'a [Metric],
    /// One factor a metric.
    pub scales: &'a [f32],
}
