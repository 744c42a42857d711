//! Search: which architectures of a space are best by what evaluators predict
//! and by static costs.
//!
//! A [`SearchSpace`] gives architectures, a [`CandidateEvaluator`] their values, a
//! [`Problem`] says what is wanted of them, and a [`Search`] chooses what to
//! measure next: at random, by regularised evolution (Real et al.,
//! "Regularized Evolution for Image Classifier Architecture Search", AAAI 2019),
//! by NSGA-II (Deb et al., IEEE Transactions on Evolutionary Computation 6(2),
//! 2002), by Bayesian optimisation (Jones et al., "Efficient Global Optimization
//! of Expensive Black-Box Functions", Journal of Global Optimization 13, 1998),
//! or one after the other where the budget covers a finite space.
//!
//! Every choice is a function of the seed, of a counter, and of the history of
//! measured candidates: a search that goes on from its history takes the steps
//! that an uninterrupted one takes.
//!
//! ```
//! use nneval_search::{Algorithm, Benchmark, Problem, Search, Settings};
//! use nneval_spaces::{ModelOptions, Space};
//!
//! let space = Benchmark::new(Space::NatsSss, ModelOptions::default());
//! let problem = Problem::new(&["width".into()], &[], &[])?;
//! let settings = Settings { algorithm: Algorithm::Evolution, ..Settings::default() };
//! let mut search = Search::new(&space, problem, settings)?;
//! while search.history().len() < 200 {
//!     for key in search.ask(10) {
//!         let widest: f64 = key.split(':').filter_map(|c| c.parse::<f64>().ok()).sum();
//!         search.add(key, Ok(vec![Some(widest)]));
//!     }
//! }
//! let best = search.winners(1);
//! assert!(best.iter().all(|c| c.values[0] >= Some(240.0)));
//! # Ok::<(), nneval_search::Error>(())
//! ```

mod bayesian;
mod benchmark;
mod dominance;
pub mod error;
mod evaluate;
mod evolution;
mod files;
mod history;
mod hypervolume;
mod nsga2;
mod problem;
mod run;
mod space;
mod state;
mod subset;

pub use benchmark::Benchmark;
pub use dominance::{crowding_distances, fronts};
pub use error::{Error, ErrorKind, Result};
pub use evaluate::{COSTS, CandidateEvaluator, CandidateValues, StaticCost};
pub use files::Files;
pub use history::{Algorithm, Candidate, Settings};
pub use hypervolume::hypervolume_2d;
pub use problem::{Bound, Goal, Limit, Objective, Problem, Scored};
pub use run::Search;
pub use space::SearchSpace;
pub use state::State;
pub use subset::Subset;

/// The generator of everything random in a search.
pub use rand_chacha::ChaCha8Rng as Rng;
