//! Sets of evaluators, each of which answers for the networks that it knows.
//!
//! An evaluator knows a network that its in-domain statistics do not flag. An evaluator without
//! statistics knows none.

use super::bundle::Bundle;
use super::evaluator::Evaluator;
use super::manifest::Manifest;
use super::network::{Needs, Network};
use super::options::Options;
use super::prediction::Prediction;
use super::shipped::Shipped;
use super::stream;
use crate::error::{Error, Result};
use nneval_runtime::Runtime;
use rayon::prelude::*;
use std::sync::OnceLock;

/// Evaluators that are asked together. Each is loaded when a network comes that it may know.
#[derive(Debug)]
pub struct EvaluatorSet {
    members: Vec<Member>,
    needs: Needs,
    complete: bool,
    runtime: Runtime,
    options: Options,
}

/// An evaluator that is loaded at its first use.
#[derive(Debug)]
struct Member {
    bundle: Bundle,
    needs: Needs,
    loaded: OnceLock<Result<Evaluator>>,
}

/// What one evaluator of a set says of a network.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Answer {
    /// It knows networks like this one.
    Known(Prediction),
    /// The network lies outside of what it was trained on.
    Outside {
        /// The in-domain score, at most; `None` where the evaluator has no statistics.
        in_domain: Option<f64>,
        /// What it predicts all the same, where the set is [`complete`](EvaluatorSet::complete).
        prediction: Option<Prediction>,
    },
    /// It predicts from static costs as well, and only an operation string was given.
    NeedsModel,
}

impl Answer {
    /// The prediction of an evaluator that knows the network.
    pub fn known(&self) -> Option<&Prediction> {
        match self {
            Self::Known(prediction) => Some(prediction),
            _ => None,
        }
    }

    fn of(prediction: Prediction) -> Self {
        match prediction.flagged() {
            Some(false) => Self::Known(prediction),
            _ => Self::Outside { in_domain: prediction.in_domain(), prediction: Some(prediction) },
        }
    }
}

/// One answer an evaluator, in their order; or why the network cannot be read or evaluated.
pub type Answers = Result<Vec<Answer>>;

impl EvaluatorSet {
    /// The evaluators of those bundles together.
    pub fn new(bundles: Vec<Bundle>, runtime: Runtime, options: Options) -> Self {
        let member = |bundle: Bundle| {
            let needs = Needs::of(&bundle.manifest);
            Member { bundle, needs, loaded: OnceLock::new() }
        };
        let members: Vec<Member> = bundles.into_iter().map(member).collect();
        let needs = members.iter().map(|m| m.needs.clone()).reduce(Needs::and).unwrap_or_default();
        Self { members, needs, complete: false, runtime, options }
    }

    /// All shipped evaluators, in the order of [`Shipped::evaluators`].
    ///
    /// # Errors
    /// [`Error::Unknown`] where there are none, or [`Error::Bundle`].
    pub fn shipped(shipped: &Shipped, runtime: Runtime, options: Options) -> Result<Self> {
        let folders = shipped.evaluators();
        let bundles = folders.iter().map(|f| Bundle::open(f)).collect::<Result<Vec<_>>>()?;
        match bundles.is_empty() {
            true => Err(Error::Unknown { name: "models".into() }),
            false => Ok(Self::new(bundles, runtime, options)),
        }
    }

    /// The same set, each answer with a prediction, whether the evaluator knows the network or not.
    #[must_use]
    pub fn complete(self) -> Self {
        Self { complete: true, ..self }
    }

    /// Loads all evaluators now, so that a provider that cannot be used is an error at once.
    ///
    /// # Errors
    /// [`Error::Runtime`].
    pub fn load(&self) -> Result<Vec<&Evaluator>> {
        self.members.iter().map(|m| self.loaded(m)).collect()
    }

    /// What the evaluators predict, in their order.
    pub fn manifests(&self) -> impl Iterator<Item = &Manifest> {
        self.members.iter().map(|m| &m.bundle.manifest)
    }

    /// What they need of a network together.
    pub fn needs(&self) -> &Needs {
        &self.needs
    }

    /// The answers for networks that were read; what was not stays an error.
    pub fn evaluate(&self, networks: Vec<Result<Network>>) -> Vec<Answers> {
        let (good, places): (Vec<Network>, Vec<Option<Error>>) = parted(networks);
        let mut answers: Vec<Answers> =
            good.iter().map(|_| Ok(Vec::with_capacity(self.members.len()))).collect();
        for member in &self.members {
            for (all, answer) in answers.iter_mut().zip(self.answers(member, &good)) {
                match (&mut *all, answer) {
                    (Ok(list), Ok(answer)) => list.push(answer),
                    (Ok(_), Err(e)) => *all = Err(e),
                    (Err(_), _) => {}
                }
            }
        }
        let mut answers = answers.into_iter();
        let missing = || Err(Error::internal("a network has no answer"));
        let joined = places.into_iter().map(|place| match place {
            Some(e) => Err(e),
            None => answers.next().unwrap_or_else(missing),
        });
        joined.collect()
    }

    /// As [`Evaluator::evaluate_stream`], with answers.
    ///
    /// # Errors
    /// That of `sink`.
    pub fn evaluate_stream<T: Send + Sync, E>(
        &self,
        items: impl Iterator<Item = T> + Send,
        network: impl Fn(&T) -> Result<Network> + Send + Sync,
        mut sink: impl FnMut(Vec<T>, Vec<Answers>) -> Result<(), E>,
    ) -> Result<(), E> {
        stream::chunks(items, network, |items, networks| sink(items, self.evaluate(networks)))
    }
}

impl EvaluatorSet {
    /// The answers of one member. Networks whose tokens alone are outside are not encoded.
    fn answers(&self, member: &Member, networks: &[Network]) -> Vec<OneAnswer> {
        let early = networks.par_iter().map(|n| self.early(member, n));
        let early: Vec<Option<OneAnswer>> = early.collect();
        let left = networks.iter().zip(&early).filter(|(_, e)| e.is_none());
        let left: Vec<Result<Network>> = left.map(|(n, _)| Ok(n.clone())).collect();
        if left.is_empty() {
            return early.into_iter().flatten().collect();
        }
        let predictions = match self.loaded(member) {
            Ok(evaluator) => evaluator.evaluate_read(left),
            Err(e) => left.iter().map(|_| Err(e.clone())).collect(),
        };
        let mut predictions = predictions.into_iter();
        let missing = || Err(Error::internal("a network has no prediction"));
        let mut next = || predictions.next().unwrap_or_else(missing).map(|p| self.answer(p));
        early.into_iter().map(|e| e.unwrap_or_else(&mut next)).collect()
    }

    /// The answer of an evaluator that has predicted.
    fn answer(&self, prediction: Prediction) -> Answer {
        match Answer::of(prediction) {
            Answer::Outside { in_domain, .. } if !self.complete => {
                Answer::Outside { in_domain, prediction: None }
            }
            answer => answer,
        }
    }

    fn loaded<'a>(&self, member: &'a Member) -> Result<&'a Evaluator> {
        let load = || Evaluator::from_bundle(member.bundle.clone(), &self.runtime, self.options);
        member.loaded.get_or_init(load).as_ref().map_err(Error::clone)
    }

    /// The answer that needs no encoding, if there is one.
    fn early(&self, member: &Member, network: &Network) -> Option<OneAnswer> {
        if member.needs.costs && network.costs().is_none() {
            return Some(Ok(Answer::NeedsModel));
        }
        if self.complete {
            return None;
        }
        let Some(domain) = &member.bundle.manifest.domain else {
            return Some(Ok(Answer::Outside { in_domain: None, prediction: None }));
        };
        match member.bundle.tokens(network.read_by(&member.needs).string()) {
            Ok(tokens) => {
                let score = domain.score_at_most(&tokens);
                let outside = Answer::Outside { in_domain: Some(score), prediction: None };
                domain.flags(score).then_some(Ok(outside))
            }
            Err(e) => Some(Err(e)),
        }
    }
}

type OneAnswer = Result<Answer>;

/// What was read, and for each place the error of what was not.
fn parted(networks: Vec<Result<Network>>) -> (Vec<Network>, Vec<Option<Error>>) {
    let mut good = Vec::with_capacity(networks.len());
    let place = |r: Result<Network>| match r {
        Ok(network) => {
            good.push(network);
            None
        }
        Err(e) => Some(e),
    };
    let places = networks.into_iter().map(place).collect();
    (good, places)
}
