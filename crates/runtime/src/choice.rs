//! The provider that is asked for, which may be the best that works.

use super::load::Runtime;
use super::provider::Provider;
use super::session::SessionOptions;
use crate::error::Error;
use std::fmt;
use std::str::FromStr;

/// Which execution provider is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Choice {
    /// The best that works: TensorRT, else CUDA, else the CPU.
    Auto,
    /// This one and no other.
    Named(Provider),
}

/// The provider that is used, and why not a better one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The provider.
    pub provider: Provider,
    /// Better providers with the reason why each does not work; only a choice
    /// of [`Choice::Auto`] passes any over.
    pub passed_over: Vec<(Provider, String)>,
}

impl Default for Choice {
    fn default() -> Self {
        Self::Named(Provider::default())
    }
}

impl Choice {
    /// The spelling of every choice, as [`FromStr`] takes it.
    pub const NAMES: [&str; 4] = ["cpu", "cuda", "tensorrt", "auto"];

    /// The provider, tried on a model of one node where the choice is free.
    pub fn resolve(self, runtime: &Runtime) -> Chosen {
        let Self::Named(provider) = self else { return best(runtime) };
        Chosen { provider, passed_over: Vec::new() }
    }

    /// Whether a library with GPU providers goes first.
    pub(super) fn wants_gpu(self) -> bool {
        self != Self::Named(Provider::Cpu)
    }
}

fn best(runtime: &Runtime) -> Chosen {
    let mut passed_over = Vec::new();
    for provider in Provider::ALL.into_iter().filter(|p| *p != Provider::Cpu) {
        match runtime.check(&SessionOptions { provider, ..Default::default() }) {
            Ok(()) => return Chosen { provider, passed_over },
            Err(e) => passed_over.push((provider, without_remedy(provider, &e.to_string()))),
        }
    }
    Chosen { provider: Provider::Cpu, passed_over }
}

/// ONNX Runtime's reason alone.
fn without_remedy(provider: Provider, message: &str) -> String {
    let start = format!("ONNX Runtime: provider {provider}: ");
    let reason = message.strip_prefix(&start).unwrap_or(message);
    reason.strip_suffix(&provider.after_reason()).unwrap_or(reason).to_owned()
}

impl fmt::Display for Chosen {
    /// `cuda (tensorrt: REASON)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.provider)?;
        let why = |(provider, reason): &(Provider, String)| format!("{provider}: {reason}");
        match self.passed_over.as_slice() {
            [] => Ok(()),
            others => write!(f, " ({})", others.iter().map(why).collect::<Vec<_>>().join("; ")),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.pad("auto"),
            Self::Named(provider) => provider.fmt(f),
        }
    }
}

impl FromStr for Choice {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self, Error> {
        if s == "auto" { Ok(Self::Auto) } else { s.parse().map(Self::Named) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for name in Choice::NAMES {
            assert_eq!(name.parse::<Choice>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn what_was_passed_over_has_its_reason_without_what_to_install() {
        let message = format!(
            "ONNX Runtime: provider cuda: no device: none; {}",
            Provider::Cuda.remedy().unwrap()
        );
        let reason = without_remedy(Provider::Cuda, &message);
        assert_eq!(reason, "no device: none");
        let chosen =
            Chosen { provider: Provider::Cpu, passed_over: vec![(Provider::Cuda, reason)] };
        assert_eq!(chosen.to_string(), "cpu (cuda: no device: none)");
    }
}
