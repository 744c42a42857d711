//! Evaluators: bundles that predict metrics of networks, and their calibration.
//!
//! ```no_run
//! use nneval_evaluator::Evaluator;
//!
//! let evaluator = Evaluator::builder().threads(2).load("nats-tss")?;
//! let prediction = evaluator.evaluate_file("model.onnx")?;
//! println!("{}", prediction["cifar10_test_acc_pct"].value);
//! # Ok::<(), nneval_evaluator::Error>(())
//! ```

mod batches;
mod builder;
mod bundle;
mod cache;
mod calibrate;
mod conformal;
mod cost_model;
mod coverage;
mod design_model;
mod encode;
mod encoder;
mod encoding;
pub mod error;
mod evaluate;
mod evaluator;
mod hex_serde;
mod interval;
mod manifest;
mod network;
mod ood;
mod options;
mod pool;
mod prediction;
mod reliability;
mod set;
pub mod shipped;
mod stream;
mod tokenized;
pub mod tokenizer;
pub mod weights;

pub use batches::{TokenBatch, bucket, padded};
pub use builder::EvaluatorBuilder;
pub use bundle::Bundle;
pub use calibrate::{CalibrationData, calibrate, calibrated};
pub use cost_model::CostModel;
pub use coverage::{CoveragePoint, coverage_curve};
pub use design_model::{
    DesignKind, DesignMetric, DesignModel, DesignReading, Fact, design_of, kernel,
};
pub use encoder::Encoder;
pub use encoding::Encoding;
pub use error::{Error, ErrorKind, Result};
pub use evaluator::Evaluator;
pub use interval::{Calibrated, Interval, LEVEL};
pub use manifest::{FORMAT, Manifest, Metric, Training, Validation, reductions};
pub use network::{Needs, Network};
pub use nneval_runtime::Hint;
pub use ood::{Domain, OodSample};
pub use options::Options;
pub use prediction::{Estimate, Prediction};
pub use reliability::{Coverage, Reliability, reliability};
pub use set::{Answer, Answers, EvaluatorSet};
