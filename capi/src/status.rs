//! What entry points answer.

/// What a call answers. Numbers keep their meaning in all versions; later
/// versions may add some.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The call did what it is for; outputs are written.
    Ok = 0,
    /// A pointer that must not be NULL is.
    NullArgument = 1,
    /// An argument's value is not allowed: text that is not UTF-8, an unknown
    /// provider, an index out of range.
    InvalidArgument = 2,
    /// A file or folder could not be read.
    Io = 3,
    /// An ONNX model is malformed, or over a limit of the reader.
    Model = 4,
    /// An operation string does not follow the grammar.
    OperationString = 5,
    /// An evaluator's folder is incomplete, altered, or of another version.
    Bundle = 6,
    /// A string could not be tokenized.
    Tokenizer = 7,
    /// ONNX Runtime is missing, too old, or refused a request; the provider
    /// asked for cannot be used.
    Runtime = 8,
    /// There is no metric of that name.
    NotFound = 9,
    /// There is no such value for this network: the evaluator has no in-domain
    /// statistics, or the cost is a formula.
    Unavailable = 10,
    /// Another failure, which the error explains.
    Other = 98,
    /// A defect of nneval, caught at the boundary. Handles stay usable.
    Panic = 99,
}
