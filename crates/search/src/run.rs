//! Ask-and-tell search: the next candidates, their values, the winners.

use super::bayesian::{Bayesian, Snapshot};
use super::dominance::first_front;
use super::evaluate::{CandidateEvaluator, CandidateValues};
use super::history::{Algorithm, Candidate, Settings};
use super::nsga2::{self, Ranked};
use super::problem::{Problem, Scored};
use super::space::SearchSpace;
use super::{evolution, state::State};
use crate::Rng;
use crate::error::{Error, Result};
use rand::{RngExt, SeedableRng};
use std::collections::{HashMap, HashSet};

/// Steps away from a candidate that is known already, at most; then as many
/// random draws.
const TRIES: usize = 50;
/// Probability that a child of NSGA-II has two parents (Deb et al. 2002).
const CROSSOVER: f64 = 0.9;
/// Probability that a child of two parents is mutated as well.
const MUTATION: f64 = 0.5;

/// A search: what was measured, and what comes next.
#[derive(Debug)]
pub struct Search<'a, S: SearchSpace> {
    space: &'a S,
    problem: Problem,
    settings: Settings,
    history: Vec<Candidate>,
    scores: Vec<Scored>,
    numbers: HashMap<String, usize>,
    population: Vec<usize>,
    settled: usize,
    prior: Option<&'a CandidateEvaluator>,
    bayesian: Bayesian,
}

impl<'a, S: SearchSpace> Search<'a, S> {
    /// A search that has measured nothing.
    ///
    /// # Errors
    /// [`Error::Problem`] for a population or a tournament of none, or more than
    /// two objectives of [`Algorithm::Bayesian`].
    pub fn new(space: &'a S, problem: Problem, settings: Settings) -> Result<Self> {
        if settings.population < 2 || settings.tournament == 0 {
            let reason = "a population has two members at least, a tournament one";
            return Err(Error::Problem(reason.into()));
        }
        if settings.algorithm == Algorithm::Bayesian && problem.objectives.len() > 2 {
            let reason = "the bayesian search takes one or two objectives; nsga2 takes more";
            return Err(Error::Problem(reason.into()));
        }
        Ok(Self {
            space,
            problem,
            settings,
            history: Vec::new(),
            scores: Vec::new(),
            numbers: HashMap::new(),
            population: Vec::new(),
            settled: 0,
            prior: None,
            bayesian: Bayesian::default(),
        })
    }

    /// Has [`Algorithm::Bayesian`] start from what `evaluator` predicts of networks:
    /// for searches whose true values are told.
    #[must_use]
    pub fn with_prior(mut self, evaluator: &'a CandidateEvaluator) -> Self {
        self.prior = Some(evaluator);
        self
    }

    /// A search that goes on from `state`.
    ///
    /// # Errors
    /// [`Error::State`] where the state is of another space, problem or
    /// settings (a larger budget is none), or contradicts itself.
    pub fn resume(
        space: &'a S,
        problem: Problem,
        settings: Settings,
        state: State,
    ) -> Result<Self> {
        state.check(&space.name(), &problem, &settings)?;
        let mut search = Self::new(space, problem, settings)?;
        for candidate in state.history {
            space.parse(&candidate.key)?;
            search.push(candidate);
        }
        let count = search.history.len();
        if state.settled > count || state.population.iter().any(|&i| i >= count) {
            return Err(Error::state("the state names candidates that it does not hold"));
        }
        (search.population, search.settled) = (state.population, state.settled);
        Ok(search)
    }

    /// What a later [`Search::resume`] needs.
    pub fn state(&self) -> State {
        State::new(
            self.space.name(),
            self.problem.clone(),
            self.settings.clone(),
            self.history.clone(),
            self.population.clone(),
            self.settled,
        )
    }

    /// What is wanted.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// What was measured, in order.
    pub fn history(&self) -> &[Candidate] {
        &self.history
    }

    /// The space searched.
    pub fn space(&self) -> &S {
        self.space
    }

    /// Up to `n` candidates to measure next, none of them measured already;
    /// fewer where the space holds no more. What was added since the last call
    /// is a generation.
    pub fn ask(&mut self, n: usize) -> Vec<String> {
        self.settle();
        if self.space.size().is_some_and(|size| self.settings.budget >= size) {
            return self.enumerate(n, &HashSet::new());
        }
        let population: Vec<(usize, Scored)> = self.members();
        let scored: Vec<Scored> = population.iter().map(|m| m.1.clone()).collect();
        let ranked = match self.settings.algorithm {
            Algorithm::Nsga2 => Ranked::of(&scored),
            _ => Ranked::of(&[]),
        };
        let mut keys = self.by_model(n);
        let mut taken: HashSet<String> = keys.iter().cloned().collect();
        for i in keys.len()..n {
            let mut rng = Rng::seed_from_u64(self.settings.seed);
            rng.set_stream((self.history.len() + i) as u64);
            let first = self.child(&population, &ranked, &mut rng);
            let Some(key) = self.unseen(first, &taken, &mut rng) else { break };
            taken.insert(key.clone());
            keys.push(key);
        }
        keys
    }

    /// What [`Algorithm::Bayesian`] asks for.
    fn by_model(&mut self, n: usize) -> Vec<String> {
        if self.settings.algorithm != Algorithm::Bayesian {
            return Vec::new();
        }
        let mut bayesian = std::mem::take(&mut self.bayesian);
        let snapshot = Snapshot {
            space: self.space,
            problem: &self.problem,
            seed: self.settings.seed,
            history: &self.history,
            scores: &self.scores,
            numbers: &self.numbers,
            prior: self.prior,
        };
        let keys = bayesian.choose(&snapshot, n);
        self.bayesian = bayesian;
        keys
    }

    /// Adds a candidate with its values, one for each column of the problem (a
    /// [`CandidateValues`], or the values alone), or
    /// why it has none. One that is known already gets these values instead.
    pub fn add(&mut self, key: String, measured: Result<impl Into<CandidateValues>>) {
        let width = self.problem.columns.len();
        let (measured, error) = match measured {
            Ok(measured) => (measured.into(), None),
            Err(e) => (CandidateValues::default(), Some(e.to_string())),
        };
        let CandidateValues { mut values, mut intervals, flagged } = measured;
        values.resize(width, None);
        values.iter_mut().for_each(|v| *v = v.filter(|v| v.is_finite()));
        intervals.resize(width, None);
        let finite = |e: &[f64; 2]| e.iter().all(|v| v.is_finite());
        intervals.iter_mut().for_each(|e| *e = e.filter(finite));
        if intervals.iter().all(Option::is_none) {
            intervals.clear();
        }
        self.push(Candidate { key, values, intervals, error, flagged, told: false });
    }

    /// Replaces values of a candidate by true ones; a candidate that is not
    /// known is added.
    ///
    /// # Errors
    /// [`Error::Architecture`] for a key that is none of the space,
    /// [`Error::Metric`] for a metric that is no column or a value that is no
    /// finite number.
    pub fn tell(&mut self, key: &str, values: &[(String, f64)]) -> Result<()> {
        let key = self.space.key(&self.space.parse(key)?);
        let mut own = match self.numbers.get(&key).and_then(|&i| self.history.get(i)) {
            Some(c) => c.clone(),
            None => {
                let values = vec![None; self.problem.columns.len()];
                let (intervals, error, flagged) = (Vec::new(), None, false);
                Candidate { key, values, intervals, error, flagged, told: true }
            }
        };
        for (name, value) in values {
            let at = self.problem.columns.iter().position(|c| c == name);
            let slot = at.and_then(|at| own.values.get_mut(at)).ok_or_else(|| {
                let known = self.problem.columns.join(", ");
                let reason = format!("{name} is no metric of this search ({known})");
                Error::Metric { name: name.clone(), reason }
            })?;
            if !value.is_finite() {
                let reason = format!("{name}: {value} is not a finite number");
                return Err(Error::Metric { name: name.clone(), reason });
            }
            *slot = Some(*value);
            if let Some(interval) = at.and_then(|at| own.intervals.get_mut(at)) {
                *interval = None;
            }
        }
        (own.told, own.error) = (true, None);
        self.push(own);
        Ok(())
    }

    /// The Pareto set, best in the first objective first; with one objective
    /// the `top` best. Only candidates within the limits whose objectives are
    /// known.
    pub fn winners(&self, top: usize) -> Vec<&Candidate> {
        let allowed: Vec<usize> = self.allowed();
        let scores: Vec<Scored> =
            allowed.iter().filter_map(|&i| self.scores.get(i).cloned()).collect();
        let mut places: Vec<usize> = match self.problem.objectives.len() {
            1 => (0..scores.len()).collect(),
            _ => first_front(&scores),
        };
        let costs = |place: usize| scores.get(place).map_or(&[][..], |s| &s.costs);
        places.sort_by(|&a, &b| {
            let pairs = costs(a).iter().zip(costs(b));
            let differ = pairs.map(|(x, y)| x.total_cmp(y)).find(|o| o.is_ne());
            differ.unwrap_or(std::cmp::Ordering::Equal).then(a.cmp(&b))
        });
        if self.problem.objectives.len() == 1 {
            places.truncate(top);
        }
        places.iter().filter_map(|&p| self.history.get(*allowed.get(p)?)).collect()
    }

    fn allowed(&self) -> Vec<usize> {
        let inside = |i: &usize| self.scores.get(*i).is_some_and(|s| s.violation == 0.0);
        (0..self.history.len()).filter(inside).collect()
    }

    fn push(&mut self, candidate: Candidate) {
        let score = self.problem.score(&candidate.values);
        let known = self.numbers.get(&candidate.key).copied();
        match known.and_then(|i| Some((self.history.get_mut(i)?, self.scores.get_mut(i)?))) {
            Some((old, old_score)) => (*old, *old_score) = (candidate, score),
            None => {
                self.numbers.insert(candidate.key.clone(), self.history.len());
                self.history.push(candidate);
                self.scores.push(score);
            }
        }
    }

    /// Lets the newest generation compete for places in the population.
    fn settle(&mut self) {
        let newest = self.settled..self.history.len();
        self.settled = self.history.len();
        if self.settings.algorithm != Algorithm::Nsga2 || newest.is_empty() {
            return;
        }
        let all: Vec<usize> = self.population.iter().copied().chain(newest).collect();
        let scores: Vec<Scored> = all.iter().filter_map(|&i| self.scores.get(i).cloned()).collect();
        let chosen = nsga2::survivors(&scores, self.settings.population);
        self.population = chosen.iter().filter_map(|&p| all.get(p).copied()).collect();
    }

    /// The population, with scores; empty while it is not full.
    fn members(&self) -> Vec<(usize, Scored)> {
        let size = self.settings.population;
        let members: Vec<usize> = match self.settings.algorithm {
            Algorithm::Random | Algorithm::Bayesian => Vec::new(),
            Algorithm::Evolution => {
                (self.history.len().saturating_sub(size)..self.history.len()).collect()
            }
            Algorithm::Nsga2 => self.population.clone(),
        };
        if members.len() < size {
            return Vec::new();
        }
        members.into_iter().filter_map(|i| Some((i, self.scores.get(i)?.clone()))).collect()
    }

    fn child(&self, population: &[(usize, Scored)], ranked: &Ranked, rng: &mut Rng) -> S::Arch {
        let arch = |i: usize| self.history.get(i).and_then(|c| self.space.parse(&c.key).ok());
        let child = match self.settings.algorithm {
            _ if population.is_empty() => None,
            Algorithm::Random | Algorithm::Bayesian => None,
            Algorithm::Evolution => {
                let parent = evolution::parent(population, self.settings.tournament, rng);
                parent.and_then(arch).map(|a| self.space.mutate(&a, rng))
            }
            Algorithm::Nsga2 => {
                let mut parent = || population.get(ranked.parent(rng)).and_then(|m| arch(m.0));
                let (a, b) = (parent(), parent());
                a.zip(b).map(|(a, b)| self.offspring(&a, &b, rng))
            }
        };
        child.unwrap_or_else(|| self.space.sample(rng))
    }

    fn offspring(&self, a: &S::Arch, b: &S::Arch, rng: &mut Rng) -> S::Arch {
        if !rng.random_bool(CROSSOVER) {
            return self.space.mutate(a, rng);
        }
        let child = self.space.crossover(a, b, rng);
        if rng.random_bool(MUTATION) { self.space.mutate(&child, rng) } else { child }
    }

    /// The key of `first`, or of a neighbour's neighbour, or of a random
    /// architecture: the first that is neither measured nor taken.
    fn unseen(&self, first: S::Arch, taken: &HashSet<String>, rng: &mut Rng) -> Option<String> {
        let mut arch = first;
        for i in 0..2 * TRIES {
            let key = self.space.key(&arch);
            if !self.numbers.contains_key(&key) && !taken.contains(&key) {
                return Some(key);
            }
            let blind = matches!(self.settings.algorithm, Algorithm::Random | Algorithm::Bayesian);
            let random = i >= TRIES || blind;
            arch = if random { self.space.sample(rng) } else { self.space.mutate(&arch, rng) };
        }
        self.enumerate(1, taken).pop()
    }

    /// The first architectures of a finite space that are not known.
    fn enumerate(&self, n: usize, taken: &HashSet<String>) -> Vec<String> {
        let size = self.space.size().unwrap_or(0);
        let keys = (0..size).filter_map(|i| self.space.nth(i)).map(|a| self.space.key(&a));
        keys.filter(|k| !self.numbers.contains_key(k) && !taken.contains(k)).take(n).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::benchmark::Benchmark;
    use super::super::hypervolume::hypervolume_2d;
    use super::*;
    use nneval_spaces::{ModelOptions, Space};

    fn sss() -> Benchmark {
        Benchmark::new(Space::NatsSss, ModelOptions::default())
    }

    fn widths(key: &str) -> Vec<f64> {
        key.split(':').filter_map(|c| c.parse().ok()).collect()
    }

    /// Two objectives with a known front: the first width against the last; all
    /// others must be 8. The front has eight members, one for each first width.
    fn toy(key: &str) -> Vec<Option<f64>> {
        let w = widths(key);
        let rest: f64 = w[1..4].iter().map(|x| x - 8.0).sum();
        vec![Some(w[0] + rest), Some(72.0 - w[0] + rest + (w[4] - 8.0))]
    }

    fn run(search: &mut Search<Benchmark>, upto: usize, value: impl Fn(&str) -> Vec<Option<f64>>) {
        while search.history().len() < upto {
            let n = 20.min(upto - search.history().len());
            let keys = search.ask(n);
            assert_eq!(keys.len(), n);
            for key in keys {
                let values = value(&key);
                search.add(key, Ok(values));
            }
        }
    }

    fn settings(algorithm: Algorithm, budget: usize) -> Settings {
        Settings { algorithm, seed: 3, budget, population: 20, tournament: 5 }
    }

    fn two() -> Problem {
        Problem::new(&[], &["a".into(), "b".into()], &[]).unwrap()
    }

    fn volume(search: &Search<Benchmark>) -> f64 {
        let points: Vec<[f64; 2]> = search
            .winners(1)
            .iter()
            .map(|c| [c.values[0].unwrap(), c.values[1].unwrap()])
            .collect();
        hypervolume_2d(&points, [300.0, 300.0])
    }

    #[test]
    fn nsga2_finds_the_known_front() {
        let space = sss();
        let mut search = Search::new(&space, two(), settings(Algorithm::Nsga2, 1500)).unwrap();
        run(&mut search, 1500, toy);
        let front: Vec<Vec<f64>> = search.winners(1).iter().map(|c| widths(&c.key)).collect();
        let known: Vec<Vec<f64>> =
            (1..9).map(|i| vec![f64::from(i) * 8.0, 8.0, 8.0, 8.0, 8.0]).collect();
        assert_eq!(front, known);
        let mut random = Search::new(&space, two(), settings(Algorithm::Random, 1500)).unwrap();
        run(&mut random, 1500, toy);
        assert!(volume(&search) > volume(&random));
    }

    #[test]
    fn evolution_beats_chance() {
        let space = sss();
        let problem = || Problem::new(&["a".into()], &[], &[]).unwrap();
        let value = |key: &str| vec![Some(widths(key).iter().sum::<f64>())];
        let best = |algorithm| {
            let mut search = Search::new(&space, problem(), settings(algorithm, 600)).unwrap();
            run(&mut search, 600, value);
            search.winners(1)[0].values[0].unwrap()
        };
        let (evolved, drawn) = (best(Algorithm::Evolution), best(Algorithm::Random));
        assert!(evolved >= 304.0 && evolved > drawn, "{evolved} {drawn}");
    }

    #[test]
    fn a_search_resumed_anywhere_takes_the_same_steps() {
        let space = sss();
        for algorithm in [Algorithm::Random, Algorithm::Evolution, Algorithm::Nsga2] {
            let mut whole = Search::new(&space, two(), settings(algorithm, 300)).unwrap();
            run(&mut whole, 300, toy);
            let mut half = Search::new(&space, two(), settings(algorithm, 300)).unwrap();
            run(&mut half, 140, toy);
            let text = serde_json::to_string(&half.state()).unwrap();
            let state: State = serde_json::from_str(&text).unwrap();
            let mut rest = Search::resume(&space, two(), settings(algorithm, 300), state).unwrap();
            run(&mut rest, 300, toy);
            assert_eq!(rest.history(), whole.history());
            assert_eq!(rest.state(), whole.state());
        }
    }

    #[test]
    fn another_search_is_not_resumed() {
        let space = sss();
        let own = settings(Algorithm::Random, 30);
        let mut search = Search::new(&space, two(), own.clone()).unwrap();
        run(&mut search, 20, toy);
        let resume = |s: Settings, p: Problem| Search::resume(&space, p, s, search.state()).err();
        assert!(resume(Settings { budget: 99, ..own.clone() }, two()).is_none());
        let seed = resume(Settings { seed: 9, ..own.clone() }, two()).unwrap().to_string();
        assert!(seed.contains("seed"), "{seed}");
        let limited = Problem::new(&[], &["a".into(), "b".into()], &["a<=1".parse().unwrap()]);
        assert!(resume(own, limited.unwrap()).unwrap().to_string().contains("limits"));
    }

    #[test]
    fn limits_are_respected_and_truth_replaces_predictions() {
        let space = sss();
        let problem = Problem::new(&["a".into()], &[], &["b<=100".parse().unwrap()]).unwrap();
        let mut search = Search::new(&space, problem, settings(Algorithm::Evolution, 400)).unwrap();
        run(&mut search, 400, |k| vec![Some(widths(k)[0]), Some(widths(k).iter().sum())]);
        let best = search.winners(5);
        assert_eq!(best.len(), 5);
        assert!(best.iter().all(|c| c.values[1].unwrap() <= 100.0), "{best:?}");
        assert!(best[0].values[0].unwrap() >= 56.0, "{best:?}");
        let key = best[0].key.clone();
        search.tell(&key, &[("b".into(), 101.0)]).unwrap();
        assert!(search.winners(5).iter().all(|c| c.key != key));
        search.tell("64:8:8:8:8", &[("a".into(), 1e3), ("b".into(), 0.0)]).unwrap();
        assert_eq!(search.winners(1)[0].key, "64:8:8:8:8");
        assert!(search.tell("64:8:8:8:9", &[]).is_err());
        assert!(search.tell("64:8:8:8:8", &[("c".into(), 1.0)]).is_err());
        assert!(search.tell("64:8:8:8:8", &[("a".into(), f64::NAN)]).is_err());
    }

    #[test]
    fn a_covered_space_is_measured_whole() {
        let space = sss();
        let keys: Vec<String> = (1..9).map(|i| format!("{}:8:8:8:8", 8 * i)).collect();
        let few = super::super::Subset::new(&space, keys.clone()).unwrap();
        let mut search = Search::new(&few, two(), settings(Algorithm::Nsga2, 8)).unwrap();
        assert_eq!(search.ask(5), keys[..5]);
        for key in search.ask(100) {
            let values = toy(&key);
            search.add(key, Ok(values));
        }
        assert!(search.ask(3).is_empty());
        assert_eq!(search.winners(1).len(), 8);
        let mut tight = Search::new(&few, two(), settings(Algorithm::Random, 7)).unwrap();
        let mut asked = tight.ask(50);
        asked.sort();
        let mut all = keys;
        all.sort();
        assert_eq!(asked, all);
    }
}
