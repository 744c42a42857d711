//! Options of every command that runs a model on ONNX Runtime.

use anyhow::bail;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use nneval::runtime::{
    self, Hint, Located, Placement, Provider, ProviderSelection, Runtime, SessionOptions, TensorRt,
};
use std::path::PathBuf;

const HEADING: &str = "ONNX Runtime";

/// Which ONNX Runtime, and how it runs.
#[derive(Debug, Clone, clap::Args)]
pub struct RuntimeArgs {
    /// The ONNX Runtime shared library (1.17 or later); else ORT_DYLIB_PATH,
    /// else nneval's cache, which is filled at first use
    #[arg(long, value_name = "PATH", help_heading = HEADING)]
    pub onnxruntime: Option<PathBuf>,

    /// Execution provider; the command fails where it cannot be used, or takes
    /// no node of the model. auto: the best that works, which is said on stderr
    #[arg(long, help_heading = HEADING, default_value = "cpu",
          value_parser = PossibleValuesParser::new(ProviderSelection::NAMES).try_map(|s| s.parse::<ProviderSelection>()))]
    pub provider: ProviderSelection,

    /// Let TensorRT compute in half precision where it finds that faster
    #[arg(long, help_heading = HEADING)]
    pub fp16: bool,

    /// Threads within an operator; 0 uses all cores
    #[arg(long, help_heading = HEADING, value_name = "N", default_value_t = 0,
          value_parser = clap::value_parser!(u16).range(0..=1024))]
    pub threads: u16,
}

impl RuntimeArgs {
    /// Loads ONNX Runtime, and tells how sessions are to be opened: the provider
    /// as asked for, full optimisation. Where no library is found, it is installed
    /// first, and that is said on stderr.
    pub fn load(&self) -> anyhow::Result<(Runtime, SessionOptions)> {
        let located =
            match runtime::locate_for(self.onnxruntime.as_deref(), self.provider.wants_gpu())? {
                Some(located) => located,
                None => self.install()?,
            };
        super::console::detail(format_args!("ONNX Runtime: {}", located.path.display()));
        let runtime = Runtime::load(&located)?;
        let options = self.session_options(self.provider, &runtime)?;
        Ok((runtime, options))
    }

    /// Session options for the provider; which one `auto` is, is said on stderr.
    pub fn session_options(
        &self,
        choice: ProviderSelection,
        runtime: &Runtime,
    ) -> anyhow::Result<SessionOptions> {
        let chosen = choice.resolve(runtime);
        if choice == ProviderSelection::Auto {
            super::console::note(format_args!("Provider: {chosen}"));
        }
        let provider = chosen.provider;
        if self.fp16 && provider != Provider::TensorRt {
            bail!("--fp16 is for TensorRT; the provider is {provider}");
        }
        let tensorrt = TensorRt { fp16: self.fp16, ..Default::default() };
        let options = SessionOptions::default().with_provider(provider).with_tensorrt(tensorrt);
        Ok(options.with_threads(self.threads.into()))
    }

    /// The library for the CPU; one for GPUs is fetched on request alone.
    fn install(&self) -> anyhow::Result<Located> {
        if let ProviderSelection::Named(provider) = self.provider
            && provider != Provider::Cpu
        {
            let remedy = super::message::words(Hint::InstallGpuLibrary(provider));
            bail!("no ONNX Runtime found; {remedy}");
        }
        let version = runtime::PINNED_VERSION;
        super::console::note(format_args!("No ONNX Runtime found; installing version {version}."));
        let installing = super::verbosity::spinner("installing ONNX Runtime");
        let located = runtime::install(false)?;
        installing.finish_and_clear();
        super::console::note(format_args!("Installed {}", located.path.display()));
        Ok(located)
    }
}

/// Says on stderr which share of a model's nodes a provider took.
pub fn tell(placement: Option<&Placement>) {
    if let Some(placement) = placement {
        super::console::note(format_args!("Provider {placement}"));
    }
}
