//! Selection of an execution provider: a named one, or the best that works.

use crate::error::Error;
use crate::load::Runtime;
use crate::provider::{Provider, UnknownProvider};
use crate::session::SessionOptions;
use std::fmt;
use std::str::FromStr;

/// Which execution provider is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProviderSelection {
    /// The best that works: TensorRT, else CUDA, else the CPU.
    Auto,
    /// This one and no other.
    Named(Provider),
}

/// The provider that is used, and why not a better one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ResolvedProvider {
    /// The provider.
    pub provider: Provider,
    /// Better providers, each with the error that it gives; only
    /// [`ProviderSelection::Auto`] passes any over.
    pub passed_over: Vec<(Provider, Error)>,
}

impl Default for ProviderSelection {
    fn default() -> Self {
        Self::Named(Provider::default())
    }
}

impl From<Provider> for ProviderSelection {
    fn from(provider: Provider) -> Self {
        Self::Named(provider)
    }
}

impl ProviderSelection {
    /// The spelling of every selection, as [`FromStr`] takes it.
    pub const NAMES: [&str; 4] = ["cpu", "cuda", "tensorrt", "auto"];

    /// The provider. [`ProviderSelection::Auto`] tries each on a model of one node.
    pub fn resolve(self, runtime: &Runtime) -> ResolvedProvider {
        match self {
            Self::Named(provider) => ResolvedProvider { provider, passed_over: Vec::new() },
            Self::Auto => best(runtime),
        }
    }

    /// Whether a library with GPU providers goes first.
    pub fn wants_gpu(self) -> bool {
        self != Self::Named(Provider::Cpu)
    }
}

fn best(runtime: &Runtime) -> ResolvedProvider {
    let mut passed_over = Vec::new();
    for provider in Provider::ALL.into_iter().filter(|p| *p != Provider::Cpu) {
        match runtime.check(&SessionOptions::default().with_provider(provider)) {
            Ok(()) => return ResolvedProvider { provider, passed_over },
            Err(e) => passed_over.push((provider, e)),
        }
    }
    ResolvedProvider { provider: Provider::Cpu, passed_over }
}

impl fmt::Display for ResolvedProvider {
    /// `cuda (tensorrt: REASON)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.provider)?;
        let why = |(provider, e): &(Provider, Error)| format!("{provider}: {}", e.reason());
        match self.passed_over.as_slice() {
            [] => Ok(()),
            others => write!(f, " ({})", others.iter().map(why).collect::<Vec<_>>().join("; ")),
        }
    }
}

impl fmt::Display for ProviderSelection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.pad("auto"),
            Self::Named(provider) => provider.fmt(f),
        }
    }
}

impl FromStr for ProviderSelection {
    type Err = UnknownProvider;

    fn from_str(s: &str) -> Result<Self, UnknownProvider> {
        if s == "auto" { Ok(Self::Auto) } else { s.parse().map(Self::Named) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Hint;

    #[test]
    fn names_round_trip() {
        for name in ProviderSelection::NAMES {
            assert_eq!(name.parse::<ProviderSelection>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn what_was_passed_over_has_its_reason_without_what_to_install() {
        let error = Error::Provider {
            provider: Provider::Cuda,
            model: None,
            reason: "no device: none".to_owned(),
            hint: Some(Hint::InstallGpuLibrary(Provider::Cuda)),
            cause: None,
        };
        assert_eq!(error.to_string(), "ONNX Runtime: provider cuda: no device: none");
        let passed_over = vec![(Provider::Cuda, error)];
        let resolved = ResolvedProvider { provider: Provider::Cpu, passed_over };
        assert_eq!(resolved.to_string(), "cpu (cuda: no device: none)");
    }
}
