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
    /// Milliseconds on one core of about 3 GHz. Only their ratios matter.
    pub(super) fn milliseconds(&self) -> f64 {
        self.macs / 2.5e7
            + self.slow_macs / 5e6
            + self.elements / 1e6
            + self.nodes * 0.002
            + self.weight_bytes / 4e7
    }
}
