//! A rough estimate of a network's latency, by which networks are drawn so that
//! cheap and dear ones are equally frequent.

/// What one run does.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Work {
    /// Multiply-accumulates of dense matrix products and convolutions.
    pub(super) macs: f64,
    /// Multiply-accumulates of depthwise and grouped convolutions, and of
    /// recurrent steps, which use the processor worse.
    pub(super) slow_macs: f64,
    /// Elements of all outputs.
    pub(super) elements: f64,
    /// Nodes.
    pub(super) nodes: f64,
    /// Bytes of the weights that a run reads.
    pub(super) weight_bytes: f64,
    /// Bytes of the weights in the file.
    pub(super) stored_bytes: f64,
}

impl Work {
    /// Milliseconds of processor time on one core, as fitted to 416 networks (half
    /// of them within 15 %): only the ratios matter.
    pub(super) fn milliseconds(&self) -> f64 {
        self.macs / 4.6e7
            + self.slow_macs / 2.3e7
            + self.elements / 8e6
            + self.nodes * 0.0004
            + self.weight_bytes / 7e7
    }
}
