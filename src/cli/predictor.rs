//! What answers in `nneval evaluate`: one evaluator, or all shipped ones.

use super::evaluate_list::Item;
use nneval::evaluator::{self, Answer, Answers, Evaluator, EvaluatorSet, Manifest, Needs};

/// What is asked.
#[derive(Debug)]
pub enum Predictor {
    /// One evaluator, for networks of any kind.
    One(Box<Evaluator>),
    /// Evaluators that each answer for the networks that they know.
    Set(Box<EvaluatorSet>),
}

impl Predictor {
    /// What the evaluators predict, in the order of their answers.
    pub fn manifests(&self) -> Vec<&Manifest> {
        match self {
            Self::One(one) => vec![one.manifest()],
            Self::Set(set) => set.manifests().collect(),
        }
    }

    /// Whether each evaluator answers for the networks that it knows alone.
    pub fn is_set(&self) -> bool {
        matches!(self, Self::Set(_))
    }

    /// What is needed of a network.
    pub fn needs(&self) -> &Needs {
        match self {
            Self::One(one) => one.needs(),
            Self::Set(set) => set.needs(),
        }
    }

    /// Gives `sink` the items with their answers, some thousand at a time.
    ///
    /// # Errors
    /// That of `sink`.
    pub fn stream(
        &self,
        items: impl Iterator<Item = Item> + Send,
        network: impl Fn(&Item) -> evaluator::Result<evaluator::Network> + Send + Sync,
        mut sink: impl FnMut(Vec<Item>, Vec<Answers>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        match self {
            Self::Set(set) => set.evaluate_stream(items, network, sink),
            Self::One(one) => one.evaluate_stream(items, network, |items, predictions| {
                let known = |r: evaluator::Result<_>| r.map(|p| vec![Answer::Known(p)]);
                sink(items, predictions.into_iter().map(known).collect())
            }),
        }
    }
}
