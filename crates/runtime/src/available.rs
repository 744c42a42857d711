//! Execution providers that the loaded ONNX Runtime was built with.

use ort::ep::ExecutionProvider;
use ort::session::builder::SessionBuilder;

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
