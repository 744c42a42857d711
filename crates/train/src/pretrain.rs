//! Pretraining of an encoder on exact structural facts of networks, without labels.

use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::graphs::TrainingGraphs;
use crate::network::DatasetNetwork;
use crate::parts::parts;
use crate::plan::source;
use crate::progress::{Observer, Progress};
use crate::recipe::Recipe;
use crate::run::Run;
use crate::run_folder::{RunFiles, write_recipe};
use crate::tokens::TokenizerConfig;
use crate::trainer::Trainer;
use crate::{Examples, network, targets};
use nneval_files::check_writable;
use nneval_runtime::Provider;
use rayon::prelude::*;
use std::path::{Path, PathBuf};

impl Trainer<'_> {
    /// Trains the encoder of a recipe's first stage on the structure of all networks of its space
    /// or folder. The folder `out` gets what a run folder gets; the checkpoint that a training
    /// starts from is returned.
    ///
    /// # Errors
    /// As [`Trainer::train`]; [`Error::Setting`] where the weight of auxiliary targets is 0.
    pub fn pretrain(
        &self,
        recipe: &Recipe,
        out: &Path,
        resume: bool,
        observer: Observer,
    ) -> Result<PathBuf> {
        let stages = recipe.resolve()?;
        let s = stages.first().ok_or_else(|| Error::Setting("the recipe has no stage".into()))?;
        let source = source(s)?;
        let graphs = TrainingGraphs::find(&self.shipped, &s.encoder)?;
        let tokens = TokenizerConfig::new(s, None, &self.shipped)?;
        let keys = source.keys()?;
        let read = |key: &String| source.read_key(key, false);
        let networks: Vec<DatasetNetwork> =
            parts(&keys, observer, |part, _| part.par_iter().map(read).collect())?;
        let networks: Vec<&DatasetNetwork> = networks.iter().collect();
        let mut train = tokens.examples(&networks, observer)?;
        let graphs_of = network::graphs(&networks);
        targets::add_structure(s.aux_weight, &mut [(graphs_of.as_slice(), &mut train)]);
        if train.names.is_empty() {
            return Err(Error::Setting("aux-weight 0 leaves nothing to learn".into()));
        }
        if self.session.provider != Provider::Cpu {
            let placement = self.runtime.placement(&graphs.train, &self.session)?;
            observer(&Progress::Placement(&placement));
        }
        let none = Examples::default();
        let run = Run {
            runtime: self.runtime,
            session: self.session,
            graphs: &graphs,
            config: &s.config,
            train: &train,
            valid: &none,
            unlabelled: &none,
            initial: None,
            dir: out,
        };
        run.check(resume)?;
        check_writable(out)?;
        RunFiles {
            environment: &Environment::new(self.runtime, &self.session),
            runtime: self.runtime,
            inputs: Vec::new(),
            graphs: &graphs,
            tokenizer: &tokens.tokenizer.to_json()?,
        }
        .write(out)?;
        write_recipe(out, &recipe.explicit())?;
        observer(&Progress::Training {
            rows: train.tokens.len(),
            valid: 0,
            metrics: &[],
            epochs: s.config.epochs,
            folder: out,
        });
        let outcome = run.execute(resume, &mut |e| observer(&Progress::Optimisation(e)))?;
        observer(&Progress::Trained(&outcome));
        Ok(out.join("best.ckpt"))
    }
}
