//! Where the nodes of a model run: the share that a provider took.

use super::load::Runtime;
use super::provider::Provider;
use super::session::{Model, Optimization, SessionOptions};
use crate::error::{Error, Result};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// How many of a model's nodes a provider took. Nodes are counted before they
/// are fused: what a provider fuses to one node counts as all that went into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The provider that was asked for.
    pub provider: Provider,
    /// Nodes of the model.
    pub nodes: u64,
    /// Other providers, as ONNX Runtime spells them, that run nodes, and how many.
    pub elsewhere: Vec<(String, u64)>,
}

impl Placement {
    /// `nodes` is what the model has, `placed` where ONNX Runtime put them.
    fn new(provider: Provider, nodes: u64, placed: Vec<(String, u64)>) -> Self {
        let (own, elsewhere): (Vec<_>, Vec<_>) =
            placed.into_iter().partition(|p| p.0 == provider.ort_name());
        let taken = own.iter().map(|p| p.1).sum::<u64>();
        // Nodes that ONNX Runtime adds for copies and casts are not the model's.
        let others = elsewhere.iter().map(|p| p.1).sum::<u64>();
        let nodes = if taken == 0 { others } else { nodes.max(others + taken) };
        Self { provider, nodes, elsewhere }
    }

    /// Nodes that the provider took.
    pub fn taken(&self) -> u64 {
        self.nodes.saturating_sub(self.elsewhere.iter().map(|p| p.1).sum())
    }

    /// The share of the nodes that the provider took, 0 to 1.
    pub fn share(&self) -> f64 {
        self.taken() as f64 / self.nodes.max(1) as f64
    }

    /// The name of the provider, or `cuda 95 %, cpu 5 %` where it did not take all.
    pub fn shares(&self) -> String {
        if self.elsewhere.is_empty() {
            return self.provider.to_string();
        }
        let percent = |n: u64| 100.0 * n as f64 / self.nodes.max(1) as f64;
        let other = |(name, n): &(String, u64)| format!("{} {:.0} %", short(name), percent(*n));
        let own = format!("{} {:.0} %", self.provider, percent(self.taken()));
        std::iter::once(own).chain(self.elsewhere.iter().map(other)).collect::<Vec<_>>().join(", ")
    }

    /// That the provider took any node.
    ///
    /// # Errors
    /// [`Error::Runtime`] where it took none.
    pub fn check(&self) -> Result<()> {
        if self.taken() > 0 {
            return Ok(());
        }
        let others: Vec<String> = self.elsewhere.iter().map(|p| short(&p.0)).collect();
        Err(Error::Runtime(format!(
            "provider {}: took none of the model's {} nodes (they would run on {})",
            self.provider,
            self.nodes,
            others.join(", ")
        )))
    }
}

impl fmt::Display for Placement {
    /// `cuda took 119 of 121 nodes (98 %); cpu 2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (taken, nodes) = (self.taken(), self.nodes);
        write!(
            f,
            "{} took {taken} of {nodes} nodes ({:.0} %)",
            self.provider,
            100.0 * self.share()
        )?;
        self.elsewhere.iter().try_for_each(|(name, n)| write!(f, "; {} {n}", short(name)))
    }
}

/// `CUDAExecutionProvider` as `cuda`.
fn short(name: &str) -> String {
    name.trim_end_matches("ExecutionProvider").to_lowercase()
}

impl Runtime {
    /// Where the nodes of a model in memory run with these options. Opens it
    /// anew to see that.
    ///
    /// # Errors
    /// [`Error::Runtime`] where it cannot be opened with these options.
    pub fn placement(&self, model: &[u8], options: &SessionOptions) -> Result<Placement> {
        self.placement_of(Model::Bytes(model), options)
    }

    /// As [`placement`](Self::placement) for a model file.
    ///
    /// # Errors
    /// As [`placement`](Self::placement).
    pub fn placement_in_file(&self, path: &Path, options: &SessionOptions) -> Result<Placement> {
        self.placement_of(Model::File(path), options)
    }

    pub(super) fn placement_of(&self, model: Model, options: &SessionOptions) -> Result<Placement> {
        // Fusions beyond the basic ones depend on the provider.
        let plain = SessionOptions { optimization: Optimization::Basic, ..*options };
        let placed = self.placed(model, &plain)?;
        let alone = SessionOptions { provider: Provider::Cpu, ..plain };
        let nodes = self.placed(model, &alone)?.iter().map(|p| p.1).sum();
        Ok(Placement::new(options.provider, nodes, placed))
    }

    /// Execution providers and the number of nodes that each is given.
    fn placed(&self, model: Model, options: &SessionOptions) -> Result<Vec<(String, u64)>> {
        let said = Arc::new(Mutex::new(Vec::new()));
        let listener = Arc::clone(&said);
        let listen = move |text: &str| {
            let found = placed(text);
            listener.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
        };
        self.open(model, options, Some(Box::new(listen)))?;
        let placed = std::mem::take(&mut *said.lock().unwrap_or_else(PoisonError::into_inner));
        match placed.is_empty() {
            true => Err(Error::Runtime(format!(
                "provider {}: this library does not tell which nodes it takes",
                options.provider
            ))),
            false => Ok(placed),
        }
    }
}

/// Provider and number of nodes from ONNX Runtime's words, ` Node(s) placed on
/// [NAME]. Number of nodes: N` or ` All nodes placed on [NAME]. …`.
fn placed(text: &str) -> Option<(String, u64)> {
    let (_, rest) = text.split_once("odes placed on [").or(text.split_once("ode(s) placed on ["))?;
    let (name, rest) = rest.split_once(']')?;
    let count = rest.rsplit_once(':')?.1.trim().parse().ok()?;
    Some((name.to_owned(), count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placement(provider: Provider, nodes: u64, placed: &[(&str, u64)]) -> Placement {
        let named = |(n, k): &(&str, u64)| (format!("{n}ExecutionProvider"), *k);
        Placement::new(provider, nodes, placed.iter().map(named).collect())
    }

    #[test]
    fn placement_is_read_from_the_log() {
        let cpu = || "CPUExecutionProvider".to_owned();
        let all = " All nodes placed on [CPUExecutionProvider]. Number of nodes: 3";
        assert_eq!(placed(all), Some((cpu(), 3)));
        let some = " Node(s) placed on [CPUExecutionProvider]. Number of nodes: 12";
        assert_eq!(placed(some), Some((cpu(), 12)));
        assert_eq!(placed("   Conv (conv1)"), None);
    }

    #[test]
    fn a_provider_that_takes_all_or_most_says_so() {
        let all = placement(Provider::Cuda, 121, &[("CUDA", 121)]);
        assert_eq!((all.share(), all.shares().as_str()), (1.0, "cuda"));
        assert_eq!(all.to_string(), "cuda took 121 of 121 nodes (100 %)");
        let most = placement(Provider::Cuda, 20, &[("CUDA", 19), ("CPU", 1)]);
        assert_eq!(most.shares(), "cuda 95 %, cpu 5 %");
        assert_eq!(most.to_string(), "cuda took 19 of 20 nodes (95 %); cpu 1");
        assert!(most.check().is_ok());
    }

    #[test]
    fn what_tensorrt_fuses_to_one_node_counts_as_all_of_it() {
        let whole = placement(Provider::TensorRt, 121, &[("Tensorrt", 1)]);
        assert_eq!(whole.taken(), 121);
        let part = placement(Provider::TensorRt, 100, &[("Tensorrt", 2), ("CUDA", 9), ("CPU", 1)]);
        assert_eq!(part.to_string(), "tensorrt took 90 of 100 nodes (90 %); cuda 9; cpu 1");
    }

    #[test]
    fn a_provider_that_takes_nothing_is_an_error() {
        let none = placement(Provider::Cuda, 121, &[("CPU", 118)]);
        assert_eq!((none.taken(), none.nodes), (0, 118));
        let message = none.check().unwrap_err().to_string();
        assert!(message.contains("provider cuda: took none of the model's 118 nodes"), "{message}");
        assert!(message.contains("would run on cpu"), "{message}");
        assert!(placement(Provider::TensorRt, 5, &[]).check().is_err());
    }
}
