//! ONNX Runtime: finding the shared library, installing it, loading it once per
//! process, and opening sessions on it.
//!
//! The library is searched in this order: the path that the caller gives, the
//! variable `ORT_DYLIB_PATH`, then nneval's cache folder (see [`cache_dir`]).
//! [`locate`] never downloads. `install`, of the feature of that name, fills the
//! cache with the pinned version. Any ONNX Runtime from [`MINIMUM_VERSION`] on is
//! accepted.
//!
//! ```no_run
//! use nneval_runtime::{self as runtime, Runtime, SessionOptions};
//!
//! let located = runtime::locate(None)?.expect("an installed ONNX Runtime");
//! let runtime = Runtime::load(&located)?;
//! let session = runtime.session_from_file("model.onnx".as_ref(), &SessionOptions::default())?;
//! # Ok::<(), nneval_runtime::Error>(())
//! ```

mod available;
mod cache;
mod check;
pub mod error;
#[cfg(feature = "install")]
mod install;
mod load;
mod locate;
#[cfg(feature = "install")]
mod pip;
mod placement;
mod provider;
mod selection;
mod session;
mod tensorrt;
mod wheel;

pub use cache::cache_dir;
pub use error::{Cause, Error, ErrorKind, Hint, Result};
#[cfg(feature = "install")]
pub use install::{install, install_gpu};
pub use load::{MINIMUM_VERSION, NO_TELEMETRY, Observer, Runtime};
pub use locate::{LibraryOrigin, Located, locate, locate_for};
pub use placement::Placement;
pub use provider::{Provider, UnknownProvider};
pub use selection::{ProviderSelection, ResolvedProvider};
pub use session::{Optimization, Session, SessionOptions};
pub use tensorrt::{Profile, TensorRt};
pub use wheel::{PINNED_GPU_VERSION, PINNED_VERSION};
