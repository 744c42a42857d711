//! One stage of a training: from labels and networks to a calibrated evaluator.

use crate::calibration::CalibrationRows;
use crate::checkpoint::checkpoint_parameters;
use crate::cross_fit::{CrossFit, folds};
use crate::dataset::Dataset;
use crate::distillation::{self, Parts, Teachers};
use crate::environment::Environment;
use crate::error::Result;
use crate::graphs::TrainingGraphs;
use crate::network::{DatasetNetwork, graphs};
use crate::plan::PlannedStage;
use crate::progress::{Observer, Progress};
use crate::recipe::Recipe;
use crate::reduction::ReducedMetrics;
use crate::residual_shrinkage::shrinkage_factors;
use crate::run::{Outcome, Run};
use crate::run_folder::{self, RunFiles};
use crate::targets::FittedMetrics;
use crate::tokens::TokenizerConfig;
use crate::trainer::Trainer;
use crate::warm_start::{HeadTarget, from_bundle};
use crate::{Examples, detrend, targets};
use nneval_evaluator::{Bundle, Evaluator, Manifest, Metric, Options, Training, weights};
use nneval_files::check_writable;
use nneval_graph::opstring::OpGraph;
use nneval_runtime::Provider;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What parameters start from instead of random ones.
#[derive(Debug, Clone)]
pub enum Start {
    /// The parameters of a checkpoint.
    Checkpoint(PathBuf),
    /// An evaluator's parameters, vocabulary, style and longest sequence.
    Evaluator(PathBuf),
}

impl Start {
    /// The file that the start depends on.
    fn file(&self) -> PathBuf {
        match self {
            Self::Checkpoint(file) => file.clone(),
            Self::Evaluator(folder) => folder.join("evaluator.onnx"),
        }
    }
}

/// A stage that is about to run.
pub(crate) struct StageRun<'a> {
    pub trainer: &'a Trainer<'a>,
    pub recipe: &'a Recipe,
    pub stage: &'a PlannedStage,
    pub graphs: TrainingGraphs,
    pub start: Option<Start>,
    pub run_folder: PathBuf,
    pub recipe_folder: &'a Path,
    pub out: PathBuf,
    pub name: String,
    pub resume: bool,
}

/// A trained evaluator, and the parameters that it is made of.
struct Fitted {
    evaluator: Evaluator,
    outcome: Outcome,
}

/// What a stage learns from.
struct Data {
    train: Examples,
    valid: Examples,
    unlabelled: Examples,
}

impl StageRun<'_> {
    /// Trains, calibrates, and writes the evaluator.
    pub fn execute(
        &self,
        dataset: &mut Dataset,
        teachers: impl FnOnce() -> Result<Teachers>,
        observer: Observer,
    ) -> Result<Bundle> {
        let fitted = self.fit(dataset, teachers, observer)?;
        let crossed = match self.stage.settings.folds {
            0 => None,
            count => Some(self.cross_fitted(count, dataset, observer)?),
        };
        let bundle = self.calibrated(dataset, &fitted, crossed.as_ref(), observer)?;
        bundle.clone().save(&self.out)?;
        Ok(bundle)
    }

    /// Runs on all classes but those of a part, and what they predict of it.
    fn cross_fitted(
        &self,
        count: usize,
        dataset: &mut Dataset,
        observer: Observer,
    ) -> Result<CrossFit> {
        let rows = [self.stage.train.as_slice(), &self.stage.valid].concat();
        let parts = folds(&rows, |r| dataset.table().class(r), count);
        let mut crossed = CrossFit::default();
        for (at, part) in parts.iter().enumerate() {
            observer(&Progress::Fold(at + 1, parts.len()));
            let held: HashSet<usize> = part.iter().copied().collect();
            let train = rows.iter().copied().filter(|r| !held.contains(r)).collect();
            let stage = PlannedStage { train, valid: Vec::new(), ..self.stage.clone() };
            let run_folder = self.run_folder.join(format!("fold{}", at + 1));
            let fold = StageRun {
                stage: &stage,
                graphs: self.graphs.clone(),
                start: self.start.clone(),
                run_folder,
                out: self.out.clone(),
                name: self.name.clone(),
                ..*self
            };
            let fitted = fold.fit(dataset, || Ok(Teachers::default()), observer)?;
            crossed.add(&fitted.evaluator, dataset, part, observer)?;
        }
        Ok(crossed)
    }

    /// The trained parameters as an evaluator, before its calibration.
    fn fit(
        &self,
        dataset: &mut Dataset,
        teachers: impl FnOnce() -> Result<Teachers>,
        observer: Observer,
    ) -> Result<Fitted> {
        let (stage, settings) = (self.stage, &self.stage.settings);
        let from = match &self.start {
            Some(Start::Evaluator(folder)) => Some(Bundle::open(folder)?),
            _ => None,
        };
        let tokens = TokenizerConfig::new(settings, from.as_ref(), &self.trainer.shipped)?;
        let rows = [stage.train.as_slice(), &stage.valid].concat();
        dataset.read(&rows, settings.cost_model, observer)?;
        let fitted = self.metrics(dataset)?;
        self.tell_placement(observer)?;
        let data = self.examples(dataset, &tokens, &fitted, &teachers()?, observer)?;
        let initial = self.initial(dataset, from.as_ref(), &fitted.metrics)?;
        let outcome = self.optimise(&tokens, &data, initial, observer)?;
        let manifest = self.manifest(dataset, &tokens, fitted);
        let model = self.model(&outcome, &self.scales())?;
        let mut bundle = Bundle::new(manifest, tokens.tokenizer, model);
        bundle.recipe = Some(run_folder::bundled(self.recipe).to_toml()?);
        let evaluator = Evaluator::from_bundle(bundle, self.trainer.runtime, Options::default())?;
        Ok(Fitted { evaluator, outcome })
    }

    /// The metrics of the stage, fitted to its training rows.
    fn metrics(&self, dataset: &Dataset) -> Result<FittedMetrics> {
        let (stage, settings) = (self.stage, &self.stage.settings);
        match settings.design_model {
            true => FittedMetrics::by_design(dataset, &stage.train, &stage.metrics),
            false => FittedMetrics::new(dataset, &stage.train, &stage.metrics, settings.cost_model),
        }
    }

    /// The encoder of a run's parameters, outputs divided by `scales`.
    fn model(&self, outcome: &Outcome, scales: &[f32]) -> Result<Vec<u8>> {
        let parameters = self.graphs.info.scaled_parameters(&outcome.params, scales);
        Ok(weights::embed(&self.graphs.encoder, parameters, &["metrics", "pooled"])?)
    }

    fn tell_placement(&self, observer: Observer) -> Result<()> {
        let Trainer { runtime, session, .. } = self.trainer;
        if session.provider != Provider::Cpu {
            observer(&Progress::Placement(&runtime.placement(&self.graphs.train, session)?));
        }
        Ok(())
    }

    fn weights(&self) -> Vec<f32> {
        self.stage.metrics.iter().map(|m| m.weight).collect()
    }

    /// Factors on the targets of the metrics: a squared error times a weight is that of targets
    /// times its root.
    fn scales(&self) -> Vec<f32> {
        self.stage.metrics.iter().map(|m| m.weight.sqrt()).collect()
    }

    fn examples(
        &self,
        dataset: &mut Dataset,
        tokens: &TokenizerConfig,
        fitted: &FittedMetrics,
        teachers: &Teachers,
        observer: Observer,
    ) -> Result<Data> {
        let (stage, s, metrics) = (self.stage, &self.stage.settings, fitted.metrics.as_slice());
        let rest = match s.config.unlabelled > 0.0 {
            true => dataset.read_rest(&stage.train, observer)?,
            false => Vec::new(),
        };
        let dataset = &*dataset;
        let unlabelled = dataset.named(rest.iter().map(String::as_str));
        let (train, valid) = (dataset.slice(&stage.train), dataset.slice(&stage.valid));
        let parts = Parts { train: &train, unlabelled: &unlabelled, valid: &valid };
        let labels =
            targets::labels(dataset, &stage.train, metrics, &fitted.scales, s.average_duplicates)?;
        let labels = match s.detrend {
            true => detrend::detrended(&labels, metrics, &graphs(&train), &stage.train)?,
            false => labels,
        };
        let scales = targets::scales(dataset, &stage.valid, metrics, fitted.design.as_ref())?;
        let reported = targets::labels(dataset, &stage.valid, metrics, &scales, false)?;
        let mut data = self.labelled(tokens, metrics, &parts, [&labels, &reported], observer)?;
        if !teachers.is_empty() {
            observer(&Progress::Teaching);
            let taught = teachers.soft_targets(metrics, &parts, [&labels, &reported])?;
            observer(&Progress::Taught);
            if let Some([own, other]) = taught {
                let weights = self.weights();
                distillation::apply(&own, &weights, s.distill_weight, &mut data.train);
                distillation::apply(&other, &weights, s.distill_weight, &mut data.unlabelled);
            }
        }
        self.finish(tokens, metrics, &parts, &mut data)?;
        Ok(data)
    }

    /// Tokens and labels of the parts.
    fn labelled(
        &self,
        tokens: &TokenizerConfig,
        metrics: &[Metric],
        parts: &Parts,
        [labels, reported]: [&[Vec<Option<f64>>]; 2],
        observer: Observer,
    ) -> Result<Data> {
        let weights = self.weights();
        let mut examples = |part: &[&DatasetNetwork]| tokens.examples(part, observer);
        let mut train = examples(parts.train)?;
        let mut valid = examples(parts.valid)?;
        let mut unlabelled = examples(parts.unlabelled)?;
        targets::add_labels(labels, metrics, &weights, &mut train);
        targets::add_labels(reported, metrics, &weights, &mut valid);
        targets::add_unknown(metrics, &mut unlabelled);
        Ok(Data { train, valid, unlabelled })
    }

    /// Auxiliary targets, and examples of reduced networks.
    fn finish(
        &self,
        tokens: &TokenizerConfig,
        metrics: &[Metric],
        parts: &Parts,
        data: &mut Data,
    ) -> Result<()> {
        let [train, unlabelled, valid]: [Vec<&OpGraph>; 3] =
            [parts.train, parts.unlabelled, parts.valid].map(graphs);
        let mut both =
            [(train.as_slice(), &mut data.train), (unlabelled.as_slice(), &mut data.unlabelled)];
        targets::add_structure(self.stage.settings.aux_weight, &mut both);
        for reduced in ReducedMetrics::all(metrics, tokens) {
            reduced.share_targets(&mut both)?;
            reduced.split_examples(&valid, &mut data.valid)?;
        }
        Ok(())
    }

    fn initial(
        &self,
        dataset: &Dataset,
        from: Option<&Bundle>,
        metrics: &[Metric],
    ) -> Result<Option<Vec<f32>>> {
        let Some(bundle) = from else {
            return match &self.start {
                Some(Start::Checkpoint(file)) => checkpoint_parameters(file).map(Some),
                _ => Ok(None),
            };
        };
        let labels = |m: &Metric| -> Result<Vec<f64>> {
            Ok(dataset.labels(&m.spec.name, &self.stage.train)?.into_iter().flatten().collect())
        };
        let labels = metrics.iter().map(labels).collect::<Result<Vec<_>>>()?;
        let scales = self.scales();
        let columns = metrics.iter().zip(&labels).zip(&scales);
        let targets: Vec<HeadTarget> = columns
            .map(|((metric, labels), &scale)| HeadTarget { metric, labels, scale })
            .collect();
        let seed = self.stage.settings.config.seed;
        Ok(Some(from_bundle(&self.graphs.info, bundle, &targets, seed)?))
    }

    fn optimise(
        &self,
        tokens: &TokenizerConfig,
        data: &Data,
        initial: Option<Vec<f32>>,
        observer: Observer,
    ) -> Result<Outcome> {
        let Trainer { runtime, session, .. } = self.trainer;
        let config = &self.stage.settings.config;
        let run = Run {
            runtime,
            session: *session,
            graphs: &self.graphs,
            config,
            train: &data.train,
            valid: &data.valid,
            unlabelled: &data.unlabelled,
            initial,
            dir: &self.run_folder,
        };
        run.check(self.resume)?;
        check_writable(&self.out)?;
        let start = self.start.as_ref().map(|start| ("from", start.file()));
        RunFiles {
            environment: &Environment::new(runtime, session),
            runtime,
            inputs: std::iter::once(("labels", self.stage.labels.clone())).chain(start).collect(),
            graphs: &self.graphs,
            tokenizer: &tokens.tokenizer.to_json()?,
        }
        .write(&self.run_folder)?;
        run_folder::write_recipe(self.recipe_folder, &self.recipe.explicit())?;
        let names: Vec<String> = self.stage.metrics.iter().map(|m| m.name.clone()).collect();
        observer(&Progress::Training {
            rows: self.stage.train.len(),
            valid: self.stage.valid.len(),
            metrics: &names,
            epochs: config.epochs,
            folder: &self.run_folder,
        });
        let outcome = run.execute(self.resume, &mut |e| observer(&Progress::Optimisation(e)))?;
        observer(&Progress::Trained(&outcome));
        Ok(outcome)
    }

    /// The evaluator with corrections of cost models shrunk, calibrated.
    fn calibrated(
        &self,
        dataset: &mut Dataset,
        fitted: &Fitted,
        crossed: Option<&CrossFit>,
        observer: Observer,
    ) -> Result<Bundle> {
        let (train, valid) = (&self.stage.train, &self.stage.valid);
        let metrics = &fitted.evaluator.manifest().metrics;
        let factors = match crossed {
            Some(crossed) => crossed.factors(metrics),
            None => shrinkage_factors(&fitted.evaluator, dataset, valid, observer)?,
        };
        let shrunk = match factors.iter().any(|f| *f < 1.0) {
            true => {
                observer(&Progress::Shrunk(&factors));
                Some(self.shrunk(fitted, &factors)?)
            }
            false => None,
        };
        let evaluator = shrunk.as_ref().unwrap_or(&fitted.evaluator);
        let rows = CalibrationRows::new(evaluator, dataset, train, valid, observer)?;
        let mut bundle = rows.calibrate(evaluator.bundle())?;
        if let Some(crossed) = crossed {
            observer(&Progress::CrossFitted(&crossed.scores(&bundle.manifest.metrics, &factors)));
            crossed.calibrate(&mut bundle.manifest.metrics, &factors);
        }
        Ok(bundle)
    }

    /// The evaluator with those factors on its outputs.
    fn shrunk(&self, fitted: &Fitted, factors: &[f32]) -> Result<Evaluator> {
        let scales = self.scales();
        let smaller: Vec<f32> = scales.iter().zip(factors).map(|(scale, f)| scale / f).collect();
        let mut bundle = fitted.evaluator.bundle().clone();
        bundle.model = self.model(&fitted.outcome, &smaller)?;
        let runtime = self.trainer.runtime;
        Ok(Evaluator::from_bundle(bundle, runtime, Options::default())?)
    }

    fn manifest(
        &self,
        dataset: &Dataset,
        tokens: &TokenizerConfig,
        fitted: FittedMetrics,
    ) -> Manifest {
        let (stage, s) = (self.stage, &self.stage.settings);
        let classes_of = |rows: &[usize]| {
            let mut classes = dataset.classes(rows);
            classes.sort_unstable();
            classes.dedup();
            classes
        };
        let file = stage.labels.file_name().map(|n| n.to_string_lossy().into_owned());
        let mut training = Training::default();
        training.labels = file.unwrap_or_default();
        training.processor = dataset.table().fact("cpu").unwrap_or_default().to_owned();
        training.space = dataset.source().name();
        training.dataset = s.dataset.to_string();
        training.rows = stage.train.len();
        training.seed = s.config.seed;
        training.classes = classes_of(&stage.train);
        training.validation_classes = classes_of(&stage.valid);
        let mut manifest =
            Manifest::new(self.name.clone(), tokens.max_length, fitted.metrics, training);
        manifest.design = fitted.design;
        manifest.string_style = tokens.style;
        manifest
    }
}
