//! Layers, as methods of the network under construction. Each returns the
//! value that it makes, with its shape.

pub(super) mod activation;
pub(super) mod attention;
pub(super) mod conv;
pub(super) mod dense;
pub(super) mod layout;
pub(super) mod pool;
pub(super) mod quantised;
pub(super) mod recurrent;
