//! ONNX Runtime: finding the shared library, installing it, loading it once per
//! process, and opening sessions on it.
//!
//! The library is searched in this order: the path that the caller gives, the
//! variable `ORT_DYLIB_PATH`, then nneval's cache folder (see [`cache_dir`]).
//! [`locate`] never downloads; [`install`] fills the cache with the pinned
//! version. Any ONNX Runtime from [`MINIMUM_VERSION`] on is accepted.
//!
//! ```no_run
//! use nneval_runtime::{self, Runtime, SessionOptions};
//!
//! let located = match runtime::locate(None)? {
//!     Some(located) => located,
//!     None => runtime::install(false)?,
//! };
//! let runtime = Runtime::load(&located)?;
//! let session = runtime.session_from_file("model.onnx".as_ref(), &SessionOptions::default())?;
//! # Ok::<(), nneval_runtime::Error>(())
//! ```

mod available;
mod check;
mod choice;
pub mod error;
mod install;
mod load;
mod locate;
mod pip;
mod placement;
mod provider;
mod session;
mod tensorrt;
mod wheel;

pub use choice::{Choice, Chosen};
pub use error::{Error, Result};
pub use install::{install, install_gpu};
pub use load::{Observer, Runtime};
pub use locate::{Located, Source, cache_dir, locate, locate_for};
pub use placement::Placement;
pub use provider::Provider;
pub use session::{Optimization, SessionOptions};
pub use tensorrt::{Profile, TensorRt};
pub use wheel::{PINNED_GPU_VERSION, PINNED_VERSION};

/// The oldest ONNX Runtime that nneval works with (C API version 17).
pub const MINIMUM_VERSION: &str = "1.17";

/// How a user gets a library when nneval cannot find or fetch one.
const REMEDY: &str = "give --onnxruntime PATH or set ORT_DYLIB_PATH to an ONNX Runtime shared library \
                      (1.17 or later), or install python3 with pip and run `nneval runtime --install` \
                      with network access";

/// Messages of ONNX Runtime, pip and the loader may span lines; errors do not.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
