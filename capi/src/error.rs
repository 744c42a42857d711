//! The error object.

use crate::status::Status;
use crate::text::{c_path, c_string};
use nneval_evaluator::ErrorKind;
use nneval_files::printable;
use nneval_runtime::{Hint, Provider};
use std::ffi::CString;

/// Why a call failed.
#[derive(Debug, Clone)]
pub struct Error {
    pub(crate) status: Status,
    pub(crate) message: CString,
    pub(crate) file: Option<CString>,
    pub(crate) node: Option<CString>,
    pub(crate) reason: CString,
}

impl Error {
    fn plain(status: Status, reason: &str) -> Self {
        let reason = c_string(printable(reason).as_ref());
        Self { status, message: reason.clone(), file: None, node: None, reason }
    }

    /// The argument called `what` is NULL.
    pub(crate) fn null(what: &str) -> Self {
        Self::plain(Status::NullArgument, &format!("argument {what} is NULL"))
    }

    /// The argument called `what` has a value that is not allowed.
    pub(crate) fn invalid(what: &str, why: &str) -> Self {
        Self::plain(Status::InvalidArgument, &format!("argument {what} {why}"))
    }

    /// There is nothing of that name.
    pub(crate) fn not_found(reason: &str) -> Self {
        Self::plain(Status::NotFound, reason)
    }

    /// There is no such value.
    pub(crate) fn unavailable(reason: &str) -> Self {
        Self::plain(Status::Unavailable, reason)
    }

    /// The threads that work beside ONNX Runtime's fail.
    pub(crate) fn runtime(reason: &str) -> Self {
        Self::plain(Status::Runtime, reason)
    }

    /// Another failure.
    pub(crate) fn other(reason: &str) -> Self {
        Self::plain(Status::Other, reason)
    }

    /// A panic that the guard has caught.
    pub(crate) fn panic(told: &str) -> Self {
        Self::plain(Status::Panic, &format!("a defect of nneval: {told}"))
    }

    /// The whole message.
    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        self.message.to_str().unwrap_or_default()
    }
}

impl From<nneval_evaluator::Error> for Error {
    fn from(e: nneval_evaluator::Error) -> Self {
        let remedy = e.hint().map(remedy).unwrap_or_default();
        Self {
            status: status(e.kind()),
            message: c_string(printable(&format!("{e}{remedy}")).as_ref()),
            file: e.path().map(c_path),
            node: e.node().map(c_string),
            reason: c_string(printable(&format!("{}{remedy}", e.reason())).as_ref()),
        }
    }
}

impl From<nneval_graph::Error> for Error {
    fn from(e: nneval_graph::Error) -> Self {
        nneval_evaluator::Error::from(e).into()
    }
}

fn status(kind: ErrorKind) -> Status {
    match kind {
        ErrorKind::Io => Status::Io,
        ErrorKind::Model => Status::Model,
        ErrorKind::OperationString => Status::OperationString,
        ErrorKind::Bundle => Status::Bundle,
        ErrorKind::Tokenizer => Status::Tokenizer,
        ErrorKind::Runtime => Status::Runtime,
        _ => Status::Other,
    }
}

/// What may help, in the words of this interface.
fn remedy(hint: Hint) -> String {
    let set = "set the library with nneval_options_set_library or ORT_DYLIB_PATH";
    match hint {
        Hint::InstallGpuLibrary(provider) => {
            let tensorrt = if provider == Provider::TensorRt { ", TensorRT 10" } else { "" };
            format!(
                "; provider {provider} needs ONNX Runtime's GPU library ({set}), an NVIDIA GPU \
                 with its driver, and CUDA 13, cuDNN 9{tensorrt} where the system's loader finds \
                 them (LD_LIBRARY_PATH)"
            )
        }
        _ => format!("; {set}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_whatever_names_hold() {
        let error = Error::not_found("no \"a\nb\u{1b}[2J\"");
        assert_eq!(error.message(), r#"no "a\nb\u{1b}[2J""#);
        let name = std::path::Path::new("a\nb.onnx");
        let bytes = vec![0xff; 4].into();
        let bad = nneval_graph::Model::from_bytes(bytes, name, &nneval_graph::Limits::default());
        let error = Error::from(bad.err().unwrap());
        assert!(error.message().starts_with(r"a\nb.onnx: "), "{}", error.message());
    }
}
