//! Execution providers that nneval can be asked to use.

use crate::tensorrt::TensorRt;
use ort::ep::{self, ExecutionProviderDispatch};
use std::fmt;
use std::str::FromStr;

/// An execution provider. The one a session names is used, or opening the
/// session fails: there is no fall-back to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Provider {
    /// ONNX Runtime's own CPU kernels.
    #[default]
    Cpu,
    /// NVIDIA CUDA, without TF32. Nodes without a CUDA kernel run on the CPU.
    Cuda,
    /// NVIDIA TensorRT. Nodes that TensorRT does not take run on CUDA.
    TensorRt,
}

impl Provider {
    /// Every provider, the best first.
    pub const ALL: [Self; 3] = [Self::TensorRt, Self::Cuda, Self::Cpu];

    /// The spelling of every provider, as [`FromStr`] takes it.
    pub const NAMES: [&str; 3] = ["cpu", "cuda", "tensorrt"];

    /// The spelling of this provider.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::TensorRt => "tensorrt",
        }
    }

    /// ONNX Runtime's own spelling.
    pub(crate) fn ort_name(self) -> &'static str {
        match self {
            Self::Cpu => "CPUExecutionProvider",
            Self::Cuda => "CUDAExecutionProvider",
            Self::TensorRt => "TensorrtExecutionProvider",
        }
    }

    /// What to register with a session of the model whose engines are kept
    /// under `key`, in order of preference. The CPU provider needs no registration.
    pub(crate) fn dispatch(
        self,
        tensorrt: &TensorRt,
        key: Option<&str>,
    ) -> Vec<ExecutionProviderDispatch> {
        let cuda = || ep::CUDA::default().with_tf32(false).build().error_on_failure();
        match self {
            Self::Cpu => Vec::new(),
            Self::Cuda => vec![cuda()],
            Self::TensorRt => vec![tensorrt.provider(key).build().error_on_failure(), cuda()],
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(s: &str) -> Result<Self, UnknownProvider> {
        let known = Self::ALL.into_iter().find(|p| p.name() == s);
        known.ok_or_else(|| UnknownProvider(s.to_owned()))
    }
}

/// A name that no execution provider has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no execution provider is called {0:?} (known: {known})", known = Provider::NAMES.join(", "))]
pub struct UnknownProvider(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for name in Provider::NAMES {
            assert_eq!(name.parse::<Provider>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let message = "gpu".parse::<Provider>().unwrap_err().to_string();
        assert!(
            message.contains("\"gpu\"") && message.contains("cpu, cuda, tensorrt"),
            "{message}"
        );
    }
}
