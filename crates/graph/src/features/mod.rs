//! Features of operation graphs: facts for regressions and outlines for drawings.

mod block;
mod design;
mod names;
mod outline;
mod paths;
mod segments;
mod structure;
mod width_profile;

pub use design::{DESIGN_VERSION, Design};
pub use names::{LIVE, NAMES};
pub use outline::{Outline, OutlineBlock, OutlineNode, outline};
pub use segments::{kind_counts, structure_and_segments};
pub use structure::structure;
pub use width_profile::{WIDTHS, width_profile};
