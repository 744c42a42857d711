//! Options of every command that runs a model on ONNX Runtime.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use nneval::runtime::{self, Provider, Runtime, SessionOptions};
use std::path::PathBuf;

const HEADING: &str = "ONNX Runtime";

/// Which ONNX Runtime, and how it runs.
#[derive(Debug, Clone, clap::Args)]
pub struct RuntimeArgs {
    /// The ONNX Runtime shared library (1.17 or later); else ORT_DYLIB_PATH,
    /// else nneval's cache, which is filled at first use
    #[arg(long, value_name = "PATH", help_heading = HEADING)]
    pub onnxruntime: Option<PathBuf>,

    /// Execution provider; the command fails where it cannot be used
    #[arg(long, help_heading = HEADING, default_value = "cpu",
          value_parser = PossibleValuesParser::new(Provider::NAMES).try_map(|s| s.parse::<Provider>()))]
    pub provider: Provider,

    /// Threads within an operator; 0 uses all cores
    #[arg(long, help_heading = HEADING, value_name = "N", default_value_t = 0,
          value_parser = clap::value_parser!(u16).range(0..=1024))]
    pub threads: u16,
}

impl RuntimeArgs {
    /// Loads ONNX Runtime; where none is found, installs it first and says so
    /// on stderr.
    #[allow(dead_code)]
    pub fn load(&self) -> anyhow::Result<Runtime> {
        let located = match runtime::locate(self.onnxruntime.as_deref())? {
            Some(located) => located,
            None => {
                let version = runtime::PINNED_VERSION;
                super::note(format_args!("No ONNX Runtime found; installing version {version}."));
                let installing = super::verbosity::spinner("installing ONNX Runtime");
                let located = runtime::install(false)?;
                installing.finish_and_clear();
                super::note(format_args!("Installed {}", located.path.display()));
                located
            }
        };
        super::detail(format_args!("ONNX Runtime: {}", located.path.display()));
        Ok(Runtime::load(&located)?)
    }

    /// Session options as asked for; full optimisation.
    pub fn session_options(&self) -> SessionOptions {
        SessionOptions {
            provider: self.provider,
            intra_threads: self.threads.into(),
            ..Default::default()
        }
    }
}
