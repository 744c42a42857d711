//! Execution providers that nneval can be asked to use.

use super::tensorrt::TensorRt;
use super::wheel::PINNED_GPU_VERSION;
use crate::error::Error;
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
    pub(super) fn ort_name(self) -> &'static str {
        match self {
            Self::Cpu => "CPUExecutionProvider",
            Self::Cuda => "CUDAExecutionProvider",
            Self::TensorRt => "TensorrtExecutionProvider",
        }
    }

    /// What to register with a session of the model whose engines are kept
    /// under `key`, in order of preference. The CPU provider needs no registration.
    pub(super) fn dispatch(
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

    /// What follows the reason why this provider cannot be used: its [`remedy`](Self::remedy),
    /// where it has one.
    pub(super) fn after_reason(self) -> String {
        self.remedy().map(|remedy| format!("; {remedy}")).unwrap_or_default()
    }

    /// What a machine needs for this provider; `None` for the CPU.
    pub fn remedy(self) -> Option<String> {
        let tensorrt = match self {
            Self::Cpu => return None,
            Self::Cuda => "",
            Self::TensorRt => ", TensorRT 10",
        };
        Some(format!(
            "--provider {self} needs ONNX Runtime's GPU library (`nneval runtime --install --gpu` \
             fetches {PINNED_GPU_VERSION} for Linux on x86-64), an NVIDIA GPU with its driver, and \
             CUDA 13, cuDNN 9{tensorrt} where the system's loader finds them (LD_LIBRARY_PATH)"
        ))
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Provider {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|p| p.name() == s).ok_or_else(|| {
            let known = Self::NAMES.join(", ");
            Error::Runtime(format!("no execution provider is called {s:?} (known: {known})"))
        })
    }
}

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

    #[test]
    fn only_the_cpu_needs_nothing() {
        assert_eq!(Provider::Cpu.remedy(), None);
        let [tensorrt, cuda] = [Provider::TensorRt, Provider::Cuda].map(|p| p.remedy().unwrap());
        assert!(tensorrt.contains("TensorRT 10") && !cuda.contains("TensorRT"), "{cuda}");
        assert!(cuda.contains("nneval runtime --install --gpu") && cuda.contains("cuDNN 9"));
    }
}
