//! A builder of evaluators, which finds ONNX Runtime's library and the bundle.

use super::bundle::Bundle;
use super::evaluator::Evaluator;
use super::options::Options;
use super::shipped;
use crate::error::{Error, Result};
use nneval_graph::model::Limits;
use nneval_runtime::{self as runtime, Hint, Located, Provider, ProviderSelection, Runtime};
use std::path::{Path, PathBuf};

/// Settings of an evaluator that is about to be loaded, made by [`Evaluator::builder`].
///
/// ```no_run
/// use nneval_evaluator::Evaluator;
/// let evaluator = Evaluator::builder().threads(2).load("nats-tss")?;
/// let prediction = evaluator.evaluate_file("model.onnx")?;
/// println!("{}", prediction["cifar10_test_acc_pct"].value);
/// # Ok::<(), nneval_evaluator::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct EvaluatorBuilder {
    options: Options,
    provider: ProviderSelection,
    limits: Limits,
    library: Option<PathBuf>,
    #[cfg(feature = "install")]
    install: bool,
}

impl Evaluator {
    /// Settings of an evaluator to be loaded: the CPU, all cores.
    pub fn builder() -> EvaluatorBuilder {
        EvaluatorBuilder::default()
    }
}

impl EvaluatorBuilder {
    /// CPU threads; 0, as without this call: all cores.
    pub fn threads(mut self, threads: usize) -> Self {
        self.options.threads = threads;
        self
    }

    /// The execution provider, or [`ProviderSelection::Auto`]; without this call the CPU.
    pub fn provider(mut self, provider: impl Into<ProviderSelection>) -> Self {
        self.provider = provider.into();
        self
    }

    /// Lets TensorRT compute in half precision. Loading fails with another provider.
    pub fn fp16(mut self, fp16: bool) -> Self {
        self.options.fp16 = fp16;
        self
    }

    /// Memory in bytes, about, for predictions that are kept by operation string; 0 keeps none,
    /// without this call 64 MB.
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.options.cache_bytes = bytes;
        self
    }

    /// Limits of the ONNX reader.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The path of ONNX Runtime's shared library. Without this call `ORT_DYLIB_PATH` names it,
    /// else it is the one in nneval's cache folder.
    pub fn library(mut self, path: impl Into<PathBuf>) -> Self {
        self.library = Some(path.into());
        self
    }

    /// Whether ONNX Runtime is installed into nneval's cache folder where no library is found.
    /// Without this call it is not.
    #[cfg(feature = "install")]
    pub fn install_runtime(mut self, install: bool) -> Self {
        self.install = install;
        self
    }

    /// Loads an evaluator: a folder, or the name of a shipped one ([`shipped::find`]).
    ///
    /// # Errors
    /// [`Error::Unknown`], [`Error::Bundle`] or [`Error::Runtime`].
    pub fn load(self, name: impl AsRef<Path>) -> Result<Evaluator> {
        let name = name.as_ref();
        let found = match name.to_str() {
            Some(text) => shipped::find(text),
            None => Some(name.to_owned()),
        };
        let folder = found.ok_or_else(|| Error::Unknown { name: name.display().to_string() })?;
        // A bad bundle fails before ONNX Runtime is touched.
        let bundle = Bundle::open(&folder)?;
        self.load_bundle(bundle)
    }

    /// Loads an evaluator from a bundle in memory.
    ///
    /// # Errors
    /// [`Error::Runtime`].
    pub fn load_bundle(self, bundle: Bundle) -> Result<Evaluator> {
        let runtime = Runtime::load(&self.locate()?)?;
        let provider = self.provider.resolve(&runtime).provider;
        if self.options.fp16 && provider != Provider::TensorRt {
            let reason = format!("half precision is for TensorRT; the provider is {provider}");
            return Err(runtime::Error::Request(reason).into());
        }
        let options = self.options.with_provider(provider);
        Ok(Evaluator::from_bundle(bundle, &runtime, options)?.with_limits(self.limits))
    }

    fn locate(&self) -> Result<Located> {
        let found = runtime::locate_for(self.library.as_deref(), self.provider.wants_gpu())?;
        found.map_or_else(|| self.installed(), Ok)
    }

    #[cfg(feature = "install")]
    fn installed(&self) -> Result<Located> {
        match self.install {
            true => Ok(runtime::install(false)?),
            false => Err(no_library(self.provider)),
        }
    }

    #[cfg(not(feature = "install"))]
    fn installed(&self) -> Result<Located> {
        Err(no_library(self.provider))
    }
}

fn no_library(provider: ProviderSelection) -> Error {
    let hint = match provider {
        ProviderSelection::Named(p) if p != Provider::Cpu => Hint::InstallGpuLibrary(p),
        _ => Hint::NameOrInstallLibrary,
    };
    let reason = "no shared library is found".to_owned();
    runtime::Error::Library { path: None, reason, hint: Some(hint) }.into()
}
