//! The encoder and its training graphs, against references.

mod bundles;
mod import_t5;
mod muon;
mod parity;
mod providers;
