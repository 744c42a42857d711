//! Places of nodes and bend points in a layered layout.

/// A place in a layer: a node, or a point on an edge between others.
pub struct Place {
    /// Layer, from 0 at the top.
    pub layer: usize,
    /// The node; `None` for a point on an edge.
    pub node: Option<usize>,
    /// Places in the layer above that it is joined to.
    pub above: Vec<usize>,
    /// Places in the layer below that it is joined to.
    pub below: Vec<usize>,
    /// Its middle, in pixels from an arbitrary origin.
    pub x: f64,
    /// Its width, in pixels.
    pub width: f64,
}
