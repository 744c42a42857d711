//! Architectures of any of the search spaces.

use crate::builder::{Builder, Interface};
use crate::error::{Error, Result};
use crate::mobile::accel::AccelArch;
use crate::mobile::fbnet::FbnetArch;
use crate::mobile::nasbench_macro::MacroArch;
use crate::mobile::ofa::OfaArch;
use crate::nasbench101::Cell101;
use crate::nats::{SssArch, TssArch};
use crate::options::{Dataset, ModelOptions};
use crate::space::Space;
use crate::transnas::{TransMacroArch, TransMicroArch};
use onnx_protobuf::ModelProto;
use std::fmt;

/// An architecture of any of the spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Arch {
    /// A cell of NATS-Bench's topology space.
    Tss(TssArch),
    /// Channels of NATS-Bench's size space.
    Sss(SssArch),
    /// A cell of NAS-Bench-101.
    NasBench101(Cell101),
    /// A cell of TransNAS-Bench-101.
    TransMicro(TransMicroArch),
    /// A skeleton of TransNAS-Bench-101.
    TransMacro(TransMacroArch),
    /// Blocks of NAS-Bench-Macro.
    NasBenchMacro(MacroArch),
    /// Blocks of Accel-NASBench.
    Accel(AccelArch),
    /// A subnetwork of Once-for-all MobileNetV3.
    Ofa(OfaArch),
    /// Blocks of FBNet.
    Fbnet(FbnetArch),
}

/// What every architecture can do.
pub(crate) trait Architecture: fmt::Display {
    /// Builds the network from the input to the output.
    fn build(&self, b: &mut Builder, dataset: Dataset) -> Interface;

    /// A text that isomorphic networks share.
    fn class(&self) -> String {
        self.to_string()
    }
}

impl Arch {
    fn inner(&self) -> &dyn Architecture {
        match self {
            Self::Tss(a) => a,
            Self::Sss(a) => a,
            Self::NasBench101(a) => a,
            Self::TransMicro(a) => a,
            Self::TransMacro(a) => a,
            Self::NasBenchMacro(a) => a,
            Self::Accel(a) => a,
            Self::Ofa(a) => a,
            Self::Fbnet(a) => a,
        }
    }

    /// The space of the architecture.
    pub fn space(&self) -> Space {
        match self {
            Self::Tss(_) => Space::NatsTss,
            Self::Sss(_) => Space::NatsSss,
            Self::NasBench101(_) => Space::NasBench101,
            Self::TransMicro(_) => Space::TransNasMicro,
            Self::TransMacro(_) => Space::TransNasMacro,
            Self::NasBenchMacro(_) => Space::NasBenchMacro,
            Self::Accel(_) => Space::AccelNasBench,
            Self::Ofa(_) => Space::Ofa,
            Self::Fbnet(_) => Space::Fbnet,
        }
    }

    /// The ONNX model: input `input` `[batch, 3, side, side]`, output `logits`
    /// `[batch, classes]`.
    ///
    /// # Errors
    /// [`Error::Architecture`] for an opset outside [`ModelOptions::OPSETS`], or a data set
    /// that the space has no networks for.
    pub fn model(&self, options: &ModelOptions) -> Result<ModelProto> {
        let space = self.space();
        if !space.datasets().contains(&options.dataset) {
            let known: Vec<String> = space.datasets().iter().map(Dataset::to_string).collect();
            let (dataset, known) = (options.dataset, known.join(", "));
            let reason = format!("{space} has no networks for {dataset} (known: {known})");
            return Err(Error::Architecture { arch: self.to_string(), reason });
        }
        model(self.inner(), options)
    }

    /// A text that isomorphic networks of the space share.
    pub fn class(&self) -> String {
        self.inner().class()
    }

    /// The architecture string in characters that every file system takes; two
    /// different architectures of a space have different stems.
    pub fn file_stem(&self) -> String {
        let text = self.to_string();
        let text = text.trim_start_matches('|').replace("|+|", "+");
        let text = match self.space() {
            Space::NasBench101 => &text,
            _ => text.trim_end_matches('|'),
        };
        text.replace('|', ".").replace(['~', ':', ' '], "-")
    }
}

/// The model of an architecture.
pub(crate) fn model(arch: &dyn Architecture, options: &ModelOptions) -> Result<ModelProto> {
    let mut b = Builder::new(options);
    let interface = arch.build(&mut b, options.dataset);
    b.finish(&arch.to_string(), options, interface)
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner().fmt(f)
    }
}
