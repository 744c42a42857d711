//! Execution providers: those nneval can be asked to use, and those that the
//! loaded ONNX Runtime was built with.

use crate::error::Error;
use ort::ep::{self, ExecutionProvider, ExecutionProviderDispatch};
use ort::session::builder::SessionBuilder;
use std::fmt;
use std::str::FromStr;

/// An execution provider. The one a session names is used, or opening the
/// session fails: there is no fall-back to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Provider {
    /// ONNX Runtime's own CPU kernels.
    #[default]
    Cpu,
    /// NVIDIA CUDA. Nodes without a CUDA kernel run on the CPU.
    Cuda,
    /// NVIDIA TensorRT. Nodes that TensorRT does not take run on CUDA.
    TensorRt,
}

impl Provider {
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

    /// What to register with a session, in order of preference. The CPU
    /// provider needs no registration.
    pub(super) fn dispatch(self) -> Vec<ExecutionProviderDispatch> {
        let cuda = || ep::CUDA::default().build().error_on_failure();
        match self {
            Self::Cpu => Vec::new(),
            Self::Cuda => vec![cuda()],
            Self::TensorRt => vec![ep::TensorRT::default().build().error_on_failure(), cuda()],
        }
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
        [Self::Cpu, Self::Cuda, Self::TensorRt].into_iter().find(|p| p.name() == s).ok_or_else(
            || {
                let known = Self::NAMES.join(", ");
                Error::Runtime(format!("no execution provider is called {s:?} (known: {known})"))
            },
        )
    }
}

/// Tests each provider name with the loaded runtime; keeps those it knows.
macro_rules! built_in {
    ($($name:literal),* $(,)?) => {{
        let mut found = Vec::new();
        $({
            struct Named;
            impl ExecutionProvider for Named {
                const NAME: &'static str = $name;
                fn register(&self, _: &mut SessionBuilder) -> ort::Result<()> {
                    Err(ort::Error::new(concat!($name, " is only looked up, never registered")))
                }
            }
            if Named::is_available().unwrap_or(false) {
                found.push($name.to_owned());
            }
        })*
        found
    }};
}

/// Names of the providers that the loaded runtime was built with, best first
/// (the order of ONNX Runtime's own list). Must be called after the library
/// is loaded. Being listed does not mean that a device is there.
pub(super) fn available() -> Vec<String> {
    built_in![
        "NvTensorRTRTXExecutionProvider",
        "TensorrtExecutionProvider",
        "CUDAExecutionProvider",
        "MIGraphXExecutionProvider",
        "ROCMExecutionProvider",
        "OpenVINOExecutionProvider",
        "DnnlExecutionProvider",
        "TvmExecutionProvider",
        "VitisAIExecutionProvider",
        "QNNExecutionProvider",
        "NnapiExecutionProvider",
        "VSINPUExecutionProvider",
        "CoreMLExecutionProvider",
        "ArmNNExecutionProvider",
        "ACLExecutionProvider",
        "DmlExecutionProvider",
        "RknpuExecutionProvider",
        "WebGpuExecutionProvider",
        "XnnpackExecutionProvider",
        "CANNExecutionProvider",
        "AzureExecutionProvider",
        "CPUExecutionProvider",
    ]
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
}
