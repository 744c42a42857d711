//! Domain `com.microsoft`: the fused and quantized operators that ONNX Runtime's
//! optimizers, quantizers and exporters write.

pub mod attention;
pub mod embedding;
pub mod layers;
pub mod linear;
pub mod packed_attention;
pub mod positions;
pub mod projected_attention;
pub mod quantized;
pub mod state;
