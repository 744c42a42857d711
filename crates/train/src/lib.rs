//! Training: labelled networks in, an evaluator out.
//!
//! A [`Recipe`] says how an evaluator is trained. A [`Plan`] is a recipe with its label tables read
//! and split. A [`Trainer`] runs the stages of a plan one after another. The training graphs come
//! from `tools/` (ONNX Runtime training artifacts, lowered to operators that a stock ONNX Runtime
//! has); one run of the training graph is one optimisation step.
//!
//! ```no_run
//! use nneval_runtime::{Runtime, SessionOptions};
//! use nneval_train::{Datasets, LabelFiles, Plan, Recipe, RunOptions, Shipped, Trainer};
//! # fn main() -> nneval_train::Result<()> {
//! let mut recipe = Recipe::open("models/nats-tss/recipe.toml".as_ref())?;
//! recipe.set("stage.distil.lr", "3e-3")?;
//! let mut datasets = Datasets::default();
//! let plan = Plan::new(&recipe, &LabelFiles::one("labels.csv"), &mut datasets)?;
//! let located = nneval_runtime::locate(None)?.expect("`nneval runtime --install` was run");
//! let runtime = Runtime::load(&located)?;
//! let shipped = Shipped { roots: vec!["models".into()] };
//! let trainer = Trainer { runtime: &runtime, session: SessionOptions::default(), shipped };
//! let options = RunOptions::new("mine");
//! trainer.train(&plan, &mut datasets, &options, &mut |progress| println!("{progress:?}"))?;
//! # Ok(())
//! # }
//! ```

pub mod adapt;
mod batches;
mod calibration;
mod checkpoint;
mod config;
mod cross_fit;
mod dataset;
mod design_fit;
pub mod detrend;
pub mod distillation;
mod encode;
mod environment;
pub mod error;
mod examples;
mod graphs;
mod log;
mod network;
mod parts;
mod plan;
mod pretrain;
mod progress;
pub mod recipe;
mod reduction;
mod request_fault;
mod residual_shrinkage;
mod run;
mod run_folder;
mod schedule;
pub mod score;
mod seeds;
mod source;
mod stage_run;
mod step;
mod structure;
pub mod targets;
#[cfg(test)]
mod testing;
mod tokens;
mod train;
mod trainer;
mod vocabulary;
mod warm_start;

pub use calibration::{CalibrationRows, CalibrationSplit};
pub use checkpoint::{Progress as RunProgress, checkpoint_parameters};
pub use config::Config;
pub use cross_fit::CrossScore;
pub use dataset::Dataset;
pub use design_fit::DesignFit;
pub use encode::{encode_files, encode_keys, encode_rows};
pub use environment::Environment;
pub use error::{CheckpointFault, Error, ErrorKind, Hint, Result};
pub use examples::Examples;
pub use graphs::{GraphInfo, Head, Init, ParamInfo, TrainingGraphs};
pub use network::{DatasetNetwork, graphs};
pub use nneval_evaluator::shipped::Shipped;
pub use plan::{Datasets, LabelFiles, Plan, PlannedStage};
pub use progress::{Observer, Progress};
pub use recipe::Recipe;
pub use reduction::ReducedMetrics;
pub use request_fault::RequestFault;
pub use residual_shrinkage::shrinkage_factors;
pub use run::{Event, Outcome, Run};
pub use seeds::{SeedScores, seed_evaluator};
pub use source::{NetworkSource, spellings};
pub use step::{Batch, Report, Settings, State, Stepper};
pub use structure::StructureScale;
pub use tokens::TokenizerConfig;
pub use train::{RunOptions, evaluator_name};
pub use trainer::Trainer;
pub use vocabulary::strings_of_space;
pub use warm_start::{HeadTarget, from_bundle};
