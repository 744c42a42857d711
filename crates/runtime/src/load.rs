//! Loading the shared library: once per process, for all sessions.

use crate::available;
use crate::error::{Error, Result, one_line};
use crate::locate::{Located, check_file};
use ort::LoadDynamicError;
use ort::environment::Environment;
use ort::logging::LogLevel;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The oldest ONNX Runtime that nneval works with (C API version 17).
pub const MINIMUM_VERSION: &str = "1.17";

/// Proof that ONNX Runtime is loaded and initialised. Clones are handles to
/// the same runtime; the library stays loaded until the process ends.
#[derive(Debug, Clone)]
pub struct Runtime {
    pub(crate) environment: Environment,
    library: PathBuf,
    version: String,
}

/// The environment variable that, set to 1 before the library is loaded, keeps ONNX
/// Runtime from recording telemetry. Releases from 1.32 on queue a first event
/// while they are initialised, before [`Runtime::load`] can turn it off by
/// a call. A library must not change the environment of a process that has other
/// threads: programs set it, first thing in `main`.
pub const NO_TELEMETRY: &str = "ORT_DISABLE_TELEMETRY";

/// What is told the messages of ONNX Runtime.
pub type Observer = Box<dyn Fn(&str) + Send + Sync>;

/// The one runtime of the process.
static LOADED: Mutex<Option<Runtime>> = Mutex::new(None);

impl Runtime {
    /// Loads the library and initialises it, with telemetry off (see
    /// [`NO_TELEMETRY`]) and without its log, which would go to stderr. Loading the same file again gives
    /// the same runtime.
    ///
    /// # Errors
    /// [`Error::Library`] naming the path: it is not a file, not a shared
    /// library for this machine, not ONNX Runtime, or older than
    /// [`MINIMUM_VERSION`]; or another file is loaded already.
    pub fn load(located: &Located) -> Result<Self> {
        Self::load_with(located, None)
    }

    /// As [`load`](Self::load), but `observer` is given every message of ONNX
    /// Runtime at level INFO and above that is not a session's: what its
    /// allocators do, above all. The first load of a process decides.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_observed(located: &Located, observer: Observer) -> Result<Self> {
        Self::load_with(located, Some(observer))
    }

    fn load_with(located: &Located, observer: Option<Observer>) -> Result<Self> {
        check_file(&located.path, "")?;
        let library = resolve(&located.path)?;
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = loaded.as_ref() {
            return runtime.clone().same_as(&library);
        }
        let runtime = Self::initialise(library, observer)?;
        *loaded = Some(runtime.clone());
        Ok(runtime)
    }

    /// The release of the loaded library: `1.N.P`, or `1.N` where neither file
    /// nor folder name tells the patch number.
    pub fn version(&self) -> String {
        self.version.clone()
    }

    /// The loaded file, absolute, symbolic links resolved.
    pub fn library(&self) -> &Path {
        &self.library
    }

    /// Names of the execution providers the library was built with, as ONNX
    /// Runtime spells them (`CPUExecutionProvider`), best first.
    pub fn available_providers(&self) -> Vec<String> {
        available::available()
    }

    fn same_as(self, library: &Path) -> Result<Self> {
        if self.library == library {
            return Ok(self);
        }
        let reason = format!("this process has already loaded {}", self.library.display());
        Err(Error::library(library, reason))
    }

    fn initialise(library: PathBuf, observer: Option<Observer>) -> Result<Self> {
        let fail = |reason: String| Error::library(&library, reason);
        // `ort` asserts that the library's entry points return no null pointers.
        let attempt = catch_unwind(AssertUnwindSafe(|| {
            let builder = ort::init_from(&library).map_err(|e| refusal(&e))?;
            let mut builder = builder.with_name("nneval").with_telemetry(false);
            let observed = observer.is_some();
            let observer = observer.unwrap_or_else(|| Box::new(|_| ()));
            builder =
                builder.with_logger(Arc::new(move |_, _: &str, _: &str, _: &str, text: &str| {
                    observer(text)
                }));
            let environment = builder.build().map_err(|e| one_line(&e.to_string()))?;
            if observed {
                environment.set_log_level(LogLevel::Info);
            }
            Ok((environment, ort::util::probe(&library)))
        }));
        let (environment, minor) = match attempt {
            Ok(result) => result.map_err(fail)?,
            Err(_) => return Err(fail("is not a working ONNX Runtime".to_owned())),
        };
        let version = release(minor, &library);
        Ok(Self { environment, library, version })
    }
}

/// The path the system's loader gets. The loaded library finds its provider
/// libraries in the folder of this path, hence the links are resolved.
fn resolve(path: &Path) -> Result<PathBuf> {
    // On Windows, canonical paths have a form that not every loader takes.
    let resolved = if cfg!(windows) { std::path::absolute(path) } else { path.canonicalize() };
    resolved.map_err(|e| Error::library(path, e.to_string()))
}

fn refusal(error: &LoadDynamicError) -> String {
    match error {
        LoadDynamicError::Dlopen { error, path } => {
            format!("cannot be loaded as a shared library: {}", loader_reason(error, path))
        }
        LoadDynamicError::MissingApi { .. } => {
            "is a shared library, but not ONNX Runtime (it does not export OrtGetApiBase)"
                .to_owned()
        }
        LoadDynamicError::BadVersion { version_str, .. } => {
            format!(
                "is version {version_str}; nneval needs ONNX Runtime {MINIMUM_VERSION} or later"
            )
        }
        LoadDynamicError::InvalidVersionString => "does not tell its version".to_owned(),
    }
}

/// The loader's own words are the source of its error, where it has one. They
/// may begin with the path, which the caller's message has already.
fn loader_reason(error: &dyn std::error::Error, path: &Path) -> String {
    let words = error.source().unwrap_or(error).to_string();
    let prefix = format!("{}: ", path.display());
    one_line(words.strip_prefix(&prefix).unwrap_or(&words))
}

/// `1.N` as the library itself tells, completed from the name of the file or
/// its folder where that agrees.
fn release(minor: Option<u32>, library: &Path) -> String {
    let Some(minor) = minor else { return "unknown".to_owned() };
    let prefix = format!("1.{minor}.");
    let folder = library.parent().and_then(Path::file_name);
    let names = [library.file_name(), folder].into_iter().flatten();
    let patch = names.filter_map(|name| patch_number(&name.to_string_lossy(), &prefix)).next();
    match patch {
        Some(patch) => format!("{prefix}{patch}"),
        None => format!("1.{minor}"),
    }
}

/// The digits after `prefix` in `name`, where `prefix` begins a number there.
fn patch_number(name: &str, prefix: &str) -> Option<String> {
    let (before, after) = name.split_once(prefix)?;
    if before.ends_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patch_number_comes_from_a_name_that_agrees() {
        let version = |path: &str| release(Some(32), Path::new(path));
        assert_eq!(version("/a/libonnxruntime.so.1.32.0"), "1.32.0");
        assert_eq!(version("/a/libonnxruntime.1.32.1.dylib"), "1.32.1");
        assert_eq!(version("/a/onnxruntime-1.32.2/onnxruntime.dll"), "1.32.2");
        assert_eq!(version("/a/libonnxruntime.so"), "1.32");
        assert_eq!(version("/a/libonnxruntime.so.1.31.0"), "1.32");
        assert_eq!(version("/a/libonnxruntime.so.11.32.0"), "1.32");
        assert_eq!(version("/a/libonnxruntime.so.1.32.x"), "1.32");
    }
}
