//! Bayesian optimisation: Gaussian processes on facts of the networks learn
//! from what was measured, and the next candidates are those that are expected
//! to gain most.
//!
//! One objective: expected improvement. Two: expected hypervolume improvement.
//! Limits: times the probability that they hold (Schonlau, "Computer
//! Experiments and Global Optimization", 1997, chapter 4). Several candidates
//! at once: each is taken to have the value expected of it while the next is
//! chosen.

mod acquisition;
mod model;
mod networks;
mod warp;

use super::dominance::fronts;
use super::measure::Measure;
use super::problem::{Bound, Goal, Problem, Scored};
use super::run::Candidate;
use super::space::SearchSpace;
use acquisition::{Front, Normal};
use model::{Model, Observation};
use networks::{Frame, Networks, Point, Pool};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};

/// Candidates that are asked for at random at first.
const INITIAL: usize = 10;
/// Largest finite space of which every network is looked at.
const WHOLE: usize = 20_000;
/// Networks of a larger space that are looked at each time.
const SAMPLE: usize = 2_000;
/// The best candidates, and neighbours of each that are looked at as well.
const PARENTS: (usize, usize) = (10, 20);
/// Observations that kernels are chosen by, at most.
const MOST_ROWS: usize = 400;
/// New observations after which kernels are chosen anew, at most.
const MOST_NEW: usize = 50;
/// Candidates without a value that are taken to have the expected one, at most.
const MOST_BELIEFS: usize = 100;
/// Streams of the generator for the sample and for neighbours.
const STREAMS: (u64, u64) = (1 << 63, 1 << 62);

/// A search as it stands.
pub struct View<'v, S: SearchSpace> {
    /// The space.
    pub space: &'v S,
    /// What is wanted.
    pub problem: &'v Problem,
    /// Seed of everything random.
    pub seed: u64,
    /// What was asked for or told, in order, and as algorithms see it.
    pub history: &'v [Candidate],
    /// The scores of it.
    pub scores: &'v [Scored],
    /// The places of its keys.
    pub numbers: &'v HashMap<String, usize>,
    /// What predicts metrics of networks that were not measured.
    pub prior: Option<&'v Measure>,
}

/// What need not be computed anew for the next candidates: everything in it is
/// a function of the space, the seed and the history.
#[derive(Debug, Default)]
pub struct Bayesian {
    networks: Networks,
    base: Option<Base>,
    fit: Option<Fit>,
}

/// The networks that are looked at each time.
#[derive(Debug)]
struct Base {
    keys: Vec<String>,
    frame: Frame,
    /// All of them, where they are the whole space.
    pool: Option<Pool>,
}

/// Models, and what they are a function of.
#[derive(Debug)]
struct Fit {
    chosen_by: Vec<Observation>,
    rows: Vec<usize>,
    models: Vec<Model>,
    /// Whether the models look at the pool of the whole space.
    ready: bool,
}

impl Bayesian {
    /// Up to `n` candidates to measure next; none where too little is known for
    /// a model.
    pub fn choose<S: SearchSpace>(&mut self, view: &View<S>, n: usize) -> Vec<String> {
        let told = view.history.iter().any(|c| c.told);
        let known = |i: &usize| view.scores.get(*i).is_some_and(|s| s.violation.is_finite());
        let is_told = |i: &usize| view.history.get(*i).is_some_and(|c| c.told);
        let all = 0..view.history.len();
        let observed: Vec<usize> =
            all.clone().filter(|i| known(i) && (!told || is_told(i))).collect();
        let failed = |i: &usize| view.history.get(*i).is_some_and(|c| c.error.is_some());
        let pending: Vec<usize> =
            all.filter(|i| !failed(i) && observed.binary_search(i).is_err()).collect();
        if observed.len() < INITIAL.min(3) || observed.len() + pending.len() < INITIAL {
            return Vec::new();
        }
        self.chosen(view, &observed, &pending, n).unwrap_or_default()
    }

    fn chosen<S: SearchSpace>(
        &mut self,
        view: &View<S>,
        observed: &[usize],
        pending: &[usize],
        n: usize,
    ) -> Option<Vec<String>> {
        let base = match self.base.take() {
            Some(base) => base,
            None => self.look(view),
        };
        let key = |i: &usize| view.history.get(*i).map(|c| c.key.clone());
        let recent = pending.get(pending.len().saturating_sub(MOST_BELIEFS)..).unwrap_or_default();
        let mut more: Vec<String> = observed.iter().chain(recent).filter_map(key).collect();
        let near = match base.pool {
            Some(_) => Vec::new(),
            None => neighbours(view, observed),
        };
        more.extend(near.iter().cloned());
        self.networks.see(view.space, view.prior, &more);
        let members: HashSet<&str> = match base.pool {
            Some(_) => HashSet::new(),
            None => base.keys.iter().map(String::as_str).collect(),
        };
        let own;
        let pool = match &base.pool {
            Some(pool) => pool,
            None => {
                let new = near.iter().filter(|k| !members.contains(k.as_str()));
                own = Pool::new(&self.networks, &base.frame, base.keys.iter().chain(new));
                &own
            }
        };
        let point = |i: &usize| Some(base.frame.point(self.networks.row(&key(i)?)?));
        let columns = columns(view.problem);
        let observations: Vec<Observation> = observed
            .iter()
            .filter_map(|i| {
                let values = values(&columns, &view.history.get(*i)?.values)?;
                Some(Observation { number: *i, point: point(i)?, values })
            })
            .collect();
        let beliefs: Vec<Point> = recent.iter().filter_map(point).collect();
        let mut fit = self.fit(view.problem, &base, pool, &observations)?;
        let picked = pick(view, pool, &mut fit.models, &observations, &beliefs, n);
        self.fit = Some(fit);
        if base.pool.is_none() {
            let keep = |k: &str| members.contains(k) || view.numbers.contains_key(k);
            self.networks.retain(keep);
        }
        self.base = Some(base);
        Some(picked)
    }

    /// Models that have learnt from `observations`. Kernels are chosen by the
    /// first of them, of which there are a tenth less at most.
    fn fit(
        &mut self,
        problem: &Problem,
        base: &Base,
        pool: &Pool,
        observations: &[Observation],
    ) -> Option<Fit> {
        let first = observations.get(..stage(observations.len())).unwrap_or_default();
        let kept = self.fit.take().filter(|f| f.chosen_by == first);
        let mut fit = match kept {
            Some(fit) => fit,
            None => {
                let rows = informative(problem, first);
                let own: Vec<&Observation> = rows.iter().filter_map(|&i| first.get(i)).collect();
                let width = columns(problem).len();
                let models = (0..width).map(|i| Model::fit(i, &own, &base.frame));
                let models = models.collect::<Option<Vec<_>>>()?;
                Fit { chosen_by: first.to_vec(), rows, models, ready: false }
            }
        };
        let rows = fit.rows.iter().copied().chain(first.len()..observations.len());
        let rows: Vec<&Observation> = rows.filter_map(|i| observations.get(i)).collect();
        let ready = std::mem::replace(&mut fit.ready, base.pool.is_some());
        for model in &mut fit.models {
            if !ready {
                model.look_at(pool);
            }
            model.learn(&rows);
        }
        Some(fit)
    }

    /// Reads the networks that are looked at each time.
    fn look<S: SearchSpace>(&mut self, view: &View<S>) -> Base {
        let space = view.space;
        let whole = space.size().filter(|n| *n <= WHOLE);
        let keys: Vec<String> = match whole {
            Some(n) => (0..n).filter_map(|i| space.nth(i)).map(|a| space.key(&a)).collect(),
            None => {
                let mut rng = ChaCha8Rng::seed_from_u64(view.seed);
                rng.set_stream(STREAMS.0);
                unique((0..SAMPLE).map(|_| space.key(&space.sample(&mut rng))))
            }
        };
        self.networks.see(space, view.prior, &keys);
        let frame = Frame::new(&self.networks, &keys, &columns(view.problem));
        let pool = whole.map(|_| Pool::new(&self.networks, &frame, keys.iter()));
        Base { keys, frame, pool }
    }
}

/// Columns that models are of: objectives, in order, then limits.
fn columns(problem: &Problem) -> Vec<usize> {
    let objectives = problem.objectives.iter().map(|o| &o.metric);
    let all = objectives.chain(problem.limits.iter().map(|l| &l.metric));
    let mut columns: Vec<usize> =
        all.filter_map(|m| problem.columns.iter().position(|c| c == m)).collect();
    let mut seen = HashSet::new();
    columns.retain(|c| seen.insert(*c));
    columns
}

/// The values that models are of, all of them known.
fn values(columns: &[usize], values: &[Option<f64>]) -> Option<Vec<f64>> {
    columns.iter().map(|c| values.get(*c).copied().flatten()).collect()
}

/// How many of `n` observations kernels are chosen by: all at first, then as
/// many as there were when a tenth, or [`MOST_NEW`], had been added last.
fn stage(n: usize) -> usize {
    let mut stage = 0;
    loop {
        let next = stage + (stage / 10).clamp(1, MOST_NEW);
        if next > n {
            return stage;
        }
        stage = next;
    }
}

/// Indices, ascending, of at most [`MOST_ROWS`] observations: one half the best,
/// the other spread evenly over the rest.
fn informative(problem: &Problem, observations: &[Observation]) -> Vec<usize> {
    if observations.len() <= MOST_ROWS {
        return (0..observations.len()).collect();
    }
    let columns = columns(problem);
    let score = |o: &Observation| {
        let mut all = vec![None; problem.columns.len()];
        for (c, v) in columns.iter().zip(&o.values) {
            if let Some(slot) = all.get_mut(*c) {
                *slot = Some(*v);
            }
        }
        problem.score(&all)
    };
    let scores: Vec<Scored> = observations.iter().map(score).collect();
    let ranked: Vec<usize> = fronts(&scores).into_iter().flatten().collect();
    let (best, rest) = ranked.split_at(MOST_ROWS / 2);
    let mut rest = rest.to_vec();
    rest.sort_unstable();
    let spread = (0..MOST_ROWS / 2).filter_map(|i| rest.get(i * rest.len() / (MOST_ROWS / 2)));
    let mut chosen: Vec<usize> = best.iter().chain(spread).copied().collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

fn unique(keys: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::new();
    keys.filter(|k| seen.insert(k.clone())).collect()
}

/// Neighbours of the best candidates.
fn neighbours<S: SearchSpace>(view: &View<S>, observed: &[usize]) -> Vec<String> {
    let scores: Vec<Scored> =
        observed.iter().filter_map(|&i| view.scores.get(i).cloned()).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(view.seed);
    rng.set_stream(STREAMS.1 | view.history.len() as u64);
    let best = fronts(&scores).into_iter().flatten().take(PARENTS.0);
    let keys = best.filter_map(|p| view.history.get(*observed.get(p)?)).map(|c| &c.key);
    let parents = keys.filter_map(|key| view.space.parse(key).ok());
    let mut near = Vec::new();
    for parent in parents {
        for _ in 0..PARENTS.1 {
            near.push(view.space.key(&view.space.mutate(&parent, &mut rng)));
        }
    }
    unique(near.into_iter())
}

/// The costs that models see, of a network whose columns have such values.
fn costs(problem: &Problem, values: &[f64]) -> Vec<f64> {
    let pairs = problem.objectives.iter().zip(values);
    pairs.map(|(o, v)| if o.goal == Goal::Maximize { -v } else { *v }).collect()
}

/// Up to `n` networks of the pool that were not asked for, in the order in which
/// they are expected to gain most.
fn pick<S: SearchSpace>(
    view: &View<S>,
    pool: &Pool,
    models: &mut [Model],
    observations: &[Observation],
    pending: &[Point],
    n: usize,
) -> Vec<String> {
    let mut known: Vec<Vec<f64>> = Vec::new();
    for o in observations {
        let warped = models.iter().zip(&o.values).map(|(m, v)| m.warp().of(*v));
        known.push(warped.collect());
    }
    let mut beliefs = Beliefs { told: vec![Vec::new(); models.len()], known };
    pending.iter().for_each(|p| beliefs.add(models, p));
    let mut picked: Vec<String> = Vec::new();
    let mut taken: HashSet<String> = HashSet::new();
    while picked.len() < n {
        let free = |key: &str| !view.numbers.contains_key(key) && !taken.contains(key);
        let free = pool.free(free);
        let gains = gains(view.problem, pool, models, &beliefs);
        let open = gains
            .into_iter()
            .enumerate()
            .filter(|(i, _)| free.get(*i).is_some_and(Option::is_some));
        let best = open
            .max_by(|(i, a), (j, b)| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)).then(j.cmp(i)));
        let Some((at, _)) = best else { break };
        let (Some(Some(key)), Some(point)) = (free.get(at), pool.points().get(at)) else { break };
        picked.push((*key).to_owned());
        taken.insert((*key).to_owned());
        if picked.len() < n && beliefs.count() < pending.len() + MOST_BELIEFS {
            beliefs.add(models, point);
        }
    }
    picked
}

/// What is taken for true while candidates are chosen.
struct Beliefs {
    /// As each model is told it.
    told: Vec<Vec<f64>>,
    /// Values of observations and beliefs, as models see them.
    known: Vec<Vec<f64>>,
}

impl Beliefs {
    fn add(&mut self, models: &mut [Model], point: &Point) {
        let each = models.iter_mut().zip(&mut self.told);
        self.known.push(each.map(|(m, told)| m.believe(told, point)).collect());
    }

    fn count(&self) -> usize {
        self.told.first().map_or(0, Vec::len)
    }
}

/// For each point of the pool the expected gain, and what ties are broken by:
/// the expected first cost.
fn gains(problem: &Problem, pool: &Pool, models: &[Model], beliefs: &Beliefs) -> Vec<(f64, f64)> {
    let expected: Vec<Vec<Normal>> =
        models.iter().zip(&beliefs.told).map(|(m, told)| m.expected(pool, told)).collect();
    let bounds = bounds(problem, models);
    let holds = |values: &[f64]| {
        let inside = |&(column, at_most, bound): &(usize, bool, f64)| {
            values.get(column).is_some_and(|v| (*v <= bound) == at_most)
        };
        bounds.iter().all(inside)
    };
    let inside = beliefs.known.iter().filter(|v| holds(v));
    let inside: Vec<Vec<f64>> = inside.map(|v| costs(problem, v)).collect();
    let all = beliefs.known.iter().map(|v| costs(problem, v));
    let worst = all.reduce(|a, b| a.iter().zip(&b).map(|(x, y)| x.max(*y)).collect());
    let goal = Goals::new(&inside, &worst.unwrap_or_default());
    let one = |i: usize| {
        let own: Vec<Normal> = expected.iter().filter_map(|e| e.get(i).copied()).collect();
        let towards = |(o, x): (&super::problem::Objective, &Normal)| match o.goal {
            Goal::Maximize => Normal { mean: -x.mean, ..*x },
            Goal::Minimize => *x,
        };
        let objectives: Vec<Normal> = problem.objectives.iter().zip(&own).map(towards).collect();
        let chance = |&(column, at_most, bound): &(usize, bool, f64)| {
            let below = own.get(column).map_or(0.0, |x| x.at_most(bound));
            if at_most { below } else { 1.0 - below }
        };
        let chance: f64 = bounds.iter().map(chance).product();
        (goal.gain(&objectives) * chance, objectives.first().map_or(0.0, |x| x.mean))
    };
    (0..pool.points().len()).into_par_iter().map(one).collect()
}

/// For each limit its column among those modelled, whether values up to the
/// bound hold (else those above), and the bound on the model's scale.
fn bounds(problem: &Problem, models: &[Model]) -> Vec<(usize, bool, f64)> {
    let columns = columns(problem);
    let one = |l: &super::problem::Limit| {
        let column = problem.columns.iter().position(|c| *c == l.metric)?;
        let at = columns.iter().position(|c| *c == column)?;
        let warp = models.get(at)?.warp();
        Some(match l.bound {
            Bound::AtMost => (at, true, warp.end_of(l.value)),
            Bound::AtLeast => (at, false, warp.start_of(l.value)),
        })
    };
    problem.limits.iter().filter_map(one).collect()
}

/// What there is to improve on.
enum Goals {
    /// Nothing within the limits yet: that comes first.
    Limits,
    /// The best cost.
    One(f64),
    /// The front.
    Two(Front),
}

impl Goals {
    /// `inside` are the costs known within the limits; the hypervolume counts up
    /// to the `worst` costs.
    fn new(inside: &[Vec<f64>], worst: &[f64]) -> Self {
        match (inside, worst) {
            ([], _) => Self::Limits,
            (_, &[a, b]) => {
                let pairs = inside.iter().filter_map(|c| Some([*c.first()?, *c.get(1)?]));
                Self::Two(Front::new(&pairs.collect::<Vec<_>>(), [a, b]))
            }
            _ => Self::One(
                inside.iter().filter_map(|c| c.first()).copied().fold(f64::INFINITY, f64::min),
            ),
        }
    }

    fn gain(&self, costs: &[Normal]) -> f64 {
        match (self, costs) {
            (Self::One(best), [x, ..]) => x.improvement(*best),
            (Self::Two(front), [a, b, ..]) => front.improvement([*a, *b]),
            _ => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_chosen_anew_ever_more_rarely() {
        let stages: Vec<usize> = (0..24).map(stage).collect();
        assert_eq!(stages[..21], (0..21).collect::<Vec<_>>());
        assert_eq!(stages[21..], [20, 22, 22]);
        assert!((0..3000).all(|n| stage(n) + (n / 10).clamp(1, MOST_NEW) >= n));
    }

    #[test]
    fn of_many_observations_the_best_and_some_of_the_rest_are_kept() {
        let problem = Problem::new(&["a".into()], &[], &[]).unwrap();
        let point = Point { facts: vec![], prior: vec![] };
        let one = |i: usize| Observation {
            number: i,
            point: point.clone(),
            values: vec![(i * 7 % 1000) as f64],
        };
        let all: Vec<Observation> = (0..1000).map(one).collect();
        let chosen = informative(&problem, &all);
        assert_eq!(chosen.len(), MOST_ROWS);
        assert!(chosen.windows(2).all(|w| w[0] < w[1]));
        let best = chosen.iter().filter(|&&i| all[i].values[0] >= 800.0).count();
        assert_eq!(best, MOST_ROWS / 2);
        assert!(chosen.iter().any(|&i| all[i].values[0] < 100.0));
        assert_eq!(informative(&problem, &all[..9]), (0..9).collect::<Vec<_>>());
    }
}
