//! Cuts: the places of an operation string that no token reaches across.

/// Step numbers, references, block marks, chains.
const STEPS: &str = r"\|\d+|[<>][-^]?\d+(?:\.\d+)?|;\d+\{(?:=\d+\})?|\}|[^|<>;{}]+";
/// A whole stretch of steps outside of blocks.
const STRETCH: &str = r"(?:\|[^|;{}>]+)+(?=[;>]|$)|";

/// Where strings are cut before merging; nothing merges across a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cuts {
    /// At step numbers, references, block marks and chains: for networks of
    /// all kinds.
    Steps,
    /// In blocks as [`Cuts::Steps`]; between blocks nowhere, so that what all
    /// networks of a search space have in common takes one token.
    Stretches,
}

impl Cuts {
    /// Both.
    pub(super) const ALL: [Self; 2] = [Self::Steps, Self::Stretches];

    /// The regular expression that matches pieces.
    pub(super) fn pattern(self) -> String {
        match self {
            Self::Steps => STEPS.into(),
            Self::Stretches => format!("{STRETCH}{STEPS}"),
        }
    }
}
